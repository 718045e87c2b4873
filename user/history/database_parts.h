/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of the database share. */
#ifndef TCPDWELL_HISTORY_DATABASE_PARTS_H
#define TCPDWELL_HISTORY_DATABASE_PARTS_H

#include <sqlite3.h>

#include "history/database.h"

#define NSEC_PER_MSEC 1000000ULL

enum statement {
	ADD_RUN,
	FIND_PROCESS,
	ADD_PROCESS,
	FIND_SERVICE,
	ADD_SERVICE,
	ADD_INTERVAL,
	ADD_FLOW,
	ADD_DWELL,
	ADD_LOSS,
	ADD_FINDING,
	REWORD_FINDING,
	UPDATE_FINDING,
	STATEMENTS,
};

struct database {
	char *path;
	struct budget *budget;
	struct sqlite3 *sqlite; /* NULL: it can't be opened at the moment */
	struct sqlite3_stmt *statements[STATEMENTS];
	int64_t run; /* id of ours */
	uint64_t log_inode; /* of intervals.db-wal, as we have it open; 0 = not known */
	int open_error; /* of the last try: why it is not open */
	unsigned int opened; /* so often: rows of an earlier file are not in this one */
	unsigned int set_aside;
	unsigned int flows_most; /* of an interval */
};

/* Negative errno for a result of SQLite's. */
int database_error(int result);

int database_execute(struct database *database, const char *sql);

/* The one number that the question has as its answer; -1: none. */
int64_t database_number(struct database *database, const char *sql);

/* Steps, resets, unbinds. */
int database_step(struct database *database, enum statement which);

/* All that `act` does, or nothing. */
int database_transaction(struct database *database, int (*act)(struct database *database, const void *argument), const void *argument);

#endif
