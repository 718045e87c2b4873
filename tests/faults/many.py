#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A small recording in which each connection is of a process, a remote and a service of its own: four times the lines take about four
times the work, whatever state they are in. Usage: many.py TOOL DIRECTORY    Prints a line a case."""
import gzip
import json
import os
import resource
import subprocess
import sys

TOOL, DIRECTORY = sys.argv[1:3]
RECORDING = "tests/golden/shop.jsonl.gz"
FEW, MANY = 1500, 6000
MOST = 12  # times the work; the square would be 16, and its part grows
NOISE_S = 0.3
WAIT_S = 60
FINDINGS = 3  # the exit code of what names findings
STEPS = ("CLOSE", "SYN_SENT"), ("FIN_WAIT2", "TIME_WAIT"), ("ESTABLISHED", "CLOSE_WAIT"), ("FIN_WAIT1", "FIN_WAIT2"), ("CLOSE_WAIT", "LAST_ACK")
VIEWS = "diagnose", "top -b", "leaks", "ports -b", "summary"


def lines_of(recording):
    with gzip.open(recording, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def make(path, count, step, side, each):
    """`each`: connections of one process to one remote."""
    lines = lines_of(RECORDING)
    one, tick = next(line for line in lines if line["type"] == "transition" and line["side"]), [line for line in lines if line["type"] == "tick"][-1]
    with gzip.open(path, "wt", 1, encoding="utf-8") as out:
        out.write(json.dumps(lines[0]) + "\n")
        for i in range(count):
            who = i // each
            ports = {"local_port": 1 + who % 60000, "remote_port": 1 + i % 60000}
            if side == "active":
                ports = {"local_port": 1 + i % 60000, "remote_port": 1 + who % 60000}
            process = {f"{of}_{what}": 1 + who for of in ("owner", "closer") for what in ("pid", "start_ns")}
            out.write(json.dumps({**one, **ports, **process, "sock": f"{i + 1:016x}", "owner_comm": f"x{who}", "closer_comm": f"x{who}",
                                  "remote_addr": f"10.{who >> 16}.{who >> 8 & 255}.{who & 255}", "side": side, "old_state": step[0],
                                  "new_state": step[1], "service_port": 1 + who % 60000}) + "\n")
        out.write(json.dumps(tick) + "\n")
        out.write(json.dumps({**tick, "time": tick["time"].replace("T12:48", "T12:49"), "time_ns": tick["time_ns"] + 60 * 10**9}) + "\n")


def work_of(view, path):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run([TOOL, "report", path, *view.split()], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=WAIT_S, check=False)
    if done.returncode not in (0, FINDINGS):
        raise SystemExit(f"not ok many of everything: {view} ends with {done.returncode}: {done.stderr.decode()[:300]}")
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def main():
    few, many = os.path.join(DIRECTORY, "few.rec"), os.path.join(DIRECTORY, "many.rec")
    faults = []
    for step in STEPS:
        for side, each in ("active", 1), ("passive", 1), ("passive", 12):
            make(few, FEW, step, side, each)
            make(many, MANY, step, side, each)
            for view in VIEWS if each == 1 and side == "active" else VIEWS[:1]:
                try:
                    work = work_of(view, few), work_of(view, many)
                except subprocess.TimeoutExpired:
                    work = 0, WAIT_S
                if work[1] > MOST * work[0] + NOISE_S:
                    faults.append(f"{view} of {step[1]}, {side}, {each}: {work[0]:.2f} s and {work[1]:.2f} s of CPU")
    print(f"not ok many of everything: {'; '.join(faults)[:900]}" if faults else "ok many of everything", flush=True)
    return 1 if faults else 0


sys.exit(main())
