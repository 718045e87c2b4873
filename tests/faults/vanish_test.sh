#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What vanishes while a run goes on: the file, the folder and the disk that are written to, the network namespace, the cgroup of a
# filter. No crash, no hang, a sentence where something is lost, exact counts of the rest.
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"
export TCPDWELL_SECCOMP=kill

file_is_deleted() {
	begin record -n self -o "$dir/deleted.rec"
	await test -s "$dir/deleted.rec" && rm "$dir/deleted.rec" &&
		await says "deleted.rec is not there any more while it is written" && ends_with 1 && says "the recording is lost"
}

file_is_cut() {
	begin record -n self -o "$dir/cut.rec"
	await test -s "$dir/cut.rec" && truncate -s 0 "$dir/cut.rec" && connect 5 &&
		await says "cut.rec is not there any more while it is written" && ends_with 1 && says "the recording is lost"
}

disk_is_unmounted() {
	mkdir "$dir/disk"
	mount -t tmpfs -o size=8m none "$dir/disk" || return 1
	begin record -n self -o "$dir/disk/r"
	await test -s "$dir/disk/r" && umount -l "$dir/disk" &&
		await says "disk/r is not there any more while it is written" && ends_with 1 && says "the recording is lost"
}

history_is_unmounted() {
	mkdir "$dir/history"
	mount -t tmpfs -o size=20m none "$dir/history" || return 1
	begin agent -n self --dir "$dir/history/h" --listen none
	await holds_programs && await test -s "$dir/history/h/intervals.db" && umount -l "$dir/history" || return 1
	await says "was deleted, moved or replaced, or its disk unmounted" || return 1
	ends_with 0 && equal "files in its place" "$(ls "$dir/history")" ""
}

history_is_deleted() {
	begin agent -n self --dir "$dir/h" --listen none
	await holds_programs && await test -s "$dir/h/intervals.db" && rm -rf "$dir/h" || return 1
	await says "was deleted, moved or replaced, or its disk unmounted" || { cat "$dir/err"; return 1; }
	ends_with 0
}

events_bytes() {
	cat "$1"/events/* | wc -c
}

# Events go on where it was moved to, intervals when it is back.
history_is_moved() {
	local before
	begin agent -n self --dir "$dir/moving" --listen none
	await holds_programs && await test -s "$dir/moving/intervals.db" && mv "$dir/moving" "$dir/moved" || return 1
	await says "no intervals are kept until it is there again" || { cat "$dir/err"; return 1; }
	before=$(events_bytes "$dir/moved")
	connect 20
	await eval '[ "$(events_bytes "$dir/moved")" -gt '"$before"' ]' && mv "$dir/moved" "$dir/moving" || return 1
	await says "is there again" || { cat "$dir/err"; return 1; }
	ends_with 0
}

# A namespace is gone with all its sockets, another goes on. The kernel removes its sockets some time after its last process
# (Crowd.end_in_kernel() in crowds.py).
namespace_is_gone() {
	local gone files removed=0
	coproc crowd { exec tests/faults/crowd.py; }
	# shellcheck disable=SC2154
	running+=("$crowd_PID")
	echo inode >&"${crowd[1]}"
	read -r gone <&"${crowd[0]}"
	exec {files}<"/proc/$crowd_PID/net/stat" || return 1
	begin "$@" -n "self,$gone"
	await holds_programs || { cat "$dir/err"; return 1; }
	echo "time-wait $many" >&"${crowd[1]}"
	read -r _ <&"${crowd[0]}"
	connect 20
	await are "$count" "$many" || { echo "before: $("$count") of $(in_proc) + $many"; return 1; }
	local pid=$crowd_PID
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	await lists_nothing "$files" || await lists_nothing "$files" || removed=$?
	exec {files}<&-
	[ $removed = 0 ] || { echo "the kernel has not removed the namespace"; return 1; }
	await are "$count" 0 || { echo "afterwards: $("$count") of $(in_proc)"; return 1; }
	ends_with 0
}

lists_nothing() {
	[ -z "$(ls "/proc/self/fd/$1/")" ]
}

# TIME_WAIT as the kernel tells, of this namespace; as top, ports, the agent's metrics tell at the moment
in_proc() {
	awk '$4 == "06"' /proc/net/tcp | wc -l
}

in_top() {
	grep '"interval"' "$dir/out" | tail -n 1 | jq .totals.time_wait_now
}

in_ports() {
	tail -n 50 "$dir/out" | grep '}$' | jq -s 'map(.time) as $times | map(select(.time == $times[-1] and .type == "pool").states.TIME_WAIT) | add // 0'
}

in_metrics() {
	curl -s --unix-socket "$dir/agent.sock" http://localhost/metrics |
		awk '/^tcpdwell_sockets\{.*state="TIME_WAIT"/ { sum += $NF } END { print sum + 0 }'
}

# are COMMAND MORE: as many as here, and so many of the other namespace
are() {
	[ "$("$1")" = $(($(in_proc) + $2)) ]
}

# Nothing of /proc is there any more for the program alone. Connections of processes that are known by now, and of a new one.
proc_is_gone() {
	unshare -m --propagation private "$tool" trace -j -n self --state TIME_WAIT >"$dir/out" 2>"$dir/err" &
	run=$!
	running+=("$run")
	await has_text "$dir/out" header && connect 3 || { cat "$dir/err"; return 1; }
	await are_told 3 || return 1
	nsenter -t "$run" -m mount -t tmpfs none /proc || return 1
	connect 9
	await are_told 12 && ends_with 0 || { grep -c TIME_WAIT "$dir/out"; return 1; }
	equal "connections without a process" "$(jq -c 'select(.new_state == "TIME_WAIT" and .owner_comm != "python3")' "$dir/out")" ""
}

are_told() {
	[ "$(grep -c '"new_state":"TIME_WAIT"' "$dir/out")" = "$1" ]
}

cgroup_is_gone() {
	local mount cgroup
	mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
	cgroup=$mount/tcpdwell-test-$$
	mkdir "$cgroup" 2>/dev/null || { echo "no cgroup can be made"; return 1; }
	begin trace -j -n self --cgroup "${cgroup#"$mount"}" --state TIME_WAIT
	await has_text "$dir/out" header && connect 7 "$cgroup" && await rmdir "$cgroup" && connect 5 || return 1
	await has_text "$dir/out" '"new_state":"TIME_WAIT"' && ends_with 0 || return 1
	equal "connections of the cgroup" "$(grep -c '"new_state":"TIME_WAIT"' "$dir/out")" 7
}

check "the file is deleted" file_is_deleted
check "the file is cut" file_is_cut
check "the disk of a recording is unmounted" disk_is_unmounted
check "the disk of a history is unmounted" history_is_unmounted
check "the folder of a history is deleted" history_is_deleted
check "the folder of a history is moved, and back" history_is_moved
count=in_top many=30
check "a namespace is gone, top" namespace_is_gone top -j 0.2
count=in_ports
check "a namespace is gone, ports" namespace_is_gone ports -j 0.2
count=in_metrics
check "a namespace is gone, agent" namespace_is_gone agent --listen "$dir/agent.sock" --dir "$dir/more"
many=12000 # sweeps are dear then, and are further apart in the agent while nothing is gone
check "a namespace with a crowd is gone, agent" namespace_is_gone agent --listen "$dir/agent.sock"
check "proc is gone" proc_is_gone
check "the cgroup of a filter is gone" cgroup_is_gone
exit $status
