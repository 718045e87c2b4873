// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which part comes when, and which does not, as another run has told of its time. */
#include "recording/files_parts.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording/reach.h"
#include "util/log.h"
#include "util/moment.h"
#include "util/number.h"

bool recorded_in_same_run(const struct recorded_file *a, const struct recorded_file *b)
{
	return *a->origin.run && !strcmp(a->origin.run, b->origin.run);
}

/* Files of a run stay together, in their own order: the clock may have been set between them. */
static int compare(const void *a, const void *b)
{
	const struct recorded_file *first = a, *second = b;
	int runs = strcmp(first->origin.run, second->origin.run);

	if (first->run_begin_unix_ns != second->run_begin_unix_ns)
		return first->run_begin_unix_ns < second->run_begin_unix_ns ? -1 : 1;
	if (runs)
		return runs;
	if (first->origin.part != second->origin.part)
		return first->origin.part < second->origin.part ? -1 : 1;
	return strverscmp(first->path, second->path);
}

/* The runs one behind the other, each from its first file. */
static int compare_in_run(const void *a, const void *b)
{
	const struct recorded_file *first = a, *second = b;
	int runs = strcmp(first->origin.run, second->origin.run);

	if (runs)
		return runs;
	if (first->origin.part != second->origin.part)
		return first->origin.part < second->origin.part ? -1 : 1;
	if (first->origin.begin.unix_ns != second->origin.begin.unix_ns)
		return first->origin.begin.unix_ns < second->origin.begin.unix_ns ? -1 : 1;
	return strverscmp(first->path, second->path);
}

/* There may be thousands of parts in each of many files. */
static void find_run_begins(struct recording_files *files)
{
	const struct recorded_file *first = files->files;
	size_t i;

	qsort(files->files, files->count, sizeof(*files->files), compare_in_run);
	for (i = 0; i < files->count; i++) {
		if (!recorded_in_same_run(first, &files->files[i]))
			first = &files->files[i];
		files->files[i].run_begin_unix_ns = first->origin.begin.unix_ns;
		files->files[i].run_begin_ns = first->origin.begin.time_ns;
	}
}

struct recording_last recorded_last(const struct recorded_file *file)
{
	struct recording_last last = {};
	struct stat status;
	int fd = stat(file->path, &status) || !S_ISREG(status.st_mode) ? -1 : open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return last;
	last = recording_last_time(fd);
	close(fd);
	return last;
}

/* On the monotonic clock of its run. */
static uint64_t end_of(const struct recorded_file *file)
{
	const struct reach_begin *begin = &file->origin.begin;
	struct recording_last last = file->headless ? (struct recording_last){} : recorded_last(file);

	if (!last.time_ns && last.unix_ns > begin->unix_ns)
		last.time_ns = begin->time_ns + (last.unix_ns - begin->unix_ns);
	return last.time_ns > begin->time_ns ? last.time_ns : begin->time_ns;
}

/* Of those whose end nobody needed before it is read now. */
uint64_t recorded_run_end(const struct recording_files *files, const struct recorded_file *part)
{
	const struct recorded_file *last = part, *end = files->files + files->count;

	if (part->run_end_unix_ns || part->headless)
		return part->run_end_unix_ns;
	while (last + 1 < end && recorded_in_same_run(last, last + 1))
		last++;
	return recorded_last(last).unix_ns;
}

/* Parts of one run that others have told of. */
struct covered {
	struct recorded_file first;
	size_t files; /* that are left out from their begin */
	uint64_t until_unix_ns; /* what comes from then on is not; 0: all is */
	const char *by; /* the file of the run that has told of the first */
};

static void covered_tell(const struct covered *covered)
{
	char until[MOMENT_TEXT] = "", more[64] = "";

	if (covered->until_unix_ns)
		moment_text(until, covered->until_unix_ns);
	if (covered->files > 1)
		snprintf(more, sizeof(more), " and %zu files more", covered->files - 1);
	log_warn("%s%s: left out%s%s, since %s is of the same time and the same connections could be counted twice: show it by itself",
		 covered->first.path, more, *until ? " up to " : "", until, covered->by);
}

/* Takes it, if it is. */
static bool covered_take(struct covered *covered, const struct reaches *reaches, const struct recorded_file *file)
{
	const struct reach *reach = file->headless ? NULL : reaches_cover(reaches, &file->origin.begin);

	if (!reach)
		return false;
	covered->files += !file->offset;
	if (covered->first.path) {
		free(file->path);
	} else {
		covered->first = *file;
		covered->by = reach->by;
	}
	return true;
}

