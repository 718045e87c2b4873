#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the machine around the program takes away while it runs: inodes, a disk that can be written to, the size that files may have, its
# time, who reads it, tracefs, /dev/null. A sentence where something is lost, an exit code, exact counts of the rest.
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"
export TCPDWELL_SECCOMP=kill

# says_at_once TEXT COMMAND…: refused, with that reason
says_at_once() {
	local text=$1 code=0
	shift
	"$tool" "$@" >"$dir/out" 2>"$dir/err" || code=$?
	equal "exit status" $code 1 && says "$text"
}

created() {
	grep '"interval"' "$dir/out" | tail -n 1 | jq .totals.time_wait_created
}

# What was made while it stood still is told when it goes on: by its end all of it.
stands_still() {
	begin "$@" -n self
	await holds_programs && await test -s "$dir/out" || { cat "$dir/err"; return 1; }
	kill -STOP "$run"
	connect 300
	kill -CONT "$run"
	connect 20
	ends_with 0 || return 1
	equal "TIME_WAIT told" "$(jq -s 'map(select(.type == "summary"))[0].totals.time_wait_created' "$dir/out")" 320
}

# Descriptors that were opened stay; new files can't be made.
no_inode_for_the_next_file() {
	mkdir "$dir/few"
	mount -t tmpfs -o size=32m,nr_inodes=3 none "$dir/few" || return 1
	begin record -n self -o "$dir/few/r" --max-size 1
	await test -s "$dir/few/r" && touch "$dir/few/full" || return 1
	! touch "$dir/few/more" 2>/dev/null || { echo "there is an inode left"; return 1; }
	connect 5
	ends_with 0 1 && "$tool" report "$dir/few/r" -j --all >"$dir/out" || return 1
	umount -l "$dir/few"
	equal "TIME_WAIT in the file" "$(jq -s 'map(select(.type == "summary"))[0].totals.time_wait_created' "$dir/out")" 5
}

no_inode_for_a_history() {
	mkdir "$dir/none"
	mount -t tmpfs -o size=8m,nr_inodes=2 none "$dir/none" || return 1
	says_at_once "No space left on device" agent -n self --listen none --dir "$dir/none/h" -d 0 || return 1
	umount -l "$dir/none"
}

read_only_from_the_begin() {
	mkdir "$dir/ro2"
	mount -t tmpfs -o ro none "$dir/ro2" || return 1
	says_at_once "Read-only file system" agent -n self --listen none --dir "$dir/ro2/h" -d 0 &&
		says_at_once "Read-only file system" record -n self -o "$dir/ro2/r" -d 0 || return 1
	umount -l "$dir/ro2"
}

small_files_only() {
	(
		ulimit -f 16
		exec "$tool" agent -n self --listen none --dir "$dir/limited" -d 1 >"$dir/out" 2>"$dir/err"
	)
	local code=$?
	[ $code = 1 ] || [ $code = 0 ] || { echo "exit status $code"; cat "$dir/err"; return 1; }
	[ -s "$dir/err" ] || { echo "nothing is said of files that can't grow"; return 1; }
}

# Its reader is a connection that is reset.
reader_resets() {
	python3 - "$tool" "$dir/err" "$@" <<-'END'
		import socket, struct, subprocess, sys
		listener = socket.create_server(("127.0.0.1", 0))
		mine = socket.create_connection(listener.getsockname())
		reader = listener.accept()[0]
		with open(sys.argv[2], "w") as errors:
		    run = subprocess.Popen([sys.argv[1], *sys.argv[3:]], stdout=mine, stderr=errors)
		mine.close()
		reader.recv(1)
		reader.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
		reader.close()
		try:
		    code = run.wait(20)
		except subprocess.TimeoutExpired:
		    run.kill()
		    sys.exit("it goes on without a reader")
		sys.exit(0 if code in (0, 1) else f"exit status {code}")
	END
}

without_tracefs() {
	local shell='umount -l /sys/kernel/tracing /sys/kernel/debug /sys/fs/bpf 2>/dev/null; exec "$@"'
	unshare -m --propagation private bash -c "$shell" - "$tool" trace -j -n self --state TIME_WAIT >"$dir/out" 2>"$dir/err" &
	run=$!
	running+=("$run")
	await has_text "$dir/out" header || { cat "$dir/err"; return 1; }
	connect 7
	ends_with 0 || return 1
	equal "TIME_WAIT told" "$(grep -c '"new_state":"TIME_WAIT"' "$dir/out")" 7
}

# A file in the place of /dev/null stays as it is, whatever is opened there.
dev_null_is_a_file() {
	local shell='echo kept >"$0/null"; mount --bind "$0/null" /dev/null; exec "$@"' command
	for command in "agent -n self --listen none --dir $dir/nulled -d 0" "record -n self -o $dir/nulled.rec -d 0"; do
		# shellcheck disable=SC2086
		unshare -m --propagation private bash -c "$shell" "$dir" "$tool" $command <&- >"$dir/out" 2>"$dir/err"
		equal "exit status of $command" $? 0 || { cat "$dir/err"; return 1; }
		equal "the file" "$(cat "$dir/null")" kept || return 1
	done
}

server_of_agent() {
	server=$(cat "/proc/$run/task/$run/children")
	[ -n "$server" ]
}

# Whoever needs memory may kill the process that serves. The agent must not seem to serve when nobody does.
server_is_killed() {
	local server
	begin agent --no-bpf --listen "$dir/served.sock" --dir "$dir/served"
	await curl -sf --unix-socket "$dir/served.sock" http://localhost/metrics || { cat "$dir/err"; return 1; }
	await server_of_agent || return 1
	# shellcheck disable=SC2086
	kill -KILL $server
	await has_ended || return 1
	ends_with 1 && says "the process that serves metrics is gone" && equal "lines said" "$(complaints | wc -l)" 1
}

has_ended() {
	! kill -0 "$run" 2>/dev/null || grep -q '^State:[[:space:]]*Z' "/proc/$run/status"
}

# Something else in the place of a history's database: whoever reads does not wait for it.
database_is_a_fifo() {
	local command
	"$tool" agent --no-bpf --listen none --dir "$dir/piped" -d 0.3 && rm -f "$dir"/piped/intervals.db* && mkfifo "$dir/piped/intervals.db" || return 1
	for command in "report $dir/piped" "agent status --dir $dir/piped" "agent --no-bpf --listen none --dir $dir/piped -d 0.1"; do
		# shellcheck disable=SC2086
		timeout 20 "$tool" $command >"$dir/out" 2>"$dir/err" || [ $? != 124 ] || { echo "it hangs: $command"; return 1; }
	done
	[ -p "$dir/piped/intervals.db" ] || { echo "the FIFO is gone"; return 1; }
}

check "stopped, top" stands_still top -b -j 0.2
check "stopped, trace" stands_still trace -j
check "no inode for the next file" no_inode_for_the_next_file
check "no inode for a history" no_inode_for_a_history
check "a read-only disk" read_only_from_the_begin
check "small files only" small_files_only
check "reader resets, trace" reader_resets trace -j --all -n self
check "reader resets, ports" reader_resets ports -b -j -n self 0.05
check "without tracefs and bpffs" without_tracefs
check "the process that serves is killed" server_is_killed
check "a database that is a FIFO" database_is_a_fifo
check "/dev/null is a file" dev_null_is_a_file
exit $status
