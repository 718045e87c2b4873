/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which slot of a log-linear histogram a duration falls into: 8 slots for each power of two, so a slot's
 * width is at most 12.5 % of the values in it. Bounds are inclusive above. Needs no other header, so that
 * kernel side and user side can share the slots.
 */
#ifndef UTIL_HISTOGRAM_SLOTS_H
#define UTIL_HISTOGRAM_SLOTS_H

#define HISTOGRAM_SLOTS 496

/* Slot 0 holds 0 and 1, slot 7 holds 8, slot 8 holds 9, slot 16 holds 17 and 18, and so on. */
static inline unsigned int histogram_slot_of(unsigned long long ns)
{
	unsigned long long below = ns ? ns - 1 : 0;
	unsigned int power;

	if (below < 8)
		return below;
	power = 63 - __builtin_clzll(below);
	return (power - 2) * 8 + ((below >> (power - 3)) & 7);
}

/* The largest duration in a slot. `slot` is less than HISTOGRAM_SLOTS. */
static inline unsigned long long histogram_upper_bound_of(unsigned int slot)
{
	if (slot < 8)
		return slot + 1;
	if (slot >= HISTOGRAM_SLOTS - 1)
		return ~0ULL;
	return (8ULL + slot % 8 + 1) << (slot / 8 - 1);
}

#endif
