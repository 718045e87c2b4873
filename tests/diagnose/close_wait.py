# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Cases of diagnose: CLOSE_WAIT, and descriptors."""
import errno
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from traffic import case, closed, connected, kept, paced, until
from world import ADDRESS, LIBC, TOOL, Diagnosis, evidence, rename, ss, start, sysctl


# TD121, TD122: CLOSE_WAIT

def leave(world, rate, seconds, serve, diagnosis_s):
    """Each client closes after it was accepted, which it is told: none closes in the accept queue, however slow the machine."""
    def greet(connection):
        connection.send(b"x")
        return serve(connection)

    def visit():
        client = connected(8080)
        client.recv(1)
        client.close()

    world.server(8080, greet)
    diagnosis = Diagnosis(diagnosis_s)
    world.begin = time.monotonic()
    paced(rate, seconds, visit)
    return diagnosis.finish(after=0)


@case
def td121_leak(world):
    for name, value in ("tcp_fin_timeout", 1), ("tcp_keepalive_time", 1), ("tcp_keepalive_intvl", 1), ("tcp_keepalive_probes", 1), ("tcp_tw_reuse", 1):
        sysctl("ipv4." + name, value)  # useless here: not one of them is ended
    diagnosis = leave(world, 1.5, 23, kept, 23)
    found = world.expect(diagnosis, "TD121=soon").found.get("TD121")
    world.check("useless", len(ss("state", "close-wait", "sport", "=", ":8080")) == int(1.5 * 23))
    if found:
        listed = len(ss("state", "close-wait", "sport", "=", ":8080"))
        world.numbers(found, count=(listed - 2, listed), rate=(1.2, 1.8), age=diagnosis.age(world.begin, world.begin + 2))
        world.check("forecast", found["until"] is not None, found["title"])
        world.check("proved", found["confidence"] == "proved", found["title"])


def prefork(world, name, port, children, each, seconds):
    """A server that forks, a child at a time: each accepts so many and keeps them. Returns when all of its clients have closed."""
    def body(say, go):
        listener = socket.socket()
        listener.bind((ADDRESS, port))
        listener.listen(64)
        say()
        while True:
            go()
            if not os.fork():
                LIBC.prctl(1, 9)  # it ends with its parent
                mine = [listener.accept()[0] for _ in range(each)]
                for connection in mine:
                    connection.send(b"x")
                time.sleep(600)

    process = world.spawn(name, body)
    process.wait()

    def visit():
        process.on()
        for client in [connected(port) for _ in range(each)]:
            client.recv(1)
            client.close()

    if seconds:
        paced(children / seconds, seconds, visit)
    else:
        for _ in range(children):
            visit()


@case
def td121_spread_over_children(world):
    """No child of a server that forks has many: the service has."""
    diagnosis = Diagnosis(23)
    world.begin = time.monotonic()
    prefork(world, "httpd", 8080, 12, 2, 23)
    found = world.expect(diagnosis.finish(after=0), "TD121=soon").found.get("TD121")
    if not found:
        return
    listed = len(ss("state", "close-wait", "sport", "=", ":8080"))
    world.check("scenario", listed == 24, listed)
    world.numbers(found, count=(listed - 2, listed), rate=(0.7, 1.4), age=diagnosis.age(world.begin, world.begin + 3))
    world.check("processes", re.match(r"httpd \(1[12] processes\) leaks", found["title"]) and evidence(found, "processes") in (11, 12), found["title"])
    world.check("subject", found["subject"]["pid"] is None and found["subject"]["comm"] == "httpd" and found["subject"]["processes"] in (11, 12), found["subject"])
    commands = " ".join(str(item["command"]) for item in found["evidence"] if item["name"] == "close_wait")
    world.check("command", commands == "tcpdwell leaks -L 8080", commands)


@case
def td121_two_programs(world):
    """Two of each of three programs, on a port each: nothing is shared."""
    diagnosis = Diagnosis(23)
    for name, port in ("httpd", 8080), ("mailer", 8081), ("billing", 8082):
        prefork(world, name, port, 1, 2, 0)
    world.expect(diagnosis.finish(after=0))
    world.check("scenario", len(ss("state", "close-wait")) == 6, ss("state", "close-wait"))


