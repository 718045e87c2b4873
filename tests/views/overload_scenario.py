#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""top, trace, leaks and record are stopped while sockets come and go, with a ring buffer that holds a fraction of it.

Then they go on. What was lost must be counted, and what they show be the kernel's truth again. Runs in a network namespace
of its own.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
import scenario  # noqa: E402
from scenario import Traffic, check, differ  # noqa: E402

TOOL = sys.argv[1]
BEFORE = (60, 40, 12) # client closes first, server closes first, never closed by the server: see traffic.py
DURING = (900, 600, 25)
TRAFFIC_S = 600
PATIENCE_S = 40 # less than TIME_WAIT lasts
FIN_WAIT2, CLOSE_WAIT = "05", "08"


class Tool:
    """One that writes JSON lines; keeps the newest of each type, and all leaks."""

    def __init__(self, *words):
        self.process = subprocess.Popen([TOOL, *words, "--ring-size", "64", "-n", "self"], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.newest, self.leaks = {}, []
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            record = json.loads(line)
            self.newest[record["type"]] = record
            if record["type"] == "leak":
                self.leaks.append(record)

    def finish(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        self.thread.join()


def wait_until(condition, seconds=PATIENCE_S):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def kernel_time_wait():
    """With those that are still in FIN_WAIT2."""
    with open("/proc/net/sockstat", encoding="ascii") as file:
        words = next(line for line in file if line.startswith("TCP:")).split()
    return int(words[words.index("tw") + 1])


def kernel_in(state):
    with open("/proc/net/tcp", encoding="ascii") as file:
        return sum(line.split()[3] == state for line in file)


def now_of(record):
    """(timewait sockets, CLOSE_WAIT) of a line's totals."""
    totals = record["totals"]
    return totals["time_wait_now"] + totals["fin_wait2_timewait_now"], totals["close_wait_now"]


def truth():
    return kernel_time_wait(), kernel_in(CLOSE_WAIT)


def row_of(interval, pid):
    return next((row for row in interval["rows"] if row.get("pid") == pid), {})


def sums_differ(interval):
    """The rows must add up to the totals, and none may be negative."""
    for state in ("time_wait", "close_wait"):
        for count in ("created", "seeded", "left", "now"):
            key = f"{state}_{count}"
            values = [row[key] for row in interval["rows"]]
            if sum(values) != interval["totals"][key]:
                yield f"rows have {sum(values)} {key}, the totals {interval['totals'][key]}"
            if min(values, default=0) < 0:
                yield f"{key} is {min(values)} in a row"


def is_settled(interval):
    """Also the last of those that a FIN took from FIN_WAIT2 to TIME_WAIT while nothing could be told: the next look finds them."""
    return now_of(interval) == truth() and interval["totals"]["fin_wait2_timewait_now"] == kernel_in(FIN_WAIT2)


def judge_top(top, during):
    settled = wait_until(lambda: is_settled(top.newest["interval"]))
    interval = top.newest["interval"]
    check("top_finds_back", [] if settled else [f"it shows {now_of(interval)}, the kernel has {truth()}"])
    check("top_lost_is_counted", [] if interval["lost"] else ["nothing was lost: the test shows nothing"])
    check("top_rows_add_up", sums_differ(interval))
    check("top_rows_are_true", [
        differ("TIME_WAIT of the client", row_of(interval, during.client).get("time_wait_now"), DURING[0]),
        differ("CLOSE_WAIT of the server", row_of(interval, during.server).get("close_wait_now"), DURING[2]),
    ])


def judge_leaks(leaks, during):
    leaks.finish()
    check("leaks_are_those_that_are_there", [
        differ("sockets of others", sum(leak["owner_pid"] != during.server for leak in leaks.leaks), 0),
        differ("sockets", len(leaks.leaks), DURING[2]),
        "" if leaks.newest["summary"]["lost"] else "nothing was lost: the test shows nothing",
    ])


def judge_trace(trace):
    trace.finish()
    summary = trace.newest["summary"]
    check("trace_sums_up_the_truth", [
        differ("its summary", now_of(summary), truth()),
        "" if summary["lost"] else "nothing was lost: the test shows nothing",
    ])


def judge_recording(record, path):
    record.send_signal(signal.SIGINT)
    record.wait()
    expected = truth()
    text = subprocess.run([TOOL, "report", path, "top", "-j"], capture_output=True, text=True, check=False).stdout
    intervals = [json.loads(line) for line in text.splitlines() if '"type":"interval"' in line]
    check("report_of_it_ends_with_the_truth", [
        differ("its end", now_of(intervals[-1]) if intervals else None, expected),
        "" if intervals and intervals[-1]["lost"] else "nothing was lost: the test shows nothing",
        *(sums_differ(intervals[-1]) if intervals else []),
    ])


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/recording"
        top, trace = Tool("top", "-b", "-j", "0.5"), Tool("trace", "-j", "--all")
        leaks = Tool("leaks", "-j", "-d", "600", "--older-than", "1ms")
        record = subprocess.Popen([TOOL, "record", "-o", path, "--ring-size", "64", "-n", "self"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        ready = wait_until(lambda: "header" in leaks.newest and "header" in trace.newest and "interval" in top.newest and
                           os.path.exists(path) and os.path.getsize(path))
        check("begin", [] if ready else ["not all of them began"])
        if ready:
            before = Traffic(BEFORE, TRAFFIC_S)
            seen = wait_until(lambda: now_of(top.newest["interval"]) == truth())
            check("top_before", [] if seen else [f"it shows {now_of(top.newest['interval'])}, the kernel has {truth()}"])
            tools = (top.process, trace.process, leaks.process, record)
            for process in tools:
                process.send_signal(signal.SIGSTOP)
            before.end()
            during = Traffic(DURING, TRAFFIC_S)
            for process in tools:
                process.send_signal(signal.SIGCONT)
            judge_top(top, during)
            judge_trace(trace)
            judge_recording(record, path)
            judge_leaks(leaks, during)
            during.end()
        for process in (top.process, trace.process, leaks.process, record):
            process.send_signal(signal.SIGINT)
            process.wait()
    return 1 if scenario.failures else 0


def keep_time_wait():
    """On loopback a connection may take the place of a TIME_WAIT that is a second old; each is to stay here."""
    with open("/proc/sys/net/ipv4/tcp_tw_reuse", "w", encoding="ascii") as file:
        file.write("0")


if __name__ == "__main__":
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    keep_time_wait()
    sys.exit(main())
