// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Events in: the books of sockets, and what each event says of its destination. Pictures: ports/picture.c. */
#include "ports/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event/holes.h"
#include "ports/picture.h"
#include "util/number.h"

#define NSEC_PER_SEC 1000000000ULL
#define NSEC_PER_MSEC 1000000ULL
#define BUSY_WAIT_MS 100 /* so that a process can still be asked who it is */
#define EADDRNOTAVAIL_ 99 /* as the kernel side has it, whatever machine a recording is read on */
#define MEASURED_MIN 100 /* TIME_WAIT that ran out, before their mean is believed */

/* All that has a port. */
#define STATES (((1U << STATE_COUNT) - 1) & ~(1U | 1U << STATE_CLOSE | 1U << STATE_LISTEN))

int ports_model_init(struct ports_model *model, const struct ports_model_config *config)
{
	static const struct model_config no_groups;
	struct model_config books = config->groups ? *config->groups : no_groups;

	books.states = books.followed = STATES | config->states;
	books.max_sockets = config->max_sockets;
	books.keep_ends = true;
	memset(model, 0, sizeof(*model));
	model->config = *config;
	model->by = config->by;
	model->config.groups = NULL; /* the caller's, used up */
	model->config.interval_ns = config->interval_ns ?: NSEC_PER_SEC;
	model->time_wait_ns = PORTS_TIME_WAIT_NS;
	destinations_init(&model->destinations, config->max_rows);
	port_namespaces_init(&model->namespaces);
	local_pools_init(&model->pools, 0);
	peers_init(&model->peers, config->max_rows);
	port_binds_init(&model->binds);
	id_map_init(&model->marks, sizeof(struct port_mark));
	model->books = model_new(&books);
	return model->books ? 0 : -ENOMEM;
}

void ports_model_release(struct ports_model *model)
{
	ports_picture_release(model);
	destinations_release(&model->destinations);
	port_namespaces_release(&model->namespaces);
	local_pools_release(&model->pools);
	peers_release(&model->peers);
	port_binds_release(&model->binds);
	id_map_release(&model->marks);
	model_free(model->books);
	model->books = NULL;
}

void ports_model_begin(struct ports_model *model, const struct run *run)
{
	model->begin_ns = model->interval_begin_ns = model->time_ns = run->begin_ns;
	model->begin_unix_ns = run->begin_unix_ns;
	model->polled = run->polled;
	model->sees_binds = run->hooks[FACT_BIND_FAILED] && strcmp(run->hooks[FACT_BIND_FAILED], "none") != 0;
	model->names = run->names;
	model->next_ns = run->begin_ns + model->config.interval_ns;
}

struct destination_key ports_destination_key(const struct ports_model *model, uint64_t id, const struct endpoint *endpoint)
{
	const struct port_mark *mark = id_map_find(&model->marks, id);
	struct destination_key key = { .netns = endpoint->netns, .remote_port = endpoint->remote_port };

	memcpy(key.local_addr, endpoint->local_addr, 16);
	memcpy(key.remote_addr, endpoint->remote_addr, 16);
	if (mark) {
		key.own_low = mark->own_range;
		key.own_high = mark->own_range >> 16;
		key.device = mark->device;
	}
	return key;
}

/* The destination of an event, whose rates begin with the first one. NULL: no room. */
static struct destination *destination_of(struct ports_model *model, const struct transition *record)
{
	struct destination_key key = ports_destination_key(model, record->id, &record->endpoint);
	struct destination *destination = destinations_get(&model->destinations, &key);

	if (!destination)
		return NULL;
	rate_window_begin(&destination->window, record->time_ns);
	destination->event_ns = record->time_ns;
	return destination;
}

/* connect() found none; or, where the socket was bound to a port, that one was busy. */
static void on_failure(struct ports_model *model, const struct transition *record)
{
	struct destination *destination;

	if (record->error && record->error != EADDRNOTAVAIL_)
		return;
	if (record->endpoint.local_port) {
		model->busy++;
		return;
	}
	model->failures++;
	destination = destination_of(model, record);
	if (destination)
		destination_failed(destination, &record->owner, record->time_ns);
}

