/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where a recording can go that is no file: a FIFO, a pipe that the shell has opened (/dev/fd/63), /dev/null. */
#ifndef TCPDWELL_RECORDING_STREAM_H
#define TCPDWELL_RECORDING_STREAM_H

/*
 * A descriptor that does not block; waits until somebody reads the FIFO, so many seconds (negative: without end) or until a
 * signal. -ENODEV: there is no such thing at `path`, but perhaps a file; -ENXIO: nobody read it; -ELOOP: a link or a FIFO that
 * another user than we or root has put there; or negative errno.
 */
int recording_stream_open(const char *path, double wait_seconds);

#endif
