#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Connections in this namespace, each closed by its client first. Usage: connect.py N [CGROUP, to be in while it makes them]"""
import socket
import sys

if sys.argv[2:]:
    with open(sys.argv[2] + "/cgroup.procs", "w", encoding="ascii") as file:
        file.write("0")
listener = socket.create_server(("127.0.0.1", 0))
for _ in range(int(sys.argv[1])):
    client = socket.create_connection(listener.getsockname())
    server = listener.accept()[0]
    client.close()
    server.recv(1)
    server.close()
