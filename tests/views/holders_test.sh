#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Who has the sockets that wait, as recordings and `trace -j --all` tell it: with two capabilities alone, in a PID namespace of
# its own, when a process moves to another cgroup, and with a longer accept queue than is read. tests/scenarios has the ways in which a
# descriptor changes hands.
set -u
cd "$(dirname "$0")/../.." || exit 1

if [ "${1:-}" != inside ]; then
	if ! unshare -n true 2>/dev/null; then
		echo "skip holders: namespaces can't be made (root is needed)"
		exit 0
	fi
	exec unshare -n "$0" inside
fi

dir=$(mktemp -d)
tool=$dir/tcpdwell # any user may run it there
user=65532
status=0
# shellcheck source=tests/running.sh
. tests/running.sh
running=()
trap 'end_running TERM; wait; rm -rf "$dir"' EXIT
chmod 755 "$dir"
install -m 755 "${TCPDWELL:-build/tcpdwell}" "$tool"
ip link set lo up

# check NAME COMMAND…: ok when the command succeeds, skip when it says so, else its output is the reason.
check() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then
		[[ $output == skip:* ]] && echo "skip $name: ${output#skip: }" || echo "ok $name"
	else
		echo "not ok $name: ${output:-$* failed}" | head -n 20
		status=1
	fi
}

# equal WHAT A B
equal() {
	[ "$2" = "$3" ] || { echo "$1: \"$2\" is not \"$3\""; return 1; }
}

# await FILE JQ [COMMAND]: until a line of the file (or what the command makes of it) passes the filter.
await() {
	local i
	for ((i = 0; i < 300; i++)); do
		[ -e "$1" ] && ${3:-cat} <"$1" 2>/dev/null | jq -R "fromjson? | select($2)" 2>/dev/null | grep -q . && return
		sleep 0.1
	done
	echo "nothing with $2 in $1:"
	[ ! -e "$1" ] || ${3:-cat} <"$1" 2>/dev/null | tail -n 3 | cut -c1-300
	return 1
}

# serve NAME [COUNT]: a server of tests/views/handover.py; its words in $dir/NAME, one byte to descriptor 8 lets it accept.
serve() {
	mkfifo "$dir/$1.in"
	tests/views/handover.py "${2:-1}" <"$dir/$1.in" >"$dir/$1" &
	running+=($!)
	exec 8>"$dir/$1.in"
	await "$dir/$1" .port
	master=$(jq -s '.[0].master' "$dir/$1") worker=$(jq -s '.[0].worker' "$dir/$1") port=$(jq -s '.[0].port' "$dir/$1")
}

accept() {
	printf x >&8
	await "$dir/$1" .fd
	fd=$(jq -s 'last.fd' "$dir/$1")
}

# holders: what is told of them, without what differs from run to run, and each change once.
holders() {
	jq -c 'select(.type == "holder") | [.holder_pid, .holder_ns_pid, .holders, .fd, .in_accept_queue]' | uniq
}

recorded_and_reported() {
	local recorder
	serve recorded || return 1
	"$tool" record -o "$dir/rec" -n self >"$dir/out" 2>&1 &
	recorder=$!
	running+=($recorder)
	await "$dir/rec" '.in_accept_queue and .type == "holder"' zcat && accept recorded &&
		await "$dir/rec" ".holder_pid == $worker and .fd != null" zcat || return 1
	exec 8>&-
	kill -INT $recorder && wait $recorder || { cat "$dir/out"; return 1; }
	zcat <"$dir/rec" | jq -c 'select(.type == "holder")' | jq -s 'length > 1' | grep -q true || return 1
	# What is null is left out there.
	equal "in the report" "$(zcat <"$dir/rec" | jq -c 'select(.type == "holder") | del(.time_ns, .holder_start_ns)')" \
		"$("$tool" report "$dir/rec" trace -j --all | jq -c 'select(.type == "holder") | with_entries(select(.value != null))')"
}

# trace OUT COMMAND…: traces beside a server until its worker has the socket
trace_handover() {
	local tracer name=$1
	shift
	serve "$name" || return 1
	"$@" trace -j --all -n self >"$dir/$name.trace" 2>"$dir/$name.err" &
	tracer=$!
	running+=($tracer)
	await "$dir/$name.trace" '.in_accept_queue and .type == "holder"' && accept "$name" &&
		await "$dir/$name.trace" ".holder_pid == $worker and .fd != null" || { cat "$dir/$name.err"; return 1; }
	exec 8>&-
	kill -INT $tracer && wait $tracer || return 1
	equal holders "[$master,$master,0,null,true]
[$worker,$worker,1,$fd,false]" "$(holders <"$dir/$name.trace" | grep -v "^\[$worker,$worker,1,null,false\]$")"
}

two_capabilities() {
	trace_handover two setpriv --reuid=$user --regid=$user --clear-groups --no-new-privs --inh-caps=-all,+bpf,+perfmon \
		--ambient-caps=-all,+bpf,+perfmon --bounding-set=-all,+bpf,+perfmon "$tool"
}

# The program and the server see the same small numbers.
pid_namespace() {
	unshare -pf --mount-proc bash -c "$(declare -f equal await serve accept holders trace_handover); running=()
		dir=$dir; trace_handover inner $tool && [ \$master -lt 100 ]"
}

other_cgroup() {
	local mount tracer id result
	mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	mkdir "$mount/tcpdwell-holders-$$" 2>/dev/null || { echo "skip: no cgroup can be made"; return; }
	serve moves && accept moves || return 1
	"$tool" trace -j --all -n self >"$dir/moves.trace" &
	tracer=$!
	running+=($tracer)
	id=$(stat -c %i "$mount/tcpdwell-holders-$$")
	await "$dir/moves.trace" ".holder_pid == $worker and .cgroup_id != $id" &&
		echo "$worker" >"$mount/tcpdwell-holders-$$/cgroup.procs" &&
		await "$dir/moves.trace" ".holder_pid == $worker and .cgroup_id == $id and .cgroup == \"/tcpdwell-holders-$$\""
	result=$?
	exec 8>&-
	kill -INT $tracer && wait $tracer
	for _ in $(seq 100); do
		rmdir "$mount/tcpdwell-holders-$$" 2>/dev/null && break
		sleep 0.1
	done
	return $result
}

# 4,080 of them are read; nothing is said of the others, in particular not that nobody has them.
long_queue() {
	local tracer
	echo 8192 >/proc/sys/net/core/somaxconn
	echo 8192 >/proc/sys/net/ipv4/tcp_max_syn_backlog
	serve long 5000 || return 1
	"$tool" trace -j --all -n self >"$dir/long.trace" &
	tracer=$!
	running+=($tracer)
	await "$dir/long.trace" '.type == "holder"' && sleep 4.5 && kill -INT $tracer && wait $tracer || return 1
	exec 8>&-
	equal "CLOSE_WAIT" 5000 "$(jq -s 'last.totals.close_wait_now' "$dir/long.trace")" &&
		equal holders "4080 [$master,$master,0,null,true]" \
			"$(jq -c 'select(.type == "holder") | [.holder_pid, .holder_ns_pid, .holders, .fd, .in_accept_queue]' "$dir/long.trace" |
				sort | uniq -c | sed 's/^ *//')" &&
		equal "counted as cut" true "$(jq -s 'last.queue_cut > 0' "$dir/long.trace")"
}

check "a recording and its report tell them" recorded_and_reported
check "with two capabilities alone" two_capabilities
check "in a PID namespace of its own" pid_namespace
check "a process in another cgroup" other_cgroup
check "a longer accept queue than is read" long_queue
exit $status
