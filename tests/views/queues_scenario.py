#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Listening sockets whose number of drops grows: one gets RST segments alone, which are no connections, the accept queue of the other
is full. The truth is the kernel's: TcpExtListenDrops of this namespace (nstat), sk_drops and the queue of each socket (ss).
"""
import os
import re
import socket
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
from scenario import Tool, check, differ, until  # noqa: E402
import scenario  # noqa: E402

TOOL = os.path.abspath(sys.argv[1])
QUIET, FULL = 8000, 8001
RESETS = 20
BACKLOG, ROOM = 2, 3 # the kernel lets one more wait than it was told
SYNS = 9


def listen(port, backlog):
    listener = socket.socket()
    listener.bind(("127.0.0.1", port))
    listener.listen(backlog)
    return listener


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def reset(port):
    """A RST segment of a connection that is not there."""
    address = socket.inet_aton("127.0.0.1")
    segment = struct.pack("!HHIIBBHHH", 1, port, 1, 0, 5 << 4, 4, 0, 0, 0)
    total = checksum(address + address + struct.pack("!HH", socket.IPPROTO_TCP, len(segment)) + segment)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as raw:
        raw.sendto(segment[:16] + struct.pack("!H", total) + segment[18:], ("127.0.0.1", 0))


def sk_drops(port):
    text = subprocess.run(["ss", "-ltnmH", "sport", "=", f":{port}"], capture_output=True, text=True, check=True).stdout
    return int(re.search(r",d(\d+)\)", text).group(1))


def depth(port):
    text = subprocess.run(["ss", "-ltnH", "sport", "=", f":{port}"], capture_output=True, text=True, check=True).stdout
    return int(text.split()[1])


def counted(name):
    text = subprocess.run(["nstat", "-asz", name], capture_output=True, text=True, check=True).stdout.split()
    return int(text[text.index(name) + 1])


def overflows(interval):
    """By port, as top has it."""
    return {row["service_port"]: row["accept_overflows"] for row in interval["rows"] if row["accept_overflows"] is not None}


def crowd():
    """Connections fill the queue first, so that what comes then is dropped as a SYN: with none half open no segment sent again counts
    later. The others are closed at once, so that their SYNs don't come again."""
    accepted = [socket.create_connection(("127.0.0.1", FULL)) for _ in range(ROOM)]
    until(lambda: depth(FULL) == ROOM)
    refused = [socket.socket() for _ in range(SYNS)]
    for client in refused:
        client.setblocking(False)
        client.connect_ex(("127.0.0.1", FULL))
    until(lambda: counted("TcpExtListenDrops") >= SYNS)
    for client in refused + accepted:
        client.close()


def queue_of(report, port):
    return next((queue for queue in report["accept_queues"] if queue["local_port"] == port), {})


def test_top(top, drops, name):
    last = top.wait_for(lambda it: it["type"] == "interval" and overflows(it).get(FULL) == drops)
    found = overflows(last)
    check(f"{name}-drops-as-nstat", [differ("drops of the full one", found.get(FULL), drops), differ("drops of the quiet one", found.get(QUIET), 0)])
    top.end()


def test_diagnose(diagnose):
    _, rest = diagnose.end()
    ports = [line["subject"]["service_port"] for line in rest if line["type"] == "finding" and line["code"] == "TD131"]
    check("diagnose-accept-queue", [differ("ports with TD131", sorted(set(ports)), [FULL])])


def test_leaks(drops):
    leaks = Tool(TOOL, "leaks")
    report = leaks.wait_for(lambda it: it["type"] == "leaks")
    leaks.end(None)
    full = queue_of(report, FULL)
    check("leaks", [differ("queue", full.get("accept_queue"), depth(FULL)), differ("backlog", full.get("backlog"), BACKLOG),
                    differ("drops since it listens", full.get("drops"), min(drops, sk_drops(FULL))),
                    differ("drops of the run", full.get("new_drops"), 0)])


def main():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    listeners = [listen(QUIET, 64), listen(FULL, BACKLOG)]
    tops = {"traced": Tool(TOOL, "top", "1", "--by", "port"), "polled": Tool(TOOL, "top", "1", "--by", "port", "--no-bpf")}
    diagnose = Tool(TOOL, "diagnose")
    for top in tops.values():
        top.wait_for(lambda it: it["type"] == "interval")
    for _ in range(RESETS):
        reset(QUIET)
    until(lambda: sk_drops(QUIET) >= RESETS)
    check("kernel-counts-resets", [differ("sk_drops of the quiet one", sk_drops(QUIET), RESETS),
                                   differ("ListenDrops", counted("TcpExtListenDrops"), 0)])
    crowd()
    drops = counted("TcpExtListenDrops")
    check("queue-was-full", ["" if SYNS <= drops < RESETS else f"{drops} ListenDrops: the scenario went otherwise"])
    for name, top in tops.items():
        test_top(top, drops, name)
    test_diagnose(diagnose)
    test_leaks(drops)
    for listener in listeners:
        listener.close()
    return scenario.failures > 0


if __name__ == "__main__":
    sys.exit(main())
