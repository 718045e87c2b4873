# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Cases of diagnose: local ports and who takes them."""
import errno
import json
import os
import re
import socket
import subprocess
import time

from traffic import answered, case, connected, fails, kept, paced, steady
from world import ADDRESS, TOOL, Diagnosis, Shared, enter_net, evidence, ss, start, sysctl, unshare_net


# TD101, TD103: ports

@case
def td101_ports_are_used_up(world):
    sysctl("ipv4.ip_local_port_range", "42000 42019")
    world.server(5432, kept)

    def hold(say, _):
        mine = [connected(5432) for _ in range(20)]
        say()
        time.sleep(600)
        del mine

    world.spawn("nightly-batch", hold).wait()

    def fail_often(say, go):
        while True:
            go()
            error = fails(lambda: connected(5432))
            os.write(1, b"") if error else None
            say()

    victim = world.spawn("orders-api", fail_often)

    def look(**settings):
        for name, value in settings.items():
            sysctl("ipv4." + name, value)
        diagnosis = Diagnosis(2)
        victim.on()
        victim.wait()
        return diagnosis.finish()

    found = world.expect(look(), "TD101=now").found.get("TD101")
    if found:
        used = len([line for line in ss("dst", ADDRESS, "dport", "=", ":5432")])
        world.numbers(found, capacity=20, held=used)
        world.check("victim", "orders-api" in found["title"] and found["subject"]["pid"] == victim.pid, found["title"])
        world.check("holder", "20 by" in found["title"] and "nightly-batch" in found["title"], found["title"])
        world.check("useless", {"net.ipv4.tcp_fin_timeout", "nofile"} <= {item["setting"] for item in found["useless"]})
    # What is useless changes nothing, what is advised does.
    world.expect(look(tcp_fin_timeout=2, tcp_tw_reuse=1), "TD101=now")
    world.expect(look(ip_local_port_range="42000 43999"))


@case
def td101_range_shrunk(world):
    """The range was made smaller while ports outside of it are in use: these take none of what is left, and who has them is not to blame."""
    sysctl("ipv4.ip_local_port_range", "42000 42999")
    world.server(5432, kept)

    def hold(count):
        def body(say, _):
            mine = [connected(5432) for _ in range(count)]
            say()
            time.sleep(600)
            del mine
        return body

    world.spawn("before", hold(60)).wait()
    sysctl("ipv4.ip_local_port_range", "43000 43019")
    world.spawn("nightly-batch", hold(20)).wait()
    diagnosis = Diagnosis(2)

    def fail(say, _):
        fails(lambda: connected(5432))
        say()
        time.sleep(600)

    world.spawn("orders-api", fail).wait()
    found = world.expect(diagnosis.finish(), "TD101=now").found.get("TD101")
    if found:
        world.numbers(found, capacity=20, held=20)
        world.check("holder", "20 by nightly-batch[" in found["title"] and "before" not in json.dumps(found["evidence"]), found)
        world.check("others", evidence(found, "on_other_ports") == 60 and evidence(found, "open") == 20, found["evidence"])
    out = subprocess.run([TOOL, "ports", "-n", "self", "-d", "1"], capture_output=True, text=True, check=True).stdout
    world.check("ports", "20 of 20 used" in out and "nightly-batch" in out and "before" not in out and
                re.search(r"others +60 connections on ports that connect\(\) does not choose now", out), out)


