# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Cases of diagnose: local ports and who takes them."""
import errno
import os
import socket
import time

from traffic import answered, case, connected, fails, kept, paced, steady
from world import ADDRESS, Diagnosis, evidence, ss, sysctl


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
        world.check("title", f"all {used} local ports" in found["title"], found["title"])
        world.check("victim", "orders-api" in found["title"] and found["subject"]["pid"] == victim.pid, found["title"])
        world.check("holder", "20 by" in found["title"] and "nightly-batch" in found["title"], found["title"])
        world.check("useless", {"net.ipv4.tcp_fin_timeout", "nofile"} <= {item["setting"] for item in found["useless"]})
    # What is useless changes nothing, what is advised does.
    world.expect(look(tcp_fin_timeout=2, tcp_tw_reuse=1), "TD101=now")
    world.expect(look(ip_local_port_range="42000 43999"))


@case
def td101_near_miss(world):
    sysctl("ipv4.ip_local_port_range", "42000 42019")
    world.server(5432, kept)
    diagnosis = Diagnosis(2)
    mine = [connected(5432) for _ in range(19)]
    world.expect(diagnosis.finish())
    del mine


def shop(rate, seconds, pace):
    def body(say, _):
        say()
        pace(rate, seconds, lambda: connected(5432).close())
    return body


def running_out(world, rate, ports, pace=paced):
    sysctl("ipv4.ip_local_port_range", ports)
    sysctl("ipv4.tcp_fin_timeout", 2)  # useless here: it would be silent if TIME_WAIT became shorter
    world.server(5432, lambda connection: (connection.recv(1), connection.close())[0])
    diagnosis = Diagnosis(13)
    client = world.spawn("shop", shop(rate, 14, pace))
    client.wait()
    return diagnosis.finish()


@case
def td103_ports_run_out(world):
    found = world.expect(running_out(world, 12, "42000 42359"), "TD103=soon", "TD111").found
    if "TD103" in found:
        # 360 ports / 60 s = 6 a second; at 12 a second they last 30 s.
        world.check("forecast", 10 < evidence(found["TD103"], "wall_in") < 22, found["TD103"]["title"])
        world.check("capacity", evidence(found["TD103"], "capacity") == 360, found["TD103"]["title"])
        world.check("sustainable", 5.7 < evidence(found["TD103"], "sustainable_rate") < 6.3, found["TD103"]["title"])
        world.check("opener", "shop" in found["TD103"]["title"], found["TD103"]["title"])
    if "TD111" in found:
        opened = len(ss("state", "time-wait")) / 13  # all of them are there still; a busy machine opens fewer
        world.check("rate", opened * 0.8 < evidence(found["TD111"], "rate") < 13.2, found["TD111"]["title"])


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

    def one():
        client = socket.socket()
        client.connect((ADDRESS, 5432))
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
        world.check("count", f"{used} of 200 are used" in found["title"], found["title"])
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
        world.check("title", "block 20 of 100" in found["title"] and "curl" in found["title"], found["title"])
    sysctl("ipv4.ip_local_port_range", "44000 44019")
    more = world.spawn("curl", bound_first(20))
    more.wait()
    world.check("bind", fails(lambda: socket.create_connection((ADDRESS, 5432), source_address=(ADDRESS, 0))) == errno.EADDRINUSE)
    world.expect(Diagnosis(2).finish(), "TD104=now")
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
    time.sleep(2.5)  # it looks who listens once a second
    login.end()
    world.processes.remove(login)
    world.spawn("report", lambda say, _: ([connected(5432) for _ in range(9 if reserved else 10)], say(), time.sleep(600))[1]).wait()
    return diagnosis


@case
def td105_port_of_a_service(world):
    diagnosis = service_goes(world, False)
    world.check("bind", fails(lambda: socket.create_server((ADDRESS, 42005))) == errno.EADDRINUSE)
    found = world.expect(diagnosis.finish(), "TD105=now").found.get("TD105")
    if found:
        world.check("title", "42005" in found["title"] and "login-service" in found["title"] and "report" in found["title"], found["title"])


@case
def td105_remedy(world):
    diagnosis = service_goes(world, True)
    world.check("bind", not fails(lambda: socket.create_server((ADDRESS, 42005))))
    world.expect(diagnosis.finish())