@case
def td121_slow_closer(world):
    """Each is closed after two seconds: late, but closed."""
    def serve(connection):
        if not os.fork():
            time.sleep(2)
            os._exit(0)
        connection.close()

    world.expect(leave(world, 1.5, 23, serve, 23))


def leaks_until(limit):
    """A service that keeps what it accepts until it may not accept any more."""
    def body(say, _):
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        listener = socket.socket()
        listener.bind((ADDRESS, 8080))
        listener.listen(64)
        say()
        mine = []
        try:
            while True:
                mine.append(listener.accept()[0])
                mine[-1].send(b"x")
        except OSError as error:
            assert error.errno == errno.EMFILE, error
        say()
        time.sleep(600)
    return body


@case
def td121_until_it_is_full(world):
    """A leak that has taken all descriptors fails now, however short the run; it does not grow any more, and is no pool."""
    process = world.spawn("shop", leaks_until(64))
    process.wait()
    count = 64 - sum(int(name) < 64 for name in os.listdir(f"/proc/{process.pid}/fd"))
    for _ in range(count):
        client = connected(8080)
        client.recv(1)
        client.close()
    connected(8080)  # finds none
    process.wait()
    top = start(TOOL, "top", "-b", "-n", "self", "2", "1", stdout=subprocess.PIPE, text=True)
    found = world.expect(Diagnosis(2).finish(), "TD121=now", "TD124=now").found
    listed, opened = len(ss("state", "close-wait", "sport", "=", ":8080")) - 1, len(os.listdir(f"/proc/{process.pid}/fd"))
    if len(found) == 2:
        world.numbers(found["TD121"], count=count, open=opened, limit=64)
        world.check("listed", listed == count, f"{listed}, not {count}")
        world.numbers(found["TD124"], open=opened, limit=64, sockets=count, close_wait=count)
    out = top.communicate()[0]
    # One more is closed by its client in the accept queue.
    world.check("top", re.search(rf"^shop\[{process.pid}\]: \"Too many open files\", has {opened} of 64 descriptors; {count + 1} CLOSE_WAIT$", out, re.M) and
                re.search(rf"^shop\[{process.pid}\] +! no fds ", out, re.M), out)


@case
def td121_too_early(world):
    """What is there and was not watched is not judged."""
    world.server(8080, kept)
    for _ in range(5):
        connected(8080).close()
    until(lambda: len(ss("state", "close-wait")) == 5)
    found = world.expect(Diagnosis(2).finish(), "TD121/too_early").found.get("TD121")
    if found:
        world.numbers(found, count=len(ss("state", "close-wait")))


@case
def td121_passed_on(world):
    """A child has what its parent accepted: both are told."""
    def body(say, go):
        listener = socket.socket()
        listener.bind((ADDRESS, 8080))
        listener.listen(64)
        say()
        mine = [listener.accept()[0] for _ in range(5)]
        say()
        go()
        if not os.fork():
            rename("worker")
            LIBC.prctl(1, 9)  # it ends with its parent
            say()
            time.sleep(600)
        for connection in mine:
            connection.close()
        say()
        time.sleep(600)

    diagnosis = Diagnosis(4)
    path = f"{tempfile.mkdtemp()}/passed.rec"
    recorder = start(TOOL, "record", "-n", "self", "-o", path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: os.path.exists(path) and os.path.getsize(path))
    master = world.spawn("master", body)
    master.wait()
    diagnosis.looked()
    clients = [connected(8080) for _ in range(5)]
    master.wait()
    time.sleep(1)  # that it accepted them is seen
    master.on()
    master.wait(2)
    for client in clients:
        client.close()
    found = world.expect(diagnosis.finish(), "TD121/too_early").found.get("TD121")
    recorder.send_signal(signal.SIGINT)
    recorder.wait()
    out = subprocess.run([TOOL, "report", path, "leaks", "--older-than", "100ms"], capture_output=True, text=True, check=False).stdout
    shutil.rmtree(os.path.dirname(path))
    world.check("leaks", re.search(rf"^  5 sockets of worker\[\d+\].*, accepted by master\[{master.pid}\], port 8080", out, re.M), out)
    if found:
        world.check("holder", found["subject"]["comm"] == "worker", found["subject"])
        world.check("accepted by", evidence(found, "accepted_by") == f"master[{master.pid}]", found["evidence"])
        world.check("change", found["change"][-1].startswith(f"master[{master.pid}]: pass on only"), found["change"])


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
    begin = time.monotonic()
    world.spawn("shop", pool_of(5, 60)).wait()
    made = time.monotonic()
    found = world.expect(diagnosis.finish(after=22), "TD122=note").found.get("TD122")
    if found:
        world.numbers(found, count=len(ss("state", "close-wait")), age=diagnosis.age(begin, made + 1))


