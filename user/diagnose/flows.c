// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/flows.h"

#include <stdlib.h>
#include <string.h>

#include "util/number.h"
#include "util/tcp_state.h"
#include "util/shortage.h"

#define NSEC_PER_SEC 1000000000ULL
#define WINDOW_NS ((FLOW_SLOTS - 1) * FLOW_SLOT_NS)
#define FORGET_NS (60 * NSEC_PER_SEC)
#define FORGET_WAITING_NS (600 * NSEC_PER_SEC) /* longer than the kernel tries with most settings: an end may have been lost */
#define SYN_AGAIN_NS (NSEC_PER_SEC + NSEC_PER_SEC / 10) /* who gives up earlier, as a browser does that tries two addresses, proves nothing */
#define FAN_MAX 20000 /* ends of one process that are told apart */
#define FANS_MAX 1000

void flows_init(struct flows *flows)
{
	memset(flows, 0, sizeof(*flows));
}

static void flow_free(struct flow *flow)
{
	histogram_release(&flow->lives[0]);
	histogram_release(&flow->lives[1]);
	free(flow);
}

static void fan_free(struct flow_fan *fan)
{
	id_map_release(&fan->last_ns);
	id_map_release(&fan->last_addr_ns);
	free(fan);
}

void flows_release(struct flows *flows)
{
	struct flow *flow, *next;
	struct flow_fan *fan, *next_fan;

	memset(flows->recent, 0, sizeof(flows->recent));
	HASH_ITER(hh, flows->table, flow, next) {
		HASH_DEL(flows->table, flow);
		flow_free(flow);
	}
	HASH_ITER(hh, flows->fans, fan, next_fan) {
		HASH_DEL(flows->fans, fan);
		fan_free(fan);
	}
}

void flows_begin(struct flows *flows, uint64_t now_ns)
{
	flows->begin_ns = now_ns;
	flows->slot = now_ns / FLOW_SLOT_NS;
}

/* A new slot begins: what was counted in it a round ago is over. */
static void advance(struct flows *flows, uint64_t now_ns)
{
	uint64_t slot = now_ns / FLOW_SLOT_NS, clears;
	struct flow_fan *fan;
	struct flow *flow;

	if (slot <= flows->slot)
		return;
	clears = slot - flows->slot < FLOW_SLOTS ? slot - flows->slot : FLOW_SLOTS;
	for (; clears; clears--) {
		unsigned int at = (slot - clears + 1) % FLOW_SLOTS;

		for (flow = flows->table; flow; flow = flow->hh.next)
			memset(flow->slots[at], 0, sizeof(flow->slots[at]));
		for (fan = flows->fans; fan; fan = fan->hh.next)
			fan->started[at] = fan->failed[at] = 0;
	}
	flows->slot = slot;
}

static struct flow *flow_get(struct flows *flows, const struct flow_key *key, uint64_t now_ns)
{
	struct flow *flow = flows->recent[key->side == SIDE_PASSIVE];

	if (flow && !memcmp(&flow->key, key, sizeof(*key)))
		return flow;
	HASH_FIND(hh, flows->table, key, sizeof(*key), flow);
	if (flow)
		return flows->recent[key->side == SIDE_PASSIVE] = flow;
	flow = flows->count < FLOWS_MAX ? shortage_noted(calloc(1, sizeof(*flow))) : NULL;
	if (flow) {
		flow->key = *key;
		flow->begin_ns = flow->lives_ns = now_ns;
		HASH_ADD(hh, flows->table, key, sizeof(flow->key), flow);
	}
	if (flow && flow->hh.tbl) {
		flows->count++;
		return flow;
	}
	free(flow);
	flows->refused++;
	return NULL;
}

static struct flow *flow_of(struct flows *flows, const struct transition *record)
{
	struct flow_key key = { .netns = record->endpoint.netns, .side = record->side };
	struct flow *flow;

	if (record->side == SIDE_PASSIVE) {
		key.service_port = record->endpoint.local_port;
	} else {
		key.side = SIDE_ACTIVE;
		key.service_port = record->endpoint.remote_port;
		key.start_ns = record->owner.start_ns;
		key.pid = record->owner.pid ?: record->owner.ns_pid;
		memcpy(key.remote_addr, record->endpoint.remote_addr, 16);
	}
	flow = flow_get(flows, &key, record->time_ns);
	if (flow && record->owner.start_ns)
		flow->process = record->owner;
	if (flow)
		flow->event_ns = record->time_ns;
	return flow;
}

static uint32_t *slot_of(const struct flows *flows, struct flow *flow)
{
	return flow->slots[flows->slot % FLOW_SLOTS];
}

