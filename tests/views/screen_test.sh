#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The first screen of top beside processes that each have one trouble; in a network namespace of its own.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/views/scenario.sh

scenario screen
