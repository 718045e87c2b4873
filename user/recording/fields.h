/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The fields of a line, which is a JSON object. Nearly all lines are plain: no objects or lists in them, ASCII, nothing escaped. Those are
 * read here, in a tenth of the time; all others by the JSON library, and what either reads is the same. A field that is missing
 * is of no kind.
 */
#ifndef TCPDWELL_RECORDING_FIELDS_H
#define TCPDWELL_RECORDING_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t; /* of jansson */
struct fields;

enum field_kind { FIELD_TEXT = 1, FIELD_INTEGER, FIELD_REAL, FIELD_TRUE, FIELD_FALSE, FIELD_NULL };

enum fields_way { FIELDS_QUICKLY, FIELDS_BY_LIBRARY }; /* the second for every line: what it finds is what is right */

/* 0, -EINVAL: no JSON object, or -ENOMEM. The text may go afterwards. */
int fields_new(struct fields **ret, const char *text, size_t size, enum fields_way way);

/* Those of an object within a line. Its texts are the line's. NULL: no memory. */
struct fields *fields_of(struct json_t *object);

/* Accepts NULL. */
void fields_free(struct fields *fields);

bool fields_is(const struct fields *fields, const char *key, enum field_kind kind);

/* NULL: it is no text. The line's. */
const char *fields_text(const struct fields *fields, const char *key);

/* 0: it is none. */
int64_t fields_integer(const struct fields *fields, const char *key);
double fields_number(const struct fields *fields, const char *key); /* an integer too */

/* An object or a list, and for the library's functions; NULL: it is neither. The line's. */
struct json_t *fields_tree(const struct fields *fields, const char *key);

/* 0 where it is missing, of another type, negative or more than `max`. */
uint64_t recorded_number(const struct fields *fields, const char *key, uint64_t max);

#endif
