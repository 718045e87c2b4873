# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the tests of faults share; they source it. Each runs in a network and mount namespace of its own, with the folder $dir, and
# ends what it started by pid.
# shellcheck shell=bash disable=SC2034
set -u
cd "$(dirname "$0")/../.." || exit 1

if [ "${1:-}" != inside ]; then
	if ! unshare -nm true 2>/dev/null; then
		echo "skip all: namespaces can't be made (root is needed)"
		exit 0
	fi
	exec unshare -nm "$0" inside
fi

tool=${TCPDWELL:-build/tcpdwell}
dir=$(mktemp -d)
status=0
# shellcheck source=tests/running.sh
. tests/running.sh
running=()

end_all() {
	end_running KILL
	wait 2>/dev/null
	rm -rf "$dir"
}
trap end_all EXIT
ip link set lo up
export TZ=UTC

# check NAME COMMAND…: ok when the command succeeds, else its output is the reason.
check() {
	local name=$1
	shift
	if "$@" >"$dir/check" 2>&1; then
		echo "ok $name"
	else
		echo "not ok $name: $(head -c 2000 "$dir/check" | head -n 15)"
		status=1
	fi
}

# equal WHAT A B
equal() {
	[ "$2" = "$3" ] || { echo "$1: \"$2\" is not \"$3\""; return 1; }
}

# says TEXT: in what the tool said on standard error
says() {
	grep -qF -- "$1" "$dir/err" || { echo "not said: \"$1\", but: $(head -n 3 "$dir/err")"; return 1; }
}

# What went wrong: an agent says where all of it goes when it begins.
complaints() {
	grep -v "tracing until it is stopped: " "$dir/err"
}

# await COMMAND…: until it succeeds
await() {
	for _ in $(seq 400); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.05
	done
	echo "never: $*"
	return 1
}

has_text() {
	grep -q "$2" "$1"
}

now_ms() {
	local ns
	ns=$(date +%s%N)
	echo $((ns / 1000000))
}

# Connections as fast as the machine makes them, until the end of the test.
begin_load() {
	tests/faults/load.py >"$dir/load" &
	load=$!
	running+=("$load")
	await test -s "$dir/load"
}

# begin COMMAND…: in the background
begin() {
	"$tool" "$@" >"$dir/out" 2>"$dir/err" &
	run=$!
	running+=("$run")
}

# ends_with CODE…: one of them, by SIGINT where it does not end by itself
ends_with() {
	local code=0
	kill -INT "$run" 2>/dev/null
	wait "$run" || code=$?
	[[ " $* " == *" $code "* ]] || { echo "exit status $code, not one of: $*"; cat "$dir/err"; return 1; }
}

# connect N: as many connections in this namespace, each closed by its client first, by a process of its own in cgroup $2
connect() {
	tests/faults/connect.py "$@"
}

# holds_programs [PID]: does it have BPF programs? Without a number, what `begin` began.
holds_programs() {
	grep -q '^prog_id:' "/proc/${1:-$run}/fdinfo/"* 2>/dev/null
}
