/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * SIGBUS: a file that is mapped was made shorter by somebody, or its disk failed. SQLite maps what readers and writers of a database
 * share; nothing else of ours is a file. Without this it would end us without a word.
 */
#ifndef UTIL_BUS_H
#define UTIL_BUS_H

#include <stdbool.h>
#include <stddef.h>

/* From now on it ends with a sentence and exit status 1. One that is sent kills as ever. May be called again. */
void bus_catch(void);

/* But in this mapping: there a page of zeros takes the place of each that is gone. False: there are too many already. */
bool bus_mend(void *begin, size_t size);

/* Of all of them: they are unmapped. */
void bus_forget(void);

/* Did it happen in one of them since the last call? */
bool bus_was_mended(void);

#endif
