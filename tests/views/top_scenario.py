#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""top and hist beside processes that make a known number of connections. Runs in a network namespace of its own.

Before the tool starts: BEFORE. While it runs: DURING. Each is (client closes first, server closes first, never closed by
the server), made by traffic.py, whose server and client are known by pid.
"""
import json
import os
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import scenario  # noqa: E402
from scenario import PATIENCE_S, Tool, Traffic, check, differ  # noqa: E402

TOOL = sys.argv[1]
BEFORE = (7, 5, 4)
DURING = (40, 30, 6)
GROUPINGS = ("process", "cgroup", "container", "pod", "remote", "port")
TRAFFIC_S = 60


def sockstat_timewait():
    with open("/proc/net/sockstat") as file:
        words = [line.split() for line in file if line.startswith("TCP:")][0]
    return int(words[words.index("tw") + 1])


def states_in_kernel():
    """Sockets by state number, as the kernel lists them (a timewait socket by its own)."""
    counts = {}
    with open("/proc/net/tcp") as file:
        for line in list(file)[1:]:
            state = int(line.split()[3], 16)
            counts[state] = counts.get(state, 0) + 1
    return counts


def row_of(interval, **keys):
    rows = [row for row in interval["rows"] if all(row.get(key) == value for key, value in keys.items())]
    return rows[0] if len(rows) == 1 else {}


def conserved(interval):
    """What does not add up: in a row, and of the rows together."""
    wrong = []
    for state in ("time_wait", "close_wait"):
        for count in ("created", "seeded", "left", "now"):
            found = sum(row[f"{state}_{count}"] for row in interval["rows"])
            wrong.append(differ(f"sum of {state}_{count}", found, interval["totals"][f"{state}_{count}"]))
        for row in interval["rows"]:
            now = row[f"{state}_created"] + row[f"{state}_seeded"] - row[f"{state}_left"]
            wrong.append(differ(f"{state}_now of {row['label']}", row[f"{state}_now"], now))
    return wrong


def is_complete(interval):
    """All is at rest: what has to come has come."""
    totals = interval.get("totals", {})
    return interval["type"] == "interval" and totals["time_wait_created"] == DURING[0] + DURING[1] and \
        totals["close_wait_left"] == DURING[0] + DURING[1] and totals["close_wait_created"] == sum(DURING) and \
        totals["fin_wait2_timewait_now"] == BEFORE[2] + DURING[2]


def expect(row, name, **values):
    return [differ(f"{name}: {key}", row.get(key), value) for key, value in values.items()]


def check_totals(interval):
    totals = interval["totals"]
    check("top_totals_are_the_kernels", [
        differ("TIME_WAIT seeded", totals["time_wait_seeded"], BEFORE[0] + BEFORE[1]),
        differ("CLOSE_WAIT seeded", totals["close_wait_seeded"], BEFORE[2]),
        differ("tw of sockstat", sockstat_timewait(), totals["time_wait_now"] + totals["fin_wait2_timewait_now"]),
        differ("CLOSE_WAIT in /proc/net/tcp", states_in_kernel().get(8, 0), totals["close_wait_now"]),
        differ("lost", interval["lost"], 0),
    ])


def check_processes(interval, before, during):
    active, passive, leaked = DURING
    oldest = row_of(interval, pid=before.server)
    check("top_by_process", conserved(interval) + expect(
        row_of(interval, pid=during.client), "client", comm="python3", time_wait_created=active, time_wait_now=active,
        close_wait_created=passive, close_wait_left=passive, close_wait_now=0, close_wait_oldest_s=None) + expect(
        row_of(interval, pid=during.server), "server", time_wait_created=passive, time_wait_now=passive,
        close_wait_created=active + leaked, close_wait_left=active, close_wait_now=leaked,
        close_wait_oldest_at_least=False) + expect(
        oldest, "server from before", close_wait_seeded=BEFORE[2], close_wait_now=BEFORE[2], time_wait_created=0,
        close_wait_oldest_at_least=True) + expect(
        row_of(interval, kind="unknown"), "unknown", pid=None, time_wait_seeded=BEFORE[0] + BEFORE[1], close_wait_now=0))


def check_remotes(interval, before, during):
    active, passive, leaked = DURING
    check("top_by_remote", conserved(interval) + expect(
        row_of(interval, service_port=during.port, side="active"), "active", remote_addr="127.0.0.1",
        time_wait_created=active, close_wait_created=passive) + expect(
        row_of(interval, service_port=during.port, side="passive"), "passive", remote_addr="127.0.0.1",
        time_wait_created=passive, close_wait_created=active + leaked, close_wait_now=leaked))


def check_ports(interval, before, during):
    check("top_by_port", conserved(interval) + expect(
        row_of(interval, service_port=during.port), "port", time_wait_created=DURING[0] + DURING[1],
        close_wait_now=DURING[2]) + expect(
        row_of(interval, service_port=before.port), "port from before", close_wait_now=BEFORE[2]))


def test_top():
    before = Traffic(BEFORE, TRAFFIC_S)
    tools = {by: Tool(TOOL, "top", "--by", by, "0.25") for by in GROUPINGS}
    narrow = Tool(TOOL, "top", "--by", "remote", "--max-rows", "1", "0.25")
    during = Traffic(DURING, TRAFFIC_S)
    last = {}
    for by, tool in tools.items():
        last[by] = tool.wait_for(is_complete)
        if not is_complete(last[by]):
            check("top_comes_to_rest", [f"by {by}: {last[by]['totals']}, the kernel's states: {states_in_kernel()}"])
            sys.exit(1)
    check("top_comes_to_rest", [])
    check_totals(last["process"])
    check_processes(last["process"], before, during)
    check_remotes(last["remote"], before, during)
    check_ports(last["port"], before, during)
    for by in ("cgroup", "container", "pod"):
        check(f"top_by_{by}", conserved(last[by]) + [differ("by", last[by]["by"], by)])
    folded = narrow.wait_for(is_complete)
    check("top_folds_into_other", conserved(folded) + [
        differ("rows", len(folded["rows"]), 2), differ("last row", folded["rows"][-1]["kind"], "other")])
    check_end_of_leak(tools["process"], during)
    before.end()
    ends = [tool.end() for tool in [*tools.values(), narrow]]
    check("top_ends_with_a_summary", [
        differ("exit status", status, 0) or differ("last object", rest[-1]["type"], "summary") for status, rest in ends])


def check_end_of_leak(tool, during):
    """When the server dies its CLOSE_WAIT sockets go, and its row shows that they went."""
    active, passive, leaked = DURING
    during.end()
    last = tool.wait_for(lambda it: row_of(it, pid=during.server).get("close_wait_now") == 0)
    check("top_sees_the_leak_go", expect(row_of(last, pid=during.server), "server", close_wait_left=active + leaked,
                                         close_wait_now=0, close_wait_oldest_s=None))


def test_batch():
    arguments = [TOOL, "top", "-b", "-n", "self", "0.2", "3"]
    done = subprocess.run(arguments, stdout=subprocess.PIPE, text=True, timeout=PATIENCE_S)
    heads = [line for line in done.stdout.splitlines() if line.split()[:2] == ["PROCESS", "TW-NEW"]]
    check("top_interval_count", [differ("exit status", done.returncode, 0), differ("tables", len(heads), 3)])
    piped = subprocess.run([TOOL, "top", "-n", "self", "0.2", "1"], stdout=subprocess.PIPE, text=True, timeout=PATIENCE_S)
    check("top_is_batch_in_a_pipe", ["escape sequences in a pipe" if "\033" in piped.stdout else "",
                                     "no table" if "TW-NEW" not in piped.stdout else ""])


def test_usage():
    for name, arguments in (("top_sort_key", ["top", "-s", "nonsense"]), ("hist_sort_key", ["hist", "-s", "tw-now"]),
                            ("hist_state", ["hist", "--state", "LISTEN"])):
        done = subprocess.run([TOOL, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        check(f"{name}_is_refused", [differ("exit status", done.returncode, 64),
                                     differ("lines of error", len(done.stderr.splitlines()), 1)])


def hold_close_wait(seconds):
    """One connection whose client closes; this process answers after so long. The time it was, at least and at most."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
        begin = time.monotonic()
        client.close()
        while server.recv(1):
            pass
        seen = time.monotonic()
        time.sleep(seconds)
        least = time.monotonic() - seen
        server.close()
        return least, time.monotonic() - begin


