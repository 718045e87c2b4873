// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A table of flows that begins anew with each interval, so that nothing that ended long ago takes memory. */
#include "history/tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/number.h"
#include "util/tcp_state.h"

#define FLOWS_MAX 4096

void tally_init(struct tally *tally)
{
	memset(tally, 0, sizeof(*tally));
}

static void flow_free(struct flow *flow)
{
	histogram_release(&flow->established);
	histogram_release(&flow->close_waited);
	free(flow);
}

void tally_clear(struct tally *tally)
{
	struct flow *flow, *next;

	HASH_ITER(hh, tally->flows, flow, next) {
		HASH_DEL(tally->flows, flow);
		flow_free(flow);
	}
	tally_init(tally);
}

/* Events come in runs of few flows. */
static struct flow *find(struct tally *tally, const struct flow_key *key)
{
	struct flow **recent = &tally->recent[key->side == SIDE_PASSIVE], *flow = *recent;

	if (flow && !memcmp(&flow->key, key, sizeof(*key)))
		return flow;
	HASH_FIND(hh, tally->flows, key, sizeof(*key), flow);
	if (flow)
		*recent = flow;
	return flow;
}

static void take(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ?: "");
}

static struct flow *add(struct tally *tally, const struct flow_key *key, const struct process *process, const struct container *container)
{
	struct flow *flow = calloc(1, sizeof(*flow));

	if (!flow)
		return NULL;
	flow->key = *key;
	if (process)
		snprintf(flow->comm, sizeof(flow->comm), "%.*s", COMM_BYTES - 1, process->comm);
	if (container) {
		take(flow->unit, sizeof(flow->unit), container->unit);
		take(flow->container, sizeof(flow->container), container->id);
		take(flow->pod, sizeof(flow->pod), container->pod);
		take(flow->namespace, sizeof(flow->namespace), container->namespace);
		take(flow->container_name, sizeof(flow->container_name), container->name);
	}
	HASH_ADD(hh, tally->flows, key, sizeof(flow->key), flow);
	if (!flow->hh.tbl) {
		flow_free(flow);
		return NULL;
	}
	tally->count++;
	return flow;
}

static struct flow *other(struct tally *tally)
{
	const struct flow_key key = { .other = 1 };

	if (!tally->other)
		tally->other = add(tally, &key, NULL, NULL);
	return tally->other;
}

/* NULL: no memory. */
static struct flow *get(struct tally *tally, const struct process *process, const struct container *container,
			const struct endpoint *endpoint, unsigned int side)
{
	struct flow_key key = { .side = side, .port = endpoint_service_port(endpoint, side) };
	struct flow *flow;

	if (process->start_ns) {
		key.start_ns = process->start_ns;
		key.pid = process->pid;
	}
	if (side != SIDE_PASSIVE)
		memcpy(key.addr, endpoint->remote_addr, sizeof(key.addr));
	flow = find(tally, &key);
	if (flow)
		return flow;
	return tally->count < FLOWS_MAX ? add(tally, &key, process->start_ns ? process : NULL, container) : other(tally);
}

static void on_entry(struct flow *flow, const struct transition *record)
{
	switch (record->new_state) {
	case STATE_ESTABLISHED:
		flow->opened++;
		break;
	case STATE_TIME_WAIT:
		if (record->closed_by == CLOSED_BY_LOCAL)
			flow->time_wait_local++;
		else
			flow->time_wait_other++;
		break;
	case STATE_CLOSE_WAIT:
		flow->close_wait++;
		break;
	}
}

static void on_exit_from(struct flow *flow, const struct transition *record)
{
	uint64_t dwell_ns = record->since_ns && record->since_ns <= record->time_ns ? record->time_ns - record->since_ns : 0;

	if (!record->since_ns)
		return;
	if (record->old_state == STATE_ESTABLISHED)
		histogram_add(&flow->established, dwell_ns);
	else if (record->old_state == STATE_CLOSE_WAIT)
		histogram_add(&flow->close_waited, dwell_ns);
}

