#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Servers that people run, each with a trouble of its own: the first screen of top says so. One network namespace a server.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/views/scenario.sh

unshare -n true 2>/dev/null || skip "a network namespace can't be made (root is needed)"
command -v tmux >/dev/null || skip "tmux is missing"
status=0
pids=()
for server in nginx redis-server gunicorn; do
	if ! command -v "$server" >/dev/null; then
		echo "skip $server: it is not installed"
		continue
	fi
	unshare -n python3 tests/views/servers_scenario.py "${TCPDWELL:-build/tcpdwell}" "$server" &
	pids+=($!)
done
for pid in "${pids[@]}"; do
	wait "$pid" || status=1
done
exit $status
