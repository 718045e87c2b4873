// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A recording from a file or standard input, and one sentence about what of it could not be used. */
#include "attach/privileges.h"
#include "recording/files.h"
#include "recording/recording.h"
#include "recording/window.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/buffer.h"
#include "util/failure.h"
#include "util/log.h"
#include "util/moment.h"
#include "util/stop.h"

/* Sentences in one line. */
__attribute__((format(printf, 2, 3))) static void add(struct buffer *words, const char *format, ...)
{
	va_list arguments;

	if (words->size)
		buffer_append_string(words, "; ");
	va_start(arguments, format);
	buffer_vprintf(words, format, arguments);
	va_end(arguments);
}

static void add_count(struct buffer *words, uint64_t count, const char *one, const char *many)
{
	if (count == 1)
		add(words, "1 %s", one);
	else if (count)
		add(words, "%llu %s", (unsigned long long)count, many);
}

/* A history without an end is nothing out of order. */
static void add_truncation(struct buffer *words, const struct recording_findings *findings, const struct recording_selection *selection)
{
	char last[MOMENT_TEXT];

	moment_text(last, findings->last_unix_ns);
	if (selection && selection->is_written && findings->unended)
		add(words, "an agent is still writing, shown up to %s", last);
	else if (selection && selection->is_history && findings->unended)
		add(words, "ends at %s (less than a second may be missing)", last);
	else
		add(words, "not complete, shown as far as it goes");
}

/* `selection`: NULL for a file by itself. */
static void tell_findings(const struct recording_findings *findings, const char *name, const struct recording_selection *selection)
{
	char holes[HOLES_TEXT];
	struct buffer words;

	buffer_init(&words);
	if (findings->format > RECORDING_FORMAT)
		add(&words, "made by a newer tcpdwell, what we know of it is shown");
	if (findings->continued)
		add(&words, "goes on from an earlier file");
	add_count(&words, findings->untold, "connection that was there then is in it only if something happened to it",
		  "connections that were there then are in it only if something happened to them");
	add_count(&words, findings->withheld, "event was not recorded, for want of room or because there were too many a second",
		  "events were not recorded, for want of room or because there were too many a second");
	if (findings->headless)
		add(&words, "its beginning is missing");
	add_count(&words, findings->joined, "further run in it, what was there was counted anew", "further runs in it, what was there was counted anew");
	if (findings->unordered)
		add(&words, "runs in it whose times overlap or go back: shown one after the other, the end is that of the last alone; show them one by one");
	add_count(&words, findings->covered,
		  "file of the same time as one before it left out, since the same connections could be counted twice: show it by itself",
		  "files of the same time as one before them left out, since the same connections could be counted twice: show them by themselves");
	add_count(&words, findings->repeated, "file that was given twice, or too late, left out", "files that were given twice, or too late, left out");
	if (findings->missing)
		add(&words, "files are missing in between");
	add_count(&words, findings->damaged, "damaged line left out", "damaged lines left out");
	if (findings->format <= RECORDING_FORMAT)
		add_count(&words, findings->unknown, "line of a type that we don't know left out", "lines of a type that we don't know left out");
	if (findings->condensed)
		add(&words, "long silences are shown in fewer steps");
	if (findings->corrupt)
		add(&words, "damaged, what can be read is shown");
	if (findings->truncated)
		add_truncation(&words, findings, selection);
	if (holes_text(holes, "not traced", &findings->holes))
		add(&words, "%s", holes);
	if (findings->unnamed)
		add(&words, "nothing in it is of the container, pod, namespace or unit that was asked for");
	if (findings->unfollowed)
		add(&words, "goes on in %s", findings->next);
	if (words.size)
		log_warn("%s: %.*s", name, (int)words.size, words.data);
	buffer_release(&words);
}

static long read_descriptor(void *context, void *buffer, size_t size)
{
	ssize_t got;

	do
		got = read(*(int *)context, buffer, size);
	while (got < 0 && errno == EINTR && !stop_is_requested());
	return got < 0 ? -errno : got;
}

