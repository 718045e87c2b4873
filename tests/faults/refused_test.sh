#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A kernel that refuses programs which iterate over maps, as hardened ones do: elements are counted by its symbols, and all
# that was there before is found nevertheless. Where this kernel does not refuse them, strace has it refuse.
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"

if ! command -v strace >/dev/null || ! strace -o "$dir/strace" true 2>/dev/null; then
	echo "skip all: strace is missing, or may not trace"
	exit 0
fi

# They came with Linux 6.0.
if ! grep -aq bpf_iter_ksym /sys/kernel/btf/vmlinux; then
	echo "skip all: this kernel has no iterators over its symbols"
	exit 0
fi

# The number of the call of bpf() by which COMMAND asks whether it may iterate over a map: the first program of that kind.
number_of_probe() {
	strace -e trace=bpf -o "$dir/strace" "$tool" "$@" >/dev/null 2>&1
	grep '^bpf(' "$dir/strace" | grep -n 'BPF_TRACE_ITER' | sed -n '1s/:.*//p'
}

# refused COMMAND…
refused() {
	local number

	number=$(number_of_probe "$@" -d 0)
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
