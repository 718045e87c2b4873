// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Chooses the part of a file that reading begins with. */
#include "recording/seek.h"

#include <errno.h>
#include <string.h>

#include "attach/privileges.h"
#include "recording/recording.h"
#include "recording/window.h"
#include "util/failure.h"
#include "util/moment.h"
#include "util/stop.h"

#define NSEC_PER_SEC 1000000000ULL
#define BEFORE_NS (60 * NSEC_PER_SEC) /* so much is to be seen before the wanted time */
#define BEFORE_BYTES (9 << 20) /* unless that is so much to read: two files of a history, half a second */
#define BEFORE_MAX_NS (600 * NSEC_PER_SEC) /* and no more than this is shown */
#define AHEAD_FILES 2
#define WANTED_NS (60 * NSEC_PER_SEC) /* so much from the wanted time on, as report --at takes it */

static struct recording_files_part part(const struct recording_seek *seek, size_t i)
{
	return recording_files_part(seek->files, i);
}

/* The last file before one that begins later than that; `place`: else it is UTC. */
static size_t file_of(const struct recording_seek *seek, uint64_t ns, bool place)
{
	size_t i = 0, count = recording_files_parts(seek->files);

	while (i + 1 < count && (place ? part(seek, i + 1).place_ns : part(seek, i + 1).unix_ns) <= ns)
		i++;
	return i;
}

static uint64_t bytes_of(const struct recording_seek *seek, size_t first, size_t last)
{
	uint64_t bytes = 0;

	for (; first <= last; first++)
		bytes += part(seek, first).bytes;
	return bytes;
}

/* The file that the wanted time is in, and that time's place. */
static size_t find_wanted(const struct recording_seek *seek, uint64_t *place_ns)
{
	bool is_late = seek->to == SEEK_TO_END || (seek->last_unix_ns && seek->to_ns > seek->last_unix_ns);
	uint64_t unix_ns = is_late ? seek->last_unix_ns ?: part(seek, recording_files_parts(seek->files) - 1).unix_ns : seek->to_ns;
	size_t i;

	if (seek->to == SEEK_TO_PLACE) {
		*place_ns = seek->to_ns;
		return file_of(seek, seek->to_ns, true);
	}
	i = file_of(seek, unix_ns, false);
	*place_ns = part(seek, i).place_ns + (unix_ns > part(seek, i).unix_ns ? unix_ns - part(seek, i).unix_ns : 0);
	return i;
}

static size_t choose_start(const struct recording_seek *seek, size_t wanted, uint64_t place_ns)
{
	uint64_t least_ns = part(seek, 0).place_ns;
	size_t i = wanted;

	while (i && part(seek, i).place_ns + BEFORE_NS > place_ns && part(seek, i - 1).place_ns >= least_ns &&
	       bytes_of(seek, i - 1, wanted) < BEFORE_BYTES)
		i--;
	return i;
}