/* Who has the port is looked for at once when it fails for the first time: it may be gone when the next picture is made. */
static void on_bind_failure(struct ports_model *model, const struct transition *record)
{
	struct bind_key key = { .netns = record->endpoint.netns, .port = record->endpoint.local_port };
	struct bind_failure *bind;
	bool is_new;

	memcpy(key.addr, record->endpoint.local_addr, 16);
	bind = port_binds_failed(&model->binds, &key, &record->owner, record->time_ns, &is_new);
	if (bind && is_new && key.port)
		ports_picture_find_holder(model, &key);
}

/* How long connect() looked for a port, and how long the handshake took from there. */
static void count_search(struct ports_model *model, struct destination *destination, const struct transition *record)
{
	uint64_t whole_ns = elapsed_ns(record->time_ns, record->since_ns);
	int err;

	if (!record->search_ns || !record->since_ns)
		return;
	err = histogram_add(&destination->search, record->search_ns);
	if (whole_ns >= record->search_ns)
		err = err ?: histogram_add(&destination->handshake, whole_ns - record->search_ns);
	model->err = model->err ?: err;
}

/* What this transition says of its destination's ports: one more is taken, or a connection is no longer open. */
static void count_transition(struct ports_model *model, const struct transition *record, bool was_small)
{
	bool takes = record->old_state == STATE_SYN_SENT && record->endpoint.local_port;
	bool small = record->flags & FLAG_TIMEWAIT && record->new_state != STATE_CLOSE;
	bool closes = !was_small && (small || record->new_state == STATE_CLOSE);
	struct destination *destination;

	if (record->side != SIDE_ACTIVE || !record->endpoint.local_port || !(takes || closes))
		return;
	destination = destination_of(model, record);
	if (!destination)
		return;
	destination->counts.opened += takes;
	destination->counts.closed += closes;
	destination->counts.time_wait += small && !was_small;
	if (small && !was_small)
		destination->no_timestamps = record->flags & FLAG_NO_TIMESTAMPS;
	if (takes && record->new_state == STATE_ESTABLISHED)
		count_search(model, destination, record);
}

static void count_accepted(struct ports_model *model, const struct transition *record)
{
	struct peer_key key = { .netns = record->endpoint.netns, .local_port = record->endpoint.local_port };
	struct peer *peer;

	if (record->old_state != STATE_SYN_RECV || record->new_state == STATE_CLOSE)
		return;
	memcpy(key.remote_addr, record->endpoint.remote_addr, 16);
	memcpy(key.local_addr, record->endpoint.local_addr, 16);
	peer = peers_get(&model->peers, &key);
	if (!peer)
		return;
	rate_window_begin(&peer->window, record->time_ns);
	peer->event_ns = record->time_ns;
	peer->opened++;
}

/* TIME_WAIT lasts 60 s and up to 4 s more by the kernel's timers; some vendors' kernels have another time. */
static void measure_time_wait(struct ports_model *model, const struct transition *record)
{
	uint64_t mean_ns;

	if (record->end != END_EXPIRED || record->old_state != STATE_TIME_WAIT || !record->since_ns)
		return;
	model->ended++;
	model->ended_sum_ns += elapsed_ns(record->time_ns, record->since_ns);
	mean_ns = model->ended_sum_ns / model->ended;
	if (model->ended < MEASURED_MIN)
		return;
	if (mean_ns < PORTS_TIME_WAIT_NS - PORTS_TIME_WAIT_SLACK_NS || mean_ns > PORTS_TIME_WAIT_NS + PORTS_TIME_WAIT_SLACK_NS)
		model->time_wait_ns = mean_ns;
}

static void on_transition(struct ports_model *model, const struct transition *record)
{
	const struct live_socket *socket = live_sockets_find(&model->books->sockets, record->id);
	bool was_small = socket && socket->flags & LIVE_TIMEWAIT;

	count_transition(model, record, was_small);
	count_accepted(model, record);
	measure_time_wait(model, record);
}

