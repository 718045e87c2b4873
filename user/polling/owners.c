// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Owners of polled sockets: the first process that holds a descriptor. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attribute/cgroup.h"
#include "attribute/holders.h"
#include "polling/sockets.h"

#define ASK_AGAIN 10 /* looks: all processes are looked through each time */

struct question {
	struct held_socket *held;
	struct polled_socket **sockets; /* parallel */
	size_t count;
};

static bool is_asked(const struct polled_sockets *all, const struct polled_socket *socket)
{
	return socket->inode && !socket->owner.start_ns && socket->look == all->look &&
	       (!socket->owner_look || all->look - socket->owner_look >= ASK_AGAIN);
}

static void collect(struct question *question, struct polled_sockets *all)
{
	struct polled_socket *socket;
	size_t cursor = 0;

	while ((socket = id_map_next(&all->by_id, &cursor, NULL))) {
		if (!is_asked(all, socket))
			continue;
		socket->owner_look = all->look;
		question->held[question->count].endpoint = socket->endpoint;
		question->held[question->count].state = socket->state;
		question->sockets[question->count++] = socket;
	}
}

/* "0::/system.slice/ssh.service" of /proc/PID/cgroup; its number is that of the folder in the mounted hierarchy. */
uint64_t polled_cgroup_of(uint32_t pid, struct cgroup_names *cgroups)
{
	char path[64], mount[4096], line[4096 + 8], folder[8192 + 8];
	uint64_t id = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/cgroup", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0::", 3) || cgroup_mount_find(NULL, mount, sizeof(mount)))
			continue;
		snprintf(folder, sizeof(folder), "%s%s", mount, line + 3);
		if (!cgroup_id_of(folder, &id))
			cgroup_names_learn(cgroups, id, line + 3);
	}
	if (file)
		fclose(file);
	return id;
}

void polled_sockets_find_owners(struct polled_sockets *sockets, struct cgroup_names *cgroups)
{
	struct question question = {
		.held = calloc(sockets->by_id.used + 1, sizeof(*question.held)),
		.sockets = calloc(sockets->by_id.used + 1, sizeof(*question.sockets)),
	};
	size_t i;

	if (question.held && question.sockets)
		collect(&question, sockets);
	if (question.count)
		holders_find(question.held, question.count, NULL);
	for (i = 0; i < question.count; i++) {
		if (!question.held[i].holder_count)
			continue;
		question.sockets[i]->owner = question.held[i].holders[0].process;
		question.sockets[i]->owner.cgroup_id = polled_cgroup_of(question.sockets[i]->owner.pid, cgroups);
	}
	holders_release(question.held, question.count);
	free(question.held);
	free(question.sockets);
}
