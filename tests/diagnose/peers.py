# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Cases of diagnose: peers that do not close, do not answer, or say nothing."""
import errno
import os
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from traffic import case, connected, fails, forget, gone_host, kept, until, with_peer
from world import ADDRESS, LIBC, TOOL, Diagnosis, Skip, evidence, run, ss, start, sysctl


# TD141: the peer does not close

def half_closed(count):
    """Until it is told to close them."""
    def body(say, go):
        mine = [connected(8080) for _ in range(count)]
        for client in mine:
            client.shutdown(socket.SHUT_WR)
        say()
        go()
        for client in mine:
            client.close()
        say()
        time.sleep(600)
    return body


def closes_when_told(world, count):
    def body(say, go):
        listener = socket.socket()
        listener.bind((ADDRESS, 8080))
        listener.listen(128)
        say()
        accepted = [listener.accept()[0] for _ in range(count)]
        go()
        for connection in accepted:
            connection.close()
        say()
        time.sleep(600)

    server = world.spawn("service", body)
    server.wait()
    return server


FIN_WAIT2 = "--set", "TD141.age=1,TD141.count=6"


@case
def td141_peer_does_not_close(world):
    sysctl("ipv4.tcp_fin_timeout", 1)  # useless here: a process has them
    server = closes_when_told(world, 6)
    diagnosis = Diagnosis(4, *FIN_WAIT2)
    begin = time.monotonic()
    world.spawn("shop", half_closed(6)).wait()
    made = time.monotonic()
    found = world.expect(diagnosis.finish(), "TD141=note", "TD121/too_early").found.get("TD141")
    if found:
        world.check("peer", f"service[{server.pid}] does not close" in found["title"],
                    found["title"])
        world.numbers(found, count=len(ss("state", "fin-wait-2")), age=diagnosis.age(begin, made))
    # The peer closes, as advised.
    server.on()
    server.wait()
    until(lambda: not ss("state", "fin-wait-2"))
    world.expect(Diagnosis(2, *FIN_WAIT2).finish())


@case
def td141_close_for_shutdown(world):
    """close() in place of shutdown(), as advised: what the peer does not close ends by tcp_fin_timeout here, and stays the peer's leak."""
    sysctl("ipv4.tcp_fin_timeout", 1)
    world.server(8080, kept)
    diagnosis = Diagnosis(4, *FIN_WAIT2)
    shop = world.spawn("shop", half_closed(6))
    shop.wait()
    shop.on()
    shop.wait()
    world.expect(diagnosis.finish(), "TD121/too_early")
    until(lambda: not ss("state", "fin-wait-2"))
    world.check("peer", len(ss("state", "close-wait")) == 6)


@case
def td141_orphans(world):
    """What was closed has no descriptor: the kernel ends it. Neither the live run nor a recording says that a process waits."""
    world.server(8080, kept)
    path = f"{tempfile.mkdtemp()}/orphans.rec"
    recorder = start(TOOL, "record", "-n", "self", "-o", path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    diagnosis = Diagnosis(5, *FIN_WAIT2)
    until(lambda: os.path.exists(path) and os.path.getsize(path))

    def body(say, _):
        mine = [connected(8080) for _ in range(7)]
        say()
        for client in mine:
            client.close()
        say()
        time.sleep(600)

    world.spawn("shop", body).wait(2)
    until(lambda: len(ss("state", "fin-wait-2")) == 7)
    world.expect(diagnosis.finish(), "TD121/too_early")
    recorder.send_signal(signal.SIGINT)
    recorder.wait()
    for options in (), ("--since", "2s"):
        text = subprocess.run([TOOL, "report", path, "diagnose", *FIN_WAIT2, *options], capture_output=True, text=True, check=False).stdout
        world.check("recorded", "7 CLOSE_WAIT" in text and "TD141" not in text, text)
    shutil.rmtree(os.path.dirname(path))


@case
def td141_near_miss(world):
    world.server(8080, kept)
    diagnosis = Diagnosis(4, "--set", "TD141.age=1,TD141.count=6")
    world.spawn("shop", half_closed(5)).wait()
    world.expect(diagnosis.finish(), "TD121/too_early")


# TD142, TD151: the host does not answer

def silent(count):
    """Each connect() is given up when it is told to."""
    def body(say, go):
        mine = []
        for _ in range(count):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("10.9.9.9", 443))
            mine.append(client)
        say()
        go()
        for client in mine:
            client.close()
        say()
        time.sleep(600)
    return body


