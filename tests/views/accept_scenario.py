#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A server that lets connections wait before it accepts them. How long each did is bounded by clocks that are read before and after:
it began between connect() and the moment when ss sees it in the queue, it ended within accept(), or when the connection did.
"""
import gzip
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from scenario import Tool, check, differ, until, PATIENCE_S  # noqa: E402
import scenario  # noqa: E402

TOOL = os.path.abspath(sys.argv[1])
SLACK_S = 0.002 # clocks of the program and of the kernel are read one after the other, and rounded


def queued(listener):
    """Connections in its accept queue, as ss tells."""
    text = subprocess.run(["ss", "-ltnH", "sport", "=", f":{listener.getsockname()[1]}"], capture_output=True, text=True, check=True)
    return int(text.stdout.split()[1])


class Wait:
    """A connection, and what is known of its wait: from after `begin[0]` and before `begin[1]`."""

    def __init__(self, listener):
        before, begin = queued(listener), time.monotonic()
        self.client = socket.create_connection(listener.getsockname())
        self.port = self.client.getsockname()[1]
        until(lambda: queued(listener) == before + 1)
        self.begin = begin, time.monotonic()
        self.end = None
        self.accepted = True

    def accept(self, listener):
        begin = time.monotonic()
        server, _ = listener.accept()
        self.end = begin, time.monotonic()
        return server

    def wrong(self, told):
        """What of the line that tells of it is not so."""
        if not told:
            return "nothing was told"
        if told["in_accept_queue"] == self.accepted:
            return f"in_accept_queue is {told['in_accept_queue']}"
        if (told["accept_wait_ns"] is None) or (told["owner_pid"] != os.getpid()):
            return f"told: {told}"
        seconds, least, most = told["accept_wait_ns"] / 1e9, self.end[0] - self.begin[1], self.end[1] - self.begin[0]
        return "" if least - SLACK_S <= seconds <= most + SLACK_S else f"{seconds:.4f} s, not {least:.4f} to {most:.4f}"


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def states(port):
    text = subprocess.run(["ss", "-tanH", "dport", "=", f":{port}"], capture_output=True, text=True, check=True).stdout
    return [line.split()[0] for line in text.splitlines()]


def play(listener, doomed):
    """The waits, by what is special of them, and the sockets that are to stay open."""
    waits = {name: Wait(listener) for name in ("long", "closed-by-client", "reset-by-client", "short")}
    time.sleep(0.3)
    waits["closed-by-client"].client.close()
    until(lambda: "CLOSE-WAIT" in states(waits["closed-by-client"].port))
    resets = waits["reset-by-client"]
    begin = time.monotonic()
    reset(resets.client)
    until(lambda: not states(resets.port))
    resets.end, resets.accepted = (begin, time.monotonic()), False
    servers = []
    for name in ("long", "closed-by-client", "reset-by-client", "short"):
        if name == "reset-by-client":
            listener.accept()[0].close()
        else:
            servers.append(waits[name].accept(listener))
    waits["listener-closed"] = closed = Wait(doomed)
    begin = time.monotonic()
    doomed.close()
    closed.end, closed.accepted = (begin, time.monotonic()), False
    return waits, servers


def told_of(lines, wait):
    return next((line for line in lines if line["type"] == "accepted" and line["remote_port"] == wait.port), None)


def histogram(lines, port):
    return next((line for line in lines if line["type"] == "histogram" and line["service_port"] == port), {})


def test_hist(name, lines, listener, expected):
    """`expected`: the accepted lines that it adds up, or as many as it should."""
    found = histogram(lines, listener.getsockname()[1])
    left = found.get("left")
    now = sum(found.get(key, 0) for key in ("created", "seeded", "moved_in")) - sum(found.get(key, 0) for key in ("moved_out", "left"))
    check(name, [differ("of", found.get("of"), "accept"), differ("count", found.get("count"), expected), differ("left", left, expected + 1),
                 differ("there now", found.get("open"), 1), differ("created + seeded - left", now, 1)])
    return found


def record(folder):
    """A recorder, once it has begun."""
    file = os.path.join(folder, "accepts.rec")
    recorder = subprocess.Popen([TOOL, "record", "--accepts", "-n", "self", "-o", file], stdout=subprocess.DEVNULL)
    until(lambda: os.path.exists(file) and os.path.getsize(file) > 100)
    return recorder, file


def report(file, *arguments):
    text = subprocess.run([TOOL, "report", file, *arguments, "-j"], capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in text.splitlines()]


def without_holders(file):
    """The same recording as if all was accepted between two looks at descriptors."""
    with open(file, "rb") as packed:
        lines = (gzip.decompress if packed.peek(2)[:2] == b"\x1f\x8b" else bytes)(packed.read()).splitlines(keepends=True)
    with open(file + ".jsonl", "wb") as plain:
        plain.writelines(line for line in lines if json.loads(line)["type"] != "holder")
    return plain.name


def test_window(name, file, listener, begin):
    """From `begin` on only the last connection waits: all others were accepted before, and are still open."""
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(begin))
    found = histogram(report(file, "hist", "--of", "accept", "--by", "port", "--since", since), listener.getsockname()[1])
    check(name, [differ("there now", found.get("open"), 1), differ("found waiting", found.get("seeded"), 1),
                 differ("ended", found.get("left"), 0)])


def test_report(recorder, file, listener, begin):
    until(lambda: time.time() > begin + 0.1)
    recorder.send_signal(2)
    recorder.wait(PATIENCE_S)
    lines = report(file, "trace", "--accepts")
    test_window("report-since", file, listener, begin)
    test_window("report-since-without-looks", without_holders(file), listener, begin)
    port = listener.getsockname()[1]
    sums = [line["accept_wait_ns"] for line in lines if line["type"] == "accepted" and line["local_port"] == port]
    found = test_hist("report-hist", report(file, "hist", "--of", "accept", "--by", "port"), listener, len([ns for ns in sums if ns is not None]))
    check("report-adds-up", [differ("sum of the waits", found.get("sum_ns"), sum(ns for ns in sums if ns is not None))])
    text = subprocess.run([TOOL, "report", file, "trace", "--accepts"], capture_output=True, text=True, check=True).stdout
    check("report-text", [differ("lines of those that nobody accepted", text.count(" over, never accepted "), 2)])


def test_refused():
    result = subprocess.run([TOOL, "hist", "--of", "accept", "--no-bpf", "-d", "1"], capture_output=True, text=True)
    check("without-bpf-says-so", [differ("exit status", result.returncode, 64), "" if "accept()" in result.stderr else result.stderr])


def test_no_time():
    """-d 0 is a look at what is there; of what happens there is nothing then, and trace says so, but not in between JSON."""
    text = subprocess.run([TOOL, "trace", "-n", "self", "-d", "0"], capture_output=True, text=True, check=True).stdout
    lines = subprocess.run([TOOL, "trace", "-j", "-n", "self", "-d", "0"], capture_output=True, text=True, check=True).stdout.splitlines()
    look = subprocess.run([TOOL, "top", "-j", "-n", "self", "-d", "0"], capture_output=True, text=True, check=True).stdout
    check("no-time", ["" if "-d 0 ends before" in text.splitlines()[-1] else text, differ("types", [json.loads(line)["type"] for line in lines], ["header", "summary"]),
                      "" if '"listen_now":' in look else look])


def main():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    listener, doomed = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))
    early = Wait(listener)
    with tempfile.TemporaryDirectory() as folder:
        recorder, file = record(folder)
        trace, hist = Tool(TOOL, "trace", "--accepts"), Tool(TOOL, "hist", "--of", "accept", "--by", "port")
        early.accept(listener).close()
        waits, servers = play(listener, doomed)
        last = Wait(listener)
        trace_lines = []
        trace.wait_for(lambda it: trace_lines.append(it) or (it["type"] == "accepted" and it["remote_port"] == waits["listener-closed"].port))
        begin = int(time.time()) + 1 # all but the last were accepted before
        for name, wait in waits.items():
            check(f"trace-{name}", [wait.wrong(told_of(trace_lines, wait))])
        told = told_of(trace_lines, early)
        check("trace-from-before", [differ("accept_wait_ns of one that waited before the start", told and told["accept_wait_ns"], None),
                                    "" if told else "nothing was told"])
        trace.end()
        _, rest = hist.end()
        found = test_hist("hist", rest, listener, 4)
        bounds = [waits[name] for name in ("long", "closed-by-client", "reset-by-client", "short")]
        least, most = sum(w.end[0] - w.begin[1] for w in bounds), sum(w.end[1] - w.begin[0] for w in bounds)
        check("hist-sum", ["" if least - SLACK_S <= found.get("sum_ns", 0) / 1e9 <= most + SLACK_S else
                           f"{found.get('sum_ns', 0) / 1e9:.4f} s, not {least:.4f} to {most:.4f}"])
        test_report(recorder, file, listener, begin)
    test_refused()
    test_no_time()
    last.client.close()
    del servers
    return scenario.failures > 0


if __name__ == "__main__":
    sys.exit(main())
