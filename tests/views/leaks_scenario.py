#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Makes sockets that leak, in every way that leaks knows, and compares what it says with what was done and with ss.

Every scenario has a port of its own, so that its socket is found by it. Truth: pids and descriptors from the processes
themselves, times from the clock around the close, queues from ss.
"""
import array
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import scenario  # noqa: E402
from scenario import check, differ  # noqa: E402

TOOL = os.path.abspath(sys.argv[1])
ME = os.getpid()
keep = []  # sockets that must not be closed by the garbage collector
children = []


def listen(port, family=socket.AF_INET, backlog=8):
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", port))
    listener.listen(backlog)
    keep.append(listener)
    return listener


def connect(port, family=socket.AF_INET):
    return socket.create_connection(("::1" if family == socket.AF_INET6 else "127.0.0.1", port))


def wait_until(condition, what, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"not ok setup: {what} did not come in {seconds} s")
        time.sleep(0.01)


def in_state(port, state):
    text = subprocess.run(["ss", "-Htan", "state", state, f"( sport = :{port} or dport = :{port} )"],
                          capture_output=True, text=True, check=True).stdout
    return text.strip()


def leak(port, data=b"", accept=True, family=socket.AF_INET):
    """A socket of ours whose peer has closed. Returns it and when that was: before, after."""
    listener = listen(port, family)
    client = connect(port, family)
    client.sendall(data)
    server = listener.accept()[0] if accept else listener
    keep.append(server)
    before = time.monotonic()
    client.close()
    wait_until(lambda: in_state(port, "close-wait"), f"CLOSE_WAIT on port {port}")
    return server, (before, time.monotonic())


def close_sockets(but):
    """In a child: it inherited all of them."""
    for name in os.listdir("/proc/self/fd"):
        try:
            is_socket = os.readlink(f"/proc/self/fd/{name}").startswith("socket:")
        except FileNotFoundError:
            continue
        if is_socket and int(name) != but.fileno():
            os.close(int(name))


def fork(holds, action):
    """A child that has no socket but `holds`, runs action() and waits to be killed. Returns its pid, and a
    descriptor that gives a byte when action is done."""
    ready, done = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            close_sockets(holds)
            action()
            os.write(done, b"x")
            while True:
                signal.pause()
        finally:
            os._exit(1)
    os.close(done)
    children.append(pid)
    return pid, ready


def receiver():
    """A process that waits for a descriptor and keeps it as 77. Returns its pid and how to hand over."""
    ours, theirs = socket.socketpair()

    def receive():
        message = theirs.recvmsg(1, socket.CMSG_SPACE(4))
        descriptor = array.array("i", message[1][0][2])[0]
        os.dup2(descriptor, 77)
        os.close(descriptor)

    pid, ready = fork(theirs, receive)

    def hand_over(sock):
        rights = struct.pack("i", sock.fileno())
        ours.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        os.read(ready, 1)
        sock.close()

    return pid, hand_over


def run_leaks(*options):
    command = [TOOL, "leaks", "-n", "self", "-j", *options]
    process = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    lines = [json.loads(line) for line in process.stdout.splitlines()]
    return process.returncode, lines


def by_port(lines):
    """leaks by the port of the scenario: that of the listening end, which is below 8000."""
    return {min(l["local_port"], l["remote_port"]): l for l in lines if l["type"] == "leak"}


def only(lines, kind):
    return [l for l in lines if l["type"] == kind][0]


def check_socket(name, found, port, wanted, age=None):
    if port not in found:
        check(name, ["not found"])
        return
    line = found[port]
    wrong = [differ(key, line.get(key), value) for key, value in wanted.items()]
    if age:
        least, most = age
        wrong.append("" if line["age_s"] <= most + 0.02 else f"age {line['age_s']} is more than the truth, {most:.3f}")
        if not line["age_at_least"]:
            wrong.append("" if line["age_s"] >= least - 0.02 else f"age {line['age_s']} is less than {least:.3f}")
        elif line["age_at_most_s"] is not None:
            wrong.append("" if line["age_at_most_s"] >= least - 0.02 else
                         f"at most {line['age_at_most_s']} is less than {least:.3f}")
    wrong.append(differ("rx_queue", line["rx_queue"], queue_of_ss(line)))
    check(name, wrong)


def queue_of_ss(line):
    text = subprocess.run(["ss", "-Htan", f"sport = :{line['local_port']} and dport = :{line['remote_port']}"],
                          capture_output=True, text=True, check=True).stdout
    return int(text.split()[1]) if text else None


def descriptors(pairs):
    """Of a line, without the names."""
    return [{"pid": pid, "fd": fd} for pid, fd in sorted(pairs)]


def strip_names(found):
    for line in found.values():
        for one in line["descriptors"] or []:
            one.pop("comm")


# Sockets from before.
truth = {}


def make_sockets():
    plain, truth[7001] = leak(7001)
    unread, truth[7002] = leak(7002, b"12345")
    ended, truth[7003] = leak(7003, b"12345")
    while ended.recv(100):
        pass
    listener = listen(7006)
    queued = connect(7006)
    before = time.monotonic()
    queued.close()
    wait_until(lambda: in_state(7006, "close-wait"), "CLOSE_WAIT of a socket that is not accepted")
    truth[7006] = (before, time.monotonic())
    keep.append(listener)
    twice, truth[7007] = leak(7007)
    second = os.dup(twice.fileno())
    server = listen(7008)
    active = connect(7008)
    accepted = server.accept()[0]
    before = time.monotonic()
    accepted.close()
    keep.append(active)
    wait_until(lambda: in_state(7008, "close-wait"), "CLOSE_WAIT of a client")
    truth[7008] = (before, time.monotonic())
    six, truth[7009] = leak(7009, family=socket.AF_INET6)
    return plain, unread, ended, twice, second, active, six


def check_before():
    plain, unread, ended, twice, second, active, six = make_sockets()
    forked, truth[7004] = leak(7004)
    child, ready = fork(forked, lambda: None)
    os.read(ready, 1)
    passed, truth[7005] = leak(7005)
    heir, hand_over = receiver()
    hand_over(passed)
    time.sleep(1.6)

    begin = time.monotonic()
    status, lines = run_leaks("--older-than", "1s")
    end = time.monotonic()
    found = by_port(lines)
    strip_names(found)
    ages = {port: (begin - after, end - before) for port, (before, after) in truth.items()}

    own = {"owner_pid": ME, "state": "CLOSE_WAIT", "attribution": "seeded", "closed_by": "remote", "in_accept_queue": False,
           "age_at_least": True}
    passive = {**own, "side": "passive", "holders": [ME]}
    check("header_first_summary_last", [differ("first", lines[0]["type"], "header"),
                                         differ("last", lines[-1]["type"], "summary"), differ("exit code", status, 0)])
    check_socket("before_plain", found, 7001, {**passive, "fd": plain.fileno(), "local_port": 7001, "rx_queue": 1}, ages[7001])
    check_socket("before_unread", found, 7002, {**passive, "fd": unread.fileno(), "rx_queue": 6}, ages[7002])
    check_socket("before_read_to_end", found, 7003, {**passive, "fd": ended.fileno(), "rx_queue": 0}, ages[7003])
    check_socket("before_forked", found, 7004,
                 {**passive, "fd": forked.fileno(), "holders": sorted([ME, child]),
                  "descriptors": descriptors([(ME, forked.fileno()), (child, forked.fileno())])}, ages[7004])
    check_socket("before_passed", found, 7005, {"holders": [heir], "fd": 77, "owner_pid": heir}, ages[7005])
    check_socket("before_not_accepted", found, 7006,
                 {"holders": [], "fd": None, "in_accept_queue": True, "owner_pid": ME, "attribution": "listener"}, ages[7006])
    check_socket("before_dup", found, 7007,
                 {**passive, "descriptors": descriptors([(ME, twice.fileno()), (ME, second)])}, ages[7007])
    check_socket("before_client", found, 7008, {**own, "side": "active", "service_port": 7008, "fd": active.fileno()},
                 ages[7008])
    check_socket("before_ipv6", found, 7009, {**passive, "local_addr": "::1", "fd": six.fileno()}, ages[7009])
    check_sorted_and_summed(lines)
    return len(found)


def check_sorted_and_summed(lines):
    leaks = [l for l in lines if l["type"] == "leak"]
    head = only(lines, "leaks")
    ages = [l["age_s"] for l in leaks]
    ports = len(in_state_all("close-wait"))
    check("oldest_first_groups_add_up", [
        differ("order", ages, sorted(ages, reverse=True)),
        differ("count", head["count"], len(leaks)),
        differ("sum of groups", sum(g["sockets"] for g in head["groups"]), len(leaks)),
        differ("found", len(leaks), ports),
        differ("never accepted", sum(g["never_accepted"] for g in head["groups"]), 1),
        differ("read to the end", sum(g["read_to_end"] for g in head["groups"]), 1)])


def in_state_all(state):
    return subprocess.run(["ss", "-Htan", "state", state], capture_output=True, text=True, check=True).stdout.splitlines()


def check_fail_on(count):
    more, _ = run_leaks("--older-than", "1s", "--fail-on", str(count - 1))
    enough, _ = run_leaks("--older-than", "1s", "--fail-on", str(count))
    check("fail_on", [differ("exit code above", more, 3), differ("exit code at the limit", enough, 0)])
    status, lines = run_leaks("--older-than", "1h")
    check("older_than", [differ("leaks", len(by_port(lines)), 0), differ("exit code", status, 0),
                         differ("sockets in the state", only(lines, "leaks")["in_state"], len(in_state_all("close-wait")))])


# Sockets that come and go while leaks watches.
def check_watch(earlier):
    command = [TOOL, "leaks", "-n", "self", "-j", "--older-than", "1s", "-d", "6"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    json.loads(process.stdout.readline())
    began = time.monotonic()
    heir, hand_over = receiver()
    passed, truth[7105] = leak(7105)
    hand_over(passed)
    late_listener = listen(7106)
    client = connect(7106)
    before = time.monotonic()
    client.close()
    wait_until(lambda: in_state(7106, "close-wait"), "CLOSE_WAIT before accept")
    truth[7106] = (before, time.monotonic())
    late = late_listener.accept()[0]
    keep.append(late)
    plain, truth[7101] = leak(7101)
    gone, _ = leak(7102)
    gone.close()
    while time.monotonic() < began + 5.5:
        time.sleep(0.05)
    leak(7103)
    output = process.stdout.read()
    end = time.monotonic()
    lines = [json.loads(line) for line in output.splitlines()]
    found = by_port(lines)
    made = time.monotonic()
    ages = {port: (began + 6 - after - 0.2, end - before) for port, (before, after) in truth.items()}
    passive = {"age_at_least": False, "in_accept_queue": False, "closed_by": "remote", "side": "passive"}
    check_socket("watched_plain", found, 7101, {**passive, "owner_pid": ME, "fd": plain.fileno(), "holders": [ME]}, ages[7101])
    check_socket("watched_passed", found, 7105, {**passive, "holders": [heir], "fd": 77, "owner_pid": ME}, ages[7105])
    check_socket("watched_accepted_late", found, 7106, {**passive, "owner_pid": ME, "fd": late.fileno(), "holders": [ME]},
                 ages[7106])
    check("watched_young_and_gone", ["closed socket shown" if 7102 in found else "", "young socket shown" if 7103 in found else "",
                                     differ("leaks", len(found), earlier + 3)])
    growth = {g["service_port"]: g["growth_per_min"] for g in only(lines, "leaks")["groups"]}
    check("watched_growth", [differ("of a socket from before", growth.get(7001), 0),
                             "" if 7 <= growth.get(7101, 0) <= 10.1 else f"one in 6 s is {growth.get(7101)} per minute"])
    return made


def check_states():
    listener = listen(7201, backlog=0)
    keep.append(connect(7201))
    stuck = socket.socket()
    stuck.setblocking(False)
    stuck.connect_ex(("127.0.0.1", 7201))
    keep.append(stuck)
    keep.append(listener)
    half_listener = listen(7202)
    half = connect(7202)
    keep.append(half_listener.accept()[0])
    half.shutdown(socket.SHUT_WR)
    keep.append(half)
    full_listener = listen(7203)
    full = connect(7203)
    keep.append(full_listener.accept()[0])
    full.setblocking(False)
    try:
        while True:
            full.send(b"x" * 65536)
    except BlockingIOError:
        pass
    full.close()
    wait_until(lambda: in_state(7201, "syn-sent") and in_state(7202, "fin-wait-2") and in_state(7203, "fin-wait-1"),
               "SYN_SENT, FIN_WAIT2, FIN_WAIT1")
    _, lines = run_leaks("--state", "syn-sent,FIN_WAIT1,FIN_WAIT2,LAST_ACK,CLOSING", "--older-than", "1s", "-d", "2")
    found = by_port(lines)
    check_socket("state_syn_sent", found, 7201, {"state": "SYN_SENT", "owner_pid": ME, "fd": stuck.fileno(), "side": "active"})
    check_socket("state_fin_wait2", found, 7202, {"state": "FIN_WAIT2", "owner_pid": ME, "fd": half.fileno(),
                                                  "closed_by": "local"})
    check_socket("state_fin_wait1", found, 7203, {"state": "FIN_WAIT1", "fd": None, "holders": [], "in_accept_queue": False})
    refused = subprocess.run([TOOL, "leaks", "--state", "ESTABLISHED"], capture_output=True, text=True, check=False)
    check("state_refused", [differ("exit code", refused.returncode, 64), differ("lines", refused.stderr.count("\n"), 1)])


def stuck_connect(port):
    """A connect() that nobody answers, towards a listener whose queue is full."""
    stuck = socket.socket()
    stuck.setblocking(False)
    stuck.connect_ex(("127.0.0.1", port))
    keep.append(stuck)
    return stuck


def check_syn_sent_watched():
    """A connect() that begins while leaks watches: its port is chosen after it has entered SYN_SENT."""
    keep.append(listen(7301, backlog=0))
    keep.append(connect(7301))
    for name, options in (("plain", []), ("local_port", ["-L", "45301"])):
        wanted = ["-j", "--older-than", "1s", "--state", "SYN_SENT", "-D", "7301"] + options
        process = subprocess.Popen([TOOL, "leaks", "-n", "self", "-d", "5"] + wanted, stdout=subprocess.PIPE, text=True)
        json.loads(process.stdout.readline())
        folder = tempfile.TemporaryDirectory()
        recorded = folder.name + "/connects.rec"
        recorder = subprocess.Popen([TOOL, "record", "-n", "self", "-o", recorded, "-d", "3.5"], stdout=subprocess.DEVNULL)
        # The header is written when the programs are attached; what the compressor writes of itself is shorter.
        wait_until(lambda: os.path.exists(recorded) and os.path.getsize(recorded) > 100, "the recorder")
        before = time.monotonic()
        with open("/proc/sys/net/ipv4/ip_local_port_range", "w", encoding="ascii") as port_range:
            port_range.write("45301 45301" if options else "32768 60999")
        stuck = [stuck_connect(7301) for _ in range(1 if options else 3)]
        after = time.monotonic()
        output = process.stdout.read()
        end = time.monotonic()
        found = {line["local_port"]: line for line in map(json.loads, output.splitlines()) if line["type"] == "leak"}
        wrong = []
        for one in stuck:
            line = found.get(one.getsockname()[1], {})
            wrong += [differ("owner", line.get("owner_pid"), ME), differ("fd", line.get("fd"), one.fileno()),
                      differ("side", line.get("side"), "active"), differ("state", line.get("state"), "SYN_SENT"),
                      differ("begin seen", line.get("age_at_least"), False),
                      "" if after - before <= 5 and line.get("age_s", 0) <= end - before else f"age {line.get('age_s')}"]
        check(f"watched_syn_sent_{name}", wrong)
        recorder.wait(timeout=30)
        replayed = subprocess.run([TOOL, "report", recorded, "leaks"] + wanted, capture_output=True, text=True, check=True)
        ports = {line["local_port"] for line in map(json.loads, replayed.stdout.splitlines()) if line["type"] == "leak"}
        check(f"recorded_syn_sent_{name}", [differ("ports", ports, {one.getsockname()[1] for one in stuck})])
        for one in stuck:
            one.close()


def check_text():
    text = subprocess.run([TOOL, "leaks", "-n", "self", "--older-than", "1s", "-w"], capture_output=True, text=True,
                          check=True).stdout
    head = text.splitlines()[0]
    check("text", ["" if re.match(r"\d+ sockets in CLOSE_WAIT for longer than 1s, of \d+ in all", head) else head,
                   "" if "read to the end" in text else "read to the end is missing",
                   "" if "not accepted" in text else "not accepted is missing",
                   "" if "held by python3[" in text else "holders are missing",
                   "" if "> at least" in text else "the meaning of > is missing"])
    short = subprocess.run([TOOL, "leaks", "-n", "self", "--older-than", "1s", "-r", "2"], capture_output=True, text=True,
                           check=True).stdout
    check("rows", ["" if re.search(r"… and \d+ more: -r \d+ shows them", short) else "the rest is not mentioned"])


def check_queues():
    """Three clients of a listener that does not accept, one of them gone; and one whose backlog is used up."""
    listen(7971)
    clients = [connect(7971) for _ in range(3)]
    clients[0].close()
    listen(7972, backlog=1)
    keep.extend(clients + [connect(7972) for _ in range(2)])
    begin = time.monotonic()
    wait_until(lambda: in_state(7971, "close-wait"), "CLOSE_WAIT on port 7971")
    wait_until(lambda: time.monotonic() - begin > 0.3, "0.3 s")
    _, lines = run_leaks("--older-than", "200ms")
    queues = {q["local_port"]: q for q in only(lines, "leaks")["accept_queues"]}
    spent = time.monotonic() - begin
    ss = {int(line.split()[3].rsplit(":", 1)[1]): line.split() for line in subprocess.run(
        ["ss", "-Hltn"], capture_output=True, text=True, check=True).stdout.splitlines()}
    for port, full, closed in ((7971, False, 1), (7972, True, 0)):
        found = queues.get(port, {})
        check(f"accept_queue_{port}", [
            differ("depth", found.get("accept_queue"), int(ss[port][1])),
            differ("backlog", found.get("backlog"), int(ss[port][2])),
            differ("full", found.get("full"), full),
            differ("closed by the client", found.get("closed_by_client"), closed),
            differ("pid", found.get("pid"), ME),
            "" if 0.2 < (found.get("oldest_s") or 0) < spent + 1 else f"oldest {found.get('oldest_s')}"])
    text = subprocess.run([TOOL, "leaks", "-n", "self", "--older-than", "200ms"], capture_output=True, text=True,
                          check=True).stdout
    _, young = run_leaks("--older-than", "1h")
    check("accept_queues_chosen", [
        "" if re.search(r"at 127\.0\.0\.1:7971: 3 wait to be accepted, backlog 8, somaxconn \d+; oldest \S+, "
                        r"1 already closed by the client", text) else text,
        differ("full ones", sorted(q["local_port"] for q in only(young, "leaks")["accept_queues"]),
               sorted(port for port, line in ss.items() if int(line[1]) > int(line[2])))])


def check_alike():
    """Twelve of one cause are five lines and a word of the others; who asks for rows, or for JSON, gets them all."""
    listener = listen(7981, backlog=16)
    for _ in range(12):
        client = connect(7981)
        keep.append(listener.accept()[0])
        client.close()
    wait_until(lambda: len(in_state(7981, "close-wait").splitlines()) == 12, "12 CLOSE_WAIT on port 7981")
    words = ["--older-than", "0s", "-L", "7981"]

    def told(*more):
        text = subprocess.run([TOOL, "leaks", "-n", "self", *words, *more], capture_output=True, text=True, check=True).stdout
        return text, len(re.findall(rf"^{ME} ", text, re.M))

    text, lines = told()
    _, all_lines = told("-r", "50")
    _, objects = run_leaks(*words)
    check("alike", [
        differ("lines", lines, 5), differ("lines of -r", all_lines, 12),
        differ("objects", sum(line["type"] == "leak" for line in objects), 12),
        "" if f"… and 7 more like these, of python3[{ME}], on port 7981: -r 12 shows them\n" in text else text])


def main():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    count = check_before()
    check_fail_on(count)
    check_text()
    check_watch(count)
    check_states()
    check_queues()
    check_alike()
    check_syn_sent_watched()


try:
    main()
finally:
    if os.getpid() == ME:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
sys.exit(1 if scenario.failures else 0)
