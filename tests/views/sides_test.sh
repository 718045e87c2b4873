#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Which side a socket is on, without BPF; in a network namespace of its own.
set -u
cd "$(dirname "$0")/../.." || exit 1

if ! unshare -n true 2>/dev/null; then
	echo "skip all: a network namespace can't be made (root is needed)"
	exit 0
fi
exec unshare -n python3 tests/views/sides_scenario.py "${TCPDWELL:-build/tcpdwell}"
