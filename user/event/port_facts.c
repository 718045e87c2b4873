// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Comparing what is known of ports, so that only what changed is told. */
#include "event/port_facts.h"

#include <string.h>

static bool bound_equal(const struct bound_socket *a, const struct bound_socket *b)
{
	return a->port == b->port && a->listens == b->listens && !memcmp(a->addr, b->addr, sizeof(a->addr)) &&
	       a->process.pid == b->process.pid && a->process.start_ns == b->process.start_ns &&
	       !memcmp(a->process.comm, b->process.comm, COMM_BYTES);
}

bool port_facts_equal(const struct port_facts *a, const struct port_facts *b)
{
	size_t i;

	if (memcmp(&a->settings, &b->settings, sizeof(a->settings)) || memcmp(&a->reserved, &b->reserved, sizeof(a->reserved)) ||
	    memcmp(&a->blocked, &b->blocked, sizeof(a->blocked)) || a->n_bound != b->n_bound)
		return false;
	for (i = 0; i < a->n_bound; i++)
		if (!bound_equal(&a->bound[i], &b->bound[i]))
			return false;
	return true;
}
