#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# SIGKILL at any moment, of each command: no program, map or link of it stays in the kernel, no process and no file but the recording.
# KILLS=100 for many, KILL="agent record" for these commands alone.
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"
bpftool=$(tools/find-bpftool)
kills=${KILLS:-1}

# ids_of KIND PID: of programs, maps or links (prog, map, link) that the process has descriptors of
ids_of() {
	sed -n "s/^$1_id:[[:space:]]*//p" "/proc/$2/fdinfo/"* 2>/dev/null | sort -u
}

are_gone() {
	local kind=$1 id
	shift
	for id in "$@"; do
		! "$bpftool" "$kind" show id "$id" >/dev/null 2>&1 || return 1
	done
}

# Children too: who serves metrics, who guards the terminal.
children_of() {
	cat "/proc/$1/task/$1/children" 2>/dev/null
}

have_ended() {
	local pid
	for pid in "$@"; do
		[ ! -e "/proc/$pid" ] || grep -q '^State:[[:space:]]*Z' "/proc/$pid/status" 2>/dev/null || return 1
	done
}

# killed COMMAND…: after a while that is another each time, sometimes before anything is attached
killed() {
	local i pid progs maps links children
	for i in $(seq "$kills"); do
		"$tool" "$@" >/dev/null 2>&1 &
		pid=$!
		running+=("$pid")
		[ "$i" != 1 ] || await holds_programs $pid || return 1
		sleep "0.$((RANDOM % 900 + 100))"
		kill -STOP $pid # so that what it holds is known to the last
		mapfile -t progs < <(ids_of prog $pid)
		mapfile -t maps < <(ids_of map $pid)
		mapfile -t links < <(ids_of link $pid)
		read -ra children < <(children_of $pid)
		kill -KILL $pid
		wait $pid 2>/dev/null
		await have_ended "${children[@]}" || return 1
		await are_gone prog "${progs[@]}" && await are_gone map "${maps[@]}" && await are_gone link "${links[@]}" || return 1
	done
	[ ${#progs[@]} != 0 ] || [ "$kills" != 1 ] || { echo "no program of it was seen: the test shows nothing"; return 1; }
}

# killed_early COMMAND…: one that ends by itself within a second or two, so mostly before that. What it had is known where it had it.
killed_early() {
	local i pid progs
	for i in $(seq $((2 * kills))); do
		"$tool" "$@" >/dev/null 2>&1 &
		pid=$!
		running+=("$pid")
		sleep "0.$((RANDOM % 90 + 10))"
		kill -STOP $pid 2>/dev/null
		mapfile -t progs < <(ids_of prog $pid)
		kill -KILL $pid 2>/dev/null
		wait $pid 2>/dev/null
		await are_gone prog "${progs[@]}" || return 1
	done
}

# What was written so far has another name, or none: nobody takes it for the whole.
bundle_is_killed() {
	local i
	for i in $(seq $((2 * kills))); do
		killed_once "$(printf "0.%03d" $((RANDOM % (i % 2 ? 90 : 900))))" bundle tests/golden/shop.jsonl.gz -o "$dir/bundle.tar.gz" || return 1
		[ ! -e "$dir/bundle.tar.gz" ] || gzip -t <"$dir/bundle.tar.gz" || { echo "half an archive has its name"; return 1; }
		rm -f "$dir"/bundle.tar.gz*
		await no_file_stays || { ls "$TMPDIR"; return 1; }
	done
}

no_file_stays() {
	[ -z "$(ls "$TMPDIR")" ]
}

# killed_once SECONDS COMMAND…: so long after its begin
killed_once() {
	local seconds=$1 pid
	shift
	"$tool" "$@" >/dev/null 2>&1 &
	pid=$!
	running+=("$pid")
	sleep "$seconds"
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
	return 0
}

if ! "$bpftool" prog show >/dev/null 2>&1; then
	echo "skip all: bpftool can't be used"
	exit 0
fi
export TMPDIR=$dir/tmp
mkdir "$TMPDIR" "$dir/folder"
try() {
	[[ " ${KILL:-$1} " != *" $1 "* ]] || check "$1" killed "$@"
}

try trace -n self
try top -b -n self
try hist -n self
try leaks -n self -d 60 # without -d it would end by itself
try ports -b -n self
try record -n self -o "$dir/folder/"
try diagnose -n self -d 60
try agent -n self --dir "$dir/history" --listen 127.0.0.1:9671
[[ " ${KILL:-check} " != *" check "* ]] || check check killed_early check
[[ " ${KILL:-bundle} " != *" bundle "* ]] || check bundle bundle_is_killed
check agent_again_after_all "$tool" agent -n self --dir "$dir/history" --listen 127.0.0.1:9671 -d 0
check no_file_stays equal "files in TMPDIR" "$(ls "$TMPDIR")" ""
exit $status
