/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was told last of the ports of each namespace, for who comes later. */
#ifndef TCPDWELL_RECORDING_KEPT_PORTS_H
#define TCPDWELL_RECORDING_KEPT_PORTS_H

#include "recording/live_sockets.h"
#include "util/id_map.h"

struct kept_ports {
	struct id_map by_netns; /* struct port_facts *: ours */
};

void kept_ports_init(struct kept_ports *kept);
void kept_ports_release(struct kept_ports *kept);

/* Of a RECORD_PORTS event. Without memory, or of more namespaces than a machine has, what is told is not kept. */
void kept_ports_take(struct kept_ports *kept, const struct port_facts *facts);

/* A RECORD_PORTS event for each namespace, as recording_live_tell() does for connections. */
int kept_ports_tell(const struct kept_ports *kept, const struct tick *now, recording_tell *tell, void *context);

#endif
