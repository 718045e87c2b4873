#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Who has it now: connections in CLOSE_WAIT whose descriptors change hands in all the ways that servers know, and what every view
says of them: top, leaks with and without -d, hist, and a recording in each view; by all, by the process that has them, and by one
that has not. The truth is what the processes were told to do; ss and /proc must agree with it.

Each case has a port of its own, so that its sockets are found by it.
"""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import actor  # noqa: E402
import scenario  # noqa: E402
from scenario import PATIENCE_S, Tool, check, differ  # noqa: E402

TOOL = os.path.abspath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))
BY = "process,port"
pids = []  # of all actors; they are killed at the end


class Actor:
    """Another process, by its commands."""

    def __init__(self, pid=None):
        if pid is None:
            process = subprocess.Popen([sys.executable, f"{HERE}/actor.py"], stdout=subprocess.PIPE, text=True)
            pid = int(process.stdout.readline())
        self.pid = pid
        pids.append(pid)

    def __getattr__(self, name):
        def command(**values):
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as peer:
                peer.connect(actor.address(self.pid))
                peer.send(json.dumps({"do": name, **values}).encode())
                answer = peer.recv(4096)
                return json.loads(answer) if answer else {}
        return command

    def forked(self):
        return Actor(self.fork()["pid"])


def wait_until(condition, what, seconds=PATIENCE_S):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"not ok setup: {what} did not come in {seconds} s")
        time.sleep(0.02)


def of_ss(port, state="close-wait"):
    """Pids and descriptors of each socket of the port, as ss has them."""
    text = subprocess.run(["ss", "-Htanp", "state", state, f"( sport = :{port} or dport = :{port} )"], capture_output=True, text=True,
                          check=True).stdout
    return [{(int(pid), int(fd)) for pid, fd in re.findall(r"pid=(\d+),fd=(\d+)", line)} for line in text.splitlines()]


def call(port):
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"x")
    return client


class Case:
    """`has`: sockets of each pid that is to be charged. `lets_go`: pids that had them, and live. `comm`: the name now."""

    def __init__(self, port):
        self.port = port
        self.has, self.lets_go, self.comm = {}, [], None
        self.queued, self.side, self.moves, self.in_flight = 0, "passive", True, False
        self.name = type(self).__name__

    def setup(self):
        self.master = Actor()
        self.master.listen(name="l", port=self.port)

    def close(self, client):
        before = len(of_ss(self.port))
        client.close()
        wait_until(lambda: len(of_ss(self.port)) > before, f"CLOSE_WAIT of {self.name}")


class accepted_after_its_fin(Case):
    """The FIN comes before accept(), as on every busy prefork server."""
    def setup(self):
        super().setup()
        self.worker = self.master.forked()

    def act(self):
        for _ in range(5):
            self.close(call(self.port))
        for i in range(5):
            self.worker.accept(listener="l", name=f"a{i}")
        self.has, self.lets_go = {self.worker.pid: 5}, [self.master.pid]


class forked_for_each(Case):
    """As ssh, postgres and xinetd do it: the child has it, the parent closed it, before the FIN."""
    def act(self):
        for i in range(2):
            client = call(self.port)
            self.master.accept(listener="l", name=f"a{i}")
            child = self.master.forked()
            self.master.close(name=f"a{i}")
            self.close(client)
            self.has[child.pid] = 1
        self.lets_go = [self.master.pid]


class passed_on(Case):
    """SCM_RIGHTS, before the FIN."""
    def setup(self):
        super().setup()
        self.heir = Actor()

    def act(self):
        client = call(self.port)
        self.master.accept(listener="l", name="a")
        self.master.send(name="a", to=self.heir.pid)
        self.master.close(name="a")
        self.close(client)
        self.has, self.lets_go = {self.heir.pid: 1}, [self.master.pid]


class passed_on_twice(Case):
    """In CLOSE_WAIT, and on again."""
    def setup(self):
        super().setup()
        self.heirs = [Actor(), Actor()]

    def act(self):
        client = call(self.port)
        self.master.accept(listener="l", name="a")
        self.close(client)
        giver = self.master
        for heir in self.heirs:
            giver.send(name="a", to=heir.pid)
            giver.close(name="a")
            giver = heir
        self.has, self.lets_go = {self.heirs[1].pid: 1}, [self.master.pid, self.heirs[0].pid]


class kept_by_a_child(Case):
    """As redis's bgsave: what the parent closed the child has."""
    def act(self):
        client = call(self.port)
        self.master.accept(listener="l", name="a")
        child = self.master.forked()
        self.close(client)
        self.master.close(name="a")
        self.has, self.lets_go = {child.pid: 1}, [self.master.pid]


