/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Local ports by destination. Remote addresses have no end, so only those few are exported that use most ports, as gauges; one stays
 * until another uses clearly more, so that series don't come and go. Pure.
 */
#ifndef TCPDWELL_EXPORT_METRICS_DESTINATIONS_H
#define TCPDWELL_EXPORT_METRICS_DESTINATIONS_H

#include "export/metrics/text.h"
#include "ports/model.h"

#define TOP_DESTINATIONS 20
#define DESTINATION_SERIES 4 /* of each at most, and of ~other */

struct top_destination {
	struct destination_key key;
	const struct destination *now; /* as of the last choice; NULL: it is gone */
	uint64_t last_ns; /* when it last had a port */
};

struct top_destinations {
	struct top_destination list[TOP_DESTINATIONS];
	size_t count;
};

/* Chooses anew, from a picture as ports_model_measure() makes it. */
void top_destinations_choose(struct top_destinations *top, const struct ports_model *model);

/* From the same picture. */
void top_destinations_write(const struct top_destinations *top, const struct ports_model *model, struct metrics_text *text);

#endif
