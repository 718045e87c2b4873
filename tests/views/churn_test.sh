#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Sockets that change hands all the time add up; in a network namespace of its own, and what it started ends with it.
set -u
cd "$(dirname "$0")/../.." || exit 1

if ! unshare -n true 2>/dev/null; then
	echo "skip all: a network namespace can't be made (root is needed)"
	exit 0
fi
exec unshare -n -p -f --mount-proc --kill-child python3 tests/views/churn_scenario.py "${TCPDWELL:-build/tcpdwell}"
