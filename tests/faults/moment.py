#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Timewait sockets that are met before the kernel tells of them: moment.bpf.c holds each for as long as such a moment can be, while
full tables make the program look at all sockets each second. It saw them come and they are all there at the end, so no end of one may
be told. What the kernel has is asked of `ss`.

Usage: moment.py TOOL DIRECTORY CGROUP BPFTOOL MAP   In namespaces of its own, MOMENTS=60 for more; MAP: the numbers of moment.bpf.c, by its pinned name."""
import atexit
import json
import os
import socket
import subprocess
import sys
import time

from waiting import SECONDS, await_

TOOL, DIRECTORY, CGROUP, BPFTOOL, MAP = sys.argv[1:6]
MOMENTS = int(os.environ.get("MOMENTS", "20"))  # one after the other, 150 ms each: time for a look or two; a busy machine looks each 8 s
CROWD = 150  # connections, more than there is room for
HELD_MAX_NS = 250_000_000  # a moment that is longer is not one: the program waits for 300 ms
FIN_WAIT2 = 5


def new_pair(listener):
    client = socket.create_connection(listener.getsockname())
    return client, listener.accept()[0]


def state_of(connection):
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]


def half_close(client):
    """FIN_WAIT2 is reached before close(): so it is in there that the timewait socket is made."""
    client.shutdown(socket.SHUT_WR)
    await_("FIN_WAIT2", lambda: state_of(client) == FIN_WAIT2)
    client.close()


def close_both(client, server):
    """TIME_WAIT begins as the peer's FIN comes."""
    client.shutdown(socket.SHUT_WR)
    await_("FIN_WAIT2", lambda: state_of(client) == FIN_WAIT2)
    server.close()
    client.close()


def kernel_has(state):
    return subprocess.run(["ss", "-Htan", "state", state], check=True, stdout=subprocess.PIPE).stdout.count(b"\n")


def held():
    words = subprocess.run([BPFTOOL, "-j", "map", "dump", "pinned", MAP], check=True, stdout=subprocess.PIPE).stdout
    text = json.dumps(json.loads(words)).replace('"', "").replace("{", "").replace("}", "")
    return [int(text.split(name + ": ")[1].split("]")[0].split(",")[0]) for name in ("held", "longest_ns")]


def records_of(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def judge(records, has):
    small = [r for r in records if r.get("timewait") and r["type"] == "transition"]
    ended = [r for r in small if r["new_state"] == "CLOSE"]
    totals = next(r for r in records if r["type"] == "summary")["totals"]
    if ended:
        sys.exit(f"the end of {len(ended)} is told, and all are there: {ended[0]}")
    for name, mine in ("time-wait", totals["time_wait_now"]), ("fin-wait-2", totals["fin_wait2_timewait_now"]):
        if mine != has[name]:
            sys.exit(f"{name}: {mine}, the kernel has {has[name]}")


def main():
    path = os.path.join(DIRECTORY, "moment")
    with open(path, "wb") as out:
        run = subprocess.Popen([TOOL, "trace", "-j", "--all", "-n", "self", "--max-sockets", "128"], stdout=out)
    atexit.register(run.kill)
    await_("its header", lambda: os.path.getsize(path))
    with open(CGROUP + "/cgroup.procs", "w", encoding="ascii") as file:
        file.write("0")
    listener = socket.create_server(("127.0.0.1", 0))
    pairs = [new_pair(listener) for _ in range(MOMENTS)]
    with open(os.path.dirname(CGROUP) + "/cgroup.procs", "w", encoding="ascii") as file:
        file.write("0")
    crowd = [new_pair(listener) for _ in range(CROWD)]
    for client, server in pairs[::3]:
        close_both(client, server)
    for client, _ in pairs[1::3] + pairs[2::3]:
        half_close(client)
    await_("all of them", lambda: held()[0] == MOMENTS)
    time.sleep(0.4)  # a sweep more, which tells what the last one left
    has = {state: kernel_has(state) for state in ("time-wait", "fin-wait-2")}
    run.terminate()
    if run.wait(SECONDS):
        sys.exit(f"status {run.returncode}")
    if held()[1] > HELD_MAX_NS or sum(has.values()) != MOMENTS:
        print(f"skip: the machine held one for {held()[1] / 1e6:.0f} ms; {has} are left")
        return
    del crowd
    judge(records_of(path), has)


main()
