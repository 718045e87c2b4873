/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory that could not be had where the program goes on without it: a row becomes part of ~other, a name or a count is missing. Whoever
 * reads the answer is told once, at the end.
 */
#ifndef UTIL_SHORTAGE_H
#define UTIL_SHORTAGE_H

/* What an allocation gave, as it is; NULL is counted. */
void *shortage_noted(void *memory);

unsigned long shortage_count(void);

#endif
