/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files that are read one after the other (cat): how does each follow those before? Pure. */
#ifndef TCPDWELL_RECORDING_SUCCESSION_H
#define TCPDWELL_RECORDING_SUCCESSION_H

#include <stdbool.h>

#include "recording/parse.h"

enum succession_step {
	SUCCESSION_NEXT, /* goes on where the last one ended */
	SUCCESSION_GAP, /* is of the same run, but files between are missing */
	SUCCESSION_AGAIN, /* was read already, or one that comes after it: nothing in it is new */
	SUCCESSION_OTHER, /* of another run */
};

/* The last file that was of use. All zero before the first. */
struct succession {
	char run[RECORDED_RUN_BYTES]; /* "": it has no name */
	uint64_t part, begin_ns;
	uint64_t lines; /* of that part, behind its header, so far */
	uint64_t known; /* of another copy of it: so many more lines until what was read before ends */
	bool has_gap; /* the lines are not all that there were */
	bool resumes; /* with the next one */
};

enum succession_step succession_step(const struct succession *last, const struct recorded *header);

/* The same, and it is the last one then, unless it is nothing new. */
enum succession_step succession_follow(struct succession *last, const struct recorded *header);

/*
 * After SUCCESSION_AGAIN: another copy of the last part goes on where the one before was cut, as one is that was copied while it was
 * written. False: nothing of it is of use.
 */
bool succession_resume(struct succession *last, const struct recorded *header);

/* The next line of a part that is of use. */
enum succession_line {
	SUCCESSION_NEW,
	SUCCESSION_KNOWN, /* it was read with another copy */
	SUCCESSION_RESUMED, /* new, and nothing is missing where that one was cut */
};

enum succession_line succession_line(struct succession *last);

#endif
