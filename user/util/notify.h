/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The service manager is told how a service does: systemd's datagrams to $NOTIFY_SOCKET. Without one nothing is told. */
#ifndef TCPDWELL_UTIL_NOTIFY_H
#define TCPDWELL_UTIL_NOTIFY_H

#include <stdint.h>

struct notify {
	int fd; /* -1: nobody listens */
	uint64_t watchdog_ns; /* we are expected to be heard of at least so often; 0: never */
};

/* Opens the socket, so that later nothing but write() is needed, and takes the variables out of the environment. */
void notify_open(struct notify *notify);
void notify_close(struct notify *notify);

/* "READY=1", "WATCHDOG=1", "STATUS=…", several of them with newlines between. Never waits. */
void notify_send(const struct notify *notify, const char *text);

#endif
