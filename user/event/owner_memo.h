/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Remembers how owners were written last: a machine has few of them and many lines. A text is found by everything that it
 * was made from, so there is nothing to invalidate.
 */
#ifndef TCPDWELL_EVENT_OWNER_MEMO_H
#define TCPDWELL_EVENT_OWNER_MEMO_H

#include <stdbool.h>
#include <stddef.h>

#include "event/event.h"

/* The fields that event_owner_json() wrote for such an event, `sparse` or whole; NULL: not remembered. Valid until the next call here. */
const char *owner_memo_find(const struct event *event, bool sparse, size_t *size);

/* Takes the place of another text. What is too long is not remembered. */
void owner_memo_keep(const struct event *event, bool sparse, const char *text, size_t size);

#endif
