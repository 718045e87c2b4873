// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "history/distrust.h"

#include <sqlite3.h>
#include <stddef.h>

#define VALUE_BYTES (1 << 20)
#define STEPS_AT_ONCE 1000000

/* What the library at hand is too old for is passed over. */
static const int switches[][2] = {
#ifdef SQLITE_DBCONFIG_DEFENSIVE
	{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
#endif
#ifdef SQLITE_DBCONFIG_TRUSTED_SCHEMA
	{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
#endif
#ifdef SQLITE_DBCONFIG_ENABLE_VIEW
	{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
#endif
	{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
};

void history_distrust(sqlite3 *database)
{
	size_t i;

	for (i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		sqlite3_db_config(database, switches[i][0], switches[i][1], NULL);
	sqlite3_limit(database, SQLITE_LIMIT_LENGTH, VALUE_BYTES);
	sqlite3_exec(database, "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0", NULL, NULL, NULL);
}

static int is_too_much(void *context)
{
	unsigned int *left = context;

	return !*left || !--*left;
}

void history_bound_work(sqlite3 *database, unsigned int million_steps)
{
	static unsigned int left;

	left = million_steps;
	sqlite3_progress_handler(database, STEPS_AT_ONCE, is_too_much, &left);
}
