/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the fuzzers share. Each takes an input as libFuzzer gives it; FUZZ_TARGET in the environment names the one. */
#ifndef TCPDWELL_TESTS_FUZZ_H
#define TCPDWELL_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "command.h"
#include "options.h"

typedef int fuzz_target(const uint8_t *data, size_t size);

fuzz_target fuzz_recording, fuzz_options_line, fuzz_names, fuzz_keys, fuzz_answers, fuzz_records, fuzz_history, fuzz_requests, fuzz_http;

/* Views with options, one for each first byte of an input. */
#define FUZZ_VARIANTS 15
struct fuzz_variant {
	const struct command *command;
	const char *words[6];
};
extern const struct fuzz_variant fuzz_variants[FUZZ_VARIANTS];

/* Options of a view over a recording. */
void fuzz_options(struct options *options, const struct command *command, const char *const *words);

/* A descriptor that takes everything. */
int fuzz_sink(void);

/* Takes up to `size` bytes from the input; the rest of `out` is 0. */
void fuzz_take(const uint8_t **data, size_t *left, void *out, size_t size);

#endif
