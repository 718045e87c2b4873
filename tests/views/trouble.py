#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""One process with one trouble, named after it, until its standard input ends. Prints a line when it is there.

trouble.py scanner N          N connects to as many addresses that never answer
trouble.py deaf BACKLOG       a listener that never accepts, and twice as many clients of another process as it takes
trouble.py caller PORT        connects to a port where nothing listens, ten times a second
trouble.py flooded N          a server with N connections from as many addresses, made by another process
"""
import os
import socket
import sys
import threading
import time

keep = []


def name(text):
    with open("/proc/self/comm", "w") as file:
        file.write(text)


def connect(address, source=None):
    it = socket.socket()
    it.setblocking(False)
    if source:
        it.bind((source, 0))
    try:
        it.connect(address)
    except BlockingIOError:
        pass
    keep.append(it)
    return it


def begin_child(act):
    """Another process, which ends with this one. Returns what to read from until it has acted."""
    done, said = os.pipe()
    life, held = os.pipe()
    if not os.fork():
        os.close(held)
        act()
        os.write(said, b"x")
        os.read(life, 1)
        os._exit(0)
    os.close(said)
    os.close(life)
    keep.append(held)
    return done


def in_child(act):
    os.read(begin_child(act), 1)


def scanner(count):
    for i in range(count):
        connect((f"10.77.{i // 250}.{i % 250 + 1}", 445))


def deaf(backlog):
    listener = socket.create_server(("127.0.0.1", 8081), backlog=backlog)

    def clients():
        listener.close()
        name("impatient")
        for _ in range(2 * backlog):
            connect(("127.0.0.1", 8081))
    keep.append(listener)
    in_child(clients)


def caller(port):
    def call():
        while True:
            with socket.socket() as it:
                it.connect_ex(("127.0.0.1", port))
            time.sleep(0.1)
    threading.Thread(target=call, daemon=True).start()


def flooded(count):
    listener = socket.create_server(("127.0.0.1", 8080), backlog=1000)

    def accept():
        for _ in range(count):
            keep.append(listener.accept()[0])
    server = threading.Thread(target=accept)

    def clients():
        listener.close()
        name("crowd")
        for i in range(count):
            it = socket.socket()
            it.bind((f"127.9.{i // 250}.{i % 250 + 1}", 0))
            it.connect(("127.0.0.1", 8080))
            keep.append(it)
    # The fork comes before the thread: a child has only the thread that made it.
    done = begin_child(clients)
    server.start()
    server.join()
    os.read(done, 1)


what = sys.argv[1]
name(what)
{"scanner": scanner, "deaf": deaf, "caller": caller, "flooded": flooded}[what](int(sys.argv[2]))
print("ready", flush=True)
sys.stdin.read()
