/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writes JSON into a growable buffer, for every -j output. Hand-written because it is on the path of each
 * transition: no printf, no tree. Any bytes make valid JSON; bytes that are not UTF-8 become U+FFFD.
 *
 * Every json_TYPE(json, key, value) takes a key that needs no escaping (a literal); key NULL writes an array's
 * element. Commas are put where they belong. Running out of memory is sticky, see json_error(). A file that
 * reads JSON with jansson can't include this: they share the names json_null and json_string.
 */
#ifndef UTIL_JSON_H
#define UTIL_JSON_H

#include "util/buffer.h"

struct json {
	union {
		struct buffer buffer;
		struct {
			char *data; /* what was written, not terminated */
			size_t size, capacity;
			int error;
		};
	};
	bool sparse; /* for recordings: what is null is left out, but for elements of arrays */
	uint64_t second; /* json_time: the second in second_text */
	char second_text[24];
};

void json_init(struct json *json);
void json_release(struct json *json);

/* Empty it, keep its memory, and forget an error. */
void json_clear(struct json *json);

/* 0, or -ENOMEM when something since json_init() or json_clear() could not be written. */
int json_error(const struct json *json);

/* Values without key and comma; used by the functions below. */
void json_put_string(struct json *json, const char *text, size_t size);
void json_put_i64(struct json *json, int64_t value);
void json_put_f64(struct json *json, double value, unsigned int decimals);
void json_put_hex64(struct json *json, uint64_t value);
void json_put_time(struct json *json, uint64_t unix_ns);

/*
 * For lines that are written by the million: where `bytes` more bytes may be written, after a comma where one is due; NULL
 * without memory. A comma is due unless an object, array or line just began. json_fields_end() says how far it went.
 */
static inline char *json_fields_begin(struct json *json, size_t bytes)
{
	char *at = buffer_reserve(&json->buffer, bytes + 1);
	char last;

	if (!at)
		return NULL;
	last = json->size ? at[-1] : '\n';
	if (last != '{' && last != '[' && last != '\n')
		*at++ = ',';
	return at;
}

static inline void json_fields_end(struct json *json, const char *end)
{
	json->size = end - json->data;
}

/* What json_put_hex64() and json_put_time() write between their quotes. Return where it ends. */
#define JSON_HEX64 16
#define JSON_TIME 30
char *json_hex64_text(char *at, uint64_t value);

/* For json_time_text(). */
void json_remember_second(struct json *json, uint64_t second);

#define JSON_NS_PER_SECOND 1000000000ULL
#define JSON_SECOND_TEXT 20 /* "2026-11-20T09:00:00." */

/* Most lines fall into the second of the line before. */
static inline char *json_time_text(struct json *json, char *at, uint64_t unix_ns)
{
	uint64_t second = unix_ns / JSON_NS_PER_SECOND;
	uint32_t ns = unix_ns % JSON_NS_PER_SECOND;

	if (json->second != second)
		json_remember_second(json, second);
	memcpy(at, json->second_text, JSON_SECOND_TEXT);
	at += JSON_SECOND_TEXT;
	put_eight_digits(at, ns / 10);
	at[8] = '0' + ns % 10;
	at[9] = 'Z';
	return at + 10;
}

/* A comma where one is due, and the key. */
static inline void json_key(struct json *json, const char *key)
{
	size_t size = key ? strlen(key) : 0;
	char *at = json_fields_begin(json, size + 3);

	if (!at)
		return;
	if (key) {
		*at++ = '"';
		memcpy(at, key, size);
		at += size;
		*at++ = '"';
		*at++ = ':';
	}
	json_fields_end(json, at);
}

static inline void json_literal(struct json *json, const char *key, const char *literal)
{
	json_key(json, key);
	buffer_append_string(&json->buffer, literal);
}

/* key NULL: a line's own object, or an array's element. */
static inline void json_object_begin(struct json *json, const char *key)
{
	json_literal(json, key, "{");
}

static inline void json_object_end(struct json *json)
{
	buffer_append_char(&json->buffer, '}');
}

static inline void json_array_begin(struct json *json, const char *key)
{
	json_literal(json, key, "[");
}

static inline void json_array_end(struct json *json)
{
	buffer_append_char(&json->buffer, ']');
}

static inline void json_null(struct json *json, const char *key)
{
	if (!json->sparse || !key)
		json_literal(json, key, "null");
}

static inline void json_bool(struct json *json, const char *key, bool value)
{
	json_literal(json, key, value ? "true" : "false");
}

/* A text of `size` bytes, zero bytes among them if need be; text NULL writes null. */
static inline void json_string_sized(struct json *json, const char *key, const char *text, size_t size)
{
	if (!text) {
		json_null(json, key);
		return;
	}
	json_key(json, key);
	json_put_string(json, text, size);
}

/* text NULL writes null. */
static inline void json_string(struct json *json, const char *key, const char *text)
{
	json_string_sized(json, key, text, text ? strlen(text) : 0);
}

static inline void json_u64(struct json *json, const char *key, uint64_t value)
{
	json_key(json, key);
	buffer_append_u64(&json->buffer, value);
}

static inline void json_i64(struct json *json, const char *key, int64_t value)
{
	json_key(json, key);
	json_put_i64(json, value);
}

/* `decimals` at most 9. NaN and infinities write null. */
static inline void json_f64(struct json *json, const char *key, double value, unsigned int decimals)
{
	json_key(json, key);
	json_put_f64(json, value, decimals);
}

/* 16 hexadecimal digits, as a string. */
static inline void json_hex64(struct json *json, const char *key, uint64_t value)
{
	json_key(json, key);
	json_put_hex64(json, value);
}

/* Nanoseconds since 1970, UTC: "2026-11-20T09:00:00.123456789Z". */
static inline void json_time(struct json *json, const char *key, uint64_t unix_ns)
{
	json_key(json, key);
	json_put_time(json, unix_ns);
}

#define json_element_object_begin(json) json_object_begin(json, NULL)
#define json_element_array_begin(json) json_array_begin(json, NULL)
#define json_element_string(json, text) json_string(json, NULL, text)
#define json_element_u64(json, value) json_u64(json, NULL, value)
#define json_element_i64(json, value) json_i64(json, NULL, value)
#define json_element_f64(json, value, decimals) json_f64(json, NULL, value, decimals)
#define json_element_bool(json, value) json_bool(json, NULL, value)
#define json_element_null(json) json_null(json, NULL)

/* A number that is left out where it is 0. */
static inline void json_u64_if_set(struct json *json, const char *key, uint64_t value)
{
	if (value)
		json_u64(json, key, value);
}

static inline void json_end_line(struct json *json)
{
	buffer_append_char(&json->buffer, '\n');
}

/* A line's own object, without a look at what is before it; and its end. */
static inline void json_open_line(struct json *json)
{
	buffer_append_char(&json->buffer, '{');
}

static inline void json_close_line(struct json *json)
{
	buffer_append(&json->buffer, "}\n", 2);
}

#endif
