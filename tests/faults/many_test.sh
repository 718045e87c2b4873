#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A small recording in which everything is another's: see many.py.
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"

tests/faults/many.py "$tool" "$dir" || status=1
exit $status
