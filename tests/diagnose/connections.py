# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Cases of diagnose: connections that are opened and closed often: TIME_WAIT, resets, refusals, floods."""
import socket
import struct
import subprocess
import time

from traffic import answered, case, closed, connected, fails, gone_host, paced, refused, settled
from world import ADDRESS, Diagnosis, evidence, ss, sysctl


# TD111: a connection for each request

@case
def td111_remedy(world):
    """The same requests over one connection: nothing to tell."""
    world.server(8080, answered)
    diagnosis = Diagnosis(12)

    def body(say, _):
        say()
        client = connected(8080)

        def ask():
            client.send(b"x")
            client.recv(1)
        paced(40, 13, ask)

    world.spawn("shop", body).wait()
    world.expect(diagnosis.finish())


@case
def td111_near_miss(world):
    """A burst as a browser makes it, and a pool that opens ten."""
    world.server(8080, answered)
    diagnosis = Diagnosis(12)
    for _ in range(60):
        connected(8080).close()
    pool = [connected(8080) for _ in range(10)]
    world.expect(diagnosis.finish())
    del pool


# TD112: the server closes first

def served_first(world, count, *options):
    world.server(8080, closed)
    diagnosis = Diagnosis(3, *options)
    for _ in range(count):
        client = connected(8080)
        client.recv(1)
        client.close()
    return diagnosis.finish()


@case
def td112_server_closes_first(world):
    found = world.expect(served_first(world, 60, "--set", "TD112.count=50"), "TD112=note").found.get("TD112")
    if found:
        listed = len(ss("state", "time-wait", "sport", "=", ":8080"))
        world.check("count", f"{listed} TIME_WAIT" in found["title"] and listed == 60, found["title"])
        world.check("who", "service" in found["title"], found["title"])


@case
def td112_near_miss(world):
    world.expect(served_first(world, 40, "--set", "TD112.count=50"))


def overflowing(world, count, limit=30):
    """No more than so many may be in TIME_WAIT."""
    sysctl("ipv4.tcp_max_tw_buckets", limit)
    world.server(8080, answered)
    diagnosis = Diagnosis(8)
    time.sleep(2.5)  # counters are looked at once a second: what they were before is known then
    for _ in range(count):
        connected(8080).close()
    return diagnosis.finish()


@case
def td113_time_wait_overflow(world):
    found = world.expect(overflowing(world, 45), "TD113=note").found.get("TD113")
    if found:
        counted = subprocess.run(["nstat", "-asz", "TcpExtTCPTimeWaitOverflow"], capture_output=True, text=True, check=True).stdout.split()
        world.check("count", evidence(found, "overflows_total") == int(counted[counted.index("TcpExtTCPTimeWaitOverflow") + 1]), found["title"])
        world.check("limit", "tcp_max_tw_buckets (30)" in found["title"], found["title"])


@case
def td113_near_miss(world):
    world.expect(overflowing(world, 30))


@case
def td113_remedy(world):
    """The limit is raised, as advised."""
    world.expect(overflowing(world, 45, 60))


# TD152, TD153: refused

def scanning(count):
    def body(say, _):
        say()
        for port in range(20000, 20000 + count):
            fails(lambda: connected(port))
        time.sleep(600)
    return body


@case
def td152_scan(world):
    diagnosis = Diagnosis(3)
    world.spawn("curious", scanning(150)).wait()
    found = world.expect(diagnosis.finish(), "TD152=note").found.get("TD152")
    if found:
        world.check("count", "150 different ports" in found["title"] and "150 of 150" in found["title"], found["title"])


@case
def td152_near_miss(world):
    diagnosis = Diagnosis(3)
    world.spawn("curious", scanning(90)).wait()
    world.expect(diagnosis.finish())


@case
def td153_refused(world):
    diagnosis = Diagnosis(2)
    world.spawn("shop", refused(4)).wait()
    found = world.expect(diagnosis.finish(), "TD153=now").found.get("TD153")
    if found:
        world.check("count", "4 connects" in found["title"] and ADDRESS + ":9999" in found["title"], found["title"])
    world.server(9999, closed)
    diagnosis = Diagnosis(2)
    world.spawn("shop", refused(4)).wait()
    world.expect(diagnosis.finish())


@case
def td153_near_miss(world):
    diagnosis = Diagnosis(2)
    world.spawn("shop", refused(2)).wait()
    world.expect(diagnosis.finish())


# TD161: handshakes that are not finished

def syn(source, port):
    """A SYN from an address that nobody has."""
    source, target = socket.inet_aton(source), socket.inet_aton(ADDRESS)
    tcp = struct.pack("!HHIIBBHHH", port, 8080, 1000 + port, 0, 5 << 4, 2, 65535, 0, 0)
    words = struct.unpack("!16H", source + target + struct.pack("!BBH", 0, 6, len(tcp)) + tcp)
    total = sum(words)
    total = (total >> 16) + (total & 0xffff)
    total = ~(total + (total >> 16)) & 0xffff
    ip = struct.pack("!BBHHHBBH4s4s", 5 << 4 >> 4 | 4 << 4, 0, 20 + len(tcp), 1, 0, 64, 6, 0, source, target)
    return ip + tcp[:16] + struct.pack("!H", total) + tcp[18:]


def half_open():
    return len(ss("state", "syn-recv", "sport", "=", ":8080"))


def flooded(world, count):
    gone_host()
    for device in "all", "lo":
        sysctl(f"ipv4.conf.{device}.rp_filter", 0)
    world.server(8080, answered, backlog=40)
    diagnosis = Diagnosis(8)
    time.sleep(2.5)  # counters are looked at once a second: what they were before is known then
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for i in range(count):
            raw.sendto(syn("10.9.9.9", 20000 + i), (ADDRESS, 0))
    world.half_open = settled(half_open)  # what was sent is taken by another task on a busy machine
    return diagnosis.finish()


@case
def td161_flood(world):
    found = world.expect(flooded(world, 200), "TD161").found.get("TD161")
    if found:
        told = evidence(found, "half_open")  # the kernel gives them up one by one, sooner while there are many
        world.check("half-open", half_open() <= told <= world.half_open, f"{half_open()} {world.half_open} {found['title']}")
        world.check("title", f"{told} are half-open" in found["title"], found["title"])


@case
def td161_near_miss(world):
    """As many that are not finished as a few slow clients make."""
    world.expect(flooded(world, 20))


# TD172: resets

def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def ended_by_reset(world, count):
    world.server(8080, reset)
    diagnosis = Diagnosis(2)
    for _ in range(count):
        client = connected(8080)
        try:
            client.recv(1)
        except ConnectionResetError:
            pass
        client.close()
    return diagnosis.finish()


@case
def td172_resets(world):
    found = world.expect(ended_by_reset(world, 12), "TD172=note").found.get("TD172")
    if found:
        world.check("count", "12 of 12" in found["title"] and "service" in found["title"], found["title"])


@case
def td172_near_miss(world):
    world.expect(ended_by_reset(world, 8))
