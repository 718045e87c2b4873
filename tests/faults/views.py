# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the terminal and the machine do to an interactive view."""
import contextlib
import os
import select
import signal
import time

from crowds import Crowd
from terminal import screen
from world import Fault, by_signal, connect, new_cgroup, remove, wait_for, waits_to_write

RECORDING = "tests/golden/shop.jsonl.gz"
VIEWS = {
    "top": ["top", "-n", "self", "0.2"],
    "ports": ["ports", "-n", "self", "0.2"],
    "report top": ["report", RECORDING, "top"],
}


def terminal_is_gone(words, **more):
    """The last one who holds its other end closes it: no signal where it is not the controlling terminal, or where it is ignored."""
    with screen(*words, **more) as view:
        os.close(view.master)
        view.await_end((0, 1, *by_signal(signal.SIGHUP)), reads=False)


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
        view.await_end((0, 1, *by_signal(signal.SIGTERM)))  # its guard waits for the terminal, to give it back


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


def namespace_is_gone():
    crowd = Crowd()
    try:
        with screen("top", "-n", str(crowd.inode), "0.2") as view:
            crowd.ask("time-wait", 30)
            view.await_text(b"TIME_WAIT 30 now", size=(24, 80))
            crowd.end_in_kernel()
            view.await_text(b"TIME_WAIT 0 now", size=(24, 80))
            view.press("\r")
            view.press("\x1b")
            view.press("q")
            view.await_end((0,))
    finally:
        crowd.end()


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
}
