/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The process that serves. It has no right to anything but its listening socket, the sockets accepted from it, and `shared`. */
#ifndef TCPDWELL_EXPORT_HTTP_SERVER_H
#define TCPDWELL_EXPORT_HTTP_SERVER_H

#include "export/http/listen.h"
#include "export/http/shared.h"

#define HTTP_CLIENTS 128 /* at once; more wait in the kernel's queue */

struct server_config {
	struct listening listening;
	struct shared *shared;
	int peer; /* to the tracing process: a byte there asks, a byte from there says that something new is published */
	const char *names; /* as of host_is_allowed() */
};

/* Serves until the tracing process is gone. Gives up all rights first. */
void server_run(const struct server_config *config);

#endif
