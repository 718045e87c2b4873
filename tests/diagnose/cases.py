#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""For each code of diagnose what makes it, with the exact set of findings, and a near miss that stays silent. Where it can be done
the remedy is executed, and the useless advice too. Usage: cases.py CASE, or cases.py --list."""
import errno
import os
import resource
import select
import socket
import struct
import subprocess
import sys
import threading
import time

from world import (ADDRESS, TOOL, Diagnosis, enter_net, evidence, main, run, ss, sysctl, unshare_net)

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def connected(port, address=ADDRESS, source=ADDRESS):
    client = socket.socket()
    client.setsockopt(socket.SOL_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
    client.bind((source, 0))
    client.connect((address, port))
    return client


def until(what, seconds=10):
    """Waits for the kernel to say so."""
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise RuntimeError("it did not come about")
        time.sleep(0.02)


def paced(rate, seconds, what):
    """Calls what() so often a second."""
    begin = time.monotonic()
    for i in range(int(rate * seconds)):
        left = begin + i / rate - time.monotonic()
        if left > 0:
            time.sleep(left)
        what()


def fails(what):
    try:
        what().close()
    except OSError as error:
        return error.errno
    return 0


def kept(connection):
    return connection


def closed(connection):
    connection.close()


def answered(connection):
    """An HTTP server with keep-alive, as far as it goes: a byte for each byte, closed when the client does."""
    def serve():
        while connection.recv(1):
            connection.send(b"x")
        connection.close()

    threading.Thread(target=serve, daemon=True).start()


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


def shop(rate, seconds):
    def body(say, _):
        say()
        paced(rate, seconds, lambda: connected(5432).close())
    return body


@case
def td103_ports_run_out(world):
    sysctl("ipv4.ip_local_port_range", "42000 43199")
    world.server(5432, lambda connection: (connection.recv(1), connection.close())[0])
    diagnosis = Diagnosis(13)
    client = world.spawn("shop", shop(40, 14))
    client.wait()
    found = world.expect(diagnosis.finish(), "TD103=soon", "TD111").found
    if "TD103" in found:
        # 1200 ports / 60 s = 20 a second; at 40 a second they last 30 s.
        world.check("forecast", 10 < evidence(found["TD103"], "wall_in") < 22, found["TD103"]["title"])
        world.check("capacity", evidence(found["TD103"], "capacity") == 1200, found["TD103"]["title"])
        world.check("sustainable", 19 < evidence(found["TD103"], "sustainable_rate") < 21, found["TD103"]["title"])
        world.check("opener", "shop" in found["TD103"]["title"], found["TD103"]["title"])
    if "TD111" in found:
        opened = len(ss("state", "time-wait")) / 13  # all of them are there still; a busy machine opens fewer
        world.check("rate", opened * 0.8 < evidence(found["TD111"], "rate") < 44, found["TD111"]["title"])


@case
def td103_near_miss(world):
    """As many connections as the ports bear: TD111 says what it is, no forecast comes."""
    sysctl("ipv4.ip_local_port_range", "42000 43199")
    world.server(5432, lambda connection: (connection.recv(1), connection.close())[0])
    diagnosis = Diagnosis(13)
    client = world.spawn("shop", shop(12, 14))
    client.wait()
    world.expect(diagnosis.finish(), "TD111")


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


def overflowing(world, count):
    """No more than 30 may be in TIME_WAIT."""
    sysctl("ipv4.tcp_max_tw_buckets", 30)
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


# TD121, TD122: CLOSE_WAIT

def leave(world, rate, seconds, serve, diagnosis_s):
    world.server(8080, serve)
    diagnosis = Diagnosis(diagnosis_s)
    paced(rate, seconds, lambda: connected(8080).close())
    return diagnosis.finish()


@case
def td121_leak(world):
    found = world.expect(leave(world, 1.5, 23, kept, 23), "TD121=soon").found.get("TD121")
    if found:
        listed = len(ss("state", "close-wait", "sport", "=", ":8080"))
        world.check("count", abs(evidence(found, "close_wait") - listed) <= 2, f"{listed} {found['title']}")
        world.check("rate", 1.2 < evidence(found, "growth") < 1.8, found["title"])
        world.check("forecast", found["until"] is not None, found["title"])
        world.check("proved", found["confidence"] == "proved", found["title"])


@case
def td121_slow_closer(world):
    """Each is closed after two seconds: late, but closed."""
    def serve(connection):
        if not os.fork():
            time.sleep(2)
            os._exit(0)
        connection.close()

    world.expect(leave(world, 1.5, 23, serve, 23))


@case
def td121_too_early(world):
    """What is there and was not watched is not judged."""
    world.server(8080, kept)
    for _ in range(5):
        connected(8080).close()
    until(lambda: len(ss("state", "close-wait")) == 5)
    world.expect(Diagnosis(2).finish(), "TD121/too_early")


def pool_of(count, closes_after):
    def body(say, _):
        mine = [connected(8080) for _ in range(count)]
        say()
        for client in mine:
            client.recv(1)
        time.sleep(closes_after)
        for client in mine:
            client.close()
        time.sleep(600)
    return body


@case
def td122_idle_pool(world):
    world.server(8080, closed)
    diagnosis = Diagnosis(22)
    world.spawn("shop", pool_of(5, 60)).wait()
    found = world.expect(diagnosis.finish(), "TD122=note").found.get("TD122")
    if found:
        world.check("count", f"keeps {len(ss('state', 'close-wait'))} idle" in found["title"], found["title"])


@case
def td122_near_miss(world):
    world.server(8080, closed)
    diagnosis = Diagnosis(22)
    world.spawn("shop", pool_of(5, 3)).wait()
    world.expect(diagnosis.finish())


# TD124: descriptors

def holding(count, limit):
    def body(say, _):
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        before = len(os.listdir("/proc/self/fd")) - 1
        mine = [connected(8080) for _ in range(count - before)]
        say()
        time.sleep(600)
        del mine
    return body


@case
def td124_descriptors(world):
    world.server(8080, kept)
    process = world.spawn("shop", holding(55, 64))
    process.wait()
    found = world.expect(Diagnosis(2).finish(), "TD124=note").found.get("TD124")
    if found:
        listed = len(os.listdir(f"/proc/{process.pid}/fd"))
        world.check("descriptors", f"has {listed} of 64 descriptors" in found["title"], found["title"])
    full = world.spawn("full", holding(64, 64))
    full.wait()
    world.expect(Diagnosis(2, "-p", str(full.pid)).finish(), "TD124=now")


@case
def td124_near_miss(world):
    world.server(8080, kept)
    world.spawn("shop", holding(45, 64)).wait()
    world.expect(Diagnosis(2).finish())


# TD132: nobody accepts

def never_accepted(world, count):
    def body(say, _):
        listener = socket.socket()
        listener.bind((ADDRESS, 8080))
        listener.listen(128)
        say()
        time.sleep(600)

    world.spawn("stuck", body).wait()
    diagnosis = Diagnosis(5)
    for _ in range(count):
        connected(8080).close()
    return diagnosis.finish()


@case
def td132_gave_up_in_queue(world):
    found = world.expect(never_accepted(world, 5), "TD132=now").found.get("TD132")
    if found:
        world.check("count", f"{len(ss('state', 'close-wait'))} clients" in found["title"], found["title"])
        world.check("who", "stuck" in found["title"], found["title"])


@case
def td132_near_miss(world):
    world.expect(never_accepted(world, 2))


# TD123, TD131: stuck, and a full accept queue

def stuck_server(world, accepts, sent, queued):
    """It accepts some, and then nothing any more; what clients send is not read."""
    def body(say, _):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((ADDRESS, 8080))
        listener.listen(128)
        say()
        mine = [listener.accept() for _ in range(accepts)]
        say()
        time.sleep(600)
        del mine

    server = world.spawn("broker", body)
    server.wait()
    diagnosis = Diagnosis(9)
    for i in range(accepts):
        client = connected(8080)
        if i < sent:
            client.send(b"0123456789")
        client.close()
    server.wait()
    world.kept = [connected(8080) for _ in range(queued)]
    return server, diagnosis


@case
def td123_stuck(world):
    server, diagnosis = stuck_server(world, 4, 4, 2)
    found = world.expect(diagnosis.finish(), "TD123=now").found.get("TD123")
    if found:
        unread = [line for line in ss("state", "close-wait") if int(line.split()[0]) > 1]
        world.check("title", f"40 bytes on {len(unread)} connections" in found["title"] and "2 wait" in found["title"], found["title"])
        world.check("who", found["subject"]["pid"] == server.pid, found["title"])


@case
def td123_near_miss(world):
    """Two are not read: clients that closed early."""
    world.expect(stuck_server(world, 2, 2, 0)[1].finish())


def waiting(world, backlog, clients):
    def body(say, go):
        listener = socket.socket()
        listener.bind((ADDRESS, 8080))
        listener.listen(backlog)
        say()
        go()
        mine = [listener.accept() for _ in range(clients)]
        say()
        time.sleep(600)
        del mine

    server = world.spawn("slow-api", body)
    server.wait()
    diagnosis = Diagnosis(4)
    world.kept = []
    for _ in range(clients):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex((ADDRESS, 8080))
        world.kept.append(client)
    return server, diagnosis


@case
def td131_accept_queue_full(world):
    server, diagnosis = waiting(world, 4, 5)
    found = world.expect(diagnosis.finish(), "TD131=now").found.get("TD131")
    if found:
        depth, backlog = ss("-l", "sport", "=", ":8080")[0].split()[1:3]
        world.check("title", f"{depth} connections wait, {backlog} may" in found["title"] and "slow-api" in found["title"], found["title"])
    server.on()
    server.wait()
    world.expect(Diagnosis(2).finish())


@case
def last_line_names_codes(world):
    """What other commands print in text ends with the codes that apply, and without such a line where none does."""
    def check_all(expected):
        running = [(words, subprocess.Popen([TOOL, *words, "-n", "self", "-d", "2"], stdout=subprocess.PIPE, text=True))
                   for words in (("top", "-b"), ("leaks",), ("ports",))]
        for words, process in running:
            line = process.communicate()[0].splitlines()[-1]
            world.check(words[0], line == expected if expected else "findings:" not in line, line)
            world.check(words[0], not process.returncode, process.returncode)

    check_all(None)
    _, diagnosis = waiting(world, 4, 5)
    check_all("findings: TD131 (tcpdwell diagnose tells them)")
    world.expect(diagnosis.finish(), "TD131=now")


@case
def td131_nearly_full(world):
    world.expect(waiting(world, 10, 8)[1].finish(), "TD131=soon")


@case
def td131_near_miss(world):
    world.expect(waiting(world, 10, 7)[1].finish())


# TD141: the peer does not close

def half_closed(count):
    def body(say, _):
        mine = [connected(8080) for _ in range(count)]
        for client in mine:
            client.shutdown(socket.SHUT_WR)
        say()
        time.sleep(600)
    return body


@case
def td141_peer_does_not_close(world):
    server = world.server(8080, kept)
    diagnosis = Diagnosis(4, "--set", "TD141.age=1,TD141.count=6")
    world.spawn("shop", half_closed(6)).wait()
    found = world.expect(diagnosis.finish(), "TD141=note", "TD121/too_early").found.get("TD141")
    if found:
        world.check("peer", f"service[{server.pid}] does not close" in found["title"],
                    found["title"])
        world.check("count", f"shut down {len(ss('state', 'fin-wait-2'))} " in found["title"], found["title"])


@case
def td141_near_miss(world):
    world.server(8080, kept)
    diagnosis = Diagnosis(4, "--set", "TD141.age=1,TD141.count=6")
    world.spawn("shop", half_closed(5)).wait()
    world.expect(diagnosis.finish(), "TD121/too_early")


# TD142, TD151: the host does not answer

def forget(address, device):
    """From now on what goes to this host reaches nobody."""
    run("ip", "neighbour", "replace", address, "lladdr", "02:00:00:00:00:99", "dev", device, "nud", "permanent")


def gone_host():
    """10.9.9.0/24 is a network whose hosts take everything and answer nothing."""
    run("ip", "link", "add", "gone", "type", "veth", "peer", "name", "nowhere")
    run("ip", "address", "add", "10.9.9.1/24", "dev", "gone")
    run("ip", "link", "set", "nowhere", "up")
    run("ip", "link", "set", "gone", "up")
    forget("10.9.9.9", "gone")


def silent(count):
    def body(say, _):
        mine = []
        for _ in range(count):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("10.9.9.9", 443))
            mine.append(client)
        say()
        time.sleep(600)
    return body


@case
def td151_no_answer(world):
    gone_host()
    diagnosis = Diagnosis(3)
    world.spawn("shop", silent(6)).wait()
    found = world.expect(diagnosis.finish(), "TD151=now").found.get("TD151")
    if found:
        world.check("count", f"{len(ss('state', 'syn-sent'))} connects wait" in found["title"], found["title"])


@case
def td151_near_miss(world):
    gone_host()
    diagnosis = Diagnosis(3)
    world.spawn("shop", silent(4)).wait()
    world.expect(diagnosis.finish())


def cut_off(world, count):
    """Two namespaces and a cable that is pulled while connections are open; then they are closed."""
    def peer(say, go):
        unshare_net()
        say()
        go()
        run("ip", "address", "add", "10.8.8.2/24", "dev", "v1")
        run("ip", "link", "set", "v1", "up")
        listener = socket.socket()
        listener.bind(("10.8.8.2", 80))
        listener.listen(64)
        say()
        mine = [listener.accept() for _ in range(count)]
        say()
        time.sleep(600)
        del mine

    other = world.spawn("peer", peer)
    other.wait()
    run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", str(other.pid))
    run("ip", "address", "add", "10.8.8.1/24", "dev", "v0")
    run("ip", "link", "set", "v0", "up")
    other.on()
    other.wait()
    diagnosis = Diagnosis(5, "--set", "TD142.age=1,TD142.count=6")
    mine = [connected(80, "10.8.8.2", "10.8.8.1") for _ in range(count)]
    other.wait()
    forget("10.8.8.2", "v0")
    for client in mine:
        client.close()
    return diagnosis.finish()


@case
def td142_peer_does_not_answer(world):
    found = world.expect(cut_off(world, 6), "TD142=note").found.get("TD142")
    if found:
        world.check("count", found["title"].startswith(f"{len(ss('state', 'fin-wait-1'))} "), found["title"])


@case
def td142_near_miss(world):
    world.expect(cut_off(world, 5))


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


def refused(count):
    def body(say, _):
        say()
        for _ in range(count):
            fails(lambda: connected(9999))
        time.sleep(600)
    return body


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
    return diagnosis.finish()


@case
def td161_flood(world):
    found = world.expect(flooded(world, 200), "TD161").found.get("TD161")
    if found:
        half_open = len(ss("state", "syn-recv", "sport", "=", ":8080"))
        world.check("half-open", half_open and f"{half_open} are half-open" in found["title"], f"{half_open} {found['title']}")


@case
def td161_near_miss(world):
    """As many that are not finished as a few slow clients make."""
    world.expect(flooded(world, 20))


# TD171: silent

def silent_pool(world, count, keepalive):
    def alive(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, keepalive)
        connection.send(connection.recv(1))
        return connection

    def body(say, _):
        mine = [connected(5432) for _ in range(count)]
        for client in mine:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, keepalive)
            client.send(b"x")
            client.recv(1)
        say()
        time.sleep(600)

    server = world.server(5432, alive, name="database")
    world.spawn("pool", body).wait()
    return server, Diagnosis(9, "--set", "TD171.idle=6,TD171.count=5")


@case
def td171_silent(world):
    _, diagnosis = silent_pool(world, 5, False)
    found = world.expect(diagnosis.finish(), "TD171=note")
    world.check("both ends", sorted(one["subject"]["comm"] for one in found.all) == ["database", "pool"], found.all)


@case
def td171_remedy(world):
    world.expect(silent_pool(world, 5, True)[1].finish())


@case
def td171_near_miss(world):
    world.expect(silent_pool(world, 4, False)[1].finish())


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


# TD191: settings

@case
def td191_settings(world):
    values = {"net.ipv4.tcp_fin_timeout": 2, "net.ipv4.tcp_tw_reuse": 1, "net.ipv4.tcp_keepalive_time": 600, "net.core.somaxconn": 65535,
              "net.ipv4.tcp_syn_retries": 2, "net.ipv4.tcp_orphan_retries": 1, "net.ipv4.tcp_max_tw_buckets": 100}
    world.check("none before", not Diagnosis(2).finish().settings)
    for name, value in values.items():
        sysctl(name[4:], value)
    diagnosis = Diagnosis(2).finish()
    world.expect(diagnosis)
    world.check("settings", set(diagnosis.settings) == set(values), sorted(diagnosis.settings))
    for name, value in values.items():
        world.check(name, f" is {value}" in diagnosis.settings.get(name, {}).get("title", ""), diagnosis.settings.get(name))
    # 1 + 2 + 4 s, and 0.2 + 0.4 s.
    for name, seconds in ("net.ipv4.tcp_syn_retries", "7 seconds"), ("net.ipv4.tcp_orphan_retries", "600 ms"):
        world.check(name, seconds in diagnosis.settings.get(name, {}).get("title", ""), diagnosis.settings.get(name))


# Five reports, in small

def each_a_connection(rate, seconds, port=8080):
    """A client that makes an HttpClient for each call, and closes first."""
    def body(say, _):
        say()

        def ask():
            try:
                client = connected(port)
                client.send(b"x")
                client.recv(1)
                client.close()
            except OSError:
                pass
        paced(rate, seconds, ask)
        time.sleep(600)
    return body


@case
def report_rest_client(world):
    """A new HttpClient for each REST call: TD111 with median life and rate, TD103; gone with a pool: td111_remedy."""
    sysctl("ipv4.ip_local_port_range", "42000 42999")
    world.server(8080, answered)
    diagnosis = Diagnosis(12)
    world.spawn("java", each_a_connection(40, 13)).wait()
    found = world.expect(diagnosis.finish(), "TD103=soon", "TD111").found
    if "TD111" in found:
        world.check("life", evidence(found["TD111"], "median_life") < 0.1, found["TD111"])


@case
def report_login_service(world):
    """BindException in one service, since another project's client leaks CLOSE_WAIT until the ports are used up."""
    sysctl("ipv4.ip_local_port_range", "42000 42039")
    world.server(8080, closed)

    def leak(say, _):
        say()
        mine = []
        for _ in range(40):
            mine.append(connected(8080))
            time.sleep(0.55)
        say()
        time.sleep(600)

    diagnosis = Diagnosis(26)
    leaker = world.spawn("httplib-client", leak)
    leaker.wait()

    def login(say, go):
        go()
        for _ in range(3):
            fails(lambda: connected(8080))
        say()
        time.sleep(600)

    victim = world.spawn("login-service", login)
    leaker.wait()
    victim.on()
    victim.wait()
    found = world.expect(diagnosis.finish(), "TD101=now", "TD121=soon").found
    if "TD101" in found:
        title = found["TD101"]["title"]
        world.check("victim and holder", title.startswith("login-service") and "40 by httplib-client" in title and "CLOSE_WAIT" in title, title)
        world.check("change", "close" in found["TD101"]["change"][0] and "httplib-client" in found["TD101"]["change"][0], found["TD101"]["change"])