def find(objects, **keys):
    found = [it for it in objects if it["type"] == "histogram" and all(it.get(key) == value for key, value in keys.items())]
    return found[0] if len(found) == 1 else {}


def test_hist():
    active, passive, leaked = DURING
    before = Traffic(BEFORE, TRAFFIC_S)
    tool = Tool(TOOL, "hist")
    during = Traffic(DURING, TRAFFIC_S)
    least, most = hold_close_wait(0.3)
    status, objects = tool.end()
    server = find(objects, pid=during.server, state="CLOSE_WAIT")
    check("hist_left_and_open", [differ("exit status", status, 0)] + expect(
        server, "CLOSE_WAIT of the server", count=active, open=leaked, open_at_least=0) + expect(
        find(objects, pid=during.client, state="CLOSE_WAIT"), "CLOSE_WAIT of the client", count=passive, open=0) + expect(
        find(objects, pid=during.client, state="TIME_WAIT"), "TIME_WAIT of the client", count=0, open=active) + expect(
        find(objects, pid=during.server, state="LAST_ACK"), "LAST_ACK of the server", count=active, open=0) + expect(
        find(objects, pid=during.client, state="ESTABLISHED"), "ESTABLISHED of the client", count=sum(DURING), open=0))
    check("hist_seeded_is_open", expect(find(objects, pid=before.server, state="CLOSE_WAIT"), "server from before",
                                        count=0, open=BEFORE[2], open_at_least=BEFORE[2], seeded=BEFORE[2], created=0))
    own = find(objects, pid=os.getpid(), state="CLOSE_WAIT")
    dwell = own.get("sum_ns", 0) / 1e9
    check("hist_dwell_is_right", [
        differ("count", own.get("count"), 1), "" if least <= dwell <= most else f"{dwell} s is not from {least} to {most}",
        "" if own and dwell <= own["p50_ns"] / 1e9 <= dwell * 1.125 else f"p50 is {own.get('p50_ns')}"])
    for it in [it for it in objects if it["type"] == "histogram"]:
        bounds = [bucket["le_ns"] for bucket in it["buckets"]]
        counts = [bucket["count"] for bucket in it["buckets"]]
        if counts != sorted(counts) or bounds != sorted(bounds) or (counts or [0])[-1] != it["count"]:
            check("hist_buckets_are_cumulative", [f"{it['label']} {it['state']}: {it['buckets']}"])
            break
    else:
        check("hist_buckets_are_cumulative", [])
    before.end()
    during.end()


