/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A growable run of bytes. Everything that produces text (json, the views, output) writes into one. Running
 * out of memory is sticky: later calls do nothing, and whoever writes the buffer out looks at error once.
 */
#ifndef UTIL_BUFFER_H
#define UTIL_BUFFER_H

#include <endian.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buffer {
	char *data; /* not terminated; NULL while nothing was written */
	size_t size, capacity;
	int error; /* 0 or -ENOMEM */
};

void buffer_init(struct buffer *buffer);
void buffer_release(struct buffer *buffer);

/* Empty it, keep its memory, and forget an error. */
void buffer_clear(struct buffer *buffer);

/* Make room for `bytes` more. False when there is no memory. */
bool buffer_grow(struct buffer *buffer, size_t bytes);

/* There was no memory for what was to be appended. */
void buffer_fail(struct buffer *buffer);

/* Where the next `bytes` bytes go, or NULL. The caller adds what it wrote to size. */
static inline char *buffer_reserve(struct buffer *buffer, size_t bytes)
{
	if (buffer->capacity - buffer->size < bytes && !buffer_grow(buffer, bytes))
		return NULL;
	return buffer->data + buffer->size;
}

static inline void buffer_append(struct buffer *buffer, const void *data, size_t size)
{
	char *at = size ? buffer_reserve(buffer, size) : NULL;

	if (!at)
		return;
	memcpy(at, data, size);
	buffer->size += size;
}

static inline void buffer_append_char(struct buffer *buffer, char character)
{
	char *at = buffer_reserve(buffer, 1);

	if (!at)
		return;
	*at = character;
	buffer->size++;
}

static inline void buffer_append_string(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, text, strlen(text));
}

void buffer_append_repeated(struct buffer *buffer, char character, size_t times);
void buffer_append_u64(struct buffer *buffer, uint64_t value);
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_vprintf(struct buffer *buffer, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));

/* Decimal digits of a number, at most 20. Returns how many; does not terminate. */
#define U64_DIGITS 20
size_t u64_format(char *at, uint64_t value);

/*
 * Exactly eight digits of a number below EIGHT_DIGITS, with zeros before it. Halves, pairs and digits lie side by side in one word; a
 * product with 10486 >> 20 or 103 >> 10 is the quotient by 100 or 10 of each.
 */
#define EIGHT_DIGITS 100000000U
static inline void put_eight_digits(char *at, uint32_t number)
{
	uint64_t word = number / 10000 | (uint64_t)(number % 10000) << 32, quotients;

	quotients = word * 10486 >> 20 & 0x0000007f0000007fULL;
	word = quotients | (word - quotients * 100) << 16;
	quotients = word * 103 >> 10 & 0x000f000f000f000fULL;
	word = quotients | (word - quotients * 10) << 8;
	word = htole64(word | 0x3030303030303030ULL);
	memcpy(at, &word, sizeof(word));
}

/* "00" to "99": what divisions are saved with. */
extern const char digit_pairs[];

static inline void put_digit_pair(char *at, unsigned int pair)
{
	memcpy(at, digit_pairs + 2 * pair, 2);
}

#endif
