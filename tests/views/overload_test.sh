#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Views that could not follow for a while, and must find back to the kernel's numbers; in a network namespace of their own.
set -u
cd "$(dirname "$0")/../.." || exit 1

if ! unshare -n true 2>/dev/null; then
	echo "skip all: a network namespace can't be made (root is needed)"
	exit 0
fi
exec unshare -n python3 tests/views/overload_scenario.py "${TCPDWELL:-build/tcpdwell}"
