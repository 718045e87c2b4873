# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A network namespace of its own for each case, with processes whose names and doings are known, and tcpdwell diagnose beside them."""
import collections
import ctypes
import json
import mmap
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

import titles

TOOL = os.environ.get("TCPDWELL", "build/tcpdwell")
RECORDINGS = os.environ.get("TCPDWELL_RECORDINGS")  # a folder: what diagnose is told is recorded there too, for tests/golden
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
MISSED = "lost", "missed", "healed", "skipped", "map_full", "unknown", "adopted", "dropped", "walk_cut", "queue_cut", "seed_cut"
ADDRESS = "10.1.1.1"  # ours, on lo: no loopback address, so that tcp_tw_reuse=2 does not apply


def unshare_net():
    if LIBC.unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")


def enter_net(fd):
    if LIBC.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def rename(name):
    LIBC.prctl(15, name if isinstance(name, bytes) else name.encode(), 0, 0, 0)


def sysctl(name, value):
    with open("/proc/sys/net/" + name.replace(".", "/"), "w", encoding="ascii") as file:
        file.write(str(value))


def ss(*filters):
    """What the kernel lists, a line a socket."""
    return subprocess.run(["ss", "-tanH", *filters], capture_output=True, text=True, check=True).stdout.splitlines()


def witness(diagnosis):
    """What tells a wrong finding from a scenario that went otherwise: the kernel's own sockets by state, and what was missed."""
    states = collections.Counter(line.split()[0] for line in ss())
    missed = {name: value for name, value in diagnosis.summary.items() if name in MISSED and value}
    return f"the kernel has {dict(states)} now, the run missed {missed or 'nothing'}"


class Process:
    """A child with a name. It runs `body(say)`, and is told apart by its pid; say() wakes whoever waits for it."""

    def __init__(self, name, body):
        ours, theirs = os.pipe()
        go, self.go = os.pipe()
        self.heard = ours
        self.pid = os.fork()
        if not self.pid:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.close(ours)
            os.close(self.go)
            rename(name)
            code = 1
            try:
                body(lambda: os.write(theirs, b"."), lambda: os.read(go, 1))
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        os.close(theirs)
        os.close(go)

    def wait(self, times=1):
        """Until it has said so. An end without it is an error."""
        for _ in range(times):
            if not os.read(self.heard, 1):
                raise RuntimeError("the process ended too early")

    def on(self):
        os.write(self.go, b".")

    def end(self):
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self.pid, 0)
        os.close(self.heard)
        os.close(self.go)


STARTED = []  # what end_started() ends, whatever became of the case


def start(*words, **options):
    """A program that does not outlive the case."""
    process = subprocess.Popen(words, **options)
    STARTED.append(process)
    return process


def end_started():
    for process in STARTED:
        if process.poll() is None:
            process.kill()
            process.wait()


def recorder(netns):
    """Beside a run of diagnose, under the case's name and the run's number."""
    number = 1 + sum(name.startswith(sys.argv[1] + ".") for name in os.listdir(RECORDINGS))
    path = f"{RECORDINGS}/{sys.argv[1]}.{number}.jsonl.gz"
    process = start(TOOL, "record", "--ports", "-n", netns, "-o", path)
    while not os.path.exists(path) or not os.path.getsize(path):
        time.sleep(0.02)
    return process


