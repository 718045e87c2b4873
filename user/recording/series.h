/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The files of recordings: how they are named, made and removed. What is there stays: a file is only ever made new, with mode
 * 0600, and only one that is a recording is removed, if it is still the file that we knew by that name.
 *
 *   FILE     FILE, then FILE.1, FILE.2, …; where recordings of that name are there already, on from the last of them
 *   FOLDER/  tcpdwell-20261128T031200Z.rec with the time of the start, then ….rec.1 and so on
 *   a FIFO or a character device is written to as it is
 */
#ifndef TCPDWELL_RECORDING_SERIES_H
#define TCPDWELL_RECORDING_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct recording_series;

struct recording_place {
	const char *path; /* FILE or FOLDER */
	bool many; /* further files will be made; else FILE must not be there yet */
	unsigned int keep; /* so many files of recordings, those of earlier runs included; 0 = all */
	bool owns_folder; /* what is in it under our names is ours, even where it can't be read any more */
	double wait_seconds; /* for someone who reads the FIFO; negative = without end */
};

/* Does a path name a folder, in which each run makes a file of its own? */
bool recording_series_is_folder(const char *path);

/* Makes and opens the first file. 0, or negative errno with a sentence in `error`. */
int recording_series_new(struct recording_series **ret, const struct recording_place *place, char *error, size_t error_size);

/* Accepts NULL. */
void recording_series_free(struct recording_series *series);

/* The descriptor of the first file, which is the caller's from now on. */
int recording_series_first(const struct recording_series *series);

/* Makes the next file. Its descriptor, which is the caller's, or negative errno. */
int recording_series_next(struct recording_series *series);

/* There are no files, so nothing can be made, removed or counted. */
bool recording_series_is_stream(const struct recording_series *series);

/* The last file that was opened: its name, and its path as the caller would write it. */
const char *recording_series_name(const struct recording_series *series);
const char *recording_series_path(const struct recording_series *series);

/* Does a path lead to what is written now: was it not deleted or replaced, nor its disk unmounted? Its folder may have been moved. */
bool recording_series_is_in_place(const struct recording_series *series);

/* Is the last file, into which so many bytes were written, still in its folder, and as long as that? */
bool recording_series_is_whole(const struct recording_series *series, uint64_t bytes);

/* Its folder was deleted or moved: the next files are made in this one. A descriptor, which is the series' from now on. */
void recording_series_move(struct recording_series *series, int folder);

/* Are the next files made in this folder? */
bool recording_series_is_in(const struct recording_series *series, const struct stat *folder);

/* Removes the oldest files beyond those that are to be kept, and says which it had to leave. */
void recording_series_trim(struct recording_series *series);

/*
 * Removes the oldest file but the last: of those that are kept only as they take more than `kept_bytes` together, or when there are no
 * others. The bytes that it had; 0: there is none.
 */
uint64_t recording_series_drop_oldest(struct recording_series *series, uint64_t kept_bytes);

/* The last file and the one before are kept: they get mode 0400, by which that is known after a restart too. */
void recording_series_keep_last(struct recording_series *series);

/* The last file goes if it is empty. */
void recording_series_drop_empty(struct recording_series *series);

/* Nothing was recorded: removes the one file that was made, if it is empty. */
void recording_series_abandon(struct recording_series *series);

/* Of this run, what is there now. */
struct recording_extent {
	unsigned int files;
	uint64_t bytes;
	const char *first, *last; /* paths; the series' */
};

struct recording_extent recording_series_extent(const struct recording_series *series);

#endif
