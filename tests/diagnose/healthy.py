# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Cases of diagnose: what is healthy."""
import os
import subprocess
import time

from traffic import answered, case, connected, paced, refused
from world import TOOL, Diagnosis


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
def healthy_build_and_pool(world):
    """A build that fetches a file with each of its processes, a page that a browser loads, and a pool that changes a connection now and then."""
    world.server(8080, answered)
    diagnosis = Diagnosis(12)

    def fetch():
        client = connected(8080)
        client.send(b"x")
        client.recv(1)
        client.close()

    def build(say, _):
        for _ in range(30):
            pid = os.fork()
            if not pid:
                fetch()
                os._exit(0)
            os.waitpid(pid, 0)
        say()
        time.sleep(600)

    def browser(say, _):
        for _ in range(40):
            fetch()
        say()
        time.sleep(600)

    def pool(say, _):
        clients = [connected(8080) for _ in range(10)]

        def change():
            for client in clients:
                client.send(b"x")
                client.recv(1)
            clients.pop(0).close()
            clients.append(connected(8080))

        say()
        paced(2, 13, change)
        time.sleep(600)

    for name, body in ("make", build), ("browser", browser), ("pool", pool):
        world.spawn(name, body).wait()
    world.expect(diagnosis.finish())


@case
def hostile_name(world):
    """What a process is called can't upset a terminal, nor a line of JSON."""
    plain = subprocess.Popen([TOOL, "diagnose", "-n", "self", "-d", "4"], stdout=subprocess.PIPE)
    diagnosis = Diagnosis(2)
    world.spawn(b"\x1b[31m\r\n\x9b\"'x", refused(4)).wait()
    found = world.expect(diagnosis.finish(), "TD153").found.get("TD153")
    if found:
        text = found["title"] + found["subject"]["comm"] + "".join(found["change"])
        world.check("title", text.isprintable(), repr(text))
    out = plain.communicate()[0].decode()  # whatever it saw of it: text is for terminals
    world.check("text", all(line.isprintable() for line in out.splitlines()), repr(out))
