// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counting ports as the kernel's __inet_hash_connect() does. */
#include "ports/capacity.h"

#include <string.h>

#define NSEC_PER_SEC 1000000000ULL
#define NSEC_PER_MSEC 1000000ULL

/* A bound of the socket's own that lies outside of the namespace's range has no effect. */
struct port_range port_range_of(const struct port_settings *settings, uint16_t own_low, uint16_t own_high)
{
	struct port_range range = { .low = settings->low, .high = settings->high };

	if (!own_low && !own_high)
		return range;
	range.whole = settings->flags & PORTS_OWN_RANGE_WHOLE;
	if (range.low <= own_low && own_low <= range.high)
		range.low = own_low;
	if (range.low <= own_high && own_high <= range.high)
		range.high = own_high;
	return range;
}

static enum half half_of(const struct port_range *range, uint16_t port)
{
	return range->whole || !((port ^ range->low) & 1) ? HALF_FIRST : HALF_SECOND;
}

/* Those of a word's 64 ports that lie in the range. */
static uint64_t word_in_range(const struct port_range *range, uint32_t word)
{
	uint64_t in = ~0ULL;

	if (word == range->low / 64)
		in &= ~0ULL << range->low % 64;
	if (word == range->high / 64)
		in &= ~0ULL >> (63 - range->high % 64);
	return in;
}

/* By words: it is done again for each socket with a range of its own. */
void port_space_init(struct port_space *space, struct port_range range, const struct port_set *reserved,
		     const struct port_set *blocked)
{
	const uint64_t even = 0x5555555555555555ULL, first = range.whole ? ~0ULL : range.low & 1 ? ~even : even;
	uint32_t word;
	int half;

	memset(space, 0, sizeof(*space));
	space->range = range;
	space->reserved = reserved;
	space->blocked = blocked;
	for (word = range.low / 64; word <= range.high / 64; word++) {
		uint64_t in = word_in_range(&range, word);

		for (half = 0; half < HALVES; half++) {
			uint64_t ports = in & (half == HALF_FIRST ? first : ~first);

			space->halves[half].ports += __builtin_popcountll(ports);
			space->halves[half].reserved += __builtin_popcountll(ports & reserved->words[word]);
			space->halves[half].blocked += __builtin_popcountll(ports & blocked->words[word] & ~reserved->words[word]);
		}
	}
}

int port_space_half(const struct port_space *space, uint16_t port)
{
	if (port < space->range.low || port > space->range.high || port_set_has(space->reserved, port))
		return -1;
	return half_of(&space->range, port);
}

void port_tally_add(struct port_tally *tally, const struct port_space *space, uint16_t port, bool reusable)
{
	int half = port_space_half(space, port);

	if (half < 0) {
		tally->outside++;
		return;
	}
	tally->halves[half].used++;
	if (port_set_has(space->blocked, port))
		tally->halves[half].own_blocked++;
	else if (reusable)
		tally->halves[half].reusable++;
}

static uint32_t minus(uint32_t a, uint32_t b)
{
	return a > b ? a - b : 0;
}

void headroom_of(struct headroom *headroom, const struct port_space *space, const struct port_tally *tally)
{
	uint32_t blocked, capacity, usable;
	int half;

	memset(headroom, 0, sizeof(*headroom));
	for (half = 0; half < HALVES; half++) {
		blocked = minus(space->halves[half].blocked, tally->halves[half].own_blocked);
		capacity = minus(space->halves[half].ports, space->halves[half].reserved + blocked);
		usable = minus(capacity, tally->halves[half].used) + tally->halves[half].reusable;
		headroom->capacity += capacity;
		headroom->used += tally->halves[half].used;
		headroom->usable += usable;
		headroom->reusable += tally->halves[half].reusable;
		headroom->reserved += space->halves[half].reserved;
		headroom->blocked += blocked;
		if (half == HALF_FIRST) {
			headroom->cliff_capacity = capacity;
			headroom->cliff_usable = usable;
		}
	}
	headroom->odd = !space->range.whole && space->range.high != space->range.low &&
			!((space->range.high ^ space->range.low) & 1);
}

static bool is_loopback(const uint8_t addr[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff }, zero[15];

	if (!memcmp(addr, mapped, sizeof(mapped)))
		return addr[12] == 127;
	return !memcmp(addr, zero, sizeof(zero)) && addr[15] == 1;
}

#define LOOPBACK_DEVICE 1 /* lo has this index in every namespace */

static bool reuse_allowed(const struct port_settings *settings, const struct time_wait_facts *facts)
{
	if (!settings->tw_reuse || !facts->timestamps)
		return false;
	if (facts->in_fin_wait2 && !(settings->flags & PORTS_REUSE_FIN_WAIT2))
		return false;
	return settings->tw_reuse == 1 || facts->device == LOOPBACK_DEVICE || is_loopback(facts->local_addr) ||
	       is_loopback(facts->remote_addr);
}

uint64_t time_wait_reusable_ns(const struct port_settings *settings, const struct time_wait_facts *facts)
{
	if (!reuse_allowed(settings, facts))
		return UINT64_MAX;
	if (settings->flags & PORTS_REUSE_BY_SECOND)
		return (facts->since_ns / NSEC_PER_SEC + 1) * NSEC_PER_SEC;
	return facts->since_ns + settings->tw_reuse_delay_ms * NSEC_PER_MSEC;
}
