// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reads only: the database without a wait for its writer, the event files by their first lines. */
#include "history/status.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history/budget.h"
#include "history/database_parts.h"
#include "history/distrust.h"
#include "history/proof.h"
#include "history/schema.h"
#include "recording/files.h"
#include "util/failure.h"
#include "util/log.h"

#define NSEC_PER_MSEC 1000000ULL
#define MILLION_STEPS_MOST 1000 /* some ten seconds: more than any history of ours has rows for */
#define BUSY_MS 1000

static uint64_t number(sqlite3 *database, const char *sql)
{
	sqlite3_stmt *statement;
	uint64_t value = 0;

	if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
		return 0;
	if (sqlite3_step(statement) == SQLITE_ROW)
		value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return value;
}

/* What says nothing of the database itself is told as it is. */
static int error_of(int result)
{
	int err = database_error(result);

	return !err || err == -EBUSY || err == -ENOMEM ? err : -EUCLEAN;
}

/* Opening a FIFO would wait for whoever writes to it. */
static bool is_regular(const char *folder)
{
	char path[4200];
	struct stat status;

	return snprintf(path, sizeof(path), "%s/%s", folder, HISTORY_DATABASE) < (int)sizeof(path) && !stat(path, &status) &&
	       S_ISREG(status.st_mode);
}

/* As SQLite wants it of a URI: what would end the path there is escaped. False: too long. */
static bool name_database(char *uri, size_t size, const char *folder, const char *way)
{
	size_t used = snprintf(uri, size, "file:%s", folder[0] == '/' ? "//" : "");

	for (; *folder && used + 4 < size; folder++)
		used += snprintf(uri + used, size - used, strchr("?#%", *folder) ? "%%%02X" : "%c", (unsigned char)*folder);
	return !*folder && used + snprintf(uri + used, size - used, "/%s?%s", HISTORY_DATABASE, way) < size;
}

/*
 * The way that works while an agent writes, and where it does not: without a log, as a file that nobody changes, but not where
 * somebody has locked it. NULL: `err` is -ENOENT, -EBUSY or -ENOMEM.
 */
static sqlite3 *open_database(const char *folder, int *err)
{
	static const char *const ways[] = { "mode=ro", "immutable=1" };
	sqlite3 *database = NULL;
	char uri[3 * 4200];
	uint64_t version;
	unsigned int i;
	int result;

	*err = -ENOENT;
	if (!is_regular(folder))
		return NULL;
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (!name_database(uri, sizeof(uri), folder, ways[i]))
			return NULL;
		version = 0;
		if (sqlite3_open_v2(uri, &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) == SQLITE_OK) {
			sqlite3_busy_timeout(database, BUSY_MS);
			history_distrust(database);
			history_bound_work(database, MILLION_STEPS_MOST);
			version = number(database, "PRAGMA user_version");
		}
		if (version == SCHEMA_VERSION)
			return database;
		result = error_of(sqlite3_errcode(database));
		sqlite3_close(database);
		if (result == -EBUSY || result == -ENOMEM) {
			*err = result;
			break;
		}
	}
	return NULL;
}

#define HOLE_NS 1500000000ULL /* intervals follow one another at once */

static void add_hole(struct history_status *status, uint64_t begin_ns, uint64_t end_ns)
{
	if (!begin_ns || end_ns < begin_ns + HOLE_NS)
		return;
	holes_add(&status->holes, begin_ns, end_ns);
	if (begin_ns >= status->events_begin_ns)
		status->events_holes_ns += end_ns - begin_ns;
}

/*
 * Of each time the finest intervals that there are: where each level begins is found once, not for each interval. What an agent that runs has not
 * written yet began with its run.
 */
static void read_holes(struct history_status *status, sqlite3 *database)
{
	static const char question[] = "WITH first AS MATERIALIZED (SELECT level, min(begin_ms) AS begin_ms FROM interval GROUP BY level)"
				       " SELECT begin_ms, end_ms FROM interval i WHERE NOT EXISTS (SELECT 1 FROM first f WHERE"
				       " f.level < i.level AND f.begin_ms <= i.begin_ms) ORDER BY begin_ms";
	uint64_t last_ns = 0, end_ns;
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(database, question, -1, &statement, NULL) != SQLITE_OK)
		return;
	while (sqlite3_step(statement) == SQLITE_ROW) {
		add_hole(status, last_ns, sqlite3_column_int64(statement, 0) * NSEC_PER_MSEC);
		end_ns = sqlite3_column_int64(statement, 1) * NSEC_PER_MSEC;
		last_ns = end_ns > last_ns ? end_ns : last_ns;
	}
	sqlite3_finalize(statement);
	if (status->running)
		add_hole(status, last_ns, number(database, "SELECT begin_ms FROM run ORDER BY id DESC LIMIT 1") * NSEC_PER_MSEC);
}

