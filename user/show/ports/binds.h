/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Failures of bind() and listen(), as text. */
#ifndef TCPDWELL_SHOW_PORTS_BINDS_H
#define TCPDWELL_SHOW_PORTS_BINDS_H

#include "ports/model.h"
#include "util/buffer.h"

/* Why and what to do, as it stands in the picture. */
enum bind_reason {
	BIND_POOL, /* no port of the range is free for the address */
	BIND_LISTENER, /* another socket listens there */
	BIND_BOUND, /* another socket is bound to it */
	BIND_CONNECTION, /* connect(), or bind() before it, chose the port for a connection from here */
	BIND_OLD_CONNECTION, /* connections of the service that had the port */
	BIND_UNKNOWN, /* nobody was found that has it */
	BIND_REASONS,
};

enum bind_reason ports_bind_reason(const struct bind_failure *bind);

/* "listener" "pool" …, as in JSON. */
const char *ports_bind_reason_name(enum bind_reason reason);

/* A row of the table, and its head. No line ends. */
extern const char ports_bind_head[];
void ports_bind_row(struct buffer *out, const struct ports_model *model, const struct bind_failure *bind);

/* Several lines, each with its end: who failed, who has the port, what would help. */
void ports_bind_details(struct buffer *out, const struct ports_model *model, const struct bind_failure *bind);

#endif
