#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Is each trouble recognised on the first screen, without a key? A scan of 200 addresses, a flood from 5,000, an accept queue
that is full, a dead upstream, all at once. The truth is what ss says."""
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import scenario  # noqa: E402
from scenario import check, differ  # noqa: E402

TOOL = sys.argv[1]
SCAN, BACKLOG, DEAD, FLOOD = 200, 8, 5999, 5000
PATIENCE_S = 30
WHY = {"scanner": "! no answer", "deaf": "! queue full", "caller": "! refused", "flooded": r"\* many peers"}


class Actor:
    def __init__(self, what, number):
        self.process = subprocess.Popen([sys.executable, "tests/views/trouble.py", what, str(number)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        self.label = f"{what}[{self.pid}]"
        self.process.stdout.readline()

    def end(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE_S)


def run(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=True).stdout


def network():
    """An address range behind a neighbour that swallows all."""
    for line in ("link set lo up", "link add t0 type veth peer name t1", "addr add 10.76.0.1/24 dev t0", "link set t0 up",
                 "link set t1 up", "neigh add 10.76.0.2 lladdr 02:00:00:00:00:09 dev t0",
                 "route add 10.77.0.0/16 via 10.76.0.2"):
        subprocess.run(["ip", *line.split()], check=True)


def of_process(state, pid):
    """Sockets of a process in a state, as ss lists them: (receive queue, local, remote)."""
    found = []
    for line in run("ss", "-Htnp", "state", state).splitlines():
        words = line.split()
        if f"pid={pid}," in line:
            found.append((int(words[0]), words[2], words[3]))
    return found


def queue_of(port):
    words = run("ss", "-Hltn", f"sport = :{port}").split()
    return int(words[1]), int(words[2])


def last_table(text):
    return re.split(r"(?m)^\d\d:\d\d:\d\d  by ", text)[-1]


def words_missing(table, actors):
    depth, backlog = queue_of(8081)
    expected = {
        "scanner": rf"no answer from {SCAN} addresses: {SCAN} in SYN_SENT",
        "deaf": rf"accept queue of port 8081 is full, {depth} wait of {backlog}, oldest ",
        "caller": rf"connection refused by 127\.0\.0\.1:{DEAD}, [0-9.]+/s",
        "flooded": rf"{FLOOD} sockets from {FLOOD} addresses, ",
    }
    wrong = []
    for what, actor in actors.items():
        if not re.search("(?m)^" + re.escape(actor.label) + ": " + expected[what], table):
            wrong.append(f"no line \"{actor.label}: {expected[what]}\"")
        if not re.search("(?m)^" + re.escape(actor.label) + " +" + WHY[what], table):
            wrong.append(f"no row {actor.label} with {WHY[what]}")
    return wrong + ([table] if wrong else [])


def rows_of(actors):
    text = run(TOOL, "top", "-j", "-n", "self", "1", "3")
    intervals = [json.loads(line) for line in text.splitlines()]
    rows = [it for it in intervals if it["type"] == "interval"][-1]["rows"]
    return {what: next((row for row in rows if row.get("pid") == actor.pid), {}) for what, actor in actors.items()}


def check_json(actors):
    rows = rows_of(actors)
    depth, _ = queue_of(8081)
    check("numbers_are_those_of_ss", [
        differ("SYN_SENT", rows["scanner"].get("syn_sent_now"), len(of_process("syn-sent", actors["scanner"].pid))),
        differ("SYN_SENT", rows["scanner"].get("syn_sent_now"), SCAN),
        differ("ESTABLISHED", rows["flooded"].get("established_now"), len(of_process("established", actors["flooded"].pid))),
        differ("not accepted", rows["deaf"].get("accept_queue_now"), depth),
        differ("accept_backlog", rows["deaf"].get("accept_backlog"), BACKLOG),
        differ("remote_addresses", rows["flooded"].get("remote_addresses"), FLOOD),
        differ("refused", rows["caller"].get("connect_failed_refused", 0) > 0, True),
        differ("trouble", [rows[what].get("trouble") for what in ("scanner", "deaf", "caller", "flooded")],
               ["no answer", "queue full", "refused", "many peers"]),
    ])


def check_screens(actors):
    """On a terminal, no key pressed."""
    if not shutil.which("tmux"):
        print("skip first_screen: tmux is not installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        for columns in (60, 80, 160):
            tmux = ["tmux", "-S", f"{folder}/{columns}", "-f", "/dev/null"]
            command = f"env TERM=screen LC_ALL=C.UTF-8 {os.path.realpath(TOOL)} top -n self"
            subprocess.run([*tmux, "new-session", "-d", "-x", str(columns), "-y", "40", command], check=True)
            wrong, end = ["nothing was drawn"], time.monotonic() + PATIENCE_S
            while wrong and time.monotonic() < end:
                screen = run(*tmux, "capture-pane", "-p")
                wrong = screen_lacks(screen, actors, columns)
                time.sleep(0.2)
            subprocess.run([*tmux, "kill-server"], check=True)
            check(f"first_screen_at_{columns}", wrong + ([screen] if wrong else []))


def screen_lacks(screen, actors, columns):
    wrong = [f"{what}: no row with {WHY[what]}" for what, actor in actors.items()
             if not re.search("(?m)^" + re.escape(actor.label)[:18] + ".* " + WHY[what], screen)]
    wrong += [f"no sentence about {what}" for what, actor in actors.items()
              if columns > 60 and sum(f"[{actor.pid}]" in line for line in screen.splitlines()) < 2]
    wrong += [f"a line is wider than {columns}" for line in screen.splitlines() if len(line) > columns]
    return wrong + ([] if re.search("TW-NOW +.*CW-NOW +OLDEST", screen) else ["no heads"])


def main():
    network()
    resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
    actors = {"scanner": Actor("scanner", SCAN), "deaf": Actor("deaf", BACKLOG), "caller": Actor("caller", DEAD),
              "flooded": Actor("flooded", FLOOD)}
    try:
        table = last_table(run(TOOL, "top", "-b", "-n", "self", "1", "4"))
        check("each_trouble_in_words", words_missing(table, actors))
        check_json(actors)
        check_screens(actors)
        rows = run(TOOL, "top", "-b", "-n", "self", "--state", "SYN_SENT", "0.5", "3").split("by process, ")[-1]
        check("state_chooses_rows", [differ("rows", int(rows.split()[0]), 1 + ("impatient[" in rows)),
                                     differ("scanner", actors["scanner"].label in rows, True),
                                     differ("TW-NOW", "TW-NOW" in rows, False)])
    finally:
        for actor in actors.values():
            actor.end()
    sys.exit(1 if scenario.failures else 0)


main()
