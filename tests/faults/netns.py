#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A namespace goes and another one gets its inode number, while several views follow the one (watched), or while one begins, before it
has seen any (begins). What they wrote is looked at by netns_test.sh.

Usage: netns.py TOOL DIRECTORY watched|begins   Prints the number. Fails with "once more" in its words where it had no luck."""
import json
import os
import signal
import subprocess
import sys
import time
import zlib

from crowds import Crowd
from waiting import await_

TOOL, DIRECTORY, SCENE = sys.argv[1:4]
crowds, runs = [], []


def end_all():
    for run in runs:
        if run.poll() is None:
            run.kill()
        run.wait()
    for crowd in crowds:
        crowd.end()


def new_crowd():
    crowds.append(Crowd())
    return crowds[-1]


def new_with_number(inode):
    """Another one of this machine may be given it."""
    for _ in range(100):
        if new_crowd().inode == inode:
            return crowds[-1]
    sys.exit("no namespace of ours got the number: once more")


def begin(name, *words):
    with open(f"{DIRECTORY}/{name}", "w", encoding="utf-8") as out:
        runs.append(subprocess.Popen([TOOL, *words], stdout=out))
    return runs[-1]


def has_begun(name):
    with open(f"{DIRECTORY}/{name}", encoding="utf-8") as out:
        return out.readline().endswith("}\n")


def finish():
    for run in runs:
        run.send_signal(signal.SIGINT)
        if run.wait():
            sys.exit(f"{run.args} ended with {run.returncode}")


def told(name, inode):
    """The namespace's connects, in a recording that is being written: [in all, since the first look] each time."""
    text, data = b"", b""
    if os.path.exists(f"{DIRECTORY}/{name}.rec"):
        with open(f"{DIRECTORY}/{name}.rec", "rb") as file:
            data = file.read()
    while data:
        member = zlib.decompressobj(31)
        text += member.decompress(data)
        data = member.unused_data
    lines = [json.loads(line) for line in text.split(b"\n")[:-1] if line.startswith(b'{"type":"namespace"')]
    return [line["counters"]["ActiveOpens"] for line in lines if line["netns"] == inode]


def watched():
    meant, other = new_crowd(), new_crowd()
    meant.ask("refused", 10)
    meant.ask("fin-timeout", 17)
    one, two = str(meant.inode), f"{meant.inode},{other.inode}"
    commands = {"trace": ["trace", "--all", "-j", "-n", one], "top": ["top", "-j", "-n", one, "0.2"],
                "top_of_two": ["top", "-j", "-n", two, "0.2"], "ports": ["ports", "-j", "-n", one, "0.2"]}
    recordings = {"of_one": ["-n", one], "of_all": ["-L", "9"]}  # all namespaces, and as good as no socket
    for name, words in commands.items():
        begin(name, *words)
    for name, words in recordings.items():
        begin(name, "record", "-o", f"{DIRECTORY}/{name}.rec", *words)
    await_("all have begun", lambda: all(has_begun(name) for name in commands))
    await_("recordings with the namespace", lambda: all(told(name, meant.inode) for name in recordings))
    meant.ask("time-wait", 30)
    other.ask("time-wait", 4)
    await_("recordings with what it counted", lambda: all([40, 30] in told(name, meant.inode) for name in recordings))
    meant.end_in_kernel()
    new_with_number(meant.inode).ask("time-wait", 50)
    await_("a recording with what the other one counted", lambda: told("of_all", meant.inode)[-1][0] == 50)
    time.sleep(4)  # whose namespace is gone is told of by a sweep
    finish()
    return meant.inode


def kinds_of_files(pid):
    kinds = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            kinds.append(os.readlink(f"/proc/{pid}/fd/{name}"))
        except FileNotFoundError:
            pass
    return " ".join(kinds)


def begins():
    """It is stopped when it has maps, and checked that nothing was attached by then."""
    meant = new_crowd()
    run = begin("begins", "top", "-j", "-n", str(meant.child.pid), "0.2")
    await_("maps", lambda: kinds_of_files(run.pid).count("bpf-map") > 2)
    run.send_signal(signal.SIGSTOP)
    await_("stopped", lambda: "\nState:\tT" in open(f"/proc/{run.pid}/status", encoding="utf-8").read())
    if any(kind in kinds_of_files(run.pid) for kind in ("bpf_link", "bpf-link", "perf_event")):
        sys.exit("it attaches too early: once more")
    meant.end_in_kernel()
    other = new_with_number(meant.inode)
    other.ask("time-wait", 20)
    run.send_signal(signal.SIGCONT)
    await_("it has begun", lambda: has_begun("begins"))
    other.ask("time-wait", 20)
    time.sleep(1)
    finish()
    return meant.inode


try:
    print({"watched": watched, "begins": begins}[SCENE]())
finally:
    end_all()
