#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What a listening socket dropped, beside what the kernel counts; in a network namespace of its own.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/views/scenario.sh

scenario queues ss ip nstat
