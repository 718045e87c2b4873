# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What cases that begin a program need of the world around it: processes, cgroups, connections, and how a run ends."""
import contextlib
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOOL, DIRECTORY = sys.argv[1:3]
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


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def has_ended(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def waits_to_write(pid):
    """In a write to a terminal, or asleep until it takes more."""
    with open(f"/proc/{pid}/wchan", encoding="ascii") as file:
        return file.read().strip() in ("n_tty_write", "wait_woken", "tty_write_lock")


def is_confined(pid):
    """The filter over system calls comes last."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return any(line.split() == ["Seccomp:", "2"] for line in file)


def holds_programs(pid):
    path = f"/proc/{pid}/fdinfo/"
    for name in os.listdir(path):
        with contextlib.suppress(OSError):
            with open(path + name, encoding="ascii") as file:
                if file.read().find("prog_id:") >= 0:
                    return True
    return False


def ended(run, codes, seconds=END, otherwise="it does not end"):
    """What it wrote to its pipes, once it has ended with one of these statuses; None: with any."""
    try:
        out, err = run.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        run.kill()
        run.communicate()
        raise Fault(otherwise) from None
    if codes and run.returncode not in codes:
        raise Fault(f"status {run.returncode}, not of {codes}: {(err or b'').decode(errors='replace')[:400]}")
    return out, err


def by_signal(number):
    """How one ends by it: killed, or by itself with a shell's code for it."""
    return -number, 128 + number


def connect(amount, cgroup=None):
    """Each is closed by its client first, by a process of its own."""
    subprocess.run([os.path.join(HERE, "connect.py"), str(amount), *([cgroup] if cgroup else [])], check=True)


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
