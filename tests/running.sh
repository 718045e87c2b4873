# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What a test has started in the background and notes in `running`; sourced by tests.
# shellcheck shell=bash

# end_running SIGNAL: to those that still run. The number of one that has ended is another's by now, on a machine that starts many.
end_running() {
	local pid parent
	for pid in "${running[@]}"; do
		read -r parent < <(sed -n 's/^PPid:\t//p' "/proc/$pid/status" 2>/dev/null) && [ "$parent" = $$ ] && kill "-$1" "$pid"
	done
	return 0
} 2>/dev/null
