#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Connections whose end no event told of; in a network namespace of their own.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/views/scenario.sh

scenario unseen
