// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "show/summary/port_holder.h"

#include <stdlib.h>
#include <string.h>

#include "attribute/process.h"
#include "util/hash.h"
#include "util/id_map.h"
#include "util/port_set.h"
#include "util/shortage.h"

/* Processes of one name and cgroup. Compared as bytes. */
struct program_key {
	uint64_t cgroup_id;
	char comm[COMM_BYTES];
};

struct program {
	struct program_key key;
	UT_hash_handle hh;
	uint64_t sockets;
	const struct process *first;
};

static struct program_key key_of(const struct process *process)
{
	struct program_key key = {};

	if (!process->start_ns)
		return key;
	key.cgroup_id = process->cgroup_id;
	memcpy(key.comm, process->comm, strnlen(process->comm, COMM_BYTES));
	return key;
}

static bool goes_to(const struct live_end *end, const struct endpoint *to)
{
	return end->endpoint.remote_port == to->remote_port && end->endpoint.netns == to->netns &&
	       !memcmp(end->endpoint.remote_addr, to->remote_addr, sizeof(to->remote_addr));
}

/* The next socket that goes there; NULL: no more. */
static const struct live_socket *next(const struct model *model, const struct endpoint *to, size_t *cursor, uint16_t *port)
{
	const struct live_socket *socket;
	const struct live_end *end;
	struct live_end room;

	while ((socket = live_sockets_next(&model->sockets, cursor, NULL))) {
		end = live_socket_end(&model->sockets, socket, &room);
		/* A connect() that finds no port is there for a moment without one. */
		if (socket->side == SIDE_PASSIVE || !end || !end->endpoint.local_port || !goes_to(end, to))
			continue;
		*port = end->endpoint.local_port;
		return socket;
	}
	return NULL;
}

static const struct process *charged(const struct model *model, const struct live_socket *socket)
{
	return &processes_at(&model->processes, live_socket_charged(socket))->process;
}

static void count(struct program **programs, const struct process *process)
{
	struct program_key key = key_of(process);
	struct program *program;

	HASH_FIND(hh, *programs, &key, sizeof(key), program);
	if (!program) {
		program = shortage_noted(calloc(1, sizeof(*program)));
		if (!program)
			return;
		program->key = key;
		program->first = process;
		HASH_ADD(hh, *programs, key, sizeof(program->key), program);
		if (!program->hh.tbl) {
			free(program);
			return;
		}
	}
	program->sockets++;
}

/* The same however much of it was told: as who closed a connection less is known of a process than as its owner. */
static uint64_t number_of(const struct process *process)
{
	return hash_fold(process->start_ns, hash_secret[1]) ^ process->pid;
}

/* A port of which the new connection is told before the end of its TIME_WAIT is one. */
static void count_ports(struct port_holder_found *found, const struct model *model, const struct endpoint *to, const struct program *most)
{
	const struct process *process;
	const struct live_socket *socket;
	struct port_set ports = {};
	struct program_key key;
	struct id_map seen;
	size_t cursor = 0;
	uint16_t port;

	id_map_init(&seen, 0);
	while ((socket = next(model, to, &cursor, &port))) {
		process = charged(model, socket);
		key = key_of(process);
		if (memcmp(&key, &most->key, sizeof(key)) != 0 || port_set_has(&ports, port))
			continue;
		port_set_add(&ports, port);
		found->ports++;
		id_map_put(&seen, number_of(process));
	}
	found->processes = seen.used;
	id_map_release(&seen);
}

struct port_holder_found port_holder_find(const struct model *model, const struct endpoint *to)
{
	struct program *programs = NULL, *program, *following, *most = NULL;
	struct port_holder_found found = {};
	const struct live_socket *socket;
	size_t cursor = 0;
	uint16_t port;

	while ((socket = next(model, to, &cursor, &port)))
		count(&programs, charged(model, socket));
	for (program = programs; program; program = program->hh.next)
		if (!most || program->sockets > most->sockets)
			most = program;
	if (most) {
		found.process = most->first;
		count_ports(&found, model, to, most);
	}
	HASH_ITER(hh, programs, program, following) {
		HASH_DEL(programs, program);
		free(program);
	}
	return found;
}