@case
def report_few_time_wait(world):
    """Eight TIME_WAIT only: no leak, no client that opens too much; the figures say what is excluded."""
    world.server(8080, answered)
    for _ in range(8):
        connected(8080).close()
    diagnosis = Diagnosis(11).finish()
    world.expect(diagnosis)
    world.check("figures", diagnosis.summary["totals"]["time_wait_now"] == len(ss("state", "time-wait")) == 8, diagnosis.summary)


@case
def report_message_broker(world):
    """A broker with CLOSE_WAIT whose data it does not read, near its limit of descriptors."""
    def body(say, _):
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
        listener = socket.socket()
        listener.bind((ADDRESS, 61616))
        listener.listen(128)
        say()
        mine = []
        try:
            while True:
                mine.append(listener.accept())
        except OSError:
            say()
        time.sleep(600)

    sysctl("ipv4.tcp_keepalive_time", 600)
    broker = world.spawn("broker", body)
    broker.wait()
    diagnosis = Diagnosis(10)
    for _ in range(45):
        client = connected(61616)
        client.send(b"message")
        client.close()
    broker.wait()
    diagnosis.finish()
    found = world.expect(diagnosis, "TD123=now", "TD124=now", "TD132=now").found
    world.check("keepalive", "(0 of" in diagnosis.settings.get("net.ipv4.tcp_keepalive_time", {}).get("title", ""), diagnosis.settings)
    if "TD124" in found:
        world.check("descriptors", f"has {len(os.listdir(f'/proc/{broker.pid}/fd'))} of 40 descriptors" in found["TD124"]["title"], found["TD124"]["title"])


