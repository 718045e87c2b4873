#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the terminal and the machine do to an interactive view, and to `diagnose` while it watches: the terminal is gone, takes nothing
more, is of one cell or of none; the program stands still; namespace, cgroup and /proc vanish. It ends or goes on, and burns no processor.
Usage: screen.py TOOL DIRECTORY [--all|CASE…]   Some of the cases, all of them (more than a minute), or those whose name has such words.
Prints a line a case."""
import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time

from crowds import Crowd

HERE = os.path.dirname(os.path.abspath(__file__))
TOOL, DIRECTORY = sys.argv[1:3]
RECORDING = "tests/golden/shop.jsonl.gz"
BEGIN = 100  # seconds that a busy machine takes for a start
END = 20
ENVIRONMENT = {**os.environ, "TERM": "xterm", "TCPDWELL_SECCOMP": "kill", "LC_ALL": "C.UTF-8"}
FINDINGS = 3


class Fault(Exception):
    """What must not be."""


def wait_for(what, condition, seconds=END):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.02)
    raise Fault(f"never: {what}")


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        words = file.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def has_ended(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


class Screen:
    """A view in a pseudo terminal; what it wrote since the last look is in `text`."""

    def __init__(self, *words, size=(24, 80), hangup=signal.SIG_DFL, controls=True):
        self.master, slave = pty.openpty()
        self.text = b""
        self.resize(*size)
        os.set_blocking(self.master, False)

        def prepare():
            signal.signal(signal.SIGHUP, hangup)
            os.setsid()
            if controls:
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.errors = os.path.join(DIRECTORY, "screen.err")
        with open(self.errors, "wb") as errors:
            self.run = subprocess.Popen([TOOL, *words], stdin=slave, stdout=slave, stderr=errors, preexec_fn=prepare, env=ENVIRONMENT)
        os.close(slave)
        self.pid = self.run.pid

    def resize(self, lines, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def read(self):
        with contextlib.suppress(OSError):
            while select.select([self.master], [], [], 0)[0]:
                data = os.read(self.master, 65536)
                if not data:
                    break
                self.text += data
        return self.text

    def await_text(self, text, seconds=END, size=None):
        """With a size the window changes meanwhile, so that all of it is drawn again and not what has changed."""
        def is_there():
            if self.run.poll() is not None:
                raise Fault(f"it ended: status {self.run.returncode}: {self.said()}")
            if size:
                self.resize(size[0], size[1] + int(time.monotonic() * 2) % 2)
            return text in self.read()
        wait_for(f"{text!r} on the screen", is_there, seconds)

    def press(self, keys):
        os.write(self.master, keys.encode())

    def said(self):
        with open(self.errors, encoding="utf-8", errors="replace") as file:
            return file.read()[:600]

    def await_end(self, codes, reads=True):
        children = children_of(self.pid) if self.run.poll() is None else []
        wait_for("its end", lambda: (reads and self.read() and False) or self.run.poll() is not None)
        if self.run.returncode not in codes:
            raise Fault(f"status {self.run.returncode}, not of {codes}: {self.said()}")
        wait_for("the end of its guard", lambda: all(has_ended(pid) for pid in children))

    def end(self):
        if self.run.poll() is None:
            self.run.kill()
            self.run.wait()
        with contextlib.suppress(OSError):
            os.close(self.master)


@contextlib.contextmanager
def screen(*words, **more):
    view = Screen(*words, **more)
    try:
        view.await_text(b"tcpdwell", BEGIN)
        yield view
    finally:
        view.end()


VIEWS = {
    "top": ["top", "-n", "self", "0.2"],
    "ports": ["ports", "-n", "self", "0.2"],
    "report top": ["report", RECORDING, "top"],
}


def terminal_is_gone(words, **more):
    """The last one who holds its other end closes it: no signal where it is not the controlling terminal, or where it is ignored."""
    with screen(*words, **more) as view:
        os.close(view.master)
        view.await_end((0, 1, 128 + signal.SIGHUP, -signal.SIGHUP), reads=False)


def takes_nothing_more(words):
    """Its other end is not read: the terminal's buffer is full, and a signal ends it all the same."""
    with screen(*words, size=(200, 400)) as view:
        def is_full():
            for _ in range(10):
                view.press("h" if "report" in words else "1")
                view.resize(200, 400 - int(time.monotonic() * 100) % 2)
            return select.select([], [], [], 0.05) and waits_to_write(view.pid)
        with contextlib.suppress(BlockingIOError):
            wait_for("it waits for the terminal", is_full)
        view.run.send_signal(signal.SIGTERM)
        wait_for("its end", lambda: view.run.poll() is not None, 10)
        view.await_end((0, 1, 128 + signal.SIGTERM, -signal.SIGTERM))  # its guard waits for the terminal, to give it back