class owner_is_gone(Case):
    """Its sibling has it."""
    def act(self):
        client = call(self.port)
        self.master.accept(listener="l", name="a")
        child = self.master.forked()
        self.close(client)
        self.master.exit()
        self.has = {child.pid: 1}


class shared_with_its_owner(Case):
    """The owner has it still: it is the owner's, whoever has it too."""
    def act(self):
        client = call(self.port)
        self.master.accept(listener="l", name="a")
        child = self.master.forked()
        self.close(client)
        self.has, self.lets_go, self.moves = {self.master.pid: 1}, [child.pid], False


class daemonized(Case):
    """listen(), fork(), the parent exits; half of them are not accepted."""
    def act(self):
        child = self.master.forked()
        self.master.exit()
        for _ in range(4):
            self.close(call(self.port))
        for i in range(2):
            child.accept(listener="l", name=f"a{i}")
        self.has, self.queued = {child.pid: 4}, 2


class renamed(Case):
    def act(self):
        client = call(self.port)
        self.master.accept(listener="l", name="a")
        self.close(client)
        self.master.rename(comm="vw-renamed")
        self.has, self.comm, self.moves = {self.master.pid: 1}, "vw-renamed", False


class executed(Case):
    """Another program, the same process; it goes on with the descriptor."""
    def act(self):
        client = call(self.port)
        self.master.accept(listener="l", name="a")
        self.close(client)
        getattr(self.master, "exec")(comm="vw-execd", keep=["a", "l"])
        self.has, self.comm, self.moves = {self.master.pid: 1}, "vw-execd", False


def serves(process):
    """Does it take commands?"""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as peer:
            peer.connect(actor.address(process.pid))
        return True
    except OSError:
        return False


class socket_activated(Case):
    """As systemd and inetd do it: one process listens, and goes on to; a service that it starts has the listener from it."""
    def act(self):
        service = self.master.forked()
        getattr(service, "exec")(comm="vw-service", keep=["l"])
        wait_until(lambda: serves(service), "the service")
        for i in range(2):
            client = call(self.port)
            service.accept(listener="l", name=f"a{i}")
            self.close(client)
        self.has, self.lets_go, self.comm, self.moves = {service.pid: 2}, [self.master.pid], "vw-service", False


class closed_by_exec(Case):
    """CLOEXEC: it is closed, and no leak."""
    def act(self):
        client = call(self.port)
        self.master.accept(listener="l", name="a")
        self.close(client)
        getattr(self.master, "exec")(comm="vw-cloexec", keep=["l"])
        wait_until(lambda: not of_ss(self.port), "the end of what exec closed")
        self.lets_go = [self.master.pid]


class dup_in_the_process(Case):
    def act(self):
        client = call(self.port)
        self.master.accept(listener="l", name="a")
        self.master.dup(name="a", to="b")
        self.close(client)
        self.master.close(name="a")
        self.has, self.moves = {self.master.pid: 1}, False


class named_threads(Case):
    """The thread that accepts has a name of its own; the process is called as its leader is."""
    def act(self):
        client = call(self.port)
        self.master.accept_in_thread(listener="l", name="a", comm="vw-thread")
        self.close(client)
        self.has, self.comm, self.moves = {self.master.pid: 1}, "python3", False


class in_flight(Case):
    """Passed on, and nobody has taken it: its owner's, as nothing else is known."""
    def act(self):
        client = call(self.port)
        self.master.accept(listener="l", name="a")
        self.close(client)
        self.master.send_to_nobody(name="a")
        self.has, self.in_flight, self.moves = {self.master.pid: 1}, True, False


