#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# --no-bpf: without any capability, as another user, against the kernel's own list; every output says what it is.

if [ "$(id -u)" != 0 ] || ! unshare -n true 2>/dev/null; then
	echo "skip polling: root and network namespaces are needed"
	exit 0
fi
. "$(dirname "$0")/lib.sh"
in_own_network

note="# --no-bpf: polled once a second"

# poor COMMAND…: without a capability, as the user of the traffic, in place of the shell that calls it.
poor() {
	exec setpriv --reuid=65532 --regid=65532 --clear-groups --no-new-privs --bounding-set=-all "$@"
}

# Traffic that stays as it is until descriptor 8 is closed.
hold() {
	mkfifo "$dir/hold"
	(poor "$traffic" "$@" 600) <"$dir/hold" >"$dir/traffic" &
	running+=($!)
	exec 8>"$dir/hold"
	await_text "$dir/traffic" '"port"'
	server=$(jq .server "$dir/traffic")
	port=$(jq .port "$dir/traffic")
}

text_is_marked() {
	local view
	for view in "trace -d 0" "top -b 1 1" "leaks --older-than 0s" "hist -d 0" "report $dir/poll.rec trace" "report $dir/poll.rec leaks"; do
		# shellcheck disable=SC2086
		(poor "$tool" ${view/report/report} $([[ $view == report* ]] || echo --no-bpf)) >"$dir/out" 2>"$dir/err" ||
			{ echo "$view: exit status $?"; cat "$dir/err"; return 1; }
		head -n 1 "$dir/out" | grep -qF "$note" || { echo "$view: $(head -n 1 "$dir/out")"; return 1; }
	done
}

json_is_marked() {
	local view
	for view in "trace -j -d 0" "top -j 1 1" "leaks -j --older-than 0s" "hist -j -d 0"; do
		# shellcheck disable=SC2086
		(poor "$tool" $view --no-bpf) >"$dir/out" 2>&1
		equal "$view" polling "$(head -n 1 "$dir/out" | jq -r 'select(.type == "header") | .source')" || return 1
	done
	equal "with BPF" bpf "$("$tool" trace -j -d 0 | head -n 1 | jq -r .source)"
}

totals_are_the_kernels() {
	(poor "$tool" top -j --no-bpf 1 1) >"$dir/out" 2>&1
	local totals
	totals=$(jq -c 'select(.type == "summary") | .totals' "$dir/out")
	equal TIME_WAIT "$(ss -Htan state time-wait | wc -l)" "$(jq .time_wait_now <<<"$totals")" &&
		equal CLOSE_WAIT "$(ss -Htan state close-wait | wc -l)" "$(jq .close_wait_now <<<"$totals")" &&
		equal "in timewait sockets" "$(awk '/^TCP:/ { print $7 }' /proc/net/sockstat)" \
			"$(jq '.time_wait_now + .fin_wait2_timewait_now' <<<"$totals")"
}

leaks_name_the_holder() {
	(poor "$tool" leaks -j --no-bpf --older-than 1ms) >"$dir/out" 2>&1
	equal sockets 3 "$(jq -c "select(.type == \"leak\" and .owner_pid == $server and .local_port == $port and .fd != null)" "$dir/out" | wc -l)" &&
		equal "closed by" '["remote"]' "$(jq -sc '[.[] | select(.type == "leak") | .closed_by] | unique' "$dir/out")" &&
		equal "age at least" '[true]' "$(jq -sc '[.[] | select(.type == "leak") | .age_at_least] | unique' "$dir/out")"
}

