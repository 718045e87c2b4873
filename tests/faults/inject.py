#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Each allocation and system call of a run made to fail in turn: an exit code and a sentence, or the same answer as without; never a
crash, a hang or a wrong file.

Usage: inject.py TOOL LIBRARY DIRECTORY [--all] [CASE…]   A few of each kind, or all of them (hours). A line a case and kind."""
import os
import subprocess
import sys

TOOL, LIBRARY, DIRECTORY = sys.argv[1:4]
ALL = "--all" in sys.argv
CHOSEN = [word for word in sys.argv[4:] if word != "--all"]
RECORDING = "tests/golden/shop.jsonl.gz"
SECONDS = 60  # of a hang; a busy machine takes long
KINDS = ["memory", "open", "read", "write", "mmap", "socket", "bpf", "fork"]

# Name, words, is its output always the same, how many of a kind are tried in a quick run (0: none; a start of tracing takes long).
CASES = [
    ("report", ["report", RECORDING, "trace", "--all"], True, 6),
    ("report_top", ["report", RECORDING, "top", "-b"], True, 3),
    ("report_hist", ["report", RECORDING, "hist", "-j"], True, 3),
    ("report_leaks", ["report", RECORDING, "leaks"], True, 3),
    ("polled", ["top", "-b", "--no-bpf", "-d", "0.2", "0.1"], False, 3),
    ("record_polled", ["record", "--no-bpf", "-d", "0.2", "-o", "OUT"], False, 3),
    ("check", ["check"], False, 1),
    ("trace", ["trace", "-j", "-n", "self", "-d", "0"], False, 0),
    ("record", ["record", "-n", "self", "-d", "0.1", "-o", "OUT"], False, 0),
]


class Fault(Exception):
    """What must not be."""


def run(words, wish, count=None):
    out = os.path.join(DIRECTORY, "out.rec")
    for name in os.listdir(DIRECTORY):
        if name.startswith("out.rec"):
            os.unlink(os.path.join(DIRECTORY, name))
    environment = {**os.environ, "LD_PRELOAD": LIBRARY, "INJECT": wish, "TZ": "UTC"}
    if count:
        environment["INJECT_COUNT"] = count
    words = [TOOL] + [out if word == "OUT" else word for word in words]
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
                          timeout=SECONDS, check=False)


def calls_of(words, kind):
    """How many calls of the kind there are, and the run without a fault."""
    path = os.path.join(DIRECTORY, "count")
    result = run(words, f"{kind}:0", path)
    if result.returncode:
        raise Fault(f"without a fault: status {result.returncode}: {result.stderr.decode()[:200]}")
    with open(path, encoding="ascii") as file:
        return int(file.read()), result


def file_is_right():
    """What a recorder left is a recording, or nothing."""
    for name in os.listdir(DIRECTORY):
        path = os.path.join(DIRECTORY, name)
        if not name.startswith("out.rec") or not os.path.getsize(path):
            continue
        with open(path, "rb") as file:
            if file.read(2) != b"\x1f\x8b":
                raise Fault(f"{name} is not a recording")


def look(words, wish, reference, repeats):
    try:
        result = run(words, wish)
    except subprocess.TimeoutExpired:
        raise Fault("it hangs") from None
    said = result.stderr.decode(errors="replace")
    if result.returncode < 0 or "Sanitizer" in said:
        raise Fault(f"signal {-result.returncode}: {said[:600]}")
    if result.returncode not in (0, 1, 3, 64, 77):
        raise Fault(f"status {result.returncode}: {said[:200]}")
    if result.returncode in (1, 64, 77) and "tcpdwell: " not in said and not (words[0] == "check" and result.stdout):
        raise Fault(f"status {result.returncode} without a sentence: {said[:200]!r}")
    if repeats and not result.returncode and not said and result.stdout != reference.stdout:
        raise Fault("another answer, in silence")
    if "OUT" in words:
        file_is_right()


def numbers(total, some):
    """From the first to the last; one: the middle."""
    if ALL or total <= some:
        return range(1, total + 1)
    return sorted({1 + i * (total - 1) // (some - 1) for i in range(some)} if some > 1 else {total // 2 + 1})


def try_kind(name, words, repeats, some, kind):
    total, reference = calls_of(words, kind)
    faults = []
    for number in numbers(total, some):
        try:
            look(words, f"{kind}:{number}", reference, repeats)
        except Fault as fault:
            faults.append(f"{kind} {number}: {fault}")
    if not total:
        return True
    if faults:
        print(f"not ok {name}_{kind}: {len(faults)} of {total}: " + "\n  ".join(faults[:8]), flush=True)
    else:
        print(f"ok {name}_{kind}", flush=True)
    return not faults


def main():
    fine = True
    for name, words, repeats, some in CASES:
        if (CHOSEN and name not in CHOSEN) or not (some or ALL):
            continue
        for kind in KINDS:
            try:
                fine &= try_kind(name, words, repeats, some, kind)
            except Fault as fault:
                print(f"not ok {name}_{kind}: {fault}", flush=True)
                fine = False
    return 0 if fine else 1


sys.exit(main())
