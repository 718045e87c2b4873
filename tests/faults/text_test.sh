#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Names and texts of a recording that are hostile to a terminal: see text.py.
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"

tests/faults/text.py "$tool" "$dir" || status=1
exit $status