def host_is_back(world):
    """The host that did not answer is this one from now on, and something listens."""
    run("ip", "address", "add", "10.9.9.9/32", "dev", "lo")
    world.server(443, kept, address="10.9.9.9")


@case
def td151_no_answer(world):
    gone_host()
    sysctl("ipv4.ip_local_port_range", "10240 65535")  # useless here: there are ports
    diagnosis = Diagnosis(3)
    begin = time.monotonic()
    shop = world.spawn("shop", silent(6))
    shop.wait()
    made = time.monotonic()
    found = world.expect(diagnosis.finish(), "TD151=now").found.get("TD151")
    if found:
        world.numbers(found, count=len(ss("state", "syn-sent")), age=diagnosis.age(begin, made))
    shop.end()
    world.processes.remove(shop)
    # As advised: the destination answers.
    host_is_back(world)
    diagnosis = Diagnosis(2)
    world.spawn("shop", silent(6)).wait()
    world.expect(diagnosis.finish())
    world.check("answered", len(ss("state", "established", "dport", "=", ":443")) == 6, ss())


@case
def td151_timeout(world):
    """A connect timeout, as advised: nothing waits any more, and what is wrong with the destination stays told."""
    gone_host()
    diagnosis = Diagnosis(3)
    shop = world.spawn("shop", silent(6))
    shop.wait()
    time.sleep(1.2)  # the timeout: a second, and the SYN is sent again
    shop.on()
    shop.wait()
    world.check("nothing waits", not ss("state", "syn-sent"), ss())
    found = world.expect(diagnosis.finish(), "TD151=now").found.get("TD151")
    if found:
        world.numbers(found, count=6, window=(10, max(10, diagnosis.age(diagnosis.begin)[1])))
        world.check("none waits", not evidence(found, "syn_sent"), found["evidence"])


@case
def td151_near_miss(world):
    gone_host()
    diagnosis = Diagnosis(3, "--set", "TD151.age=600")
    world.spawn("shop", silent(4)).wait()
    world.expect(diagnosis.finish())


@case
def td151_one(world):
    """A service and its one broker: its connect() waits, with those that wait for others, and one that waited before the run."""
    gone_host()
    forget("10.9.9.8", "gone")
    early = time.monotonic()
    world.spawn("early", silent(1)).wait()
    diagnosis = Diagnosis(3)
    begin = time.monotonic()

    def both(say, _):
        mine = [socket.socket() for _ in range(2)]
        for client, host in zip(mine, ("10.9.9.9", "10.9.9.8")):
            client.setblocking(False)
            client.connect_ex((host, 9092))
        say()
        time.sleep(600)

    world.spawn("brokers", both).wait()
    made = time.monotonic()
    diagnosis = world.expect(diagnosis.finish(after=9), "TD151=note")
    told = {finding["title"].split(" gets")[0].split("[")[0] + " " + str(finding["subject"]["remote_addr"]): finding for finding in diagnosis.all}
    world.check("whom", set(told) == {"early 10.9.9.9", "brokers 10.9.9.9", "brokers 10.9.9.8"}, [finding["title"] for finding in diagnosis.all])
    for name, finding in told.items():
        world.numbers(finding, age=diagnosis.age(*(early, diagnosis.attached + 1.5) if name.startswith("early") else (begin, made)))


