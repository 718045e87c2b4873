/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A set of ports, a bit each. All zero is the empty set. */
#ifndef UTIL_PORT_SET_H
#define UTIL_PORT_SET_H

#include <stdbool.h>
#include <stdint.h>

#define PORT_SET_WORDS (65536 / 64)

struct port_set {
	uint64_t words[PORT_SET_WORDS];
};

static inline bool port_set_has(const struct port_set *set, uint16_t port)
{
	return set->words[port / 64] >> port % 64 & 1;
}

static inline void port_set_add(struct port_set *set, uint16_t port)
{
	set->words[port / 64] |= 1ULL << port % 64;
}

static inline void port_set_remove(struct port_set *set, uint16_t port)
{
	set->words[port / 64] &= ~(1ULL << port % 64);
}

#endif