static uint64_t hash_of(const struct endpoint *endpoint, bool with_port)
{
	uint64_t hash = 0xcbf29ce484222325ULL;
	size_t i;

	for (i = 0; i < 16; i++)
		hash = (hash ^ endpoint->remote_addr[i]) * 0x100000001b3ULL;
	if (with_port) {
		hash = (hash ^ (endpoint->remote_port & 0xff)) * 0x100000001b3ULL;
		hash = (hash ^ (endpoint->remote_port >> 8)) * 0x100000001b3ULL;
	}
	hash ^= hash >> 29;
	return hash ?: 1;
}

static struct flow_fan *fan_of(struct flows *flows, const struct process *process)
{
	struct flow_fan *fan, probe = { .key = { process->start_ns, process->pid ?: process->ns_pid, 0 } };

	if (!process->start_ns)
		return NULL;
	HASH_FIND(hh, flows->fans, &probe.key, sizeof(probe.key), fan);
	if (fan || flows->fan_count >= FANS_MAX)
		return fan;
	fan = shortage_noted(calloc(1, sizeof(*fan)));
	if (!fan)
		return NULL;
	fan->key = probe.key;
	id_map_init(&fan->last_ns, sizeof(uint64_t));
	id_map_init(&fan->last_addr_ns, sizeof(uint64_t));
	HASH_ADD(hh, flows->fans, key, sizeof(fan->key), fan);
	if (fan->hh.tbl) {
		flows->fan_count++;
		return fan;
	}
	fan_free(fan);
	return NULL;
}

static void note_end(struct id_map *map, uint64_t hash, uint64_t now_ns)
{
	uint64_t *last = id_map_find(map, hash);

	if (!last && map->used < FAN_MAX)
		last = id_map_put(map, hash);
	if (last)
		*last = now_ns;
}

static void fan_out(struct flows *flows, const struct transition *record)
{
	struct flow_fan *fan = fan_of(flows, &record->owner);

	if (!fan)
		return;
	fan->process = record->owner;
	fan->netns = record->endpoint.netns;
	fan->started[flows->slot % FLOW_SLOTS]++;
	memcpy(fan->remote_addr, record->endpoint.remote_addr, 16);
	fan->remote_port = record->endpoint.remote_port;
	note_end(&fan->last_ns, hash_of(&record->endpoint, true), record->time_ns);
	note_end(&fan->last_addr_ns, hash_of(&record->endpoint, false), record->time_ns);
}

static void note_answer(struct flow *flow)
{
	memset(&flow->unanswered, 0, sizeof(flow->unanswered));
}

static void note_silence(struct flow *flow, const struct event *event)
{
	const struct transition *record = &event->record;
	enum connect_failure failure = event_connect_failure(event);
	uint64_t begin_ns = record->since_ns ?: record->time_ns, waited_ns = elapsed_ns(record->time_ns, begin_ns);
	struct unanswered *unanswered = &flow->unanswered;

	if (failure == CONNECT_REFUSED)
		note_answer(flow);
	if (failure == CONNECT_REFUSED || failure == CONNECT_NO_PORT || (failure == CONNECT_ABANDONED && waited_ns < SYN_AGAIN_NS))
		return;
	if (!unanswered->count++)
		unanswered->since_ns = begin_ns;
	if (waited_ns > unanswered->longest_ns)
		unanswered->longest_ns = waited_ns;
	if (failure != CONNECT_UNREACHABLE)
		return;
	unanswered->unreachable++;
	unanswered->error = record->error;
}

static void on_failure(struct flows *flows, const struct event *event)
{
	const struct transition *record = &event->record;
	struct flow *flow = flow_of(flows, record);
	struct flow_fan *fan = fan_of(flows, &record->owner);

	if (flow) {
		slot_of(flows, flow)[FLOW_NO_PORT + event_connect_failure(event)]++;
		note_silence(flow, event);
	}
	if (fan)
		fan->failed[flows->slot % FLOW_SLOTS]++;
}

/* It left ESTABLISHED, by whatever way. */
static void on_end(uint32_t *slot, struct flow *flow, const struct transition *record)
{
	slot[FLOW_ENDED]++;
	slot[FLOW_LOCAL] += record->closed_by == CLOSED_BY_LOCAL;
	if (record->since_ns && record->time_ns >= record->since_ns)
		histogram_add(&flow->lives[0], record->time_ns - record->since_ns);
}

