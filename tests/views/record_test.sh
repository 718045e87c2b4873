#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# record and report against a live trace of the same traffic, in a network and mount namespace of their own; then what is
# left of a recording when its writer is killed, the disk is full, or the file is cut, damaged, newer or something else.
set -u
cd "$(dirname "$0")/../.." || exit 1

if [ "${1:-}" != inside ]; then
	if ! unshare -nm true 2>/dev/null; then
		echo "skip record: namespaces can't be made (root is needed)"
		exit 0
	fi
	exec unshare -nm "$0" inside
fi

tool=${TCPDWELL:-build/tcpdwell}
traffic=tests/views/traffic.py
dir=$(mktemp -d)
status=0
# shellcheck source=tests/running.sh
. tests/running.sh
running=()
trap 'end_running TERM; rm -rf "$dir"' EXIT
ip link set lo up
export TZ=UTC

# check NAME COMMAND…: ok when the command succeeds, else its output is the reason.
check() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then
		echo "ok $name"
	else
		echo "not ok $name: ${output:-$* failed}" | head -n 20
		status=1
	fi
}

# ended_early COMMAND…: by SIGINT, as soon as it would catch it and long before it traces. What it said goes to standard output.
ended_early() {
	"$tool" "$@" >"$dir/early.out" 2>"$dir/early.err" &
	local pid=$! caught
	# Before it is tcpdwell it is our shell, whose handlers are no longer there when the signal comes.
	until caught=$(sed -n '/^Name:\ttcpdwell/,$ s/^SigCgt:\t//p' "/proc/$pid/status" 2>/dev/null) && [ $((0x${caught:-0} & 2)) != 0 ]; do
		kill -0 $pid 2>/dev/null || break
	done
	kill -INT $pid
	wait $pid || { echo "exit status $?, $(cat "$dir/early.out" "$dir/early.err")"; return 1; }
	cat "$dir/early.out" "$dir/early.err"
}

# Silence would look as if nothing had happened. A machine that stands still may let it begin first: then it has a summary.
early_end_is_told() {
	local command said

	for command in "trace" "top -b" "hist" "record -o $dir/early.rec"; do
		# shellcheck disable=SC2086
		said=$(ended_early $command -n self) || { echo "$command failed: $said"; return 1; }
		case $said in
		*"ended by a signal before tracing began: nothing was traced"* | *" transitions. "*) ;;
		*) echo "$command says: \"$said\""; return 1 ;;
		esac
	done
}

# equal WHAT A B
equal() {
	[ "$2" = "$3" ] || { echo "$1: \"$2\" is not \"$3\""; return 1; }
}

# Waits until the recording in a file has begun: it is attached then.
await_recording() {
	for _ in $(seq 200); do
		[ -e "$1" ] && zcat <"$1" 2>/dev/null | head -n 1 | grep -q '"header"' && return
		sleep 0.05
	done
	echo "not ok record: no recording began in $1"
	exit 1
}

await_header() {
	for _ in $(seq 200); do
		[ -e "$1" ] && grep -q '"header"' "$1" && return
		sleep 0.05
	done
	echo "not ok record: no trace began"
	exit 1
}

# start RECORDING OPTIONS…: its pid in $recorder; what it says in $out.out and $out.err (record)
start() {
	local file=$1
	shift
	"$tool" record -o "$file" -n self -d 60 "$@" >"$dir/${out:-record}.out" 2>"$dir/${out:-record}.err" &
	recorder=$!
	running+=("$recorder")
	await_recording "$file"
}

# finish PID [SIGNAL]: its exit status
finish() {
	kill "-${2:-INT}" "$1"
	wait "$1"
}

# What of an event does not depend on which tcpdwell watched.
facts='select(.type == "transition" or .type == "connect_failed") | [.local_addr, .local_port, .remote_addr, .remote_port,
	.side, .service_port, .old_state, .new_state, .closed_by, .end, .owner_pid, .owner_comm, .closer_pid, .attribution,
	.in_accept_queue, .cgroup]'
