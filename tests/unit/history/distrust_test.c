// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A question without end comes to one, also where nothing else refuses it. */
#include "unit.h"

#include <sqlite3.h>

#include "history/distrust.h"

static int ask(sqlite3 *database, const char *question)
{
	sqlite3_stmt *statement;
	int result;

	assert_int_equal(sqlite3_prepare_v2(database, question, -1, &statement, NULL), SQLITE_OK);
	do
		result = sqlite3_step(statement);
	while (result == SQLITE_ROW);
	sqlite3_finalize(statement);
	return result;
}

static void test_endless(void **state)
{
	static const char endless[] = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";
	sqlite3 *database;

	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &database), SQLITE_OK);
	history_distrust(database);
	history_bound_work(database, 2);
	assert_int_equal(ask(database, "SELECT 1"), SQLITE_DONE);
	assert_int_equal(ask(database, endless), SQLITE_INTERRUPT);
	assert_int_equal(ask(database, endless), SQLITE_INTERRUPT); /* nor the next one */
	sqlite3_close(database);
}

static void test_view(void **state)
{
	sqlite3 *database;

	(void)state;
#ifndef SQLITE_DBCONFIG_ENABLE_VIEW
	skip_because("this SQLite can't refuse views");
#endif
	assert_int_equal(sqlite3_open(":memory:", &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, "CREATE TABLE t (x); CREATE VIEW v AS SELECT x FROM t", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, "SELECT * FROM v", NULL, NULL, NULL), SQLITE_OK);
	history_distrust(database);
	assert_int_not_equal(sqlite3_exec(database, "SELECT * FROM v", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, "SELECT * FROM t", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(database);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
