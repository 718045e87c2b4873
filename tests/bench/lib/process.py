# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A tracer as a process: start it, wait until it is attached, measure it from outside, end it.

Everything is read from /proc, so that every tracer is measured in the same way and none is trusted.
"""

import glob
import json
import os
import signal
import subprocess
import sys
import time

# Ended like this, too, nothing that was started stays behind: every start has its `finally`.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def read(path):
    """The text of a file of /proc; empty when it is gone."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def fields(text):
    """'key:<blank>value' lines as a dictionary of strings."""
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}


class Process:
    """One running tracer. stdout and stderr go to files named after `output`."""

    def __init__(self, command, output, cpu=None, hold_stdin=False):
        self.output, self.errors = output, output + ".err"
        if cpu is not None:
            command = ["taskset", "-c", str(cpu), *command]
        self.started = time.monotonic()
        with open(self.output, "wb") as out, open(self.errors, "wb") as err:
            self.popen = subprocess.Popen(
                command, stdout=out, stderr=err,
                stdin=subprocess.PIPE if hold_stdin else subprocess.DEVNULL)
        self.pid = self.popen.pid

    def alive(self):
        return self.popen.poll() is None

    def links(self):
        """How many BPF links and perf events it holds: what it has attached."""
        count = 0
        for fd in glob.glob(f"/proc/{self.pid}/fd/*"):
            try:
                target = os.readlink(fd)
            except OSError:
                continue
            count += "bpf_link" in target or "bpf-link" in target or "perf_event" in target
        return count

    def wait_attached(self, timeout=20):
        """Until something is attached, nothing more for 0.3 s, and it sleeps. False: it ended."""
        end, last, since = time.monotonic() + timeout, None, time.monotonic()
        while time.monotonic() < end and self.alive():
            now = (self.links(), self.cpu_ns() // 20_000_000)
            if now != last:
                last, since = now, time.monotonic()
            elif now[0] and time.monotonic() - since > 0.3:
                return True
            time.sleep(0.02)
        return False

    def wait_output(self, text, timeout=20):
        """Seconds from the start until stdout holds `text`; None when that never came."""
        end = time.monotonic() + timeout
        while time.monotonic() < end and self.alive():
            with open(self.output, "rb") as file:
                if text in file.read(4096):
                    return time.monotonic() - self.started
            time.sleep(0.002)
        return None

    def cpu_ns(self):
        """CPU time of all its threads."""
        files = glob.glob(f"/proc/{self.pid}/task/*/schedstat")
        return sum(int((read(file).split() or ["0"])[0]) for file in files)

    def wait_quiet(self, timeout=20):
        """Until it has worked off what it was sent: two periods of 0.1 s with next to no CPU."""
        end, last, calm = time.monotonic() + timeout, self.cpu_ns(), 0
        while time.monotonic() < end and calm < 2:
            time.sleep(0.1)
            now = self.cpu_ns()
            calm = calm + 1 if now - last < 3_000_000 else 0
            last = now

    def sleeps(self):
        """How often it went to sleep: each one is a wake-up that somebody paid for."""
        files = glob.glob(f"/proc/{self.pid}/task/*/status")
        return sum(int(fields(read(f)).get("voluntary_ctxt_switches", 0)) for f in files)

    def memory(self):
        """Resident and locked memory, and that of its BPF maps, in bytes.

        A ring buffer is resident too, even twice, because its reader maps it two times in a row;
        "used" counts it once: what is resident without mapped maps, and all maps.
        """
        status = fields(read(f"/proc/{self.pid}/status"))
        kib = lambda key: int(status.get(key, "0 kB").split()[0]) * 1024
        maps = sum(int(info["memlock"]) for info in self.bpf_objects("map_id"))
        return {"resident": kib("VmRSS"), "anonymous": kib("RssAnon"), "locked": kib("VmLck"),
                "maps": maps, "used": kib("VmRSS") - self.mapped_maps() + maps}

    def mapped_maps(self):
        """Bytes of BPF maps in its resident memory."""
        total, inside = 0, False
        for line in read(f"/proc/{self.pid}/smaps").splitlines():
            if "-" in line.split(" ", 1)[0]:
                inside = line.endswith("anon_inode:bpf-map")
            elif inside and line.startswith("Rss:"):
                total += int(line.split()[1]) * 1024
        return total

    def bpf_objects(self, key):
        """fdinfo of its maps (key map_id) or programs (prog_id with run_cnt), each once."""
        found = {}
        for file in glob.glob(f"/proc/{self.pid}/fdinfo/*"):
            info = fields(read(file))
            if key in info and "memlock" in info:
                found[info[key]] = info
        return list(found.values())

    def programs(self):
        """{program id: (name, runs, ns, recursion misses)}; counted while the kernel times them."""
        result = {}
        for info in self.bpf_objects("prog_id"):
            result[info["prog_id"]] = (program_name(info["prog_id"]), int(info["run_cnt"]),
                                       int(info["run_time_ns"]),
                                       int(info.get("recursion_misses", 0)))
        return result

    def stop(self, timeout=60):
        """Ends it as a user would; returns its whole CPU seconds and its exit status."""
        if not self.alive():
            return None, self.popen.returncode
        if self.popen.stdin:
            self.popen.stdin.close()
        elif self.alive():
            self.popen.send_signal(signal.SIGINT)
        end = time.monotonic() + timeout
        while True:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
            time.sleep(0.01)
        self.popen.returncode = os.waitstatus_to_exitcode(status)
        return usage.ru_utime + usage.ru_stime, self.popen.returncode


def program_name(prog_id):
    try:
        text = subprocess.run(["bpftool", "-j", "prog", "show", "id", prog_id], check=True,
                              capture_output=True, text=True).stdout
        return json.loads(text).get("name", prog_id)
    except (OSError, subprocess.CalledProcessError, ValueError):
        return prog_id
