// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sums of sockstat: each namespace has its own, which every process in it shows. */
#include "attach/present.h"

#include <stdio.h>

#include "attribute/netns.h"

/* IPv4 has a file and IPv6 another; TIME_WAIT of both is in the first. */
static void add_sockstat(struct present_sockets *sockets, const char *proc, uint32_t pid, const char *name)
{
	unsigned int in_use, time_wait = 0;
	char path[4096], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%u/net/%s", proc, pid, name);
	file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "TCP: inuse %u orphan %*u tw %u", &in_use, &time_wait) < 1 &&
		    sscanf(line, "TCP6: inuse %u", &in_use) < 1)
			continue;
		sockets->full += in_use;
		sockets->time_wait += time_wait;
	}
	fclose(file);
}

struct present_sockets present_sockets_count(const struct filter *filter)
{
	const char *proc = filter->places.netns.proc ?: "/proc";
	struct present_sockets sockets = {};
	struct netns_list list;
	size_t i;

	netns_list_read(&list, &filter->places.netns);
	for (i = 0; i < list.count; i++) {
		if (!list.entries[i].pid || !filter_wants_netns(filter, list.entries[i].inode))
			continue;
		add_sockstat(&sockets, proc, list.entries[i].pid, "sockstat");
		add_sockstat(&sockets, proc, list.entries[i].pid, "sockstat6");
	}
	netns_list_release(&list);
	return sockets;
}