@case
def td151_one_after_another(world):
    """A connect timeout and another try, as advised: never many, and none waits for long. The first that is answered ends it."""
    gone_host()
    diagnosis = Diagnosis(3)

    def body(say, go):
        say()
        for _ in range(4):
            client = socket.socket()
            client.settimeout(1.5)
            fails(lambda: client.connect(("10.9.9.9", 443)))
            client.close()
            time.sleep(1.2)
        say()
        go()
        client = connected(443, "10.9.9.9")
        say()
        go()
        client.close()

    shop = world.spawn("shop", body)
    shop.wait(2)
    found = world.expect(diagnosis.finish(after=0), "TD151=note").found.get("TD151")
    if found:
        world.numbers(found, count=4, window=(9, max(10, diagnosis.age(diagnosis.begin)[1])))
    host_is_back(world)
    diagnosis = Diagnosis(2)
    shop.on()
    shop.wait()
    world.expect(diagnosis.finish())


@case
def td151_unreachable(world):
    """Nobody has the address: the kernel says so after three seconds, again and again."""
    gone_host()
    diagnosis = Diagnosis(3)
    ended = []

    def body(say, _):
        say()
        for _ in range(3):
            ended.append(fails(lambda: connected(5432, "10.9.9.77", "10.9.9.1")))
        if ended == [errno.EHOSTUNREACH] * 3:
            say()
        time.sleep(600)

    world.spawn("shop", body).wait(2)
    found = world.expect(diagnosis.finish(after=0), "TD151").found.get("TD151")
    if found:
        world.numbers(found, count=3, window=(7, diagnosis.age(diagnosis.begin)[1] + 3))
        world.check("route", "ip route get 10.9.9.77" in found["change"][0], found["change"])


@case
def td151_scan(world):
    """One that tries each host of a network waits for all of them: that is told as what it is, once."""
    gone_host()
    for last in range(10, 160):
        forget(f"10.9.9.{last}", "gone")
    diagnosis = Diagnosis(3)

    def body(say, _):
        mine = []
        for last in range(10, 160):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex((f"10.9.9.{last}", 443))
            mine.append(client)
        say()
        time.sleep(600)

    world.spawn("curious", body).wait()
    world.expect(diagnosis.finish(after=14), "TD152=note")


def cut_off(world, count, age=1):
    """The cable is pulled while connections are open; then they are closed."""
    other = with_peer(world, count)
    diagnosis = Diagnosis(5, "--set", f"TD142.age={age},TD142.count=6")
    mine = [connected(80, "10.8.8.2", "10.8.8.1") for _ in range(count)]
    other.wait()
    forget("10.8.8.2", "v0")
    world.begin = time.monotonic()
    for client in mine:
        client.close()
    return diagnosis.finish()


@case
def td142_peer_does_not_answer(world):
    diagnosis = cut_off(world, 6)
    found = world.expect(diagnosis, "TD142=note").found.get("TD142")
    if found:
        world.numbers(found, count=len(ss("state", "fin-wait-1")), age=(1, diagnosis.age(world.begin)[1]))


@case
def td142_near_miss(world):
    world.expect(cut_off(world, 5))


@case
def td142_remedy(world):
    """tcp_orphan_retries, as advised: the kernel gives them up after the second retransmission, 0.6 s."""
    sysctl("ipv4.tcp_orphan_retries", 1)
    world.expect(cut_off(world, 6, age=4))
    until(lambda: not ss("state", "fin-wait-1"))


# TD143: orphans

