// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reading numbers, durations and lists that people typed. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "util/text.h"

static bool is_digit(char character)
{
	return character >= '0' && character <= '9';
}

/* Digits at *text, moved on behind them. */
static int read_digits(const char **text, uint64_t *value)
{
	uint64_t sum = 0;

	if (!is_digit(**text))
		return -EINVAL;
	for (; is_digit(**text); (*text)++)
		if (__builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, (uint64_t)(**text - '0'), &sum))
			return -ERANGE;
	*value = sum;
	return 0;
}

int text_parse_u64(const char *text, uint64_t max, uint64_t *value)
{
	uint64_t number;

	/* Judge the whole text first: "99999999999999999999x" is no number, not too large a one. */
	if (!*text || text[strspn(text, "0123456789")])
		return -EINVAL;
	if (read_digits(&text, &number) || number > max)
		return -ERANGE;
	*value = number;
	return 0;
}

int text_parse_port(const char *text, uint16_t *port)
{
	uint64_t value;
	int error = text_parse_u64(text, UINT16_MAX, &value);

	if (error)
		return error;
	if (!value)
		return -ERANGE;
	*port = value;
	return 0;
}

static const struct unit {
	const char *name;
	uint64_t ns;
} units[] = {
	{"d", 86400000000000}, {"h", 3600000000000}, {"m", 60000000000}, {"s", 1000000000},
	{"ms", 1000000},       {"us", 1000},	     {"ns", 1},
};
#define SECONDS (&units[3])

/* The unit at *text, moved on behind it; NULL for none. */
static const struct unit *read_unit(const char **text)
{
	size_t length = strcspn(*text, "0123456789.");

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strlen(units[i].name) != length || strncmp(*text, units[i].name, length))
			continue;
		*text += length;
		return &units[i];
	}
	return NULL;
}

/* The digits behind a decimal point as billionths; what is finer is ignored. */
static int read_fraction(const char **text, uint32_t *billionths)
{
	uint32_t place = 100000000;

	*billionths = 0;
	if (**text != '.')
		return 0;
	(*text)++;
	if (!is_digit(**text))
		return -EINVAL;
	for (; is_digit(**text); (*text)++, place /= 10)
		*billionths += (**text - '0') * place;
	return 1;
}

static int add_part(uint64_t *sum, uint64_t whole, uint32_t billionths, uint64_t unit_ns)
{
	uint64_t ns;

	if (__builtin_mul_overflow(whole, unit_ns, &ns) || __builtin_add_overflow(*sum, ns, sum) ||
	    __builtin_add_overflow(*sum, (uint64_t)((unsigned __int128)unit_ns * billionths / 1000000000), sum) ||
	    *sum > INT64_MAX)
		return -ERANGE;
	return 0;
}

int text_parse_duration(const char *text, uint64_t *ns)
{
	const struct unit *last = NULL;
	uint64_t sum = 0, whole;
	uint32_t billionths = 0;

	do {
		const struct unit *unit;
		int error = read_digits(&text, &whole);
		int fraction = error ? error : read_fraction(&text, &billionths);

		if (fraction < 0)
			return fraction;
		unit = *text || last ? read_unit(&text) : SECONDS;
		if (!unit || (last && unit <= last) || (fraction && *text))
			return -EINVAL;
		if (add_part(&sum, whole, billionths, unit->ns))
			return -ERANGE;
		last = unit;
	} while (*text);
	*ns = sum;
	return 0;
}

int text_list_next(const char **cursor, char *item, size_t size)
{
	const char *text = *cursor;
	size_t length, copied;

	if (!text)
		return 0;
	length = strcspn(text, ",");
	copied = length < size ? length : size - 1;
	*cursor = text[length] ? text + length + 1 : NULL;
	memcpy(item, text, copied);
	item[copied] = 0;
	if (copied < length)
		return -E2BIG;
	return length ? 1 : -EINVAL;
}

int text_parse_bytes(const char *text, uint64_t *bytes)
{
	static const struct {
		const char *name;
		uint64_t bytes;
	} units[] = {
		{ "", 1 },	      { "B", 1 },	    { "K", 1ULL << 10 }, { "KiB", 1ULL << 10 }, { "kB", 1000 },	      { "M", 1ULL << 20 },
		{ "MiB", 1ULL << 20 }, { "MB", 1000000ULL }, { "G", 1ULL << 30 }, { "GiB", 1ULL << 30 }, { "GB", 1000000000ULL }, { "T", 1ULL << 40 },
		{ "TiB", 1ULL << 40 }, { "TB", 1000000000000ULL },
	};
	size_t digits = strspn(text, "0123456789"), i;
	char number[24];
	uint64_t value;
	int err;

	if (!digits || digits >= sizeof(number))
		return -EINVAL;
	memcpy(number, text, digits);
	number[digits] = '\0';
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(units[i].name, text + digits))
			continue;
		err = text_parse_u64(number, UINT64_MAX / units[i].bytes, &value);
		if (!err)
			*bytes = value * units[i].bytes;
		return err;
	}
	return -EINVAL;
}

bool text_list_has(const char *list, const char *word)
{
	const char *cursor = list;
	char item[64];

	while (text_list_next(&cursor, item, sizeof(item)))
		if (!strcmp(item, word))
			return true;
	return false;
}
