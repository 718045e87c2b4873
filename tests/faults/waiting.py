# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Waiting for what a scene needs."""
import sys
import time

SECONDS = 100


def await_(what, condition):
    """Ends the program where it does not come."""
    end = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"never: {what}")
        time.sleep(0.02)