# Made while it is stopped, so that its next look finds all at rest; then closed. Entered and left, what is not known is null.
changes_are_told() {
	(poor "$tool" trace -j --all --no-bpf) >"$dir/changes" 2>&1 &
	local tracer=$!
	running+=($tracer)
	await_text "$dir/changes" '"header"' || return 1
	kill -STOP $tracer
	mkfifo "$dir/hold2"
	(poor "$traffic" 4 0 2 600) <"$dir/hold2" >"$dir/traffic2" &
	running+=($!)
	exec 9>"$dir/hold2"
	await_text "$dir/traffic2" '"port"' || return 1
	kill -CONT $tracer
	local port2 server2
	port2=$(jq .port "$dir/traffic2") server2=$(jq .server "$dir/traffic2")
	await_text "$dir/changes" "\"local_port\":$port2" || return 1
	await_text "$dir/changes" '"new_state":"CLOSE_WAIT"' || return 1
	exec 9>&-
	await_text "$dir/changes" '"old_state":"CLOSE_WAIT","new_state":"CLOSE"' || return 1
	kill -INT $tracer
	wait $tracer || { echo "exit status $?"; return 1; }
	equal "CLOSE_WAIT of the server" 2 "$(jq -c "select(.new_state == \"CLOSE_WAIT\" and .local_port == $port2 and
		.owner_pid == $server2 and .side == \"passive\" and .old_state == null and .dwell_ns == null and .attribution == \"seeded\" and
		.closed_by == \"remote\" and .closer_pid == null)" "$dir/changes" | wc -l)" || { grep CLOSE_WAIT "$dir/changes" | head -n 2; return 1; }
	equal "TIME_WAIT of the clients" 4 "$(jq -c "select(.new_state == \"TIME_WAIT\" and .remote_port == $port2 and
		.old_state == null and .side == \"active\" and .owner_pid == null and .attribution == \"unknown\")" "$dir/changes" | wc -l)" || return 1
	equal conserved true "$(jq -s 'last | .totals | .time_wait_created + .time_wait_seeded - .time_wait_left == .time_wait_now and
		.close_wait_created + .close_wait_seeded - .close_wait_left == .close_wait_now' "$dir/changes")"
}

# Who has a socket that waits: the listener's process while it is in the accept queue, then the worker that accepted.
holders_are_told() {
	mkfifo "$dir/accept"
	(poor tests/views/handover.py) <"$dir/accept" >"$dir/handover" &
	running+=($!)
	exec 9>"$dir/accept"
	await_text "$dir/handover" '"port"' || return 1
	(poor "$tool" trace -j --all --no-bpf -L "$(jq -s '.[0].port' "$dir/handover")") >"$dir/holders" 2>&1 &
	local tracer=$!
	running+=($tracer)
	await_text "$dir/holders" '"in_accept_queue":true' || return 1
	printf x >&9
	await_text "$dir/handover" '"fd"' || return 1
	await_text "$dir/holders" "\"holder_pid\":$(jq -s '.[0].worker' "$dir/handover")" || return 1
	exec 9>&-
	kill -INT $tracer
	wait $tracer || { echo "exit status $?"; return 1; }
	equal "holders" "$(jq -sc '[[.[0].master, 0, null, true], [.[0].worker, 1, .[1].fd, false]]' "$dir/handover")" \
		"$(jq -sc '[.[] | select(.type == "holder") | [.holder_pid, .holders, .fd, .in_accept_queue]]' "$dir/holders")"
}

recording_is_replayed() {
	(poor "$tool" record --no-bpf -o "$dir/own/poll.rec" -d 2) >"$dir/out" 2>&1 || { cat "$dir/out"; return 1; }
	mv "$dir/own/poll.rec" "$dir/poll.rec"
	equal "sockets in CLOSE_WAIT" 3 "$("$tool" report "$dir/poll.rec" leaks -j --older-than 1ms | jq -c 'select(.type == "leak")' | wc -l)"
}

filters_select() {
	(poor "$tool" trace -j --no-bpf -d 0 -n 4026531833) >"$dir/out" 2>&1
	equal "exit status for another namespace" 1 $? && has "$dir/out" "only our own network namespace" || return 1
	equal "by port" 3 "$( (poor "$tool" leaks -j --no-bpf --older-than 1ms -L "$port") | jq -c 'select(.type == "leak")' | wc -l)" &&
		equal "by another port" 0 "$( (poor "$tool" leaks -j --no-bpf --older-than 1ms -L 1) | jq -c 'select(.type == "leak")' | wc -l)" &&
		equal "by process" 3 "$( (poor "$tool" leaks -j --no-bpf --older-than 1ms -p "$server") | jq -c 'select(.type == "leak")' | wc -l)"
}

confined() {
	(poor "$tool" trace -j --no-bpf) >"$dir/confined" 2>&1 &
	local pid=$!
	running+=($pid)
	await_text "$dir/confined" '"header"' || return 1
	equal seccomp 2 "$(awk '$1 == "Seccomp:" { print $2 }' /proc/$pid/status)" && kill -INT $pid && wait $pid
}

install -d -o 65532 "$dir/own"
hold 20 10 3
check "it works without any capability" leaks_name_the_holder
check "totals are the kernel's" totals_are_the_kernels
check "changes between two looks are told" changes_are_told
check "holders are told" holders_are_told
check "a recording is replayed" recording_is_replayed
check "text says what it is" text_is_marked
check "JSON says what it is" json_is_marked
check "filters select" filters_select
check "it confines itself too" confined
exec 8>&-
exit $status
