// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One pass over live sockets, one over listeners. */
#include "account/survey.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/shortage.h"
#include "util/tcp_state.h"

struct count {
	uint32_t sockets;
	uint32_t group;
};

void survey_init(struct survey *survey)
{
	memset(survey, 0, sizeof(*survey));
	id_map_init(&survey->addresses, sizeof(struct count));
	id_map_init(&survey->networks, sizeof(struct count));
	id_map_init(&survey->asked, sizeof(struct count));
}

void survey_release(struct survey *survey)
{
	free(survey->rows);
	id_map_release(&survey->addresses);
	id_map_release(&survey->networks);
	id_map_release(&survey->asked);
	survey->rows = NULL;
	survey->n_rows = survey->capacity = 0;
}

const struct survey_row *survey_row(const struct survey *survey, const struct group *group)
{
	static const struct survey_row nothing;

	return group->index < survey->n_rows ? &survey->rows[group->index] : &nothing;
}

static int begin(struct survey *survey, const struct groups *groups)
{
	struct survey_row *grown;

	id_map_clear(&survey->addresses);
	id_map_clear(&survey->networks);
	id_map_clear(&survey->asked);
	survey->n_rows = 0;
	if (groups->slots.capacity > survey->capacity) {
		grown = shortage_noted(realloc(survey->rows, groups->slots.capacity * sizeof(*grown)));
		if (!grown)
			return -ENOMEM;
		survey->rows = grown;
		survey->capacity = groups->slots.capacity;
	}
	survey->n_rows = groups->slots.capacity;
	memset(survey->rows, 0, survey->n_rows * sizeof(*survey->rows));
	return 0;
}

static bool is_ipv4(const uint8_t addr[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, 0xff};

	return !memcmp(addr, mapped, sizeof(mapped));
}

void survey_network_of(uint8_t out[16], uint8_t *bits, const uint8_t addr[16])
{
	unsigned int bytes = is_ipv4(addr) ? 15 : 8;

	memset(out, 0, 16);
	memcpy(out, addr, bytes);
	*bits = bytes * 8;
}

static uint64_t hash_of(uint32_t group, const uint8_t addr[16])
{
	uint64_t words[2], hash;

	memcpy(words, addr, sizeof(words));
	hash = (words[0] ^ (uint64_t)group << 32) * 0x9e3779b97f4a7c15ULL;
	hash ^= hash >> 29;
	hash = (hash ^ words[1]) * 0xbf58476d1ce4e5b9ULL;
	hash ^= hash >> 32;
	return hash ?: 1;
}

/* How many there are by now, this one too; 0: no memory. */
static uint32_t count_up(struct id_map *map, uint32_t group, const uint8_t addr[16])
{
	struct count *count = id_map_put(map, hash_of(group, addr));

	return count ? ++count->sockets : 0;
}

static void count_remote(struct survey *survey, struct survey_row *row, uint32_t group, const struct endpoint *endpoint,
			 uint8_t side)
{
	uint8_t network[16], bits;
	uint32_t sockets = count_up(&survey->addresses, group, endpoint->remote_addr);

	row->sockets++;
	row->addresses += sockets == 1;
	if (sockets > row->busiest.sockets)
		row->busiest = (struct survey_end){*endpoint, side, sockets};
	survey_network_of(network, &bits, endpoint->remote_addr);
	sockets = count_up(&survey->networks, group, network);
	if (sockets <= row->network.sockets)
		return;
	memcpy(row->network.addr, network, sizeof(network));
	row->network.bits = bits;
	row->network.sockets = sockets;
}

static void count_unanswered(struct survey *survey, struct survey_row *row, uint32_t group, const struct present_base *base,
			     uint64_t now_ns)
{
	if (now_ns < base->since_ns + SURVEY_SYN_NS)
		return;
	row->unanswered.sockets++;
	row->unanswered.addresses += count_up(&survey->asked, group, base->endpoint.remote_addr) == 1;
	if (row->unanswered.since_ns && row->unanswered.since_ns <= base->since_ns)
		return;
	row->unanswered.since_ns = base->since_ns;
	row->unanswered.oldest = base->endpoint;
}

/* Nobody can close what nobody has accepted. */
static void count_gave_up(struct survey_row *row, uint64_t since_ns, uint16_t port, bool at_least)
{
	row->gave_up.sockets++;
	if (row->gave_up.since_ns && row->gave_up.since_ns <= since_ns)
		return;
	row->gave_up.since_ns = since_ns;
	row->gave_up.port = port;
	row->gave_up.at_least = at_least;
}

/* Who has the other end of what waits for it. */
static void note_peer(struct survey_row *row, const struct model *model, const struct present_base *base)
{
	struct present_socket peer;
	bool waits = base->state == STATE_CLOSE_WAIT || (base->state == STATE_FIN_WAIT2 && !(base->flags & PRESENT_TIMEWAIT));

	if (!waits || !model_peer(model, &base->endpoint, &peer))
		return;
	row->peer.sockets++;
	if (row->peer.since_ns && row->peer.since_ns <= base->since_ns)
		return;
	row->peer.since_ns = base->since_ns;
	row->peer.process = present_charged(&peer.base);
	row->peer.state = peer.base.state;
}

