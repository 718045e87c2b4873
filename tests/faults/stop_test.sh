#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# SIGINT, SIGTERM and -d end a run within a second, whatever it waits for but a disk; a second signal ends it at once; what could not be
# written is said. While connections come as fast as the machine makes them.
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"

LIMIT_MS=1500 # a second, and what a busy machine takes to notice

# ends_in_time PID BEGIN_MS: waits for it; its exit status is in $code.
ends_in_time() {
	local end
	for _ in $(seq 300); do
		kill -0 "$1" 2>/dev/null || break
		sleep 0.02
	done
	end=$(now_ms)
	kill -0 "$1" 2>/dev/null && { echo "it never ended"; kill -KILL "$1"; wait "$1"; return 1; }
	wait "$1"
	code=$?
	[ $((end - $2)) -le $LIMIT_MS ] || { echo "it took $((end - $2)) ms"; return 1; }
}

# A reader that opens the FIFO and never reads. It holds both ends, so that opening does not block us.
stalled_fifo() {
	rm -f "$dir/stalled"
	mkfifo "$dir/stalled"
	exec 7<>"$dir/stalled"
}

pipe_is_full() {
	python3 -c 'import select, sys; sys.exit(len(select.select([], [7], [], 0)[1]))'
}

# stalled_output SIGNAL COMMAND…
stalled_output() {
	local signal=$1 begin
	shift
	stalled_fifo
	"$tool" "$@" >"$dir/stalled" 2>"$dir/err" &
	running+=($!)
	await pipe_is_full || return 1
	sleep 0.3
	begin=$(now_ms)
	kill "-$signal" $!
	ends_in_time $! "$begin" && equal "exit status" $code 1 && says "standard output took nothing more" && says "lines, were not written"
}

stalled_output_and_time() {
	local begin
	stalled_fifo
	"$tool" trace --all -j -n self -d 3 >"$dir/stalled" 2>"$dir/err" &
	running+=($!)
	await pipe_is_full || return 1
	begin=$(($(now_ms) + 3000)) # it began before that
	ends_in_time $! "$begin" && equal "exit status" $code 1 && says "were not written" && says "were not read any more"
}

# handled PID: the signals that were sent to it have come. Without a process of ours, which a busy machine lets wait.
handled() {
	local name value
	while read -r name value; do
		[ "$name" != ShdPnd: ] || [ "$value" = 0000000000000000 ] || return 1
	done <"/proc/$1/status"
}

# It gives up by itself after 600 ms: a machine that lets us wait for so long shows nothing.
second_signal() {
	local begin code gap
	for _ in 1 2 3 4 5 6 7 8; do
		stalled_fifo
		"$tool" trace --all -j -n self >"$dir/stalled" 2>"$dir/err" &
		running+=($!)
		await pipe_is_full || return 1
		begin=${EPOCHREALTIME/./}
		kill -INT $!
		until handled $!; do :; done
		sleep 0.25
		kill -TERM $!
		gap=$(((${EPOCHREALTIME/./} - begin) / 1000)) code=0
		wait $! || code=$?
		[ $gap -lt 550 ] || continue
		equal "exit status after a second signal $gap ms behind" $code 143
		return
	done
	echo "the machine is too busy: $gap ms"
	return 1
}

# timeout(1) sends its signal to the program and to its group, so it comes twice; a signal to timeout makes it do so. It is sent when the
# run has begun: what a busy machine takes to start is no matter of signals.
double_signal_is_one() {
	local i code
	for i in 1 2 3; do
		timeout 600 "$tool" trace --all -j -n self >"$dir/twice" 2>"$dir/err" &
		running+=($!)
		await has_text "$dir/twice" '"transition"' || return 1
		kill -TERM $!
		code=0
		wait $! || code=$?
		equal "exit status of run $i" $code 0 && tail -n 1 "$dir/twice" | grep -q '"summary"' ||
			{ echo "no totals in run $i"; cat "$dir/err"; return 1; }
	done
}

# What is said on standard error can block as well.
stalled_errors() {
	local begin
	stalled_fifo
	"$tool" trace --all -j -n self -vv 2>"$dir/stalled" >/dev/null &
	running+=($!)
	await pipe_is_full || true # what it says may be less
	sleep 1
	begin=$(now_ms)
	kill -TERM $!
	ends_in_time $! "$begin"
}

recording_to_stalled_fifo() {
	local begin
	stalled_fifo
	"$tool" record -o "$dir/stalled" -n self >"$dir/out" 2>"$dir/err" &
	running+=($!)
	await pipe_is_full || return 1
	sleep 0.3
	begin=$(now_ms)
	kill -INT $!
	ends_in_time $! "$begin" && equal "exit status" $code 1 && says "nobody took it in time" && says "are lost"
}

recording_to_dead_reader() {
	local begin
	rm -f "$dir/fifo"
	mkfifo "$dir/fifo"
	head -c 10 <"$dir/fifo" >"$dir/head" &
	"$tool" record -o "$dir/fifo" -n self >"$dir/out" 2>"$dir/err" &
	running+=($!)
	await test -s "$dir/head" || return 1
	begin=$(now_ms)
	ends_in_time $! "$((begin + 1000))" && equal "exit status" $code 1 && says "Broken pipe"
}

