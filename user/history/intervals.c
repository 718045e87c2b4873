// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Intervals into the database: 10 s as they end, minutes and hours made of them, and the oldest given up. */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>

#include "event/names.h"
#include "history/database_parts.h"
#include "history/schema.h"
#include "util/address.h"
#include "util/tcp_state.h"

#define MSEC_PER_SEC 1000LL
#define FINE 10 /* seconds of the finest level */
#define FULL_PERCENT 88 /* of the database's share: above it the oldest goes */

static int64_t find_or_add(struct database *database, enum statement find, enum statement add, void (*bind)(sqlite3_stmt *, const struct flow *),
			   const struct flow *flow)
{
	sqlite3_stmt *statement = database->statements[find];
	int64_t id = -1;
	int result, err;

	bind(statement, flow);
	result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		id = sqlite3_column_int64(statement, 0);
	err = database_error(result);
	sqlite3_reset(statement);
	if (id >= 0 || err)
		return err ?: id;
	bind(database->statements[add], flow);
	err = database_step(database, add);
	return err ?: sqlite3_last_insert_rowid(database->sqlite);
}

/* The namespace has no place in the question: SQLite then says SQLITE_RANGE, which does no harm. */
static void bind_process(sqlite3_stmt *statement, const struct flow *flow)
{
	const char *const texts[] = { flow->key.other ? "~other" : flow->key.pid ? flow->comm : "unknown", flow->unit, flow->container,
				      flow->container_name, flow->pod, flow->namespace };
	unsigned int i;

	sqlite3_bind_int64(statement, 1, flow->key.pid);
	sqlite3_bind_int64(statement, 2, flow->key.start_ns);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		sqlite3_bind_text(statement, 3 + i, texts[i], -1, SQLITE_TRANSIENT);
}

static void bind_service(sqlite3_stmt *statement, const struct flow *flow)
{
	char address[ADDRESS_TEXT] = "";

	if (flow->key.side != SIDE_PASSIVE && !flow->key.other)
		address_format_mapped(address, flow->key.addr);
	sqlite3_bind_text(statement, 1, flow->key.other ? "other" : side_name(flow->key.side) ?: "unknown", -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, address, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(statement, 3, flow->key.port);
}

static int add_interval(struct database *database, int level, const struct interval *interval, int64_t last)
{
	sqlite3_stmt *statement = database->statements[ADD_INTERVAL];
	const int64_t values[] = { level, interval->begin_unix_ns / NSEC_PER_MSEC, interval->end_unix_ns / NSEC_PER_MSEC, database->run,
				   interval->transitions, interval->lost, interval->withheld };
	unsigned int i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		sqlite3_bind_int64(statement, 1 + i, values[i]);
	if (last)
		sqlite3_bind_int64(statement, 8, last);
	return database_step(database, ADD_INTERVAL);
}

static int add_dwell(struct database *database, const int64_t ids[3], unsigned int state, const struct histogram *histogram)
{
	struct histogram_cursor cursor = {};
	sqlite3_stmt *statement = database->statements[ADD_DWELL];
	int err = 0;

	while (!err && histogram_next(histogram, &cursor)) {
		sqlite3_bind_int64(statement, 1, ids[0]);
		sqlite3_bind_int64(statement, 2, ids[1]);
		sqlite3_bind_int64(statement, 3, ids[2]);
		sqlite3_bind_text(statement, 4, tcp_state_name(state), -1, SQLITE_STATIC);
		sqlite3_bind_int64(statement, 5, cursor.le_ns > INT64_MAX ? INT64_MAX : (int64_t)cursor.le_ns);
		sqlite3_bind_int64(statement, 6, cursor.count);
		err = database_step(database, ADD_DWELL);
	}
	return err;
}

static int add_flow(struct database *database, int64_t interval, const struct flow *flow)
{
	const int64_t ids[3] = { interval, find_or_add(database, FIND_PROCESS, ADD_PROCESS, bind_process, flow),
				 find_or_add(database, FIND_SERVICE, ADD_SERVICE, bind_service, flow) };
	const int64_t values[] = { ids[0], ids[1], ids[2], flow->opened, flow->time_wait_local, flow->time_wait_other, flow->close_wait,
				   flow->failures[CONNECT_NO_PORT], flow->failures[CONNECT_REFUSED], flow->failures[CONNECT_TIMEOUT],
				   flow->failures[CONNECT_ABANDONED], flow->failures[CONNECT_UNREACHABLE], flow->established_now,
				   flow->time_wait_now, flow->close_wait_now, flow->oldest_ns / NSEC_PER_MSEC,
				   flow->youngest_ns / NSEC_PER_MSEC };
	unsigned int i;
	int err;

	if (ids[1] < 0 || ids[2] < 0)
		return ids[1] < 0 ? ids[1] : ids[2];
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		sqlite3_bind_int64(database->statements[ADD_FLOW], 1 + i, values[i]);
	err = database_step(database, ADD_FLOW);
	err = err ?: add_dwell(database, ids, STATE_ESTABLISHED, &flow->established);
	return err ?: add_dwell(database, ids, STATE_CLOSE_WAIT, &flow->close_waited);
}

static int roll_flows(struct database *database, const int64_t range[4])
{
	static const char *const steps[] = { SCHEMA_ROLL_MOST, SCHEMA_ROLL_OTHERS, SCHEMA_ROLL_DWELL };
	const struct flow other = { .key.other = 1 };
	const int64_t values[] = { range[0], range[1], range[2], range[3], database->flows_most,
				   find_or_add(database, FIND_PROCESS, ADD_PROCESS, bind_process, &other),
				   find_or_add(database, FIND_SERVICE, ADD_SERVICE, bind_service, &other) };
	sqlite3_stmt *statement;
	unsigned int i, k;
	int err = values[5] < 0 ? values[5] : values[6] < 0 ? values[6] : 0;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]) && !err; i++) {
		err = database_error(sqlite3_prepare_v2(database->sqlite, steps[i], -1, &statement, NULL));
		for (k = 0; k < sizeof(values) / sizeof(values[0]) && !err; k++)
			sqlite3_bind_int64(statement, k + 1, values[k]); /* not every step asks for all */
		err = err ?: database_error(sqlite3_step(statement));
		sqlite3_finalize(statement);
	}
	return err;
}

