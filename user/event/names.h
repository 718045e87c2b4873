/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What numbers are called in JSON, both ways: for those who write it, and for the reader of recordings. */
#ifndef TCPDWELL_EVENT_NAMES_H
#define TCPDWELL_EVENT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct health;

/* What `source` is in a header: "bpf" or "polling". */
const char *source_name(bool polled);

/* Names of enum side, closed_by, attribution, end as in JSON; NULL for none. */
const char *side_name(unsigned int side);
const char *closed_by_name(unsigned int closed_by);
const char *attribution_name(unsigned int attribution);
const char *end_name(unsigned int end);

/* Of enum connect_failure, as in connect_failed_NAME of JSON: "no_port", "refused", … */
const char *connect_failure_name(unsigned int failure);

/* Why a connect() failed, by errno: its name, and what it means in a few words. */
const char *connect_error_name(unsigned int error);
const char *connect_error_text(unsigned int error);

/* The errno of a name; EADDRNOTAVAIL for NULL, EHOSTUNREACH for what is not known. */
unsigned int connect_error_parse(const char *name);

/* The numbers back, for the reader of recordings; 0 for NULL and for what is not known. */
unsigned int side_parse(const char *name);
unsigned int closed_by_parse(const char *name);
unsigned int attribution_parse(const char *name);
unsigned int end_parse(const char *name);

/* The counter number i = 0, 1, … and its name in JSON. NULL: there are no more. */
uint64_t *health_counter(struct health *health, size_t i, const char **name);

#endif
