#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""For each code of diagnose what makes it, with the exact set of findings, and a near miss that stays silent. Where it can be done
the remedy is executed, and the useless advice too. Usage: cases.py CASE, or cases.py --list."""
import sys

import accept_queue
import close_wait
import connections
import healthy
import machine
import peers
import ports
import reports
from traffic import CASES
from world import main

GROUPS = ports, connections, close_wait, accept_queue, peers, machine, reports, healthy

if __name__ == "__main__":
    if sys.argv[1] == "--list":
        print("\n".join(CASES))
    else:
        main(CASES)
