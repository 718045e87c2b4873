#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Services of a night that the agent has to remember: accept queues that overflow beside others that are well.

Usage: unshare -n tests/history/queues.py TOOL FOLDER night|worse|many
Runs the agent with its history in FOLDER beside real listening sockets; all of it is gone when this returns. Prints what was so, as JSON:
times are UTC in seconds, pids by name, and what the kernel and the agent's metrics said while it went on.
"""
import ctypes
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

TOOL, FOLDER, CASE = sys.argv[1:]
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
children, agents, pids = [], [], {}


def rename(name):
    LIBC.prctl(15, name.encode(), 0, 0, 0)


def spawn(name, body):
    """A process of that name; returns when it said that it is ready. `pids` has who said so, which may be a child of it."""
    ready, said = os.pipe()
    pid = os.fork()
    if pid:
        os.close(said)
        children.append(pid)
        pids[name] = int(os.read(ready, 20))
        os.close(ready)
        return
    rename(name)
    try:
        os.close(ready)
        body(lambda: os.write(said, str(os.getpid()).encode()))
    finally:
        os._exit(1)


def listening(port, backlog, shared=False):
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    server.bind(("127.0.0.1", port))
    server.listen(backlog)
    return server


def accepts(port, backlog, after_s=0, shared=False):
    def body(say):
        server = listening(port, backlog, shared)
        say()
        time.sleep(after_s)
        while True:
            server.accept()[0].close()
    return body


def stuck(port, backlog, shared=False):
    def body(say):
        server = listening(port, backlog, shared)
        say()
        time.sleep(600)
        server.close()
    return body


def daemon(port, backlog):
    """Who called listen() is gone: its child has the socket."""
    def body(say):
        server = listening(port, backlog)
        if os.fork():
            os._exit(0)
        rename("daemon-child")
        say()
        time.sleep(600)
        server.close()
    return body


def connect(port):
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex(("127.0.0.1", port))
    return client


def listen_drops():
    with open("/proc/net/netstat", encoding="ascii") as file:
        names, values = [line.split() for line in file if line.startswith("TcpExt:")]
    return int(values[names.index("ListenDrops")])


def queue_of(port):
    """As ss has it: who waits, and the backlog."""
    line = subprocess.run(["ss", "-ltnH", "sport", "=", f":{port}"], capture_output=True, text=True, check=True).stdout.split()
    return [int(line[1]), int(line[2])]


def scrape():
    """Again, where a busy machine had not rendered it in time."""
    for _ in range(10):
        try:
            with urllib.request.urlopen("http://127.0.0.1:9669/metrics", timeout=10) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError:
            time.sleep(0.2)
    raise RuntimeError("no metrics")


def metrics():
    text = scrape()
    return {"findings": {f"{code} {severity}": int(value) for code, severity, value in
                         re.findall(r'^tcpdwell_findings\{code="(\w+)",severity="(\w+)"\} (\d+)', text, re.M)},
            "queues": {(comm): int(value) for comm, value in re.findall(r'^tcpdwell_accept_queue_connections\{.*comm="([^"]*)"\} (\d+)', text, re.M)},
            "limits": {(comm): int(value) for comm, value in re.findall(r'^tcpdwell_accept_queue_limit\{.*comm="([^"]*)"\} (\d+)', text, re.M)},
            "drops": {(comm): int(value) for comm, value in re.findall(r'^tcpdwell_accept_queue_drops_total\{.*comm="([^"]*)"\} (\d+)', text, re.M)}}


def start_agent(*more):
    log = open(FOLDER + ".log", "a")  # pylint: disable=consider-using-with
    agent = subprocess.Popen([TOOL, "agent", "--dir", FOLDER, "--budget", "16MiB", *more], stdout=log, stderr=log)
    agents.append(agent)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            urllib.request.urlopen("http://127.0.0.1:9669/readyz", timeout=5).close()
            return agent
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the agent is not ready")


def end_child(name):
    os.kill(pids[name], signal.SIGKILL)


def end_all():
    for pid in set(children) | set(pids.values()):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    for agent in agents:
        agent.kill()
        agent.wait()
    for pid in children:
        try:
            os.waitpid(pid, 0)
        except ChildProcessError:
            pass


class Traffic:
    """Clients of the services: those of stuck ones stay, the others are answered and gone."""

    def __init__(self, stuck_ports, fine_ports):
        self.stuck, self.fine, self.kept = stuck_ports, fine_ports, []

    def go_on(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.kept += [connect(port) for port in self.stuck]
            passing = [connect(port) for port in self.fine]
            time.sleep(0.2)
            for client in passing:
                client.close()

    def end(self):
        for client in self.kept:
            client.close()
        self.kept = []


def night():
    """Two agents, one after the other, and an overflow that begins with the first and ends with the second."""
    agent = start_agent("-n", "self")
    spawn("fine-api", accepts(8081, 128))
    spawn("slow-api", stuck(8080, 4))
    spawn("launcher", daemon(8082, 2))
    spawn("pair-good", accepts(8083, 3, shared=True))
    spawn("pair-stuck", stuck(8083, 3, shared=True))
    spawn("burst-api", accepts(8084, 2, after_s=2.5))
    time.sleep(1)
    said = {"before": metrics(), "burst": time.time(), "pids": pids}
    traffic = Traffic((8080, 8082, 8083), (8081,))
    traffic.kept = [connect(8084) for _ in range(8)]  # more than it has room for, and soon accepted
    time.sleep(7)  # where several drop at once it can't be told for sure which of them did
    said["begin"] = time.time()
    traffic.go_on(12)
    said["queue"], said["during"] = queue_of(8080), metrics()
    said["status"] = subprocess.run([TOOL, "agent", "status", "--dir", FOLDER], capture_output=True, text=True, check=True).stdout
    said["killed"] = time.time()
    agent.kill()
    agent.wait()
    said["drops_between"] = listen_drops()
    traffic.go_on(1)
    agent = start_agent("-n", "self")
    said["again"], said["drops_before"] = metrics() and time.time(), listen_drops()
    traffic.go_on(12)
    said["during_again"] = metrics()
    for name in "slow-api", "launcher", "pair-stuck":
        end_child(name)
    said["end"], said["drops"] = time.time(), listen_drops()
    traffic.end()
    time.sleep(22)
    said["after"] = metrics()
    agent.terminate()
    said["exit"] = agent.wait(20)
    return said


def worse():
    """A queue that is nearly full for a while, and then is, and drops."""
    agent = start_agent("-n", "self")
    spawn("slow-api", stuck(8080, 20))
    for client in [connect(8080) for _ in range(18)]:
        client.close()  # nobody waits for an answer, which would fail by itself after ten seconds
    time.sleep(12)
    said = {"early": metrics(), "pids": pids}
    traffic = Traffic((8080,), ())
    traffic.go_on(12)
    said["queue"], said["late"] = queue_of(8080), metrics()
    agent.terminate()
    said["exit"] = agent.wait(20)
    traffic.end()
    return said


def many():
    """500 listening sockets here, and 50 namespaces with one each, of which one is full."""
    def crowd(say):
        servers = [listening(10000 + i, 16) for i in range(500)]
        say()
        while True:
            time.sleep(0.1)
            for server in servers:
                server.setblocking(False)
                try:
                    server.accept()[0].close()
                except BlockingIOError:
                    pass

    def elsewhere(number):
        def body(say):
            if LIBC.unshare(CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "unshare")
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            server = listening(9000 + number, 2)
            say()
            kept = []
            while number == 33:  # of whom nobody accepts
                kept.append(connect(9000 + number))
                time.sleep(0.5)
            while True:
                client = connect(9000 + number)
                server.accept()[0].close()
                client.close()
                time.sleep(0.5)
        return body

    for i in range(50):
        spawn(f"pod-{i}", elsewhere(i))
    spawn("crowd", crowd)
    agent = start_agent("-n", "all")
    said = {"pids": pids, "begin": time.time()}
    traffic = Traffic((), range(10000, 10040))
    traffic.go_on(25)
    said["during"] = metrics()
    end_child("pod-33")
    said["end"] = time.time()
    time.sleep(10)
    agent.terminate()
    said["exit"] = agent.wait(20)
    return said


os.environ["PATH"] += ":/usr/sbin:/sbin"
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
rename("queues.py")
try:
    print(json.dumps({"night": night, "worse": worse, "many": many}[CASE]()))
finally:
    end_all()
