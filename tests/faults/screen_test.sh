#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A terminal that is gone, stalls or has any size, and what vanishes while an interactive view or `diagnose` watches: see screen.py.
# SCREEN=--all for all of it, SCREEN=WORD for the cases with that word.
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"

tests/faults/screen.py "$tool" "$dir" ${SCREEN:+"$SCREEN"} || status=1
exit $status
