/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A gzip file that grows, flushed so that it can be read while it grows and after its writer was killed. */
#ifndef TCPDWELL_RECORDING_FILE_H
#define TCPDWELL_RECORDING_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recording/recording.h"

struct recording_file;

/* Onto a new file, a FIFO or the like; the descriptor is the file's from now on, unless this fails: 0 or -ENOMEM. */
int recording_file_new(struct recording_file **ret, int fd);

/* Is asked before any bytes reach the file. */
void recording_file_ask(struct recording_file *file, recording_room *room, void *context);

/* Each returns 0 or negative errno; the first failure sticks. Data is written out when much is waiting, or by a flush. */
int recording_file_write(struct recording_file *file, const void *data, size_t size);
int recording_file_flush(struct recording_file *file);

/* Compressed bytes so far; those that were not flushed count when they come out of the compressor. */
uint64_t recording_file_bytes(const struct recording_file *file);

/* Of these: what did not reach the file. After a failure that is lost. */
uint64_t recording_file_unwritten(const struct recording_file *file);

/* Completes the last gzip member. */
int recording_file_finish(struct recording_file *file);

/* Completes the last gzip member, and puts bytes behind it that are members themselves. Data may follow. */
int recording_file_append(struct recording_file *file, const void *members, size_t size);

/* Closes; not finished: what was flushed is readable. Accepts NULL. */
void recording_file_free(struct recording_file *file);

#endif
