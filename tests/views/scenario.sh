# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# scenario NAME: runs tests/views/NAME_scenario.py in a network namespace of its own, where the programs it needs are there.

# skip REASON
skip() {
	echo "skip all: $1"
	exit 0
}

# scenario NAME [PROGRAM…]: beside python3
scenario() {
	local name=$1 program
	shift
	unshare -n true 2>/dev/null || skip "a network namespace can't be made (root is needed)"
	for program in python3 "$@"; do
		command -v "$program" >/dev/null || skip "$program is missing"
	done
	exec unshare -n python3 "tests/views/${name}_scenario.py" "${TCPDWELL:-build/tcpdwell}"
}