/* The oldest intervals of a level that no coarser one has yet, as far as they are of one minute, or hour, that is over. */
static int roll(struct database *database, int from, int to, int64_t now_ms)
{
	static const char question[] =
		"SELECT min(id), max(id), min(begin_ms), max(end_ms), sum(transitions), sum(lost), sum(withheld) FROM interval"
		" WHERE level = ?1 AND begin_ms / ?2 = (SELECT begin_ms / ?2 FROM interval WHERE level = ?1 AND id >"
		" (SELECT ifnull(max(last), 0) FROM interval WHERE level = ?3) ORDER BY id LIMIT 1)"
		" AND id > (SELECT ifnull(max(last), 0) FROM interval WHERE level = ?3)";
	int64_t unit = to * MSEC_PER_SEC, first = 0, last = 0, into;
	struct interval interval = {};
	sqlite3_stmt *statement;
	int err;

	err = database_error(sqlite3_prepare_v2(database->sqlite, question, -1, &statement, NULL));
	if (err)
		return err;
	sqlite3_bind_int64(statement, 1, from);
	sqlite3_bind_int64(statement, 2, unit);
	sqlite3_bind_int64(statement, 3, to);
	if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL) {
		first = sqlite3_column_int64(statement, 0);
		last = sqlite3_column_int64(statement, 1);
		interval = (struct interval){
			sqlite3_column_int64(statement, 2) * NSEC_PER_MSEC, sqlite3_column_int64(statement, 3) * NSEC_PER_MSEC,
			sqlite3_column_int64(statement, 4), sqlite3_column_int64(statement, 5), sqlite3_column_int64(statement, 6)
		};
	}
	sqlite3_finalize(statement);
	if (!first || (int64_t)(interval.begin_unix_ns / NSEC_PER_MSEC) / unit == now_ms / unit)
		return 0;
	err = add_interval(database, to, &interval, last);
	into = sqlite3_last_insert_rowid(database->sqlite);
	err = err ?: roll_flows(database, (int64_t[]){ first, last, into, from });
	return err ?: 1;
}

struct rolling {
	int from, to;
	int64_t now_ms;
	bool *more;
};

static int roll_one(struct database *database, const void *argument)
{
	const struct rolling *rolling = argument;
	int result = roll(database, rolling->from, rolling->to, rolling->now_ms);

	*rolling->more = result > 0;
	return result < 0 ? result : 0;
}

/* Each is a transaction of its own: where there is no room for it now, it is made later. */
static int roll_all(struct database *database, int64_t now_ms)
{
	bool more = true;
	struct rolling minutes = { FINE, 60, now_ms, &more }, hours = { 60, 3600, now_ms, &more };
	int tries, err = 0;

	for (tries = 0; tries < 8 && more && !err; tries++)
		err = database_transaction(database, roll_one, &minutes);
	err = err ?: database_transaction(database, roll_one, &hours);
	if (!err && more) /* an hour took some MiB, which nobody needs for the next hour */
		malloc_trim(0);
	return err;
}

