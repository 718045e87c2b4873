/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The live sockets of one row of `top`, the oldest first. */
#ifndef TCPDWELL_SHOW_TOP_SOCKETS_H
#define TCPDWELL_SHOW_TOP_SOCKETS_H

#include "account/model.h"
#include "util/buffer.h"

struct top_socket {
	uint64_t since_ns;
	struct endpoint endpoint;
	uint8_t state;
	bool at_least, in_accept_queue;
};

struct top_sockets {
	struct top_socket *rows;
	size_t count, capacity;
};

void top_sockets_release(struct top_sockets *sockets);

/* Those of the group of this name; none when it is not kept apart any more. 0 or -ENOMEM. */
int top_sockets_collect(struct top_sockets *sockets, struct model *model, unsigned int by, const struct group_name *name);

/* Lines without newline. */
void top_sockets_head_text(struct buffer *out);
void top_socket_text(struct buffer *out, const struct top_socket *socket, uint64_t now_ns);

#endif
