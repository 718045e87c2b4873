# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Cases of diagnose: connections that are opened and closed often: TIME_WAIT, resets, refusals, floods."""
import errno
import json
import os
import re
import resource
import socket
import struct
import time

from traffic import answered, case, closed, connected, fails, gone_host, paced, refused, settled
from world import ADDRESS, LIBC, Diagnosis, Shared, counter, evidence, nft, rename, setting, ss, sysctl


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


def started_again(world, name, seconds, body, pause_s=0.2):
    """A program that ends soon and is started again and again, each time as another process. Returns their pids."""
    pids = Shared()

    def supervise(say, _):
        say()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pid = os.fork()
            if not pid:
                rename(name)
                body()
                time.sleep(pause_s)
                os._exit(1)
            pids.add(pid)
            os.waitpid(pid, 0)
        say()
        time.sleep(600)

    supervisor = world.spawn("supervisor", supervise)
    supervisor.wait()
    return supervisor, pids


def names_no_pid(world, finding, pids):
    """Of processes that have ended nothing is to be looked up in /proc, and their numbers are told nowhere."""
    text = json.dumps([finding["title"], finding["change"], [(item["value"], item["command"]) for item in finding["evidence"]]])
    world.check("pids", not re.search(r"\b(?:pid[ =]?|/proc/|-p |\[)(?:%s)\b" % "|".join(str(int(pid)) for pid in pids), text), text)


@case
def td111_crash_loop(world):
    """A program that crashes and is started again: no process connects often, the program does."""
    world.server(8080, answered)
    diagnosis = Diagnosis(12)
    supervisor, pids = started_again(world, "billing", 13, lambda: [connected(8080).close() for _ in range(8)])
    supervisor.wait()  # all have ended: the last seconds are told of what is not there
    found = world.expect(diagnosis.finish(after=0), "TD111").found.get("TD111")
    if found:
        world.check("who", re.match(r"billing \(\d+ processes, (?:all|most of them|\d+ of them) ended\) opens", found["title"]), found["title"])
        world.check("processes", len(pids.all()) >= evidence(found, "processes") >= 5, (len(pids.all()), found))
        world.check("subject", found["subject"]["pid"] is None and found["subject"]["comm"] == "billing", found["subject"])
        world.check("change", found["change"][0].startswith("each process connects anew"), found["change"])
        names_no_pid(world, found, pids.all())


@case
def td111_workers(world):
    """Three workers that stay, none of which opens enough to be told of alone."""
    world.server(8080, answered)
    diagnosis = Diagnosis(12)

    def master(say, _):
        for _ in range(3):
            if not os.fork():
                LIBC.prctl(1, 9)  # it ends with its parent
                paced(3.5, 14, lambda: connected(8080).close())
                time.sleep(600)
        say()
        time.sleep(600)

    world.spawn("worker", master).wait()
    found = world.expect(diagnosis.finish(), "TD111").found.get("TD111")
    if found:
        world.check("who", found["title"].startswith("worker (3 processes) opens"), found["title"])
        world.check("change", not found["change"][0].startswith("each process connects anew"), found["change"])


@case
def td103_crash_loop(world):
    """The ports of all of them are held, less than the half that is tried first, and one finding tells it, whichever process was the last."""
    sysctl("ipv4.ip_local_port_range", "42000 42999")
    sysctl("ipv4.tcp_tw_reuse", 0)
    world.server(8080, answered)
    diagnosis = Diagnosis(12, "--set", "TD111.opened=100000")
    supervisor, pids = started_again(world, "billing", 13, lambda: [connected(8080).close() for _ in range(7)])
    supervisor.wait()
    found = world.expect(diagnosis.finish(after=0), "TD103=soon").found.get("TD103")
    world.check("one", len(diagnosis.all) == 1, [finding["title"] for finding in diagnosis.all])
    if found:
        world.check("who", "billing (" in found["title"] and " ended) opens" in found["title"], found["title"])
        world.check("holders", re.search(r"TIME_WAIT billing \(\d+ processes, .*ended\)", evidence(found, "held_by")), found["evidence"])
        names_no_pid(world, found, pids.all())


