#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A pod with two containers and tcpdwell as a sidecar, while another pod has the same addresses and ports: the sidecar shows
# its own pod alone, with the process ids that the pod has. A node agent sees both.

[ "$(id -u)" = 0 ] || { echo "skip sidecar: root is needed"; exit 0; }
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/podman.sh"
need_containers
made=$(make_image) || { echo "not ok sidecar: $made"; exit 1; }

# talk NAME OPTIONS…: a container that listens.
talk() {
	contain "$1" --detach "${@:2}" >/dev/null 2>"$dir/err" && await_log "$1" ready || { cat "$dir/err"; return 1; }
}

# await_log NAME TEXT
await_log() {
	local i
	for ((i = 0; i < 300; i++)); do
		podman logs "$1" 2>&1 | grep -q "$2" && return
		sleep 0.2
	done
	echo "container $1 did not say \"$2\": $(podman logs "$1" 2>&1)"
	return 1
}

# The pod is the first container's namespaces. Loopback is up in a network of none.
pods_run() {
	talk first localhost/talker 7000 7 2 && talk other localhost/talker 7000 11 5 &&
		talk second --network container:first --pid container:first localhost/talker 7001 3 1 &&
		talk apart --network container:first localhost/talker 7002 4 1
}

# sidecar NAME OPTIONS…: the manifest's container, beside the first; its output in $dir/NAME.
sidecar() {
	local name=$1
	shift
	contain "$name" --user 65532 --cap-add=BPF,PERFMON "$@" $image trace -j >"$dir/$name" 2>"$dir/$name.err" &
	running+=($!)
	await_text "$dir/$name" '"header"' $! || { cat "$dir/$name.err"; return 1; }
}

watchers_run() {
	sidecar shared --network container:first --pid container:first && sidecar alone --network container:first &&
		sidecar node --pid host
}

# As with `kubectl exec`.
agent_answers() {
	podman exec node /tcpdwell check -j >"$dir/out" 2>"$dir/err" || { cat "$dir/err"; return 1; }
	equal check '[true,false]' "$(jq -c '[.works, .pid_namespace]' "$dir/out")"
}

traffic_is_made() {
	local name
	for name in first other second apart; do
		podman kill --signal USR1 $name >/dev/null || return 1
	done
	for name in first other second apart; do
		await_log $name done || return 1
	done
}

watchers_end() {
	local name
	for name in shared alone node; do
		podman kill --signal TERM $name >/dev/null || return 1
	done
	for name in shared alone node; do
		await_text "$dir/$name" '"summary"' || return 1
	done
}

# entered NAME STATE FILTER: how many sockets entered the state in that output.
entered() {
	jq -c "select(.type == \"transition\" and .new_state == \"$2\" and ($3))" "$dir/$1" | wc -l
}

# pids NAME: client and server of a talker, as it has them.
pids() {
	podman logs "$1" 2>&1 | awk '$1 == "done" { print $2, $3 }'
}

shows_its_pod_alone() {
	equal "TIME_WAIT of the pod" 14 "$(entered "$1" TIME_WAIT true)" && equal "CLOSE_WAIT of the pod" 18 "$(entered "$1" CLOSE_WAIT true)" &&
		equal "TIME_WAIT of the first container" 7 "$(entered "$1" TIME_WAIT '.service_port == 7000')" &&
		equal namespaces 1 "$(jq -r 'select(.type == "transition") | .netns' "$dir/$1" | sort -u | wc -l)" &&
		equal "seeded from elsewhere" 0 "$(jq 'select(.type == "summary") | .totals.time_wait_seeded + .totals.close_wait_seeded' "$dir/$1")"
}

has_the_pods_pids() {
	local client server
	read -r client server <<<"$(pids "$1")"
	equal "TIME_WAIT of $1" "$2" "$(entered shared TIME_WAIT ".owner_pid == $client and .owner_comm == \"talker\"")" &&
		equal "CLOSE_WAIT of $1" "$3" "$(entered shared CLOSE_WAIT ".owner_pid == $server and .service_port == $4")"
}

shared_has_the_pods_pids() {
	has_the_pods_pids first 7 9 7000 && has_the_pods_pids second 3 4 7001
}

