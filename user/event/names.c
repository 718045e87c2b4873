// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Tables of names; those of failed connects are in connect_error.c, of health counters in summary.c. */
#include "event/names.h"

#include <string.h>

#define NAMES(names) (sizeof(names) / sizeof(names[0]))

static const char *const sides[] = { NULL, "active", "passive" };
static const char *const closers[] = { NULL, "local", "remote", "both" };
static const char *const attributions[] = { "unknown", "observed", "seeded", "listener" };
static const char *const ends[] = {
	NULL, "expired", "reused", "killed", "reset_sent", "reset_received", "timeout", "aborted", "overflow",
};

static const char *name_of(const char *const *names, size_t count, unsigned int number)
{
	return number < count ? names[number] : NULL;
}

static unsigned int number_of(const char *const *names, size_t count, const char *name)
{
	unsigned int number;

	for (number = 0; name && number < count; number++)
		if (names[number] && !strcmp(names[number], name))
			return number;
	return 0;
}

const char *source_name(bool polled)
{
	return polled ? "polling" : "bpf";
}

const char *side_name(unsigned int side)
{
	return name_of(sides, NAMES(sides), side);
}

const char *closed_by_name(unsigned int closed_by)
{
	return name_of(closers, NAMES(closers), closed_by);
}

const char *attribution_name(unsigned int attribution)
{
	return name_of(attributions, NAMES(attributions), attribution);
}

const char *end_name(unsigned int end)
{
	return name_of(ends, NAMES(ends), end);
}

unsigned int side_parse(const char *name)
{
	return number_of(sides, NAMES(sides), name);
}

unsigned int closed_by_parse(const char *name)
{
	return number_of(closers, NAMES(closers), name);
}

unsigned int attribution_parse(const char *name)
{
	return number_of(attributions, NAMES(attributions), name);
}

unsigned int end_parse(const char *name)
{
	return number_of(ends, NAMES(ends), name);
}
