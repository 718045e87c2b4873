#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the terminal and the machine do to an interactive view, and to `diagnose` while it watches: the terminal is gone, takes nothing
more, is of one cell or of none; the program stands still; namespace, cgroup and /proc vanish. It ends or goes on, and burns no processor.
Usage: screen.py TOOL DIRECTORY [--all|CASE…]   Some of the cases, all of them (more than a minute), or those whose name has such words.
Prints a line a case."""
import os
import sys
import time

import views
import watched
from world import Fault

CASES = {**views.CASES, **watched.CASES}
QUICK = "report top", "interrupted at once, diagnose"


def is_chosen(name):
    words = sys.argv[3:] or QUICK
    return words == ["--all"] or any(word in name for word in words)


def main():
    fine = True
    for name in filter(is_chosen, CASES):
        case = CASES[name]
        begin = time.monotonic()
        try:
            why = case()
            print(f"skip {name}: {why}" if why else f"ok {name}", flush=True)
            if os.environ.get("TIMES"):
                print(f"  {time.monotonic() - begin:.1f} s", flush=True)
        except Fault as fault:
            print(f"not ok {name}: {fault}", flush=True)
            fine = False
    return 0 if fine else 1


sys.exit(main())
