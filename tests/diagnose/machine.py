# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Cases of diagnose: tables and settings of the kernel."""
import contextlib
import shutil
import socket

from traffic import case
from world import ADDRESS, Diagnosis, run, setting, Skip, sysctl


DATAGRAMS = 60000  # of a socket, each to a port of its own


# TD181: tracked connections

def tracked(world, count):
    """The kernel tracks where a packet filter asks for it; a datagram is a connection too. The limit is the machine's: a share of it."""
    if not shutil.which("nft") or setting("netfilter.nf_conntrack_max") is None:
        raise Skip("no nft, or a kernel that does not track connections")
    run("nft", "add table ip filter; add chain ip filter out { type filter hook output priority 0; }; add rule ip filter out ct state new accept")
    sysctl("netfilter.nf_conntrack_udp_timeout", 600)  # none is forgotten before it is counted
    limit = setting("netfilter.nf_conntrack_max")
    with contextlib.ExitStack() as clients:
        for i in range(count(limit)):
            if not i % DATAGRAMS:
                client = clients.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            client.sendto(b"x", (ADDRESS, 1024 + i % DATAGRAMS))
    return Diagnosis(2, "--set", "TD181.share=0.01").finish()


@case
def td181_conntrack(world):
    found = world.expect(tracked(world, lambda limit: limit // 100 + 20), "TD181=soon").found.get("TD181")
    if found:
        count = setting("netfilter.nf_conntrack_count")
        world.check("count", f"{count} of " in found["title"], f"{count} {found['title']}")


@case
def td181_near_miss(world):
    world.expect(tracked(world, lambda limit: limit // 100 - 20))


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