static void on_transition(struct flows *flows, const struct transition *record)
{
	struct flow *flow;
	uint32_t *slot;

	if (record->new_state == STATE_LISTEN || record->old_state == STATE_LISTEN || record->side == SIDE_UNKNOWN)
		return;
	flow = flow_of(flows, record);
	if (!flow)
		return;
	slot = slot_of(flows, flow);
	flow->waiting -= record->old_state == STATE_SYN_SENT && flow->waiting;
	if (record->new_state == STATE_SYN_SENT) {
		flow->waiting++;
		slot[FLOW_STARTED]++;
		fan_out(flows, record);
	}
	if (record->old_state == STATE_SYN_RECV)
		slot[FLOW_STARTED]++;
	if (record->new_state == STATE_ESTABLISHED) {
		slot[FLOW_OPENED]++;
		note_answer(flow);
	}
	if (record->old_state == STATE_ESTABLISHED)
		on_end(slot, flow, record);
	if (record->new_state == STATE_CLOSE && record->end == END_RESET_SENT) {
		slot[FLOW_RESET]++;
		slot[FLOW_RESET_QUEUED] += !!(record->flags & FLAG_IN_ACCEPT_QUEUE);
	}
	if (record->new_state == STATE_CLOSE && record->end == END_OVERFLOW)
		slot[FLOW_OVERFLOW]++;
	if (record->new_state == STATE_TIME_WAIT)
		slot[FLOW_TIME_WAIT]++;
}

/* It waited for an answer before the run. */
static void on_socket(struct flows *flows, const struct transition *record)
{
	struct flow *flow = record->new_state == STATE_SYN_SENT && record->side == SIDE_ACTIVE ? flow_of(flows, record) : NULL;

	if (flow && !flow->waiting)
		flow->waiting = 1;
}

void flows_event(struct flows *flows, const struct event *event)
{
	advance(flows, event->record.time_ns);
	if (event->record.type == RECORD_TRANSITION)
		on_transition(flows, &event->record);
	else if (event->record.type == RECORD_CONNECT_FAILED)
		on_failure(flows, event);
	else if (event->record.type == RECORD_SOCKET)
		on_socket(flows, &event->record);
}

static uint32_t prune(struct id_map *map, uint64_t before_ns)
{
	uint64_t ids[256], id, *last;
	size_t cursor, n;

	do {
		cursor = n = 0;
		while (n < sizeof(ids) / sizeof(ids[0]) && (last = id_map_next(map, &cursor, &id)))
			if (*last < before_ns)
				ids[n++] = id;
		for (cursor = 0; cursor < n; cursor++)
			id_map_remove(map, ids[cursor]);
	} while (n == sizeof(ids) / sizeof(ids[0]));
	return map->used;
}

static void conclude_fan(struct flow_fan *fan, uint64_t before_ns)
{
	unsigned int slot;

	fan->ends = prune(&fan->last_ns, before_ns);
	fan->addresses = prune(&fan->last_addr_ns, before_ns);
	fan->connects = fan->failures = 0;
	for (slot = 0; slot < FLOW_SLOTS; slot++) {
		fan->connects += fan->started[slot];
		fan->failures += fan->failed[slot];
	}
}

static int compare_kinds(const struct flow_fan *a, const struct flow_fan *b)
{
	int order = strncmp(a->process.comm, b->process.comm, COMM_BYTES);

	if (order || a->process.cgroup_id == b->process.cgroup_id)
		return order ?: (a->netns > b->netns) - (a->netns < b->netns);
	return a->process.cgroup_id < b->process.cgroup_id ? -1 : 1;
}

bool flow_fans_are_alike(const struct flow_fan *a, const struct flow_fan *b)
{
	return !compare_kinds(a, b);
}

int flow_fans_compare(const void *one, const void *other)
{
	const struct flow_fan *a = *(const struct flow_fan *const *)one, *b = *(const struct flow_fan *const *)other;

	return compare_kinds(a, b) ?: memcmp(&a->key, &b->key, sizeof(a->key));
}

static void add_ids(struct id_map *into, const struct id_map *more)
{
	size_t cursor = 0;
	uint64_t id;

	while (id_map_next(more, &cursor, &id))
		if (!id_map_put(into, id))
			shortage_noted(NULL);
}

/* What several of them connect to is one end. */
static struct fan_kind kind_of(struct flow_fan *const *fans, size_t count)
{
	struct id_map ends, addresses;
	struct fan_kind kind;
	size_t i;

	id_map_init(&ends, sizeof(uint64_t));
	id_map_init(&addresses, sizeof(uint64_t));
	for (i = 0; i < count; i++) {
		add_ids(&ends, &fans[i]->last_ns);
		add_ids(&addresses, &fans[i]->last_addr_ns);
	}
	kind = (struct fan_kind){ ends.used, addresses.used };
	id_map_release(&ends);
	id_map_release(&addresses);
	return kind;
}

