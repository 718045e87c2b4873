# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What makes sockets (churn --wait, crowd): a namespace that waits, then one load in it."""

import json
import subprocess


class Load:
    """Its namespace is there before the tracer is started, so that it can be filtered on."""

    def __init__(self, command):
        self.popen = subprocess.Popen(command, text=True, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE)
        line = self.popen.stdout.readline()
        if not line:
            raise RuntimeError("the load generator did not start")
        ready = json.loads(line)
        self.netns, self.pid = ready["netns"], ready["pid"]

    def begin(self):
        self.popen.stdin.write("go\n")
        self.popen.stdin.flush()

    def run(self):
        """Runs the load to its end; its result as a dictionary. The namespace stays."""
        self.begin()
        return self.result()

    def result(self):
        """The result of a load that was begun, waited for."""
        line = self.popen.stdout.readline()
        if not line:
            raise RuntimeError("the load generator failed")
        return json.loads(line)

    def sockstat(self):
        """The kernel's own account of TCP in the namespace: {"inuse": N, "tw": N, ...}."""
        with open(f"/proc/{self.pid}/net/sockstat", encoding="ascii") as file:
            words = next(line for line in file if line.startswith("TCP:")).split()[1:]
        return dict(zip(words[::2], map(int, words[1::2])))

    def close(self):
        """Ends it, and with it the namespace and the sockets in it."""
        self.popen.stdin.close()
        try:
            self.popen.wait(30)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        self.popen.stdout.close()
