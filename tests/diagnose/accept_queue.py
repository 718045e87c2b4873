# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Cases of diagnose: programs that do not accept."""
import os
import signal
import socket
import subprocess
import time

from traffic import accept_for_good, answered, case, connected, until
from world import ADDRESS, LIBC, LONGEST, TOOL, Diagnosis, rename, ss, start, sysctl, watch


# TD132: nobody accepts

def not_accepting(world, backlog=128):
    """It accepts nothing until it is told to; from then on it answers each and closes when the client has closed."""
    def body(say, go):
        listener = socket.socket()
        listener.bind((ADDRESS, 8080))
        listener.listen(backlog)
        say()
        go()
        while True:
            answered(listener.accept()[0])

    server = world.spawn("stuck", body)
    server.wait()
    return server


def never_accepted(world, count):
    server = not_accepting(world)
    sysctl("core.somaxconn", 65535)  # useless here, as is keepalive
    sysctl("ipv4.tcp_keepalive_time", 1)
    diagnosis = Diagnosis(5)
    world.begin = time.monotonic()
    for _ in range(count):
        connected(8080).close()
    return server, diagnosis.finish()


@case
def td132_gave_up_in_queue(world):
    server, diagnosis = never_accepted(world, 5)
    found = world.expect(diagnosis, "TD132=now").found.get("TD132")
    if found:
        world.numbers(found, count=len(ss("state", "close-wait")), port=8080, age=diagnosis.age(world.begin, world.begin + 1))
        world.check("who", "stuck" in found["title"], found["title"])
    # It accepts again, as advised; and of those that come then each waits as long as that takes.
    diagnosis = Diagnosis(4)
    patient = [connected(8080) for _ in range(5)]
    server.on()
    for client in patient:
        client.send(b"x")
        client.recv(1)
        client.close()
    for _ in range(5):
        connected(8080).close()
    world.expect(diagnosis.finish())
    world.check("remedy", not ss("state", "close-wait"), ss("state", "close-wait"))


@case
def td132_near_miss(world):
    world.expect(never_accepted(world, 2)[1])


@case
def td132_smaller_backlog(world):
    """As advised: who finds no room is not queued, and its connect() times out. What is wrong stays told: the queue is full."""
    not_accepting(world, 1)
    diagnosis = Diagnosis(5)
    clients = []
    for _ in range(5):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex((ADDRESS, 8080))
        clients.append(client)
    for client in clients:
        client.close()
    world.expect(diagnosis.finish(), "TD131=now")
    queued = len(ss("state", "close-wait"))
    world.check("queue", queued == 2, queued)


# TD123, TD131: stuck, and a full accept queue

def stuck_server(world, accepts, sent, queued):
    """It accepts some, and then nothing any more; what clients send is not read."""
    def body(say, _):
        accept_for_good(say, accepts, 8080, 128)

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
    found = world.expect(diagnosis.finish(after=9), "TD123=now").found.get("TD123")
    if found:
        unread = [int(line.split()[0]) - 1 for line in ss("state", "close-wait")]  # the end of stream counts as one
        world.numbers(found, bytes=sum(unread), unread=len(unread), closed=len(unread), queued=int(ss("-l", "sport", "=", ":8080")[0].split()[1]),
                      age=(5, diagnosis.age(diagnosis.begin)[1]))
        world.check("who", found["subject"]["pid"] == server.pid, found["title"])


def workers(world, count, each, queued):
    """A server whose parent listens and whose children accept, some each, and then do nothing any more; nobody reads what clients send."""
    def master(say, _):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((ADDRESS, 8080))
        listener.listen(128)
        rename("master")
        for _ in range(count):
            if not os.fork():
                LIBC.prctl(1, 9)  # it ends with its parent
                rename("worker")
                mine = [listener.accept() for _ in range(each)]
                say()
                time.sleep(600)
                del mine
        say()
        time.sleep(600)

    world.spawn("master", master).wait()
    world.kept = [connected(8080) for _ in range(count * each + queued)]
    for client in world.kept:
        client.send(b"0123456789")
    until(lambda: int(ss("-l", "sport", "=", ":8080")[0].split()[1]) == queued)


@case
def td123_workers(world):
    """None of them has many: all of them together are stuck, and the queue is theirs, although their parent listens."""
    diagnosis = Diagnosis(9)
    begin = time.monotonic()
    workers(world, 4, 1, 3)
    found = world.expect(diagnosis.finish(after=9), "TD123=now").found.get("TD123")
    if found:
        world.numbers(found, bytes=40, unread=4, closed=0, queued=3, age=(5, diagnosis.age(begin)[1]))
        world.check("who", found["title"].startswith("worker (4 processes) is stuck"), found["title"])
        world.check("subject", found["subject"]["pid"] is None and found["subject"]["comm"] == "worker", found["subject"])


