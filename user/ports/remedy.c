// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Each remedy: does it apply, and what are the limits then. */
#include "ports/remedy.h"

#include <math.h>

#include "util/number.h"

#define SOON_S 300
#define REUSE_HOLD_S 1 /* tcp_tw_reuse_delay, or the clock's next second */

struct situation {
	const struct destination *destination;
	const struct port_settings *settings;
	uint32_t bind_first;
};

/* Limits with so many ports, TIME_WAIT holding them for hold_s. */
static void limits(const struct situation *at, struct remedy *remedy, double ports, double to_cliff, double hold_s)
{
	const struct destination *destination = at->destination;

	remedy->ports = number_u32(ports);
	remedy->ports_to_cliff = number_u32(to_cliff);
	remedy->sustainable = sustainable_rate(ports, destination->life_s, hold_s, destination->time_wait_share);
	remedy->cliff_sustainable = sustainable_rate(to_cliff, destination->life_s, hold_s, destination->time_wait_share);
}

/* As many connections as are open at once; one at least. */
static bool pool(const struct situation *at, struct remedy *remedy)
{
	const struct destination *destination = at->destination;

	if (destination->rates.opened <= 0 || !destination->rates.closed)
		return false;
	remedy->ports = number_u32(destination->rates.opened * destination->life_s + 1);
	remedy->ports_to_cliff = remedy->ports;
	remedy->sustainable = remedy->cliff_sustainable = INFINITY;
	return true;
}

/* Half of the ports that come back are of the parity that is tried first, as far as that is known. */
static bool no_port(const struct situation *at, struct remedy *remedy)
{
	const struct headroom *left = &at->destination->headroom;

	if (!at->bind_first)
		return false;
	limits(at, remedy, left->capacity + at->bind_first, left->cliff_capacity + at->bind_first / 2.0, at->destination->hold_s);
	return true;
}

static bool reuse(const struct situation *at, struct remedy *remedy)
{
	const struct destination *destination = at->destination;

	if (at->settings->tw_reuse == 1 || !at->settings->timestamps || destination->no_timestamps || destination->hold_s <= REUSE_HOLD_S ||
	    !destination->time_wait_share)
		return false;
	limits(at, remedy, destination->headroom.capacity, destination->headroom.cliff_capacity, REUSE_HOLD_S);
	return true;
}

static bool range(const struct situation *at, struct remedy *remedy)
{
	const struct headroom *left = &at->destination->headroom;
	uint32_t wide = REMEDY_RANGE_HIGH - REMEDY_RANGE_LOW + 1, now = at->settings->high - at->settings->low + 1U;

	/* A socket's own range is the program's matter. */
	if (now + now / 4 >= wide || at->destination->key.own_low || at->destination->key.own_high)
		return false;
	wide -= left->reserved + left->blocked;
	limits(at, remedy, wide, wide / 2, at->destination->hold_s);
	return true;
}

static bool reserved(const struct situation *at, struct remedy *remedy)
{
	const struct headroom *left = &at->destination->headroom;

	if (!left->reserved)
		return false;
	limits(at, remedy, left->capacity + left->reserved, left->cliff_capacity + left->reserved / 2.0, at->destination->hold_s);
	return true;
}

static bool one_more(const struct situation *at, struct remedy *remedy)
{
	const struct headroom *left = &at->destination->headroom;

	limits(at, remedy, 2 * left->capacity, 2 * left->cliff_capacity, at->destination->hold_s);
	return true;
}

static bool (*const rules[REMEDY_KINDS])(const struct situation *at, struct remedy *remedy) = {
	[REMEDY_POOL] = pool,
	[REMEDY_NO_PORT] = no_port,
	[REMEDY_REUSE] = reuse,
	[REMEDY_RANGE] = range,
	[REMEDY_RESERVED] = reserved,
	[REMEDY_LOCAL_ADDRESS] = one_more,
	[REMEDY_REMOTE] = one_more,
};

size_t remedies_of(struct remedy remedies[REMEDY_KINDS], const struct destination *destination,
		   const struct port_settings *settings, uint32_t bind_first)
{
	const struct situation at = { .destination = destination, .settings = settings, .bind_first = bind_first };
	size_t count = 0;
	int kind;

	for (kind = 0; kind < REMEDY_KINDS; kind++) {
		remedies[count] = (struct remedy){ .kind = kind };
		count += rules[kind](&at, &remedies[count]);
	}
	return count;
}

bool destination_needs_remedy(const struct destination *destination)
{
	if (!destination->known)
		return false;
	return !destination->headroom.cliff_usable || destination->cliff_in_s <= SOON_S || destination->rates.failures > 0;
}
