// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The same columns in each line, so that what moves is seen. */
#include "show/hist/heat.h"

#include <string.h>
#include <time.h>

#include "util/text.h"

#define SLOTS_PER_POWER 8
#define FIRST_POWER 8 /* slots of 1.02 us and more; what is less is there too */
#define HEAT_COLUMNS 32
#define NSEC_PER_SEC 1000000000ULL

/* 1, from 2, from 4, …: each shade is twice the one before. */
static const char shades[] = " .:-=+*oO#%@";

#define SHADES (sizeof(shades) - 1)

void hist_heat_head(struct buffer *out)
{
	static const char scale[HEAT_COLUMNS + 1] = "1us       1ms       1s    1m";

	buffer_printf(out, "%-8s %6s %6s |%-*s|\n", "TIME", "ENDED", "NOW", HEAT_COLUMNS, scale);
	buffer_printf(out, "%-8s %6s %6s  ended after so long: . is 1, : 2, - 4, = 8, twice as many each: + * o O # %% @\n", "", "", "");
}

static unsigned int column_of(unsigned int slot)
{
	unsigned int power = slot / SLOTS_PER_POWER;

	if (power < FIRST_POWER)
		return 0;
	return power - FIRST_POWER < HEAT_COLUMNS ? power - FIRST_POWER : HEAT_COLUMNS - 1;
}

static char shade_of(uint64_t count)
{
	unsigned int shade = 0;

	for (; count && shade + 1 < SHADES; count /= 2)
		shade++;
	return shades[shade];
}

void hist_heat_text(struct buffer *out, uint64_t unix_ns, const struct group *group, const char *what,
		    const struct account *account)
{
	uint64_t counts[HEAT_COLUMNS] = {};
	char cells[HEAT_COLUMNS + 1] = {}, ended[TEXT_NUMBER], now[TEXT_NUMBER];
	int64_t open = state_totals_now(&account->count);
	time_t second = unix_ns / NSEC_PER_SEC;
	struct tm local;
	uint32_t i;

	for (i = 0; i < account->dwell.used; i++)
		counts[column_of(account->dwell.bins[i].slot)] += account->dwell.bins[i].count;
	for (i = 0; i < HEAT_COLUMNS; i++)
		cells[i] = shade_of(counts[i]);
	localtime_r(&second, &local);
	text_count(ended, account->dwell.count);
	text_count(now, open > 0 ? open : 0);
	buffer_printf(out, "%02d:%02d:%02d %6s %6s |%s| %s %s\n", local.tm_hour, local.tm_min, local.tm_sec, ended, now, cells,
		      what, group->label);
}
