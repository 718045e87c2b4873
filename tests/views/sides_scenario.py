#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Which side a socket is on, by looks at the kernel's list alone (--no-bpf): what connected and what accepted is known here; the tool is
right about it or says that it does not know. With the listener there, and with the listener closed, which then tells nothing.
"""
import json
import os
import socket
import subprocess
import sys

sys.dont_write_bytecode = True
import scenario  # noqa: E402
from scenario import check, differ  # noqa: E402

TOOL = os.path.abspath(sys.argv[1])
HERE, OTHER = "127.0.0.1", "10.9.9.9" # two addresses of this namespace
PORT = 7400
kept = []


def connect(listener, bound=None):
    client = socket.socket()
    if bound:
        client.bind(bound)
    client.connect((HERE, PORT))
    kept.append((client, listener.accept()[0]))
    return kept[-1]


def half_closed(listener, bound=None, to_server=b"", to_client=b""):
    """The client's FIN is out: FIN_WAIT2 there, CLOSE_WAIT here, data both ways before."""
    client, server = connect(listener, bound)
    client.sendall(to_server)
    server.sendall(to_client)
    client.shutdown(socket.SHUT_WR)
    return client.getsockname()


def closed(listener, bound=None):
    """TIME_WAIT at the client."""
    client, server = connect(listener, bound)
    ends = client.getsockname()
    client.close()
    while server.recv(1):
        pass
    server.close()
    return ends


def state_of(ends):
    text = subprocess.run(["ss", "-Htan", "src", f"{ends[0]}:{ends[1]}"], capture_output=True, text=True, check=True).stdout
    return text.split()[0] if text else ""


def sides():
    """{(local, port): (side, service port)} of all that wait."""
    done = subprocess.run([TOOL, "leaks", "--no-bpf", "-j", "-n", "self", "--older-than", "1ms", "-r", "100", "--state",
                           "CLOSE_WAIT,FIN_WAIT2,TIME_WAIT"], capture_output=True, text=True, check=False)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {(it["local_addr"], it["local_port"], it["remote_addr"], it["remote_port"]): (it["side"], it["service_port"])
            for it in found if it["type"] == "leak"}


def check_sides(name, clients, unproved):
    found, wrong = sides(), []
    for ends in clients:
        wrong.append(differ(f"client {ends}", found.get((*ends, HERE, PORT)), ("active", PORT)))
        wrong.append(differ(f"server of {ends}", found.get((HERE, PORT, *ends)), ("passive", PORT)))
    for ends, side in unproved.items():
        wrong.append(differ(f"TIME_WAIT {ends}", found.get((*ends, HERE, PORT)), (side, side and PORT)))
    check(name, wrong)


def main():
    for command in ("link set lo up", f"addr add {OTHER}/32 dev lo"):
        subprocess.run(["ip", *command.split()], check=True)
    listener = socket.create_server((HERE, PORT))
    clients = [half_closed(listener), half_closed(listener, to_server=b"x" * 5000), half_closed(listener, to_client=b"y" * 7000),
               half_closed(listener, (HERE, 0), b"x", b"y"), half_closed(listener, (OTHER, 0)), half_closed(listener, (HERE, 7401))]
    ended = [closed(listener), closed(listener, (OTHER, 0))]
    while any(state_of(ends) != "FIN-WAIT-2" for ends in clients) or any(state_of(ends) != "TIME-WAIT" for ends in ended):
        pass
    check_sides("by_looks", clients, {ends: "active" for ends in ended})
    listener.close()
    check_sides("by_looks_after_the_listener", clients, {ends: None for ends in ended})


main()
sys.exit(1 if scenario.failures else 0)