/* The run that begins at `from` to those that stay, of which there are `count`. Where the next run begins. */
static size_t take_run(struct recording_files *files, size_t from, size_t *count, const struct reaches *reaches)
{
	struct recorded_file *all = files->files;
	struct covered covered = {};
	size_t i = from;

	do {
		const struct recorded_file file = all[i];

		if (covered_take(&covered, reaches, &file))
			continue;
		if (covered.first.path && !covered.until_unix_ns)
			covered.until_unix_ns = file.origin.begin.unix_ns;
		all[(*count)++] = file;
	} while (++i < files->count && recorded_in_same_run(&all[i], &all[i - 1]));
	if (covered.first.path)
		covered_tell(&covered);
	free(covered.first.path);
	return i;
}

/* Of a run, of which these are the parts. */
static void note_end(struct reaches *reaches, struct recorded_file *parts, size_t count)
{
	const struct recorded_file *last = &parts[count - 1];
	uint64_t end_ns = end_of(last);
	size_t i;

	for (i = 0; i < count && end_ns > last->origin.begin.time_ns; i++)
		parts[i].run_end_unix_ns = last->origin.begin.unix_ns + (end_ns - last->origin.begin.time_ns);
	reaches_add(reaches, &last->origin.begin, parts[0].origin.begin.time_ns, end_ns, last->path);
}

static size_t end_of_run(const struct recording_files *files, size_t from)
{
	size_t end = from + 1;

	while (end < files->count && recorded_in_same_run(&files->files[from], &files->files[end]))
		end++;
	return end;
}

#define ABOUT_NS 60000000000ULL /* two that were begun, and ended, within so long can be of the same time */

/* Does a run with these ends tell of most of the time from `begin_ns` to `end_ns`? */
static bool is_of_that_time(uint64_t run_begin_ns, uint64_t run_end_ns, uint64_t begin_ns, uint64_t end_ns)
{
	uint64_t before_ns = elapsed_ns(run_begin_ns, begin_ns), behind_ns = elapsed_ns(end_ns, run_end_ns);

	return behind_ns <= ABOUT_NS && before_ns + behind_ns <= elapsed_ns(end_ns, begin_ns) / 2;
}

/* Does a file hold all connections that the other does, as far as filters tell? */
static bool holds_as_much(const struct recorded_file *file, const struct recorded_file *other)
{
	return !*file->origin.filter || !strcmp(file->origin.filter, other->origin.filter);
}

/* Of the same time as the run that begins at `from`, which holds nothing of ports, and with them. NULL: there is none. */
static const struct recorded_file *fuller_than(const struct recording_files *files, size_t from)
{
	const struct recorded_file *first = &files->files[from], *file;
	size_t i = end_of_run(files, from);
	uint64_t end_ns = 0, begin_ns = first->origin.begin.time_ns;
	struct reaches reaches = {};

	if (first->origin.with_ports || first->headless)
		return NULL;
	for (; i < files->count && files->files[i].origin.begin.unix_ns <= first->origin.begin.unix_ns + ABOUT_NS; i = end_of_run(files, i)) {
		file = &files->files[i];
		if (!file->origin.with_ports || file->headless || !holds_as_much(file, first))
			continue;
		if (!end_ns) {
			end_ns = end_of(&files->files[end_of_run(files, from) - 1]);
			reaches_add(&reaches, &first->origin.begin, begin_ns, end_ns, first->path);
		}
		if (reaches_cover(&reaches, &file->origin.begin) &&
		    is_of_that_time(file->origin.begin.time_ns, end_of(&files->files[end_of_run(files, i) - 1]), begin_ns, end_ns))
			return file;
	}
	return NULL;
}

/* Takes the run that begins at `from` out for one that tells more. */
static bool leave_out_poorer(struct recording_files *files, size_t from)
{
	const struct recorded_file *fuller = fuller_than(files, from);
	size_t i, end = end_of_run(files, from);

	if (!fuller)
		return false;
	log_warn("%s: left out, since %s is of the same time and holds what is known of local ports too (record --ports): show it by itself",
		 files->files[from].path, fuller->path);
	for (i = from; i < end; i++)
		free(files->files[i].path);
	return true;
}

/*
 * Each moment of a boot is told by the run that began first; the others begin with their first part after that. Where the clock was set
 * back a run may come behind one that began later: what they share is found as they are read.
 */
static void leave_out_covered(struct recording_files *files)
{
	struct reaches reaches = {};
	size_t i = 0, count = 0, before;

	while (i < files->count) {
		before = count;
		if (leave_out_poorer(files, i)) {
			i = end_of_run(files, i);
			continue;
		}
		i = take_run(files, i, &count, &reaches);
		if (count > before && i < files->count)
			note_end(&reaches, files->files + before, count - before);
	}
	files->count = count;
}

void recording_files_order(struct recording_files *files)
{
	find_run_begins(files);
	qsort(files->files, files->count, sizeof(*files->files), compare);
	if (files->loose || files->histories > 1) /* the end of each run is read for it */
		leave_out_covered(files);
}
