#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The filter over system calls is on in every command, and nothing that a view does later is refused: a forgotten call would end it by
# SIGSYS. What keys and windows do is in tests/terminal, under the same setting (tests/run).
# HOURS=all: an hour of every view, not of some.
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

# An hour in two seconds: what is done once a minute or once in a quarter of an hour is done under the filter too.
hour() {
	LD_PRELOAD=$dir/clock.so CLOCK_FACTOR=2400 outlives "$@"
}

# The one that goes by its own clock told that an hour was over.
hour_passes() {
	hour top -b -j -n self 60 || return 1
	jq 'select(.type == "summary") | .seconds > 1800' "$dir/out" >"$dir/passed"
	equal "half an hour has passed for top" "$(cat "$dir/passed")" true
}

zones=(Europe/Berlin Asia/Kolkata America/New_York)

has_zones() {
	local zone
	for zone in "${zones[@]}"; do
		[ -r "/usr/share/zoneinfo/$zone" ] || return 1
	done
}

# The zone of the machine is read at the begin, and another one that is put in its place, or none, does not end a run.
zone_changes() {
	local zone
	cp "/usr/share/zoneinfo/${zones[0]}" "$dir/zone" || return 1
	mount --bind "$dir/zone" "$1" || return 1
	env -u TZ "$tool" trace -t -n self >"$dir/out" 2>"$dir/err" &
	local pid=$!
	running+=("$pid")
	await confined $pid && await test -s "$dir/out" || { cat "$dir/err"; return 1; }
	for zone in "${zones[@]:1}"; do
		umount "$1"
		cp "/usr/share/zoneinfo/$zone" "$dir/zone.$$"
		mount --bind "$dir/zone.$$" "$1"
		sleep 0.2
	done
	umount "$1"
	kill -INT $pid
	wait $pid
	equal "exit status" $? 0 || { cat "$dir/err"; return 1; }
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
check leaks outlives leaks -n self --older-than 1ms -d 600 # without -d it would end by itself
check ports outlives ports -n self -b 0.5
check record outlives record -o "$dir/x.rec" --max-size 1 -n self --log-dir "$dir/log"
if "${CC:-cc}" -O1 -Wall -Wextra -shared -fPIC -o "$dir/clock.so" tests/faults/clock.c 2>"$dir/err"; then
	check hour_top hour_passes
	views=("agent -n self --listen none --dir $dir/hours" "ports -b -n self 60")
	[ -z "${HOURS:-}" ] || views+=("trace --all -w -t -n self" "hist -n self 300" "diagnose -n self -d 3600" "record -o $dir/hour.rec -n self")
	for view in "${views[@]}"; do
		# shellcheck disable=SC2086
		check "hour_${view%% *}" hour $view
	done
else
	echo "skip hour: the library can't be built: $(head -n 1 "$dir/err")"
fi
if [ -e /etc/localtime ] && has_zones; then
	check zone_changes zone_changes "$(readlink -f /etc/localtime)"
else
	echo "skip zone_changes: this machine has no zones"
fi
check polled outlives top -b --no-bpf 0.3
check report reports
exit $status
