// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Numbers in few columns, and names that are safe to print. */
#include "util/text.h"

#include <stdio.h>
#include <string.h>

#include "util/buffer.h"
#include "util/utf8.h"

#define SECOND 1000000000ULL
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* A number of at most six digits and its unit: a line of trace has one, so no printf. */
static char *put_number(char *at, unsigned int number, const char *unit)
{
	at += u64_format(at, number);
	while (*unit)
		*at++ = *unit++;
	*at = 0;
	return at;
}

/* Three significant digits of whole + thousandths / 1000, no trailing zeros, and the unit. */
static size_t put_significant(char *out, unsigned int whole, unsigned int thousandths, const char *unit)
{
	unsigned int hundredths = thousandths / 10;
	char *at;

	if (whole >= 10)
		hundredths -= hundredths % 10;
	if (whole >= 100 || !hundredths)
		return put_number(out, whole, unit) - out;
	at = put_number(out, whole, ".");
	if (hundredths % 10 == 0)
		return put_number(at, hundredths / 10, unit) - out;
	put_digit_pair(at, hundredths);
	return put_number(at + 1, hundredths % 10, unit) - out;
}

static size_t put_pair(char *out, uint64_t large, char large_unit, uint64_t small, char small_unit)
{
	return snprintf(out, TEXT_NUMBER, "%u%c%02u%c", (unsigned int)large, large_unit, (unsigned int)small,
			small_unit);
}

size_t text_duration(char out[TEXT_NUMBER], uint64_t ns)
{
	if (ns < 1000)
		return put_number(out, ns, "ns") - out;
	if (ns < 1000000)
		return put_significant(out, ns / 1000, ns % 1000, "us");
	if (ns < SECOND)
		return put_significant(out, ns / 1000000, ns / 1000 % 1000, "ms");
	if (ns < 100 * SECOND)
		return put_significant(out, ns / SECOND, ns / 1000000 % 1000, "s");
	if (ns < HOUR)
		return put_pair(out, ns / MINUTE, 'm', ns % MINUTE / SECOND, 's');
	if (ns < DAY)
		return put_pair(out, ns / HOUR, 'h', ns % HOUR / MINUTE, 'm');
	if (ns < 100 * DAY)
		return put_pair(out, ns / DAY, 'd', ns % DAY / HOUR, 'h');
	return put_number(out, ns / DAY, "d") - out;
}

size_t text_count(char out[TEXT_NUMBER], uint64_t count)
{
	static const char *const units[] = {"k", "M", "G", "T", "P", "E"};
	uint64_t scale = 1000;
	unsigned int unit = 0;

	if (count < 10000)
		return put_number(out, count, "") - out;
	for (; count / scale >= 1000; scale *= 1000)
		unit++;
	return put_significant(out, count / scale, count % scale / (scale / 1000), units[unit]);
}

size_t text_bytes(char out[TEXT_NUMBER], uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	unsigned int shift = 10;
	unsigned int thousandths, whole;

	if (bytes < 1024)
		return put_number(out, bytes, "B") - out;
	while (bytes >> shift >= 1024)
		shift += 10;
	whole = bytes >> shift;
	thousandths = (bytes >> (shift - 10) & 1023) * 1000 / 1024;
	return put_significant(out, whole, thousandths, units[shift / 10 - 1]);
}

struct range {
	uint32_t first, last;
};

static bool in_ranges(const struct range *ranges, size_t count, uint32_t code)
{
	for (size_t i = 0; i < count; i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

/* Controls, combining marks, invisible spaces, direction changes: whatever makes a column lie. */
static bool is_hostile(uint32_t code)
{
	static const struct range ranges[] = {
		{0x00, 0x1f},	  {0x7f, 0x9f},	    {0xad, 0xad},     {0x300, 0x36f},	{0x483, 0x489},
		{0x591, 0x5bd},	  {0x610, 0x61c},   {0x64b, 0x65f},   {0x180b, 0x180f}, {0x1ab0, 0x1aff},
		{0x1dc0, 0x1dff}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0x20d0, 0x20ff},
		{0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0x10ffff},
	};

	return in_ranges(ranges, sizeof(ranges) / sizeof(*ranges), code);
}

/* Not wcwidth(): it depends on the locale, and would call everything unprintable in "C". */
static size_t width_of(uint32_t code)
{
	static const struct range wide[] = {
		{0x1100, 0x115f},   {0x2e80, 0xa4cf},	{0xac00, 0xd7a3},   {0xf900, 0xfaff},
		{0xfe30, 0xfe6f},   {0xff00, 0xff60},	{0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
		{0x1f680, 0x1f6ff}, {0x1f900, 0x1faff}, {0x20000, 0x3fffd},
	};

	return 1 + in_ranges(wide, sizeof(wide) / sizeof(*wide), code);
}

/* How many of the first bytes are printable ASCII: most names are nothing else. */
static size_t count_plain(const char *in, size_t size)
{
	size_t i = 0;

	while (i < size && in[i] >= 0x20 && in[i] < 0x7f)
		i++;
	return i;
}

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

size_t text_sanitise(char *out, size_t size, const char *in, size_t in_size, size_t columns)
{
	size_t used, length, i, o;

	i = o = used = count_plain(in, size ? smallest(in_size, size - 1, columns) : 0);
	memcpy(out, in, i);
	in_size = i + strnlen(in + i, in_size - i);
	for (; i < in_size; i += length) {
		uint32_t code = '?';
		const char *from = in + i;
		size_t copied = length = utf8_decode(from, in_size - i, &code);

		if (!length || is_hostile(code)) {
			code = '?';
			from = "?";
			copied = 1;
			length = length ? length : 1;
		}
		if (used + width_of(code) > columns || o + copied >= size)
			break;
		memcpy(out + o, from, copied);
		o += copied;
		used += width_of(code);
	}
	if (size)
		out[o] = 0;
	return used;
}