def waits_to_write(pid):
    """In a write to a terminal, or asleep until it takes more."""
    with open(f"/proc/{pid}/wchan", encoding="ascii") as file:
        return file.read().strip() in ("n_tty_write", "wait_woken", "tty_write_lock")


SIZES = [(1, 1), (0, 0), (1, 400), (400, 1), (2, 2), (3, 20), (500, 500), (65535, 1), (1, 65535), (24, 80)]


def any_size(words):
    """Each size, with all keys that open something."""
    with screen(*words) as view:
        for size in SIZES:
            view.resize(*size)
            for key in "h", "h", "\r", "\x1b[B", "\x1b", "w", "t", "/", "x", "\r", "\x1b", "2", "1":
                view.press(key)
                view.read()
                time.sleep(0.005)
            if view.run.poll() is not None:
                raise Fault(f"it ended at {size}: status {view.run.returncode}: {view.said()}")
        view.text = b""
        view.await_text(b"h help", size=(24, 80))
        view.press("q")
        view.await_end((0,))


def stands_still():
    """What was made meanwhile is told when it goes on."""
    with screen("top", "-n", "self", "0.2") as view:
        os.kill(view.pid, signal.SIGSTOP)
        connect(300)
        view.resize(30, 100)
        time.sleep(1)
        view.read()
        os.kill(view.pid, signal.SIGCONT)
        view.await_text(b"300 new", size=(24, 80))
        view.press("q")
        view.await_end((0,))
        if b"300 entered" not in view.read() and b"300 new" not in view.read():
            raise Fault("its end does not tell of them")


def connect(amount, cgroup=None):
    """Each is closed by its client first, by a process of its own."""
    subprocess.run([os.path.join(HERE, "connect.py"), str(amount), *([cgroup] if cgroup else [])], check=True)


def namespace_is_gone():
    crowd = Crowd()
    try:
        with screen("top", "-n", str(crowd.inode), "0.2") as view:
            crowd.ask("time-wait", 30)
            view.await_text(b"TIME_WAIT 30 now", size=(24, 80))
            crowd.end()
            view.await_text(b"TIME_WAIT 0 now", size=(24, 80))
            view.press("\r")
            view.press("\x1b")
            view.press("q")
            view.await_end((0,))
    finally:
        crowd.end()


@contextlib.contextmanager
def new_cgroup():
    with open("/proc/self/mounts", encoding="utf-8") as file:
        mounts = [line.split()[1] for line in file if line.split()[2] == "cgroup2"]
    path = f"{mounts[0]}/tcpdwell-test-{os.getpid()}" if mounts else None
    try:
        os.mkdir(path)
    except (OSError, TypeError):
        yield None, None
        return
    try:
        yield path, path[len(mounts[0]):]
    finally:
        with contextlib.suppress(OSError):
            os.rmdir(path)


def remove(path):
    with contextlib.suppress(OSError):
        os.rmdir(path)
    return not os.path.exists(path)


def cgroup_is_gone():
    with new_cgroup() as (path, name):
        if not path:
            return "no cgroup can be made"
        with screen("top", "--cgroup", name, "-n", "self", "0.2") as view:
            connect(7, path)
            view.await_text(b"7 new", size=(24, 80))
            wait_for("the cgroup's end", lambda: remove(path))
            connect(5)
            view.text = b""
            view.await_text(b"TIME_WAIT", size=(24, 80))
            view.press("q")
            view.await_end((0,))
            if b"12 " in view.read():
                raise Fault("connections of another cgroup were counted")
    return None


# diagnose

def diagnose(*words, output=subprocess.PIPE, seconds=600):
    return subprocess.Popen([TOOL, "diagnose", "-j", "-d", str(seconds), *words], stdout=output, stderr=subprocess.PIPE,
                            stdin=subprocess.DEVNULL, env=ENVIRONMENT)


