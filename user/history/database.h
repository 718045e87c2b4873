/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The intervals of a history: a database of SQLite (history/schema.h). Never waits for a reader; what the budget or the disk
 * refuses is undone as a whole and told to the caller. One that can't be read, or that a newer tcpdwell made, is set aside under
 * another name, and a new one begins.
 */
#ifndef TCPDWELL_HISTORY_DATABASE_H
#define TCPDWELL_HISTORY_DATABASE_H

#include <stddef.h>

#include "event/event.h"
#include "history/budget.h"
#include "history/tally.h"

struct database;

struct interval {
	uint64_t begin_unix_ns, end_unix_ns;
	uint64_t transitions, lost, withheld; /* in it */
};

/*
 * In the folder of the budget, whose path is `folder`. 0, or -ENOMEM with a sentence. Where it can't be opened now that is said, and
 * database_look() opens it when it can be.
 */
int database_new(struct database **ret, const char *folder, struct budget *budget, char *error, size_t error_size);

/* Accepts NULL. */
void database_free(struct database *database);

/* Each is there as a whole after it returned 0, and not at all after negative errno: -ENOSPC, -EIO, -EUCLEAN (damaged). */
int database_begin_run(struct database *database, const struct run *run);
int database_add(struct database *database, const struct interval *interval, const struct tally *tally);
int database_note_loss(struct database *database, uint64_t unix_ns, const char *what, uint64_t count, const char *text);

/* A finding that came; what names it, or negative errno. Then how it goes on; `ended`: it is over. */
int64_t database_add_finding(struct database *database, uint64_t unix_ns, const char *code, const char *severity, const char *text);
int database_reword_finding(struct database *database, int64_t id, const char *severity, const char *text);
int database_update_finding(struct database *database, int64_t id, uint64_t unix_ns, uint64_t count, bool ended);

/* Makes room: what is oldest and finest goes. False: there is nothing to give up. */
bool database_prune(struct database *database);

/* Prunes until there is room, and gives pages back where the share has become smaller. */
void database_trim(struct database *database);

bool database_is_open(const struct database *database);

/* After -EUCLEAN: sets it aside and begins a new one. */
int database_renew(struct database *database);

/*
 * Is the file still there that we write to? If it was deleted or another is in its place, and where it could not be opened before,
 * what is there now is opened, or a new one begun. 0: it is as it was; 1: another is open; negative errno: none.
 */
int database_look(struct database *database);

/* Puts the log into the database, as far as readers allow. */
void database_checkpoint(struct database *database);

/* Databases that were set aside when this was opened, or since. */
unsigned int database_set_aside(const struct database *database);

#endif