class one_port_two_listeners(Case):
    """SO_REUSEPORT: what is not accepted is of the process that does not accept."""
    def setup(self):
        self.master, self.stuck = Actor(), Actor()
        for one in (self.master, self.stuck):
            one.listen(name="l", port=self.port, reuse=True)

    def act(self):
        for _ in range(12):
            self.close(call(self.port))
        accepted = self.master.accept_all(listener="l", name="a")["count"]
        self.has = {self.master.pid: accepted, self.stuck.pid: 12 - accepted}
        self.has = {pid: count for pid, count in self.has.items() if count}
        self.queued = 12 - accepted


class pool_of_a_client(Case):
    """The active side: an idle pool whose server has closed."""
    def setup(self):
        self.server = socket.create_server(("127.0.0.1", self.port))
        self.master = Actor()

    def act(self):
        for i in range(3):
            self.master.connect(name=f"c{i}", port=self.port)
            self.close(self.server.accept()[0])
        self.has, self.side, self.moves = {self.master.pid: 3}, "active", False


class out_of_descriptors(Case):
    def act(self):
        for _ in range(30):
            self.close(call(self.port))
        self.master.limit(descriptors=24)
        self.accepted = self.master.accept_all(listener="l", name="a")["count"]
        self.has, self.queued, self.moves = {self.master.pid: 30}, 30 - self.accepted, False


CASES = [out_of_descriptors, accepted_after_its_fin, forked_for_each, passed_on, passed_on_twice, kept_by_a_child, owner_is_gone, shared_with_its_owner,
         daemonized, renamed, executed, socket_activated, closed_by_exec, dup_in_the_process, named_threads, in_flight, one_port_two_listeners,
         pool_of_a_client]


def run(*arguments):
    done = subprocess.run([TOOL, *arguments, "-j"], capture_output=True, text=True, timeout=60, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()], done


def has_in_rows(rows, case, count="close_wait_now"):
    """What rows by process and port say of a case: sockets of each pid."""
    return {row["pid"]: row[count] for row in rows if row.get("service_port") == case.port and row.get(count)}


def has_in_hist(objects, case, count="open"):
    return {it["pid"]: it[count] for it in objects
            if it["type"] == "histogram" and it["state"] == "CLOSE_WAIT" and it["service_port"] == case.port and it[count]}


def leaks_of(objects, case):
    return [it for it in objects if it["type"] == "leak" and case.port in (it["local_port"], it["remote_port"])]


def groups_of(objects, case):
    head = [it for it in objects if it["type"] == "leaks"][0]
    return {it["holder_pid"]: it for it in head["groups"] if it["service_port"] == case.port}


def has_in_groups(objects, case):
    return {pid: it["sockets"] for pid, it in groups_of(objects, case).items()}


def conserved(rows, state="close_wait"):
    return [differ(f"{state}_now of {row['label']}", row[f"{state}_now"], row[f"{state}_created"] + row[f"{state}_seeded"] +
                   row[f"{state}_moved_in"] - row[f"{state}_moved_out"] - row[f"{state}_left"]) for row in rows]


def is_settled(interval, cases):
    if interval["type"] != "interval":
        return False
    names = {row["pid"]: row["comm"] for row in interval["rows"]}
    return all(has_in_rows(interval["rows"], case) == case.has and
               all(not case.comm or names[pid] == case.comm for pid in case.has) for case in cases)


def check_truth(case):
    """What the processes were told to do is what the kernel has."""
    found = of_ss(case.port)
    wrong = [differ("sockets of ss", len(found), sum(case.has.values())),
             differ("without a descriptor", sum(not one for one in found), case.queued + case.in_flight)]
    for pid in case.has:
        wrong.append("" if case.in_flight or case.queued or any(pid in {p for p, _ in one} for one in found) else
                     f"{pid} has none by ss")
    check(f"{case.name}_truth", wrong)


