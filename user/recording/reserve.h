/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory for the JSON library, with a reserve: where none is left in the middle of a text, the library would free what it never had. It
 * reads on from the reserve, and what it made is thrown away afterwards.
 */
#ifndef TCPDWELL_RECORDING_RESERVE_H
#define TCPDWELL_RECORDING_RESERVE_H

#include <stdbool.h>

/* The library takes its memory here from now on. */
void reserve_begin(void);
/* Was the reserve needed since reserve_begin()? Then what was read is to be released and not to be used. */
bool reserve_was_needed(void);

#endif
