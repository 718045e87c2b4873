#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Sockets that were there before tcpdwell, in several network namespaces, some with a table of connections of their own, while other
connections come and go in each. With CAP_BPF and CAP_PERFMON alone, which let nobody enter a namespace, all TIME_WAIT and all
CLOSE_WAIT that nobody accepted are counted as `ss` counts them there: none is missing, none is there twice.
"""
import ctypes
import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import scenario  # noqa: E402
from scenario import check, differ, until  # noqa: E402

TOOL = os.path.abspath(sys.argv[1])
HERE, PORT, CHURN_PORT = "127.0.0.1", 21400, 21399
SHARED, OWN = 2, 2 # namespaces
WAITING, QUEUED = 40, 5
LIFE_S = 120 # of who holds a namespace, should we be killed
OWN_TABLE = "/proc/sys/net/ipv4/tcp_child_ehash_entries" # from 6.1 on; of namespaces that are made from this one
RIGHTS = "-all,+bpf,+perfmon"


def enter_new():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x40000000): # CLONE_NEWNET
        raise OSError(ctypes.get_errno(), "unshare")
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 0x41)) # SIOCSIFFLAGS: IFF_UP | IFF_RUNNING


def churn():
    """Connections that come and go, at a bounded rate."""
    listener = socket.create_server((HERE, CHURN_PORT))
    while True:
        client = socket.create_connection((HERE, CHURN_PORT))
        server = listener.accept()[0]
        server.close()
        client.close()
        time.sleep(0.01)


def hold(number, own_table, ready):
    """Makes a namespace and what waits in it, and says so."""
    if own_table:
        enter_new()
        with open(OWN_TABLE, "w", encoding="ascii") as entries:
            entries.write("1024")
    enter_new()
    listener = socket.create_server((HERE, PORT + number), backlog=64)
    for _ in range(WAITING + number):
        client = socket.create_connection((HERE, PORT + number))
        server = listener.accept()[0]
        client.close()
        server.close()
    for _ in range(QUEUED + number):
        socket.create_connection((HERE, PORT + number)).close()
    os.write(ready, b".")
    churn()


def forked(work, *arguments):
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.alarm(LIFE_S)
        work(*arguments)
    finally:
        os._exit(1)


def namespaces():
    """[pid of who holds it]"""
    own = OWN if os.path.exists(OWN_TABLE) else 0
    readable, ready = os.pipe()
    pids = [forked(hold, number, number < own, ready) for number in range(SHARED + own)]
    os.close(ready)
    for _ in pids:
        os.read(readable, 1)
    return pids


def counted_by_ss(pid, port):
    done = subprocess.run(["nsenter", "-t", str(pid), "-n", "ss", "-Htan", f"( sport = :{port} or dport = :{port} )"],
                          capture_output=True, text=True, check=False)
    states = [line.split()[0] for line in done.stdout.splitlines()]
    return states.count("TIME-WAIT"), states.count("CLOSE-WAIT")


def counted_by_tool():
    done = subprocess.run(["setpriv", "--inh-caps", RIGHTS, "--bounding-set", RIGHTS, TOOL, "top", "-b", "-j", "-n", "all", "--by=port",
                           "--max-rows=1000", "1", "1"], capture_output=True, text=True, check=False)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    groups = [group for it in found if it["type"] == "interval" for group in it["rows"]]
    return {group["service_port"]: (group["time_wait_now"], group["close_wait_now"]) for group in groups if group["kind"] == "group"}


def compare(pids):
    """None while TIME_WAIT was ending meanwhile; else what is not as it should be."""
    def truth():
        return {PORT + number: counted_by_ss(pid, PORT + number) for number, pid in enumerate(pids)}
    before, found, after = truth(), counted_by_tool(), truth()
    if before != after:
        return None
    gone = [port for port, (time_wait, _) in before.items() if time_wait != WAITING + port - PORT]
    if gone:
        return [f"the TIME_WAIT of ports {gone} were over before tcpdwell had looked"]
    return [""] + [differ(f"TIME_WAIT and CLOSE_WAIT of port {port}", found.get(port), known) for port, known in before.items()]


def main():
    pids = namespaces()
    try:
        wrong = until(lambda: compare(pids))
        check("all_namespaces_without_entering", wrong or ["the sockets would not stay"])
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return scenario.failures != 0


sys.exit(main())
