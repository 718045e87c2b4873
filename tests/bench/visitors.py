#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What comes and goes on a machine of containers: each visitor is a network namespace and a container's cgroup of its own for a moment.
A server in it accepts, forks a child for each connection and lets go of it, as ssh does; the child closes when its client has.

Usage: visitors.py RATE SECONDS PORT   Prints {"visits": N, "connections": N, "failed": N} at the end. Their server listens on PORT."""

import ctypes
import fcntl
import json
import os
import secrets
import socket
import struct
import sys
import time

CONNECTIONS = 5  # of a visitor
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def cgroup_mount():
    with open("/proc/self/mounts", encoding="ascii") as file:
        return next((line.split()[1] for line in file if line.split()[2] == "cgroup2"), None)


def move_in():
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    with open("/proc/sys/net/ipv4/tcp_tw_reuse", "w", encoding="ascii") as file:
        file.write("0")  # no connection takes over another's TIME_WAIT, as it may on loopback


def serve(server):
    """In a child that got the connection from its parent."""
    server.recv(1)
    server.close()
    os._exit(0)


def connect(listener):
    client = socket.create_connection(listener.getsockname())
    server = listener.accept()[0]
    child = os.fork()
    if not child:
        client.close()
        serve(server)
    server.close()
    client.close()
    os.waitpid(child, 0)


def states():
    """Of the sockets in this namespace, as the kernel numbers them: 06 is TIME_WAIT."""
    with open("/proc/self/net/tcp", encoding="ascii") as file:
        return [line.split()[3] for line in file][1:]


def counters():
    """What the kernel counted in this namespace."""
    with open("/proc/self/net/netstat", encoding="ascii") as file:
        lines = [line.split() for line in file]
    return {name: value for names, values in zip(lines[::2], lines[1::2]) for name, value in zip(names, values)
            if value != "0" and ":" not in name and name.startswith("TCP")}


def wait_for_time_wait():
    """A namespace ends without waiting for packets that are under way: each life has come to its TIME_WAIT before."""
    end = time.monotonic() + 10
    while states().count("06") < CONNECTIONS:
        if time.monotonic() > end:
            raise TimeoutError(f"not all of it came to TIME_WAIT: {states()}, {counters()}")
        time.sleep(0.005)


def visit(cgroup, port):
    if cgroup:
        with open(cgroup + "/cgroup.procs", "w", encoding="ascii") as file:
            file.write("0")
    move_in()
    with socket.create_server(("127.0.0.1", port)) as listener:
        for _ in range(CONNECTIONS):
            connect(listener)
        wait_for_time_wait()


def send_visitor(cgroup, port):
    """0: it did all it should."""
    child = os.fork()
    if not child:
        try:
            visit(cgroup, port)
        except OSError as error:
            print(f"visitor: {error}", file=sys.stderr)
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def main():
    rate, seconds, port = float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    mount, begin, visits, failed = cgroup_mount(), time.monotonic(), 0, 0
    while time.monotonic() - begin < seconds:
        cgroup = f"{mount}/docker-{secrets.token_hex(32)}.scope" if mount else None
        if cgroup:
            os.mkdir(cgroup)
        failed += send_visitor(cgroup, port) != 0
        visits += 1
        if cgroup:
            os.rmdir(cgroup)
        time.sleep(max(0, begin + visits / rate - time.monotonic()))
    print(json.dumps({"visits": visits, "connections": visits * CONNECTIONS, "failed": failed}))


main()
