/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The hard cap of a history: bytes of all its files together. Whoever makes a file longer asks before. A share of the file
 * system stays free, whoever else fills it.
 *
 * What counts is a file's size, rounded up to what it takes on disk.
 */
#ifndef TCPDWELL_HISTORY_BUDGET_H
#define TCPDWELL_HISTORY_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#define BUDGET_MIN (8ULL << 20)
#define BUDGET_DEFAULT (256ULL << 20)

/* Names below the history's folder. */
#define HISTORY_EVENTS "events"
#define HISTORY_DATABASE "intervals.db"
#define HISTORY_LOG HISTORY_DATABASE "-wal"
#define HISTORY_DATABASES "intervals" /* with this all of them begin, and what SQLite puts beside them (history/proof.h) */

struct budget {
	int folder; /* descriptor; the caller's */
	uint64_t limit;
	uint64_t database, wal, events; /* shares: of the database, of its log, of the event files */
	uint64_t segment; /* of an event file */
	uint64_t crowded_segment; /* at most, of one that begins with very many connections */
	uint64_t used_events, used_intervals; /* as of the last look, and what was asked for since */
};

/* Shares of `limit` bytes, at least BUDGET_MIN, in the folder. Looks. */
void budget_init(struct budget *budget, int folder, uint64_t limit);

/* What is there now. */
void budget_look(struct budget *budget);

/* May event files grow by so many bytes? If not, -ENOSPC: the share is full, or the file system has not enough left. */
int budget_ask_events(struct budget *budget, uint64_t bytes);

/* The same for the database and what is beside it; beyond its share while a log that is too large goes into it. */
int budget_ask_intervals(struct budget *budget, uint64_t bytes);

/* Is the log, of a larger budget, more than there is room for in the database too? Looks. */
bool budget_log_is_stuck(struct budget *budget);

/* The database goes, with its log, if it is provably ours. */
void budget_drop_database(struct budget *budget);

/* The same for the database's log, which has a share of its own, so that a database that is too large can be made smaller. */
int budget_ask_log(struct budget *budget, uint64_t bytes, uint64_t size);

/* The oldest database that was set aside and is provably ours goes. False: there is none. */
bool budget_drop_set_aside(struct budget *budget);

/* Rows of an interval at most, so that one of them is a small part of the shares. */
unsigned int budget_flows(const struct budget *budget);

static inline uint64_t budget_used(const struct budget *budget)
{
	return budget->used_events + budget->used_intervals;
}

#endif