static void conclude_kinds(struct flows *flows)
{
	struct flow_fan **fans = shortage_noted(malloc((flows->fan_count + 1) * sizeof(*fans))), *fan;
	size_t count = 0, begin, end, i;
	struct fan_kind kind;

	for (fan = flows->fans; fan; fan = fan->hh.next) {
		fan->kind = (struct fan_kind){ fan->ends, fan->addresses };
		if (fans)
			fans[count++] = fan;
	}
	if (count)
		qsort(fans, count, sizeof(*fans), flow_fans_compare);
	for (begin = 0; begin < count; begin = end) {
		for (end = begin + 1; end < count && flow_fans_are_alike(fans[begin], fans[end]); end++)
			;
		if (end == begin + 1)
			continue;
		kind = kind_of(fans + begin, end - begin);
		for (i = begin; i < end; i++)
			fans[i]->kind = kind;
	}
	free(fans);
}

static void note_fan(const struct flows *flows, struct flow *flow)
{
	const struct flow_fan probe = { .key = { flow->key.start_ns, flow->key.pid, 0 } };
	const struct flow_fan *fan;

	HASH_FIND(hh, flows->fans, &probe.key, sizeof(probe.key), fan);
	flow->fan_ends = fan ? fan->kind.ends : 0;
}

static void conclude_lives(struct flow *flow, uint64_t now_ns)
{
	struct histogram both = {}, last = flow->lives[1];

	if (now_ns - flow->lives_ns >= WINDOW_NS) {
		flow->lives[1] = flow->lives[0];
		flow->lives[0] = last;
		histogram_clear(&flow->lives[0]);
		flow->lives_ns = now_ns;
	}
	histogram_merge(&both, &flow->lives[0]);
	histogram_merge(&both, &flow->lives[1]);
	flow->life_s = histogram_percentile(&both, 50) / 1e9;
	histogram_release(&both);
}

/* The window: the slots but the oldest, which is over for a part. */
static void conclude_flow(const struct flows *flows, struct flow *flow, uint64_t now_ns)
{
	uint64_t into_ns = now_ns % FLOW_SLOT_NS, begun_ns = now_ns - flow->begin_ns;
	uint64_t watched_ns = now_ns > flows->begin_ns ? now_ns - flows->begin_ns : 0;
	unsigned int slot, count;

	memset(flow->counts, 0, sizeof(flow->counts));
	flow->busy_slots = 0;
	for (slot = 0; slot < FLOW_SLOTS; slot++) {
		for (count = 0; count < FLOW_COUNTS; count++)
			flow->counts[count] += flow->slots[slot][count];
		flow->busy_slots += flow->slots[slot][FLOW_STARTED] > 0;
	}
	if (watched_ns < begun_ns) /* a time that was not traced is between */
		begun_ns = watched_ns;
	flow->seconds = (WINDOW_NS + into_ns) / 1e9;
	if (begun_ns / 1e9 < flow->seconds)
		flow->seconds = begun_ns / 1e9;
	if (flow->seconds < 1)
		flow->seconds = 1;
	conclude_lives(flow, now_ns);
}

void flows_conclude(struct flows *flows, uint64_t now_ns)
{
	uint64_t before_ns = now_ns > WINDOW_NS ? now_ns - WINDOW_NS : 0;
	struct flow_fan *fan, *next_fan;
	struct flow *flow, *next;

	advance(flows, now_ns);
	memset(flows->recent, 0, sizeof(flows->recent));
	HASH_ITER(hh, flows->fans, fan, next_fan) {
		conclude_fan(fan, before_ns);
		if (fan->ends)
			continue;
		HASH_DEL(flows->fans, fan);
		fan_free(fan);
		flows->fan_count--;
	}
	conclude_kinds(flows);
	HASH_ITER(hh, flows->table, flow, next) {
		if (now_ns > flow->event_ns + (flow->waiting ? FORGET_WAITING_NS : FORGET_NS)) {
			HASH_DEL(flows->table, flow);
			flow_free(flow);
			flows->count--;
			continue;
		}
		conclude_flow(flows, flow, now_ns);
		if (flow->key.side == SIDE_ACTIVE && flow->event_ns >= before_ns)
			note_fan(flows, flow);
	}
}

uint64_t flow_failures(const struct flow *flow)
{
	return flow->counts[FLOW_REFUSED] + flow->counts[FLOW_TIMEOUT] + flow->counts[FLOW_ABANDONED] +
	       flow->counts[FLOW_UNREACHABLE];
}