static bool is_counted(const struct transition *record)
{
	static const uint32_t entered = 1U << STATE_ESTABLISHED | 1U << STATE_TIME_WAIT | 1U << STATE_CLOSE_WAIT,
			      left = 1U << STATE_ESTABLISHED | 1U << STATE_CLOSE_WAIT;

	return record->type == RECORD_CONNECT_FAILED ||
	       (record->type == RECORD_TRANSITION && (1U << record->new_state & entered || 1U << record->old_state & left));
}

void tally_event(struct tally *tally, const struct event *event)
{
	const struct transition *record = &event->record;
	struct flow *flow;

	if (!is_counted(record))
		return;
	flow = get(tally, event_charged(event, event_state(event)), event->container, &record->endpoint, record->side);
	if (!flow)
		return;
	if (record->type == RECORD_CONNECT_FAILED) {
		flow->failures[event_connect_failure(event)]++;
		return;
	}
	on_exit_from(flow, record);
	on_entry(flow, record);
}

static void on_stuck(struct flow *flow, uint64_t age_ns)
{
	flow->close_wait_now++;
	if (age_ns > flow->oldest_ns)
		flow->oldest_ns = age_ns ?: 1;
	if (!flow->youngest_ns || age_ns < flow->youngest_ns)
		flow->youngest_ns = age_ns ?: 1;
}

void tally_live(struct tally *tally, const struct model *live, uint64_t now_ns)
{
	const struct live_socket *socket;
	size_t cursor = 0;

	while ((socket = live_sockets_next(&live->sockets, &cursor, NULL))) {
		const struct known_process *process = processes_at(&live->processes, live_socket_charged(socket));
		const struct live_end *end;
		struct live_end room;
		struct flow *flow;

		if (socket->state != STATE_ESTABLISHED && socket->state != STATE_TIME_WAIT && socket->state != STATE_CLOSE_WAIT)
			continue;
		end = live_socket_end(&live->sockets, socket, &room);
		flow = get(tally, &process->process, &process->cgroup->container, &end->endpoint, socket->side);
		if (!flow)
			continue;
		flow->established_now += socket->state == STATE_ESTABLISHED;
		flow->time_wait_now += socket->state == STATE_TIME_WAIT;
		if (socket->state == STATE_CLOSE_WAIT)
			on_stuck(flow, elapsed_ns(now_ns, socket->since_ns));
	}
}

static uint64_t weight(const struct flow *flow)
{
	uint64_t failures = 0;
	unsigned int i;

	for (i = 0; i < CONNECT_FAILURES; i++)
		failures += flow->failures[i];
	return flow->opened + flow->time_wait_local + flow->time_wait_other + 4 * flow->close_wait + flow->established_now +
	       flow->time_wait_now + 16 * flow->close_wait_now + 16 * failures;
}

static int compare(struct flow *a, struct flow *b)
{
	uint64_t first = weight(a), second = weight(b);

	if (a->key.other != b->key.other)
		return a->key.other ? -1 : 1;
	return first > second ? -1 : first < second;
}

static void merge(struct flow *to, const struct flow *from)
{
	unsigned int i;

	to->opened += from->opened;
	to->time_wait_local += from->time_wait_local;
	to->time_wait_other += from->time_wait_other;
	to->close_wait += from->close_wait;
	for (i = 0; i < CONNECT_FAILURES; i++)
		to->failures[i] += from->failures[i];
	to->established_now += from->established_now;
	to->time_wait_now += from->time_wait_now;
	to->close_wait_now += from->close_wait_now;
	if (from->oldest_ns > to->oldest_ns)
		to->oldest_ns = from->oldest_ns;
	if (from->youngest_ns && (!to->youngest_ns || from->youngest_ns < to->youngest_ns))
		to->youngest_ns = from->youngest_ns;
	histogram_merge(&to->established, &from->established);
	histogram_merge(&to->close_waited, &from->close_waited);
}

void tally_fold(struct tally *tally, unsigned int most)
{
	struct flow *flow, *next;
	unsigned int kept = 0;

	if (tally->count <= most || !other(tally))
		return;
	memset(tally->recent, 0, sizeof(tally->recent));
	HASH_SRT(hh, tally->flows, compare);
	HASH_ITER(hh, tally->flows, flow, next) {
		if (flow == tally->other || kept++ < most)
			continue;
		merge(tally->other, flow);
		HASH_DEL(tally->flows, flow);
		flow_free(flow);
		tally->count--;
	}
}
