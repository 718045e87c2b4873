#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Clients that use up their ports while tcpdwell looks on: what it has foreseen, and where it sees the search become long. And what of
it is in the kernel while nobody looks at ports."""

import ctypes
import datetime
import errno
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time

TCPDWELL = os.environ.get("TCPDWELL", "build/tcpdwell")
LOW, PORTS, RATE = 40000, 400, 100
MANY_PORTS, SAMPLE, FACTOR = 4000, 100, 3  # where the search is long enough to be seen
WITHIN = 0.05
SURE_AFTER_S = 1.0  # of the client's time: before it the rate is of a few connections
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


def use_up(server):
    """When the first port of the other parity was chosen, and when none was found: seconds of the real-time clock."""
    begin, cliff, i = time.time(), None, 0
    while True:
        time.sleep(max(0, begin + i / RATE - time.time()))
        client = socket.socket()
        try:
            client.connect(server.getsockname())
        except OSError as error:
            assert error.errno == errno.EADDRNOTAVAIL, error
            return begin, cliff, time.time()
        if client.getsockname()[1] % 2 != LOW % 2 and not cliff:
            cliff = time.time()
        accepted = server.accept()[0]
        client.close()
        accepted.close()
        i += 1


def second(text):
    return datetime.datetime.fromisoformat(text[:26] + "+00:00").timestamp()


def worst(pictures, key, begin, actual):
    """The largest error of the forecasts, as a share of the time that was left."""
    errors = []
    for picture in pictures:
        now = second(picture["time"])
        left = actual - now
        if now - begin >= SURE_AFTER_S and left >= SURE_AFTER_S / 2 and picture[key] is not None:
            errors.append(abs(picture[key] - left) / left)
    return len(errors), max(errors, default=1)


def check(name, pictures, key, begin, actual):
    count, error = worst(pictures, key, begin, actual)
    print(f"# {name}: {count} forecasts, the worst is {100 * error:.1f} % off")
    if count >= 3 and error <= WITHIN:
        print(f"ok {name}")
        return True
    print(f"not ok {name}: {count} forecasts, the worst is {100 * error:.1f} % off")
    return False


def check_forecast():
    setting("ip_local_port_range", f"{LOW} {LOW + PORTS - 1}")
    server = socket.create_server(("127.0.0.1", 7001), backlog=100)
    tool = subprocess.Popen([TCPDWELL, "ports", "-j", "-n", "self", "0.1"], stdout=subprocess.PIPE, text=True)
    tool.stdout.readline()
    begin, cliff, wall = use_up(server)
    tool.send_signal(signal.SIGINT)
    lines = [json.loads(line) for line in tool.communicate()[0].splitlines()]
    pictures = [line for line in lines if line["type"] == "destination" and line["remote_port"] == 7001]
    results = [check("forecast_of_the_cliff", pictures, "cliff_in_s", begin, cliff),
               check("forecast_of_the_wall", pictures, "wall_in_s", begin, wall)]
    return all(results)


def searches_beside(connects):
    """How long connect() looked for a port, one after the other, as trace tells."""
    server = socket.create_server(("127.0.0.2", 7002), backlog=100)
    tool = subprocess.Popen([TCPDWELL, "trace", "-j", "--all", "-n", "self", "-D", "7002"], stdout=subprocess.PIPE, text=True)
    tool.stdout.readline()
    for _ in range(connects):
        client = socket.create_connection(server.getsockname())
        accepted = server.accept()[0]
        client.close()
        accepted.close()
    tool.send_signal(signal.SIGINT)
    lines = [json.loads(line) for line in tool.communicate()[0].splitlines()]
    return [line["port_search_ns"] for line in lines if line.get("new_state") == "ESTABLISHED" and "port_search_ns" in line]


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
