// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counting ports as the kernel's inet_csk_find_open_port() does. */
#include "ports/pool.h"

void bind_pool_of(struct bind_pool *pool, struct port_range range, const struct port_set *reserved,
		  const struct port_set *taken)
{
	const struct port_tally nobody = {};
	struct port_space space;
	struct headroom left;

	port_space_init(&space, range, reserved, taken);
	headroom_of(&left, &space, &nobody);
	pool->used = left.blocked;
	pool->usable = left.usable;
	pool->capacity = left.blocked + left.usable;
	pool->odd = range.high != range.low && !((range.high ^ range.low) & 1);
}
