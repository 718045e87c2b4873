#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The filter over system calls is on in every command, and nothing that a view does later is refused: a forgotten call would end it by
# SIGSYS. What keys and windows do is in tests/terminal, under the same setting (tests/run).
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"
export TCPDWELL_SECCOMP=kill TZ=Europe/Berlin

confined() {
	grep -q '^Seccomp:[[:space:]]*2' "/proc/$1/status"
}

# outlives COMMAND…: confined, it watches connections, writes, and ends as it should.
outlives() {
	"$tool" "$@" >"$dir/out" 2>"$dir/err" &
	local pid=$!
	running+=("$pid")
	await confined $pid || { cat "$dir/err"; return 1; }
	sleep 1.5 # of connections; names, the clock and files are looked at anew meanwhile
	mkdir -p "$dir/log/pods/shop_cart_0f0f0f0f-0000-0000-0000-00000000000$((RANDOM % 10))"
	kill -INT $pid
	wait $pid
	equal "exit status of $*" $? 0 || { cat "$dir/err"; return 1; }
	[ -s "$dir/out" ] || compgen -G "$dir/x.rec*" >/dev/null || { echo "$* told nothing"; return 1; }
}

reports() {
	local view files=("$dir"/x.rec*)
	for view in "trace -t" "top -b" hist leaks "ports -b"; do
		# shellcheck disable=SC2086
		"$tool" report "${files[0]}" $view >"$dir/out" 2>"$dir/err" ||
			{ echo "$view: exit status $?"; cat "$dir/err"; return 1; }
	done
}

mkdir -p "$dir/log/pods" "$dir/log/containers"
begin_load
check trace outlives trace --all -w -t -n self --log-dir "$dir/log"
check trace_of_names outlives trace -j -n self --pod cart --log-dir "$dir/log" --comm load.py
check top outlives top -b -n self --by pod --log-dir "$dir/log" 0.3
check hist outlives hist -n self 0.5
check leaks outlives leaks -n self --older-than 1ms
check ports outlives ports -n self -b 0.5
check record outlives record -o "$dir/x.rec" --max-size 1 -n self --log-dir "$dir/log"
check polled outlives top -b --no-bpf 0.3
check report reports
exit $status