def watches(run):
    """It polls or waits for records, with all its programs."""
    return holds_programs(run) and is_confined(run.pid)


def is_confined(pid):
    """The filter over system calls comes last."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return any(line.split() == ["Seccomp:", "2"] for line in file)


def holds_programs(run):
    if run.poll() is not None:
        raise Fault(f"it ended: {run.returncode}: {run.stderr.read().decode()[:400]}")
    path = f"/proc/{run.pid}/fdinfo/"
    for name in os.listdir(path):
        with contextlib.suppress(OSError):
            with open(path + name, encoding="ascii") as file:
                if file.read().find("prog_id:") >= 0:
                    return True
    return False


def findings(run):
    """What it says, once it is interrupted."""
    run.send_signal(signal.SIGINT)
    try:
        out, err = run.communicate(timeout=END)
    except subprocess.TimeoutExpired:
        run.kill()
        raise Fault("it did not end") from None
    if run.returncode not in (0, FINDINGS):
        raise Fault(f"status {run.returncode}: {err.decode()[:400]}")
    return [json.loads(line) for line in out.splitlines()]


def diagnose_namespace_is_gone():
    """A leak of a namespace that is gone is no finding; that of another one is."""
    gone, stays = Crowd(), Crowd()
    try:
        run = diagnose("-n", f"{gone.inode},{stays.inode}")
        wait_for("its programs", lambda: watches(run), BEGIN)
        gone.ask("close-wait", 30)
        stays.ask("close-wait", 20)
        gone.end()
        time.sleep(11)  # until what is not closed is called so
        said = findings(run)
        if not any(f.get("type") == "summary" for f in said):
            raise Fault(f"no summary: {said}")
        text = json.dumps([f for f in said if f.get("type") == "finding"])
        if str(gone.inode) in text:
            raise Fault(f"a finding of what is gone: {text[:600]}")
    finally:
        gone.end()
        stays.end()


def diagnose_cgroup_is_gone():
    with new_cgroup() as (path, name):
        if not path:
            return "no cgroup can be made"
        run = diagnose("-n", "self", "--cgroup", name)
        wait_for("its programs", lambda: watches(run), BEGIN)
        connect(7, path)
        wait_for("the cgroup's end", lambda: remove(path))
        connect(5)
        findings(run)
    return None


def diagnose_proc_is_gone():
    run = subprocess.Popen(["unshare", "-m", "--propagation", "private", TOOL, "diagnose", "-j", "-d", "600", "-n", "self"],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=ENVIRONMENT)
    wait_for("its programs", lambda: watches(run), BEGIN)
    subprocess.run(["nsenter", "-t", str(run.pid), "-m", "mount", "-t", "tmpfs", "none", "/proc"], check=True)
    connect(9)
    said = findings(run)
    if not any(f.get("type") == "summary" for f in said):
        raise Fault(f"no summary: {said}")


def interrupted_at_once(words):
    """Before it could look at anything there is no answer, and "nothing is wrong" least of all."""
    for delay in 0.02, 0.1:
        run = subprocess.Popen([TOOL, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=ENVIRONMENT)
        time.sleep(delay)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=END + BEGIN)
        if run.returncode == 0 and not out:
            raise Fault(f"status 0 and not a word after {delay} s")
        if run.returncode == 1 and b"what is wrong is not known" not in err:
            raise Fault(f"status 1 says {err[:200]}")


def diagnose_stands_still():
    run = diagnose("-n", "self")
    wait_for("its programs", lambda: watches(run), BEGIN)
    os.kill(run.pid, signal.SIGSTOP)
    connect(300)
    os.kill(run.pid, signal.SIGCONT)
    said = findings(run)
    if not any(f.get("type") == "summary" for f in said):
        raise Fault(f"no summary: {said}")


def diagnose_reader_is_gone():
    reader, writer = os.pipe()
    run = diagnose("-n", "self", seconds=1, output=writer)
    os.close(writer)
    os.close(reader)
    try:
        run.communicate(timeout=END + BEGIN)
    except subprocess.TimeoutExpired:
        run.kill()
        raise Fault("it goes on without a reader") from None
    if run.returncode not in (0, 1, FINDINGS, -signal.SIGPIPE):
        raise Fault(f"status {run.returncode}")


def diagnose_reader_stalls():
    """A full pipe: a signal ends it."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b" " * 4096)
    os.set_blocking(writer, True)
    run = diagnose("-n", "self", seconds=1, output=writer)
    wait_for("its programs", lambda: watches(run), BEGIN)
    time.sleep(2)
    run.send_signal(signal.SIGTERM)
    try:
        _, err = run.communicate(timeout=END)
    except subprocess.TimeoutExpired:
        run.kill()
        raise Fault("a signal does not end it") from None
    finally:
        os.close(writer)
        os.close(reader)
    if run.returncode not in (1, 128 + signal.SIGTERM, -signal.SIGTERM):
        raise Fault(f"status {run.returncode}: {err.decode()[:300]}")


