#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""All sockets that are there: of every state, some from before the run and some that came while it was on, in accept queues, with two
listeners on one port, orphans, another process's. What top and a recording say of them must be what ss says and what was done here;
so must be what the recording gives when it is replayed, and what is seen without BPF.
"""
import collections
import gzip
import json
import os
import re
import select
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from scenario import check, differ  # noqa: E402
import scenario  # noqa: E402

TOOL = os.path.abspath(sys.argv[1])
PATIENCE_S = 60  # a busy machine: a look may come late
STATES = {"ESTAB": "established", "SYN-SENT": "syn_sent", "FIN-WAIT-1": "fin_wait1", "FIN-WAIT-2": "fin_wait2",
          "LAST-ACK": "last_ack", "CLOSING": "closing", "CLOSE-WAIT": "close_wait", "LISTEN": "listen"}
kept = []


def listen(port, backlog, reuse=False, address="127.0.0.1"):
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if reuse:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((address, port))
    listener.listen(backlog)
    kept.append(listener)
    return listener


def connect(port, wait=True, address="127.0.0.1"):
    client = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    client.setblocking(wait)
    try:
        client.connect((address, port))
    except BlockingIOError:
        pass
    kept.append(client)
    return client


def pair(listener):
    client = connect(listener.getsockname()[1], address=listener.getsockname()[0])
    server, _ = listener.accept()
    kept.append(server)
    return client, server


def of_ss():
    """Sockets by state, and of listeners (port, queue, backlog) in order."""
    text = subprocess.run(["ss", "-tanH"], capture_output=True, text=True, check=True).stdout
    lines = [line.split() for line in text.splitlines()]
    counts = collections.Counter(STATES[line[0]] for line in lines if line[0] in STATES)
    listeners = sorted((int(line[3].rsplit(":", 1)[1]), int(line[1]), int(line[2])) for line in lines if line[0] == "LISTEN")
    return counts, listeners


class Truth:
    """What was made."""

    def before(self):
        self.plain = listen(8000, 8)
        self.pairs = [pair(self.plain) for _ in range(4)]
        self.pairs[0][1].setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.pairs[1][0].sendall(b"x" * 1000)  # not read
        self.half = pair(self.plain)  # CLOSE_WAIT, FIN_WAIT2 of a socket that is still held
        self.half[0].shutdown(socket.SHUT_WR)
        self.queued = [connect(8000) for _ in range(3)]
        self.queued[0].close()  # waits in the queue, and its client is gone
        kept.remove(self.queued[0])
        self.shared = [listen(8002, 16, True), listen(8002, 16, True)]
        for _ in range(6):
            connect(8002)
        self.full = listen(8003, 0)
        for _ in range(3):  # one finds room
            connect(8003, False)
        six = listen(8004, 4, address="::1")
        pair(six)

    def later(self):
        """While tcpdwell runs."""
        self.plain_late = listen(8005, 9)
        self.late = [pair(self.plain_late) for _ in range(5)]
        self.late[4][0].shutdown(socket.SHUT_WR)
        _, server = pair(self.plain_late)
        child = os.fork()
        if not child:  # has the connection from now on
            for other in kept:
                if other is not server:
                    other.close()
            select.select([], [], [], 600)
            os._exit(0)
        server.close()
        kept.remove(server)
        self.child = child

    def cut(self):
        """The network is gone: nobody answers the FIN of sockets that were closed."""
        subprocess.run(["ip", "link", "set", "lo", "down"], check=True)
        for server in (self.late[3][1], self.late[4][1]):
            server.close()
            kept.remove(server)


def lines_of(process):
    for line in process.stdout:
        yield json.loads(line)


def sums(interval):
    """Of all rows; what the states are called in ss."""
    return collections.Counter({name: sum(row.get(f"{name}_now") or 0 for row in interval["rows"])
                                for name in STATES.values()})


def wait_for_rows(top, what, matches):
    end = time.monotonic() + PATIENCE_S
    interval = None
    for interval in lines_of(top):
        if interval.get("type") == "interval" and matches(interval):
            return interval
        if time.monotonic() > end:
            break
    raise SystemExit(f"not ok {what}: did not come in {PATIENCE_S} s; last: {json.dumps(interval)[:2000]}")


def row_of(interval, pid):
    return next((row for row in interval["rows"] if row.get("pid") == pid), {})


def has_all(interval):
    counts, _ = of_ss()
    return +sums(interval) == +counts


def test_top(truth, extra):
    """Rows add up to what ss has, before and after more came; a connection that a child has is the child's."""
    name = "polling" if extra else "top"
    top = subprocess.Popen([TOOL, "top", "-j", "-n", "self", *extra], stdout=subprocess.PIPE, text=True)
    interval = wait_for_rows(top, f"{name}-before", has_all)
    queue = sum(row.get("accept_queue_now") or 0 for row in interval["rows"])
    check(f"{name}-queues", [differ("accept_queue_now", queue, sum(listener[1] for listener in of_ss()[1])),
                             differ("accept_backlog", sum(row["accept_backlog"] for row in interval["rows"]),
                                    sum(listener[2] for listener in of_ss()[1]))])
    if not extra:
        truth.later()
    interval = wait_for_rows(top, f"{name}-later", lambda at: has_all(at) and
                             row_of(at, truth.child).get("established_now") == 1)
    check(f"{name}-rows-add-up", [])
    mine = row_of(interval, os.getpid())
    check(f"{name}-moved", [differ("the child's", row_of(interval, truth.child)["established_now"], 1),
                            # without BPF those that share a port are not told apart
                            "" if 0 <= len(of_ss()[1]) - mine["listen_now"] <= 2 * bool(extra) else
                            f"listening sockets of ours are {mine['listen_now']}"])
    if not extra:
        truth.cut()
        interval = wait_for_rows(top, f"{name}-orphans", lambda at: has_all(at) and at is not interval and
                                 sums(at)["last_ack"] and sums(at)["fin_wait1"])
        mine = row_of(interval, os.getpid())
        check(f"{name}-orphans", [differ("LAST_ACK and FIN_WAIT1 of ours", (mine["last_ack_now"], mine["fin_wait1_now"]), (1, 1))])
    top.terminate()
    top.wait()
    top.stdout.close()


