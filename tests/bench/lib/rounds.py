# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Interleaved rounds: in each, every tracer meets the same load once, in an order that rotates."""

import contextlib
import glob
import os
import shutil
import sys
import time

from lib.load import Load
from lib.process import Process


class Bench:
    """Where things are, and what is run. `cpu_load` and `cpu_tracer` matter when pinned."""

    def __init__(self, build, connections, verbose):
        self.churn = os.path.join(build, "tests/bench/churn")
        self.crowd = os.path.join(build, "tests/bench/crowd")
        self.hold = os.path.join(build, "tests/bench/hold")
        self.output = os.path.join(build, "tests/bench/output")
        self.connections, self.verbose = connections, verbose
        self.cpus = os.cpu_count() or 1
        os.makedirs(self.output, exist_ok=True)

    def scenarios(self):
        """name → (options of the load, is the tracer pinned away from it)."""
        count = ["--connections", str(self.connections)]
        pin = ["--pin", "1"] if self.cpus > 1 else []
        return {
            "churn, pinned": ([*count, *pin], True),
            "churn, one client": (count, False),
            "churn, several clients": ([*count, "--workers", str(max(2, self.cpus))], False),
            "keep-alive": (["--mode", "keepalive", "--seconds", "1.5", *pin], True),
            "bulk": (["--mode", "bulk", "--seconds", "1.5", *pin], True),
        }

    def warm(self):
        """Touches as much memory as an output takes, and gives it back.

        A virtual machine's memory is only there once it was touched: the first write to a page
        costs ten times a later one, and whoever is first would pay for all.
        """
        path, block = os.path.join(self.output, "warm"), bytes(1 << 20)
        with open(path, "wb", buffering=0) as file:
            for _ in range(self.connections * 7000 >> 20):
                file.write(block)
        os.unlink(path)

    def clean(self):
        for path in glob.glob(os.path.join(self.output, "*")):
            if os.path.isdir(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)


def say(text):
    print(text, file=sys.stderr, flush=True)


def run_once(bench, tracer, options, pinned, keep_output=False):
    """One tracer meets one load. A dictionary of what was measured; raises when it fails."""
    bench.warm()
    load = Load([bench.churn, "--wait", *options])
    process = None
    try:
        command = tracer.command(load.netns, os.path.join(bench.output, "out"))
        if command:
            cpu = 0 if pinned and bench.cpus > 1 else None
            process = Process(command, os.path.join(bench.output, "out"), cpu, tracer.hold_stdin)
            if not process.wait_attached():
                raise RuntimeError(f"{tracer.name} did not attach: " + tail(process.errors))
        return measure(bench, tracer, load, process)
    finally:
        if process and process.popen.returncode is None:
            process.stop()
        load.close()
        if not keep_output:
            bench.clean()
        time.sleep(0.2)  # the namespace's sockets are freed by a worker of the kernel


def tail(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read().strip()[-300:]


def measure(bench, tracer, load, process):
    if not process:
        return {"load": load.run()}
    programs, cpu, sleeps = process.programs(), process.cpu_ns(), process.sleeps()
    result = {"load": load.run()}
    process.wait_quiet()
    result["cpu_seconds"] = (process.cpu_ns() - cpu) / 1e9
    result["sleeps"] = process.sleeps() - sleeps
    result["memory"] = process.memory()
    result["programs"] = program_deltas(programs, process.programs())
    result["whole_cpu_seconds"], result["status"] = process.stop()
    read_output(bench, tracer, result)
    return result


def program_deltas(before, after):
    """What each program ran between two looks; programs of one name are added up."""
    sums = {}
    for key, (name, runs, ns, misses) in after.items():
        _, old_runs, old_ns, old_misses = before.get(key, (name, 0, 0, 0))
        total = sums.setdefault(name, {"runs": 0, "ns": 0, "misses": 0})
        total["runs"] += runs - old_runs
        total["ns"] += ns - old_ns
        total["misses"] += misses - old_misses
    return sums


def read_output(bench, tracer, result):
    """What it delivered against what the load did.

    The quit of each worker is a connection too, and the server closes a listener for each.
    """
    path, load = os.path.join(bench.output, "out"), result["load"]
    if load["mode"] != "churn":
        return
    if tracer.delivered:
        result["delivered"] = tracer.delivered(path)
    if tracer.delivered and tracer.per_connection:
        lives = load["amount"] + load["workers"]
        listeners = load["workers"] if tracer.per_connection == 10 else 0
        result["expected"] = lives * tracer.per_connection + listeners
    if tracer.losses:
        result["losses"] = tracer.losses(path)
    result["output_bytes"] = sum(map(os.path.getsize, glob.glob(path + "*")))


def run_rounds(bench, tracers, scenario, rounds, failed):
    """{tracer: [result of each round]}; a tracer that fails is dropped and noted in `failed`."""
    options, pinned = bench.scenarios()[scenario]
    results = {tracer.name: [] for tracer in tracers}
    run_once(bench, tracers[0], options, pinned)  # the first load finds cold memory: not counted
    for number in range(rounds):
        shift = number % len(tracers)
        for tracer in tracers[shift:] + tracers[:shift]:
            if tracer.name in failed:
                continue
            try:
                results[tracer.name].append(run_once(bench, tracer, options, pinned))
            except RuntimeError as error:
                failed[tracer.name] = str(error)
                continue
            if bench.verbose:
                rate = results[tracer.name][-1]["load"]["per_second"]
                say(f"  {scenario}, round {number + 1}: {tracer.name} {rate:.0f}/s")
        say(f"{scenario}: round {number + 1} of {rounds} done")
    return results


@contextlib.contextmanager
def timed_programs(bench):
    """While it lasts, the kernel times every BPF program; it ends with the process that asked."""
    stats = Process([bench.hold, "--stats"], os.path.join(bench.output, "stats"), None, True)
    try:
        if stats.wait_output(b"ready") is None:
            raise RuntimeError("bpf_stats: " + tail(stats.errors))
        yield
    finally:
        stats.stop()


def run_timed(bench, tracers, failed, repeats=2):
    """{tracer: [results]} of pinned churn while the kernel times programs (slower: own rounds)."""
    results = {}
    options, pinned = bench.scenarios()["churn, pinned"]
    with timed_programs(bench):
        for tracer in [t for t in tracers if t.name != "none" and t.name not in failed] * repeats:
            result = run_once(bench, tracer, options, pinned)
            results.setdefault(tracer.name, []).append(result)
    return results
