#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The traffic of the golden recordings: a shop, its broker and its web server, each with its own way of ending connections.

scenario.py CGROUPS: run it in a network namespace with the addresses that tests/golden/record sets. CGROUPS is a folder of
a cgroup2 hierarchy in which shop/, broker/ and web/ were made. Sockets from before are made first; then it prints "ready"
and waits for a line on standard input.
"""
import os
import signal
import socket
import struct
import sys
import time

CGROUPS = sys.argv[1]
BROKER = ("10.0.0.5", 61616)
WEB = ("10.0.0.8", 8080)
IPV6 = ("2001:db8::5", 8443)


class Role:
    """A process of its own that does what it is told, one call at a time."""

    def __init__(self, name, group):
        self.calls, write_calls = os.pipe()
        read_done, self.done = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(write_calls)
            with open(f"{CGROUPS}/{group}/cgroup.procs", "w", encoding="ascii") as procs:
                procs.write(str(os.getpid()))
            with open("/proc/self/comm", "w", encoding="ascii") as comm:
                comm.write(name)
            self.serve()
        os.close(self.calls)
        os.close(self.done)
        self.calls, self.done = write_calls, read_done
        self.call("pass")

    def serve(self):
        place = {"sockets": {}, "socket": socket, "struct": struct, "connect": connect, "listen": listen}
        while True:
            text = os.read(self.calls, 4096)
            exec(text.decode(), place)  # pylint: disable=exec-used
            os.write(self.done, b"x")

    def call(self, text):
        os.write(self.calls, text.encode())
        if os.read(self.done, 1) != b"x":
            sys.exit(f"a role failed in: {text}")

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def connect(address, source=None):
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    connection = socket.socket(family)
    if source:
        connection.bind((source, 0))
    connection.connect(address)
    return connection


def listen(address):
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.listen(16)
    return listener


def request(client, server, listener, address, source, client_closes_first, pause):
    """One connection with a byte each way."""
    client.call(f"sockets['c'] = connect({address}, {source!r}); sockets['c'].send(b'?')")
    server.call(f"sockets['s'] = sockets[{listener!r}].accept()[0]; sockets['s'].recv(1); sockets['s'].send(b'!')")
    client.call("sockets['c'].recv(1)")
    time.sleep(pause)
    first, second = (client, server) if client_closes_first else (server, client)
    key, other = ("c", "s") if client_closes_first else ("s", "c")
    first.call(f"sockets.pop({key!r}).close()")
    second.call(f"sockets[{other!r}].recv(1)")
    time.sleep(pause)
    second.call(f"sockets.pop({other!r}).close()")


def leak(client, server, listener, address, source, number):
    """The client closes, the server never does."""
    client.call(f"sockets['c'] = connect({address}, {source!r}); sockets['c'].send(b'?')")
    server.call(f"sockets['leak{number}'] = sockets[{listener!r}].accept()[0]")
    client.call("sockets.pop('c').close()")


def reset(client, server, listener, address, source):
    client.call(f"sockets['c'] = connect({address}, {source!r})")
    server.call(f"sockets['s'] = sockets[{listener!r}].accept()[0]")
    client.call("sockets['c'].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))\n"
                "sockets.pop('c').close()")
    server.call("sockets.pop('s').close()")


def attempt(client, address, source):
    """A connect() that fails."""
    client.call(f"try:\n connect({address}, {source!r})\nexcept OSError:\n pass")


def main():
    broker, web, shop = Role("broker", "broker"), Role("nginx", "web"), Role("shop", "shop")
    broker.call(f"sockets['l'] = listen({BROKER})")
    web.call(f"sockets['l'] = listen({WEB}); sockets['l6'] = listen({IPV6})")
    for number in range(2):
        leak(shop, web, "l", WEB, "10.0.0.2", number)
    for _ in range(3):
        request(shop, broker, "l", BROKER, "10.0.0.2", True, 0)
    print("ready", flush=True)
    sys.stdin.readline()

    for _ in range(6):
        request(shop, broker, "l", BROKER, "10.0.0.2", True, 0.02)
    for _ in range(4):
        request(shop, web, "l", WEB, "10.0.0.2", False, 0.05)
    request(shop, web, "l6", IPV6, None, True, 0.01)
    for number in range(2, 5):
        leak(shop, web, "l", WEB, "10.0.0.2", number)
        time.sleep(0.3)
    reset(shop, broker, "l", BROKER, "10.0.0.2")
    attempt(shop, ("10.0.0.5", 9), "10.0.0.2")
    shop.call(f"sockets['q'] = connect({BROKER}, '10.0.0.2'); sockets.pop('q').close()")
    with open("/proc/sys/net/ipv4/ip_local_port_range", "w", encoding="ascii") as ports:
        ports.write("40000 40001")
    for number in range(3):
        attempt(shop, ("10.0.0.5", 61616), None)
        time.sleep(0.1)
    web.call("sockets.pop('leak0').close(); sockets.pop('leak3').close()")
    time.sleep(1)
    print("done", flush=True)
    sys.stdin.readline()
    for role in (shop, broker, web):
        role.end()


main()
