// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From a row of `top` to its sockets. */
#include "show/top/sockets.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "show/top/columns.h"
#include "util/address.h"
#include "util/number.h"
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
	struct present_socket peer;

	if (!model_peer(model, &socket->base.endpoint, &peer))
		return;
	socket->peer = present_charged(&peer.base);
	socket->peer_state = peer.base.state;
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
	struct live_end room;
	const struct live_end *end = live_socket_end(&model->sockets, from, &room);

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
		top_socket_details_text(text, model, socket, sockets->programs, now_ns, line);
	}
	buffer_append_char(text, '\0');
	if (!text->error && !strcasestr(text->data, filter))
		sockets->count--;
}

static int compare_numbers(uint64_t x, uint64_t y)
{
	return x < y ? -1 : x > y;
}

/* What is sent again, the most often first; then probes. */
static uint64_t timer_weight(const struct top_socket *socket)
{
	static const uint8_t weights[] = { [PRESENT_TIMER_KEEPALIVE] = 1, [PRESENT_TIMER_PROBE] = 2, [PRESENT_TIMER_RETRANSMIT] = 3 };

	return (socket->now.timer < sizeof(weights) ? weights[socket->now.timer] * 256U : 0) + socket->now.retransmits;
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
	case SOCKETS_BY_LOCAL:
		result = compare_numbers(x->base.endpoint.local_port, y->base.endpoint.local_port);
		break;
	case SOCKETS_BY_RECEIVED:
		result = compare_numbers(y->now.rx_queue, x->now.rx_queue);
		break;
	case SOCKETS_BY_SENT:
		result = compare_numbers(y->now.tx_queue, x->now.tx_queue);
		break;
	case SOCKETS_BY_UNSENT:
		result = compare_numbers(y->now.unsent, x->now.unsent);
		break;
	case SOCKETS_BY_TIMER:
		result = compare_numbers(timer_weight(y), timer_weight(x));
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
	struct present_socket present;
	const struct live_socket *live;
	struct top_socket *added;
	struct buffer text;
	size_t cursor = 0;
	int err = 0;

	sockets->count = 0;
	if (!states)
		states = ~0U;
	buffer_init(&text);
	while (group && !err && model_present_next(model, &cursor, &present)) {
		if (!(states & 1U << present.base.state) || model_present_group(model, &present, by) != group)
			continue;
		added = add(sockets);
		if (added) {
			take_present(added, model, &present);
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
	static const char *const names[SOCKETS_SORTS] = { "age", "state", "remote", "local", "recv-q", "send-q", "unsent", "timer", "fd" };

	return names[sort];
}

/* Narrow: the local end is its port alone. */
static bool is_narrow(unsigned int width)
{
	return width && width < ALL_COLUMNS;
}

static bool is_wide(unsigned int width)
{
	return !width || width >= QUEUES_COLUMNS;
}

static const struct socket_column {
	const char *head;
	int width, narrow; /* negative: left aligned */
	bool wide; /* not on a terminal that has no room for all */
	int sort; /* enum top_socket_sort; -1 */
} socket_columns[] = {
	{ "STATE", -11, -11, false, SOCKETS_BY_STATE },
	{ "AGE", 7, 7, false, SOCKETS_BY_AGE },
	{ "FD", 5, 5, false, SOCKETS_BY_FD },
	{ "RECV-Q", 6, 6, false, SOCKETS_BY_RECEIVED },
	{ "SEND-Q", 6, 6, true, SOCKETS_BY_SENT },
	{ "UNSENT", 6, 6, true, SOCKETS_BY_UNSENT },
	{ "TIMER", -10, -10, true, SOCKETS_BY_TIMER },
	{ "ALIVE", -5, -5, true, -1 },
	{ "LOCAL", -21, -6, false, SOCKETS_BY_LOCAL },
	{ "REMOTE", -21, -21, false, SOCKETS_BY_REMOTE },
	{ "OTHER END", -9, -9, true, -1 },
};

/* The mark is in front of numbers, behind words. */
static void put_mark(struct buffer *out, const struct socket_column *column, int width, size_t begin, bool reverse)
{
	size_t at = width < 0 ? begin + strlen(column->head) : begin - 1;

	if (!out->error && at < out->size)
		out->data[at] = reverse ? '^' : 'v';
}

void top_sockets_head_text(struct buffer *out, const struct top_sockets *sockets, unsigned int width, size_t sorted[2])
{
	size_t i, begin;

	sorted[0] = sorted[1] = 0;
	for (i = 0; i < sizeof(socket_columns) / sizeof(socket_columns[0]); i++) {
		const struct socket_column *column = &socket_columns[i];
		int cell = is_narrow(width) ? column->narrow : column->width;

		if (column->wide && !is_wide(width))
			continue;
		begin = out->size;
		buffer_printf(out, "%*s ", cell, column->head);
		if (column->sort != (int)sockets->sort)
			continue;
		sorted[0] = begin;
		sorted[1] = out->size;
		put_mark(out, column, cell, begin, sockets->reverse);
	}
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
	text_duration(out, elapsed_ns(now_ns, base->since_ns));
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
	static const char *const alive[] = { "-", "off", "on" };
	bool wide = is_wide(width);
	char age[TEXT_NUMBER + 1], fd[16], local[ADDRESS_PORT_TEXT + 1], remote[ADDRESS_PORT_TEXT];

	age_text(age, base, now_ns);
	fd_text(fd, socket);
	end_text(remote, base->endpoint.remote_addr, base->endpoint.remote_port);
	if (is_narrow(width))
		snprintf(local, sizeof(local), ":%u", base->endpoint.local_port);
	else
		end_text(local, base->endpoint.local_addr, base->endpoint.local_port);
	buffer_printf(out, "%-11s %7s %5s ", tcp_state_name(base->state), age, fd);
	bytes_text(out, socket, socket->now.rx_queue);
	if (wide) {
		bytes_text(out, socket, socket->now.tx_queue);
		bytes_text(out, socket, socket->now.unsent);
		buffer_printf(out, "%-10s %-5s ", socket->looked ? present_timer_name(socket->now.timer) ?: "-" : "-",
			      alive[socket->now.keepalive]);
	}
	buffer_printf(out, is_narrow(width) ? "%-6s %-21s" : "%-21s %-21s", local, remote);
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
	text_duration(text, elapsed_ns(now_ns, then_ns));
	buffer_printf(out, ", %s %s ago", what, text);
}

/* Where a process has closed a socket whose other end does not close. */
#define FIN_WAIT2_ENDS "when the other end closes, or after net.ipv4.tcp_fin_timeout (60 s unless it was changed)"

static void holder_text(struct buffer *out, const struct model *model, const struct top_socket *socket)
{
	if (is_queued(socket)) {
		buffer_append_string(out, "waits to be accepted by ");
		process_text(out, model, socket->process);
		return;
	}
	if (!socket->process && socket->base.state == STATE_TIME_WAIT) {
		buffer_append_string(out, "closed before the start, by whom is not known");
		return;
	}
	if (!socket->process && socket->base.flags & PRESENT_TIMEWAIT) {
		buffer_append_string(out, "its process has closed it, and which that was is not known; the kernel drops it " FIN_WAIT2_ENDS);
		return;
	}
	process_text(out, model, socket->process);
	if (socket->base.fd >= 0)
		buffer_printf(out, " fd %d", socket->base.fd);
	else if (socket->base.state == STATE_TIME_WAIT || socket->base.flags & PRESENT_TIMEWAIT)
		buffer_append_string(out, " closed it: no process has it any more");
	if (socket->base.state == STATE_FIN_WAIT2 && socket->base.flags & PRESENT_TIMEWAIT)
		buffer_append_string(out, "; the kernel drops it " FIN_WAIT2_ENDS);
	if (socket->base.holders > 1)
		buffer_printf(out, ", and %u more processes", socket->base.holders - 1);
}

static void age_line(struct buffer *out, const struct top_socket *socket, uint64_t now_ns)
{
	const struct present_base *base = &socket->base;
	char age[TEXT_NUMBER];

	if (!base->since_ns) {
		buffer_printf(out, "in %s; ", tcp_state_name(base->state));
		return;
	}
	text_duration(age, elapsed_ns(now_ns, base->since_ns));
	buffer_printf(out, "in %s for %s%s; ", tcp_state_name(base->state), base->flags & PRESENT_AT_LEAST ? "at least " : "", age);
}

static void queues_line(struct buffer *out, const struct top_socket *socket)
{
	static const char *const keepalives[] = { "not known", "off", "on" };
	const struct present *now = &socket->now;

	if (!socket->looked)
		return;
	buffer_printf(out, "recv-q %u, send-q %u, unsent %u, keepalive %s, timer %s", now->rx_queue, now->tx_queue, now->unsent,
		      keepalives[now->keepalive], present_timer_name(now->timer) ?: "not known");
	if (now->retransmits)
		buffer_printf(out, ", sent %u times again", now->retransmits);
}

static void other_end_line(struct buffer *out, const struct model *model, const struct top_socket *socket, uint64_t now_ns)
{
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

/* "fds 249 of 256, runs nginx: worker process": all of the process, not of the socket. */
static void process_line(struct buffer *out, const struct process *process, struct programs *programs)
{
	const char *runs = programs_cmdline(programs, process) ?: programs_find(programs, process);
	uint64_t open, limit;

	if (programs_descriptors(programs, process, &open, &limit)) {
		buffer_printf(out, "fds %" PRIu64 " of ", open);
		if (limit == UINT64_MAX)
			buffer_append_string(out, "any number");
		else
			buffer_printf(out, "%" PRIu64 "%s", limit, top_descriptors_run_out(open, limit) ? "!" : "");
		buffer_append_string(out, runs ? ", " : "");
	}
	if (runs)
		buffer_printf(out, "runs %s", runs);
}

void top_socket_details_text(struct buffer *out, const struct model *model, const struct top_socket *socket,
			     struct programs *programs, uint64_t now_ns, unsigned int line)
{
	switch (line) {
	case 0:
		age_line(out, socket, now_ns);
		holder_text(out, model, socket);
		break;
	case 1:
		queues_line(out, socket);
		break;
	case 2:
		other_end_line(out, model, socket, now_ns);
		break;
	default:
		process_line(out, &processes_at(&model->processes, socket->process)->process, programs);
	}
}