@case
def td101_asked_for(world):
    """Others hold the ports, two fail: -p decides what is told, and whom it names, not what is seen. Each -p has its own exit code."""
    sysctl("ipv4.ip_local_port_range", "42000 42059")
    world.server(5432, lambda connection: (connection.recv(1), connection.close())[0])
    for _ in range(60):
        connected(5432).close()  # in TIME_WAIT, whose process is not known to those that start later

    def fail(rate):
        def body(say, _):
            say()
            while True:
                fails(lambda: connected(5432))
                time.sleep(1 / rate)
        return body

    victims = {name: world.spawn(name, fail(rate)) for name, rate in (("orders", 20), ("mails", 10))}
    other = world.spawn("other", lambda say, _: (say(), time.sleep(600)))
    for process in (*victims.values(), other):
        process.wait()

    for name, victim in victims.items():
        diagnosis = Diagnosis(3, "-p", str(victim.pid))
        found = world.expect(diagnosis.finish(), "TD101=now").found.get("TD101")
        if not found:
            continue
        # Who made the TIME_WAIT is not known, but that a pool would have spared them is.
        world.check("pool", found["change"][0].startswith(f"whoever connects to {ADDRESS}:5432 (now it is {name}[{victim.pid}]): keep "),
                    found["change"])
        also = found.get("also_failing", [])
        second = next(one for one in victims.values() if one is not victim)
        world.check("victim", found["title"].startswith(f"{name}[{victim.pid}] ") and found["subject"]["pid"] == victim.pid, found["title"])
        world.check("also", [(one["pid"], one["comm"]) for one in also] == [(second.pid, "mails" if name == "orders" else "orders")], also)
        if also:
            world.check("sum", 0 < also[0]["failures"] < evidence(found, "failures"), found)
    diagnosis = world.expect(Diagnosis(3, "-p", str(other.pid)).finish())
    world.check("code", diagnosis.code == 0, diagnosis.code)
    text = subprocess.run([TOOL, "diagnose", "-d", "3", "-p", str(other.pid)], capture_output=True, text=True, check=False)
    world.check("failures of others", text.returncode == 0 and " 0 connects failed" in text.stdout, text)
    text = subprocess.run([TOOL, "diagnose", "-d", "3", "-p", str(victims["mails"].pid)], capture_output=True, text=True, check=False)
    world.check("text", text.returncode == 3 and f"also fails: orders[{victims['orders'].pid}] " in text.stdout, text)
    # Whole once, then once more in a line under a head of its own; what takes longer than the run is not promised.
    whole, end = text.stdout.split("\nAt the end:\n")
    world.check("told twice", whole.count("NOW  TD101 ") == 1 and end.count("NOW  TD101 ") == 1, text.stdout)
    whole = re.sub(r"\n {6}", " ", whole)  # lines that were wrapped
    waits = re.search(r"^watching for \d s more .*\nstill to come: ([^:]*)\ntoo short for: ([^:]*): -d (\d+)$", whole, re.M)
    world.check("waits", waits and "TD121" not in waits[1] and "TD121 leak" in re.split(r",\s+", waits[2]) and 20 <= int(waits[3]) <= 23, whole)
    world.check("words", waits and all(re.match(r"TD\d\d\d [a-zA-Z]", one) for one in re.split(r",\s+", waits[1] + ", " + waits[2])), whole)


@case
def td101_elsewhere(world):
    """It was so before, in another namespace than ours: the begin is a bound, and each command is one of that namespace."""
    mine = os.open("/proc/self/ns/net", os.O_RDONLY)
    its = os.readlink("/proc/self/ns/net").split("[")[1].rstrip("]")
    sysctl("ipv4.ip_local_port_range", "42000 42019")
    world.server(5432, lambda connection: (connection.recv(1), connection.close())[0])
    for _ in range(20):
        connected(5432).close()

    def fail(say, _):
        say()
        while True:
            fails(lambda: connected(5432))
            time.sleep(0.1)

    victim = world.spawn("orders", fail)
    victim.wait()
    unshare_net()  # what runs of us from here on is in a namespace of its own
    diagnosis = Diagnosis(3, netns=its)
    text = start(TOOL, "diagnose", "-d", "3", "-n", its, stdout=subprocess.PIPE, text=True)
    found = world.expect(diagnosis.finish(), "TD101=now").found.get("TD101")
    out = text.communicate()[0]
    enter = f"nsenter -t {victim.pid} -n "
    world.check("text", f"in network namespace {its}: {enter.strip()}\n" in out and "since before " in out, out)
    if found:
        world.check("begin", found["since_at_least"], found)
        commands = {item["name"]: item["command"] for item in found["evidence"]}
        for name in "capacity", "time_wait":
            world.check(name, commands[name].startswith(enter), commands)
        shown = subprocess.run(commands["capacity"], shell=True, capture_output=True, text=True, check=False).stdout
        world.check("range", shown.split() == ["42000", "42019"], shown)
        shown = subprocess.run(commands["time_wait"], shell=True, capture_output=True, text=True, check=False).stdout
        world.check("time_wait", len(shown.splitlines()) == 21, shown)
        settings = [line for line in found["change"] if "sysctl " in line]
        world.check("change", settings and all(line.startswith(enter + "sysctl ") for line in settings), found["change"])
    for setting in diagnosis.settings.values():
        world.check("setting", setting["evidence"][0]["command"].startswith("nsenter -t "), setting)
    enter_net(mine)


