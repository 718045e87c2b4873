// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Comparing what looks find, so that only what changed is told; and names. */
#include "event/present.h"

#include <string.h>

#include "event/listener.h"
#include "event/namespace_facts.h"

bool present_equal(const struct present *a, const struct present *b)
{
	return a->gone == b->gone && a->keepalive == b->keepalive && a->timer == b->timer && a->retransmits == b->retransmits &&
	       a->rx_queue == b->rx_queue && a->tx_queue == b->tx_queue && a->unsent == b->unsent &&
	       a->received_ns == b->received_ns && a->sent_ns == b->sent_ns && a->queued_ns == b->queued_ns &&
	       a->listener == b->listener;
}

static const char *const timer_names[] = {
	[PRESENT_TIMER_NONE] = "none",
	[PRESENT_TIMER_RETRANSMIT] = "retransmit",
	[PRESENT_TIMER_KEEPALIVE] = "keepalive",
	[PRESENT_TIMER_PROBE] = "probe",
};

#define TIMERS (sizeof(timer_names) / sizeof(timer_names[0]))

const char *present_timer_name(unsigned int timer)
{
	return timer < TIMERS ? timer_names[timer] : NULL;
}

unsigned int present_timer_parse(const char *name)
{
	unsigned int timer;

	for (timer = PRESENT_TIMER_NONE; name && timer < TIMERS; timer++)
		if (!strcmp(name, timer_names[timer]))
			return timer;
	return PRESENT_TIMER_NOT_KNOWN;
}

bool listener_facts_equal(const struct listener_facts *a, const struct listener_facts *b)
{
	return a->gone == b->gone && a->depth == b->depth && a->backlog == b->backlog && a->somaxconn == b->somaxconn &&
	       a->half_open == b->half_open && a->closed == b->closed && a->drops == b->drops && a->new_drops == b->new_drops &&
	       a->oldest_ns == b->oldest_ns;
}
