// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From a row of `top` to its sockets. */
#include "show/top/sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/address.h"
#include "util/tcp_state.h"
#include "util/text.h"

void top_sockets_release(struct top_sockets *sockets)
{
	free(sockets->rows);
	memset(sockets, 0, sizeof(*sockets));
}

static int add(struct top_sockets *sockets, const struct model *model, const struct live_socket *socket)
{
	const struct live_end *end = live_socket_end(&model->sockets, socket);
	struct top_socket *grown;

	if (sockets->count == sockets->capacity) {
		sockets->capacity = sockets->capacity ? sockets->capacity * 2 : 256;
		grown = realloc(sockets->rows, sockets->capacity * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		sockets->rows = grown;
	}
	sockets->rows[sockets->count++] = (struct top_socket){
		.since_ns = socket->since_ns,
		.endpoint = end ? end->endpoint : (struct endpoint){},
		.state = socket->state,
		.at_least = socket->flags & LIVE_AT_LEAST,
		.in_accept_queue = socket->flags & LIVE_IN_ACCEPT_QUEUE,
	};
	return 0;
}

static int compare_ages(const void *a, const void *b)
{
	const struct top_socket *x = a, *y = b;

	if (x->since_ns != y->since_ns)
		return x->since_ns < y->since_ns ? -1 : 1;
	return memcmp(&x->endpoint, &y->endpoint, sizeof(x->endpoint));
}

int top_sockets_collect(struct top_sockets *sockets, struct model *model, unsigned int by, const struct group_name *name)
{
	struct groups *groups = model_groups(model, by);
	const struct live_socket *socket;
	const struct group *group;
	size_t cursor = 0;
	int err = 0;

	sockets->count = 0;
	group = name->parts[0].kind == GROUP_OTHER ? groups->other : groups_find(groups, name);
	while (group && !err && (socket = live_sockets_next(&model->sockets, &cursor, NULL)))
		if (socket->flags & LIVE_COUNTED && model_group_of(model, socket, by) == group)
			err = add(sockets, model, socket);
	if (sockets->count)
		qsort(sockets->rows, sockets->count, sizeof(sockets->rows[0]), compare_ages);
	return err;
}

void top_sockets_head_text(struct buffer *out)
{
	buffer_printf(out, "%-10s %8s %-21s %-21s %s", "STATE", "AGE", "LOCAL", "REMOTE", "NOTE");
}

static void end_text(struct buffer *out, const uint8_t bytes[16], uint16_t port)
{
	struct address address = address_from_mapped(bytes);
	char text[ADDRESS_PORT_TEXT];

	address_port_format(text, &address, port);
	buffer_printf(out, " %-21s", text);
}

void top_socket_text(struct buffer *out, const struct top_socket *socket, uint64_t now_ns)
{
	char age[TEXT_NUMBER + 1];

	text_duration(age, now_ns > socket->since_ns ? now_ns - socket->since_ns : 0);
	if (socket->at_least)
		strcat(age, "+");
	buffer_printf(out, "%-10s %8s", tcp_state_name(socket->state), age);
	end_text(out, socket->endpoint.local_addr, socket->endpoint.local_port);
	end_text(out, socket->endpoint.remote_addr, socket->endpoint.remote_port);
	if (socket->in_accept_queue)
		buffer_append_string(out, " not accepted");
}