def check_top(case, interval, views):
    right = {pid: count for pid, count in case.has.items() if pid in views["right pids"]}
    rows = [row for row in interval["rows"] if row.get("service_port") == case.port]
    moved = sum(row["moved_in"] for row in rows)
    check(f"{case.name}_top", [
        differ("rows", has_in_rows(interval["rows"], case), case.has),
        differ("with -p of who has it", has_in_rows(views["top right"]["rows"], case), right),
        differ("with -p of who has not", has_in_rows(views["top wrong"]["rows"], case),
               {pid: count for pid, count in case.has.items() if pid in views["wrong pids"]}),
        "" if case.moves or not moved else f"{moved} have moved",
        *conserved(rows)])


def check_leaks(case, views):
    wrong = []
    for name in ("leaks", "leaks -d", "report leaks"):
        wrong.append(differ(name, has_in_groups(views[name], case), case.has))
        wrong.append(differ(f"never accepted in {name}", sum(it["in_accept_queue"] for it in leaks_of(views[name], case)),
                            case.queued))
    for name in ("leaks -p", "report leaks -p"):
        wrong.append(differ(name, has_in_groups(views[name], case), case.has))
    for name in ("leaks -p wrong", "report leaks -p wrong"):
        wrong.append(differ(name, has_in_groups(views[name], case), {}))
    wrong.append(differ("leaks -d -p wrong", has_in_groups(views["leaks -d -p wrong"], case),
                        {pid: count for pid, count in case.has.items() if pid in views["wrong pids"]}))
    found = of_ss(case.port)
    for it in leaks_of(views["leaks"], case):
        if it["fd"] is not None:
            wrong.append("" if any((it["holder_pid"], it["fd"]) in one for one in found) else
                         f"{it['holder_pid']} has no descriptor {it['fd']} by ss")
        wrong.append(differ("side", it["side"], case.side))
    if case.comm:
        for name in ("leaks", "leaks -d", "report leaks"):
            wrong.append(differ(f"name in {name}", {it["holder_comm"] for it in groups_of(views[name], case).values()}, {case.comm}))
    check(f"{case.name}_leaks", wrong)


def check_hist(case, views):
    check(f"{case.name}_hist", [differ(name, has_in_hist(views[name], case), case.has) for name in ("hist now", "report hist")] +
          [differ("report top", has_in_rows(views["report top"]["rows"], case), case.has)])


def check_growth(cases, views):
    """Each came while it was watched: a number, as the watch was short, for who has them."""
    wrong = []
    for case in cases:
        for pid, it in groups_of(views["leaks -d"], case).items():
            if case.name == "out_of_descriptors":
                continue
            wrong.append(differ(f"grown of {case.name}", it["grown"], case.has.get(pid)))
            wrong.append(differ(f"growth of {case.name}", it["growth"], "changed"))
            wrong.append("" if 0 <= it["youngest_s"] <= it["oldest_s"] else f"youngest {it['youngest_s']}, oldest {it['oldest_s']}")
    check("growth_goes_with_the_sockets", wrong)


def check_descriptors(cases, views):
    case = [case for case in cases if case.name == "out_of_descriptors"][0]
    wrong = []
    for name in ("leaks", "leaks -d"):
        group = groups_of(views[name], case)[case.master.pid]
        wrong += [differ(f"fds in {name}", group["fds"], 24), differ(f"limit in {name}", group["fds_limit"], 24),
                  differ(f"not accepted in {name}", group["never_accepted"], 30 - case.accepted),
                  differ(f"not read in {name}", group["unread"], case.accepted)]
    wrong.append(differ("growth", groups_of(views["leaks -d"], case)[case.master.pid]["growth"], "full"))
    check("descriptors_that_are_used_up", wrong)


def check_programs(cases, views):
    wrong = []
    for case in cases:
        for it in groups_of(views["leaks"], case).values():
            expected = {"executed": "vw-execd", "socket_activated": "vw-service"}.get(case.name, "actor.py")
            wrong.append("" if (it["program"] or "").endswith(expected) else f"program of {case.name} is {it['program']}")
            wrong.append("cmdline was not asked for" if "cmdline" in it else "")
    rows = views["top"]["rows"]
    wrong += ["" if re.search(r"actor.py$|^vw-(execd|service)$", row["program"] or "") else f"program in top is {row['program']}"
              for row in rows if row["close_wait_now"]]
    lines, _ = run("leaks", "-n", "self", "--older-than", "1ms", "--cmdline")
    wrong += ["" if "actor.py" in it["cmdline"] else f"cmdline is {it['cmdline']}" for it in groups_of(lines, cases[0]).values()]
    check("programs_are_told_apart", wrong)


