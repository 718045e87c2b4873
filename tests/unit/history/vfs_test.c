// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Memory that is shared with other processes is used where its loss can be mended, else not at all. */
#include "unit.h"

#include <sqlite3.h>

#include "history/vfs.h"
#include "util/bus.h"

/* The last result, of as many tries as it needs and may have. */
static int write_to(const char *name, int tries)
{
	char path[2 * UNIT_PATH];
	sqlite3 *database;
	int result, i;

	snprintf(path, sizeof(path), "%s/%s", unit_folder(), name);
	assert_int_equal(sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, HISTORY_VFS), SQLITE_OK);
	for (i = 0, result = SQLITE_ERROR; i < tries && result != SQLITE_OK; i++)
		result = sqlite3_exec(database, "PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)", NULL, NULL, NULL);
	sqlite3_close(database);
	return result;
}

static void test_too_many_mappings(void **state)
{
	static char elsewhere[1000];
	size_t i;

	(void)state;
	assert_int_equal(history_vfs_use(NULL), 0);
	assert_int_equal(write_to("before", 1), SQLITE_OK);
	for (i = 0; i < sizeof(elsewhere) && bus_mend(elsewhere + i, 1); i++)
		;
	assert_true(i < sizeof(elsewhere));
	assert_int_not_equal(write_to("none left", 3), SQLITE_OK);
	bus_forget();
	assert_int_equal(write_to("again", 1), SQLITE_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_too_many_mappings, unit_folder_made, unit_folder_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
