#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Sockets of every state, listeners and their queues; in a network namespace of their own.
set -u
cd "$(dirname "$0")/../.." || exit 1

if ! unshare -n true 2>/dev/null; then
	echo "skip all: a network namespace can't be made (root is needed)"
	exit 0
fi
for program in python3 ss ip; do
	if ! command -v $program >/dev/null; then
		echo "skip all: $program is missing"
		exit 0
	fi
done
exec unshare -n python3 tests/views/present_scenario.py "${TCPDWELL:-build/tcpdwell}"
