# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Who is compared: no tracer, the empty program, tcpdwell's commands, and the peers.

A tracer says how it is started for a namespace and an output file, and how what it delivered and
what it says it lost are read from that output afterwards.
"""

import json
import os
import subprocess

BPFTRACE = """tracepoint:sock:inet_sock_set_state
{ printf("%llu %d %s %d %d\\n", nsecs, pid, comm, args->oldstate, args->newstate); }"""


def count_lines(path, pattern):
    """Lines of a file that match; grep, since a trace is hundreds of megabytes long."""
    done = subprocess.run(["grep", "-c", "-a", "-e", pattern, path], capture_output=True,
                          text=True, check=False, env={"LC_ALL": "C"})
    return int(done.stdout or 0)


def count_compressed(path, pattern):
    with subprocess.Popen(["zcat", path], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as zcat:
        done = subprocess.run(["grep", "-c", "-a", "-e", pattern], stdin=zcat.stdout,
                              capture_output=True, text=True, check=False)
    return int(done.stdout or 0)


def last_line(path, start):
    """The last line of a file that begins with `start`, from its last MiB: a line of many rows has 100 KiB."""
    with open(path, "rb") as file:
        file.seek(max(0, os.path.getsize(path) - (1 << 20)))
        lines = file.read().decode(errors="replace").splitlines()
    return next((line for line in reversed(lines) if line.startswith(start)), "")


def summary_losses(path):
    """What tcpdwell's own summary counts as lost or missed; None without a summary."""
    text = last_line(path, '{"type":"summary"')
    if not text:
        return None
    summary = json.loads(text)
    return {key: summary.get(key, 0) for key in
            ("lost", "missed", "healed", "map_full", "dropped", "unknown")}


def record_losses(path):
    """record says at its end how many records were lost, if any."""
    with open(path + ".err", encoding="utf-8", errors="replace") as file:
        words = file.read().split()
    return {"lost": sum(int(count) for count, what, how in zip(words, words[1:], words[2:])
                        if (what, how) == ("records", "lost"))}


def peer_losses(path):
    """The peers' words for a full buffer, "lost N events", wherever they stand in the output."""
    done = subprocess.run(["grep", "-h", "-a", "-i", "-o", "lost [0-9]* events", path,
                           path + ".err"], capture_output=True, text=True, check=False)
    return {"lost": sum(int(line.split()[1]) for line in done.stdout.splitlines())}


class Tracer:
    """How one is started and read.

    command(netns, output) → list, or None for no tracer; delivered(output) → records that came
    out, of per_connection expected for each connection; losses(output) → its own words.
    """

    def __init__(self, name, command, delivered=None, per_connection=None, losses=None,
                 hold_stdin=False, note=""):
        self.name, self.command, self.note = name, command, note
        self.delivered, self.per_connection = delivered, per_connection
        self.losses, self.hold_stdin = losses, hold_stdin

    @property
    def ours(self):
        return self.name.startswith("tcpdwell")


def transitions(path):
    return count_lines(path, '"type":"transition"')


def tcpdwell_tracers(binary):
    def command(*words):
        def build(netns, output):
            places = {"FILE": ".rec", "HISTORY": ".history", "SOCKET": ".socket"}
            return [binary, *(output + places[word] if word in places else word for word in words),
                    "-n", str(netns)]
        return build

    recorded = lambda path: count_compressed(path + ".rec", '"type":"transition"')
    return [
        Tracer("tcpdwell top -b", command("top", "-b")),
        Tracer("tcpdwell trace -j --all", command("trace", "-j", "--all"), transitions, 10,
               summary_losses),
        Tracer("tcpdwell record", command("record", "-o", "FILE"), recorded, 10, record_losses),
        Tracer("tcpdwell agent", command("agent", "--dir", "HISTORY", "--listen", "SOCKET"),
               note="metrics and history"),
    ]


def peer_tracers(folder):
    def command(name, *words):
        return lambda netns, output: [os.path.join(folder, name), *words]

    return [
        Tracer("tcpstates", command("tcpstates"), lambda p: count_lines(p, " -> "), 10,
               peer_losses),
        Tracer("tcplife", command("tcplife"), lambda p: count_lines(p, "^[0-9]"), 2, peer_losses),
        Tracer("bpftrace", command("bpftrace", "-e", BPFTRACE),
               lambda p: count_lines(p, "^[0-9]"), 10, peer_losses),
    ]


def all_tracers(build):
    """Every tracer that can be run here, and (name, reason) of each that can't."""
    bench, skipped = os.path.join(build, "tests/bench"), []
    tracers = [
        Tracer("none", lambda netns, output: None),
        Tracer("empty program", lambda netns, output: [os.path.join(bench, "hold"),
                                                       os.path.join(bench, "empty.bpf.o")],
               hold_stdin=True),
    ]
    binary, peers = os.path.join(build, "tcpdwell"), os.path.join(build, "cache/peers/bin")
    for tracer in tcpdwell_tracers(binary):
        if os.access(binary, os.X_OK):
            tracers.append(tracer)
        else:
            skipped.append((tracer.name, f"{binary} is not built"))
    for tracer in peer_tracers(peers):
        if os.access(os.path.join(peers, tracer.name), os.X_OK):
            tracers.append(tracer)
        else:
            skipped.append((tracer.name, "could not be fetched (see tests/bench/peers)"))
    return tracers, skipped