recording_without_reader() {
	local begin
	rm -f "$dir/fifo"
	mkfifo "$dir/fifo"
	begin=$(now_ms)
	"$tool" record -o "$dir/fifo" -n self -d 1 >"$dir/out" 2>"$dir/err" &
	ends_in_time $! "$((begin + 1000))" && equal "exit status" $code 1 && says "nobody reads" || return 1
	"$tool" record -o "$dir/fifo" -n self >"$dir/out" 2>"$dir/err" &
	sleep 0.3
	begin=$(now_ms)
	kill -TERM $!
	ends_in_time $! "$begin"
}

# Files of a size that is reached many times a second, and end when they are to.
recording_in_small_files() {
	local begin file
	mkdir "$dir/small"
	"$tool" record -o "$dir/small/r" --max-size 1 -n self -d 6 >"$dir/out" 2>"$dir/err" &
	running+=($!)
	await test -s "$dir/small/r" || return 1
	begin=$(now_ms)
	await test -e "$dir/small/r.2" || return 1
	ends_in_time $! $((begin + 6000)) && equal "exit status" $code 0 || return 1
	for file in "$dir"/small/r*; do
		gzip -t <"$file" || return 1
		[ "$(stat -c %s "$file")" -le 1048576 ] || { echo "$file has $(stat -c %s "$file") bytes"; return 1; }
	done
}

# More connections than a file has room for at its begin: the files together are whole, one alone says what is missing.
many_connections_in_small_files() {
	local files
	mapfile -t files < <(ls -v "$dir"/small/r*)
	cat "${files[@]}" | "$tool" report - --all -j 2>"$dir/err" | tail -n 1 | jq -c .totals >"$dir/whole"
	equal "together" "$(cat "$dir/whole")" "$(zcat <"${files[-1]}" | jq -c 'select(.type == "summary") | .totals')" || return 1
	zcat <"${files[-1]}" | grep -q '"type":"untold"' || return 0
	"$tool" report "${files[-1]}" --all -j >"$dir/out" 2>"$dir/err" || return 1
	says "only if something happened to them"
}

report_of_what_never_comes() {
	local begin
	stalled_fifo
	"$tool" record -o "$dir/short.rec" -n self -d 0.2 >"$dir/out" || return 1
	zcat <"$dir/short.rec" | head -n 20 >&7
	"$tool" report "$dir/stalled" --all -j >"$dir/out" 2>"$dir/err" &
	running+=($!)
	await grep -q header "$dir/out" || sleep 1
	begin=$(now_ms)
	kill -INT $!
	ends_in_time $! "$begin" && equal "exit status" $code 0 && grep -q '"summary"' "$dir/out"
}

# A signal that comes before anything was read: "nothing is wrong", or "nothing was recorded", would be no answer.
report_of_nothing_yet() {
	local words code want
	stalled_fifo
	rm -f "$dir/nobody"
	mkfifo "$dir/nobody"
	while read -r want words; do
		# shellcheck disable=SC2086
		"$tool" report $words >"$dir/out" 2>"$dir/err" &
		running+=($!)
		await has_text "/proc/$!/status" '^SigCgt:.*6..2$' || return 1
		sleep 0.2
		kill -TERM $!
		code=0
		wait $! || code=$?
		equal "exit status of report $words" $code "$want" && equal "printed" "$(cat "$dir/out")" "" || { cat "$dir/err"; return 1; }
		[ "$want" = 1 ] && { says "ended by a signal before it could look" || return 1; }
		equal "said" "$(complaints | grep -v "ended by a signal")" "" || return 1
	done <<-end
		0 $dir/stalled
		0 $dir/stalled --since 1h
		0 $dir/nobody
		1 $dir/stalled diagnose
		1 $dir/nobody diagnose
		0 $dir/short.rec $dir/nobody
	end
}

# A result may be read page by page: it waits for its reader, and only a signal ends that.
result_waits_for_its_reader() {
	local lines
	python3 -c '
import resource, socket, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
kept = []
for _ in range(1500):
    client = socket.create_connection(listener.getsockname())
    kept.append(listener.accept()[0])
    client.close()
print("ready", flush=True)
time.sleep(60)' >"$dir/leak" &
	running+=($!)
	await test -s "$dir/leak" || return 1
	"$tool" leaks -j -n self -d 1 --older-than 1ms 2>"$dir/err" | (sleep 4; grep -c '"type":"leak"') >"$dir/lines"
	equal "exit status" "${PIPESTATUS[0]}" 0 && equal sockets "$(cat "$dir/lines")" 1500
}

# Twice: a history that begins, and one that is there. That it waits for the disk does not mean that it is blocked.
slow_disk() {
	"${CC:-cc}" -O1 -Wall -Wextra -shared -fPIC -o "$dir/slow.so" tests/faults/slow.c -ldl || return 1
	for _ in 1 2; do
		LD_PRELOAD="$dir/slow.so" "$tool" agent --no-bpf -n self -d 0.2 --dir "$dir/slow" --listen none >"$dir/out" 2>"$dir/err"
		equal "exit status" $? 0 && equal "said" "$(complaints)" "" || return 1
	done
}