def diagnose_terminal_is_gone(**more):
    """It counts down on standard error there."""
    master, slave = pty.openpty()

    def prepare():
        signal.signal(signal.SIGHUP, more.get("hangup", signal.SIG_DFL))
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    run = subprocess.Popen([TOOL, "diagnose", "-n", "self", "-d", "3"], stdin=slave, stdout=slave, stderr=slave, preexec_fn=prepare,
                           env=ENVIRONMENT)
    os.close(slave)
    text = b""
    while b"tcpdwell" not in text and b"watch" not in text.lower():
        if not select.select([master], [], [], BEGIN)[0]:
            raise Fault("nothing is said")
        text += os.read(master, 4096)
    os.close(master)
    try:
        run.wait(END)
    except subprocess.TimeoutExpired:
        run.kill()
        raise Fault("it goes on without a terminal") from None
    if run.returncode not in (0, 1, FINDINGS, -signal.SIGHUP, 128 + signal.SIGHUP):
        raise Fault(f"status {run.returncode}")


CASES = {}
for name_, words_ in VIEWS.items():
    CASES[f"the terminal is gone, {name_}"] = lambda words=words_: terminal_is_gone(words)
    CASES[f"the terminal is gone without a signal, {name_}"] = lambda words=words_: terminal_is_gone(words, hangup=signal.SIG_IGN)
    CASES[f"the terminal takes nothing more, {name_}"] = lambda words=words_: takes_nothing_more(words)
    CASES[f"any size of the window, {name_}"] = lambda words=words_: any_size(words)
CASES |= {
    "it is no controlling terminal, and gone, top": lambda: terminal_is_gone(VIEWS["top"], controls=False),
    "it is no controlling terminal, and gone, report top": lambda: terminal_is_gone(VIEWS["report top"], controls=False),
    "stopped, top on a terminal": stands_still,
    "a namespace is gone, top on a terminal": namespace_is_gone,
    "a cgroup is gone, top on a terminal": cgroup_is_gone,
    "a namespace is gone, diagnose": diagnose_namespace_is_gone,
    "a cgroup is gone, diagnose": diagnose_cgroup_is_gone,
    "proc is gone, diagnose": diagnose_proc_is_gone,
    "stopped, diagnose": diagnose_stands_still,
    "interrupted at once, diagnose": lambda: interrupted_at_once(["diagnose", "-n", "self", "-d", "600"]),
    "interrupted at once, leaks": lambda: interrupted_at_once(["leaks", "-j", "-n", "self", "-d", "600"]),
    "the reader is gone, diagnose": diagnose_reader_is_gone,
    "the reader stalls, diagnose": diagnose_reader_stalls,
    "the terminal is gone, diagnose": diagnose_terminal_is_gone,
    "the terminal is gone without a signal, diagnose": lambda: diagnose_terminal_is_gone(hangup=signal.SIG_IGN),
}


QUICK = "report top", "interrupted at once, diagnose"


def is_chosen(name):
    words = sys.argv[3:] or QUICK
    return words == ["--all"] or any(word in name for word in words)


def main():
    fine = True
    for name in filter(is_chosen, CASES):
        case = CASES[name]
        begin = time.monotonic()
        try:
            why = case()
            print(f"skip {name}: {why}" if why else f"ok {name}", flush=True)
            if os.environ.get("TIMES"):
                print(f"  {time.monotonic() - begin:.1f} s", flush=True)
        except Fault as fault:
            print(f"not ok {name}: {fault}", flush=True)
            fine = False
    return 0 if fine else 1


sys.exit(main())
