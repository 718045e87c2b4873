#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Sockets that were there before tcpdwell, in network namespaces that it may not enter.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/views/scenario.sh
scenario seeding ss nsenter setpriv
