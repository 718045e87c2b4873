/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One exposition as it is sent, in the formats that were asked for. It lives until the last client has it. */
#ifndef TCPDWELL_EXPORT_HTTP_EXPOSITION_H
#define TCPDWELL_EXPORT_HTTP_EXPOSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "export/http/shared.h"
#include "export/openmetrics.h"

struct evbuffer;
struct exposition;

/* The newest. NULL: there is none. */
struct exposition *exposition_new(const struct shared *shared);
void exposition_release(struct exposition *exposition);

uint64_t exposition_time_ns(const struct exposition *exposition);

/* Without a copy. 0 or -ENOMEM. */
int exposition_append(struct exposition *exposition, bool openmetrics, struct evbuffer *out);

#endif
