// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Values of options: from words to fields, and what is said where that can't be. */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "util/failure.h"
#include "util/text.h"

const char *option_label(const struct option_row *row, char text[32])
{
	if (!row->name)
		snprintf(text, 32, "%s", row->argument);
	else if (row->letter)
		snprintf(text, 32, "-%c", row->letter);
	else
		snprintf(text, 32, "--%s", row->name);
	return text;
}

int option_flag(const struct option_row *row, void *field, const char *text, char *error, size_t error_size)
{
	(void)row, (void)text, (void)error, (void)error_size;
	*(bool *)field = true;
	return 0;
}

int option_counter(const struct option_row *row, void *field, const char *text, char *error, size_t error_size)
{
	(void)row, (void)text, (void)error, (void)error_size;
	(*(unsigned int *)field)++;
	return 0;
}

int option_text(const struct option_row *row, void *field, const char *text, char *error, size_t error_size)
{
	(void)row, (void)error, (void)error_size;
	*(const char **)field = text;
	return 0;
}

int option_folder(const struct option_row *row, void *field, const char *text, char *error, size_t error_size)
{
	char label[32];
	struct stat status;

	if (stat(text, &status))
		return fail(error, error_size, "%s: %.150s: %s", option_label(row, label), text, strerror(errno));
	if (!S_ISDIR(status.st_mode))
		return fail(error, error_size, "%s: %.150s is not a folder", option_label(row, label), text);
	return option_text(row, field, text, error, error_size);
}

int option_u64(const struct option_row *row, void *field, const char *text, char *error, size_t error_size)
{
	char label[32];
	uint64_t number;

	if (text_parse_u64(text, row->max, &number) || number < row->min)
		return fail(error, error_size, "%s: \"%s\" is not a number from %llu to %llu", option_label(row, label), text,
			    (unsigned long long)row->min, (unsigned long long)row->max);
	*(uint64_t *)field = number * (row->unit ?: 1);
	return 0;
}

int option_u32(const struct option_row *row, void *field, const char *text, char *error, size_t error_size)
{
	uint64_t number = 0;
	int err = option_u64(row, &number, text, error, error_size);

	if (!err)
		*(uint32_t *)field = number;
	return err;
}

int option_choice(const struct option_row *row, void *field, const char *text, char *error, size_t error_size)
{
	char label[32], list[256] = "";
	unsigned int value;
	size_t used = 0;

	for (value = row->min; value <= row->max; value++) {
		if (!strcmp(row->choice(value), text)) {
			*(unsigned int *)field = value;
			return 0;
		}
		used += snprintf(list + used, sizeof(list) - used, "%s %s", used ? "," : "", row->choice(value));
	}
	return fail(error, error_size, "%s: \"%s\" is not one of%s", option_label(row, label), text, list);
}

static int not_a_time(const struct option_row *row, const char *text, char *error, size_t error_size)
{
	char label[32];

	return fail(error, error_size, "%s: \"%s\" is not a time; give seconds, or 500ms, 2m, 1h30m", option_label(row, label),
		    text);
}

int option_duration(const struct option_row *row, void *field, const char *text, char *error, size_t error_size)
{
	char label[32], least[TEXT_NUMBER];
	uint64_t ns;

	if (text_parse_duration(text, &ns))
		return not_a_time(row, text, error, error_size);
	if (ns < row->min) {
		text_duration(least, row->min);
		return fail(error, error_size, "%s: \"%s\" is too short; at least %s", option_label(row, label), text,
			    least);
	}
	*(uint64_t *)field = ns;
	return 0;
}

int option_seconds(const struct option_row *row, void *field, const char *text, char *error, size_t error_size)
{
	uint64_t ns;

	if (text_parse_duration(text, &ns))
		return not_a_time(row, text, error, error_size);
	*(double *)field = ns / 1e9;
	return 0;
}