def check_names(cases):
    """--comm is the name now; --by comm is too."""
    lines, _ = run("leaks", "-n", "self", "--older-than", "1ms", "--comm", "vw-renamed")
    renamed_case = [case for case in cases if case.name == "renamed"][0]
    wrong = [differ("--comm", {case.name for case in cases if has_in_groups(lines, case)}, {"renamed"})]
    tool = Tool(TOOL, "top", "--by", "comm", "0.3")
    interval = tool.wait_for(lambda it: it["type"] == "interval" and any(row["comm"] == "vw-execd" for row in it["rows"]))
    counts = {row["comm"]: row["close_wait_now"] for row in interval["rows"]}
    wrong += [differ("vw-renamed", counts.get("vw-renamed"), renamed_case.has[renamed_case.master.pid]),
              differ("vw-execd", counts.get("vw-execd"), 1)]
    tool.end()
    check("names_of_now", wrong)


def check_text(cases):
    text = subprocess.run([TOOL, "leaks", "-n", "self", "--older-than", "1ms", "-w"], capture_output=True, text=True, check=True).stdout
    check("text", ["" if re.search(r"\d+ sockets? of vw-renamed\[\d+\] \(python3[.\d]* actor.py\), port \d+, from 127.0.0.1; oldest ", text) else
                   f"no line of vw-renamed: {text[:600]}",
                   "" if "runs " in text else "no command line",
                   "" if "fds 24 of 24" in text else "descriptors are missing",
                   "" if " never accepted" in text else "the accept queue is missing"])
    short = subprocess.run([TOOL, "leaks", "-n", "self", "--older-than", "1ms", "-r", "2"], capture_output=True, text=True,
                           check=True).stdout
    groups = [line for line in short.splitlines() if re.match(r"  \d+ sockets? of ", line)]
    check("rows_bound_groups", [differ("group lines", len(groups), 2),
                                "" if re.search(r"… and (1 more group: -r \d+ shows it|\d+ more groups: -r \d+ shows them)\n", short) else "the rest is not mentioned"])
    none = subprocess.run([TOOL, "leaks", "-n", "self", "--older-than", "10h"], capture_output=True, text=True, check=True).stdout
    check("none_found", ["" if re.match(r"No CLOSE_WAIT older than 10h\w* \(\d+ in all\)\n", none) else none[:200]])


def gather(cases, recording, tools):
    """Every view, at rest."""
    right = sorted({pid for case in cases for pid in case.has})
    wrong = sorted({pid for case in cases for pid in case.lets_go} - set(right))
    here, there = ("-n", "self", "--older-than", "1ms"), ("--older-than", "1ms")
    views = {"top": tools["top"].wait_for(lambda it: is_settled(it, cases)),
             "right pids": tools["right pids"], "wrong pids": tools["wrong pids"]}
    seen = [{pid: count for pid, count in case.has.items() if pid in views["right pids"]} for case in cases]
    views["top right"] = tools["top right"].wait_for(lambda it: it["type"] == "interval" and all(
        has_in_rows(it["rows"], case) == one for case, one in zip(cases, seen)))
    time.sleep(2.5) # what would move into the wrong process's rows has had the time to
    views["top wrong"] = tools["top wrong"].wait_for(lambda it: it["type"] == "interval" and tools["top wrong"].objects.empty())
    # More and more they are while some come in the last third of the watch, however long it took to make them.
    time.sleep(max(0, tools["ready"] + (tools["ready"] - tools["begin"]) * 0.6 - time.monotonic()))
    for name in ("leaks -d", "leaks -d -p wrong"):
        _, views[name] = tools[name].end()
    tools["record"].send_signal(signal.SIGINT)
    tools["record"].wait(PATIENCE_S)
    pid_lists = (("", ()), (" -p", ("-p", ",".join(map(str, right)))), (" -p wrong", ("-p", ",".join(map(str, wrong)))))
    for suffix, options in pid_lists:
        views[f"leaks{suffix}"], _ = run("leaks", *here, *options)
        views[f"report leaks{suffix}"], _ = run("report", recording, "leaks", *there, *options)
    views["hist now"], _ = run("hist", "-n", "self", "-d", "2.5", "--by", BY, "--state", "CLOSE_WAIT")
    views["report hist"], _ = run("report", recording, "hist", "--by", BY)
    views["report top"] = [it for it in run("report", recording, "top", "--by", BY, "1000")[0] if it["type"] == "interval"][-1]
    return views