# Processes in other process namespaces have no number in ours, but names, and numbers of their own. They can't be listed, so
# without function hooks who accepted is known from its first own transition on, and nobody is named for what came before.
alone_has_names() {
	local client server
	read -r client server <<<"$(pids first)"
	equal "TIME_WAIT of the first container" 7 "$(entered alone TIME_WAIT \
		".service_port == 7000 and .owner_pid == null and .owner_ns_pid == $client and .owner_comm == \"talker\"")" &&
		equal "CLOSE_WAIT of its server, but the first" true \
			"$([ "$(entered alone CLOSE_WAIT ".service_port == 7000 and .owner_pid == null and .owner_ns_pid == $server")" -ge 8 ] && echo true)" &&
		equal "CLOSE_WAIT of its server, or unknown" 9 "$(entered alone CLOSE_WAIT ".service_port == 7000 and
			(.owner_ns_pid == $server or .attribution == \"unknown\")")"
}

# The machine may have other traffic on these ports.
node_shows_both() {
	equal "TIME_WAIT of port 7000" 18 "$(entered node TIME_WAIT '.service_port == 7000 and .owner_comm == "talker"')" &&
		equal "TIME_WAIT of all" 25 "$(entered node TIME_WAIT '.service_port >= 7000 and .service_port <= 7002 and .owner_comm == "talker"')" &&
		equal "namespaces" 2 "$(jq -r 'select(.type == "transition" and .service_port == 7000 and .owner_comm == "talker") | .netns' "$dir/node" | sort -u | wc -l)"
}

node_has_the_machines_pids() {
	local pid
	pid=$(podman inspect other --format '{{.State.Pid}}')
	equal "TIME_WAIT of the other pod" 11 "$(entered node TIME_WAIT ".owner_pid == $pid and .owner_ns_pid == 1")"
}

# An agent that comes later finds what processes hold, in all namespaces, with two capabilities.
late_agent_finds_leaks() {
	contain late --rm --user 65532 --cap-add=BPF,PERFMON --pid host $image leaks -j --older-than 0s -L 7000 >"$dir/late" 2>"$dir/err" ||
		{ cat "$dir/err"; return 1; }
	equal leaks 7 "$(jq -c 'select(.type == "leak" and .owner_comm == "talker-server" and .age_at_least)' "$dir/late" | wc -l)"
}

# With all that it has a use for it also asks the kernel there, and looks into the processes of other users.
strong_agent_tells_descriptors() {
	contain strong --rm --user 65532 --cap-add=BPF,PERFMON,SYS_PTRACE,DAC_READ_SEARCH,SYS_ADMIN --pid host $image leaks -j \
		--older-than 0s -L 7000 >"$dir/late" 2>"$dir/err" || { cat "$dir/err"; return 1; }
	equal descriptors 7 "$(jq -c 'select(.type == "leak" and .owner_comm == "talker-server" and .fd != null and .inode != null)' "$dir/late" | wc -l)"
}

# A view of its own for each pod: the sidecar that may see all, shows all when it is asked.
all_is_an_option() {
	contain all --rm --user 65532 --cap-add=BPF,PERFMON --network container:first $image top -j -n all -d 0 >"$dir/out" 2>"$dir/err" ||
		{ cat "$dir/err"; return 1; }
	contain self --rm --user 65532 --cap-add=BPF,PERFMON --network container:first $image top -b 1 1 >"$dir/out" 2>"$dir/err" ||
		{ cat "$dir/err"; return 1; }
	has "$dir/err" "only our own network namespace is shown" && has "$dir/out" "TIME_WAIT 14 now"
}

begin_or_end() {
	check "$@"
	[ $status = 0 ] || exit 1
}

begin_or_end "pods with the same addresses and ports run" pods_run
begin_or_end "sidecars and node agent run" watchers_run
check "another command runs beside the agent" agent_answers
begin_or_end "traffic is made in all" traffic_is_made
begin_or_end "they end when they are told to" watchers_end
check "a sidecar shows its pod alone" shows_its_pod_alone shared
check "a sidecar shows its pod alone, without shared processes" shows_its_pod_alone alone
check "process ids are the pod's" shared_has_the_pods_pids
check "without shared processes there are names" alone_has_names
check "a node agent shows all pods" node_shows_both
check "process ids are the machine's" node_has_the_machines_pids
check "an agent that comes later finds what leaked before" late_agent_finds_leaks
check "with more capabilities it tells their descriptors" strong_agent_tells_descriptors
check "-n all is permitted and self is the default" all_is_an_option
exit $status
