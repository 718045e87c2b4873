/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which files of a history's folder are ours. The folder may have been there before us, with files of others that are called as ours
 * are: those are moved out of the way at most, never written to and never removed.
 */
#ifndef TCPDWELL_HISTORY_PROOF_H
#define TCPDWELL_HISTORY_PROOF_H

#include <stdbool.h>

/* Is it called as the database is, or as one that was set aside, or as what SQLite puts beside these? */
bool proof_is_named(const char *name);

/* The name of a database that was set aside, without what is beside it. */
bool proof_is_named_aside(const char *name);

/* Is it a database of ours, by what its first page or its log says? One that is damaged there may be, but nothing proves it. */
bool proof_is_ours(int folder, const char *name);

/*
 * Ours, or nothing yet. What SQLite opens it tidies up: a log or a journal that does not fit is removed, before anyone could ask the
 * database whose it is.
 */
bool proof_may_be_opened(int folder, const char *name);

#endif
