/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The live sockets of one row of `top`, with all that is known of each. */
#ifndef TCPDWELL_SHOW_TOP_SOCKETS_H
#define TCPDWELL_SHOW_TOP_SOCKETS_H

#include "account/model.h"
#include "attribute/programs.h"
#include "util/buffer.h"

struct top_socket {
	struct present_base base;
	struct present now; /* all zero where no look told of it */
	bool looked; /* `now` was told */
	uint32_t process; /* who is charged, of struct processes */
	uint32_t peer; /* who is charged for the other end; 0: it is not on this machine, or not known */
	uint8_t peer_state;
};

enum top_socket_sort {
	SOCKETS_BY_AGE,
	SOCKETS_BY_STATE,
	SOCKETS_BY_REMOTE,
	SOCKETS_BY_LOCAL,
	SOCKETS_BY_RECEIVED,
	SOCKETS_BY_SENT,
	SOCKETS_BY_UNSENT,
	SOCKETS_BY_TIMER,
	SOCKETS_BY_FD,
	SOCKETS_SORTS,
};

struct top_sockets {
	struct top_socket *rows;
	size_t count, capacity;
	enum top_socket_sort sort;
	bool reverse;
	struct programs *programs; /* the caller's: what processes run, their descriptors; NULL: not known */
};

void top_sockets_release(struct top_sockets *sockets);

/*
 * Those of the group of this name whose line or details contain `filter`, and whose state is among `states` (bits (1 << state); 0:
 * all), sorted; none when it is not kept apart any more. 0 or -ENOMEM.
 */
int top_sockets_collect(struct top_sockets *sockets, struct model *model, unsigned int by, const struct group_name *name,
			const char *filter, uint32_t states, uint64_t now_ns);

/* Lines without newline, for a terminal of this width; `sorted` is where the head of the sort key begins and ends, it has a mark. */
void top_sockets_head_text(struct buffer *out, const struct top_sockets *sockets, unsigned int width, size_t sorted[2]);
void top_socket_text(struct buffer *out, const struct model *model, const struct top_socket *socket, uint64_t now_ns,
		     unsigned int width);

/* Lines of words: who has it, how old it is; queues, timer, keepalive; the other end; what the process runs, its descriptors. */
#define TOP_SOCKET_DETAILS 4
void top_socket_details_text(struct buffer *out, const struct model *model, const struct top_socket *socket,
			     struct programs *programs, uint64_t now_ns, unsigned int line);

/* "age" "state" … */
const char *top_socket_sort_name(enum top_socket_sort sort);

#endif