@case
def report_web_service_client(world):
    """A client behind a balancer: all connections come from one address. Seen at the server; and each piece of the advice."""
    def balancer(say, go):
        unshare_net()
        say()
        go()
        run("ip", "address", "add", "10.8.8.2/24", "dev", "v1")
        run("ip", "link", "set", "v1", "up")
        for _ in range(60):
            client = connected(8080, "10.8.8.1", "10.8.8.2")
            client.recv(1)
            client.close()
        say()
        time.sleep(600)

    other = world.spawn("balancer", balancer)
    other.wait()
    run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", str(other.pid))
    run("ip", "address", "add", "10.8.8.1/24", "dev", "v0")
    run("ip", "link", "set", "v0", "up")
    sysctl("ipv4.tcp_fin_timeout", 2)
    sysctl("ipv4.tcp_tw_reuse", 1)
    world.server(8080, closed, address="10.8.8.1", name="axis")
    diagnosis = Diagnosis(4, "--set", "TD112.count=50,TD162.count=50")
    other.on()
    other.wait()
    found = world.expect(diagnosis.finish(), "TD112", "TD162").found
    world.check("settings", set(diagnosis.settings) == {"net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_tw_reuse"}, diagnosis.settings)
    world.check("recycle", "net.ipv4.tcp_tw_recycle" in [one["setting"] for one in found.get("TD112", {"useless": []})["useless"]])
    if "TD162" in found:
        world.check("title", "10.8.8.2 makes 100%" in found["TD162"]["title"] and "uses 60 of" in found["TD162"]["title"], found["TD162"]["title"])


