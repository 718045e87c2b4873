#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# -n names a namespace, not a number: when it has gone and another one gets its inode number, that one is not shown. And what a
# namespace counts, and how it is set, is never told of as another one's.
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"

# play SCENE of netns.py
play() {
	local try
	for try in 1 2 3 4 5; do
		rm -f "$dir/"*.rec
		tests/faults/netns.py "$tool" "$dir" "$1" >"$dir/number" 2>"$dir/err" && return
		grep -q "once more" "$dir/err" || break
	done
	cat "$dir/err"
	return 1
}

# totals FILE: TIME_WAIT that came, and that are there
totals() {
	jq -c 'select(.type == "summary").totals | [.time_wait_created + .time_wait_seeded, .time_wait_now]' "$dir/$1"
}

traced() {
	equal connections "$(jq -c 'select(.new_state == "TIME_WAIT")' "$dir/trace" | wc -l)" 30
}

counted() {
	equal "all and now" "$(totals "$1")" "$2"
}

in_pools() {
	equal "the most TIME_WAIT of pools" "$(jq -s '[.[] | select(.type == "pool").states.TIME_WAIT] | max' "$dir/ports")" 30 || return 1
	equal "sockets and blocked ports of pools at the end" "$(jq -c -s 'map(select(.type == "interval" or .type == "pool").time)[-1] as $last |
		map(select(.type == "pool" and .time == $last)) | [(map(.states[]) | add // 0), (map(.blocked) | add // 0)]' "$dir/ports")" "[0,0]"
}

# recorded FILE: each time that the number is told of, its connects in all and since the first look, and its tcp_fin_timeout
recorded() {
	zcat "$dir/$1.rec" | jq -c --argjson number "$(cat "$dir/number")" 'select(.type == "namespace" and .netns == $number) |
		.counters.ActiveOpens + .settings["net.ipv4.tcp_fin_timeout"]' >"$dir/recorded"
}

# recorded_but FILTER: those that it passes
recorded_but() {
	jq -c "select($1)" "$dir/recorded"
}

records_the_meant() {
	recorded of_one
	equal "the last that is recorded" "$(tail -n 1 "$dir/recorded")" "[40,30,17]" || return 1
	equal "recorded of another" "$(recorded_but '.[0] > 40 or .[2] != 17')" ""
}

# The first had 10 before it was looked at. Of the other one nothing is known before the first look, whenever that was.
records_each() {
	recorded of_all
	equal "the last of the first" "$(recorded_but '.[2] == 17' | tail -n 1)" "[40,30,17]" || return 1
	equal "the last of the other" "$(tail -n 1 "$dir/recorded" | jq -c '[.[0, 2]]')" "[50,60]" || return 1
	equal "the other has grown by, at first" "$(recorded_but '.[2] == 60' | head -n 1 | jq '.[1]')" 0 || return 1
	equal "counters of one and settings of the other" "$(recorded_but '.[0] > 40 and .[2] == 17')" ""
}

# Of SO_NETNS_COOKIE, 71.
has_cookies() {
	python3 -c 'import socket; socket.socket().getsockopt(socket.SOL_SOCKET, 71, 8)' 2>/dev/null
}

check "the number of a namespace is used again" play watched
check "trace shows the namespace that was meant" traced
check "top counts the namespace that was meant" counted top "[30,0]"
check "top counts the namespaces that were meant" counted top_of_two "[34,4]"
check "ports has no pool of it" in_pools
check "what each of both counts is told of" records_each
if has_cookies; then
	check "what the namespace counts that was meant is told of" records_the_meant
	check "the number is used again while the program begins" play begins
	check "top counts none of the other" counted begins "[0,0]"
else
	echo "skip user space: before Linux 5.14 no program can tell a namespace from the next one that has its number"
fi
exit $status
