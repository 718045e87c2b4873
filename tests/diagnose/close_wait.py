# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Cases of diagnose: CLOSE_WAIT, and descriptors."""
import os
import resource
import time

from traffic import case, closed, connected, kept, paced, until
from world import Diagnosis, evidence, ss, sysctl


# TD121, TD122: CLOSE_WAIT

def leave(world, rate, seconds, serve, diagnosis_s):
    world.server(8080, serve)
    diagnosis = Diagnosis(diagnosis_s)
    paced(rate, seconds, lambda: connected(8080).close())
    return diagnosis.finish()


@case
def td121_leak(world):
    for name, value in ("tcp_fin_timeout", 1), ("tcp_keepalive_time", 1), ("tcp_keepalive_intvl", 1), ("tcp_keepalive_probes", 1), ("tcp_tw_reuse", 1):
        sysctl("ipv4." + name, value)  # useless here: not one of them is ended
    found = world.expect(leave(world, 1.5, 23, kept, 23), "TD121=soon").found.get("TD121")
    world.check("useless", len(ss("state", "close-wait", "sport", "=", ":8080")) == int(1.5 * 23))
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
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, 1024))
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
    # As advised where all of them are in use.
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (1024, 1024))
    full = world.spawn("full", holding(64, 64))
    full.wait()
    world.expect(Diagnosis(2).finish(), "TD124=now")  # of that one alone


@case
def td124_near_miss(world):
    world.server(8080, kept)
    world.spawn("shop", holding(45, 64)).wait()
    world.expect(Diagnosis(2).finish())