static int run_file(const struct run_options *options, const struct run_needs *needs, struct view *view, char *error, size_t error_size)
{
	bool is_stdin = !strcmp(options->recording, "-");
	const char *name = is_stdin ? "standard input" : options->recording;
	int fd = is_stdin ? STDIN_FILENO : open(options->recording, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct recording_findings findings;
	int err;

	if (fd < 0) {
		err = -errno;
		fail(error, error_size, "%.150s: %s", name, strerror(-err));
		return err;
	}
	privileges_drop(PRIVILEGE_PATHS, 0); /* a file of someone else's making may be read as root */
	err = recording_replay(read_descriptor, &fd, options, needs, view, &findings, error, error_size);
	if (!is_stdin)
		close(fd);
	if (error[0])
		fail_prefix(error, error_size, name, err);
	if (findings.lines)
		tell_findings(&findings, name, NULL);
	return err;
}

/* "night.rec", "4 files of /var/lib/tcpdwell". */
static void name_files(const struct recording_selection *selection, const struct recording_files *files, char *name, size_t size)
{
	if (recording_files_count(files) == 1 && selection->count == 1)
		snprintf(name, size, "%.200s", selection->paths[0]);
	else
		snprintf(name, size, "%zu files of %.200s%s", recording_files_count(files), selection->paths[0],
			 selection->count > 1 ? " and others" : "");
}

/* Where nothing is of that time: of which there is. */
static int nothing_in_window(const struct recording_files *files, const struct view *window, char *error, size_t error_size)
{
	char first[MOMENT_TEXT], last[MOMENT_TEXT], holes[HOLES_TEXT];

	moment_text(first, recording_files_begin(files));
	moment_text(last, recording_files_end(files) ?: recording_window_last(window));
	fail(error, error_size, "nothing was recorded at that time; there is %s to %s%s%s", first, last,
	     holes_text(holes, "not traced", recording_window_holes(window)) ? "; " : "", holes);
	return -ENODATA;
}

/* Those in a selection are mostly parts of what there is: that some go on elsewhere, or from elsewhere, is as it should be. */
static void forget_expected(struct recording_findings *findings)
{
	findings->continued = findings->unfollowed = false;
	findings->joined = findings->missing = findings->untold = 0;
}

static int run_selection(const struct run_options *options, const struct run_needs *needs, struct view *view, char *error,
			 size_t error_size)
{
	const struct recording_selection *selection = options->recordings;
	struct run_needs all = recording_window_needs(needs);
	struct recording_findings findings = {};
	struct recording_files *files;
	struct view *window;
	char name[256];
	int err;

	privileges_drop(PRIVILEGE_PATHS, 0); /* files of someone else's making may be read as root */
	err = recording_files_new(&files, selection, error, error_size);
	if (err)
		return err;
	window = recording_window_new(view, needs, selection->since_unix_ns, selection->until_unix_ns);
	if (!window) {
		recording_files_free(files);
		return -ENOMEM;
	}
	name_files(selection, files, name, sizeof(name));
	err = recording_replay(recording_files_read, files, options, &all, window, &findings, error, error_size);
	if (!err && !recording_window_has_begun(window))
		err = stop_is_requested() ? -EINTR : nothing_in_window(files, window, error, error_size);
	if (error[0])
		fail_prefix(error, error_size, name, err);
	forget_expected(&findings);
	findings.holes = err ? (struct holes){} : *recording_window_holes(window);
	if (findings.repeated) /* so many parts */
		findings.repeated = recording_files_repeated(files) ?: findings.repeated;
	if (findings.lines)
		tell_findings(&findings, name, selection);
	recording_window_free(window);
	recording_files_free(files);
	return err;
}

int recording_run(const struct run_options *options, const struct run_needs *needs, struct view *view, char *error,
		  size_t error_size)
{
	if (options->recordings)
		return run_selection(options, needs, view, error, error_size);
	return run_file(options, needs, view, error, error_size);
}
