// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What can be concluded of one stuck socket from its events and the kernel's list: age, owner, descriptor. Pure. */
#include "show/leaks/leaks.h"

#include "util/tcp_state.h"

/* The kernel tells times of a socket in jiffies; of 10 ms at most, and one of them may only just have begun. */
#define JIFFY_NS 10000000ULL

/* 2^32 ms: the kernel's counters of milliseconds begin anew. */
#define WRAP_NS (4294967296ULL * 1000000)

/* Since the peer's FIN (or its ACK of ours) the socket is in its state, so its age is no less than the last ACK's. */
static bool begins_with_ack(const struct live_socket *socket)
{
	unsigned int state = socket->record.new_state;

	if (socket->record.flags & FLAG_TIMEWAIT)
		return false;
	return state == STATE_CLOSE_WAIT || state == STATE_CLOSING || state == STATE_FIN_WAIT2;
}

/* After the peer's FIN no data can come, so the age is no more than the last data's. */
static bool ends_data(const struct live_socket *socket)
{
	return socket->record.new_state == STATE_CLOSE_WAIT || socket->record.new_state == STATE_CLOSING;
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
	struct leak_age age = { .at_least = !socket->since_ns };

	age.ns = minus(now_ns, socket->since_ns ?: socket->seen_ns);
	if (!age.at_least || !listed || !listed->times_known)
		return age;
	if (begins_with_ack(socket))
		age.ns = later(age.ns, minus(listed->last_ack_ns, JIFFY_NS));
	if (ends_data(socket) && uptime_ns < WRAP_NS)
		age.at_most_ns = later(age.ns, listed->last_data_ns + JIFFY_NS);
	return age;
}

static bool is_holder(const struct held_socket *held, uint32_t pid)
{
	size_t i;

	for (i = 0; i < held->holder_count; i++)
		if (held->holders[i].pid == pid)
			return true;
	return false;
}

/* Accepted only after its record was made, or of an owner that no event told: the first who has it now. */
static void owner_from_holders(struct transition *record, const struct held_socket *held)
{
	if (!held->holder_count)
		return;
	if (!record->owner.start_ns || !is_holder(held, record->owner.pid))
		record->owner = held->holders[0].process;
	record->attribution = ATTRIBUTION_SEEDED;
}

void leak_update_owner(struct live_socket *socket, const struct held_socket *held)
{
	struct transition *record = &socket->record;
	bool was_queued = record->flags & FLAG_IN_ACCEPT_QUEUE;

	if (!held->found)
		return;
	record->flags &= ~FLAG_IN_ACCEPT_QUEUE;
	if (!held->listed.inode && record->new_state == STATE_CLOSE_WAIT)
		record->flags |= FLAG_IN_ACCEPT_QUEUE;
	else if (was_queued || !record->owner.start_ns)
		owner_from_holders(record, held);
}

int leak_descriptor(const struct leak *leak)
{
	const struct held_socket *held = leak->held;
	size_t i;

	if (!held || !held->holder_count)
		return -1;
	for (i = 0; i < held->holder_count; i++)
		if (held->holders[i].pid == leak->socket.record.owner.pid)
			return held->holders[i].fd;
	return held->holders[0].fd;
}