# What is healthy

@case
def healthy_at_rest(world):
    diagnosis = Diagnosis(2).finish()
    world.expect(diagnosis)
    world.check("not examined", set(diagnosis.not_examined) >= {"TD121"}, diagnosis.not_examined)


@case
def healthy_keep_alive_under_load(world):
    """Forty clients, each with a connection of its own that it uses as fast as it can, and asks for another one now and then."""
    world.server(8080, answered)
    diagnosis = Diagnosis(21)

    def body(say, _):
        say()
        clients = [connected(8080) for _ in range(40)]
        end, turn = time.monotonic() + 22, 0
        while time.monotonic() < end:
            for client in clients:
                client.send(b"x")
            for client in clients:
                client.recv(1)
            turn += 1
            if not turn % 20:
                clients.pop(0).close()
                clients.append(connected(8080))
            time.sleep(0.02)

    world.spawn("client", body).wait()
    world.expect(diagnosis.finish())


@case
def hostile_name(world):
    """What a process is called can't upset a terminal, nor a line of JSON."""
    diagnosis = Diagnosis(2)
    world.spawn(b"\x1b[31m\r\n\x9b\"'x", refused(4)).wait()
    found = world.expect(diagnosis.finish(), "TD153").found.get("TD153")
    if found:
        text = found["title"] + found["subject"]["comm"] + "".join(found["change"])
        world.check("title", text.isprintable(), repr(text))


if __name__ == "__main__":
    if sys.argv[1] == "--list":
        print("\n".join(CASES))
    else:
        main(CASES)
