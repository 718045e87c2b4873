# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the views' scenarios share: the lines of their tests, and the processes whose connections they know."""
import json
import os
import subprocess
import sys

failures = 0


def check(name, wrong):
    """Prints the line of a test; `wrong` says what is not as it should be, one string each; empty ones are fine."""
    global failures
    wrong = [text for text in wrong if text]
    failures += bool(wrong)
    print(f"not ok {name}: {'; '.join(wrong)}" if wrong else f"ok {name}", flush=True)


def differ(what, found, expected):
    return "" if found == expected else f"{what} is {found}, not {expected}"


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
