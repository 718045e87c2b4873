// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Each remedy: does it apply, and what are the limits then. */
#include "ports/remedy.h"

#include <math.h>

#include "util/number.h"

#define SOON_S 300
#define REUSE_BY_SECOND_HOLD_S 1 /* the clock's next second */

struct situation {
	const struct destination *destination;
	const struct port_namespace *namespace;
};

/* Limits with so many ports, TIME_WAIT holding them for hold_s. */
static void limits(const struct situation *at, struct remedy *remedy, uint32_t ports, uint32_t to_cliff, double hold_s)
{
	const struct destination *destination = at->destination;

	remedy->ports = ports;
	remedy->ports_to_cliff = to_cliff;
	remedy->sustainable = sustainable_rate(ports, destination->life_s, hold_s, destination->time_wait_share);
	remedy->cliff_sustainable = sustainable_rate(to_cliff, destination->life_s, hold_s, destination->time_wait_share);
}

static struct port_range range_of(const struct situation *at)
{
	const struct destination_key *key = &at->destination->key;

	return port_range_of(&at->namespace->facts.settings, key->own_low, key->own_high);
}

/* Limits where these ports are reserved and blocked in this range, and none by the destination's own connections. */
static void limits_of(const struct situation *at, struct remedy *remedy, struct port_range range, const struct port_set *reserved,
		      const struct port_set *blocked)
{
	static const struct port_tally none;
	struct port_space space;
	struct headroom left;

	port_space_init(&space, range, reserved, blocked);
	headroom_of(&left, &space, &none);
	limits(at, remedy, left.capacity, left.cliff_capacity, at->destination->hold_s);
}

/* Ports that the destination's own connections block are no loss to itself. */
static void own_ports_count(const struct situation *at, struct remedy *remedy, bool other_parity)
{
	const struct port_tally *tally = &at->destination->tally;
	uint32_t to_cliff = remedy->ports_to_cliff + tally->halves[other_parity ? HALF_SECOND : HALF_FIRST].own_blocked;
	uint32_t ports = remedy->ports + tally->halves[HALF_FIRST].own_blocked + tally->halves[HALF_SECOND].own_blocked;

	limits(at, remedy, ports, to_cliff, at->destination->hold_s);
}

/*
 * As many connections as are open at once; one at least. Where none is opened any more, as no port is left, that is not known; but what
 * is mostly in TIME_WAIT was opened and closed, and need not have been.
 */
static bool pool(const struct situation *at, struct remedy *remedy)
{
	const struct destination *destination = at->destination;

	if (destination->rates.opened > 0 && destination->rates.closed)
		remedy->ports = number_u32(destination->rates.opened * destination->life_s + 1);
	else if (destination->by_state[STATE_TIME_WAIT] * 2 <= destination->sockets)
		return false;
	remedy->ports_to_cliff = remedy->ports;
	remedy->sustainable = remedy->cliff_sustainable = INFINITY;
	return true;
}

static bool no_port(const struct situation *at, struct remedy *remedy)
{
	const struct port_namespace *namespace = at->namespace;
	struct port_set blocked = namespace->facts.blocked;
	unsigned int i;

	if (!namespace->bind_first)
		return false;
	for (i = 0; i < PORT_SET_WORDS; i++)
		blocked.words[i] &= ~namespace->bind_first_ports.words[i];
	limits_of(at, remedy, range_of(at), &namespace->facts.reserved, &blocked);
	return true;
}

static bool reuse(const struct situation *at, struct remedy *remedy)
{
	const struct destination *destination = at->destination;
	const struct port_settings *settings = &at->namespace->facts.settings;
	double hold_s = settings->flags & PORTS_REUSE_BY_SECOND ? REUSE_BY_SECOND_HOLD_S : settings->tw_reuse_delay_ms / 1e3;

	if (settings->tw_reuse == 1 || !settings->timestamps || destination->no_timestamps || destination->hold_s <= hold_s ||
	    !destination->time_wait_share)
		return false;
	limits(at, remedy, destination->headroom.capacity, destination->headroom.cliff_capacity, hold_s);
	return true;
}

/* Ports that are reserved outside of the range stay so, and what has others there keeps them. */
static bool range(const struct situation *at, struct remedy *remedy)
{
	const struct port_facts *facts = &at->namespace->facts;
	struct port_settings settings = facts->settings;
	uint32_t wide = PORTS_WIDE_HIGH - PORTS_WIDE_LOW + 1, now = settings.high - settings.low + 1U;
	struct port_set reserved = facts->reserved;
	unsigned int i;

	/* A socket's own range is the program's matter. */
	if (now + now / 4 >= wide || at->destination->key.own_low || at->destination->key.own_high)
		return false;
	for (i = 0; i < PORT_SET_WORDS; i++)
		reserved.words[i] |= facts->beyond.words[i];
	settings.low = PORTS_WIDE_LOW;
	settings.high = PORTS_WIDE_HIGH;
	limits_of(at, remedy, port_range_of(&settings, 0, 0), &reserved, &facts->blocked);
	own_ports_count(at, remedy, (facts->settings.low ^ PORTS_WIDE_LOW) & 1);
	return true;
}

static bool reserved(const struct situation *at, struct remedy *remedy)
{
	static const struct port_set none;

	if (!at->destination->headroom.reserved)
		return false;
	limits_of(at, remedy, range_of(at), &none, &at->namespace->facts.blocked);
	own_ports_count(at, remedy, false);
	return true;
}

/* There the ports that this destination's own connections block are those of others. */
static bool one_more(const struct situation *at, struct remedy *remedy)
{
	const struct headroom *left = &at->destination->headroom;

	limits_of(at, remedy, range_of(at), &at->namespace->facts.reserved, &at->namespace->facts.blocked);
	limits(at, remedy, left->capacity + remedy->ports, left->cliff_capacity + remedy->ports_to_cliff, at->destination->hold_s);
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
		   const struct port_namespace *namespace)
{
	const struct situation at = { .destination = destination, .namespace = namespace };
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
