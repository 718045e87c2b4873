/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Is a file a recording of ours? Its name proves nothing, and that it is gzip neither. */
#ifndef TCPDWELL_RECORDING_ORIGIN_H
#define TCPDWELL_RECORDING_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "recording/reach.h"

/* What its header says. */
struct recording_origin {
	struct reach_begin begin; /* of the file */
	uint64_t part;
	bool with_ports;
	char run[33];
};

/* False: the first line of the file is no header. Its descriptor must be readable and at the begin. */
bool recording_origin_read(int fd, struct recording_origin *origin);

/* The first line of the file is the header of a recording. Its descriptor must be readable and at the begin. */
bool recording_is_ours(int fd);

/* The latest of its last lines, as far as the end of the file can be read without what is before. */
struct recording_last {
	uint64_t unix_ns, time_ns; /* UTC; monotonic; 0: no line tells it */
};

struct recording_last recording_last_time(int fd);

#endif
