// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Opening, setting aside, writing. What is written is one transaction each time. */
#include "history/database.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "history/database_parts.h"
#include "history/distrust.h"
#include "history/proof.h"
#include "history/schema.h"
#include "history/vfs.h"
#include "util/address.h"
#include "util/bus.h"
#include "event/names.h"
#include "util/failure.h"
#include "util/log.h"

#define PAGE 4096
#define CACHE_KIB 512
#define FINDING_ROW_BITS 40 /* of what names a finding; above them, which file it is in */

int database_error(int result)
{
	switch (result & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_SCHEMA:
	case SQLITE_ERROR: /* a table that is not as we know it */
		return -EUCLEAN;
	default:
		return -EIO;
	}
}

/* As the system has said it, where it was the system that refused. Where a file system says EUCLEAN it is damaged, not the database. */
static int why(struct database *database, int result)
{
	int err = database_error(result), system;

	if (err != -EIO)
		return err;
	if (sqlite3_extended_errcode(database->sqlite) == SQLITE_CANTOPEN_SYMLINK)
		return -ELOOP;
	system = sqlite3_system_errno(database->sqlite);
	return system && system != EUCLEAN && system != EPROTO ? -system : err;
}

int database_execute(struct database *database, const char *sql)
{
	return why(database, sqlite3_exec(database->sqlite, sql, NULL, NULL, NULL));
}

int64_t database_number(struct database *database, const char *sql)
{
	sqlite3_stmt *statement;
	int64_t number = -1;

	if (sqlite3_prepare_v2(database->sqlite, sql, -1, &statement, NULL) != SQLITE_OK)
		return -1;
	if (sqlite3_step(statement) == SQLITE_ROW)
		number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return number;
}

static void close_all(struct database *database)
{
	unsigned int i;

	for (i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(database->statements[i]);
	memset(database->statements, 0, sizeof(database->statements));
	sqlite3_close(database->sqlite);
	database->sqlite = NULL;
}

static const char *const statements[STATEMENTS] = {
	[ADD_RUN] = "INSERT INTO run (begin_ms, version, kernel, host, budget) VALUES (?, ?, ?, ?, ?)",
	[FIND_PROCESS] = "SELECT id FROM process WHERE pid = ? AND start_ns = ? AND comm = ? AND unit = ? AND container_id = ?"
			 " AND container = ? AND pod = ?",
	[ADD_PROCESS] = "INSERT INTO process (pid, start_ns, comm, unit, container_id, container, pod, namespace)"
			" VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	[FIND_SERVICE] = "SELECT id FROM service WHERE side = ? AND address = ? AND port = ?",
	[ADD_SERVICE] = "INSERT INTO service (side, address, port) VALUES (?, ?, ?)",
	[ADD_INTERVAL] = "INSERT INTO interval (level, begin_ms, end_ms, run, transitions, lost, withheld, last)"
			 " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	[ADD_FLOW] = "INSERT INTO flow VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[ADD_DWELL] = "INSERT INTO dwell VALUES (?, ?, ?, ?, ?, ?)",
	[ADD_LOSS] = "INSERT INTO loss (at_ms, what, count, text) VALUES (?, ?, ?, ?)",
	[ADD_FINDING] = "INSERT INTO finding (begin_ms, code, severity, text, count) VALUES (?, ?, ?, ?, 1)",
	[REWORD_FINDING] = "UPDATE finding SET severity = ?, text = ? WHERE id = ?",
	[UPDATE_FINDING] = "UPDATE finding SET count = ?, end_ms = ? WHERE id = ?",
};

static int prepare(struct database *database)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < STATEMENTS && !err; i++)
		err = database_error(sqlite3_prepare_v3(database->sqlite, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
							&database->statements[i], NULL));
	return err;
}

