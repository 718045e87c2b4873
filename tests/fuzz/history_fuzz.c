// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The database of a history that someone else made, as `report` and `agent status` read it, and as an agent goes on with it. The first
 * byte chooses: the rest is the file, or statements of SQL over a database of ours, which reach what bytes at random seldom do.
 */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history/budget.h"
#include "history/database.h"
#include "history/schema.h"
#include "history/status.h"

static char folder[] = "/dev/shm/tcpdwell-fuzz-XXXXXX";
static char database_path[64];

/* Those that were set aside too. */
static void remove_files(void)
{
	DIR *files = opendir(folder);
	const struct dirent *entry;

	while (files && (entry = readdir(files)))
		if (entry->d_type == DT_REG)
			unlinkat(dirfd(files), entry->d_name, 0);
	if (files)
		closedir(files);
}

static void remove_folder(void)
{
	char path[80];

	remove_files();
	snprintf(path, sizeof(path), "%s/%s", folder, HISTORY_EVENTS);
	rmdir(path);
	rmdir(folder);
}

static void make_folder(void)
{
	static int made;
	char path[80];

	if (made++)
		return;
	if (!mkdtemp(folder))
		abort();
	snprintf(path, sizeof(path), "%s/%s", folder, HISTORY_EVENTS);
	mkdir(path, 0700);
	snprintf(database_path, sizeof(database_path), "%s/%s", folder, HISTORY_DATABASE);
	atexit(remove_folder);
}

static void write_file(const uint8_t *data, size_t size)
{
	int fd = open(database_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

static void run_sql(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	sqlite3 *database;
	char sql[80];

	if (!text || sqlite3_open(database_path, &database) != SQLITE_OK)
		abort();
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT", SCHEMA_APPLICATION, SCHEMA_VERSION);
	sqlite3_exec(database, "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; BEGIN; " SCHEMA, NULL, NULL, NULL);
	sqlite3_exec(database, sql, NULL, NULL, NULL);
	sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0); /* no other file */
	sqlite3_limit(database, SQLITE_LIMIT_LENGTH, 1 << 20);
	sqlite3_limit(database, SQLITE_LIMIT_VDBE_OP, 2000);
	if (!strcasestr(text, "recursive")) /* what is slow here is not ours */
		sqlite3_exec(database, text, NULL, NULL, NULL);
	sqlite3_close(database);
	free(text);
}

static void look_at_text(void *context, uint64_t begin_ns, uint64_t end_ns, const char *code, const char *severity, const char *text)
{
	size_t *sum = context;

	*sum += strlen(code) + strlen(severity) + strlen(text) + (begin_ns < end_ns);
}

static void read_it(void)
{
	struct history_status status;
	char error[512];
	size_t sum = 0;

	history_status_read(&status, folder, error, sizeof(error));
	history_findings_read(folder, 0, 0, look_at_text, &sum);
}

static void go_on_with_it(void)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct budget budget = {};
	struct database *database;
	char error[512];

	budget_init(&budget, fd, BUDGET_DEFAULT);
	if (!database_new(&database, folder, &budget, error, sizeof(error))) {
		database_note_loss(database, 1, "clock", 0, "x");
		database_add_finding(database, 1, "TD101", "now", "x");
		database_prune(database);
		database_free(database);
	}
	close(fd);
}

int fuzz_history(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	make_folder();
	remove_files();
	if (data[0] & 1)
		run_sql(data + 1, size - 1);
	else
		write_file(data + 1, size - 1);
	read_it();
	if (data[0] & 2)
		go_on_with_it();
	return 0;
}