@case
def td103_names(world):
    """Workers with a name each, of which now this one opens the most and now that one: it is told once, with how many there are."""
    sysctl("ipv4.ip_local_port_range", "42000 42999")
    sysctl("ipv4.tcp_tw_reuse", 0)
    world.server(8080, answered)
    diagnosis = Diagnosis(12, "--set", "TD111.opened=100000,TD102.search=100000")

    def master(say, _):
        for number in range(4):
            if not os.fork():
                LIBC.prctl(1, 9)  # it ends with its parent
                rename(f"worker-{number}")
                for turn in range(12):
                    paced(20 if turn % 4 == number else 6, 2, lambda: connected(8080).close())
                time.sleep(600)
        say()
        time.sleep(600)

    world.spawn("worker", master).wait()
    diagnosis = world.expect(diagnosis.finish(after=18), "TD103=soon")
    world.check("once", len(diagnosis.all) == 1, [finding["title"] for finding in diagnosis.all])
    if diagnosis.all:
        world.check("who", " and 3 others open " in diagnosis.all[0]["title"], diagnosis.all[0]["title"])


@case
def td103_burst(world):
    """Many at once, after few: they are no rate, however few ports they would leave if they went on."""
    sysctl("ipv4.ip_local_port_range", "42000 42999")
    sysctl("ipv4.tcp_tw_reuse", 0)
    world.server(8080, answered)
    diagnosis = Diagnosis(12, "--set", "TD111.opened=100000,TD102.search=100000")

    def body(say, _):
        connected(8080).close()
        say()
        time.sleep(11)
        for _ in range(400):
            connected(8080).close()
        say()
        time.sleep(600)

    world.spawn("nightly", body).wait(2)
    world.expect(diagnosis.finish(after=3))


@case
def td103_ended_alone(world):
    """One process that did it all and has ended: it is named as what it was."""
    sysctl("ipv4.ip_local_port_range", "42000 42999")
    sysctl("ipv4.tcp_tw_reuse", 0)
    world.server(8080, answered)
    diagnosis = Diagnosis(12, "--set", "TD111.opened=100000")

    def body(say, _):
        say()
        paced(25, 12, lambda: connected(8080).close())
        say()

    client = world.spawn("billing", body)
    client.wait(2)
    os.waitid(os.P_PID, client.pid, os.WEXITED | os.WNOWAIT)
    found = world.expect(diagnosis.finish(after=0), "TD103=soon").found.get("TD103")
    if found:
        world.check("who", "billing (ended) opens" in found["title"], found["title"])
        world.check("subject", found["subject"]["pid"] == client.pid and found["subject"]["ended"] is True, found["subject"])
        names_no_pid(world, found, [client.pid])


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

# However long it takes: who opens them is told by another case.
SERVED = "--set", "TD112.count=50,TD111.opened=1000"


def served_first(world, count, *options):
    for name, value in ("fin_timeout", 10), ("tw_reuse", 1):  # of one second: a client that stands still so long leaves no TIME_WAIT
        sysctl("ipv4.tcp_" + name, value)  # useless here: as many are in TIME_WAIT
    world.server(8080, closed)
    diagnosis = Diagnosis(3, *options)
    for number in range(count):
        client = connected(8080, own_port=40000 + number)  # a port that the kernel takes again ends the server's TIME_WAIT of it
        client.recv(1)
        client.close()
    return diagnosis.finish()


