#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Each allocation and system call of a run made to fail in turn: an exit code and a sentence, or the same answer as without; never a
crash, a hang or a wrong file.

Usage: inject.py TOOL LIBRARY DIRECTORY [--all|--places] [--every N] [--part I/N] [CASE[/KIND]…]   A few of each kind, or all of them
(hours; of allocations, which are thousands, each N-th, from a random one on), or one from each place of the program; of these the I-th
of N parts. A line a case and kind."""
import os
import random
import shutil
import subprocess
import sys

TOOL, LIBRARY, DIRECTORY = sys.argv[1:4]
CHOSEN = sys.argv[4:]
PLACES = "--places" in CHOSEN
ALL = PLACES or "--all" in CHOSEN
EVERY = int(CHOSEN.pop(CHOSEN.index("--every") + 1)) if "--every" in CHOSEN else 1
PART, PARTS = [int(word) for word in CHOSEN.pop(CHOSEN.index("--part") + 1).split("/")] if "--part" in CHOSEN else (1, 1)
CHOSEN = [word for word in CHOSEN if not word.startswith("--")]
RECORDING = "tests/golden/shop.jsonl.gz"
SECONDS = 300  # of a hang; a busy machine takes long, and the places of all allocations of `bundle` a minute
TEMPORARY = os.path.join(DIRECTORY, "tmp")
KINDS = ["open", "read", "write", "sync", "rename", "remove", "folder", "mmap", "socket", "wait", "bpf", "right", "process", "memory"]

FINDINGS = 3  # the exit code of what names findings
# Name, words, is its output always the same, how many of a kind are tried in a quick run (0: none; a start of tracing takes long),
# the exit codes that are fine (none given: 0).
# OUT is a recording to be, DIR a history to be, HISTORY one that is there.
CASES = [
    ("report", ["report", RECORDING, "trace", "--all"], True, 6),
    ("report_top", ["report", RECORDING, "top", "-b"], True, 3),
    ("report_hist", ["report", RECORDING, "hist", "-j"], True, 3),
    ("report_leaks", ["report", RECORDING, "leaks"], True, 3),
    ("polled", ["top", "-b", "--no-bpf", "-d", "0.2", "0.1"], False, 3),
    ("record_polled", ["record", "--no-bpf", "-d", "0.2", "-o", "OUT"], False, 3),
    ("check", ["check"], False, 1),
    ("report_diagnose", ["report", RECORDING, "diagnose", "-j"], True, 0, {FINDINGS}),
    ("report_ports", ["report", RECORDING, "ports", "-b"], True, 0),
    ("trace", ["trace", "-j", "-n", "self", "-d", "0"], False, 0),
    ("top", ["top", "-b", "-n", "self", "-d", "0.2", "0.1"], False, 0),
    ("hist", ["hist", "-n", "self", "-d", "0.1"], False, 0),
    ("ports", ["ports", "-b", "-n", "self", "-d", "0.1"], False, 0),
    ("leaks", ["leaks", "-n", "self", "-d", "0.1"], False, 0),
    ("diagnose", ["diagnose", "-n", "self", "-d", "0.1"], False, 0, {0, FINDINGS}),
    ("record", ["record", "-n", "self", "-d", "0.1", "-o", "OUT"], False, 0),
    ("agent", ["agent", "-n", "self", "-d", "0.3", "--dir", "DIR", "--listen", "127.0.0.1:9668"], False, 0),
    ("history", ["report", "HISTORY", "trace"], True, 0),
    ("summary", ["report", "HISTORY"], True, 0),
    ("status", ["agent", "status", "--dir", "HISTORY"], False, 0),
    ("bundle", ["bundle", "HISTORY", "--since", "1h", "-o", "OUT"], False, 0),
]


class Fault(Exception):
    """What must not be."""


def empty_directory():
    for name in os.listdir(DIRECTORY):
        path = os.path.join(DIRECTORY, name)
        if name.startswith("out.rec"):
            os.unlink(path)
        elif name in ("dir", "tmp"):
            shutil.rmtree(path)


def call(words, **more):
    place = {"OUT": os.path.join(DIRECTORY, "out.rec"), "DIR": os.path.join(DIRECTORY, "dir"), "HISTORY": os.path.join(DIRECTORY, "history")}
    return subprocess.run([TOOL] + [place.get(word, word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=SECONDS, check=False, **more)


def run(words, wish, count=None):
    """Memory that is freed or new has a pattern: what is used afterwards, or before, shows."""
    empty_directory()
    os.makedirs(TEMPORARY, exist_ok=True)
    environment = {**os.environ, "TMPDIR": TEMPORARY, "LD_PRELOAD": LIBRARY, "INJECT": wish, "TZ": "UTC", "MALLOC_PERTURB_": "165"}
    if count:
        environment["INJECT_COUNT"] = count
    return call(words, env=environment)


def calls_of(words, kind, codes):
    """How many calls of the kind there are, the first and the last one from each place, and the run without a fault."""
    path = os.path.join(DIRECTORY, "count")
    try:
        result = run(words, f"{kind}:0", path)
    except subprocess.TimeoutExpired:
        raise Fault("without a fault: it hangs") from None
    if result.returncode not in codes:
        raise Fault(f"without a fault: status {result.returncode}: {result.stderr.decode()[:200]}")
    with open(path, encoding="ascii") as file:
        total, *places = file.read().split()
    return int(total), sorted({int(number) for number in places}), result


def file_is_right():
    """What a recorder left is a recording, or nothing."""
    for name in os.listdir(DIRECTORY):
        path = os.path.join(DIRECTORY, name)
        if not name.startswith("out.rec") or not os.path.getsize(path):
            continue
        with open(path, "rb") as file:
            if file.read(2) != b"\x1f\x8b":
                raise Fault(f"{name} is not a recording")


def history_is_right():
    """What an agent left can be gone on with."""
    result = call(["agent", "-n", "self", "-d", "0.2", "--no-bpf", "--dir", "DIR", "--listen", "none"])
    if result.returncode:
        raise Fault(f"nothing can be written to the history any more: {result.stderr.decode()[:200]}")
    result = call(["report", os.path.join(DIRECTORY, "dir")])
    if result.returncode:
        raise Fault(f"the history can't be read: {result.stderr.decode()[:200]}")


def look(words, wish, reference, repeats, codes):
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
    if repeats and result.returncode in codes and not said and result.stdout != reference.stdout:
        raise Fault("another answer, in silence")
    for line in said.splitlines():
        if wish.startswith("memory") and "damaged" in line and line not in reference.stderr.decode().splitlines():
            raise Fault(f"no memory is called damage: {line}")
    left = os.listdir(TEMPORARY)
    if left and left[0] not in said:
        raise Fault(f"{left} stays, in silence")
    if "OUT" in words:
        file_is_right()
    if "DIR" in words and os.path.isdir(os.path.join(DIRECTORY, "dir")):
        history_is_right()


def numbers(total, places, some, every):
    """From the first to the last; one: the middle."""
    if PLACES:
        return places[random.randrange(every)::every] if places else []
    if ALL or total <= some:
        return range(random.randint(1, every), total + 1, every)
    return sorted({1 + i * (total - 1) // (some - 1) for i in range(some)} if some > 1 else {total // 2 + 1})


def try_kind(name, words, repeats, some, codes, kind):
    total, places, reference = calls_of(words, kind, codes)
    faults, tried = [], numbers(total, places, some, EVERY if kind in ("memory", "bpf", "right") else 1)[PART - 1::PARTS]
    for number in tried:
        try:
            look(words, f"{kind}:{number}", reference, repeats, codes)
        except Fault as fault:
            faults.append(f"{kind} {number}: {fault}")
    if not total:
        return True
    if faults:
        print(f"not ok {name}_{kind}: {len(faults)} of {len(tried)}: " + "\n  ".join(faults[:8]), flush=True)
    else:
        print(f"ok {name}_{kind}" + (f" {len(tried)}" if ALL else ""), flush=True)
    return not faults


def make_history():
    """A run of the agent, for those that read one."""
    result = call(["agent", "-n", "self", "-d", "1", "--dir", "HISTORY", "--listen", "none"])
    if result.returncode:
        raise Fault(f"no history can be made: {result.stderr.decode()[:200]}")


def main():
    fine = True
    if ALL:
        make_history()
    for name, words, repeats, some, *codes in CASES:
        for kind in KINDS:
            if CHOSEN and not {name, f"{name}/{kind}"} & set(CHOSEN) or not (some or ALL):
                continue
            try:
                fine &= try_kind(name, words, repeats, some, codes[0] if codes else {0}, kind)
            except Fault as fault:
                print(f"not ok {name}_{kind}: {fault}", flush=True)
                fine = False
    return 0 if fine else 1


sys.exit(main())
