/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Is a file a recording of ours? Its name proves nothing, and that it is gzip neither. */
#ifndef TCPDWELL_RECORDING_ORIGIN_H
#define TCPDWELL_RECORDING_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

/* What its header says. */
struct recording_origin {
	uint64_t begin_unix_ns, begin_ns; /* of the file: UTC, and the monotonic clock of its run */
	uint64_t part;
	char run[33];
};

/* False: the first line of the file is no header. Its descriptor must be readable and at the begin. */
bool recording_origin_read(int fd, struct recording_origin *origin);

/* The first line of the file is the header of a recording. Its descriptor must be readable and at the begin. */
bool recording_is_ours(int fd);

/* UTC of its last line that has a time, as far as the end of the file can be read without what is before; 0: it can't. */
uint64_t recording_last_time(int fd);

#endif