@case
def td112_server_closes_first(world):
    found = world.expect(served_first(world, 60, *SERVED), "TD112=note").found.get("TD112")
    if found:
        listed = len(ss("state", "time-wait", "sport", "=", ":8080"))
        world.numbers(found, port=8080, count=listed, kib=(listed * 200 // 1024, listed * 320 // 1024))
        world.check("count", listed == 60, listed)
        world.check("who", "service" in found["title"], found["title"])


@case
def td112_from_before(world):
    """Of what was in TIME_WAIT before nobody can know who closed it; who serves the port is likely."""
    world.server(8080, closed)
    for _ in range(60):
        client = connected(8080)
        client.recv(1)
        client.close()
    found = world.expect(Diagnosis(3, *SERVED).finish(), "TD112=note").found.get("TD112")
    if found:
        world.check("who", re.match(r"probably service\[\d+\] closes", found["title"]), found["title"])
        world.check("confidence", found["confidence"] == "likely" and found["subject"]["pid"] is None, found)
        world.check("why", evidence(found, "of_unknown_process") == 60 and evidence(found, "why_unknown").startswith("closed before tcpdwell came"), found)


@case
def td112_near_miss(world):
    world.expect(served_first(world, 40, *SERVED))


@case
def td112_remedy(world):
    """Keep-alive, and clients that close first, as advised: the service has none."""
    world.server(8080, answered)
    diagnosis = Diagnosis(3, "--set", "TD112.count=1,TD111.opened=1000")
    for _ in range(30):
        connected(8080).close()
    client = connected(8080)
    for _ in range(60):
        client.send(b"x")
        client.recv(1)
    world.expect(diagnosis.finish())
    world.check("kernel", not ss("state", "time-wait", "sport", "=", ":8080") and len(ss("state", "time-wait")) == 30, ss("state", "time-wait"))


def overflowing(world, count, limit=30):
    """No more than so many may be in TIME_WAIT."""
    sysctl("ipv4.tcp_max_tw_buckets", limit)
    world.server(8080, answered)
    diagnosis = Diagnosis(8)
    diagnosis.looked()
    for _ in range(count):
        connected(8080).close()
    return diagnosis.finish()


@case
def td113_time_wait_overflow(world):
    found = world.expect(overflowing(world, 45), "TD113=note").found.get("TD113")
    if found:
        counted = counter("TcpExtTCPTimeWaitOverflow")
        world.check("count", evidence(found, "overflows_total") == counted, found["title"])
        world.numbers(found, limit=setting("ipv4.tcp_max_tw_buckets"), overflows=(1, counted))  # the first may have been before it looked


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
        world.numbers(found, ends=150, failed=counter("TcpAttemptFails"), connects=counter("TcpActiveOpens"))


@case
def td152_processes(world):
    """A script that starts a program for each port: none of them connects to more than one."""
    diagnosis = Diagnosis(3)

    def script(say, _):
        say()
        for port in range(20000, 20120):
            pid = os.fork()
            if not pid:
                rename("nc")
                fails(lambda end=port: connected(end))
                os._exit(0)
            os.waitpid(pid, 0)
        say()
        time.sleep(600)

    world.spawn("script", script).wait(2)
    found = world.expect(diagnosis.finish(after=0), "TD152=note").found.get("TD152")
    if found:
        world.numbers(found, ends=120, failed=counter("TcpAttemptFails"), connects=counter("TcpActiveOpens"))
        world.check("who", re.match(r"nc \(120 processes, .*ended\) connects", found["title"]), found["title"])


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
        world.numbers(found, count=counter("TcpAttemptFails"), window=(1, diagnosis.age(diagnosis.begin)[1]))
        world.check("whom", ADDRESS + ":9999" in found["title"], found["title"])
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


def flood(count, first=20000):
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for i in range(count):
            raw.sendto(syn("10.9.9.9", first + i), (ADDRESS, 0))


def gets_through():
    with socket.socket() as client:
        client.settimeout(10)
        try:
            client.connect((ADDRESS, 8080))
            client.send(b"x")
            return client.recv(1) == b"x"
        except TimeoutError:
            return False


def flooded(world, count):
    gone_host()
    for device in "all", "lo":
        sysctl(f"ipv4.conf.{device}.rp_filter", 0)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    server = world.server(8080, answered, backlog=40)
    # Useless here: what is half-open has no descriptor, and is not in FIN_WAIT2.
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (hard, hard))
    sysctl("ipv4.tcp_fin_timeout", 1)
    diagnosis = Diagnosis(8)
    diagnosis.looked()
    flood(count)
    world.half_open = settled(half_open)  # what was sent is taken by another task on a busy machine
    return diagnosis


@case
def td161_flood(world):
    diagnosis = flooded(world, 200)
    world.check("SYN cookies: a real client gets through", gets_through())
    found = world.expect(diagnosis.finish(), "TD161").found.get("TD161")
    if found:
        told = evidence(found, "half_open")  # the kernel gives them up one by one, sooner while there are many
        world.check("half-open", half_open() <= told <= world.half_open, f"{half_open()} {world.half_open} {found['title']}")
        world.numbers(found, port=8080, half_open=told, backlog=int(ss("-l", "sport", "=", ":8080")[0].split()[2]),
                      cookies=counter("TcpExtSyncookiesSent"), dropped=counter("TcpExtTCPReqQFullDrop"))


@case
def td161_near_miss(world):
    """As many that are not finished as a few slow clients make."""
    world.expect(flooded(world, 20).finish())


@case
def td161_remedy(world):
    """A packet filter that counts new connections by source, as advised: as many are sent, and hardly one gets to the service."""
    nft("add table ip upstream; add set ip upstream sources { type ipv4_addr; flags dynamic; size 1000; };"
        "add chain ip upstream in { type filter hook input priority 0; };"
        "add rule ip upstream in tcp flags & (syn | ack) == syn add @sources { ip saddr limit rate over 1/second burst 5 packets } drop")
    diagnosis = flooded(world, 200)
    world.check("half-open", 0 < world.half_open < 32, world.half_open)
    world.check("a real client gets through", gets_through())
    world.expect(diagnosis.finish())


# TD172: resets

def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def not_read(connection):
    """It answers before it has read the request, and closes."""
    connection.recv(1, socket.MSG_PEEK)
    connection.close()


def read_and_closed(connection):
    while connection.recv(100) == b"x" * 100:
        pass
    connection.close()


def ended(world, count, serve, request):
    """What clients are told at the end of each connection: 0, or an error's number."""
    world.server(8080, serve)
    diagnosis = Diagnosis(2)
    world.begin = time.monotonic()
    errors = set()
    for _ in range(count):
        client = connected(8080)
        try:
            client.send(request)
            client.recv(1)
            errors.add(0)
        except ConnectionError as error:
            errors.add(error.errno)
        client.close()
    return errors, diagnosis.finish()


def ended_by_reset(world, count):
    return ended(world, count, reset, b"")[1]


@case
def td172_resets(world):
    diagnosis = ended_by_reset(world, 12)
    found = world.expect(diagnosis, "TD172=note").found.get("TD172")
    if found:
        seconds = max(1, diagnosis.age(world.begin)[1])  # shorter is no rate
        world.numbers(found, port=8080, resets=counter("TcpOutRsts"), ended=counter("TcpPassiveOpens"), rate=(12 / seconds, 12))
        world.check("who", "service" in found["title"], found["title"])


@case
def td172_near_miss(world):
    world.expect(ended_by_reset(world, 8))


@case
def td172_not_read(world):
    errors, diagnosis = ended(world, 12, not_read, b"x" * 150)
    found = world.expect(diagnosis, "TD172=note").found.get("TD172")
    world.check("clients", errors == {errno.ECONNRESET}, errors)
    if found:
        world.check("count", "12 of 12" in found["title"], found["title"])


@case
def td172_remedy(world):
    """It reads to the end before it closes, without SO_LINGER, as advised."""
    errors, diagnosis = ended(world, 12, read_and_closed, b"x" * 150)
    world.expect(diagnosis)
    world.check("clients", errors == {0}, errors)


@case
def td172_out_of_descriptors(world):
    """A service that resets since it has no descriptor left: these come first, and to read to the end helps nothing."""
    def body(say, _):
        resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        listener.bind((ADDRESS, 8080))
        listener.listen(64)
        used = []
        try:
            while True:
                used.append(os.open("/dev/null", os.O_RDONLY))
        except OSError as error:
            assert error.errno == errno.EMFILE, error
        os.close(used.pop())
        say()
        while True:  # with the one that is left it says that it can't serve
            connection, _ = listener.accept()
            connection.close()

    world.spawn("service", body).wait()
    diagnosis = Diagnosis(3)
    for _ in range(12):
        client = connected(8080)
        fails(lambda client=client: client.recv(1))
        client.close()
    found = world.expect(diagnosis.finish(), "TD172=note").found.get("TD172")
    if found:
        world.check("first", found["change"][0].startswith("first its descriptors: ") and "TD124" in found["change"][0], found["change"])
        world.check("evidence", evidence(found, "descriptors_limit") == 24 and evidence(found, "descriptors") >= 22, found["evidence"])