static uint64_t later_of(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Counts go on from where they went on before, if that is near. */
static bool may_keep(const struct recording_seek *seek, size_t wanted, uint64_t place_ns)
{
	uint64_t begin_ns = seek->last_begin_ns;

	return begin_ns && begin_ns + BEFORE_NS <= place_ns && place_ns <= begin_ns + BEFORE_MAX_NS && begin_ns >= part(seek, 0).place_ns &&
	       bytes_of(seek, file_of(seek, begin_ns, true), wanted) < 2 * BEFORE_BYTES;
}

static void choose(struct recording_seek *seek)
{
	uint64_t place_ns, since_unix_ns = seek->selection->since_unix_ns, since_ns = 0;
	size_t wanted = find_wanted(seek, &place_ns), start = choose_start(seek, wanted, place_ns), count = recording_files_parts(seek->files);

	seek->begin_ns = later_of(part(seek, start).place_ns, place_ns > BEFORE_MAX_NS ? place_ns - BEFORE_MAX_NS : 0);
	if (may_keep(seek, wanted, place_ns)) {
		start = file_of(seek, seek->last_begin_ns, true);
		seek->begin_ns = seek->last_begin_ns;
	}
	if (since_unix_ns && since_unix_ns > part(seek, start).unix_ns)
		since_ns = part(seek, start).place_ns + (since_unix_ns - part(seek, start).unix_ns);
	seek->begin_ns = later_of(seek->begin_ns, since_ns);
	seek->offset_ns = part(seek, start).time_ns ? part(seek, start).place_ns - part(seek, start).time_ns : 0;
	seek->reach_ns = wanted + AHEAD_FILES < count ? part(seek, wanted + AHEAD_FILES).place_ns : UINT64_MAX;
	recording_files_start(seek->files, start);
}

static int nothing_there(const struct recording_seek *seek, char *error, size_t error_size)
{
	char first[MOMENT_TEXT], last[MOMENT_TEXT];

	moment_text(first, recording_files_begin(seek->files));
	moment_text(last, recording_files_end(seek->files) ?: recording_files_begin(seek->files));
	fail(error, error_size, "%.200s: nothing was recorded at that time; there is %s to %s", seek->selection->paths[0], first, last);
	return -ENODATA;
}

static bool has_overlap(const struct recording_seek *seek, uint64_t since_unix_ns, uint64_t until_unix_ns)
{
	uint64_t last_ns = recording_files_end(seek->files);

	return (!until_unix_ns || until_unix_ns > recording_files_begin(seek->files)) && (!last_ns || since_unix_ns <= last_ns);
}

int recording_seek_open(struct recording_seek *seek, char *error, size_t error_size)
{
	struct recording_selection all = *seek->selection;
	int err;

	if (!seek->is_confined)
		privileges_drop(PRIVILEGE_PATHS, 0); /* files of someone else's making may be read as root */
	seek->is_confined = true;
	all.since_unix_ns = all.until_unix_ns = 0;
	err = recording_files_new(&seek->files, &all, error, error_size);
	if (err)
		return err;
	if (!has_overlap(seek, seek->selection->since_unix_ns, seek->selection->until_unix_ns) ||
	    (seek->must_exist && !has_overlap(seek, seek->to_ns, seek->to_ns + WANTED_NS)))
		return nothing_there(seek, error, error_size);
	seek->first_unix_ns = later_of(recording_files_begin(seek->files), seek->selection->since_unix_ns);
	seek->last_unix_ns = recording_files_end(seek->files);
	if (seek->selection->until_unix_ns && seek->selection->until_unix_ns < seek->last_unix_ns)
		seek->last_unix_ns = seek->selection->until_unix_ns;
	choose(seek);
	return 0;
}

void recording_seek_close(struct recording_seek *seek)
{
	recording_files_free(seek->files);
	seek->files = NULL;
}

int recording_seek_run(struct recording_seek *seek, const struct run_options *options, const struct run_needs *needs, struct view *view,
		       char *error, size_t error_size)
{
	struct run_needs all = recording_window_needs(needs);
	struct view *window = recording_window_new(view, needs, 0, seek->selection->until_unix_ns);
	struct recording_findings findings = {};
	int err;

	if (!window)
		return -ENOMEM;
	if (seek->offset_ns)
		recording_window_begin_at(window, seek->begin_ns - seek->offset_ns);
	err = recording_replay(recording_files_read, seek->files, options, &all, window, &findings, error, error_size);
	if (!err && !recording_window_has_begun(window) && !stop_is_requested()) {
		/* It ends before the time that was taken for the begin of what is shown. */
		recording_window_begin_at(window, 0);
		recording_files_start(seek->files, file_of(seek, recording_window_last(window), false));
		err = recording_replay(recording_files_read, seek->files, options, &all, window, &findings, error, error_size);
	}
	if (!err && !recording_window_has_begun(window) && !stop_is_requested())
		err = nothing_there(seek, error, error_size);
	else if (error[0])
		fail_prefix(error, error_size, seek->selection->paths[0], err);
	recording_window_free(window);
	return err;
}