# What a recording adds to the fields of trace.
public='select(.type == "transition" or .type == "connect_failed") | del(.time_ns, .since_ns, .owner_start_ns,
	.closer_start_ns, .owner_attribution, .owner_cgroup_id, .closer_cgroup_id, .socket_cgroup_id)'

same_transitions() {
	diff <(jq -c "$facts" "$dir/live.jsonl" | sort) <("$tool" report "$dir/a.rec" trace --all -j | jq -c "$facts" | sort)
}

# A recording leaves out what is null.
same_lines() {
	local facts="$public | walk(if type == \"object\" then with_entries(select(.value != null)) else . end)"
	diff <(zcat <"$dir/a.rec" | jq -cS "$facts") <("$tool" report "$dir/a.rec" trace --all -j | jq -cS "$facts")
}

last_line_is_summary() {
	diff <(zcat <"$dir/a.rec" | jq -c 'select(.type == "summary")') <("$tool" report "$dir/a.rec" --all -j | tail -n 1 | jq -c .)
}

kernel_agrees() {
	equal "live TIME_WAIT" "$(jq .totals.time_wait_now "$dir/summary")" "$(ss -Htan state time-wait | wc -l)"
	equal "live CLOSE_WAIT" "$(jq .totals.close_wait_now "$dir/summary")" "$(ss -Htan state close-wait | wc -l)"
}

# Of the three that the client closed and the server did not, the server's end closes the rest.
traffic_is_in_it() {
	local client server
	client=$(jq .client "$dir/traffic")
	server=$(jq .server "$dir/traffic")
	"$tool" report "$dir/a.rec" -j >"$dir/waits"
	equal "TIME_WAIT of the client" 28 "$(jq -c "select(.new_state == \"TIME_WAIT\" and .closer_pid == $client)" "$dir/waits" | wc -l)" &&
		equal "TIME_WAIT of the server" 15 "$(jq -c "select(.new_state == \"TIME_WAIT\" and .closer_pid == $server)" "$dir/waits" | wc -l)" &&
		equal "CLOSE_WAIT of the server" 28 "$(jq -c "select(.new_state == \"CLOSE_WAIT\" and .owner_pid == $server)" "$dir/waits" | wc -l)"
}

top_agrees() {
	equal totals "$("$tool" report "$dir/a.rec" top -j 1 | jq -c 'select(.type == "interval") | .totals' | tail -n 1)" \
		"$(jq -c .totals "$dir/summary")"
}

# Each watched by itself, so ids and nanoseconds differ; who, what and how many do not.
hist_agrees() {
	local counts='select(.count != null) | [.state, .label, .count, .open]'
	diff <(jq -c "$counts" "$dir/hist.jsonl" | sort) <("$tool" report "$dir/a.rec" hist -j | jq -c "$counts" | sort) &&
		equal "objects" true "$(jq -s 'length > 10' "$dir/hist.jsonl")"
}

top_rows_agree() {
	local rows='select(.type == "interval") | .rows | sort_by(.label) | map([.label, .time_wait_created, .time_wait_seeded,
		.time_wait_left, .time_wait_now, .close_wait_created, .close_wait_seeded, .close_wait_left, .close_wait_now])'
	diff <(jq -c "$rows" "$dir/top.jsonl" | tail -n 1) <("$tool" report "$dir/a.rec" top -j 100 | jq -c "$rows" | tail -n 1) ||
		{ tail -n 1 "$dir/top.jsonl"; return 1; }
	equal "rows" true "$(jq -s 'map(.rows // []) | last(.[] | select(length > 0)) | length >= 3' "$dir/top.jsonl")"
}

leaks_agree() {
	local sockets='select(.local_port != null) | [.local_port, .remote_port, .state, .owner_pid, .in_accept_queue, .age_at_least]'
	diff <(jq -c "$sockets" "$dir/leaks.jsonl" | sort) \
		<("$tool" report "$dir/a.rec" leaks -j --older-than 1ms | jq -c "$sockets" | sort) &&
		equal "sockets" 2 "$(jq -c "$sockets" "$dir/leaks.jsonl" | wc -l)"
}

