#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A prefork server whose client has gone before anybody accepts. Says {"master", "worker", "port"}; lets its worker accept when
descriptor 0 gives a byte, says {"fd"}; ends with descriptor 0."""

import json
import os
import socket
import sys


def say(**values):
    print(json.dumps(values), flush=True)


listener = socket.create_server(("127.0.0.1", 0))
ask, answer = os.pipe()
worker = os.fork()
if not worker:
    os.close(answer)
    if os.read(ask, 1):
        accepted = listener.accept()[0]
        say(fd=accepted.fileno())
        os.read(ask, 1)
    sys.exit(0)
os.close(ask)
socket.create_connection(listener.getsockname()).close()
say(master=os.getpid(), worker=worker, port=listener.getsockname()[1])
while os.read(0, 1):
    os.write(answer, b"x")
