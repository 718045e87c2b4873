/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What files.c, which finds and reads them, shares with files_order.c. */
#ifndef TCPDWELL_RECORDING_FILES_PARTS_H
#define TCPDWELL_RECORDING_FILES_PARTS_H

#include "recording/files.h"
#include "recording/origin.h"

/* A part of a file, or the whole. */
struct recorded_file {
	char *path;
	struct recording_origin origin;
	uint64_t run_begin_unix_ns, run_begin_ns; /* of the first file of its run that is here */
	uint64_t run_end_unix_ns; /* 0: not known, as where it can't be read alone, of the last run and of one history alone */
	uint64_t offset, bytes;
	bool continues; /* the file does, with its next part */
	bool headless; /* named by the user, and not ours by its first line: that may be damaged, or missing */
};

struct recording_files {
	struct recorded_file *files;
	size_t count, first, at; /* first: that is needed */
	size_t room; /* that there is memory for */
	size_t whole; /* files that they are of */
	size_t passed_over;
	size_t left_out; /* of these: found in a folder, and nothing of ours */
	bool in_history; /* its events are looked at */
	size_t histories, loose; /* folders of events of histories; files that are of none */
	char *left_out_path; /* the first of them */
	int fd; /* of files[at]; -1: not open yet */
	uint64_t left; /* of that part */
};

/* What its last lines say; all zero where nothing is known. Nothing but a file is opened: what is looked at of a pipe would be missing when it is read. */
struct recording_last recorded_last(const struct recorded_file *file);

/* UTC of the end of the run that a part is of; 0: not known. */
uint64_t recorded_run_end(const struct recording_files *files, const struct recorded_file *part);

bool recorded_in_same_run(const struct recorded_file *a, const struct recorded_file *b);

/*
 * In the order of time. Each moment of a boot is told by the run that began first: parts of others that begin within it are left out, with
 * a sentence. Of one history alone no two are asked for that: one agent at a time writes there.
 */
void recording_files_order(struct recording_files *files);

#endif
