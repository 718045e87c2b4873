#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Views that could not follow for a while, and must find back to the kernel's numbers; in a network namespace of their own.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/views/scenario.sh

scenario overload
