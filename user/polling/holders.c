// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A look goes through all descriptors that we may see. A socket that nobody has accepted is its listener's, unless several listeners
 * share the address: nothing tells then in whose queue it is.
 */
#include "polling/holders.h"

#include <stdlib.h>
#include <string.h>

#include "attribute/holders.h"
#include "polling/sockets.h"
#include "source/holders_check.h"
#include "util/tcp_state.h"


struct polled_holders {
	struct polled_sockets *sockets;
	struct cgroup_names *cgroups;
	struct holders_check *check; /* NULL: nobody wants to know */
	void (*tell)(void *context, uint64_t id, const struct held *held);
	void *context;
	uint64_t seen_ns; /* when the last look began */
};

/* What /proc is asked for: sockets that wait, and behind them the listeners. */
struct question {
	struct polled_holders *holders;
	struct held_socket *held;
	uint64_t *ids; /* parallel, of the sockets that wait */
	size_t count, listeners, capacity;
	struct id_map cgroups; /* uint64_t, by pid */
};

struct polled_holders *polled_holders_new(struct polled_sockets *sockets, struct cgroup_names *cgroups, uint32_t states, bool present,
					  void (*tell)(void *context, uint64_t id, const struct held *held), void *context)
{
	struct polled_holders *holders = calloc(1, sizeof(*holders));

	if (!holders)
		return NULL;
	*holders = (struct polled_holders){ sockets, cgroups, NULL, tell, context, clock_monotonic_ns() };
	if (!states && !present)
		return holders;
	holders->check = holders_check_new(states);
	if (holders->check)
		return holders;
	free(holders);
	return NULL;
}

void polled_holders_free(struct polled_holders *holders)
{
	if (!holders)
		return;
	holders_check_free(holders->check);
	free(holders);
}

int polled_holders_event(struct polled_holders *holders, const struct transition *record)
{
	return holders->check ? holders_check_event(holders->check, record) : 0;
}

int polled_holders_present(struct polled_holders *holders, const struct transition *record, bool gone)
{
	return holders->check ? holders_check_present(holders->check, record, gone) : 0;
}

uint64_t polled_holders_period_ns(const struct polled_holders *holders)
{
	return holders->check ? holders_check_period_ns(holders->check) : 0;
}

uint64_t polled_holders_seen_ns(const struct polled_holders *holders)
{
	return holders->check ? holders->seen_ns : 0;
}

static bool make_room(struct question *question)
{
	size_t capacity = question->capacity ? question->capacity * 2 : 64;
	struct held_socket *held = question->held;
	uint64_t *ids = question->ids;

	if (question->count + question->listeners < question->capacity)
		return true;
	held = realloc(held, capacity * sizeof(*held));
	question->held = held ?: question->held;
	ids = realloc(ids, capacity * sizeof(*ids));
	question->ids = ids ?: question->ids;
	if (held && ids)
		question->capacity = capacity;
	return held && ids;
}

static struct held_socket *ask(struct question *question, const struct endpoint *endpoint, unsigned int state)
{
	struct held_socket *held;

	if (!make_room(question))
		return NULL;
	held = &question->held[question->count + question->listeners];
	*held = (struct held_socket){ .endpoint = *endpoint, .state = state };
	return held;
}

static void ask_sockets(struct question *question)
{
	const struct polled_socket *socket;
	size_t cursor = 0;
	uint64_t id;

	while ((socket = id_map_next(&question->holders->sockets->by_id, &cursor, &id)))
		if (holders_check_has(question->holders->check, id) && ask(question, &socket->endpoint, socket->state))
			question->ids[question->count++] = id;
}

static void ask_listener(void *context, const struct listed_socket *listed)
{
	struct question *question = context;
	struct endpoint endpoint = listed->endpoint;

	endpoint.netns = question->holders->sockets->netns;
	if (ask(question, &endpoint, STATE_LISTEN))
		question->listeners++;
}

static bool same_endpoint(const struct held_socket *a, const struct held_socket *b)
{
	return !memcmp(&a->endpoint, &b->endpoint, sizeof(a->endpoint));
}