def orphaned(world, share):
    """
    So many hundredths of tcp_max_orphans, which is the machine's, as their number is: a near miss would depend on others and is
    among the unit tests. Only the machine's first namespace shows the limit: that is looked at too.
    """
    if world.max_orphans is None:
        raise Skip("tcp_max_orphans is not shown here: not the machine's first network namespace")
    count = int(world.max_orphans / 100 * share)
    if count > 4000:
        raise Skip(f"a hundredth of tcp_max_orphans ({world.max_orphans}) takes too long to make")
    other = with_peer(world, count)

    def body(say, _):
        resource.setrlimit(resource.RLIMIT_NOFILE, (count + 100, count + 100))
        mine = [connected(80, "10.8.8.2", "10.8.8.1") for _ in range(count)]
        forget("10.8.8.2", "v0")
        for client in mine:
            client.close()
        say()
        time.sleep(600)

    shop = world.spawn("shop", body)
    shop.wait()
    return shop, count


def orphans():
    with open("/proc/net/sockstat", encoding="ascii") as file:
        words = file.read().split()
    return int(words[words.index("orphan") + 1])


def orphans_told(shop):
    return Diagnosis(2, "-p", str(shop.pid), "--set", "TD143.share=0.01", netns=f"self,/proc/{os.getppid()}/ns/net").finish()


@case
def td143_orphans(world):
    sysctl("ipv4.tcp_fin_timeout", 1)  # useless here: these are not in FIN_WAIT2
    shop, count = orphaned(world, 1.2)
    before = orphans()
    found = world.expect(orphans_told(shop), "TD143=soon").found.get("TD143")
    if found:
        among = before, orphans()  # of the whole machine, so that others come and go
        world.numbers(found, count=(min(among), max(among)), limit=world.max_orphans)
        listed = len(ss("state", "fin-wait-1"))
        world.check("count", listed == count and evidence(found, "orphans") >= count, found["title"])  # of the whole machine
    # The peer takes what is sent to it again.
    run("ip", "neighbour", "del", "10.8.8.2", "dev", "v0")
    until(lambda: not ss("state", "fin-wait-1"), 130)  # a segment is sent again after 120 s at the latest
    world.expect(orphans_told(shop))


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

    sysctl("ipv4.tcp_keepalive_time", 1)  # useless without SO_KEEPALIVE
    server = world.server(5432, alive, name="database")
    world.begin = time.monotonic()
    world.spawn("pool", body).wait()
    world.made = time.monotonic()
    return server, Diagnosis(9, "--set", "TD171.idle=6,TD171.count=5")


@case
def td171_silent(world):
    _, diagnosis = silent_pool(world, 5, False)
    found = world.expect(diagnosis.finish(), "TD171=note")
    for one in found.all:
        world.numbers(one, count=len(ss("state", "established", "sport", "=", ":5432")), limit=6, longest=diagnosis.age(world.begin, world.made))
    world.check("both ends", sorted(one["subject"]["comm"] for one in found.all) == ["database", "pool"], found.all)


@case
def td171_workers(world):
    """A pool that its processes share: two of each of the three."""
    diagnosis = Diagnosis(9, "--set", "TD171.idle=6,TD171.count=5")

    def alive(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, True)
        connection.send(connection.recv(1))
        return connection

    def master(say, _):
        for _ in range(3):
            if not os.fork():
                LIBC.prctl(1, 9)  # it ends with its parent
                mine = [connected(5432) for _ in range(2)]
                for client in mine:
                    client.send(b"x")
                    client.recv(1)
                say()
                time.sleep(600)
        time.sleep(600)

    world.server(5432, alive, name="database")
    begin = time.monotonic()
    world.spawn("pool", master).wait(3)
    made = time.monotonic()
    found = world.expect(diagnosis.finish(after=9), "TD171=note").found.get("TD171")
    if found:
        world.numbers(found, count=6, limit=6, longest=diagnosis.age(begin, made))
        world.check("who", found["title"].startswith("pool (3 processes) has 6 connections"), found["title"])


@case
def td171_remedy(world):
    world.expect(silent_pool(world, 5, True)[1].finish())


@case
def td171_near_miss(world):
    world.expect(silent_pool(world, 4, False)[1].finish())
