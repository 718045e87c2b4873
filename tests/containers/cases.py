# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Cgroup paths as kubelets, runtimes and systemd make them, and what is to be told of a container there."""

import hashlib
import os

ID = "{id}"  # replaced by an id of the case's own
UID = "{pid:08x}-8a3b-4f0e-9d55-0a1b2c3d4e{number:02x}"
UID_ = UID.replace("-", "_")
HASH = "{pid:08x}4e5f60718293a4b5c6d7e8{number:02x}"
SLICE = "/kubepods.slice"

WEB = {"namespace": "shop", "pod": "web-1", "container": "nginx"}

# name, path, what is told beside the id (absent: null), further arguments
CASES = [
    ("cgroupfs", f"/kubepods/pod{UID}/{ID}", {"pod_uid": UID, "qos": "Guaranteed", **WEB}),
    ("cgroupfs-burstable", f"/kubepods/burstable/pod{UID}/{ID}",
     {"pod_uid": UID, "qos": "Burstable", "namespace": "shop", "pod": "db-0", "container": "postgres"}),
    ("systemd-containerd", f"{SLICE}/kubepods-besteffort.slice/kubepods-besteffort-pod{UID_}.slice/cri-containerd-{ID}.scope",
     {"pod_uid": UID, "qos": "BestEffort", "runtime": "containerd", "namespace": "batch", "pod": "job-x7f2p", "container": "main"}),
    ("systemd-crio-nested", f"{SLICE}/kubepods-burstable.slice/kubepods-burstable-pod{UID_}.slice/crio-{ID}.scope/container",
     {"pod_uid": UID, "qos": "Burstable", "runtime": "cri-o", "namespace": "shop", "pod": "cart-5d9", "container": "java"}),
    ("containerd-triple", f"/system.slice/containerd.service/kubepods-burstable-pod{UID_}.slice:cri-containerd:{ID}",
     {"pod_uid": UID, "qos": "Burstable", "runtime": "containerd", "namespace": "shop", "pod": "mail", "container": "smtp"}),
    ("static-pod", f"/kubepods/burstable/pod{HASH}/{ID}",
     {"pod_uid": HASH, "qos": "Burstable", "namespace": "kube-system", "pod": "etcd-node1", "container": "etcd"}),
    ("k3s", f"/k3s.service/kubepods/besteffort/pod{UID}/{ID}",
     {"pod_uid": UID, "qos": "BestEffort", "namespace": "default", "pod": "whoami", "container": "whoami"}),
    ("pod-without-logs", f"/kubepods/pod{UID}/{ID}", {"pod_uid": UID, "qos": "Guaranteed"}),
    ("docker", f"/docker/{ID}", {"runtime": "docker"}),
    ("docker-systemd", f"/system.slice/docker-{ID}.scope", {"runtime": "docker"}),
    ("podman", f"/machine.slice/libpod-{ID}.scope/container", {"runtime": "podman"}),
    ("podman-pod", f"/libpod_parent/{'f' * 64}/libpod-{ID}", {"runtime": "podman"}),
    ("lxc", "/lxc.payload.mail", {"runtime": "lxc", "container_id": "mail"}),
    ("service", "/batch.slice/batch-nightly.slice/report.service", {"unit": "report.service", "container_id": None}),
]


class Case:
    def __init__(self, number, prefix):
        self.name, path, told = CASES[number]
        self.id = hashlib.sha256(f"{self.name} {os.getpid()}".encode()).hexdigest()
        values = {"id": self.id, "number": number, "pid": os.getpid()}
        self.cgroup = prefix + path.format(**values)
        self.told = dict.fromkeys(["pod_uid", "namespace", "pod", "container", "runtime", "qos", "unit"])
        self.told["container_id"] = self.id
        for field, value in told.items():
            self.told[field] = value.format(**values) if value else None

    def log_names(self):
        """What the kubelet would make for it: the name of the log file and of the pod's folder; None: it has none."""
        if not self.told["pod"]:
            return None
        return ("{pod}_{namespace}_{container}-{container_id}.log".format(**self.told),
                "{namespace}_{pod}_{pod_uid}".format(**self.told))


def make_cases(prefix):
    return [Case(number, prefix) for number in range(len(CASES))]
