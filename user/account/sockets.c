// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table of live sockets. Paths of cgroups are kept once each: thousands of sockets share a few. */
#include "account/sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "attribute/pod_names.h"
#include "util/tcp_state.h"

struct entry {
	struct live_socket socket; /* first: a socket is its entry */
	UT_hash_handle hh;
};

struct path {
	UT_hash_handle hh;
	char text[];
};

struct sockets {
	uint32_t states;
	size_t max;
	uint64_t refused;
	struct entry *entries; /* by id */
	struct path *paths; /* by text */
};

struct sockets *sockets_new(uint32_t states, size_t max)
{
	struct sockets *sockets = calloc(1, sizeof(*sockets));

	if (!sockets)
		return NULL;
	sockets->states = states;
	sockets->max = max;
	return sockets;
}

void sockets_free(struct sockets *sockets)
{
	struct entry *entry, *next_entry;
	struct path *path, *next_path;

	if (!sockets)
		return;
	HASH_ITER(hh, sockets->entries, entry, next_entry) {
		HASH_DEL(sockets->entries, entry);
		free(entry);
	}
	HASH_ITER(hh, sockets->paths, path, next_path) {
		HASH_DEL(sockets->paths, path);
		free(path);
	}
	free(sockets);
}

/* NULL: no path, or no memory for one. */
static const char *path_keep(struct sockets *sockets, const char *text)
{
	struct path *path;
	size_t size;

	if (!text)
		return NULL;
	HASH_FIND_STR(sockets->paths, text, path);
	if (path)
		return path->text;
	size = strlen(text) + 1;
	path = calloc(1, sizeof(*path) + size);
	if (!path)
		return NULL;
	memcpy(path->text, text, size);
	HASH_ADD_STR(sockets->paths, text, path);
	if (path->hh.tbl)
		return path->text;
	free(path);
	return NULL;
}

static struct entry *entry_find(const struct sockets *sockets, uint64_t id)
{
	struct entry *entry;

	HASH_FIND(hh, sockets->entries, &id, sizeof(id), entry);
	return entry;
}

static struct entry *entry_new(struct sockets *sockets, uint64_t id)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	entry->socket.record.id = id;
	HASH_ADD(hh, sockets->entries, socket.record.id, sizeof(id), entry);
	if (entry->hh.tbl)
		return entry;
	free(entry);
	return NULL;
}

static void entry_set(struct sockets *sockets, struct live_socket *socket, const struct event *event)
{
	const struct transition *record = &event->record;

	socket->record = *record;
	socket->unix_ns = event->unix_ns;
	socket->since_ns = record->type == RECORD_SOCKET ? record->since_ns : record->time_ns;
	socket->seen_ns = socket->since_ns ?: record->time_ns;
	socket->cgroup_id = event->cgroup_id;
	socket->cgroup = path_keep(sockets, event->cgroup);
	socket->healed = event->healed;
	socket->doubted = false;
}

/* Told again as it is known, which says less than how it came into its state. */
static bool is_confirmed(const struct live_socket *socket, const struct transition *record)
{
	return socket->doubted && record->type == RECORD_SOCKET && record->new_state == socket->record.new_state;
}

static int sockets_enter(struct sockets *sockets, const struct event *event)
{
	struct entry *entry = entry_find(sockets, event->record.id);

	if (!entry && sockets_count(sockets) >= sockets->max) {
		sockets->refused++;
		return 0;
	}
	if (!entry)
		entry = entry_new(sockets, event->record.id);
	if (!entry)
		return -ENOMEM;
	if (is_confirmed(&entry->socket, &event->record))
		entry->socket.doubted = false;
	else
		entry_set(sockets, &entry->socket, event);
	return 0;
}

static void sockets_leave(struct sockets *sockets, uint64_t id)
{
	struct entry *entry = entry_find(sockets, id);

	if (!entry)
		return;
	HASH_DEL(sockets->entries, entry);
	free(entry);
}

int sockets_apply(struct sockets *sockets, const struct event *event)
{
	const struct transition *record = &event->record;

	if (record->type != RECORD_SOCKET && record->type != RECORD_TRANSITION)
		return 0;
	if (record->new_state < STATE_COUNT && sockets->states & 1U << record->new_state)
		return sockets_enter(sockets, event);
	sockets_leave(sockets, record->id);
	return 0;
}

void sockets_recount(struct sockets *sockets, bool begins, void (*gone)(void *context, const struct live_socket *socket),
		     void *context)
{
	struct entry *entry, *next;

	HASH_ITER(hh, sockets->entries, entry, next) {
		if (!begins && entry->socket.doubted) {
			gone(context, &entry->socket);
			HASH_DEL(sockets->entries, entry);
			free(entry);
		} else {
			entry->socket.doubted = begins;
		}
	}
}

size_t sockets_count(const struct sockets *sockets)
{
	return HASH_COUNT(sockets->entries);
}

uint64_t sockets_refused(const struct sockets *sockets)
{
	return sockets->refused;
}

const struct live_socket *sockets_find(const struct sockets *sockets, uint64_t id)
{
	struct entry *entry = entry_find(sockets, id);

	return entry ? &entry->socket : NULL;
}

const struct live_socket *sockets_next(const struct sockets *sockets, const struct live_socket *after)
{
	const struct entry *entry = after ? ((const struct entry *)after)->hh.next : sockets->entries;

	return entry ? &entry->socket : NULL;
}

struct event live_socket_event(const struct live_socket *socket, struct container *container, struct pod_names *names)
{
	container_from_cgroup(socket->cgroup, container);
	pod_names_complete(names, container);
	return (struct event){
		.record = socket->record,
		.unix_ns = socket->unix_ns,
		.healed = socket->healed,
		.cgroup_id = socket->cgroup_id,
		.cgroup = socket->cgroup,
		.container = container,
	};
}
