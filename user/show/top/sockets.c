// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From a row of `top` to its sockets. */
#include "show/top/sockets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/address.h"
#include "util/tcp_state.h"
#include "util/text.h"

#define ALL_COLUMNS 80 /* a terminal that has room for both ends and the queues */
#define QUEUES_COLUMNS 120

void top_sockets_release(struct top_sockets *sockets)
{
	free(sockets->rows);
	memset(sockets, 0, sizeof(*sockets));
}

static struct top_socket *add(struct top_sockets *sockets)
{
	struct top_socket *grown;

	if (sockets->count == sockets->capacity) {
		grown = realloc(sockets->rows, (sockets->capacity * 2 + 256) * sizeof(*grown));
		if (!grown)
			return NULL;
		sockets->rows = grown;
		sockets->capacity = sockets->capacity * 2 + 256;
	}
	return memset(&sockets->rows[sockets->count++], 0, sizeof(*sockets->rows));
}

static void note_peer(struct top_socket *socket, const struct model *model)
{
	const struct present_socket *peer = model_peer(model, &socket->base.endpoint, NULL);

	if (!peer)
		return;
	socket->peer = present_charged(&peer->base);
	socket->peer_state = peer->base.state;
}

static void take_present(struct top_socket *socket, const struct model *model, const struct present_socket *from)
{
	socket->base = from->base;
	socket->now = from->now;
	socket->looked = true;
	socket->process = present_charged(&from->base);
	note_peer(socket, model);
}

static void take_live(struct top_socket *socket, const struct model *model, const struct live_socket *from)
{
	const struct live_end *end = live_socket_end(&model->sockets, from);

	socket->base = (struct present_base){
		.endpoint = end ? end->endpoint : (struct endpoint){},
		.since_ns = from->since_ns,
		.owner = from->owner,
		.closer = from->closer,
		.holder = from->holder,
		.fd = end ? end->fd : -1,
		.holders = end ? end->holders : 0,
		.state = from->state,
		.side = from->side,
		.attribution = from->attribution,
		.closed_by = from->closed_by,
		.flags = (from->flags & LIVE_AT_LEAST ? PRESENT_AT_LEAST : 0) |
			 (from->flags & LIVE_IN_ACCEPT_QUEUE ? PRESENT_IN_ACCEPT_QUEUE : 0) |
			 (from->flags & LIVE_TIMEWAIT ? PRESENT_TIMEWAIT : 0),
	};
	socket->process = live_socket_charged(from);
	note_peer(socket, model);
}

/* The last one that was added stays when it passes. */
static void filter_last(struct top_sockets *sockets, const struct model *model, const char *filter, uint64_t now_ns,
			struct buffer *text)
{
	const struct top_socket *socket = &sockets->rows[sockets->count - 1];
	unsigned int line;

	if (!filter[0])
		return;
	buffer_clear(text);
	top_socket_text(text, model, socket, now_ns, 0);
	for (line = 0; line < TOP_SOCKET_DETAILS; line++) {
		buffer_append_char(text, ' ');
		top_socket_details_text(text, model, socket, now_ns, line);
	}
	buffer_append_char(text, '\0');
	if (!text->error && !strcasestr(text->data, filter))
		sockets->count--;
}

static int compare_numbers(uint64_t x, uint64_t y)
{
	return x < y ? -1 : x > y;
}

static int compare(const void *a, const void *b, void *context)
{
	const struct top_socket *x = a, *y = b;
	const struct top_sockets *sockets = context;
	int result = 0;

	switch (sockets->sort) {
	case SOCKETS_BY_STATE:
		result = compare_numbers(x->base.state, y->base.state);
		break;
	case SOCKETS_BY_REMOTE:
		result = memcmp(x->base.endpoint.remote_addr, y->base.endpoint.remote_addr, 16) ?:
			 compare_numbers(x->base.endpoint.remote_port, y->base.endpoint.remote_port);
		break;
	case SOCKETS_BY_RECEIVED:
		result = compare_numbers(y->now.rx_queue, x->now.rx_queue);
		break;
	case SOCKETS_BY_FD:
		result = compare_numbers((uint32_t)x->base.fd, (uint32_t)y->base.fd);
		break;
	default:
		break;
	}
	if (!result)
		result = compare_numbers(x->base.since_ns, y->base.since_ns);
	if (!result)
		result = memcmp(&x->base.endpoint, &y->base.endpoint, sizeof(x->base.endpoint));
	return sockets->reverse ? -result : result;
}

