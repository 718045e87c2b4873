# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcpdwell as a child process whose JSON lines are read as they come."""
import json
import os
import signal
import subprocess
import threading
import time

PATIENCE = 180  # seconds for what comes at once on an idle machine


class Tool:
    def __init__(self, *arguments, before=()):
        self.errors = []
        self.objects = []
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            [*before, os.environ.get("TCPDWELL", "build/tcpdwell"), *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.threads = [threading.Thread(target=self.read, daemon=True),
                        threading.Thread(target=self.read_errors, daemon=True)]
        for thread in self.threads:
            thread.start()

    def read(self):
        for line in self.process.stdout:
            if not line.startswith("{"):
                continue
            with self.changed:
                self.objects.append(json.loads(line))
                self.changed.notify_all()

    def read_errors(self):
        for line in self.process.stderr:
            with self.changed:
                self.errors.append(line.strip())
                self.changed.notify_all()

    def wait_for(self, what, matches):
        """The first object that matches, also of those that came before."""
        deadline = time.monotonic() + PATIENCE
        seen = 0
        with self.changed:
            while True:
                for found in self.objects[seen:]:
                    if matches(found):
                        return found
                seen = len(self.objects)
                left = deadline - time.monotonic()
                if left <= 0 or self.process.poll() is not None and not self.threads[0].is_alive():
                    raise AssertionError(f"{what}: not seen; {' | '.join(self.errors[:3])}")
                self.changed.wait(min(left, 1))

    def wait_begun(self):
        self.wait_for("the header", lambda found: found["type"] == "header")
        return self

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def end(self):
        """The exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signal.SIGTERM)
        return self.wait_end()

    def wait_end(self):
        code = self.process.wait(timeout=PATIENCE)
        for thread in self.threads:
            thread.join(PATIENCE)
        return code

    def entries(self, state):
        """Transitions into the state."""
        with self.changed:
            return [found for found in self.objects
                    if found["type"] == "transition" and found["new_state"] == state]
