# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Recordings whose truth is known: what happened is decided here, line by line."""

import datetime
import gzip
import json
import random

BEGIN_NS = 1_000_000_000_000
SECOND = 1_000_000_000
CLOSE = {"ESTABLISHED": "FIN_WAIT1", "FIN_WAIT1": "FIN_WAIT2", "FIN_WAIT2": "TIME_WAIT", "TIME_WAIT": "CLOSE"}


def clock(unix_ns):
    at = datetime.datetime.fromtimestamp(unix_ns // SECOND, datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S") + f".{unix_ns % SECOND:09d}Z"


class Night:
    """Lines in the order of time. `unix` is UTC of the begin; jumps of the clock are added to it."""

    def __init__(self, unix, run="night", seed=1):
        self.unix = unix * SECOND
        self.events = []
        self.random = random.Random(seed)
        self.jumps = []
        self.run = run

    def line(self, seconds, **fields):
        self.events.append((BEGIN_NS + int(seconds * SECOND), fields))

    def jump(self, seconds, by):
        """The clock is set by so many seconds."""
        self.jumps.append((BEGIN_NS + int(seconds * SECOND), by * SECOND))

    def socket(self, process, remote, port, local_port, side="active"):
        pid, comm = process
        return {"netns": 1, "local_addr": "10.9.0.9", "local_port": local_port, "remote_addr": remote,
                "remote_port": port, "side": side, "service_port": port if side == "active" else local_port,
                "owner_pid": pid, "owner_ns_pid": pid, "owner_comm": comm, "owner_start_ns": pid * 1000,
                "attribution": "observed", "unit": f"{comm}.service", "cgroup_id": pid,
                "cgroup": f"/system.slice/{comm}.service"}

    def connection(self, seconds, process, remote, port, held=0.1):
        """Connects, is closed by us after `held`, and spends 60 s in TIME_WAIT."""
        sock = f"{self.random.getrandbits(63) | 1:016x}"
        ends = self.socket(process, remote, port, self.random.randrange(32768, 60999))
        at, since, state = seconds, None, "SYN_SENT"
        for new, wait in (("ESTABLISHED", 0.001), ("FIN_WAIT1", held), ("FIN_WAIT2", 0.001), ("TIME_WAIT", 0.001), ("CLOSE", 60)):
            begin, at = at, at + wait
            extra = {} if new in ("ESTABLISHED",) else {"closed_by": "local", "closer_pid": process[0], "closer_comm": process[1],
                                                       "closer_start_ns": process[0] * 1000}
            since = BEGIN_NS + int(begin * SECOND)
            self.line(at, type="transition", sock=sock, old_state=state, new_state=new, since_ns=since, **ends, **extra)
            state = new

    def leak(self, seconds, process, port):
        """A peer closes; the process never does."""
        sock = f"{self.random.getrandbits(63) | 1:016x}"
        ends = self.socket(process, "10.9.0.77", self.random.randrange(32768, 60999), port, "passive")
        self.line(seconds, type="transition", sock=sock, old_state="ESTABLISHED", new_state="CLOSE_WAIT", closed_by="remote",
                  since_ns=BEGIN_NS + int((seconds - 1) * SECOND), **ends)

    def failure(self, seconds, process, remote, port):
        sock = f"{self.random.getrandbits(63) | 1:016x}"
        self.line(seconds, type="connect_failed", sock=sock, error="EADDRNOTAVAIL",
                  **self.socket(process, remote, port, 0))

    def utc(self, time_ns):
        return self.unix + time_ns - BEGIN_NS + sum(by for at, by in self.jumps if at <= time_ns)

    def write(self, path, seconds, begin=0, **header):
        """What is between these two."""
        first, end = BEGIN_NS + begin * SECOND, BEGIN_NS + seconds * SECOND
        lines = [(at, fields) for at, fields in self.events if first <= at <= end]
        lines += [(BEGIN_NS + i * SECOND, {"type": "tick"}) for i in range(begin + 1, seconds)]
        lines.sort(key=lambda line: line[0])
        with gzip.open(path, "wt", compresslevel=1) as out:
            out.write(json.dumps({"type": "header", "version": "0", "time": clock(self.utc(first)), "kernel": "6.0", "hooks": {},
                                  "format": 1, "time_ns": first, "run": self.run, "part": 0, "continued": False, **header}) + "\n")
            for at, fields in lines:
                out.write(json.dumps({**fields, "time": clock(self.utc(at)), "time_ns": at}) + "\n")
            out.write(json.dumps({"type": "end", "time": clock(self.utc(end)), "time_ns": end, "next": None}) + "\n")


ORDERS, BATCH, LEAKY = (4711, "orders-api"), (815, "nightly-batch"), (333, "leaky")
OUTAGE = (4 * 3600 + 600, 240)  # begins so many seconds after the begin, lasts so long
FAILURES = 1204


def eight_hours(path, unix):
    """A quiet night with an outage of four minutes in it, and a leak in the fifth hour."""
    night = Night(unix)
    for i in range(0, 8 * 3600, 10):
        night.connection(i, ORDERS, "10.9.0.2", 5432)
    begin, lasts = OUTAGE
    for i in range(2000):
        night.connection(begin - 20 + i * 0.1, BATCH, "10.9.0.2", 5432)
    for i in range(FAILURES):
        night.failure(begin + i * lasts / (FAILURES - 1), ORDERS, "10.9.0.2", 5432)
    for i in range(30):
        night.leak(5 * 3600 + i, LEAKY, 8080)
    night.write(path, 8 * 3600)


def load(path, unix, seconds=1200, rate=30, run="load", seed=2, jumps=()):
    night = Night(unix, run, seed)
    for i in range(seconds * rate):
        night.connection(i / rate, (100 + i % 50, f"worker-{i % 50}"), f"10.{i % 7}.{i % 200}.{1 + i % 250}", 80 + i % 5)
    for at, by in jumps:
        night.jump(at, by)
    night.write(path, seconds)
