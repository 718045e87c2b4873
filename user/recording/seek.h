/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A recording read up to a time in it, which a view waits at. Not all of it is read: a file begins with what is there, so a run of the
 * view begins minutes before that time, in the last file or two that begin early enough. What happens there is counted, and
 * findings have had the time that they need.
 *
 * Times are places where they are not said to be UTC: struct recording_files_part (files.h).
 */
#ifndef TCPDWELL_RECORDING_SEEK_H
#define TCPDWELL_RECORDING_SEEK_H

#include "recording/files.h"
#include "source/run.h"

enum seek_to { SEEK_TO_PLACE, SEEK_TO_CLOCK, SEEK_TO_END };

struct recording_seek {
	/* The caller's. */
	const struct recording_selection *selection; /* its times bound what is shown */
	enum seek_to to;
	uint64_t to_ns; /* a place, or UTC */
	bool must_exist; /* a time of UTC whose minute nothing is of is refused; else the nearest that there is something of is shown */
	uint64_t last_begin_ns; /* where the run before began: so does this one if that does not cost more; 0 = there was none */

	/* Found by recording_seek_open(). */
	uint64_t first_unix_ns, last_unix_ns; /* UTC: of all that may be shown */
	uint64_t offset_ns; /* from the times of this run to places; 0: not known before it begins */
	uint64_t begin_ns; /* the run's */
	uint64_t reach_ns; /* who wants to go further does it quicker with another run */

	struct recording_files *files; /* its own */
	bool is_confined; /* by a run before: rights are given up once */
};

/*
 * Looks at the files as they are now. 0, or negative errno with a sentence: -ENODATA where nothing is of the selection's times.
 * recording_seek_close() in any case.
 */
int recording_seek_open(struct recording_seek *seek, char *error, size_t error_size);
void recording_seek_close(struct recording_seek *seek);

/*
 * Runs the view. As recording_run(), but says nothing of what could not be used. -ENODATA: nothing was shown.
 */
int recording_seek_run(struct recording_seek *seek, const struct run_options *options, const struct run_needs *needs, struct view *view,
		       char *error, size_t error_size);

#endif