int top_sockets_collect(struct top_sockets *sockets, struct model *model, unsigned int by, const struct group_name *name,
			const char *filter, uint32_t states, uint64_t now_ns)
{
	struct groups *groups = model_groups(model, by);
	const struct group *group = name->parts[0].kind == GROUP_OTHER ? groups->other : groups_find(groups, name);
	bool told = model_present_told(model);
	const struct present_socket *present;
	const struct live_socket *live;
	struct top_socket *added;
	struct buffer text;
	size_t cursor = 0;
	int err = 0;

	sockets->count = 0;
	if (!states)
		states = ~0U;
	buffer_init(&text);
	while (group && !err && (present = model_present_next(model, &cursor, NULL))) {
		if (!(states & 1U << present->base.state) || model_present_group(model, present, by) != group)
			continue;
		added = add(sockets);
		if (added) {
			take_present(added, model, present);
			filter_last(sockets, model, filter, now_ns, &text);
		}
		err = added ? 0 : -ENOMEM;
	}
	cursor = 0;
	while (group && !err && (live = live_sockets_next(&model->sockets, &cursor, NULL))) {
		if (!(live->flags & LIVE_COUNTED) || (told && live->state != STATE_TIME_WAIT) ||
		    !(states & 1U << live->state) || model_group_of(model, live, by) != group)
			continue;
		added = add(sockets);
		if (added) {
			take_live(added, model, live);
			filter_last(sockets, model, filter, now_ns, &text);
		}
		err = added ? 0 : -ENOMEM;
	}
	buffer_release(&text);
	if (sockets->count)
		qsort_r(sockets->rows, sockets->count, sizeof(sockets->rows[0]), compare, sockets);
	return err;
}

const char *top_socket_sort_name(enum top_socket_sort sort)
{
	static const char *const names[SOCKETS_SORTS] = { "age", "state", "remote", "recv-q", "fd" };

	return names[sort];
}

/* Narrow: the local end is its port alone. */
void top_sockets_head_text(struct buffer *out, unsigned int width)
{
	bool narrow = width && width < ALL_COLUMNS;

	buffer_printf(out, "%-11s %7s %5s %6s ", "STATE", "AGE", "FD", "RECV-Q");
	if (!width || width >= QUEUES_COLUMNS)
		buffer_printf(out, "%6s %6s %-10s ", "SEND-Q", "UNSENT", "TIMER");
	buffer_printf(out, narrow ? "%-6s %-21s" : "%-21s %-21s", "LOCAL", "REMOTE");
	if (!width || width >= QUEUES_COLUMNS)
		buffer_append_string(out, " OTHER END");
}

static void end_text(char out[ADDRESS_PORT_TEXT], const uint8_t bytes[16], uint16_t port)
{
	struct address address = address_from_mapped(bytes);

	address_port_format(out, &address, port);
}

static void age_text(char out[TEXT_NUMBER + 1], const struct present_base *base, uint64_t now_ns)
{
	if (!base->since_ns) {
		strcpy(out, "-");
		return;
	}
	text_duration(out, now_ns > base->since_ns ? now_ns - base->since_ns : 0);
	if (base->flags & PRESENT_AT_LEAST)
		strcat(out, "+");
}

static bool is_queued(const struct top_socket *socket)
{
	return socket->base.flags & PRESENT_IN_ACCEPT_QUEUE;
}

static void fd_text(char out[16], const struct top_socket *socket)
{
	if (is_queued(socket))
		strcpy(out, "queue");
	else if (socket->base.fd >= 0)
		snprintf(out, 16, "%d", socket->base.fd);
	else
		strcpy(out, "-");
}

static void bytes_text(struct buffer *out, const struct top_socket *socket, uint32_t bytes)
{
	char text[TEXT_NUMBER] = "-";

	if (socket->looked)
		text_count(text, bytes);
	buffer_printf(out, "%6s ", text);
}

static void process_text(struct buffer *out, const struct model *model, uint32_t index)
{
	const struct process *process = &processes_at(&model->processes, index)->process;

	if (process->start_ns)
		buffer_printf(out, "%.*s[%u]", COMM_BYTES, process->comm, process->pid);
	else
		buffer_append_string(out, "unknown");
}