filters_select() {
	local client port all
	client=$(jq .client "$dir/traffic")
	port=$(jq .port "$dir/traffic")
	all=$dir/all.jsonl
	"$tool" report "$dir/a.rec" trace --all -j >"$all"
	equal -p "$("$tool" report "$dir/a.rec" trace --all -j -p "$client" | jq -c "$facts")" \
		"$(jq -c "select(.owner_pid == $client) | $facts" "$all")" &&
		equal -D "$("$tool" report "$dir/a.rec" trace --all -j -D "$port" | jq -c "$facts")" \
			"$(jq -c "select(.remote_port == $port) | $facts" "$all")" &&
		equal -L "$("$tool" report "$dir/a.rec" trace --all -j -L "$port" | jq -c "$facts")" \
			"$(jq -c "select(.local_port == $port) | $facts" "$all")" &&
		equal --state "$("$tool" report "$dir/a.rec" trace -j --state LAST_ACK | jq -c "$facts")" \
			"$(jq -c "select(.old_state == \"LAST_ACK\" or .new_state == \"LAST_ACK\") | $facts" "$all")" &&
		equal -6 "$("$tool" report "$dir/a.rec" trace --all -j -6 | jq -c "$facts")" "" &&
		equal "lines of -p" true "$("$tool" report "$dir/a.rec" trace --all -j -p "$client" | jq -s 'length > 100')"
}

works_without_root() {
	chmod 755 "$dir"
	chmod a+r "$dir/a.rec"
	cp "$tool" "$dir/tool"
	chmod 755 "$dir/tool"
	diff <("$tool" report "$dir/a.rec") <(setpriv --reuid=65534 --regid=65534 --clear-groups "$dir/tool" report "$dir/a.rec")
}

replay_the_run() {
	"$traffic" 3 0 2 30 <"$dir/fifo" >"$dir/before" &
	running+=($!)
	exec 9>"$dir/fifo"
	while ! [ -s "$dir/before" ]; do sleep 0.05; done
	start "$dir/a.rec"
	"$tool" trace --all -j -n self >"$dir/live.jsonl" &
	tracer=$!
	"$tool" hist -j -n self >"$dir/hist.jsonl" &
	others=($!)
	"$tool" top -j 100 -n self >"$dir/top.jsonl" &
	others+=($!)
	"$tool" leaks -j -d 100 --older-than 1ms -n self >"$dir/leaks.jsonl" &
	others+=($!)
	running+=("$tracer" "${others[@]}")
	await_header "$dir/live.jsonl"
	await_header "$dir/hist.jsonl"
	await_header "$dir/top.jsonl"
	await_header "$dir/leaks.jsonl"
	sleep 1.5 | "$traffic" 25 15 3 5 >"$dir/traffic"
	# Without function hooks FIN_WAIT2 -> TIME_WAIT inside a timewait socket may be noticed up to two seconds late.
	sleep 2.5
	kill -INT "${others[@]}"
	wait "${others[@]}"
	finish "$tracer"
	equal "exit status of trace" $? 0 || status=1
	zcat <"$dir/a.rec" 2>/dev/null | jq -c . 2>/dev/null | tail -n 1 | grep -q '"tick"' || echo "  no tick ends an unfinished recording"
	finish "$recorder"
	check "record ends with 0" equal "exit status" $? 0
	check "a finished recording is whole" gzip -t <"$dir/a.rec"
	zcat <"$dir/a.rec" | jq -c 'select(.type == "summary")' >"$dir/summary"
	check "totals are the kernel's" kernel_agrees
	check "report has the traffic that was made" traffic_is_in_it
	check "report equals a live trace" same_transitions
	check "report gives the recorded lines" same_lines
	check "report's summary is the recorded one" last_line_is_summary
	check "report top has the same totals" top_agrees
	check "report hist equals a live hist" hist_agrees
	check "report top equals a live top" top_rows_agree
	check "report leaks equals live leaks" leaks_agree
	check "report filters" filters_select
	check "report needs no root" works_without_root
	exec 9>&-
}

