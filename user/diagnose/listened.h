/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ports on which something listened while it was watched, for when another socket sits on one later. Pure. */
#ifndef TCPDWELL_DIAGNOSE_LISTENED_H
#define TCPDWELL_DIAGNOSE_LISTENED_H

#include "account/model.h"
#include "util/id_map.h"

struct listened_port {
	uint64_t last_ns; /* when something listened there last */
	struct process process; /* that did */
};

struct listened {
	struct id_map by_port; /* struct listened_port, by listened_key() */
};

static inline uint64_t listened_key(uint32_t netns, uint16_t port)
{
	return (uint64_t)netns << 16 | port;
}

void listened_init(struct listened *listened);
void listened_release(struct listened *listened);
void listened_note(struct listened *listened, const struct model *model, uint64_t now_ns);

#endif
