# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Cases of diagnose: tables and settings of the kernel."""
import contextlib
import os
import socket

from traffic import case, closed, connected, until
from world import ADDRESS, Diagnosis, Skip, nft, setting, ss, sysctl


DATAGRAMS = 60000  # of a socket, each to a port of its own


# TD181: tracked connections

def tracking():
    """The kernel tracks where a packet filter asks for it. The limit is the machine's."""
    if setting("netfilter.nf_conntrack_max") is None:
        raise Skip("a kernel that does not track connections")
    nft("add table ip filter; add chain ip filter out { type filter hook output priority 0; }; add rule ip filter out ct state new accept")
    return setting("netfilter.nf_conntrack_max")


def tracked(count):
    """A datagram is a connection too. So many are told as a share of the limit."""
    limit = tracking()
    sysctl("netfilter.nf_conntrack_udp_timeout", 600)  # none is forgotten before it is counted
    sysctl("ipv4.tcp_fin_timeout", 1)  # useless here
    with contextlib.ExitStack() as clients:
        for i in range(count(limit)):
            if not i % DATAGRAMS:
                client = clients.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            client.sendto(b"x", (ADDRESS, 1024 + i % DATAGRAMS))
    return Diagnosis(2, "--set", "TD181.share=0.01").finish()


@case
def td181_conntrack(world):
    found = world.expect(tracked(lambda limit: limit // 100 + 20), "TD181=soon").found.get("TD181")
    if found:
        world.numbers(found, count=setting("netfilter.nf_conntrack_count"), limit=setting("netfilter.nf_conntrack_max"))


@case
def td181_near_miss(world):
    world.expect(tracked(lambda limit: limit // 100 - 20))


@case
def td181_notrack(world):
    """As many, and not tracked, as advised."""
    tracking()
    nft("add table ip raw; add chain ip raw out { type filter hook output priority -300; }; add rule ip raw out notrack")
    world.expect(tracked(lambda limit: limit // 100 + 20))
    world.check("count", not setting("netfilter.nf_conntrack_count"), setting("netfilter.nf_conntrack_count"))


def tracked_now():
    """Who looks at the table removes what is over; the kernel by itself does it a minute later."""
    with open("/proc/net/nf_conntrack", encoding="ascii") as file:
        file.read()
    return setting("netfilter.nf_conntrack_count")


@case
def td181_time_wait(world):
    """Connections that are over are forgotten sooner, as advised. They are in TIME_WAIT as before."""
    count = tracking() // 100 + 20
    if not os.path.exists("/proc/net/nf_conntrack"):
        raise Skip("the kernel does not list what it tracks")
    if count > 6000:
        raise Skip(f"a hundredth of nf_conntrack_max ({count}) takes too long to make")
    world.server(8080, closed)

    def ask(times):
        for _ in range(times):
            client = connected(8080)
            client.recv(1)
            client.close()

    ask(20)
    world.check("before", setting("netfilter.nf_conntrack_count") == 20, setting("netfilter.nf_conntrack_count"))
    sysctl("netfilter.nf_conntrack_tcp_timeout_time_wait", 1)
    ask(count)
    until(lambda: tracked_now() <= 20)
    world.expect(Diagnosis(2, "--set", "TD181.share=0.01,TD112.count=1e6,TD111.opened=1e6").finish())
    # A client whose port is free at once may choose it again, and takes the TIME_WAIT over.
    listed = len(ss("state", "time-wait", "sport", "=", ":8080"))
    world.check("sockets", listed > count // 2, listed)


# TD191: settings

@case
def td191_settings(world):
    values = {"net.ipv4.tcp_fin_timeout": 2, "net.ipv4.tcp_tw_reuse": 1, "net.ipv4.tcp_keepalive_time": 600, "net.core.somaxconn": 65535,
              "net.ipv4.tcp_syn_retries": 2, "net.ipv4.tcp_orphan_retries": 1, "net.ipv4.tcp_max_tw_buckets": 100}
    own = {name: setting(name[4:]) for name in values}
    world.check("none before", not Diagnosis(2).finish().settings)
    for name, value in values.items():
        sysctl(name[4:], value)
    diagnosis = Diagnosis(2).finish()
    world.expect(diagnosis)
    world.check("settings", set(diagnosis.settings) == set(values), sorted(diagnosis.settings))
    for name, value in values.items():
        world.check(name, f" is {value}" in diagnosis.settings.get(name, {}).get("title", ""), diagnosis.settings.get(name))
    # Nothing is in TIME_WAIT, no socket is there, and nobody listens. Keepalive: 600 s, and 9 probes of 75 s.
    for name, numbers in {"ipv4.tcp_fin_timeout": {"seconds": 2, "time_wait": 60}, "ipv4.tcp_max_tw_buckets": {"limit": 100, "count": 0},
                          "core.somaxconn": {"limit": 65535, "asking": 0, "listeners": 0},
                          "ipv4.tcp_keepalive_time": {"noticed": (600 + 9 * 75, 600 + 9 * 75), "keepalive": 0, "sockets": 0}}.items():
        if "max_tw_buckets" not in name:
            numbers["own"] = own["net." + name]
        world.numbers(diagnosis.settings["net." + name], value=setting(name), **numbers)
    # 1 + 2 + 4 s, and 0.2 + 0.4 s.
    for name, seconds in ("net.ipv4.tcp_syn_retries", "7 seconds"), ("net.ipv4.tcp_orphan_retries", "600 ms"):
        world.check(name, seconds in diagnosis.settings.get(name, {}).get("title", ""), diagnosis.settings.get(name))