@case
def td122_unread_answers(world):
    """A client that asks anew each time and never reads what it is sent: no pool, and it is not stuck."""
    def serve(connection):
        connection.sendall(b"x" * 100)
        time.sleep(0.2)
        connection.close()

    def body(say, _):
        mine = []
        for _ in range(6):
            mine.append(connected(8080))
        say()
        time.sleep(600)

    world.server(8080, serve)
    diagnosis = Diagnosis(22)
    client = world.spawn("shop", body)
    client.wait()
    found = world.expect(diagnosis.finish(after=22), "TD121=note").found.get("TD121")
    if found:
        world.check("who", found["subject"]["pid"] == client.pid, found["title"])
        world.check("change", "answer" in found["change"][0], found["change"])


@case
def td122_near_miss(world):
    world.server(8080, closed)
    diagnosis = Diagnosis(22)
    world.spawn("shop", pool_of(5, 3)).wait()
    world.expect(diagnosis.finish())


# TD124: descriptors

def holding(count, limit):
    def body(say, _):
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, 1024))
        before = len(os.listdir("/proc/self/fd")) - 1
        mine = [connected(8080) for _ in range(count - before)]
        say()
        time.sleep(600)
        del mine
    return body


def compare_descriptors(world, found, process):
    """All sockets of the process are of TCP, and connected."""
    links = [os.readlink(f"/proc/{process.pid}/fd/{name}") for name in os.listdir(f"/proc/{process.pid}/fd")]
    sockets = sum(link.startswith("socket:") for link in links)
    world.numbers(found, open=len(links), limit=64, sockets=sockets, established=sockets)


@case
def td124_descriptors(world):
    world.server(8080, kept)
    process = world.spawn("shop", holding(55, 64))
    process.wait()
    found = world.expect(Diagnosis(2).finish(), "TD124=note").found.get("TD124")
    if found:
        compare_descriptors(world, found, process)
    # As advised where all of them are in use.
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (1024, 1024))
    full = world.spawn("full", holding(64, 64))
    full.wait()
    found = world.expect(Diagnosis(2).finish(), "TD124=now").found.get("TD124")  # of that one alone
    if found:
        compare_descriptors(world, found, full)


@case
def td124_workers(world):
    """Three workers of one program that all are near their limits: told once, by the fullest."""
    world.server(8080, kept)
    counts = 52, 56, 54

    def master(say, _):
        children = []
        for count in counts:
            theirs, ours = os.pipe()
            if not os.fork():
                LIBC.prctl(1, 9)  # it ends with its parent
                holding(count, 64)(lambda end=ours: os.write(end, b"."), None)
            children.append(theirs)
        for child in children:
            os.read(child, 1)
        say()
        time.sleep(600)

    world.spawn("worker", master).wait()
    diagnosis = world.expect(Diagnosis(2).finish(), "TD124=note")
    world.check("once", len(diagnosis.all) == 1, [finding["title"] for finding in diagnosis.all])
    for found in diagnosis.all:
        world.check("who", re.match(r"worker \(3 processes\): the fullest, \d+, has 56 of 64 descriptors open: ", found["title"]), found["title"])
        world.check("subject", found["subject"]["pid"] is None and found["subject"]["comm"] == "worker", found["subject"])


@case
def td124_near_miss(world):
    world.server(8080, kept)
    world.spawn("shop", holding(45, 64)).wait()
    world.expect(Diagnosis(2).finish())
