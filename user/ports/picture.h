/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The picture of `ports`: all live sockets in one pass, put to their destinations, local addresses, peers and processes. */
#ifndef TCPDWELL_PORTS_PICTURE_H
#define TCPDWELL_PORTS_PICTURE_H

#include "ports/model.h"

#define PORTS_TIME_WAIT_NS 60000000000ULL
#define PORTS_TIME_WAIT_SLACK_NS 6000000000ULL

struct destination_key ports_destination_key(const struct ports_model *model, uint64_t id, const struct endpoint *endpoint);

/* Tells model->binds who has the port that is wanted. */
void ports_picture_find_holder(struct ports_model *model, const struct bind_key *key);

void ports_picture_release(struct ports_model *model);

#endif