OVERFLOWS, REFUSED = 5, 3


def set_buckets(number):
    """How many TIME_WAIT sockets this namespace may have."""
    with open("/proc/sys/net/ipv4/tcp_max_tw_buckets", "r+", encoding="ascii") as buckets:
        before = buckets.read()
        buckets.seek(0)
        buckets.write(str(number))
    return int(before)


def overflow(listener):
    """A connection whose client closes first and finds no room in TIME_WAIT."""
    client = socket.create_connection(listener.getsockname())
    server = listener.accept()[0]
    client.shutdown(socket.SHUT_WR)
    server.recv(1)
    server.close()
    client.recv(1)
    client.close()


def test_happened():
    """What leaves no socket behind: connects that are refused, sockets over tcp_max_tw_buckets."""
    tools = {name: Tool(TOOL, name) for name in ("top", "trace")}
    listener = socket.create_server(("127.0.0.1", 0))
    before = set_buckets(0)
    for _ in range(OVERFLOWS):
        overflow(listener)
    set_buckets(before)
    port = listener.getsockname()[1]
    listener.close()
    refused = [socket.socket().connect_ex(("127.0.0.1", port)) for _ in range(REFUSED)]
    last = tools["top"].wait_for(lambda it: row_of(it, pid=os.getpid()).get("time_wait_overflows") == OVERFLOWS and
                                 row_of(it, pid=os.getpid()).get("connect_failed_refused") == REFUSED)
    check("happened_in_row", [differ("refused", refused, [111] * REFUSED)] + expect(
        row_of(last, pid=os.getpid()), "this process", time_wait_overflows=OVERFLOWS, connect_failed_refused=REFUSED,
        connect_failed_no_port=0, connect_failed_timeout=0, connect_failed_abandoned=0, connect_failed=0))
    summary = tools["top"].end()[1][-1]
    check("happened_in_totals", expect(summary, "summary", connect_failed_refused=REFUSED, connect_failed=0) + expect(
        summary["totals"], "totals", time_wait_overflows=OVERFLOWS))
    lines = tools["trace"].end()[1]
    check("overflow_is_traced", [
        differ("lines", sum(it.get("end") == "overflow" for it in lines), OVERFLOWS),
        differ("failures", sum(it["type"] == "connect_failed" for it in lines), REFUSED)])


def main():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    test_usage()
    test_batch()
    test_top()
    test_hist()
    test_happened()
    sys.exit(1 if scenario.failures else 0)


main()
