// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* By more than one mark, so that a flipped bit does not make ours one of others. */
#include "history/proof.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history/budget.h"
#include "history/schema.h"

#define PAGE 4096
#define MAGIC "SQLite format 3"
#define APPLICATION_AT 68 /* where SQLite keeps PRAGMA application_id, big endian */
#define CELLS_AT 103 /* and the number of rows of the first page, which is that of tables */
#define LOG_BYTES (128 << 10)
#define JOURNAL_MAGIC "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
#define JOURNAL_BYTES 28 /* of its header */
#define JOURNAL_PAGES_AT 16 /* where it says how many pages the database had */
#define ASIDE HISTORY_DATABASES "-[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]Z.db"

bool proof_is_named(const char *name)
{
	return !strncmp(name, HISTORY_DATABASE, sizeof(HISTORY_DATABASE) - 1) || !fnmatch(ASIDE "*", name, 0);
}

bool proof_is_named_aside(const char *name)
{
	return !fnmatch(ASIDE, name, 0);
}

/*
 * SQLite keeps the words of a schema, so far as there is room for them, in the first page. Of each schema that there was: another one adds
 * its words, and those of before stay.
 */
static bool has_table_of_ours(const char *page, size_t size)
{
	static const char *const tables[] = { "CREATE TABLE service (id INTEGER PRIMARY KEY, side TEXT",
					      "CREATE TABLE finding (id INTEGER PRIMARY KEY, begin_ms INTEGER NOT NULL, end_ms INTEGER, code TEXT" };
	size_t i;

	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (memmem(page, size, tables[i], strlen(tables[i])))
			return true;
	return false;
}

static bool has_application_of_ours(const char *page, size_t size)
{
	static const char mark[] = { SCHEMA_APPLICATION >> 24, SCHEMA_APPLICATION >> 16 & 0xff, SCHEMA_APPLICATION >> 8 & 0xff,
				     SCHEMA_APPLICATION & 0xff };

	return size >= APPLICATION_AT + sizeof(mark) && !memcmp(page, MAGIC, sizeof(MAGIC)) &&
	       !memcmp(page + APPLICATION_AT, mark, sizeof(mark));
}

/* What is at the begin of a file; -1: there is no such file, or it is none. */
static ssize_t begin_of(int folder, const char *name, const char *suffix, char *data, size_t size)
{
	char path[NAME_MAX + 1];
	struct stat status;
	ssize_t got = -1;
	int fd;

	snprintf(path, sizeof(path), "%s%s", name, suffix);
	fd = openat(folder, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode))
		got = pread(fd, data, size, 0);
	close(fd);
	return got;
}

/* Killed before the first page of the database was written, all of it is in the log. */
static bool is_ours_by_its_log(int folder, const char *name)
{
	char *log = malloc(LOG_BYTES);
	ssize_t size = log ? begin_of(folder, name, "-wal", log, LOG_BYTES) : -1;
	bool is = size > 0 && has_table_of_ours(log, size);

	free(log);
	return is;
}

bool proof_is_ours(int folder, const char *name)
{
	char page[PAGE];
	ssize_t size = begin_of(folder, name, "", page, sizeof(page));

	return size > 0 && (has_application_of_ours(page, size) || has_table_of_ours(page, size) || is_ours_by_its_log(folder, name));
}

/* It has the right first word and no table. */
static bool has_nothing_in_it(int folder, const char *name, const char *page, size_t size)
{
	struct stat status;

	return !fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) && status.st_size == PAGE && size == PAGE &&
	       !memcmp(page, MAGIC, sizeof(MAGIC)) && !page[CELLS_AT] && !page[CELLS_AT + 1];
}

/* What one that was being made leaves behind: the database had no page before. One without its first byte was never complete. */
static bool journal_is_of_nothing(int folder, const char *name)
{
	char head[JOURNAL_BYTES];
	ssize_t size = begin_of(folder, name, "-journal", head, sizeof(head));
	static const char none[4];

	if (size <= 0)
		return true;
	return size == sizeof(head) && (!head[0] || !memcmp(head, JOURNAL_MAGIC, sizeof(JOURNAL_MAGIC) - 1)) &&
	       !memcmp(head + JOURNAL_PAGES_AT, none, sizeof(none));
}

/* SQLite removes a log beside a database that has no page, and writes what a journal says to it, or removes that too. */
static bool has_nothing_beside_it(int folder, const char *name)
{
	char byte;

	return journal_is_of_nothing(folder, name) && (begin_of(folder, name, "-wal", &byte, 1) <= 0 || is_ours_by_its_log(folder, name));
}

bool proof_may_be_opened(int folder, const char *name)
{
	struct stat status;
	char page[PAGE];
	ssize_t size = begin_of(folder, name, "", page, sizeof(page));

	if (size < 0 && !fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW)) /* SQLite will not open it either, if it is no file */
		return !S_ISREG(status.st_mode);
	if (size <= 0 || has_nothing_in_it(folder, name, page, size))
		return has_nothing_beside_it(folder, name);
	return proof_is_ours(folder, name);
}
