#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Connections on loopback whose fate is known, for the tests of the views.

traffic.py ACTIVE PASSIVE LEAKED [STAY]: a server and a client process make so many connections that the client closes
first, that the server closes first, and that the client closes and the server does not. Prints their pids and ports as
JSON once all is as it will stay, then stays for STAY seconds (0) or until its standard input ends.
"""
import json
import os
import select
import socket
import sys
import time

FIN_WAIT2 = 5


def serve(listener, passive, total, accepted):
    kept = []
    for number in range(total):
        connection, _ = listener.accept()
        kind = connection.recv(1)
        if kind == b"p":
            connection.close()
        elif kind == b"a":
            while connection.recv(1):
                pass
            connection.close()
        else:
            kept.append(connection)
    os.write(accepted, b"x")
    return kept


def finish(connection):
    """Ends our side and waits for the ACK: only then close() leaves a timewait socket for certain, not a full orphan."""
    connection.shutdown(socket.SHUT_WR)
    while connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != FIN_WAIT2:
        time.sleep(0.001)


def connect(port, kind):
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(kind)
    if kind == b"p":
        while connection.recv(1):
            pass
    if kind == b"l":
        finish(connection)
    connection.close()


def main():
    active, passive, leaked = map(int, sys.argv[1:4])
    stay = float(sys.argv[4]) if len(sys.argv) > 4 else 0
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    port = listener.getsockname()[1]
    done_read, done_write = os.pipe()
    client = os.fork()
    if client == 0:
        for kind, count in ((b"a", active), (b"p", passive), (b"l", leaked)):
            for _ in range(count):
                connect(port, kind)
        select.select([sys.stdin], [], [], stay)
        os._exit(0)
    kept = serve(listener, passive, active + passive + leaked, done_write)
    os.read(done_read, 1)
    for connection in kept:
        while connection.recv(1):
            pass
    print(json.dumps({"server": os.getpid(), "client": client, "port": port}), flush=True)
    os.waitpid(client, 0)


main()
