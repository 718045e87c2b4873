# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""crowd.py as an object."""
import os
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))


class Crowd:
    """Sockets of a network namespace that ends with it."""

    def __init__(self):
        self.child = subprocess.Popen([os.path.join(HERE, "crowd.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.inode = self.ask("inode")
        self.files = os.open(f"/proc/{self.child.pid}/net/stat", os.O_RDONLY | os.O_DIRECTORY)

    def ask(self, *order):
        self.child.stdin.write(" ".join(map(str, order)) + "\n")
        self.child.stdin.flush()
        answer = self.child.stdout.readline().strip()
        return int(answer) if answer.isdigit() else None

    def end_child(self):
        if self.child.poll() is None:
            self.child.stdin.close()
            self.child.wait()
            self.child.stdout.close()

    def end(self):
        self.end_child()
        if self.files is not None:
            os.close(self.files)
            self.files = None

    def end_in_kernel(self, seconds=100):
        """... and waits until the kernel has removed its sockets. A thread of the kernel does that for one namespace after another, and
        takes seconds beside many sockets. What is in /proc/net/stat goes after the timewait sockets, as it was registered before."""
        assert os.listdir(self.files), "/proc/net/stat is empty: it does not tell when the namespace is gone"
        self.end_child()
        end = time.monotonic() + seconds
        while os.listdir(self.files):
            assert time.monotonic() < end, f"the kernel has not removed the namespace within {seconds} s"
            time.sleep(0.05)
        self.end()