def wakes(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        return next((int(line.split()[1]) for line in file if line.startswith("voluntary_ctxt_switches")), 0)


def watch(process, seconds):
    """So long, and until it has woken up some times: beside much else that runs it may not have got the processor meanwhile."""
    before, end = wakes(process), time.monotonic() + seconds + 60
    time.sleep(seconds)
    while seconds and wakes(process) < before + 4 and process.poll() is None and time.monotonic() < end:
        time.sleep(0.1)


LONGEST = 900  # seconds: none watches for so long, each is told when to end


class Diagnosis:
    """
    A run of tcpdwell diagnose -j in this namespace, which watches for so many seconds or more: `found` is {code: finding}, `all` each
    finding. What a case makes meanwhile may take any time, since the run is ended some seconds after it, however late that is.
    """

    def __init__(self, seconds, *options, netns="self"):
        self.log = tempfile.TemporaryFile("w+")
        self.begin, self.seconds = time.monotonic(), seconds
        self.recorder = recorder(netns) if RECORDINGS else None
        self.process = start(TOOL, "diagnose", "-j", "-n", netns, "-d", str(LONGEST), *options, stdout=subprocess.PIPE,
                             stderr=self.log, text=True)
        header = self.process.stdout.readline()
        if '"header"' not in header:
            raise RuntimeError("no header: " + header + self.said())
        self.attached = time.monotonic()

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def looked(self):
        """Until it has looked at counters and listeners, as it does once a second when it gets the processor: from then on it knows what is new."""
        watch(self.process, 2.5)

    def finish(self, after=None):
        """`after`: as long at least as it watches from now on: what was made has to have lasted for so long. As long as it watches in all, where that is short."""
        if after is None:
            after = self.seconds if self.seconds <= 5 else 3
        watch(self.process, max(0, self.attached + self.seconds - time.monotonic(), after))
        self.judged = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        out = self.process.stdout.read()  # communicate() would leave out what came together with the header
        self.code = self.process.wait()
        self.end = time.monotonic()
        self.errors = self.said()
        if self.recorder:
            self.recorder.send_signal(signal.SIGINT)
            self.recorder.wait()
        lines = [json.loads(line) for line in out.splitlines()]
        if not lines or lines[-1]["type"] != "summary":
            raise RuntimeError(f"no summary, exit code {self.code}: {self.errors}{out[-300:]}")
        self.summary = lines[-1]
        self.not_examined = {line["code"]: line["reason"] for line in lines if line["type"] == "not_examined"}
        self.all = [line for line in lines if line["type"] == "finding" and line["code"] != "TD191"]
        self.found = {line["code"]: line for line in self.all}
        self.settings = {line["title"].split()[0]: line for line in lines if line["type"] == "finding" and line["code"] == "TD191"}
        return self


    def age(self, since, until=None):
        """(least, most) of what happened between these two times, as it was judged, which was the last that this run did."""
        return max(0.0, self.judged - (since if until is None else until)), self.end - since


class Shared:
    """Numbers that a process told and another one reads."""

    def __init__(self, most=4000):
        self.memory = mmap.mmap(-1, 8 * (most + 1))

    def add(self, value):
        count, = struct.unpack_from("q", self.memory)
        struct.pack_into("d", self.memory, 8 * (count + 1), value)
        struct.pack_into("q", self.memory, 0, count + 1)

    def all(self):
        count, = struct.unpack_from("q", self.memory)
        return struct.unpack_from(f"{count}d", self.memory, 8)


def counter(name):
    """Of the namespace that the caller is in."""
    words = subprocess.run(["nstat", "-asz", name], capture_output=True, text=True, check=True).stdout.split()
    return int(words[words.index(name) + 1])


def evidence(finding, name):
    return next(item["value"] for item in finding["evidence"] if item["name"] == name)


class Skip(Exception):
    """The machine can't make what the case is about; says why."""


def setting(name):
    """A setting of the namespace that the caller is in; None where it is not shown."""
    try:
        with open("/proc/sys/net/" + name.replace(".", "/"), encoding="ascii") as file:
            return int(file.read())
    except FileNotFoundError:
        return None


def nft(text):
    """Rules of the packet filter, in this namespace. Not every kernel or container can have them."""
    if not shutil.which("nft"):
        raise Skip("no nft")
    result = subprocess.run(["nft", text], capture_output=True, text=True, check=False)
    if result.returncode:
        raise Skip("nft: " + " ".join(result.stderr.split()))


class World:
    def __init__(self, name):
        self.name = name
        self.processes, self.failures = [], []
        self.max_orphans = setting("ipv4.tcp_max_orphans")  # shown in the machine's first namespace alone
        unshare_net()
        run("ip", "link", "set", "lo", "up")
        run("ip", "address", "add", ADDRESS + "/32", "dev", "lo")

    def spawn(self, name, body):
        process = Process(name, body)
        self.processes.append(process)
        return process

    def end(self):
        # Who depends on another first: nobody is to complain of what is only the end.
        for process in reversed(self.processes):
            process.end()

    def check(self, what, is_so, detail=""):
        if not is_so:
            self.failures.append(f"{what} {detail}")

    def numbers(self, finding, **expected):
        """Each number of its title: see titles.py."""
        for difference in titles.compare(finding, expected):
            self.check(finding["code"] + " numbers", False, difference)

    def expect(self, diagnosis, *codes, exit_code=None):
        """The exact set. `codes`: "TD121", "TD121/too_early", "TD124=now"."""
        seen = set()
        for finding in diagnosis.all:
            word = finding["code"]
            if any(code.startswith(word + "=") for code in codes):
                word += "=" + finding["severity"]
            if finding["confidence"] == "too_early":
                word += "/too_early"
            seen.add(word)
        self.check("findings", seen == set(codes),
                   f"are {sorted(seen)}, not {sorted(codes)}: {[finding['title'] for finding in diagnosis.all]}; {witness(diagnosis)}")
        worst = {finding["severity"] for finding in diagnosis.all}
        expected = 3 if worst & {"now", "soon"} else 0
        self.check("exit code", diagnosis.code == expected, f"is {diagnosis.code}, not {expected}; {diagnosis.errors}")
        return diagnosis

    def server(self, port, serve, name="service", address=ADDRESS, backlog=1024):
        """`serve(connection)` for each that is accepted; it keeps what it returns."""
        def body(say, _):
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, port))
            listener.listen(backlog)
            say()
            kept = []
            while True:
                connection, _ = listener.accept()
                kept.append(serve(connection))

        process = self.spawn(name, body)
        process.wait()
        return process


def read_to_end(connection):
    while connection.recv(65536):
        pass


def close_when_told(connection):
    """As a healthy server does that closes after its peer."""
    pid = os.fork()
    if not pid:
        read_to_end(connection)
        os._exit(0)
    connection.close()


def main(cases):
    """One case, named by the argument, in a namespace of its own."""
    name = sys.argv[1]
    world = World(name)
    begin = time.monotonic()
    try:
        cases[name](world)
    except Skip as reason:
        titles.mark(name.split("_", maxsplit=1)[0].upper())  # it can't be made here, so its numbers can't be compared
        print(f"skip {name}: {reason}")
        sys.exit(0)
    except Exception:
        traceback.print_exc()
        world.failures.append("an exception: see above")
    finally:
        end_started()
        world.end()
    for failure in world.failures:
        print(f"not ok {name}: {failure}")
    if not world.failures:
        print(f"ok {name} ({time.monotonic() - begin:.0f} s)")
    sys.exit(bool(world.failures))
