# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Writes a recording of ten minutes whose truth is known: recorded.py FILE. It begins at 00:00:00 UTC.

api[71] makes a connection each second and closes it first: after a minute 60 are in TIME_WAIT. From 00:05:00 on leaky[33] has one
more socket in CLOSE_WAIT each second, up to 20.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../history"))

from night import Night  # noqa: E402

UNIX = 1795910400  # 2026-11-29 00:00:00 UTC


def main():
    night = Night(UNIX)
    for i in range(600):
        night.connection(i + 0.3, (71, "api"), "10.9.0.2", 5432)
    for i in range(20):
        night.leak(300 + i + 0.5, (33, "leaky"), 8080)
    night.write(sys.argv[1], 600)


main()