/* 0: a new one, or one of ours that is whole. */
static int check(struct database *database)
{
	int64_t version = database_number(database, "PRAGMA user_version"), tables;
	sqlite3_stmt *statement;
	int err = version < 0 ? sqlite3_errcode(database->sqlite) : 0;

	tables = database_number(database, "SELECT count(*) FROM sqlite_master");
	if (version < 0 || tables < 0)
		return database_error(err ?: sqlite3_errcode(database->sqlite)) ?: -EUCLEAN;
	if (!version && !tables)
		return 0;
	if (version > SCHEMA_VERSION || version < 1 || database_number(database, "PRAGMA application_id") != SCHEMA_APPLICATION)
		return -EPROTO;
	err = database_error(sqlite3_prepare_v2(database->sqlite, "PRAGMA quick_check(1)", -1, &statement, NULL));
	err = err ?: database_error(sqlite3_step(statement));
	if (!err && strcmp((const char *)sqlite3_column_text(statement, 0) ?: "", "ok"))
		err = -EUCLEAN;
	sqlite3_finalize(statement);
	return err;
}

static int create(struct database *database)
{
	char sql[160];
	int err;

	if (database_number(database, "PRAGMA user_version") == SCHEMA_VERSION)
		return 0;
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT", SCHEMA_APPLICATION, SCHEMA_VERSION);
	err = database_execute(database, "BEGIN IMMEDIATE; " SCHEMA) ?: database_execute(database, sql);
	if (!err) /* so that the file itself says whose it is */
		database_checkpoint(database);
	return err;
}

static int set_up(struct database *database)
{
	char sql[256];

	snprintf(sql, sizeof(sql), "PRAGMA cache_size = -%d; PRAGMA temp_store = MEMORY; PRAGMA synchronous = NORMAL;"
		 " PRAGMA wal_autocheckpoint = 0; PRAGMA cache_spill = 0; PRAGMA max_page_count = %llu", CACHE_KIB,
		 (unsigned long long)(database->budget->database / PAGE));
	return database_execute(database, sql);
}

/* 0: there is no such file. */
static uint64_t inode_of(const struct database *database, const char *name)
{
	struct stat status;

	return fstatat(database->budget->folder, name, &status, AT_SYMLINK_NOFOLLOW) ? 0 : status.st_ino;
}

static int try_open(struct database *database)
{
	int err;

	if (!proof_may_be_opened(database->budget->folder, HISTORY_DATABASE))
		return -EUCLEAN;
	err = why(database, sqlite3_open_v2(database->path, &database->sqlite,
					    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW, HISTORY_VFS));
	if (!err)
		history_distrust(database->sqlite);
	err = err ?: check(database);
	if (!err) /* what was killed again and again may have filled the log, and what follows writes to it */
		database_checkpoint(database);
	err = err ?: database_execute(database, "PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL");
	err = err ?: set_up(database);
	err = err ?: create(database);
	err = err ?: prepare(database);
	if (err) {
		close_all(database);
		return err;
	}
	database->opened++;
	database->log_inode = inode_of(database, HISTORY_DATABASE "-wal");
	return 0;
}

#define ASIDE "intervals-20261128T031200Z.db-journal"
#define ASIDE_TRIES (1 << 17) /* seconds: one that is started again several times a second takes names of later ones */

static const char *const suffixes[] = { "", "-wal", "-journal" }; /* a journal of others has what makes theirs whole again */

#define SUFFIXES (sizeof(suffixes) / sizeof(suffixes[0]))

static bool is_free(int folder, const char *name)
{
	struct stat status;

	return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) && errno == ENOENT;
}

/* By the time, or by a later one: a database and what is beside it keep the same name. */
static int choose_name(int folder, char names[SUFFIXES][sizeof(ASIDE)])
{
	time_t now = time(NULL);
	unsigned int tries, i;
	struct tm utc;
	char date[32];
	bool free;

	for (tries = 0; tries < ASIDE_TRIES; tries++, now++) {
		gmtime_r(&now, &utc);
		strftime(date, sizeof(date), "%Y%m%dT%H%M%SZ", &utc);
		for (i = 0, free = true; i < SUFFIXES; i++) {
			snprintf(names[i], sizeof(ASIDE), HISTORY_DATABASES "-%.16s.db%s", date, suffixes[i]);
			free &= is_free(folder, names[i]);
		}
		if (free)
			return 0;
	}
	return -EEXIST;
}

