# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Cases of diagnose: the five reports that people come with."""
import os
import resource
import socket
import time

from traffic import answered, case, closed, connected, fails, paced
from world import ADDRESS, Diagnosis, evidence, run, ss, sysctl, unshare_net


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
    world.spawn("java", each_a_connection(40, 25)).wait()
    found = world.expect(diagnosis.finish(after=12), "TD103=soon", "TD111").found
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
        paced(2, 20, lambda: mine.append(connected(8080)))
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
        world.check("begin", not found["TD101"]["since_at_least"], found["TD101"])  # it was seen to connect before
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
    diagnosis.finish(after=9)
    found = world.expect(diagnosis, "TD123=now", "TD124=now", "TD132=now").found
    world.check("keepalive", "(0 of" in diagnosis.settings.get("net.ipv4.tcp_keepalive_time", {}).get("title", ""), diagnosis.settings)
    if "TD124" in found:
        world.check("descriptors", f"has {len(os.listdir(f'/proc/{broker.pid}/fd'))} of 40 descriptors" in found["TD124"]["title"], found["TD124"]["title"])


def balanced(world, others):
    """60 connections of a balancer's, and some of another address; and each piece of the advice."""
    def balancer(say, go):
        unshare_net()
        say()
        go()
        run("ip", "address", "add", "10.8.8.2/24", "dev", "v1")
        run("ip", "link", "set", "v1", "up")
        run("ip", "address", "add", "10.8.8.3/24", "dev", "v1")
        for i in range(60 + others):
            client = connected(8080, "10.8.8.1", "10.8.8.2" if i < 60 else "10.8.8.3")
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
    diagnosis = Diagnosis(4, "--set", "TD112.count=50,TD162.count=50,TD111.opened=1000")
    other.on()
    other.wait()
    return diagnosis.finish()


@case
def td162_near_miss(world):
    """Three quarters come from one address."""
    world.expect(balanced(world, 20), "TD112")


@case
def report_web_service_client(world):
    """A client behind a balancer: all connections come from one address. Seen at the server."""
    diagnosis = balanced(world, 0)
    found = world.expect(diagnosis, "TD112", "TD162").found
    world.check("settings", set(diagnosis.settings) == {"net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_tw_reuse"}, diagnosis.settings)
    world.check("recycle", "net.ipv4.tcp_tw_recycle" in [one["setting"] for one in found.get("TD112", {"useless": []})["useless"]])
    if "TD162" in found:
        world.numbers(found["TD162"], share=100, port=8080, ports=len(ss("dst", "10.8.8.2", "sport", "=", ":8080")))
        world.check("from", found["TD162"]["title"].startswith("10.8.8.2 "), found["TD162"]["title"])
