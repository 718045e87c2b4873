/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Is a file a recording of ours? Its name proves nothing, and that it is gzip neither. */
#ifndef TCPDWELL_RECORDING_ORIGIN_H
#define TCPDWELL_RECORDING_ORIGIN_H

#include <stdbool.h>

/* The first line of the file is the header of a recording. Its descriptor must be readable and at the begin. */
bool recording_is_ours(int fd);

#endif