/* intervals.db becomes intervals-20261128T031200Z.db, with its log. What is in it is still read by those who can. */
static int set_aside(struct database *database, int reason)
{
	char from[sizeof(HISTORY_DATABASE) + 8], names[SUFFIXES][sizeof(ASIDE)];
	int folder = database->budget->folder, err = choose_name(folder, names);
	bool ours = proof_is_ours(folder, HISTORY_DATABASE);
	unsigned int i;

	for (i = 0; i < SUFFIXES && !err; i++) {
		snprintf(from, sizeof(from), HISTORY_DATABASE "%s", suffixes[i]);
		if (renameat2(folder, from, folder, names[i], RENAME_NOREPLACE) && errno != ENOENT) /* there may be what is beside it alone */
			err = -errno;
	}
	if (err)
		return err;
	unlinkat(folder, HISTORY_DATABASE "-shm", 0); /* it has nothing that is not in the log */
	database->set_aside++;
	log_warn("%s %s and is kept as %s; a new one begins", database->path,
		 !ours		    ? "is damaged, or another program's," :
		 reason == -EUCLEAN ? "is damaged" :
				      "was made by another version of tcpdwell",
		 names[0]);
	return 0;
}

static int open_or_renew(struct database *database)
{
	int err = try_open(database);

	if (err == -EUCLEAN || err == -EPROTO)
		err = set_aside(database, err) ?: try_open(database);
	while (err == -ENOSPC && budget_drop_set_aside(database->budget))
		err = try_open(database);
	database->open_error = err;
	return err;
}

/* SQLite is told to follow no link, and means none on the way to the folder either. Where /proc is missing, links are asked once more. */
static int find_path(struct database *database, int folder_fd, const char *folder)
{
	char descriptor[40], *real;
	int err = 0;

	snprintf(descriptor, sizeof(descriptor), "/proc/self/fd/%d", folder_fd);
	real = realpath(descriptor, NULL) ?: realpath(folder, NULL);
	if (asprintf(&database->path, "%s/%s", real ?: folder, HISTORY_DATABASE) < 0) {
		database->path = NULL;
		err = -ENOMEM;
	}
	free(real);
	return err;
}

int database_new(struct database **ret, const char *folder, struct budget *budget, char *error, size_t error_size)
{
	struct database *database = calloc(1, sizeof(*database));
	int err = database ? history_vfs_use(budget) : -ENOMEM;

	err = err ?: find_path(database, budget->folder, folder);
	if (!err) {
		database->budget = budget;
		database->flows_most = budget_flows(budget);
		err = open_or_renew(database);
	}
	if (err == -ENOMEM) {
		database_free(database);
		return fail(error, error_size, "%.200s/%s can't be opened: %s", folder, HISTORY_DATABASE, strerror(-err)), err;
	}
	if (err)
		log_warn("%s can't be opened: %s; there are no intervals until it can be, everything else is kept", database->path, strerror(-err));
	*ret = database;
	return 0;
}

void database_free(struct database *database)
{
	if (!database)
		return;
	if (database->sqlite)
		database_checkpoint(database);
	close_all(database);
	free(database->path);
	free(database);
}

bool database_is_open(const struct database *database)
{
	return database->sqlite;
}

int database_renew(struct database *database)
{
	close_all(database);
	return set_aside(database, -EUCLEAN) ?: open_or_renew(database);
}

/* Not opened to look: closing it would give up the locks that SQLite has. */
static bool has_a_page(const struct database *database)
{
	struct stat status;

	return !fstatat(database->budget->folder, HISTORY_DATABASE, &status, AT_SYMLINK_NOFOLLOW) && status.st_size >= PAGE;
}

