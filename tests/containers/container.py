# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Containers by runc: a bundle with one static program, in a cgroup of any path, in network namespaces of their own."""
import json
import os
import select
import shutil
import subprocess
import time

PATIENCE = 120  # seconds for what takes a fraction of one on an idle machine
NAMESPACES = ["pid", "network", "ipc", "uts", "mount"]


def mounts_of_cgroups():
    """Where the cgroup hierarchies are mounted, of both versions."""
    found = []
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        for line in mounts:
            before, _, after = line.partition(" - ")
            if after.split()[0] in ("cgroup", "cgroup2"):
                found.append(before.split()[4])
    return found


def remove_cgroups(path):
    """Removes the cgroup and those below it from every hierarchy. The kernel lets go of a process's cgroup late."""
    deadline = time.monotonic() + 10
    for mount in mounts_of_cgroups():
        for folder, _, _ in os.walk(mount + path, topdown=False):
            while True:
                try:
                    os.rmdir(folder)
                except FileNotFoundError:
                    pass
                except OSError:
                    if time.monotonic() < deadline:
                        time.sleep(0.02)
                        continue
                break


def config(cgroup, argument, private_cgroup):
    namespaces = NAMESPACES + (["cgroup"] if private_cgroup else [])
    return {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": 0, "gid": 0},
            "args": ["/traffic", argument],
            "cwd": "/",
            "capabilities": {},
            "noNewPrivileges": True,
        },
        "root": {"path": "rootfs", "readonly": True},
        "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
        "linux": {
            "cgroupsPath": cgroup,
            "namespaces": [{"type": kind} for kind in namespaces],
            "resources": {"devices": [{"allow": False, "access": "rwm"}]},
        },
    }


class Container:
    """runc keeps what it knows below `folder`; `name` is its own name for the container."""

    def __init__(self, folder, name, program, cgroup, argument="hold", private_cgroup=False):
        self.name = name
        self.state = os.path.join(folder, "state")
        self.bundle = os.path.join(folder, name)
        root = os.path.join(self.bundle, "rootfs")
        os.makedirs(os.path.join(root, "proc"))
        shutil.copy(program, os.path.join(root, "traffic"))
        with open(os.path.join(self.bundle, "config.json"), "w", encoding="utf-8") as file:
            json.dump(config(cgroup, argument, private_cgroup), file)
        self.process = None

    def runc(self, *arguments):
        return ["runc", "--root", self.state, *arguments]

    def start(self):
        self.process = subprocess.Popen(
            self.runc("run", "--bundle", self.bundle, self.name),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return self

    def wait_ready(self):
        """Its sockets are as they will stay. Raises with what runc said, where it failed."""
        readable, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        line = self.process.stdout.readline() if readable else "not ready in time"
        if line != "ready\n":
            self.process.kill()
            raise RuntimeError(f"{self.name}: {line.strip()} {self.process.stdout.read().strip()}")
        return self

    def wait_end(self):
        words = self.process.stdout.read()
        if self.process.wait(PATIENCE):
            raise RuntimeError(f"{self.name}: {words.strip()}")

    def stop(self):
        if not self.process:
            return
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if self.process.poll() is None:
            subprocess.run(self.runc("kill", self.name, "TERM"), check=False, **quiet)
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                pass
        subprocess.run(self.runc("delete", "--force", self.name), check=False, **quiet)
        self.process.wait()
        self.process.stdout.close()
        self.process = None
