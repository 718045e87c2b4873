#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Sockets in CLOSE_WAIT go round in a ring of processes as fast as these can pass them on (SCM_RIGHTS), processes are replaced by their
children (fork, then exit), and others open and close meanwhile. At every interval each row adds up, and so do the totals; at the end
everybody has what ss says.
"""
import array
import collections
import json
import os
import re
import select
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import scenario  # noqa: E402
from scenario import check, differ  # noqa: E402

TOOL = os.path.abspath(sys.argv[1])
PROCESSES = 5
SOCKETS = 150
HOPS = 100 # of each socket: 15,000 handovers; 9,300 a second on two processors that did other work too
FORKS = 12 # of each place in the ring
CLOSED = 1000 # that come and go meanwhile
PORT = 7500
PATIENCE_S = 60
COUNTS = ("created", "seeded", "moved_in", "moved_out", "left")


def send(channel, fd, hops):
    channel.sendmsg([hops.to_bytes(2, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])


def receive(channel):
    data, rights, _, _ = channel.recvmsg(2, socket.CMSG_SPACE(4))
    return (array.array("i", rights[0][2])[0], int.from_bytes(data, "big")) if data else (None, 0)


def go_round(source, drain, done):
    """A place in the ring: passes on until a socket has no hops left, and keeps that one; a child goes on in its place, often."""
    passed = 0
    while True:
        fd, hops = receive(source)
        if fd is None:
            time.sleep(PATIENCE_S)
            os._exit(0)
        if not hops:
            os.write(done, b"x")
            continue
        send(drain, fd, hops - 1)
        os.close(fd)
        passed += 1
        if passed % (SOCKETS * HOPS // PROCESSES // FORKS) == 0 and os.fork():
            os._exit(0)


def ring(listener):
    """Sockets that lead into it, one for each place, and a pipe that tells of each that has come to rest."""
    channels = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(PROCESSES)]
    result, done = os.pipe()
    for i in range(PROCESSES):
        if not os.fork():
            listener.close()
            go_round(channels[i][0], channels[(i + 1) % PROCESSES][1], done)
    return [channel[1] for channel in channels], result


def waiting(listener):
    client = socket.create_connection(("127.0.0.1", PORT))
    server = listener.accept()[0]
    client.close()
    return server


def holders():
    """By ss: how many sockets in CLOSE_WAIT each process has."""
    text = subprocess.run(["ss", "-Htanp", "state", "close-wait"], capture_output=True, text=True, check=True).stdout
    found = collections.Counter()
    for line in text.splitlines():
        found[min((int(pid) for pid in re.findall(r"pid=(\d+)", line)), default=None)] += 1
    return found


def has(interval):
    return {row["pid"]: row["close_wait_now"] for row in interval["rows"] if row["close_wait_now"]}


def wrong_sums(interval):
    wrong = []
    for row in [*interval["rows"], {"label": "totals", **interval["totals"]}]:
        count = {name: row[f"close_wait_{name}"] for name in COUNTS}
        now = count["created"] + count["seeded"] + count["moved_in"] - count["moved_out"] - count["left"]
        wrong.append(differ(f"close_wait_now of {row['label']}", row["close_wait_now"], now))
    for name in ("created", "seeded", "left", "now"):
        wrong.append(differ(f"sum of {name}", sum(row[f"close_wait_{name}"] for row in interval["rows"]),
                            interval["totals"][f"close_wait_{name}"]))
    wrong.append(differ("moved in, of all", sum(row["close_wait_moved_in"] for row in interval["rows"]),
                        sum(row["close_wait_moved_out"] for row in interval["rows"])))
    return [text for text in wrong if text]


def intervals(tool):
    for line in tool.stdout:
        found = json.loads(line)
        if found["type"] == "interval":
            yield found


def churn(listener, entries, result):
    for i in range(SOCKETS):
        one = waiting(listener)
        send(entries[i % PROCESSES], one.fileno(), HOPS)
        one.close()
    began, rest, closed = time.monotonic(), 0, 0
    while rest < SOCKETS and time.monotonic() - began < PATIENCE_S:
        if closed < CLOSED:
            waiting(listener).close()
            closed += 1
        if select.select([result], [], [], 0 if closed < CLOSED else 0.1)[0]:
            rest += len(os.read(result, 4096))
    return rest, time.monotonic() - began


def main():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    listener = socket.create_server(("127.0.0.1", PORT), backlog=64)
    entries, result = ring(listener)
    tool = subprocess.Popen([TOOL, "top", "-j", "-n", "self", "-r", "1000", "0.2"], stdout=subprocess.PIPE, text=True)
    stream = intervals(tool)
    first = next(stream)
    rest, seconds = churn(listener, entries, result)
    print(f"  {SOCKETS * HOPS / seconds:.0f} handovers a second", file=sys.stderr)
    truth, wrong, moved, seen, end = holders(), wrong_sums(first), 0, 1, time.monotonic() + PATIENCE_S
    for last in stream:
        wrong += wrong_sums(last)
        seen, moved = seen + 1, sum(row["close_wait_moved_in"] for row in last["rows"])
        if (has(last) == truth and last["totals"]["close_wait_now"] == SOCKETS) or time.monotonic() > end:
            break
    check("each_row_adds_up", [*wrong[:5], "" if moved else "nothing moved", differ("sockets at rest", rest, SOCKETS),
                               differ("lost", last["lost"], 0)])
    check("holders_are_those_of_ss", [differ("close_wait_now", last["totals"]["close_wait_now"], sum(truth.values())),
                                      differ("who has them", has(last), dict(truth))])
    tool.terminate()
    tool.stdout.close()
    tool.wait(PATIENCE_S)


main()
sys.exit(1 if scenario.failures else 0)
