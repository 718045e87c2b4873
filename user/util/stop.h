/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How a run is asked to end: SIGINT, SIGTERM, the end of -d. Whoever does not take what the run has for him then, it ends within a
 * second: from the request on a timer interrupts every wait again and again (EINTR), so a loop that repeats a call for EINTR looks at
 * stop_is_overdue() first. One that does not (a library's) is ended with the process. A disk may be slow: it is waited for,
 * until it has given nothing for 20 s. A second signal ends the process at once.
 */
#ifndef TCPDWELL_UTIL_STOP_H
#define TCPDWELL_UTIL_STOP_H

#include <stdbool.h>

/* What a run may take for its last events and totals, after it was asked to end. */
#define STOP_GRACE_MS 600

/* From now on these signals end a wait and are remembered; SIGPIPE and SIGXFSZ do nothing, so that a write fails instead. */
void stop_catch_signals(void);

/* The run is to end by itself after so long: if something blocks it then, that counts as asked to end. Negative: it is not. */
void stop_after(double seconds);

/* It has ended in time, and nothing is traced any more. What it has to tell may be read page by page: now only signals count. */
void stop_forget_time(void);

bool stop_is_requested(void);

/* Asked to end STOP_GRACE_MS ago: who still waits gives up, and says what it could not do. */
bool stop_is_overdue(void);

/*
 * The same for who looks at what is there and waits for nothing. Such looks are what a run is for that only looks once (-d 0), so when its
 * own time is over they may take STOP_LOOKS_MS.
 */
#define STOP_LOOKS_MS 30000
bool stop_cuts_looks(void);

#endif
