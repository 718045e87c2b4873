// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From a destination to its sockets. */
#include "show/ports/sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "show/ports/names.h"
#include "util/number.h"
#include "util/text.h"

struct shown_socket {
	uint64_t since_ns, free_ns; /* free_ns 0: when it is closed */
	uint32_t process;
	uint16_t port;
	uint8_t state;
	bool at_least;
};

struct shown_sockets {
	struct shown_socket *list;
	size_t count, capacity;
};

static int add(void *context, const struct live_socket *socket, const struct live_end *end, uint64_t free_ns)
{
	struct shown_sockets *sockets = context;
	struct shown_socket *grown;

	if (sockets->count == sockets->capacity) {
		sockets->capacity = sockets->capacity ? 2 * sockets->capacity : 256;
		grown = realloc(sockets->list, sockets->capacity * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		sockets->list = grown;
	}
	sockets->list[sockets->count++] = (struct shown_socket){
		.since_ns = socket->since_ns,
		.free_ns = free_ns,
		.process = live_socket_charged(socket),
		.port = end->endpoint.local_port,
		.state = socket->state,
		.at_least = socket->flags & LIVE_AT_LEAST,
	};
	return 0;
}

static int by_port(const void *one, const void *other)
{
	const struct shown_socket *a = one, *b = other;

	return (int)a->port - b->port;
}

static void put_socket(struct buffer *out, const struct ports_model *model, const struct shown_socket *socket)
{
	char age[TEXT_NUMBER + 1], free[16] = "closed";

	text_duration(age, elapsed_ns(model->time_ns, socket->since_ns));
	if (socket->at_least)
		strcat(age, "+");
	if (socket->free_ns)
		ports_when_text(free, socket->free_ns > model->time_ns ? (socket->free_ns - model->time_ns) / 1e9 : 0);
	buffer_printf(out, "%5u %-11s %8s %s%-8s ", socket->port, tcp_state_name(socket->state), age,
		      socket->free_ns ? "in   " : "when ", free);
	ports_process_name(out, ports_model_process(model, socket->process));
	buffer_append_char(out, '\n');
}

void ports_sockets_text(struct buffer *out, const struct ports_model *model, const struct destination_key *key)
{
	struct shown_sockets sockets = {};
	size_t i;

	if (ports_model_sockets(model, key, add, &sockets))
		out->error = -ENOMEM;
	if (sockets.count) {
		qsort(sockets.list, sockets.count, sizeof(*sockets.list), by_port);
		buffer_printf(out, "\n%5s %-11s %8s %-13s %s\n", "PORT", "STATE", "AGE", "FREE", "PROCESS");
	}
	for (i = 0; i < sockets.count; i++)
		put_socket(out, model, &sockets.list[i]);
	free(sockets.list);
}
