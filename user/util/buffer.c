// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Growing, and the formatting of numbers; the small appends are inline in buffer.h. */
#include "util/buffer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void buffer_init(struct buffer *buffer)
{
	memset(buffer, 0, sizeof(*buffer));
}

void buffer_release(struct buffer *buffer)
{
	free(buffer->data);
	buffer_init(buffer);
}

void buffer_clear(struct buffer *buffer)
{
	buffer->size = 0;
	buffer->error = 0;
}

/* Without capacity nothing is appended any more, however small: what follows a gap would be garbage. */
void buffer_fail(struct buffer *buffer)
{
	buffer->error = -ENOMEM;
	buffer->capacity = buffer->size;
}

static bool out_of_memory(struct buffer *buffer)
{
	buffer_fail(buffer);
	return false;
}

bool buffer_grow(struct buffer *buffer, size_t bytes)
{
	size_t wanted, capacity = buffer->capacity < 256 ? 256 : buffer->capacity;
	char *data;

	if (buffer->error || __builtin_add_overflow(buffer->size, bytes, &wanted) || wanted > SIZE_MAX / 4)
		return out_of_memory(buffer);
	while (capacity < wanted)
		capacity *= 2;
	data = realloc(buffer->data, capacity);
	if (!data)
		return out_of_memory(buffer);
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

void buffer_append_repeated(struct buffer *buffer, char character, size_t times)
{
	char *at = times ? buffer_reserve(buffer, times) : NULL;

	if (!at)
		return;
	memset(at, character, times);
	buffer->size += times;
}

const char digit_pairs[] =
	"0001020304050607080910111213141516171819"
	"2021222324252627282930313233343536373839"
	"4041424344454647484950515253545556575859"
	"6061626364656667686970717273747576777879"
	"8081828384858687888990919293949596979899";

static const uint64_t powers_of_ten[] = {
	1ULL, 10ULL, 100ULL, 1000ULL,
	10000ULL, 100000ULL, 1000000ULL, 10000000ULL,
	100000000ULL, 1000000000ULL, 10000000000ULL, 100000000000ULL,
	1000000000000ULL, 10000000000000ULL, 100000000000000ULL, 1000000000000000ULL,
	10000000000000000ULL, 100000000000000000ULL, 1000000000000000000ULL, 10000000000000000000ULL,
};

/* From the number of bits: 1233 / 4096 is a little more than log10(2), so the guess is right or one too small. */
static inline size_t count_digits(uint64_t value)
{
	size_t guess;

	value |= 1;
	guess = (64 - __builtin_clzll(value)) * 1233 >> 12;
	return guess + (value >= powers_of_ten[guess]);
}

size_t u64_format(char *at, uint64_t value)
{
	size_t digits = count_digits(value);
	char *end = at + digits;
	uint32_t rest;

	for (; value >= EIGHT_DIGITS; value /= EIGHT_DIGITS)
		put_eight_digits(end -= 8, value % EIGHT_DIGITS);
	for (rest = value; rest >= 100; rest /= 100)
		put_digit_pair(end -= 2, rest % 100);
	if (rest >= 10)
		put_digit_pair(at, rest);
	else
		*at = '0' + rest;
	return digits;
}

void buffer_append_u64(struct buffer *buffer, uint64_t value)
{
	char *at = buffer_reserve(buffer, U64_DIGITS);

	if (at)
		buffer->size += u64_format(at, value);
}

void buffer_vprintf(struct buffer *buffer, const char *format, va_list arguments)
{
	va_list again;
	char *at;
	int size;

	va_copy(again, arguments);
	size = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (size < 0)
		return;
	at = buffer_reserve(buffer, (size_t)size + 1);
	if (!at)
		return;
	vsnprintf(at, (size_t)size + 1, format, arguments);
	buffer->size += size;
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	buffer_vprintf(buffer, format, arguments);
	va_end(arguments);
}