static bool is_in_its_place(struct database *database)
{
	bool was_mended = bus_was_mended(); /* asked each time: else the next look would be told of this one's */
	int moved = 0;

	sqlite3_file_control(database->sqlite, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	return !moved && inode_of(database, HISTORY_DATABASE "-wal") == database->log_inode && has_a_page(database) && !was_mended;
}

/* A log that is left of a file that is gone would be taken for the new one's. */
static void leave(struct database *database)
{
	if (inode_of(database, HISTORY_DATABASE "-wal") == database->log_inode) {
		unlinkat(database->budget->folder, HISTORY_DATABASE "-wal", 0);
		unlinkat(database->budget->folder, HISTORY_DATABASE "-shm", 0);
	}
	close_all(database);
}

int database_look(struct database *database)
{
	int moved = 0;

	if (database->sqlite) {
		if (is_in_its_place(database))
			return 0;
		log_warn("%s was deleted or replaced while it was written, or emptied; it is opened anew, and begun where there is none", database->path);
		sqlite3_file_control(database->sqlite, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
		if (moved)
			leave(database);
		else
			database_checkpoint(database), close_all(database);
	}
	return open_or_renew(database) ?: 1;
}

/* With no reader in the way the log is empty afterwards, and the readers' way is never waited for. */
void database_checkpoint(struct database *database)
{
	if (database->sqlite)
		sqlite3_wal_checkpoint_v2(database->sqlite, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

unsigned int database_set_aside(const struct database *database)
{
	return database->set_aside;
}

int database_step(struct database *database, enum statement which)
{
	sqlite3_stmt *statement = database->statements[which];
	int err = why(database, sqlite3_step(statement));

	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return err;
}

int database_transaction(struct database *database, int (*act)(struct database *database, const void *argument), const void *argument)
{
	int err;

	if (!database->sqlite)
		return database->open_error ?: -EIO;
	err = database_execute(database, "BEGIN IMMEDIATE");
	err = err ?: act(database, argument);
	err = err ?: database_execute(database, "COMMIT");
	if (err && !sqlite3_get_autocommit(database->sqlite))
		database_execute(database, "ROLLBACK");
	return err;
}

int database_begin_run(struct database *database, const struct run *run)
{
	sqlite3_stmt *statement = database->statements[ADD_RUN];
	char host[256] = "";
	int err;

	if (!database->sqlite)
		return -EIO;
	gethostname(host, sizeof(host) - 1);
	sqlite3_bind_int64(statement, 1, run->begin_unix_ns / NSEC_PER_MSEC);
	sqlite3_bind_text(statement, 2, run->version, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(statement, 3, run->kernel, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(statement, 4, host, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(statement, 5, database->budget->limit);
	err = database_step(database, ADD_RUN);
	database->run = err ? 0 : sqlite3_last_insert_rowid(database->sqlite);
	return err;
}

int database_note_loss(struct database *database, uint64_t unix_ns, const char *what, uint64_t count, const char *text)
{
	sqlite3_stmt *statement = database->statements[ADD_LOSS];

	if (!database->sqlite)
		return -EIO;
	sqlite3_bind_int64(statement, 1, unix_ns / NSEC_PER_MSEC);
	sqlite3_bind_text(statement, 2, what, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(statement, 3, count);
	sqlite3_bind_text(statement, 4, text, -1, SQLITE_TRANSIENT);
	return database_step(database, ADD_LOSS);
}

int64_t database_add_finding(struct database *database, uint64_t unix_ns, const char *code, const char *severity, const char *text)
{
	sqlite3_stmt *statement = database->statements[ADD_FINDING];
	int err;

	if (!database->sqlite)
		return -EIO;
	sqlite3_bind_int64(statement, 1, unix_ns / NSEC_PER_MSEC);
	sqlite3_bind_text(statement, 2, code, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(statement, 3, severity, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(statement, 4, text, -1, SQLITE_TRANSIENT);
	err = database_step(database, ADD_FINDING);
	return err ?: sqlite3_last_insert_rowid(database->sqlite) | (int64_t)database->opened << FINDING_ROW_BITS;
}

int database_reword_finding(struct database *database, int64_t id, const char *severity, const char *text)
{
	sqlite3_stmt *statement = database->statements[REWORD_FINDING];

	if (!database->sqlite || id < 0)
		return -EIO;
	if (id >> FINDING_ROW_BITS != database->opened)
		return -ENOENT;
	sqlite3_bind_text(statement, 1, severity, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(statement, 2, text, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(statement, 3, id & ((1LL << FINDING_ROW_BITS) - 1));
	return database_step(database, REWORD_FINDING);
}

int database_update_finding(struct database *database, int64_t id, uint64_t unix_ns, uint64_t count, bool ended)
{
	sqlite3_stmt *statement = database->statements[UPDATE_FINDING];

	if (!database->sqlite || id < 0)
		return -EIO;
	if (id >> FINDING_ROW_BITS != database->opened)
		return -ENOENT;
	sqlite3_bind_int64(statement, 1, count);
	if (ended)
		sqlite3_bind_int64(statement, 2, unix_ns / NSEC_PER_MSEC);
	sqlite3_bind_int64(statement, 3, id & ((1LL << FINDING_ROW_BITS) - 1));
	return database_step(database, UPDATE_FINDING);
}
