/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where every view writes: bytes are gathered and go out in one write when the caller flushes, so that a
 * frame or a batch of lines appears whole. The first error sticks; output after it is discarded.
 */
#ifndef UTIL_OUTPUT_H
#define UTIL_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buffer.h"

/* What is gathered at most before it goes out by itself: more would not stay in the cache until it is copied. */
#define OUTPUT_GATHER_BYTES (128 << 10)

struct output {
	struct buffer buffer;
	int fd;	   /* not owned */
	int error; /* first failure, negative errno */
	uint64_t unwritten_bytes, unwritten_lines; /* that were discarded because of it */
};

void output_init(struct output *output, int fd);

/* Does not flush. */
void output_release(struct output *output);

/* Each returns 0 or the sticky error. They write only when OUTPUT_GATHER_BYTES are waiting. */
int output_write(struct output *output, const void *data, size_t size);

/* Flushes, and then writes from where the caller has it: for who gathers as much himself. */
int output_write_through(struct output *output, const void *data, size_t size);
int output_string(struct output *output, const char *text);
int output_printf(struct output *output, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Write out everything that waits; on a descriptor that does not block, wait until it takes it all. 0 or a
 * negative errno. -EPIPE: the reader has gone, end quietly. -ECANCELED: the run was to end, and the reader took no more.
 * Anything else, such as -ENOSPC, is to be reported. SIGPIPE must be ignored for -EPIPE to be seen.
 */
int output_flush(struct output *output);

/*
 * Has the reader of a pipe or socket gone, although nothing was to be written? Makes -EPIPE the sticky error.
 */
bool output_reader_gone(struct output *output);

#endif
