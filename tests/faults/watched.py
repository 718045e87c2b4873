# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the machine and its reader do to `diagnose` while it watches."""
import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import subprocess
import time

from crowds import Crowd
from terminal import new_session
from world import (BEGIN, END, ENVIRONMENT, FINDINGS, TOOL, Fault, by_signal, connect, ended, holds_programs, is_confined, new_cgroup,
                   remove, wait_for)


def diagnose(*words, output=subprocess.PIPE, seconds=600):
    return subprocess.Popen([TOOL, "diagnose", "-j", "-d", str(seconds), *words], stdout=output, stderr=subprocess.PIPE,
                            stdin=subprocess.DEVNULL, env=ENVIRONMENT)


def watches(run):
    """It polls or waits for records, with all its programs: the filter over system calls comes last."""
    if run.poll() is not None:
        raise Fault(f"it ended: {run.returncode}: {run.stderr.read().decode()[:400]}")
    return holds_programs(run.pid) and is_confined(run.pid)


def findings(run):
    """What it says, once it is interrupted; there is a summary."""
    run.send_signal(signal.SIGINT)
    out, _ = ended(run, (0, FINDINGS))
    said = [json.loads(line) for line in out.splitlines()]
    if not any(f.get("type") == "summary" for f in said):
        raise Fault(f"no summary: {said}")
    return said


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
        text = json.dumps([f for f in findings(run) if f.get("type") == "finding"])
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
    findings(run)


def interrupted_at_once(words):
    """Before it could look at anything there is no answer, and "nothing is wrong" least of all."""
    for delay in 0.02, 0.1:
        run = subprocess.Popen([TOOL, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=ENVIRONMENT)
        time.sleep(delay)
        run.send_signal(signal.SIGINT)
        out, err = ended(run, None, END + BEGIN)
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
    findings(run)


def diagnose_reader_is_gone():
    reader, writer = os.pipe()
    run = diagnose("-n", "self", seconds=1, output=writer)
    os.close(writer)
    os.close(reader)
    ended(run, (0, 1, FINDINGS, -signal.SIGPIPE), END + BEGIN, "it goes on without a reader")


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
        ended(run, (1, *by_signal(signal.SIGTERM)), otherwise="a signal does not end it")
    finally:
        os.close(writer)
        os.close(reader)


def diagnose_terminal_is_gone(hangup=signal.SIG_DFL):
    """It counts down on standard error there."""
    master, slave = pty.openpty()
    run = subprocess.Popen([TOOL, "diagnose", "-n", "self", "-d", "3"], stdin=slave, stdout=slave, stderr=slave, env=ENVIRONMENT,
                           preexec_fn=lambda: new_session(hangup, slave))
    os.close(slave)
    text = b""
    while b"tcpdwell" not in text and b"watch" not in text.lower():
        if not select.select([master], [], [], BEGIN)[0]:
            raise Fault("nothing is said")
        text += os.read(master, 4096)
    os.close(master)
    ended(run, (0, 1, FINDINGS, *by_signal(signal.SIGHUP)), otherwise="it goes on without a terminal")


CASES = {
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