killed_is_readable() {
	local client
	start "$dir/k.rec"
	"$traffic" 20 0 0 </dev/null >"$dir/traffic"
	sleep 1.2
	finish "$recorder" KILL
	client=$(jq .client "$dir/traffic")
	"$tool" report "$dir/k.rec" -j -p "$client" >"$dir/out" 2>"$dir/err" || { echo "exit status $?"; return 1; }
	equal "TIME_WAIT in it" "$(grep -c '"new_state":"TIME_WAIT"' "$dir/out")" 20 &&
		grep -q "not complete" "$dir/err"
}

# A file that was cut gives the beginning of what the whole gives.
truncated_is_readable() {
	local size part
	size=$(stat -c %s "$dir/a.rec")
	"$tool" report "$dir/a.rec" --all -j | grep '"type":"transition"' >"$dir/whole"
	for part in 30 60 90; do
		head -c $((size * part / 100)) "$dir/a.rec" >"$dir/cut.rec"
		"$tool" report "$dir/cut.rec" --all -j >"$dir/out" 2>"$dir/err" || { echo "exit status $?"; return 1; }
		grep -q "not complete" "$dir/err" || { echo "no word about it at $part %"; return 1; }
		grep '"type":"transition"' "$dir/out" >"$dir/part"
		cmp -n "$(stat -c %s "$dir/part")" "$dir/part" "$dir/whole" || return 1
	done
	[ -s "$dir/part" ]
}

damaged_is_readable() {
	local size
	size=$(stat -c %s "$dir/a.rec")
	cp "$dir/a.rec" "$dir/bad.rec"
	printf '\377\377\377\377\377\377\377\377' | dd of="$dir/bad.rec" bs=1 seek=$((size * 2 / 3)) conv=notrunc status=none
	"$tool" report "$dir/bad.rec" --all -j >"$dir/out" 2>"$dir/err" || { echo "exit status $?"; return 1; }
	grep -q "damaged" "$dir/err" && [ "$(grep -c '"type":"transition"' "$dir/out")" -gt 50 ]
}

damaged_lines_are_left_out() {
	zcat <"$dir/a.rec" | awk '/"type":"transition"/ && ++n == 20 { sub(/[{]/, "[") }
		n == 21 && !done++ { sub(/"new_state":"[A-Z_]*/, "\"new_state\":\"NONE") } 1' >"$dir/bad.jsonl"
	"$tool" report "$dir/bad.jsonl" --all -j >"$dir/out" 2>"$dir/err" || { echo "exit status $?"; return 1; }
	equal warning "$(cat "$dir/err")" "tcpdwell: $dir/bad.jsonl: 2 damaged lines left out" &&
		equal lines "$(grep -c '"type":"transition"' "$dir/out")" "$(($(grep -c . "$dir/whole") - 2))"
}

newer_is_used() {
	zcat <"$dir/a.rec" | sed -e '1s/"format":1/"format":2/' -e '5a{"type":"novelty","time_ns":1}' >"$dir/new.jsonl"
	"$tool" report "$dir/new.jsonl" --all -j >"$dir/out" 2>"$dir/err" || { echo "exit status $?"; return 1; }
	grep -q "newer" "$dir/err" && diff <(grep '"type":"transition"' "$dir/out") "$dir/whole"
}

live_output_is_a_recording() {
	diff <("$tool" report "$dir/live.jsonl" --all -j | jq -c "$facts") <(jq -c "$facts" "$dir/live.jsonl")
}

reader_that_leaves_is_no_error() {
	"$tool" report "$dir/a.rec" --all | head -n 1 >"$dir/out"
	equal "exit status" "${PIPESTATUS[0]}" 0
}

