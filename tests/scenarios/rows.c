// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Reads the kernel's own account of TCP sockets from /proc/PID/net. A timewait socket shows timer 3 there,
 * which tells FIN_WAIT2 in a full socket from FIN_WAIT2 in a small one.
 */
#include "rows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TIMER_TIMEWAIT 3
#define STATE_LISTEN 10

static const char *const names[] = {
	[1] = "ESTABLISHED", [2] = "SYN_SENT", [3] = "SYN_RECV", [4] = "FIN_WAIT1", [5] = "FIN_WAIT2",
	[6] = "TIME_WAIT", [7] = "CLOSE", [8] = "CLOSE_WAIT", [9] = "LAST_ACK", [10] = "LISTEN",
	[11] = "CLOSING",
};

#define NAMES ((int)(sizeof(names) / sizeof(names[0])))

const char *state_name(int state)
{
	return state > 0 && state < NAMES ? names[state] : "?";
}

int state_number(const char *name)
{
	for (int i = 1; i < NAMES; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

static bool row_parse(const char *line, struct row *row)
{
	unsigned int local, remote, state, timer;

	if (sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%x %x %*x:%*x %x:", &local, &remote, &state,
		   &timer) != 4)
		return false;
	*row = (struct row){ local, remote, state, timer == TIMER_TIMEWAIT };
	return state != STATE_LISTEN;
}

static FILE *net_open(int pid, const char *file)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/net/%s", pid, file);
	return fopen(path, "re");
}

static int rows_append(int pid, const char *file, struct row *rows, int n, int max)
{
	FILE *f = net_open(pid, file);
	char line[512];

	while (f && n < max && fgets(line, sizeof(line), f))
		n += row_parse(line, &rows[n]);
	if (f)
		fclose(f);
	return n;
}

int rows_read(int pid, struct row *rows, int max)
{
	int n = rows_append(pid, "tcp", rows, 0, max);

	return rows_append(pid, "tcp6", rows, n, max);
}

int rows_sockstat_tw(int pid)
{
	FILE *f = net_open(pid, "sockstat");
	char line[256];
	int tw = -ENOENT;

	if (!f)
		return -errno;
	while (tw < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "TCP: inuse %*d orphan %*d tw %d", &tw) != 1)
			tw = -ENOENT;
	fclose(f);
	return tw;
}
