#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Tables, ring buffer and rows that are full: see shortage.py.
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"

tests/faults/shortage.py "$tool" "$dir" || status=1
exit $status