static void read_database(struct history_status *status, const char *folder)
{
	int err;
	sqlite3 *database = open_database(folder, &err);

	status->readable = database;
	if (!database)
		return;
	status->budget_bytes = number(database, "SELECT budget FROM run ORDER BY id DESC LIMIT 1");
	status->intervals_begin_ns = number(database, "SELECT min(begin_ms) FROM interval") * NSEC_PER_MSEC;
	status->intervals_end_ns = number(database, "SELECT max(end_ms) FROM interval") * NSEC_PER_MSEC;
	status->withheld = number(database, "SELECT sum(withheld) FROM interval WHERE level = 3600 OR (level = 10 AND id >"
					    " (SELECT ifnull(max(m.last), 0) FROM interval h JOIN interval m ON m.id = h.last WHERE h.level = 3600))");
	status->intervals_lost = number(database, "SELECT sum(count) FROM loss WHERE what = 'intervals'");
	read_holes(status, database);
	sqlite3_close(database);
}

static void read_events(struct history_status *status, const char *folder)
{
	char path[4200], error[256] = "";
	const char *const paths[] = { path };
	const struct recording_selection selection = { .paths = paths, .count = 1 };
	struct recording_files *files;

	if (snprintf(path, sizeof(path), "%s/%s", folder, HISTORY_EVENTS) >= (int)sizeof(path) ||
	    recording_files_new(&files, &selection, error, sizeof(error)))
		return;
	status->event_files = recording_files_count(files);
	status->passed_over = recording_files_passed_over(files);
	status->events_begin_ns = recording_files_begin(files);
	recording_files_free(files);
}

static unsigned int count_set_aside(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	unsigned int count = 0;

	if (!folder) {
		if (copy >= 0)
			close(copy);
		return 0;
	}
	while ((entry = readdir(folder)))
		count += proof_is_named_aside(entry->d_name);
	closedir(folder);
	return count;
}

/* The agent that writes there has locked its folder. */
static bool agent_writes(int folder)
{
	return flock(folder, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
}

bool history_is_at(const char *folder, bool *is_written)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat events;
	bool is_history;

	*is_written = false;
	if (fd < 0)
		return false;
	is_history = !fstatat(fd, HISTORY_EVENTS, &events, 0);
	*is_written = is_history && agent_writes(fd);
	close(fd);
	return is_history;
}

int history_status_read(struct history_status *status, const char *folder, char *error, size_t error_size)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = fd < 0 ? -errno : 0;
	struct budget budget = { .folder = fd };
	struct stat events;

	memset(status, 0, sizeof(*status));
	if (!err && fstatat(fd, HISTORY_EVENTS, &events, 0))
		err = -ENOENT;
	if (err) {
		if (fd >= 0)
			close(fd);
		fail(error, error_size, fd < 0 ? "%.200s: %s" : "%.200s %s", folder, fd < 0 ? strerror(-err) : "is no history of tcpdwell agent");
		return err;
	}
	budget_look(&budget);
	status->events_bytes = budget.used_events;
	status->intervals_bytes = budget.used_intervals;
	status->running = agent_writes(fd);
	status->set_aside = count_set_aside(fd);
	close(fd);
	read_events(status, folder);
	read_database(status, folder);
	return 0;
}

/* Where the intervals of a level end before `next`. */
#define LAST_OF_LEVEL(level) "(SELECT end_ms FROM interval WHERE level = " level " AND begin_ms < next ORDER BY begin_ms DESC LIMIT 1)"

/*
 * An agent that was killed has not written when its findings ended: they are known of up to the end of its last interval. ?3 is NULL
 * while an agent writes, whose findings go on.
 */
int history_findings_read(const char *folder, uint64_t since_ns, uint64_t until_ns, history_finding *tell, void *context)
{
	static const char question[] =
		"SELECT begin_ms, ifnull(over_ms, 0), code, severity, text FROM (SELECT *, CASE WHEN end_ms IS NOT NULL THEN end_ms"
		" WHEN next IS NOT NULL THEN max(begin_ms, coalesce(" LAST_OF_LEVEL("10") ", " LAST_OF_LEVEL("60") ", "
		LAST_OF_LEVEL("3600") ", begin_ms)) END AS over_ms FROM (SELECT *, ifnull((SELECT min(r.begin_ms) FROM run r WHERE"
		" r.begin_ms > f.begin_ms), ?3) AS next FROM finding f)) WHERE begin_ms < ?2 AND (over_ms IS NULL OR over_ms >= ?1)"
		" ORDER BY begin_ms";
	bool is_written;
	sqlite3_stmt *statement;
	sqlite3 *database;
	int result, err;

	database = open_database(folder, &err);
	if (!database)
		return err;
	result = sqlite3_prepare_v2(database, question, -1, &statement, NULL);
	if (result != SQLITE_OK) {
		sqlite3_close(database);
		return error_of(result);
	}
	sqlite3_bind_int64(statement, 1, since_ns / NSEC_PER_MSEC);
	sqlite3_bind_int64(statement, 2, until_ns ? (int64_t)(until_ns / NSEC_PER_MSEC) : INT64_MAX);
	history_is_at(folder, &is_written);
	if (!is_written)
		sqlite3_bind_int64(statement, 3, INT64_MAX);
	while ((result = sqlite3_step(statement)) == SQLITE_ROW)
		tell(context, sqlite3_column_int64(statement, 0) * NSEC_PER_MSEC, sqlite3_column_int64(statement, 1) * NSEC_PER_MSEC,
		     (const char *)sqlite3_column_text(statement, 2) ?: "", (const char *)sqlite3_column_text(statement, 3) ?: "",
		     (const char *)sqlite3_column_text(statement, 4) ?: "");
	sqlite3_finalize(statement);
	sqlite3_close(database);
	return error_of(result);
}
