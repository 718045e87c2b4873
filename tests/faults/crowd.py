#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Sockets in a network namespace of its own, by orders on standard input, each answered by a line on standard output:
time-wait N, close-wait N (held), fin (the held ones are closed), refused N, fin-timeout SECONDS (the setting), count STATE (as /proc
tells), inode. Ends with its input; the namespace goes with it."""
import ctypes
import os
import socket
import subprocess
import sys

CLONE_NEWNET = 0x40000000
NUMBERS = {"TIME_WAIT": "06", "CLOSE_WAIT": "08", "FIN_WAIT2": "05"}

if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
    sys.exit("no network namespace: errno %d" % ctypes.get_errno())
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
for name in ("tcp_syncookies", "tcp_tw_reuse"):
    with open("/proc/sys/net/ipv4/" + name, "w", encoding="ascii") as file:
        file.write("0")
listener = socket.create_server(("127.0.0.1", 0), backlog=512)
address = listener.getsockname()
held = []


def pair():
    client = socket.create_connection(address)
    return client, listener.accept()[0]


def time_wait(amount):
    """The client closes first."""
    for _ in range(amount):
        client, server = pair()
        client.close()
        server.recv(1)
        server.close()


def close_wait(amount):
    for _ in range(amount):
        client, server = pair()
        client.close()
        held.append(server)


def fin(_):
    while held:
        held.pop().close()


def refused(amount):
    for _ in range(amount):
        socket.socket().connect_ex(("127.0.0.2", 9))


def fin_timeout(seconds):
    with open("/proc/sys/net/ipv4/tcp_fin_timeout", "w", encoding="ascii") as file:
        file.write(str(seconds))


def count(state):
    with open("/proc/net/tcp", encoding="ascii") as file:
        return sum(line.split()[3] == NUMBERS[state] for line in file)


orders = {"time-wait": time_wait, "close-wait": close_wait, "fin": fin, "refused": refused, "fin-timeout": fin_timeout, "count": count,
          "inode": lambda _: os.stat("/proc/self/ns/net").st_ino}
for line in sys.stdin:
    name, argument = (line.split() + ["0"])[:2]
    print(orders[name](int(argument) if argument.isdigit() else argument), flush=True)