def record(path, extra):
    tool = subprocess.Popen([TOOL, "record", "-n", "self", "-o", path, *extra], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        time.sleep(0.2)
        try:
            with gzip.open(path, "rt") as lines:
                text = lines.read()
        except (EOFError, OSError):
            text = ""
            with subprocess.Popen(["zcat", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as cat:
                text = cat.stdout.read()
        if text.count('"type":"present"') >= sum(of_ss()[0].values()) - len(of_ss()[1]) and text.count('"type":"holder"') > 20:
            break
    tool.terminate()
    tool.wait()


def read_lines(path):
    sockets, listeners, namespaces = {}, {}, {}
    with gzip.open(path, "rt") as lines:
        for line in map(json.loads, lines):
            table = {"present": sockets, "listener": listeners}.get(line["type"])
            if table is not None and line.get("gone"):
                table.pop(line["sock"], None)
            elif table is not None:
                table[line["sock"]] = line
            elif line["type"] == "namespace":
                namespaces[line["netns"]] = line
    return sockets, listeners, namespaces


def of_ends(sockets, local, remote):
    return next((line for line in sockets.values() if (line["local_port"], line["remote_port"]) == (local, remote)), {})


def ports(sock):
    return sock.getsockname()[1], sock.getpeername()[1]


def test_details(truth, sockets, listeners, namespaces, name):
    counts, of_listeners = of_ss()
    found = collections.Counter(line["state"].lower() for line in sockets.values())
    found["listen"] = len(listeners)
    check(f"{name}-states", [differ("sockets by state", dict(found), dict(counts))])
    check(f"{name}-listeners", [differ("port, queue and backlog", sorted(
        (line["local_port"], line["accept_queue"], line["backlog"]) for line in listeners.values()), of_listeners)])
    alive = of_ends(sockets, *ports(truth.pairs[0][1]))
    unread = of_ends(sockets, *ports(truth.pairs[1][1]))
    gone = [line for line in sockets.values() if line["in_accept_queue"] and line["state"] == "CLOSE_WAIT"]
    plain = next(line for line in listeners.values() if line["local_port"] == 8000)
    syn = [line for line in sockets.values() if line["state"] == "SYN_SENT"]
    wrong = [differ("unread bytes", unread.get("rx_queue"), 1000),
             differ("clients that are gone from the queue", (len(gone), plain["closed_by_client"]), (1, 1)),
             differ("timers of SYN_SENT", {line["timer"] for line in syn}, {"retransmit"}),
             differ("keepalive timer", alive.get("timer"), "keepalive"),
             differ("keepalive", alive.get("keepalive"), True)]
    check(f"{name}-details", wrong)
    if name == "polling":
        return
    waiting = collections.Counter(line.get("listener") for line in sockets.values() if line["in_accept_queue"])
    check(f"{name}-queues", [differ(f"waiting for {line['local_port']}", waiting[sock], line["accept_queue"])
                             for sock, line in listeners.items()] +
          ["" if 0 < plain["time_ns"] - plain["oldest_ns"] < 600e9 else "the oldest that waits has no age"])
    full = next(line for line in listeners.values() if line["local_port"] == 8003)
    overflows = sum(line["counters"]["ListenOverflows"][0] for line in namespaces.values())
    with open("/proc/self/net/netstat") as netstat:
        rows = [line.split() for line in netstat if line.startswith("TcpExt")]
    now = int(rows[1][rows[0].index("ListenOverflows")])
    check(f"{name}-drops", ["" if full["drops"] else "no drops of the full one", differ("namespaces", len(namespaces), 1),
                            "" if 0 < overflows <= now else f"{overflows} overflows, not up to {now}"])


def replayed(path):
    text = subprocess.run([TOOL, "report", path, "top", "-j"], capture_output=True, text=True, check=True).stdout
    return [line for line in map(json.loads, text.splitlines()) if line.get("type") == "interval"][-1]


def main():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    truth = Truth()
    truth.before()
    try:
        test_top(truth, [])
        with tempfile.TemporaryDirectory() as folder:
            record(f"{folder}/bpf", [])
            test_details(truth, *read_lines(f"{folder}/bpf"), "record")
            again = replayed(f"{folder}/bpf")
            check("replay-rows-add-up", [differ("states", dict(+sums(again)), dict(+of_ss()[0])),
                                         differ("the child's", row_of(again, truth.child).get("established_now"), 1)])
            test_top(truth, ["--no-bpf"])
            record(f"{folder}/polled", ["--no-bpf"])
            test_details(truth, *read_lines(f"{folder}/polled"), "polling")
    finally:
        os.kill(truth.child, 9)
    return scenario.failures > 0


if __name__ == "__main__":
    sys.exit(main())
