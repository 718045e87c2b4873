/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the bytes of a file, gzip or plain, to lines. Trusts nothing: memory is bounded whatever the bytes say. */
#ifndef TCPDWELL_RECORDING_INPUT_H
#define TCPDWELL_RECORDING_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "recording/recording.h"

struct recording_input;

/* NULL: no memory. */
struct recording_input *recording_input_new(recording_read *read, void *context);
void recording_input_free(struct recording_input *input);

/*
 * The next line, without its newline; valid until the next call. 1; 0 at the end; -E2BIG for one longer than
 * RECORDING_LINE_BYTES, which is passed over; or the error of `read`.
 */
int recording_input_line(struct recording_input *input, const char **line, size_t *size);

/* So far: files whose compressed data broke off. */
uint64_t recording_input_cuts(const struct recording_input *input);

/* So far: it was damaged; what is behind damage is read where it can be. */
bool recording_input_corrupt(const struct recording_input *input);

/* The line that was told last had no newline: its file may have been cut in it. */
bool recording_input_unterminated(const struct recording_input *input);

#endif
