# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""workload.py NAME SECONDS: traffic whose figures are known, by a process that is called NAME. Prints "ready" when what stays is there:
30 sockets in CLOSE_WAIT that it does not close, 200 connections that it closed first, 5 that were refused; then 20 connections a
second, each closed by the side that accepted it, and one for ten of them that is refused, until SECONDS are over or standard input
ends; then how many of these there were."""
import select
import socket
import sys
import time

name, seconds = sys.argv[1], float(sys.argv[2])
with open("/proc/self/comm", "w") as comm:
    comm.write(name)

server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(64)
address = server.getsockname()
leaked = []


def connect(client_closes_first, server_closes=True):
    client = socket.create_connection(address)
    accepted, _ = server.accept()
    first, second = (client, accepted) if client_closes_first else (accepted, client)
    first.close()
    second.recv(1)
    if server_closes:
        second.close()
    else:
        leaked.append(second)


for _ in range(30):
    connect(True, server_closes=False)
for _ in range(200):
    connect(True)
closed = socket.socket()
closed.bind(("127.0.0.1", 0))


def be_refused():
    try:
        socket.create_connection(closed.getsockname())
    except ConnectionRefusedError:
        pass


for _ in range(5):
    be_refused()
print("ready", flush=True)
made, end = 0, time.monotonic() + seconds
while time.monotonic() < end and not select.select([sys.stdin], [], [], 0.05)[0]:
    connect(False)
    made += 1
    if made % 10 == 0:
        be_refused()
print(made, flush=True)
sys.stdin.read()