@case
def td123_workers_near_miss(world):
    """Two of them have one each."""
    diagnosis = Diagnosis(9)
    workers(world, 2, 1, 2)
    world.expect(diagnosis.finish(after=9))


@case
def td123_near_miss(world):
    """Two are not read: clients that closed early."""
    world.expect(stuck_server(world, 2, 2, 0)[1].finish())


def waiting(world, backlog, clients):
    def body(say, go):
        accept_for_good(say, clients, 8080, backlog, until_told=go)

    server = world.spawn("slow-api", body)
    server.wait()
    diagnosis = Diagnosis(4)
    world.begin = time.monotonic()
    world.kept = []
    for _ in range(clients):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex((ADDRESS, 8080))
        world.kept.append(client)
    world.made = time.monotonic()
    return server, diagnosis


def compare_queue(world, diagnosis, found):
    depth, backlog = ss("-l", "sport", "=", ":8080")[0].split()[1:3]
    world.numbers(found, port=8080, depth=int(depth), backlog=int(backlog), age=diagnosis.age(world.begin, world.made))
    world.check("who", "slow-api" in found["title"], found["title"])


@case
def td131_accept_queue_full(world):
    server, diagnosis = waiting(world, 4, 5)
    sysctl("core.somaxconn", 65535)  # useless: listen() was called before
    sysctl("ipv4.tcp_max_syn_backlog", 65535)
    found = world.expect(diagnosis.finish(), "TD131=now").found.get("TD131")
    if found:
        compare_queue(world, diagnosis, found)
    server.on()
    server.wait()
    world.expect(Diagnosis(2).finish())


def hanging(world, clients, seconds):
    """Its queue has much room: it accepts none until it is told to, as a program whose workers are all busy."""
    server = not_accepting(world)
    diagnosis = Diagnosis(seconds)
    world.begin = time.monotonic()
    world.kept = [connected(8080) for _ in range(clients)]
    world.made = time.monotonic()
    return server, diagnosis


@case
def td131_waits(world):
    server, diagnosis = hanging(world, 4, 9)
    sysctl("core.somaxconn", 65535)  # useless: there is room
    found = world.expect(diagnosis.finish(after=9), "TD131=now").found.get("TD131")
    if found:
        depth, backlog = ss("-l", "sport", "=", ":8080")[0].split()[1:3]
        world.numbers(found, port=8080, depth=int(depth), age=(5, diagnosis.age(world.begin, world.made)[1]), backlog=int(backlog))
        world.check("who", found["subject"]["pid"] == server.pid, found["title"])
        world.check("no larger backlog", not any("backlog" in line for line in found["change"]), found["change"])
    server.on()
    until(lambda: ss("-l", "sport", "=", ":8080")[0].split()[1] == "0")
    world.expect(Diagnosis(7).finish())


@case
def td131_waits_near_miss(world):
    """One is served after the other."""
    world.expect(hanging(world, 2, 9)[1].finish(after=9))


@case
def last_line_names_codes(world):
    """What other commands print in text ends with the codes that apply, and without such a line where none does."""
    def check_all(expected):
        running = [(words, start(TOOL, *words, "-n", "self", "-d", str(LONGEST), stdout=subprocess.PIPE, text=True))
                   for words in (("top", "-b"), ("leaks",), ("ports",))]
        for words, process in running:
            watch(process, 3)
            process.send_signal(signal.SIGINT)
            line = process.communicate()[0].splitlines()[-1]
            world.check(words[0], line == expected if expected else "findings:" not in line, line)
            world.check(words[0], not process.returncode, process.returncode)

    check_all(None)
    _, diagnosis = waiting(world, 4, 5)
    check_all("findings: TD131 accept queue (tcpdwell diagnose tells them)")
    world.expect(diagnosis.finish(), "TD131=now")


@case
def last_line_of_healthy(world):
    """Connections that are closed as they should be, client first: a view that is not told of each step says nothing of those that it was not told of."""
    def serve(connection):
        while connection.recv(100):
            pass
        connection.close()

    world.server(8080, serve)
    running = [(words, start(TOOL, *words, "-n", "self", "-d", str(LONGEST), stdout=subprocess.PIPE, text=True))
               for words in (("top", "-b"), ("leaks",))]
    for _, process in running:
        watch(process, 1.5)
    for _ in range(40):
        connected(8080).close()
    until(lambda: not ss("state", "last-ack") and not ss("state", "close-wait"))
    for words, process in running:
        watch(process, 7)
        process.send_signal(signal.SIGINT)
        out = process.communicate()[0]
        world.check(words[0], "findings:" not in out and not process.returncode, out[-300:])


@case
def td131_nearly_full(world):
    _, diagnosis = waiting(world, 10, 8)
    found = world.expect(diagnosis.finish(), "TD131=soon").found.get("TD131")
    if found:
        compare_queue(world, diagnosis, found)


@case
def td131_near_miss(world):
    world.expect(waiting(world, 10, 7)[1].finish())