void top_socket_text(struct buffer *out, const struct model *model, const struct top_socket *socket, uint64_t now_ns,
		     unsigned int width)
{
	const struct present_base *base = &socket->base;
	bool wide = !width || width >= QUEUES_COLUMNS;
	char age[TEXT_NUMBER + 1], fd[16], local[ADDRESS_PORT_TEXT + 1], remote[ADDRESS_PORT_TEXT];

	age_text(age, base, now_ns);
	fd_text(fd, socket);
	end_text(remote, base->endpoint.remote_addr, base->endpoint.remote_port);
	if (width && width < ALL_COLUMNS)
		snprintf(local, sizeof(local), ":%u", base->endpoint.local_port);
	else
		end_text(local, base->endpoint.local_addr, base->endpoint.local_port);
	buffer_printf(out, "%-11s %7s %5s ", tcp_state_name(base->state), age, fd);
	bytes_text(out, socket, socket->now.rx_queue);
	if (wide) {
		bytes_text(out, socket, socket->now.tx_queue);
		bytes_text(out, socket, socket->now.unsent);
		buffer_printf(out, "%-10s ", socket->looked ? present_timer_name(socket->now.timer) ?: "-" : "-");
	}
	buffer_printf(out, width && width < ALL_COLUMNS ? "%-6s %-21s" : "%-21s %-21s", local, remote);
	if (!wide)
		return;
	buffer_append_char(out, ' ');
	if (socket->peer_state) {
		process_text(out, model, socket->peer);
		buffer_printf(out, " %s", tcp_state_name(socket->peer_state));
	} else
		buffer_append_string(out, "elsewhere");
}

static void ago_text(struct buffer *out, const char *what, uint64_t then_ns, uint64_t now_ns)
{
	char text[TEXT_NUMBER];

	if (!then_ns)
		return;
	text_duration(text, now_ns > then_ns ? now_ns - then_ns : 0);
	buffer_printf(out, ", %s %s ago", what, text);
}

static void holder_text(struct buffer *out, const struct model *model, const struct top_socket *socket)
{
	if (is_queued(socket)) {
		buffer_append_string(out, "waits to be accepted by ");
		process_text(out, model, socket->process);
		return;
	}
	if (!socket->process && socket->base.state == STATE_TIME_WAIT) {
		buffer_append_string(out, "was in TIME_WAIT before the start: who closed it is not known any more");
		return;
	}
	process_text(out, model, socket->process);
	if (socket->base.fd >= 0)
		buffer_printf(out, " fd %d", socket->base.fd);
	else if (socket->base.state == STATE_TIME_WAIT || socket->base.flags & PRESENT_TIMEWAIT)
		buffer_append_string(out, " closed it: no process has it any more");
	if (socket->base.holders > 1)
		buffer_printf(out, ", and %u more processes", socket->base.holders - 1);
}

static void queues_text(struct buffer *out, const struct top_socket *socket)
{
	static const char *const keepalives[] = { "not known", "off", "on" };
	const struct present *now = &socket->now;

	if (!socket->looked)
		return;
	buffer_printf(out, "; recv-q %u send-q %u unsent %u, keepalive %s", now->rx_queue, now->tx_queue, now->unsent,
		      keepalives[now->keepalive]);
	if (now->timer > PRESENT_TIMER_NONE)
		buffer_printf(out, ", %s", present_timer_name(now->timer));
	if (now->retransmits)
		buffer_printf(out, " %u", now->retransmits);
}

void top_socket_details_text(struct buffer *out, const struct model *model, const struct top_socket *socket, uint64_t now_ns,
			     unsigned int line)
{
	if (line == 0) {
		holder_text(out, model, socket);
		queues_text(out, socket);
		return;
	}
	buffer_append_string(out, "other end ");
	if (socket->peer_state) {
		process_text(out, model, socket->peer);
		buffer_printf(out, " in %s", tcp_state_name(socket->peer_state));
	} else
		buffer_append_string(out, "elsewhere, or gone");
	ago_text(out, "received", socket->now.received_ns, now_ns);
	ago_text(out, "sent", socket->now.sent_ns, now_ns);
	ago_text(out, "queued", socket->now.queued_ns, now_ns);
}