def start_tools(cases, recording):
    """Only processes that live can be asked for; those that a case forks are not there yet."""
    known = {pid for pid in pids}
    right = {case.worker.pid for case in cases if hasattr(case, "worker")} | \
        {case.heir.pid for case in cases if hasattr(case, "heir")} | \
        {case.heirs[1].pid for case in cases if hasattr(case, "heirs")}
    wrong = known - right
    tools = {
        "begin": time.monotonic(),
        "right pids": right, "wrong pids": wrong,
        "top": Tool(TOOL, "top", "--by", BY, "0.3"),
        "top right": Tool(TOOL, "top", "--by", BY, "0.3", "-p", ",".join(map(str, right))),
        "top wrong": Tool(TOOL, "top", "--by", BY, "0.3", "-p", ",".join(map(str, wrong))),
        "leaks -d": Tool(TOOL, "leaks", "-d", "600", "--older-than", "1ms"),
        "leaks -d -p wrong": Tool(TOOL, "leaks", "-d", "600", "--older-than", "1ms", "-p", ",".join(map(str, wrong))),
        "hist": Tool(TOOL, "hist", "--by", BY, "--state", "CLOSE_WAIT"),
    }
    tools["record"] = subprocess.Popen([TOOL, "record", "-o", recording, "-n", "self"], stdout=subprocess.DEVNULL)
    wait_until(lambda: os.path.exists(recording) and subprocess.run(["zcat", recording], capture_output=True).stdout.startswith(
        b'{"type":"header"'), "the begin of a recording")
    return tools


def has_descriptors(pid):
    try:
        return os.listdir(f"/proc/{pid}/fd")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False


def end(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    wait_until(lambda: not has_descriptors(pid), f"the end of {pid}")


def check_end(cases, tools):
    """They are killed, children first: what each had is what left on its account, and nothing is left."""
    for pid in reversed(pids):
        end(pid)
    last = tools["top"].wait_for(lambda it: it["type"] == "interval" and not it["totals"]["close_wait_now"])
    _, rest = tools["hist"].end()
    check("the_end_goes_to_who_had_it", [
        differ(case.name, has_in_hist(rest, case, "count"), case.has or {case.master.pid: 1}) for case in cases])
    check("sums_at_the_end", [differ("now", last["totals"]["close_wait_now"], 0), *conserved(last["rows"]),
                              differ("lost", last["lost"], 0)] + [
        differ(f"sum of {count}", sum(row[f"close_wait_{count}"] for row in last["rows"]), last["totals"][f"close_wait_{count}"])
        for count in ("created", "seeded", "left", "now")] + [
        differ("moves", sum(row["moved_in"] - row["moved_out"] for row in last["rows"]), 0)])


def main():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    cases = [kind(7301 + i) for i, kind in enumerate(CASES)]
    for case in cases:
        case.setup()
    with tempfile.TemporaryDirectory() as folder:
        recording = f"{folder}/a.rec"
        tools = start_tools(cases, recording)
        for case in cases:
            case.act()
        tools["ready"] = time.monotonic()
        for case in cases:
            check_truth(case)
        views = gather(cases, recording, tools)
        for case in cases:
            check_top(case, views["top"], views)
            check_leaks(case, views)
            check_hist(case, views)
        check_growth(cases, views)
        check_descriptors(cases, views)
        check_programs(cases, views)
        check_names(cases)
        check_text(cases)
        check_end(cases, tools)
        for name in ("top right", "top wrong"):
            tools[name].end()


try:
    main()
finally:
    for one in pids:
        try:
            os.kill(one, signal.SIGKILL)
        except ProcessLookupError:
            pass
sys.exit(1 if scenario.failures else 0)
