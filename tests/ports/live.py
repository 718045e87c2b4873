#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Clients that use up their ports while tcpdwell looks on: what it has foreseen, and where it sees the search become long. And what of
it is in the kernel while nobody looks at ports."""

import ctypes
import datetime
import errno
import json
import math
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

TCPDWELL = os.environ.get("TCPDWELL", "build/tcpdwell")
LOW, PORTS, RATE = 40000, 800, 100
MANY_PORTS, SAMPLE, FACTOR = 4000, 100, 3  # where the search is long enough to be seen
WITHIN = 0.05
# Between what a picture is made of and the time that it bears tcpdwell may not have the processor for a while: then the two do not belong
# together, and the forecast looks wrong by the difference. The worst in twenty do not count, nor one in ten where there are fewer.
FEW, OUTLIERS = 10, 0.05
SURE_AFTER_S = 2.0  # of the client's time: before it the rate is of a few connections
STEADY = 0.02  # the client's own rate before and after a picture differs by less
STEADY_PICTURES, TRIES = 3, 5
CLONE_NEWNET = 0x40000000


def setting(name, value):
    with open(f"/proc/sys/net/ipv4/{name}", "w", encoding="ascii") as file:
        file.write(value)


def enter_namespace():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        sys.exit(f"skip forecast: no network namespace: {os.strerror(ctypes.get_errno())}")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    setting("tcp_tw_reuse", "0")


class Tool:
    """tcpdwell in this namespace, tracing. Its lines are read while it runs: one whose output is full of them waits, and sees nothing."""

    def __init__(self, *words):
        self.process = subprocess.Popen([TCPDWELL, *words], stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()
        self.lines = []
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stdout))
        self.reader.start()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.reader.join()
        self.process.wait()
        return [json.loads(line) for line in self.lines]


def use_up(server):
    """When it had each port, when the first one of the other parity, when it found none: seconds of the real-time clock."""
    begin, cliff, took = time.time(), None, []
    while True:
        time.sleep(max(0, begin + len(took) / RATE - time.time()))
        client = socket.socket()
        try:
            client.connect(server.getsockname())
        except OSError as error:
            assert error.errno == errno.EADDRNOTAVAIL, error
            return took, cliff, time.time()
        took.append(time.time())
        if client.getsockname()[1] % 2 != LOW % 2 and not cliff:
            cliff = took[-1]
        accepted = server.accept()[0]
        client.close()
        accepted.close()


def second(text):
    return datetime.datetime.fromisoformat(text[:26] + "+00:00").timestamp()


def errors_of(pictures, key, took, limit, actual):
    """
    Of each forecast, as shares of the time that was left: by how much it misses what the client's rate so far leads to, and by how much
    what came, where the client went on as before. A machine with others on it does not let it do that always.
    """
    by_rate, by_truth = [], []
    for picture in pictures:
        now = second(picture["time"])
        done, left = sum(at <= now for at in took), actual - now
        if now - took[0] < SURE_AFTER_S or left < SURE_AFTER_S / 2 or picture[key] is None:
            continue
        expected = (limit - done) / (done / (now - took[0]))
        by_rate.append(abs(picture[key] - expected) / expected)
        if abs(expected - left) / left <= STEADY:
            by_truth.append(abs(picture[key] - left) / left)
    return by_rate, by_truth


def worst_of(errors):
    """Of those that count; 1 where there are none."""
    outliers = math.ceil(OUTLIERS * len(errors)) if len(errors) >= FEW else 0
    return max(sorted(errors)[:len(errors) - outliers], default=1)


def check(name, by_rate, by_truth):
    words = (f"{len(by_rate)} forecasts, the worst that counts is {100 * worst_of(by_rate):.1f} % off by the rate until then; "
             f"{len(by_truth)} where the rate stayed, the worst {100 * worst_of(by_truth):.1f} % off")
    print(f"# {name}: {words}")
    if worst_of(by_rate) > WITHIN or by_truth and worst_of(by_truth) > WITHIN:
        print(f"not ok {name}: {words}")
        return False
    if len(by_truth) < STEADY_PICTURES:
        print(f"skip {name}: the machine let no client be steady: {words}")
    else:
        print(f"ok {name}")
    return True


def check_forecast():
    """As many runs as it takes until there are enough forecasts with a steady client behind them; all that are made count."""
    setting("ip_local_port_range", f"{LOW} {LOW + PORTS - 1}")
    limits = {"cliff": PORTS // 2, "wall": PORTS}
    by_rate, by_truth = {name: [] for name in limits}, {name: [] for name in limits}
    for port in range(7010, 7010 + TRIES):
        server = socket.create_server(("127.0.0.1", port), backlog=100)
        tool = Tool("ports", "-j", "-n", "self", "0.1")
        took, *actual = use_up(server)
        pictures = [line for line in tool.stop() if line["type"] == "destination" and line["remote_port"] == port]
        for (name, limit), when in zip(limits.items(), actual):
            errors = errors_of(pictures, f"{name}_in_s", took, limit, when)
            by_rate[name] += errors[0]
            by_truth[name] += errors[1]
        if all(len(errors) >= STEADY_PICTURES for errors in by_truth.values()):
            break
    return all([check(f"forecast_of_the_{name}", by_rate[name], by_truth[name]) for name in limits])


def searches_beside(connects):
    """How long connect() looked for a port, one after the other, as trace tells."""
    server = socket.create_server(("127.0.0.2", 7002), backlog=100)
    tool = Tool("trace", "-j", "--all", "-n", "self", "-D", "7002")
    for _ in range(connects):
        client = socket.create_connection(server.getsockname())
        accepted = server.accept()[0]
        client.close()
        accepted.close()
    return [line["port_search_ns"] for line in tool.stop() if line.get("new_state") == "ESTABLISHED" and "port_search_ns" in line]


def check_knee():
    """Half of the ports are found at once, then each connect() looks through all of that half first."""
    setting("ip_local_port_range", f"{LOW} {LOW + MANY_PORTS - 1}")
    half = MANY_PORTS // 2
    searches = searches_beside(half + SAMPLE)
    before = statistics.median(searches[half - SAMPLE:half])
    behind = statistics.median(searches[half:])
    words = f"{len(searches)} searches, {before / 1000:.1f} us before the cliff at {half}, {behind / 1000:.1f} us behind it"
    print(f"# search_has_its_knee: {words}")
    if len(searches) == half + SAMPLE and behind >= FACTOR * before:
        print("ok search_has_its_knee")
        return True
    print(f"not ok search_has_its_knee: {words}")
    return False


def programs_of(bpftool, *words):
    """Names of the BPF programs that it has loaded, once it traces."""
    tool = subprocess.Popen([TCPDWELL, *words, "-n", "self"], stdout=subprocess.PIPE, text=True)
    tool.stdout.readline()
    ids = set()
    for fd in os.listdir(f"/proc/{tool.pid}/fdinfo"):
        with open(f"/proc/{tool.pid}/fdinfo/{fd}", encoding="ascii") as file:
            ids |= {line.split()[1] for line in file if line.startswith("prog_id:")}
    names = {json.loads(subprocess.run([bpftool, "-j", "prog", "show", "id", number], capture_output=True, check=True).stdout)["name"]
             for number in ids}
    tool.send_signal(signal.SIGINT)
    tool.communicate()
    return names


def check_nothing_runs_elsewhere():
    """Names are cut to 15 characters by the kernel."""
    bpftool = subprocess.run(["tools/find-bpftool"], capture_output=True, text=True, check=False)
    if bpftool.returncode:
        print("skip nothing_runs_elsewhere: there is no bpftool")
        return True
    mine = {"list_ports", "list_bound", "bind_fexit", "bind_kprobe", "bind_kretprobe", "bind_tracepoint"}
    bpftool = bpftool.stdout.strip()
    seen = {words[0]: programs_of(bpftool, *words) & mine
            for words in (["ports", "-j", "--bind-failures"], ["top", "-j"], ["trace", "-j"], ["hist", "-j"], ["leaks", "-j", "-d", "60"])}
    ports = seen.pop("ports")
    if {"list_ports", "list_bound"} < ports and not any(seen.values()):
        print("ok nothing_runs_elsewhere")
        return True
    print(f"not ok nothing_runs_elsewhere: of ports {ports}, of others {seen}")
    return False


def main():
    enter_namespace()
    results = [check_forecast(), check_knee(), check_nothing_runs_elsewhere()]
    sys.exit(0 if all(results) else 1)


main()
