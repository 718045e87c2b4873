# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Shared by the tests of this folder (sourced): a scratch folder with the program that any user may run, result lines,
# and traffic whose truth is known. What runs in the background is in $running and ended with the test.

set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

dir=$(mktemp -d)
chmod 755 "$dir"
tool=$dir/tcpdwell
install -m 755 "${TCPDWELL:-build/tcpdwell}" "$tool"
traffic=tests/views/traffic.py
# shellcheck source=tests/running.sh
. tests/running.sh
running=()
status=0
export TZ=UTC

finish() {
	end_running TERM
	wait
	[ "$(type -t clean_up)" != function ] || clean_up
	rm -rf "$dir"
}
trap finish EXIT

# check NAME COMMAND…: ok when the command succeeds, else its output is the reason.
check() {
	local name=$1
	shift
	if "$@" >"$dir/reason" 2>&1; then
		echo "ok $name"
	else
		echo "not ok $name: $(cat "$dir/reason")" | head -n 20
		status=1
	fi
}

# equal WHAT A B
equal() {
	[ "$2" = "$3" ] || { echo "$1: \"$2\" is not \"$3\""; return 1; }
}

# has FILE TEXT: the file has the text.
has() {
	grep -qF -- "$2" "$1" || { echo "no \"$2\" in:"; head -n 5 "$1"; return 1; }
}

# await_text FILE TEXT [PID]: until the file has it; fails after a minute, or when the process ends without it.
await_text() {
	local i
	for ((i = 0; i < 600; i++)); do
		[ -e "$1" ] && grep -qF -- "$2" "$1" && return
		[ -z "${3:-}" ] || kill -0 "$3" 2>/dev/null || break
		sleep 0.1
	done
	[ -e "$1" ] && grep -qF -- "$2" "$1" && return
	echo "no \"$2\" came"
	return 1
}

# Begins the test again in a network namespace of its own, with loopback up.
in_own_network() {
	[ -z "${TCPDWELL_INSIDE:-}" ] || { ip link set lo up; return; }
	rm -rf "$dir"
	trap - EXIT
	TCPDWELL_INSIDE=1 exec unshare -n "$0" "$@"
}
