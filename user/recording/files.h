/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Several recordings read as one, in the order of time in whatever order they were named: files, folders with files, a history
 * (recording of `agent`, in whose folder they are below events/). What is no recording is left out and named.
 */
#ifndef TCPDWELL_RECORDING_FILES_H
#define TCPDWELL_RECORDING_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recording_files;

/* What the run_options of a replay name. */
struct recording_selection {
	const char *const *paths;
	size_t count;
	uint64_t since_unix_ns; /* 0: from the begin */
	uint64_t until_unix_ns; /* 0: to the end */
	bool is_history; /* an agent's: it has no end while the agent runs, or where it was killed */
	bool is_written; /* by an agent that runs */
};

/* Looks at the begin of each. 0, or negative errno with a sentence: -ENOENT where there is none. */
int recording_files_new(struct recording_files **ret, const struct recording_selection *selection, char *error, size_t error_size);

/* Accepts NULL. */
void recording_files_free(struct recording_files *files);

/* recording_read for recording_replay(): those that are needed for what came since then. */
long recording_files_read(void *files, void *buffer, size_t size);

size_t recording_files_count(const struct recording_files *files);

/* They have so many parts: a file that says where reading can begin has several (recording/marks.h). */
size_t recording_files_parts(const struct recording_files *files);

/* Files that begin as another among them does: the same one given twice. */
size_t recording_files_repeated(const struct recording_files *files);

/* Named that way, or found in a folder, and not a recording, or not readable. */
size_t recording_files_passed_over(const struct recording_files *files);

/* UTC of the first file's begin. */
uint64_t recording_files_begin(const struct recording_files *files);

/* UTC of the last line of all, as far as the ends of runs can be read alone: that of the run that began last, or of one before it that went on for longer. 0: not known. */
uint64_t recording_files_end(const struct recording_files *files);

/*
 * A part, in the order of time. Its place is its begin on the clock of its run, written as UTC: unlike that it never goes back within
 * a run when the machine's clock is set.
 */
struct recording_files_part {
	uint64_t unix_ns, time_ns; /* its begin: UTC, monotonic; 0 = its header is missing */
	uint64_t place_ns;
	uint64_t bytes;
};

struct recording_files_part recording_files_part(const struct recording_files *files, size_t i);

/* Reading begins with this part, also after some were read. */
void recording_files_start(struct recording_files *files, size_t i);

#endif