struct adding {
	const struct interval *interval;
	const struct tally *tally;
};

static int add(struct database *database, const void *argument)
{
	const struct adding *adding = argument;
	int err = add_interval(database, FINE, adding->interval, 0);
	int64_t id = sqlite3_last_insert_rowid(database->sqlite);
	const struct flow *flow;

	for (flow = adding->tally->flows; flow && !err; flow = flow->hh.next)
		err = add_flow(database, id, flow);
	return err;
}

int database_add(struct database *database, const struct interval *interval, const struct tally *tally)
{
	const struct adding adding = { interval, tally };

	int err = database_transaction(database, add, &adding);

	if (!err && roll_all(database, interval->end_unix_ns / NSEC_PER_MSEC) == -ENOSPC)
		database_checkpoint(database);
	return err;
}

/* What goes first: fine intervals that coarser ones stand for, as long as there are more of them than are wanted. */
static const struct retention {
	int level, into; /* seconds */
	int64_t kept; /* intervals */
} retentions[] = {
	{ 10, 60, 6 * 360 },	 { 60, 3600, 14 * 1440 }, { 10, 60, 180 }, { 60, 3600, 1440 },
	{ 3600, 0, 24 },	 { 60, 3600, 60 },	   { 10, 60, 12 },	{ 10, 0, 12 },	      { 60, 0, 60 },
};

static int64_t count_of(struct database *database, int level)
{
	char sql[96];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM interval WHERE level = %d", level);
	return database_number(database, sql);
}

struct forgetting {
	const struct retention *retention;
	int most; /* at once */
};

static int forget(struct database *database, const void *argument)
{
	const struct forgetting *forgetting = argument;
	const struct retention *retention = forgetting->retention;
	char sql[768];

	snprintf(sql, sizeof(sql),
		 "CREATE TEMP TABLE IF NOT EXISTS gone (id INTEGER PRIMARY KEY); DELETE FROM gone;"
		 "INSERT INTO gone SELECT id FROM interval WHERE level = %d AND (%d = 0 OR id <="
		 " (SELECT ifnull(max(last), 0) FROM interval WHERE level = %d)) ORDER BY id LIMIT %d;"
		 "DELETE FROM flow WHERE interval IN (SELECT id FROM gone); DELETE FROM dwell WHERE interval IN (SELECT id FROM gone);"
		 "DELETE FROM interval WHERE id IN (SELECT id FROM gone)",
		 retention->level, retention->into, retention->into, forgetting->most);
	return database_execute(database, sql);
}

/* As many as the log has room for. */
static bool forget_some(struct database *database, const struct retention *retention)
{
	struct forgetting forgetting = { retention, 16 };
	int err = -ENOSPC;

	for (; forgetting.most && err == -ENOSPC; forgetting.most /= 4) {
		err = database_transaction(database, forget, &forgetting);
		if (err)
			database_checkpoint(database);
	}
	return !err;
}

bool database_prune(struct database *database)
{
	unsigned int i;

	if (!database->sqlite)
		return false;
	for (i = 0; i < sizeof(retentions) / sizeof(retentions[0]); i++) {
		int64_t before = count_of(database, retentions[i].level);

		if (before <= retentions[i].kept || !forget_some(database, &retentions[i]))
			continue;
		if (count_of(database, retentions[i].level) < before)
			return true;
	}
	return false;
}

/* Pages in use, percent of the share. */
static int64_t fill(struct database *database)
{
	int64_t pages = database_number(database, "PRAGMA page_count") - database_number(database, "PRAGMA freelist_count");

	return pages * 4096 * 100 / (int64_t)database->budget->database;
}

void database_trim(struct database *database)
{
	unsigned int tries;

	if (!database->sqlite)
		return;
	for (tries = 0; tries < 400 && fill(database) > FULL_PERCENT && database_prune(database); tries++)
		if (tries % 2)
			database_checkpoint(database);
	if (!tries)
		return;
	database_execute(database, "DELETE FROM process WHERE id NOT IN (SELECT process FROM flow);"
				   "DELETE FROM service WHERE id NOT IN (SELECT service FROM flow)");
	database_checkpoint(database);
	while (database_number(database, "PRAGMA page_count") * 4096 > (int64_t)database->budget->database &&
	       database_number(database, "PRAGMA freelist_count") > 0) {
		if (database_execute(database, "PRAGMA incremental_vacuum(64)"))
			return;
		database_checkpoint(database);
	}
}
