#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a bundle has to hand on, on real sockets: an accept queue that overflows, a leak, few ports.

Usage: unshare -n tests/history/trouble.py TOOL FILE
Records into FILE, and prints when a window begins and ends (UTC, seconds) before and behind which there was trouble too.
"""
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time

TOOL, FILE = sys.argv[1:]
ADDRESS = "10.1.1.1"  # of lo, and no loopback address
RANGE = "42000 42039"
children = []


def spawn(name, body):
    """A process of that name, which is ready when this returns."""
    ready, said = os.pipe()
    pid = os.fork()
    if pid:
        children.append(pid)
        os.close(said)
        os.read(ready, 1)
        os.close(ready)
        return
    ctypes.CDLL(None).prctl(15, name.encode(), 0, 0, 0)
    try:
        body(lambda: os.write(said, b"."))
    finally:
        os._exit(1)


def listening(port, backlog):
    server = socket.socket()
    server.bind((ADDRESS, port))
    server.listen(backlog)
    return server


def close_all(say):
    server = listening(8080, 64)
    say()
    while True:
        server.accept()[0].close()


def accept_nothing(say):
    server = listening(9090, 2)
    say()
    time.sleep(600)
    server.close()


def leak(say):
    say()
    mine = []
    while len(mine) < 30:
        mine.append(socket.create_connection((ADDRESS, 8080)))
        time.sleep(0.4)
    time.sleep(600)


def knock(count):
    """More than there is room for."""
    mine = [socket.socket() for _ in range(count)]
    for client in mine:
        client.setblocking(False)
        client.connect_ex((ADDRESS, 9090))
    return mine


def wait_until(second):
    while time.time() < second:
        time.sleep(max(0, second - time.time()))


def main():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", ADDRESS + "/32", "dev", "lo"], check=True)
    with open("/proc/sys/net/ipv4/ip_local_port_range", "w", encoding="ascii") as file:
        file.write(RANGE)
    spawn("closes", close_all)
    spawn("stuck", accept_nothing)
    record = subprocess.Popen([TOOL, "record", "--ports", "--accepts", "-n", "self", "-o", FILE], stdout=subprocess.DEVNULL)
    try:
        while not os.path.exists(FILE) or not os.path.getsize(FILE):
            time.sleep(0.02)
            if record.poll() is not None:
                return 1
        time.sleep(2)  # what is there has been looked at
        spawn("leaky", leak)
        queued = knock(8)
        begin = int(time.time()) + 4
        wait_until(begin + 1.5)
        queued += knock(4)
        end = begin + 7
        wait_until(end + 1)
        queued += knock(3)
        time.sleep(1.5)
        record.send_signal(signal.SIGINT)
        print(begin, end)
        return record.wait()
    finally:
        record.kill()
        record.wait()
        for pid in children:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


sys.exit(main())
