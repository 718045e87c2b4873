#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Allocations and system calls that fail, some of each kind: see inject.py. INJECT=--places: one from each place, under AddressSanitizer.
# All of them: tests/faults/inject --all [CASE…]
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"

if [ -n "${INJECT:-}" ]; then
	tests/faults/inject --asan "$INJECT"
	exit
fi
if ! "${CC:-cc}" -O1 -Wall -Wextra -shared -fPIC -o "$dir/inject.so" tests/faults/inject.c -ldl 2>"$dir/err"; then
	echo "skip all: the library can't be built: $(head -n 1 "$dir/err")"
	exit 0
fi
mkdir -p "$dir/out"
tests/faults/inject.py "$tool" "$dir/inject.so" "$dir/out" || status=1
exit $status
