/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The sockets of one destination. */
#ifndef TCPDWELL_SHOW_PORTS_SOCKETS_H
#define TCPDWELL_SHOW_PORTS_SOCKETS_H

#include "ports/model.h"

/* A head and a line a socket, by port. */
void ports_sockets_text(struct buffer *out, const struct ports_model *model, const struct destination_key *key);

#endif
