/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Pieces of a line of JSON, written one after the other at `at`; each returns where it ends. There must be room (json_fields_begin()).
 * For what is written for each event: util/json.h is for all else.
 */
#ifndef TCPDWELL_EVENT_JSON_PIECES_H
#define TCPDWELL_EVENT_JSON_PIECES_H

#include <stdint.h>
#include <string.h>

#include "util/json.h"

#define NAMES(names) (sizeof(names) / sizeof(names[0]))

#define PUT(at, literal) put_bytes(at, literal, sizeof(literal) - 1)

static inline char *put_bytes(char *at, const char *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

static inline char *put_number(char *at, uint64_t number)
{
	return at + u64_format(at, number);
}

static inline char *put_number_or_null(char *at, uint64_t number)
{
	return number ? put_number(at, number) : PUT(at, "null");
}

/* One of our own names, which need no care. */
static inline char *put_name(char *at, const char *name)
{
	if (!name)
		return PUT(at, "null");
	*at++ = '"';
	at = stpcpy(at, name);
	*at++ = '"';
	return at;
}

/* How a name is written, with its quotes, or null. Filled in when it is first needed. */
#define KEPT_BYTES 24
struct kept_name {
	uint8_t size;
	char text[KEPT_BYTES];
};

/* All bytes that are kept are written: there must be room for them. */
static inline char *put_kept(char *at, struct kept_name *kept, const char *(*name_of)(unsigned int number), unsigned int number)
{
	if (!kept->size)
		kept->size = put_name(kept->text, name_of(number)) - kept->text;
	memcpy(at, kept->text, KEPT_BYTES);
	return at + kept->size;
}

/* `names`: an array of struct kept_name; a number beyond it has no name that would be worth keeping. */
#define PUT_KEPT(at, names, name_of, number) \
	((number) < NAMES(names) ? put_kept(at, &(names)[number], name_of, number) : put_name(at, name_of(number)))

#endif