@case
def td101_of_one_that_left(world):
    """Who fails has its sockets there, and is elsewhere itself: the namespace is to be entered by another process."""
    mine = os.open("/proc/self/ns/net", os.O_RDONLY)
    its = os.readlink("/proc/self/ns/net").split("[")[1].rstrip("]")
    sysctl("ipv4.ip_local_port_range", "42000 42019")
    world.server(5432, kept)

    def hold(say, _):
        connections = [connected(5432) for _ in range(20)]
        say()
        time.sleep(600)
        del connections

    def leave(say, _):
        sockets = [socket.socket() for _ in range(1000)]
        for client in sockets:
            client.setsockopt(socket.SOL_IP, 24, 1)
            client.bind((ADDRESS, 0))
        unshare_net()
        say()
        for client in sockets:
            fails(lambda: client.connect((ADDRESS, 5432)))
            time.sleep(0.05)
        time.sleep(600)

    world.spawn("resident", hold).wait()
    victim = world.spawn("leaver", leave)
    victim.wait()
    unshare_net()
    found = world.expect(Diagnosis(4, netns=its).finish(), "TD101=now").found.get("TD101")
    if found:
        world.check("victim", found["subject"]["pid"] == victim.pid, found["subject"])
        command = next(item["command"] for item in found["evidence"] if item["name"] == "capacity")
        shown = subprocess.run(command, shell=True, capture_output=True, text=True, check=False).stdout
        world.check("range", shown.split() == ["42000", "42019"], (command, shown))
    enter_net(mine)


@case
def td101_near_miss(world):
    sysctl("ipv4.ip_local_port_range", "42000 42019")
    world.server(5432, kept)
    diagnosis = Diagnosis(2)
    mine = [connected(5432) for _ in range(19)]
    world.expect(diagnosis.finish())
    del mine


def shop(rate, seconds, pace, lives):
    def body(say, _):
        say()
        pace(rate, seconds, lambda: lives.add(life()))
    return body


def life():
    """The time of connect() and close() together: no connection lives longer."""
    begin = time.monotonic()
    connected(5432).close()
    return time.monotonic() - begin


def running_out(world, rate, ports, pace=paced):
    sysctl("ipv4.ip_local_port_range", ports)
    sysctl("ipv4.tcp_fin_timeout", 2)  # useless here: it would be silent if TIME_WAIT became shorter
    world.server(5432, lambda connection: (connection.recv(1), connection.close())[0])
    diagnosis = Diagnosis(13)
    world.lives = Shared()
    client = world.spawn("shop", shop(rate, 600, pace, world.lives))
    client.wait()
    return diagnosis.finish(after=13)


@case
def td103_ports_run_out(world):
    found = world.expect(running_out(world, 12, "42000 42359", steady), "TD103=soon", "TD111").found
    used = len(ss("state", "time-wait"))  # all that were opened are there still; a busy machine opens fewer
    rate = used / 14 * 0.5, 12
    if "TD103" in found:
        # 360 ports / 60 s = 6 a second. What is left, at the rate that it tells; shop goes on for a moment after that.
        left = 360 - used
        told = evidence(found["TD103"], "rate")
        world.numbers(found["TD103"], wall=(left / told, (left + 30) / told), rate=rate, capacity=360, sustainable=(5.7, 6.3))
        world.check("opener", "shop" in found["TD103"]["title"], found["TD103"]["title"])
    if "TD111" in found:
        world.numbers(found["TD111"], rate=rate, life=(0, max(world.lives.all())))


@case
def td103_near_miss(world):
    """As many connections as the ports bear: TD111 says what it is, no forecast comes."""
    world.expect(running_out(world, 12, "42000 42799", steady), "TD111")


@case
def td103_remedy(world):
    """The wider range that is advised: as many connections, no forecast."""
    world.expect(running_out(world, 12, "10240 65535"), "TD111")


# TD102: beyond the cliff

def behind_the_cliff(world, used, last=42199):
    """Ports of one parity are looked at first: with more than half of them used each connect() has looked at all of these."""
    sysctl("ipv4.ip_local_port_range", f"42000 {last}")
    world.server(5432, kept)
    diagnosis = Diagnosis(6, "--set", "TD102.search=1")  # what is opened takes 2 s and more
    mine = []

    world.longest = 0

    def one():
        client = socket.socket()
        begin = time.monotonic()
        client.connect((ADDRESS, 5432))
        world.longest = max(world.longest, time.monotonic() - begin)
        mine.append(client)

    world.kept = mine
    for _ in range(used - 20):
        one()
    paced(10, 2, one)
    return diagnosis.finish()


