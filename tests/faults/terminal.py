# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A program in a pseudo terminal."""
import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

from world import BEGIN, DIRECTORY, END, ENVIRONMENT, TOOL, Fault, children_of, has_ended, wait_for


def new_session(hangup, terminal=None):
    """For a program that is about to be executed: with this terminal as its own."""
    signal.signal(signal.SIGHUP, hangup)
    os.setsid()
    if terminal is not None:
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


class Screen:
    """A view in a pseudo terminal; what it wrote since the last look is in `text`."""

    def __init__(self, *words, size=(24, 80), hangup=signal.SIG_DFL, controls=True):
        self.master, slave = pty.openpty()
        self.text = b""
        self.resize(*size)
        os.set_blocking(self.master, False)

        self.errors = os.path.join(DIRECTORY, "screen.err")
        with open(self.errors, "wb") as errors:
            self.run = subprocess.Popen([TOOL, *words], stdin=slave, stdout=slave, stderr=errors, env=ENVIRONMENT,
                                        preexec_fn=lambda: new_session(hangup, 0 if controls else None))
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
