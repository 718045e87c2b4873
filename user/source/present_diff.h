/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What of a look at all sockets is news. A source adds what a look finds, socket by socket; what was told already is told again
 * only when it has changed, and what is not found is told to be gone. Numbers that change all the time while data flow are told
 * when they stay. Pure: the clock is an argument.
 */
#ifndef TCPDWELL_SOURCE_PRESENT_DIFF_H
#define TCPDWELL_SOURCE_PRESENT_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/event.h"
#include "event/listener.h"
#include "event/present.h"

struct present_diff;

/* NULL: no memory. `tell` gets events of RECORD_PRESENT and RECORD_LISTENER; time_ns is filled in, UTC is not. */
struct present_diff *present_diff_new(void (*tell)(void *context, struct event *event), void *context);
void present_diff_free(struct present_diff *diff);

/*
 * Of listening sockets with short queues not each change is told: looks are so far apart that what waits is other connections each time.
 * While it moves the age of the first one is not told.
 */
void present_diff_be_calm(struct present_diff *diff);

/* A look: begins, adds what it finds, ends. Listening sockets are added before others. */
void present_diff_begin(struct present_diff *diff, uint64_t now_ns);

/* Is anything of this socket's identity new: id, state, who owns or closed it (`who`, any number that tells them apart)? */
bool present_diff_is_new(const struct present_diff *diff, uint64_t id, unsigned int state, uint64_t who);

/* 0 or -ENOMEM. */
int present_diff_socket(struct present_diff *diff, const struct transition *record, const struct present *now, uint64_t who);
int present_diff_listener(struct present_diff *diff, const struct transition *record, const struct listener_facts *now,
			  uint64_t who);

/* `complete`: what was not found is gone. */
int present_diff_end(struct present_diff *diff, bool complete);

/* Looks that were begun. */
uint32_t present_diff_looks(const struct present_diff *diff);

#endif