static void take_present(struct survey *survey, const struct model *model, unsigned int by, uint64_t now_ns)
{
	struct present_socket socket;
	size_t cursor = 0;

	while (model_present_next(model, &cursor, &socket)) {
		const struct group *group = model_present_group(model, &socket, by);
		struct survey_row *row;

		if (!group || group->index >= survey->n_rows)
			continue;
		row = &survey->rows[group->index];
		count_remote(survey, row, group->index, &socket.base.endpoint, socket.base.side);
		if (socket.base.state == STATE_SYN_SENT)
			count_unanswered(survey, row, group->index, &socket.base, now_ns);
		if (socket.base.state == STATE_CLOSE_WAIT && socket.base.flags & PRESENT_IN_ACCEPT_QUEUE)
			count_gave_up(row, socket.base.since_ns, socket.base.endpoint.local_port, socket.base.flags & PRESENT_AT_LEAST);
		note_peer(row, model, &socket.base);
	}
}

/* TIME_WAIT is not among those that are looked at; where no look was told of, others neither. Not every table keeps addresses and ports. */
static void take_followed(struct survey *survey, const struct model *model, unsigned int by)
{
	bool told = model_present_told(model), ends = model->sockets.keep_ends;
	const struct live_socket *socket;
	size_t cursor = 0;

	while ((ends || !told) && (socket = live_sockets_next(&model->sockets, &cursor, NULL))) {
		struct endpoint endpoint = {};
		const struct group *group;
		struct survey_row *row;

		if ((told && socket->state != STATE_TIME_WAIT) || !(socket->flags & LIVE_COUNTED))
			continue;
		group = model_group_of(model, socket, by);
		if (group->index >= survey->n_rows)
			continue;
		row = &survey->rows[group->index];
		if (live_socket_endpoint(&model->sockets, socket, &endpoint))
			count_remote(survey, row, group->index, &endpoint, socket->side);
		if (!told && socket->state == STATE_CLOSE_WAIT && socket->flags & LIVE_IN_ACCEPT_QUEUE)
			count_gave_up(row, socket->since_ns, endpoint.local_port, socket->flags & LIVE_AT_LEAST);
	}
}

static bool is_full(const struct listener_facts *facts)
{
	return facts->depth > facts->backlog;
}

static uint64_t new_drops(const struct listener_facts *facts)
{
	return facts->new_drops == LISTENER_NOT_KNOWN ? 0 : facts->new_drops;
}

static bool is_worse(const struct listener_facts *a, const struct listener_facts *b)
{
	if (is_full(a) != is_full(b))
		return is_full(a);
	if (is_full(a))
		return a->depth > b->depth;
	return new_drops(a) != new_drops(b) ? new_drops(a) > new_drops(b) : a->depth > b->depth;
}

static void take_listeners(struct survey *survey, const struct model *model, unsigned int by)
{
	const struct listening_socket *listener;
	size_t cursor = 0;

	while ((listener = model_listener_next(model, &cursor, NULL))) {
		const struct group *group = model_listener_group(model, listener, by);
		struct survey_row *row;

		if (!group || group->index >= survey->n_rows)
			continue;
		row = &survey->rows[group->index];
		row->queue.full += is_full(&listener->now);
		if (row->queue.told && !is_worse(&listener->now, &row->queue.facts))
			continue;
		row->queue.told = true;
		row->queue.facts = listener->now;
		row->queue.endpoint = listener->base.endpoint;
	}
}

int survey_take(struct survey *survey, struct model *model, unsigned int by, uint64_t now_ns)
{
	struct groups *groups = model_groups(model, by);
	int err = groups ? begin(survey, groups) : -ENOMEM;

	if (err)
		return err;
	take_present(survey, model, by, now_ns);
	take_followed(survey, model, by);
	take_listeners(survey, model, by);
	return 0;
}

static void add_unanswered(struct survey_row *row, const struct survey_row *more)
{
	row->unanswered.sockets += more->unanswered.sockets;
	row->unanswered.addresses += more->unanswered.addresses;
	if (!more->unanswered.since_ns || (row->unanswered.since_ns && row->unanswered.since_ns <= more->unanswered.since_ns))
		return;
	row->unanswered.since_ns = more->unanswered.since_ns;
	row->unanswered.oldest = more->unanswered.oldest;
}

static void add_gave_up(struct survey_row *row, const struct survey_row *more)
{
	uint32_t sockets = row->gave_up.sockets + more->gave_up.sockets;

	if (more->gave_up.sockets && (!row->gave_up.sockets || more->gave_up.since_ns < row->gave_up.since_ns))
		row->gave_up = more->gave_up;
	row->gave_up.sockets = sockets;
}

static void add_queue(struct survey_row *row, const struct survey_row *more)
{
	uint32_t full = row->queue.full + more->queue.full;

	if (more->queue.told && (!row->queue.told || is_worse(&more->queue.facts, &row->queue.facts)))
		row->queue = more->queue;
	row->queue.full = full;
}

static void add_peer(struct survey_row *row, const struct survey_row *more)
{
	uint32_t sockets = row->peer.sockets + more->peer.sockets;

	if (more->peer.sockets && (!row->peer.sockets || more->peer.since_ns < row->peer.since_ns))
		row->peer = more->peer;
	row->peer.sockets = sockets;
}

void survey_row_add(struct survey_row *row, const struct survey_row *more)
{
	row->sockets += more->sockets;
	row->addresses += more->addresses;
	if (more->busiest.sockets > row->busiest.sockets)
		row->busiest = more->busiest;
	if (more->network.sockets > row->network.sockets)
		row->network = more->network;
	add_unanswered(row, more);
	add_gave_up(row, more);
	add_queue(row, more);
	add_peer(row, more);
}
