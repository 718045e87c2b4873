# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcpdwell watched through a pipe by a reader whose speed the bench decides."""

import json
import os
import subprocess
import threading
import time

from lib.process import Process


class Watched(Process):
    """tcpdwell with its stdout in a pipe; counts transitions, keeps the newest line of each type.

    `speed` bounds how many bytes a second are read (None: as fast as they come); `release()` lifts
    the bound.
    """

    MARK = b'{"type":"transition"'

    def __init__(self, command, errors, speed=None):
        self.output, self.errors, self.speed = errors, errors + ".err", speed
        self.started = time.monotonic()
        with open(self.errors, "wb") as err:
            self.popen = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                          stdout=subprocess.PIPE, stderr=err)
        self.pid, self.transitions, self.newest = self.popen.pid, 0, {}
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()

    def follow(self):
        rest = b""
        while True:
            chunk = os.read(self.popen.stdout.fileno(), 16384 if self.speed else 1 << 20)
            if not chunk:
                break
            lines, end, rest = (rest + chunk).rpartition(b"\n")
            if end:
                self.take_all(lines)
            if self.speed:
                time.sleep(len(chunk) / self.speed)

    def take_all(self, lines):
        """Transitions are counted and not looked at one by one: a reader that is slow makes tcpdwell lose records."""
        transitions = lines.count(self.MARK)
        if transitions == lines.count(b"\n") + 1:
            self.transitions += transitions
            return
        for line in lines.split(b"\n"):
            self.take(line)

    def take(self, line):
        if line.startswith(self.MARK):
            self.transitions += 1
        elif line:
            record = json.loads(line)
            self.newest[record["type"]] = record

    def release(self):
        self.speed = None

    def wait_line(self, kind, timeout=20):
        """The newest line of a type, waited for; None when none came."""
        end = time.monotonic() + timeout
        while time.monotonic() < end and kind not in self.newest and self.alive():
            time.sleep(0.01)
        return self.newest.get(kind)

    def finish(self, timeout=60):
        """Ends it and reads to the end; its summary (or None) and its exit status."""
        self.release()
        _, status = self.stop(timeout)
        self.thread.join(30)
        return self.newest.get("summary"), status


def now_of(totals):
    """What the kernel's sockstat calls tw, by tcpdwell's totals."""
    return totals["time_wait_now"] + totals.get("fin_wait2_timewait_now", 0)


def conserved(totals, state):
    """created + seeded − left = now."""
    return totals[state + "_created"] + totals[state + "_seeded"] - totals[state + "_left"] == \
        totals[state + "_now"]


def wait_for_count(watched, load, timeout):
    """Until top's newest interval agrees with the kernel: (seconds or None, top's, kernel's)."""
    begin = time.monotonic()
    mine = kernel = None
    while time.monotonic() - begin < timeout:
        interval = watched.newest.get("interval")
        kernel = load.sockstat()["tw"]
        mine = now_of(interval["totals"]) if interval else None
        if mine == kernel:
            return time.monotonic() - begin, mine, kernel
        time.sleep(0.1)
    return None, mine, kernel
