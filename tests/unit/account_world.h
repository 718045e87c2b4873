/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A made-up machine for the tests of the books: sockets that enter and leave TIME_WAIT and CLOSE_WAIT, the events that
 * tell of it, and a plain account of the truth that knows nothing of groups.
 */
#ifndef ACCOUNT_WORLD_H
#define ACCOUNT_WORLD_H

#include "unit.h"

#include <stdbool.h>

#include "event/event.h"
#include "util/tcp_state.h"

#define WORLD_SOCKETS 2000
#define WORLD_PORTS 3
#define WORLD_BEGIN_NS 1000000000000ULL

struct world_socket {
	uint8_t state; /* 0 = not there */
	uint64_t id, since_ns;
	unsigned int owner, closer, remote, port;
	bool active, known; /* since_ns is known to the tool */
};


struct world {
	uint64_t random, now_ns, next_id;
	unsigned int processes, remotes;
	struct world_socket sockets[WORLD_SOCKETS];
	struct totals totals; /* as the tool counts them */
	void (*tell)(void *context, const struct event *event);
	void *context;
};

static inline void world_init(struct world *world, unsigned int processes, unsigned int remotes)
{
	memset(world, 0, sizeof(*world));
	world->totals.told = ~0U;
	world->random = 88172645463325252ULL;
	world->now_ns = WORLD_BEGIN_NS;
	world->processes = processes;
	world->remotes = remotes;
}

static inline unsigned int world_below(struct world *world, unsigned int limit)
{
	return unit_random(&world->random) % limit;
}

/*
 * Process 0 is one that nobody knows. Two processes share a cgroup, two cgroups a pod; every third is in no container, every
 * fourth in no unit.
 */
static inline void world_process(struct process *process, unsigned int number)
{
	memset(process, 0, sizeof(*process));
	if (!number)
		return;
	process->start_ns = 1000 + number;
	process->pid = process->ns_pid = 100 + number;
	process->cgroup_id = 1 + number / 2;
	snprintf(process->comm, sizeof(process->comm), "worker%u", number % 1000);
}

static inline void world_container(struct container *container, uint64_t cgroup_id)
{
	memset(container, 0, sizeof(*container));
	if (cgroup_id % 4)
		snprintf(container->unit, sizeof(container->unit), "unit%u.service", (unsigned int)(cgroup_id % 4));
	if (cgroup_id % 3 == 0)
		return;
	snprintf(container->id, sizeof(container->id), "%064llx", (unsigned long long)cgroup_id);
	snprintf(container->pod_uid, sizeof(container->pod_uid), "00000000-0000-0000-0000-%012llu",
		 (unsigned long long)cgroup_id / 2 % 1000000);
	snprintf(container->runtime, sizeof(container->runtime), "containerd");
}

/* What the record and its reader would tell of the socket going from one state to another. */
static inline void world_tell(struct world *world, const struct world_socket *socket, unsigned int type,
			      unsigned int old_state, unsigned int new_state, unsigned int flags)
{
	static struct container container;
	static char path[64];
	struct event event = { .record = {
		.type = type,
		.old_state = old_state,
		.new_state = new_state,
		.side = socket->active ? SIDE_ACTIVE : SIDE_PASSIVE,
		.flags = flags,
		.time_ns = world->now_ns,
		.since_ns = type == RECORD_TRANSITION && socket->known ? socket->since_ns : 0,
		.id = socket->id,
	} };
	struct endpoint *endpoint = &event.record.endpoint;
	const struct process *charged;

	memcpy(endpoint->remote_addr, (uint8_t[]){ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, socket->remote }, 16);
	endpoint->local_port = socket->active ? 40000 : 8000 + socket->port;
	endpoint->remote_port = socket->active ? 8000 + socket->port : 40000;
	world_process(&event.record.owner, socket->owner);
	if (old_state == STATE_TIME_WAIT || new_state == STATE_TIME_WAIT)
		world_process(&event.record.closer, socket->closer);
	charged = event_charged(&event, event_state(&event));
	event.unix_ns = world->now_ns;
	event.cgroup_id = charged->start_ns ? charged->cgroup_id : 0;
	snprintf(path, sizeof(path), "/slice%llu", (unsigned long long)event.cgroup_id);
	event.cgroup = event.cgroup_id ? path : NULL;
	world_container(&container, event.cgroup_id);
	event.container = &container;
	totals_add(&world->totals, &event);
	world->tell(world->context, &event);
}

/* A free place becomes a socket that enters a waiting state, or is found in it. */
static inline void world_enter(struct world *world, struct world_socket *socket, bool seeded)
{
	*socket = (struct world_socket){
		.state = world_below(world, 2) ? STATE_TIME_WAIT : STATE_CLOSE_WAIT,
		.id = ++world->next_id * 0x9e3779b97f4a7c15ULL,
		.since_ns = world->now_ns,
		.owner = world_below(world, world->processes),
		.closer = world_below(world, world->processes),
		.remote = world_below(world, world->remotes),
		.port = world_below(world, WORLD_PORTS),
		.active = world_below(world, 2),
		.known = !seeded,
	};
	if (seeded)
		world_tell(world, socket, RECORD_SOCKET, socket->state, socket->state, 0);
	else
		world_tell(world, socket, RECORD_TRANSITION,
			   socket->state == STATE_TIME_WAIT ? STATE_FIN_WAIT2 : STATE_ESTABLISHED, socket->state, 0);
}

static inline void world_leave(struct world *world, struct world_socket *socket, unsigned int flags)
{
	world_tell(world, socket, RECORD_TRANSITION, socket->state,
		   socket->state == STATE_TIME_WAIT ? STATE_CLOSE : STATE_LAST_ACK, flags);
	socket->state = 0;
}

/* `steps` random steps of 1 ms each. `grow`: of ten, how many bring a new socket where there is a free place. */
static inline void world_run(struct world *world, unsigned int steps, unsigned int grow)
{
	while (steps--) {
		struct world_socket *socket = &world->sockets[world_below(world, WORLD_SOCKETS)];

		world->now_ns += 1000000;
		if (!socket->state && world_below(world, 10) < grow)
			world_enter(world, socket, world_below(world, 50) == 0);
		else if (socket->state && world_below(world, 10) >= grow)
			world_leave(world, socket, 0);
	}
}

static inline unsigned int world_charged(const struct world_socket *socket)
{
	return socket->state == STATE_TIME_WAIT && socket->closer ? socket->closer : socket->owner;
}

/* Live sockets in a state that `matches` says yes to. */
static inline int64_t world_live(const struct world *world, unsigned int state,
				 bool (*matches)(const struct world_socket *socket, const void *key), const void *key)
{
	int64_t live = 0;

	for (size_t i = 0; i < WORLD_SOCKETS; i++)
		live += world->sockets[i].state == state && matches(&world->sockets[i], key);
	return live;
}

#endif
