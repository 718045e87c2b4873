# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""crowd.py as an object."""
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


class Crowd:
    """Sockets of a network namespace that ends with it."""

    def __init__(self):
        self.child = subprocess.Popen([os.path.join(HERE, "crowd.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.inode = self.ask("inode")

    def ask(self, *order):
        self.child.stdin.write(" ".join(map(str, order)) + "\n")
        self.child.stdin.flush()
        answer = self.child.stdout.readline().strip()
        return int(answer) if answer.isdigit() else None

    def end(self):
        if self.child.poll() is None:
            self.child.stdin.close()
            self.child.wait()