# Who starts the agent anew finds its port free: its server ends first, however often the timer of -d interrupts the wait for that.
slow_server() {
	SLOW_SERVER=1 LD_PRELOAD="$dir/slow.so" "$tool" agent --no-bpf -n self -d 0 --listen 127.0.0.1:9669 >"$dir/out" 2>"$dir/err"
	equal "exit status" $? 0 && equal "said" "$(complaints)" "the server has ended"
}

# In a namespace of its own: 50 TIME_WAIT, 20 connections that are there.
make_sockets='
import socket, subprocess, sys, time
listener = socket.create_server(("127.0.0.1", 0))
for _ in range(50):
    client = socket.create_connection(listener.getsockname())
    server = listener.accept()[0]
    client.close()
    server.close()
kept = [(socket.create_connection(listener.getsockname()), listener.accept()[0]) for _ in range(20)]
time.sleep(0.2)
sys.exit(subprocess.run(sys.argv[1:]).returncode)'

in_namespace() {
	unshare -n bash -c 'ip link set lo up && exec "$@"' sh "$@"
}

# What -d allows is for what comes; a look at what is there takes what it takes.
one_look_is_whole() {
	in_namespace python3 -c "$make_sockets" env SLOW_LOOKS=1 LD_PRELOAD="$dir/slow.so" "$tool" top -b -j -n self -d 0 >"$dir/out" 2>"$dir/err"
	equal "exit status" $? 0 && equal "said" "$(complaints)" "" || return 1
	python3 - "$dir/out" <<-'END'
	import json, sys
	lines = [json.loads(line) for line in open(sys.argv[1])]
	totals = lines[-1]["totals"]
	open_now = sum(row["established_now"] for row in lines[-2]["rows"])
	if (totals["time_wait_now"], open_now) != (50, 40):
	    sys.exit(f"{totals['time_wait_now']} TIME_WAIT of 50, {open_now} ESTABLISHED of 40")
	END
}

# Who asks it to end does not wait for that, and is told.
listing_cut_short() {
	local begin
	: >"$dir/out"
	in_namespace python3 -c "$make_sockets" env SLOW_LOOKS=1 LD_PRELOAD="$dir/slow.so" \
		bash -c 'echo $$ >"$0/pid"; exec "$@"' "$dir" "$tool" top -b -j -n self >"$dir/out" 2>"$dir/err" &
	running+=($!)
	await has_text "$dir/out" '"type":"header"' || return 1
	begin=$(now_ms)
	kill -INT "$(cat "$dir/pid")"
	ends_in_time $! "$begin" && equal "exit status" $code 0 && says "not all sockets from before are known"
}

has_ended() {
	! kill -0 "$1" 2>/dev/null
}

# What hangs is not waited for for ever, however busy the machine is.
hung_disk() {
	SLOW_HANGS=$dir/hangs LD_PRELOAD="$dir/slow.so" "$tool" agent --no-bpf -n self --dir "$dir/hung" --listen none >"$dir/out" 2>"$dir/err" &
	running+=($!)
	await has_text "/proc/$!/status" '^SigCgt:.*6..2$' || return 1 # it catches SIGINT, SIGALRM and SIGTERM
	sleep 0.5
	touch "$dir/hangs"
	kill -TERM $!
	for _ in 1 2 3 4 5 6; do
		kill -0 $! 2>/dev/null && await has_ended $!
	done
	kill -0 $! 2>/dev/null && return 1
	wait $!
	equal "exit status" $? 1 && says "something that it waits for does not come"
}

begin_load
for signal in INT TERM; do
	check "trace, output stalled, SIG$signal" stalled_output $signal trace --all -j -n self
	check "trace as text, output stalled, SIG$signal" stalled_output $signal trace --all -n self
	check "top, output stalled, SIG$signal" stalled_output $signal top -b -j -n self 0.01
done
check "hist, output stalled" stalled_output TERM hist -n self --by remote 0.02
check "trace, output stalled, -d" stalled_output_and_time
check "a second signal" second_signal
check "a signal that is sent twice" double_signal_is_one
check "errors stalled" stalled_errors
check "record to a FIFO that is not read" recording_to_stalled_fifo
check "record to a FIFO whose reader dies" recording_to_dead_reader
check "record to a FIFO without a reader" recording_without_reader
check "record in small files" recording_in_small_files
kill -KILL "$load"
check "small files together, and alone" many_connections_in_small_files
check "report of a pipe that never ends" report_of_what_never_comes
check "report of what has not begun" report_of_nothing_yet
check "a result waits for its reader" result_waits_for_its_reader
check "a slow disk" slow_disk
check "one look takes its time" one_look_is_whole
check "a listing that is cut short" listing_cut_short
check "a disk that hangs" hung_disk
check "a server that is slow to end" slow_server
exit $status
