// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* libFuzzer's side. */
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	fuzz_target *target;
} targets[] = {
	{ "recording", fuzz_recording }, { "options", fuzz_options_line }, { "names", fuzz_names },
	{ "keys", fuzz_keys },		 { "answers", fuzz_answers },	    { "records", fuzz_records },
	{ "history", fuzz_history },	 { "requests", fuzz_requests },
	{ "http", fuzz_http },
};

static fuzz_target *chosen;

int fuzz_sink(void)
{
	static int sink = -1;

	if (sink < 0)
		sink = open("/dev/null", O_WRONLY | O_CLOEXEC);
	return sink;
}

void fuzz_take(const uint8_t **data, size_t *left, void *out, size_t size)
{
	size_t taken = size < *left ? size : *left;

	memset(out, 0, size);
	memcpy(out, *data, taken);
	*data += taken;
	*left -= taken;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = getenv("FUZZ_TARGET");
	size_t i;

	(void)argc, (void)argv;
	for (i = 0; name && i < sizeof(targets) / sizeof(targets[0]); i++)
		if (!strcmp(targets[i].name, name))
			chosen = targets[i].target;
	if (!chosen) {
		fprintf(stderr, "FUZZ_TARGET names no fuzzer\n");
		exit(64);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return chosen(data, size);
}
