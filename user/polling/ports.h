/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What /proc tells of our own network namespace's ports: settings, reserved ports, and of the blocked ones those that are listened
 * on. Sockets that are bound and neither listen nor are connected are in no list that needs no privilege: so what is computed from
 * this is the most that connect() may find.
 */
#ifndef TCPDWELL_POLLING_PORTS_H
#define TCPDWELL_POLLING_PORTS_H

#include "event/port_facts.h"
#include "polling/sockets.h"

/* 0, or negative errno: there is no range to be read. Without bound sockets. */
int polled_ports_read(struct port_facts *facts, const struct polled_sockets *sockets);

#endif
