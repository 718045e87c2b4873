/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The container and pod of a cgroup, as far as they are known. */
#ifndef TCPDWELL_EVENT_CONTAINER_H
#define TCPDWELL_EVENT_CONTAINER_H

struct container {
	char id[65];	  /* 64 hexadecimal digits; the name for LXC; "" = no container */
	char pod_uid[37]; /* Kubernetes: with dashes, or 32 digits of a static pod; "" = no pod */
	char runtime[16]; /* "containerd", "cri-o", "docker", "podman", "lxc"; "" = not told by the path */
	char unit[128];	  /* systemd unit that it is in, "nginx.service"; "" = none */
	const char *qos;  /* Kubernetes' class of the pod: "Guaranteed", "Burstable", "BestEffort"; NULL = no pod, or not told */

	/* Kubernetes' names, which no path tells: attribute/pod_names.h fills them in. NULL = not known. */
	const char *pod, *namespace, *name;
};

#endif