static bool is_shared(const struct question *question, const struct held_socket *listener)
{
	const struct held_socket *other = question->held + question->count, *end = other + question->listeners;

	for (; other < end; other++)
		if (other != listener && same_endpoint(other, listener))
			return true;
	return false;
}

static bool is_any(const uint8_t addr[16])
{
	static const uint8_t any[16], any_ipv4[16] = { [10] = 0xff, 0xff };

	return !memcmp(addr, any, sizeof(any)) || !memcmp(addr, any_ipv4, sizeof(any_ipv4));
}

/* Its own address before the wildcard. NULL: none, or several. */
static const struct held_socket *listener_of(const struct question *question, const struct endpoint *endpoint)
{
	const struct held_socket *listener = question->held + question->count, *end = listener + question->listeners;
	const struct held_socket *found = NULL;

	for (; listener < end; listener++) {
		if (listener->endpoint.local_port != endpoint->local_port)
			continue;
		if (!memcmp(listener->endpoint.local_addr, endpoint->local_addr, 16))
			return is_shared(question, listener) ? NULL : listener;
		if (is_any(listener->endpoint.local_addr))
			found = listener;
	}
	return found && !is_shared(question, found) ? found : NULL;
}

static uint64_t cgroup_of(struct question *question, uint32_t pid)
{
	uint64_t *known = id_map_find(&question->cgroups, pid);

	if (known)
		return *known;
	known = id_map_put(&question->cgroups, pid);
	if (!known)
		return 0;
	*known = polled_cgroup_of(pid, question->holders->cgroups);
	return *known;
}

static bool is_owner(const struct polled_socket *socket, const struct process *process)
{
	return socket && socket->owner.start_ns == process->start_ns && socket->owner.pid == process->pid;
}

static void take(struct question *question, uint64_t id, const struct held_socket *held, unsigned int flags)
{
	const struct polled_socket *socket = id_map_find(&question->holders->sockets->by_id, id);
	size_t i;

	for (i = 0; i < held->holder_count; i++) {
		struct process process = held->holders[i].process;
		bool owner = !flags && is_owner(socket, &process);

		process.cgroup_id = cgroup_of(question, process.pid);
		holders_check_add(question->holders->check, &process, held->holders[i].fd, flags | (owner ? HOLDER_IS_OWNER : 0),
				  &id, 1);
	}
}

static void take_answers(struct question *question)
{
	const struct held_socket *listener;
	size_t i;

	for (i = 0; i < question->count; i++) {
		const struct held_socket *held = &question->held[i];

		take(question, question->ids[i], held, 0);
		listener = held->found && !held->listed.inode ? listener_of(question, &held->endpoint) : NULL;
		if (listener)
			take(question, question->ids[i], listener, HOLDER_QUEUED);
	}
}

static void look(struct polled_holders *holders)
{
	struct question question = { .holders = holders };
	int err;

	id_map_init(&question.cgroups, sizeof(uint64_t));
	holders_check_begin(holders->check, 0);
	ask_sockets(&question);
	sockets_list(1U << STATE_LISTEN, ask_listener, &question);
	err = holders_find(question.held, question.count + question.listeners, NULL);
	take_answers(&question);
	/* In a shared accept queue, or behind what we may not see, somebody may have what was not found. */
	holders_check_conclude(holders->check, HOLDERS_IN_QUEUES | (err ? HOLDERS_IN_PROCESSES : 0), holders->tell,
			       holders->context);
	holders_release(question.held, question.count + question.listeners);
	id_map_release(&question.cgroups);
	free(question.held);
	free(question.ids);
}

void polled_holders_look(struct polled_holders *holders, bool last)
{
	uint64_t begin_ns = clock_cpu_ns(), now_ns = clock_monotonic_ns();

	if (!holders->check || !holders_check_waits(holders->check))
		return;
	if (!last && !holders_check_is_due(holders->check, now_ns, 0))
		return;
	look(holders);
	holders->seen_ns = now_ns;
	holders_check_end(holders->check, clock_monotonic_ns(), clock_cpu_ns() - begin_ns);
}
