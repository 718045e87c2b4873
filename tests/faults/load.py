#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Connections on loopback, one after the other, as fast as they go, for three minutes at most. Prints a line when they begin."""
import os
import socket
import time

listener = socket.create_server(("127.0.0.1", 0), backlog=512)
port = listener.getsockname()[1]
end = time.monotonic() + 200
client = os.getpid()
if os.fork() == 0:
    listener.settimeout(1)
    while time.monotonic() < end and os.getppid() == client:
        try:
            listener.accept()[0].close()
        except TimeoutError:
            pass
    os._exit(0)
listener.close()
print(port, flush=True)
while time.monotonic() < end:
    try:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.recv(1)
    except OSError:
        break
