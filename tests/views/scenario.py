# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the views' scenarios share: the lines of their tests, and the processes whose connections they know."""
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time

PATIENCE_S = 40 # a busy machine: a look for holders, or the sweep, may come late

failures = 0


def check(name, wrong):
    """Prints the line of a test; `wrong` says what is not as it should be, one string each; empty ones are fine."""
    global failures
    wrong = [text for text in wrong if text]
    failures += bool(wrong)
    print(f"not ok {name}: {'; '.join(wrong)}" if wrong else f"ok {name}", flush=True)


def differ(what, found, expected):
    return "" if found == expected else f"{what} is {found}, not {expected}"


def until(what, every=0.02):
    """What it says when it says anything; after PATIENCE_S what it says then."""
    end = time.monotonic() + PATIENCE_S
    while not (found := what()) and time.monotonic() < end:
        time.sleep(every)
    return found


class Traffic:
    """counts: client closes first, server closes first, never closed by the server. Ends by itself after `seconds`."""

    def __init__(self, counts, seconds):
        here = os.path.dirname(os.path.abspath(__file__))
        self.process = subprocess.Popen([sys.executable, f"{here}/traffic.py", *map(str, counts), str(seconds)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        said = json.loads(self.process.stdout.readline())
        self.server, self.client, self.port = said["server"], said["client"], said["port"]

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class Tool:
    """tcpdwell with -j in this network namespace: its objects as they come."""

    def __init__(self, tool, *arguments):
        self.process = subprocess.Popen([tool, *arguments, "-j", "-n", "self"], stdout=subprocess.PIPE, text=True)
        self.objects = queue.Queue()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.wait_for(lambda it: it["type"] == "header")

    def read(self):
        for line in self.process.stdout:
            self.objects.put(json.loads(line))

    def wait_for(self, wanted, seconds=PATIENCE_S):
        """The first object that is wanted, else the last that came."""
        last, end = None, time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                last = self.objects.get(timeout=0.2)
            except queue.Empty:
                if self.process.poll() is not None:
                    break
                continue
            if wanted(last):
                break
        return last

    def end(self, signal_number=signal.SIGINT):
        """Ends it; its exit status, and the objects that it printed since. No signal: it ends by itself."""
        if signal_number:
            self.process.send_signal(signal_number)
        status = self.process.wait(PATIENCE_S)
        self.reader.join(PATIENCE_S)
        rest = []
        while not self.objects.empty():
            rest.append(self.objects.get())
        return status, rest