findings_have_their_exit_code() {
	"$tool" report "$dir/a.rec" leaks --older-than 1ms -d 100 --fail-on 0 >"$dir/out"
	equal "exit status above the limit" $? 3 || return 1
	"$tool" report "$dir/a.rec" leaks --older-than 1ms --fail-on 100 >"$dir/out"
	equal "exit status below the limit" $? 0
}

usage_is_explained() {
	local arguments
	for arguments in "report" "report -j $dir/a.rec" "report $dir/a.rec check" "report $dir/a.rec --hooks=fentry" "record" "record -o -" \
		"report $dir/a.rec top -s bogus" "report $dir/a.rec hist -s tw-now" "report $dir/a.rec top --state NOWHERE"; do
		# shellcheck disable=SC2086
		"$tool" $arguments >"$dir/out" 2>"$dir/err"
		equal "exit status of $arguments" $? 64 && equal "lines" "$(wc -l <"$dir/err")" 1 || return 1
	done
}

foreign_is_refused() {
	local file
	for file in /etc/passwd "$tool" /dev/null "$traffic"; do
		"$tool" report "$file" >"$dir/out" 2>"$dir/err"
		equal "exit status for $file" $? 1 || return 1
		grep -q "is not a recording" "$dir/err" || return 1
		[ -s "$dir/out" ] && return 1
	done
	return 0
}

# record_refused FILE REASON: nothing was begun, and FILE is what it was.
record_refused() {
	local before
	before=$(sha256sum <"$1")
	"$tool" record -o "$1" -n self -d 0 >"$dir/out" 2>"$dir/err"
	equal "exit status" $? 1 && grep -q "$2" "$dir/err" && equal "$1" "$(sha256sum <"$1")" "$before"
}

what_is_there_is_not_overwritten() {
	echo precious >"$dir/precious"
	echo precious | gzip >"$dir/backup.tar.gz"
	ln -s precious "$dir/link.rec"
	record_refused "$dir/precious" "is there already" && record_refused "$dir/backup.tar.gz" "is there already" &&
		record_refused "$dir/a.rec" "is there already" && record_refused "$dir/link.rec" "is a link"
}

# A folder takes a file of each run; a run that comes to nothing leaves none.
folder_takes_each_run() {
	mkdir "$dir/folder"
	"$tool" record -o "$dir/folder" -n self -d 0 >"$dir/out" && "$tool" record -o "$dir/folder/" -n self -d 0 >>"$dir/out" || return 1
	equal files "$(ls "$dir/folder" | grep -c '^tcpdwell-.*Z.rec$')" 2 && equal named "$(grep -c 'B in .*Z.rec$' "$dir/out")" 2 &&
		equal mode "$(stat -c %a "$dir"/folder/* | sort -u)" 600 || return 1
	"$tool" record -o "$dir/none.rec" --hooks=fentry -D 1 -d 0 >"$dir/out" 2>"$dir/err" && return 0
	[ ! -e "$dir/none.rec" ]
}

full_disk_is_an_error() {
	mkdir "$dir/small"
	mount -t tmpfs -o size=64k none "$dir/small" || return 1
	start "$dir/small/f.rec"
	"$traffic" 3000 0 0 </dev/null >"$dir/traffic"
	sleep 1
	kill -INT "$recorder" 2>/dev/null
	wait "$recorder"
	equal "exit status" $? 1 || return 1
	grep -q "No space left on device" "$dir/record.err" || { cat "$dir/record.err"; return 1; }
	"$tool" report "$dir/small/f.rec" --all -j 2>"$dir/err" >"$dir/out" || { echo "exit status $? of report"; return 1; }
	umount "$dir/small"
	[ "$(grep -c '"type":"transition"' "$dir/out")" -gt 500 ]
}

