/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's own account of a network namespace: the rows of /proc/net/tcp and tcp6 and the counters of
 * /proc/net/sockstat. It is the truth that both the made lives and tcpdwell's stream are compared with.
 */
#ifndef SCENARIOS_ROWS_H
#define SCENARIOS_ROWS_H

#include <stdbool.h>

struct row {
	int local_port, remote_port;
	int state;  /* the kernel's number */
	bool small; /* a timewait socket (TIME_WAIT, or FIN_WAIT2 held in one) */
};

/* The sockets that PID's network namespace has, listeners left out. Returns how many (at most max), -errno. */
int rows_read(int pid, struct row *rows, int max);
/* `tw` of /proc/net/sockstat of PID's network namespace, -errno on failure. */
int rows_sockstat_tw(int pid);
/* The kernel's name of a state number ("?" when there is none), and back (-1). */
const char *state_name(int state);
int state_number(const char *name);

#endif