@case
def td102_cliff(world):
    found = world.expect(behind_the_cliff(world, 140), "TD102=soon").found.get("TD102")
    if found:
        used = len(ss("dst", ADDRESS, "dport", "=", ":5432"))
        # The search is a part of connect(). What it takes is told by the bucket of a histogram.
        world.numbers(found, now=(0, 1.3 * world.longest), before=(0, 1.3 * world.longest), used=used, capacity=200, held=used)
        world.check("search", evidence(found, "search_p99_us") >= evidence(found, "search_p5_us") > 0, found["evidence"])


@case
def td102_near_miss(world):
    world.expect(behind_the_cliff(world, 95))


@case
def td102_remedy(world):
    """A range that is twice as wide, as advised: as many connections are before its cliff."""
    world.expect(behind_the_cliff(world, 140, 42399))


# TD104, TD105: ports of others

def bound_first(count, no_port=False, port=5432):
    """bind() before connect(), as curl --interface and Go's LocalAddr do it."""
    def body(say, go):
        mine = []
        for _ in range(count):
            client = socket.socket()
            client.setsockopt(socket.SOL_IP, 24, no_port)
            client.bind((ADDRESS, 0))
            client.connect((ADDRESS, port))
            mine.append(client)
        say()
        go()
        say()
        time.sleep(600)
    return body


@case
def td104_bind_before_connect(world):
    sysctl("ipv4.ip_local_port_range", "42000 42099")
    world.server(5432, answered)
    curl = world.spawn("curl", bound_first(20))
    curl.wait()
    found = world.expect(Diagnosis(2).finish(), "TD104=note").found.get("TD104")
    if found:
        world.numbers(found, blocked=len(ss("sport", "ge", ":42000", "sport", "le", ":42099")), range=100)
        world.check("who", "curl" in found["title"], found["title"])
    sysctl("ipv4.ip_local_port_range", "44000 44019")
    more = world.spawn("curl", bound_first(20))
    more.wait()
    world.check("bind", fails(lambda: socket.create_connection((ADDRESS, 5432), source_address=(ADDRESS, 0))) == errno.EADDRINUSE)
    found = world.expect(Diagnosis(2).finish(), "TD104=now").found.get("TD104")
    if found:
        world.numbers(found, capacity=len(ss("sport", "ge", ":44000", "sport", "le", ":44019")))
    for process in (curl, more):
        process.end()
        world.processes.remove(process)
    # The remedy, with as many connections.
    sysctl("ipv4.ip_local_port_range", "43000 43099")
    world.spawn("curl", bound_first(20, no_port=True)).wait()
    world.expect(Diagnosis(2).finish())


@case
def td104_near_miss(world):
    sysctl("ipv4.ip_local_port_range", "42000 42099")
    world.server(5432, kept)
    world.spawn("curl", bound_first(9)).wait()
    world.expect(Diagnosis(2).finish())


def service_goes(world, reserved):
    """A service whose port lies in the range is down, and all ports are used meanwhile."""
    sysctl("ipv4.ip_local_port_range", "42000 42009")
    if reserved:
        sysctl("ipv4.ip_local_reserved_ports", "42005")
    world.server(5432, kept)
    login = world.server(42005, kept, name="login-service")
    diagnosis = Diagnosis(7)
    diagnosis.looked()
    login.end()
    world.processes.remove(login)
    world.begin = time.monotonic()
    world.spawn("report", lambda say, _: ([connected(5432) for _ in range(9 if reserved else 10)], say(), time.sleep(600))[1]).wait()
    world.made = time.monotonic()
    return diagnosis


@case
def td105_port_of_a_service(world):
    diagnosis = service_goes(world, False)
    world.check("bind", fails(lambda: socket.create_server((ADDRESS, 42005))) == errno.EADDRINUSE)
    found = world.expect(diagnosis.finish(), "TD105=now").found.get("TD105")
    if found:
        world.numbers(found, port=42005, age=diagnosis.age(world.begin, world.made))
        world.check("title", "login-service" in found["title"] and "report" in found["title"], found["title"])


@case
def td105_remedy(world):
    diagnosis = service_goes(world, True)
    world.check("bind", not fails(lambda: socket.create_server((ADDRESS, 42005))))
    world.expect(diagnosis.finish())
