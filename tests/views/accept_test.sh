#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# How long connections wait for accept(), beside clocks of the server that lets them wait; in a network namespace of its own.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/views/scenario.sh

scenario accept ss
