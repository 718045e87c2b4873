#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A kernel that refuses programs which iterate over maps, as hardened ones do: elements are counted by its symbols, and all
# that was there before is found nevertheless. Where this kernel does not refuse them, strace has it refuse. And one that refuses types,
# without which the verifier would go through our programs for minutes.
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"

if ! command -v strace >/dev/null || ! strace -o "$dir/strace" true 2>/dev/null; then
	echo "skip all: strace is missing, or may not trace"
	exit 0
fi

# numbers_of WORD COMMAND…: which calls of bpf() by COMMAND have the word
numbers_of() {
	strace -e trace=bpf -o "$dir/strace" "$tool" "${@:2}" >/dev/null 2>&1
	grep '^bpf(' "$dir/strace" | grep -n "$1" | cut -d: -f1
}

# Each call that loads types, or looks at loaded ones, is refused: those by which libbpf asks what the kernel knows, and those of our own.
types_are_refused() {
	local number numbers result
	# To the filter over system calls, one that strace refuses has the number -1: a filter that kills would.
	local -x TCPDWELL_SECCOMP=
	numbers=$(numbers_of 'BPF_BTF_LOAD\|BPF_OBJ_GET_INFO_BY_FD' trace -j -n self -d 0)
	[ "$(wc -w <<<"$numbers")" -gt 3 ] || { echo "only these calls load types: $numbers"; return 1; }
	for number in $numbers; do
		timeout 20 strace -o "$dir/strace" -e trace=bpf -e inject=bpf:error=ENOMEM:when="$number" "$tool" trace -j -n self -d 0 \
			>"$dir/out" 2>"$dir/err"
		result=$?
		[ $result = 0 ] || { [ $result = 1 ] && grep -q "^tcpdwell: .*memory" "$dir/err"; } ||
			{ echo "call $number: status $result: $(tail -n 1 "$dir/err")"; return 1; }
	done
}

check "the kernel refuses types" types_are_refused

# They came with Linux 6.0.
if ! grep -aq bpf_iter_ksym /sys/kernel/btf/vmlinux; then
	echo "skip elements are counted: this kernel has no iterators over its symbols"
	exit $status
fi

# refused COMMAND…
refused() {
	local number

	number=$(numbers_of BPF_TRACE_ITER "$@" -d 0 | head -n 1) # it asks whether it may
	[ -n "$number" ] || { echo "$1 does not ask"; return 1; }
	strace -o "$dir/strace" -e trace=bpf -e inject=bpf:error=EPERM:when="$number" "$tool" "$@" || return
	grep -q 'prog_name="sweep_sockets_c' "$dir/strace" || { echo "elements are not counted" >&2; return 1; }
}

# Closed by their client; others stay.
make_sockets() {
	python3 - "$dir/made" <<'END' &
import socket
import sys
import time

listener = socket.create_server(("127.0.0.1", 7000), backlog=64)
kept = []
for number in range(50):
    client = socket.create_connection(("127.0.0.1", 7000))
    server = listener.accept()[0]
    if number < 30:
        client.close()
        server.close()
    else:
        kept += client, server
open(sys.argv[1], "w").close()
time.sleep(600)
END
	running+=($!)
	await test -e "$dir/made"
	sleep 0.4 # so old that no event is awaited of them any more
}

in_state() {
	ss -Htan state "$1" "${@:2}" | wc -l
}

# finds_all OPTION…: TIME_WAIT from before are told by sweeps of the slots, and without slots of the hash map.
finds_all() {
	refused top -b -j -n self "$@" 0.5 2 >"$dir/out" 2>"$dir/err" || { cat "$dir/err"; return 1; }
	equal "TIME_WAIT" "$(jq -s '[.[] | select(.type == "interval")][-1].totals.time_wait_now' "$dir/out")" "$(in_state time-wait)"
}

# Of live connections as well.
ports_are_known() {
	refused ports -j -n self 0.5 2 >"$dir/out" 2>"$dir/err" || { cat "$dir/err"; return 1; }
	equal "ports in use" "$(jq -s '[.[] | select(.type == "destination" and .remote_port == 7000)][-1].used' "$dir/out")" \
		"$(in_state connected dport = :7000)"
}

make_sockets
check slots finds_all
check "hash map" finds_all --max-sockets 1000
check ports ports_are_known
exit $status
