// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Signals as a flag. */
#include "util/stop.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t requested;

static void request(int signal)
{
	(void)signal;
	requested = 1;
}

/* Without SA_RESTART: a signal ends the wait for records. */
void stop_catch_signals(void)
{
	struct sigaction action = { .sa_handler = request };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

bool stop_is_requested(void)
{
	return requested;
}