static void learn_device(struct ports_model *model, uint32_t device)
{
	unsigned int i;

	for (i = 0; i < model->n_devices; i++)
		if (model->devices[i] == device)
			return;
	if (device && model->n_devices < PORTS_DEVICES_MAX)
		model->devices[model->n_devices++] = device;
}

/* Known from the first event on that has it, as long as the connection lives. */
static void learn_marks(struct ports_model *model, const struct transition *record)
{
	bool no_timestamps = record->flags & FLAG_NO_TIMESTAMPS && record->flags & FLAG_TIMEWAIT;
	struct port_mark *known;

	if (!no_timestamps && !record->own_range && !record->device)
		return;
	known = id_map_put(&model->marks, record->id);
	if (!known) {
		model->err = -ENOMEM;
		return;
	}
	known->no_timestamps |= no_timestamps;
	known->own_range = known->own_range ?: record->own_range;
	known->device = known->device ?: record->device;
	learn_device(model, record->device);
}

/* Of TIME_WAIT from before the start nobody knows who made it: so it is until the last of them is gone. */
static void note_unknown(struct ports_model *model, const struct event *event)
{
	const struct transition *record = &event->record;
	uint64_t until_ns;

	if (record->new_state != STATE_TIME_WAIT || record->closer.start_ns || record->owner.start_ns)
		return;
	until_ns = (record->since_ns ?: record->time_ns) + model->time_wait_ns;
	if (until_ns > model->unknown_until_ns)
		model->unknown_until_ns = until_ns;
}

int ports_model_event(struct ports_model *model, const struct event *event)
{
	const struct transition *record = &event->record;

	if (event_happened(event))
		model->last_event_ns = record->time_ns;
	switch (record->type) {
	case RECORD_PORTS:
		return port_namespaces_learn(&model->namespaces, event->ports);
	case RECORD_CONNECT_FAILED:
		learn_marks(model, record);
		if (event_connect_failure(event) == CONNECT_NO_PORT)
			on_failure(model, record);
		return model->err;
	case RECORD_BIND_FAILED:
		on_bind_failure(model, record);
		return model->err;
	case RECORD_SOCKET:
		note_unknown(model, event);
		learn_marks(model, record);
		break;
	case RECORD_TRANSITION:
		learn_marks(model, record);
		on_transition(model, record);
		break;
	}
	model_event(model->books, event);
	if (record->type == RECORD_TRANSITION && record->new_state == STATE_CLOSE)
		id_map_remove(&model->marks, record->id);
	return model->err;
}

void ports_model_recount(struct ports_model *model, bool begins)
{
	model_recount(model->books, begins);
}

bool ports_model_is_due(const struct ports_model *model, const struct tick *tick)
{
	return tick->time_ns >= model->next_ns;
}

/* Where we are late by more than an interval, those in between are left out. */
void ports_model_end_interval(struct ports_model *model, const struct tick *tick)
{
	uint64_t late_ns = elapsed_ns(tick->time_ns, model->next_ns);
	uint64_t interval_ns = model->config.interval_ns;

	model->seconds = holes_seconds_of(tick, model->interval_begin_ns, &model->holes_ns);
	model->failure_rate = (model->failures - model->failures_before) / model->seconds;
	model->failures_before = model->failures;
	if (tick->time_ns >= model->next_ns)
		model->next_ns += (late_ns / interval_ns + 1) * interval_ns;
	model->interval_begin_ns = tick->time_ns;
	model->intervals++;
}

unsigned int ports_model_wait_ms(const struct ports_model *model, const struct tick *tick)
{
	uint64_t left_ms = model->next_ns > tick->time_ns ? (model->next_ns - tick->time_ns) / NSEC_PER_MSEC + 1 : 1;
	bool busy = model->last_event_ns + NSEC_PER_SEC > tick->time_ns;

	if (busy && left_ms > BUSY_WAIT_MS)
		return BUSY_WAIT_MS;
	return left_ms > 1000 ? 1000 : left_ms;
}

struct port_namespace *ports_model_namespace(const struct ports_model *model, const struct destination *destination)
{
	return port_namespaces_find(&model->namespaces, destination->key.netns);
}
