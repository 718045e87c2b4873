/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files that are read one after the other (cat): how does each follow those before? Pure. */
#ifndef TCPDWELL_RECORDING_SUCCESSION_H
#define TCPDWELL_RECORDING_SUCCESSION_H

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
};

enum succession_step succession_step(const struct succession *last, const struct recorded *header);

/* The same, and it is the last one then, unless it is nothing new. */
enum succession_step succession_follow(struct succession *last, const struct recorded *header);

#endif
