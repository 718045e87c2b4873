/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keeps the view informed of the ports of those namespaces that events come from: settings, reserved and blocked ports, who has
 * bound them. Looked at once a second, or less often where that would take more than a hundredth of a processor.
 */
#ifndef TCPDWELL_COLLECT_PORTS_H
#define TCPDWELL_COLLECT_PORTS_H

#include <stdint.h>

#include "event/port_facts.h"

struct port_watch;
struct tracer;

/* NULL: no memory. The tracer was made with `ports`. `tell` is called with what is new; valid during the call. */
struct port_watch *port_watch_new(const struct tracer *tracer, void (*tell)(void *context, const struct port_facts *facts),
				  void *context, unsigned int patience);
void port_watch_free(struct port_watch *watch);

/* An event comes from this namespace. 0 or -ENOMEM. */
int port_watch_note(struct port_watch *watch, uint32_t netns);

/* A bind() to this port failed: who has it is to be told, though it may lie outside of the range. */
void port_watch_ask(struct port_watch *watch, uint32_t netns, uint16_t port);

/* Who has bound what, where that was asked or has changed since the last look; at once. */
void port_watch_answer(struct port_watch *watch);

/* How many namespaces were found to be gone; grows. */
uint64_t port_watch_gone(const struct port_watch *watch);

/* Looks where it is time to. `last`: the run ends, look everywhere. */
void port_watch_look(struct port_watch *watch, uint64_t now_ns, bool last);

#endif
