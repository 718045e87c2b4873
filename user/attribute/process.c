// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Small files of /proc/PID. */
#include "attribute/process.h"

#include <stdio.h>
#include <string.h>

#include "attribute/cgroup.h"

bool process_is_same(const struct process *a, const struct process *b)
{
	return a->start_ns && b->start_ns && a->pid == b->pid && a->ns_pid == b->ns_pid &&
	       a->start_ns / PROCESS_START_UNIT_NS == b->start_ns / PROCESS_START_UNIT_NS;
}

bool processes_are_alike(const struct process *a, const struct process *b)
{
	return a->start_ns && b->start_ns && a->cgroup_id == b->cgroup_id && !strncmp(a->comm, b->comm, COMM_BYTES);
}

/* "0::/system.slice/ssh.service" */
static bool path_read(const char *proc, uint32_t pid, char *path, size_t size)
{
	char name[4096], line[4096 + 8];
	bool found = false;
	FILE *file;

	snprintf(name, sizeof(name), "%s/%u/cgroup", proc, pid);
	file = fopen(name, "re");
	while (file && !found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		found = !strncmp(line, "0::/", 4) && strncmp(line, "0::/..", 6);
	}
	if (file)
		fclose(file);
	if (found)
		snprintf(path, size, "%s", line + 3);
	return found;
}

bool process_cgroup_read(const char *proc, const char *mount, uint32_t pid, char *path, size_t size, uint64_t *id)
{
	char found[4096], folder[8192 + 8];

	*id = 0;
	if (!path_read(proc ?: "/proc", pid, path, size))
		return false;
	if (!mount && !cgroup_mount_find(NULL, found, sizeof(found)))
		mount = found;
	snprintf(folder, sizeof(folder), "%s%s", mount ?: "", path);
	if (mount && cgroup_id_of(folder, id))
		*id = 0;
	return true;
}
