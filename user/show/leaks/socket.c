// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What can be concluded of one stuck socket from its events and the kernel's list: age, owner, descriptor. Pure. */
#include "show/leaks/leaks.h"

#include <string.h>

#include "attribute/process.h"
#include "util/tcp_state.h"

/* The kernel tells times of a socket in jiffies; of 10 ms at most, and one of them may only just have begun. */
#define JIFFY_NS 10000000ULL

/* 2^32 ms: the kernel's counters of milliseconds begin anew. */
#define WRAP_NS (4294967296ULL * 1000000)

/* Since the peer's FIN (or its ACK of ours) the socket is in its state, so its age is no less than the last ACK's. */
static bool begins_with_ack(const struct live_socket *socket)
{
	unsigned int state = socket->state;

	if (socket->flags & LIVE_TIMEWAIT)
		return false;
	return state == STATE_CLOSE_WAIT || state == STATE_CLOSING || state == STATE_FIN_WAIT2;
}

/* After the peer's FIN no data can come, so the age is no more than the last data's. */
static bool ends_data(const struct live_socket *socket)
{
	return socket->state == STATE_CLOSE_WAIT || socket->state == STATE_CLOSING;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

struct leak_age leak_age_of(const struct live_socket *socket, const struct listed_socket *listed, uint64_t now_ns,
			    uint64_t uptime_ns)
{
	struct leak_age age = { .at_least = socket->flags & LIVE_AT_LEAST };

	age.ns = minus(now_ns, socket->since_ns);
	if (!age.at_least || !listed || !listed->times_known)
		return age;
	if (begins_with_ack(socket))
		age.ns = later(age.ns, minus(listed->last_ack_ns, JIFFY_NS));
	if (ends_data(socket) && uptime_ns < WRAP_NS)
		age.at_most_ns = later(age.ns, listed->last_data_ns + JIFFY_NS);
	return age;
}

/* Processes are told apart by pid: holders are in its order. */
static uint32_t count_processes(const struct held_socket *held)
{
	uint32_t count = 0;
	size_t i;

	for (i = 0; i < held->holder_count; i++)
		count += !i || held->holders[i].pid != held->holders[i - 1].pid;
	return count;
}

static const struct holder *find_holder(const struct held_socket *held, const struct process *process)
{
	size_t i;

	for (i = 0; i < held->holder_count; i++)
		if (process_is_same(&held->holders[i].process, process))
			return &held->holders[i];
	return NULL;
}

/* /proc tells less of a process than the kernel side did, but for its present name. */
static void name_process(struct process *process, const struct holder *holder, const struct process *known)
{
	*process = holder->process;
	if (!process_is_same(process, known))
		return;
	*process = *known;
	memcpy(process->comm, holder->process.comm, COMM_BYTES);
}

bool leak_holder(const struct leak *leak, const struct process *owner, bool complete, struct held *first)
{
	const struct held_socket *held = leak->held;
	const struct holder *holder;
	bool is_queued = leak->socket->flags & LIVE_IN_ACCEPT_QUEUE;

	*first = (struct held){ .fd = -1 };
	if (!held || !held->found)
		return false;
	if (!held->holder_count) {
		first->queued = !held->listed.inode && leak->socket->state == STATE_CLOSE_WAIT;
		return first->queued ? !is_queued : complete || !held->listed.inode;
	}
	holder = find_holder(held, owner) ?: &held->holders[0];
	name_process(&first->process, holder, find_holder(held, owner) ? owner : leak->charged);
	first->fd = holder->fd;
	first->count = count_processes(held);
	return true;
}

void leak_charge(struct leak *leak, const struct model *model)
{
	const struct known_process *process = processes_at(&model->processes, live_socket_charged(leak->socket));
	const struct process *owner = &processes_at(&model->processes, leak->socket->owner)->process;

	leak->charged = &process->process;
	leak->cgroup = process->cgroup;
	if (leak->socket->attribution == ATTRIBUTION_OBSERVED && owner->start_ns && process->process.start_ns &&
	    !process_is_same(owner, &process->process))
		leak->maker = owner;
	leak->group = model_group_of(model, leak->socket, LEAK_GROUPING);
}

bool leak_time_left(const struct leak *leak, uint64_t *ns)
{
	const struct held_socket *held = leak->held;

	if (leak->socket->state != STATE_TIME_WAIT || !held || !held->found || !held->listed.expires_ns)
		return false;
	*ns = held->listed.expires_ns;
	return true;
}

int leak_descriptor(const struct leak *leak)
{
	const struct holder *holder = leak->held ? find_holder(leak->held, leak->charged) : NULL;

	return holder ? holder->fd : leak->held && leak->held->found ? -1 : leak->end.fd;
}
