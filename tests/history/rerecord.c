// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* rerecord RECORDING FILE PART_BYTES: what a recording tells is recorded once more, as `record` would have, in parts of so many bytes. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recording/recording.h"

static long take(void *context, void *buffer, size_t size)
{
	return read(*(int *)context, buffer, size);
}

int main(int argc, char **argv)
{
	struct recording_config config = { .file = argc > 2 ? argv[2] : NULL, .part_bytes = argc > 3 ? strtoull(argv[3], NULL, 10) : 0 };
	struct run_needs needs = { .emit_states = ~0U, .track_all = true };
	struct recording_findings findings;
	struct run_options options;
	struct view *view;
	char error[512] = "";
	int fd = argc > 1 ? open(argv[1], O_RDONLY) : -1, err;

	if (fd < 0 || !config.file)
		return fputs("usage: rerecord RECORDING FILE PART_BYTES\n", stderr), 1;
	run_options_init(&options);
	err = recording_view_new(&view, &config, error, sizeof(error));
	if (!err) {
		err = recording_replay(take, &fd, &options, &needs, view, &findings, error, sizeof(error));
		recording_view_free(view);
	}
	if (err)
		fprintf(stderr, "rerecord: %s (%s)\n", error, strerror(-err));
	return err != 0;
}
