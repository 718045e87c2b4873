// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whose a database is: by each of the marks alone, as the schema that we have makes them. */
#include "unit.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history/budget.h"
#include "history/proof.h"
#include "history/schema.h"

static const char *const names[] = { HISTORY_DATABASE, HISTORY_DATABASE "-wal", HISTORY_DATABASE "-journal" };

static const char *path_of(const char *name)
{
	static char path[2 * UNIT_PATH];

	snprintf(path, sizeof(path), "%s/%s", unit_folder(), name);
	return path;
}

/* A new database, after these words. */
static void make(const char *words)
{
	sqlite3 *database;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(path_of(names[i]));
	assert_int_equal(sqlite3_open(path_of(HISTORY_DATABASE), &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, words, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static bool is_ours(void)
{
	int folder = open(unit_folder(), O_PATH | O_DIRECTORY);
	bool ours = proof_is_ours(folder, HISTORY_DATABASE);

	assert_true(!ours || proof_may_be_opened(folder, HISTORY_DATABASE));
	close(folder);
	return ours;
}

/* The statement of the schema that makes this. */
static const char *statement_of(const char *table, char *out, size_t size)
{
	const char *begin;
	char words[64];

	snprintf(words, sizeof(words), "CREATE TABLE %s (", table);
	begin = strstr(SCHEMA, words);
	assert_non_null(begin);
	snprintf(out, size, "PRAGMA page_size = 4096; %.*s;", (int)strcspn(begin, ";"), begin);
	return out;
}

/* Who changes the schema sees here that databases made with it are not known by their tables any more: new words are to be added. */
static void test_schema(void **state)
{
	char words[2048];

	(void)state;
	make(statement_of("service", words, sizeof(words)));
	assert_true(is_ours());
	make(statement_of("finding", words, sizeof(words)));
	assert_true(is_ours());
	snprintf(words, sizeof(words), "PRAGMA application_id = %d; CREATE TABLE x (y)", SCHEMA_APPLICATION);
	make(words);
	assert_true(is_ours());
	make("CREATE TABLE service (id INTEGER PRIMARY KEY, name TEXT)");
	assert_false(is_ours());
	make("CREATE TABLE x (y)");
	assert_false(is_ours());
}

/* All tables are in the first page together. */
static void test_whole_schema(void **state)
{
	(void)state;
	make("PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL;" SCHEMA);
	assert_true(is_ours());
}

static bool may_be_opened(const char *name, const void *data, size_t size)
{
	int folder = open(unit_folder(), O_PATH | O_DIRECTORY), fd;
	bool may;

	fd = open(path_of(name), O_CREAT | O_TRUNC | O_WRONLY, 0600);
	assert_int_equal(write(fd, data, size), size);
	close(fd);
	may = proof_may_be_opened(folder, HISTORY_DATABASE);
	unlink(path_of(name));
	close(folder);
	return may;
}

/* Beside nothing: a journal that makes a database whole again is somebody's, one of a database that was about to be made is not. */
static void test_journals(void **state)
{
	unsigned char journal[28] = { 0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7 };

	(void)state;
	assert_true(may_be_opened(HISTORY_DATABASE "-journal", "", 0));
	assert_true(may_be_opened(HISTORY_DATABASE "-journal", journal, sizeof(journal)));
	journal[19] = 7; /* pages before */
	assert_false(may_be_opened(HISTORY_DATABASE "-journal", journal, sizeof(journal)));
	assert_false(may_be_opened(HISTORY_DATABASE "-journal", "mine", 4));
	assert_false(may_be_opened(HISTORY_DATABASE "-wal", "mine", 4));
	assert_true(may_be_opened(HISTORY_DATABASE "-wal", "", 0));
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, unit_folder_made, unit_folder_removed)
	const struct CMUnitTest tests[] = { TEST(test_schema), TEST(test_whole_schema), TEST(test_journals) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
