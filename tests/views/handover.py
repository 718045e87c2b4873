#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A prefork server whose clients have gone before anybody accepts.

Usage: handover.py [CONNECTIONS]. Says {"master", "worker", "port"}; lets its worker accept one connection for each byte that descriptor
0 gives, which says {"fd"}; ends with descriptor 0.
"""

import json
import os
import socket
import sys


def say(**values):
    print(json.dumps(values), flush=True)


def work(ask, listener):
    """The worker: accepts when it is told to, and closes nothing."""
    kept = []
    while os.read(ask, 1):
        kept.append(listener.accept()[0])
        say(fd=kept[-1].fileno())
    sys.exit(0)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    listener = socket.create_server(("127.0.0.1", 0), backlog=count)
    ask, answer = os.pipe()
    worker = os.fork()
    if not worker:
        os.close(answer)
        work(ask, listener)
    os.close(ask)
    for _ in range(count):
        socket.create_connection(listener.getsockname()).close()
    say(master=os.getpid(), worker=worker, port=listener.getsockname()[1])
    while os.read(0, 1):
        os.write(answer, b"x")


main()