record_in_parts() {
	local keeper
	out=keeper start "$dir/k.rec" --max-size 1 --keep 1
	keeper=$recorder
	start "$dir/r.rec" --max-size 1
	for _ in 1 2 3 4; do
		"$traffic" 2500 0 1 1 </dev/null >"$dir/traffic"
	done
	sleep 0.5
	finish "$recorder"
	finish "$keeper"
	mapfile -t parts < <(ls -v "$dir"/r.rec "$dir"/r.rec.[0-9]*)
	last=${parts[-1]}
}

rotation_goes_on() {
	local part
	[ ${#parts[@]} -ge 2 ] || { echo "no second file"; ls -l "$dir"; return 1; }
	for part in "${parts[@]}"; do
		[ "$(stat -c %s "$part")" -le 1048576 ] || { echo "$part is too large"; ls -l "$dir"; return 1; }
		gzip -t <"$part" || return 1
	done
	grep -q "in ${#parts[@]} files" "$dir/record.out"
}

parts_make_the_whole() {
	equal summary "$(cat "${parts[@]}" | "$tool" report - --all -j | tail -n 1 | jq -c .)" \
		"$(zcat <"$last" | jq -c 'select(.type == "summary")')"
}

old_parts_are_removed() {
	local kept
	mapfile -t kept < <(ls "$dir"/k.rec*)
	equal "files of --keep 1" ${#kept[@]} 1 || return 1
	[ "${kept[0]}" != "$dir/k.rec" ] || { echo "there was no second file"; return 1; }
	gzip -t <"${kept[0]}" || return 1
	"$tool" record -o "$dir/k.rec" --max-size 1 --keep 1 -n self -d 0 >"$dir/out" || return 1
	equal "files after a restart" "$(ls "$dir"/k.rec*)" "$dir/k.rec.$((${kept[0]##*.} + 1))" &&
	equal "exit status of --keep alone" "$("$tool" record -o "$dir/x.rec" --keep 2 2>"$dir/err"; echo $?)" 64
}

# The same again says nothing new.
parts_twice_are_one() {
	equal summary "$(cat "${parts[@]}" "${parts[@]}" | "$tool" report - --all -j 2>"$dir/err" | tail -n 1 | jq -c .totals)" \
		"$(zcat <"$last" | jq -c 'select(.type == "summary") | .totals')" &&
		grep -q "${#parts[@]} files that were given twice" "$dir/err"
}

part_stands_alone() {
	"$tool" report "$last" -j 2>"$dir/err" | tail -n 1 >"$dir/part"
	equal now "$(jq -c '[.totals.time_wait_now, .totals.close_wait_now]' "$dir/part")" \
		"$(zcat <"$last" | jq -c 'select(.type == "summary") | [.totals.time_wait_now, .totals.close_wait_now]')" &&
		grep -q "goes on from an earlier file" "$dir/err" &&
		"$tool" report "$dir/r.rec" 2>&1 >/dev/null | grep -q "goes on in r.rec.1"
}

mkfifo "$dir/fifo"
replay_the_run
check early_end early_end_is_told
check "a killed recorder's file can be read" killed_is_readable
check "a cut file can be read" truncated_is_readable
check "a damaged file can be read" damaged_is_readable
check "damaged lines are left out" damaged_lines_are_left_out
check "a newer file can be read" newer_is_used
check "output of trace -j can be read" live_output_is_a_recording
check "a reader that leaves is no error" reader_that_leaves_is_no_error
check "leaks --fail-on has its exit code" findings_have_their_exit_code
check "wrong usage is explained" usage_is_explained
check "foreign files are refused" foreign_is_refused
check "what is there is not overwritten" what_is_there_is_not_overwritten
check "a folder takes each run" folder_takes_each_run
check "a full disk is an error" full_disk_is_an_error
record_in_parts
check "rotation begins new files" rotation_goes_on
check "only the files to be kept are there" old_parts_are_removed
check "the parts make the whole" parts_make_the_whole
check "parts that are given twice count once" parts_twice_are_one
check "a part stands alone" part_stands_alone
exit $status
