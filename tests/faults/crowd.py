#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Sockets in a network namespace of its own, by orders on standard input, each answered by a line on standard output:
time-wait N, many-time-wait N (tens of thousands), time-wait-of-server N (between ends that are the same ones each time), close-wait N
(held), fin (the held ones are closed), refused N, fin-timeout SECONDS (the setting), count STATE (as /proc tells), inode. Ends with its
input; the namespace goes with it."""
import ctypes
import os
import socket
import subprocess
import sys

CLONE_NEWNET = 0x40000000
IP_BIND_ADDRESS_NO_PORT = 24
SERVED_FIRST = 2000  # port of the first client of time-wait-of-server
NUMBERS = {"TIME_WAIT": "06", "CLOSE_WAIT": "08", "FIN_WAIT2": "05"}

if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
    sys.exit("no network namespace: errno %d" % ctypes.get_errno())
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
listener = socket.create_server(("127.0.0.1", 0), backlog=512)
address = listener.getsockname()
held = []


def pair():
    client = socket.create_connection(address)
    return client, listener.accept()[0]


def client_first(client, server):
    client.close()
    server.recv(1)
    server.close()


def time_wait(amount):
    for _ in range(amount):
        client_first(*pair())


def many_time_wait(amount):
    """From many addresses: of one the kernel would search ever longer for a port."""
    setting("tcp_max_tw_buckets", 2 * amount)
    for i in range(amount):
        client = socket.socket()
        client.setsockopt(socket.SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        client.bind((f"127.0.1.{1 + i % 200}", 0))
        client.connect(address)
        client_first(client, listener.accept()[0])


def time_wait_of_server(amount):
    """The server closes first. Said again, each SYN ends the TIME_WAIT that was there, and on one processor the new one is in its memory."""
    processors = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(processors)})
    for port in range(SERVED_FIRST, SERVED_FIRST + amount):
        client = socket.create_connection(address, source_address=("127.0.0.2", port))
        server = listener.accept()[0]
        server.close()
        client.recv(1)
        client.close()
    os.sched_setaffinity(0, processors)


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


def setting(name, value):
    with open("/proc/sys/net/ipv4/" + name, "w", encoding="ascii") as file:
        file.write(str(value))


def fin_timeout(seconds):
    setting("tcp_fin_timeout", seconds)


def count(state):
    with open("/proc/net/tcp", encoding="ascii") as file:
        return sum(line.split()[3] == NUMBERS[state] for line in file)


for name in ("tcp_syncookies", "tcp_tw_reuse"):
    setting(name, 0)
orders = {"time-wait": time_wait, "time-wait-of-server": time_wait_of_server, "close-wait": close_wait, "fin": fin, "refused": refused,
          "fin-timeout": fin_timeout, "many-time-wait": many_time_wait, "count": count, "inode": lambda _: os.stat("/proc/self/ns/net").st_ino}
for line in sys.stdin:
    name, argument = (line.split() + ["0"])[:2]
    print(orders[name](int(argument) if argument.isdigit() else argument), flush=True)
