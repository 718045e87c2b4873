/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A database is a program too: a view instead of a table never ends, a trigger acts when a row is added, a column is made by a function
 * that takes all memory. Whoever gives us one, of a bundle or a mounted disk, is not trusted with that.
 */
#ifndef TCPDWELL_HISTORY_DISTRUST_H
#define TCPDWELL_HISTORY_DISTRUST_H

struct sqlite3;

/* To be called before anything is asked: tables alone are read, values have a bound. */
void history_distrust(struct sqlite3 *database);

/* For readers: all questions together take no more steps, then they fail with SQLITE_INTERRUPT. */
void history_bound_work(struct sqlite3 *database, unsigned int million_steps);

#endif
