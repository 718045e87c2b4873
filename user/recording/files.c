// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Each file, and each part of a large one, says in its first line when it begins. Only one is open at a time. */
#include "recording/files_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording/marks.h"
#include "recording/parse.h"
#include "recording/recording.h"
#include "util/failure.h"
#include "util/log.h"
#include "util/stop.h"

#define EVENTS_FOLDER "events" /* of a history */

static int add_part(struct recording_files *files, const char *path, const struct recorded_file *part)
{
	struct recorded_file *grown = files->files;

	if (files->count == files->room) {
		grown = realloc(grown, (files->room * 2 + 16) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		files->files = grown;
		files->room = files->room * 2 + 16;
	}
	grown[files->count] = *part;
	grown[files->count].path = strdup(path);
	if (!grown[files->count].path)
		return -ENOMEM;
	files->count++;
	return 0;
}

/* The whole, or as many parts as it says that it has. */
static int add_parts(struct recording_files *files, const char *path, const struct recorded_file *whole, const struct recording_marks *marks)
{
	struct recorded_file part = *whole;
	int err = 0;
	size_t i;

	if (!marks->count)
		return add_part(files, path, whole);
	for (i = 0; i < marks->count && !err; i++) {
		const struct recording_mark *mark = &marks->parts[i];

		part.continues = i + 1 < marks->count;
		part.offset = mark->offset;
		part.bytes = (part.continues ? mark[1].offset : whole->bytes) - mark->offset;
		if (i) {
			part.origin.begin.unix_ns = mark->unix_ns;
			part.origin.begin.time_ns = mark->time_ns;
			part.origin.part = mark->number;
		}
		err = add_part(files, path, &part);
	}
	return err;
}

/* Of a file that begins otherwise than its marks say, such as one that was put together, they are none. */
static void read_marks(struct recording_marks *marks, int fd, uint64_t bytes, const struct recording_origin *origin)
{
	if (recording_marks_read(marks, fd, bytes) || marks->parts[0].time_ns != origin->begin.time_ns ||
	    marks->parts[0].number != origin->part)
		marks->count = 0;
}

/* A pipe: what is looked at would be missing when it is read, and who writes may not outlive that it is opened and closed. */
static int add_stream(struct recording_files *files, const char *path)
{
	const struct recorded_file stream = { .headless = true };

	files->whole++;
	files->loose++;
	return add_part(files, path, &stream);
}

static int add_file(struct recording_files *files, const char *path, bool named)
{
	struct recording_origin origin = {};
	struct recording_marks marks = {};
	struct recorded_file whole;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat status;
	bool ours;

	if (fd < 0)
		return named ? -errno : (files->passed_over++, log_warn("%s can't be read: %s", path, strerror(errno)), 0);
	ours = recording_origin_read(fd, &origin);
	if (fstat(fd, &status))
		status = (struct stat){};
	if (ours)
		read_marks(&marks, fd, status.st_size, &origin);
	close(fd);
	if (!ours && !named) {
		files->passed_over++;
		if (files->in_history) /* all there should be ours */
			log_warn("%s is left out: it does not begin as a recording does", path);
		else if (!files->left_out++)
			files->left_out_path = strdup(path);
		return 0;
	}
	if (!ours && S_ISREG(status.st_mode) && !status.st_size) {
		files->passed_over++;
		log_warn("%s is left out: it is empty", path);
		return 0;
	}
	files->whole++;
	files->loose += !files->in_history;
	whole = (struct recorded_file){ .origin = origin, .bytes = status.st_size, .headless = !ours };
	return add_parts(files, path, &whole, &marks);
}

static bool is_of_history(const char *name)
{
	return !strncmp(name, "intervals", 9);
}

static int add_folder(struct recording_files *files, const char *path, bool is_events)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	struct stat status;
	char *name;
	int err = 0;

	if (!folder)
		return -errno;
	files->histories += is_events;
	while (!err && (entry = readdir(folder))) {
		files->in_history = is_events; /* again after a folder in this one */
		if (asprintf(&name, "%s/%s", path, entry->d_name) < 0) {
			err = -ENOMEM;
			break;
		}
		if (entry->d_name[0] != '.' && !stat(name, &status)) {
			if (S_ISREG(status.st_mode) && status.st_size && !is_of_history(entry->d_name))
				err = add_file(files, name, false);
			else if (S_ISDIR(status.st_mode) && !is_events && !strcmp(entry->d_name, EVENTS_FOLDER))
				err = add_folder(files, name, true);
		}
		free(name);
	}
	closedir(folder);
	return err;
}

/* May there be? Those of one history alone come one after another. */
static bool several_runs_at_once(const struct recording_files *files)
{
	return files->loose || files->histories > 1;
}

/* Of a run that is over by then, such as a later one of another machine, nothing is of the time that is asked for. Not known: it is not over. */
static bool is_over(const struct recording_files *files, const struct recorded_file *file, uint64_t since_unix_ns)
{
	uint64_t end_ns = several_runs_at_once(files) ? recorded_run_end(files, file) : 0;

	return end_ns && end_ns < since_unix_ns;
}

/* They would be read after the begin of the window, though they are before it. */
static void leave_out_over(struct recording_files *files, size_t first, uint64_t since_unix_ns)
{
	size_t i, count = first + 1;

	for (i = first + 1; i < files->count; i++) {
		struct recorded_file *file = &files->files[i];

		if (file->origin.begin.unix_ns <= since_unix_ns && !recorded_in_same_run(&files->files[first], file) &&
		    is_over(files, file, since_unix_ns))
			free(file->path);
		else
			files->files[count++] = *file;
	}
	files->count = count;
}

/*
 * A file tells at its begin what was there: nothing before the last one that begins early enough is needed, unless a run before it, as of
 * another machine, goes on for longer. A window begins in one run alone.
 */
static void find_first(struct recording_files *files, uint64_t since_unix_ns)
{
	const struct recorded_file *first = files->files, *file = first;

	for (; file < files->files + files->count && file->origin.begin.unix_ns <= since_unix_ns && !first->headless; file++) {
		if (first != file && !recorded_in_same_run(first, file) && !is_over(files, first, since_unix_ns) && is_over(files, file, since_unix_ns))
			continue;
		if (first->run_end_unix_ns > since_unix_ns && first != file && !recorded_in_same_run(first, file))
			log_warn("%s: left out, though it goes on after the time that is asked for, since %s was begun before that too: show it by itself",
				 first->path, file->path);
		first = file;
	}
	files->first = files->at = first - files->files;
	if (since_unix_ns)
		leave_out_over(files, files->first, since_unix_ns);
}

static int add_path(struct recording_files *files, const char *path, char *error, size_t error_size)
{
	struct stat status;
	int err;

	files->in_history = false;
	if (stat(path, &status))
		err = -errno;
	else if (S_ISDIR(status.st_mode))
		err = add_folder(files, path, false);
	else
		err = S_ISFIFO(status.st_mode) ? add_stream(files, path) : add_file(files, path, true);
	if (err)
		fail(error, error_size, "%.200s: %s", path, strerror(-err));
	return err;
}

static void tell_left_out(const struct recording_files *files)
{
	const char *path = files->left_out_path ?: "a file";

	if (files->left_out == 1)
		log_warn("%s is left out: it does not begin as a recording does", path);
	else if (files->left_out)
		log_warn("%zu files are left out, such as %s: they do not begin as a recording does", files->left_out, path);
}

int recording_files_new(struct recording_files **ret, const struct recording_selection *selection, char *error, size_t error_size)
{
	struct recording_files *files = calloc(1, sizeof(*files));
	size_t i;
	int err = files ? 0 : -ENOMEM;

	if (files)
		files->fd = -1;
	for (i = 0; i < selection->count && !err; i++)
		err = add_path(files, selection->paths[i], error, error_size);
	if (files)
		tell_left_out(files);
	if (!err && !files->count) {
		fail(error, error_size, "%.200s: there is no recording in it", selection->paths[0]);
		err = -ENOENT;
	}
	if (err) {
		recording_files_free(files);
		return err;
	}
	recording_files_order(files);
	find_first(files, selection->since_unix_ns);
	*ret = files;
	return 0;
}

void recording_files_free(struct recording_files *files)
{
	if (!files)
		return;
	if (files->fd >= 0)
		close(files->fd);
	while (files->count)
		free(files->files[--files->count].path);
	free(files->files);
	free(files->left_out_path);
	free(files);
}

/* 0: there is none left; 1: one is open. One that was there and is gone was given up by the agent meanwhile. */
static int open_next(struct recording_files *files)
{
	while (files->fd < 0 && files->at < files->count) {
		const struct recorded_file *file = &files->files[files->at];

		files->left = file->continues ? file->bytes : UINT64_MAX; /* the last part may grow */
		files->fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (files->fd >= 0 && file->offset)
			lseek(files->fd, file->offset, SEEK_SET);
		if (files->fd >= 0)
			return 1;
		if (errno == EINTR && stop_is_requested()) /* a pipe that nobody writes to */
			return 0;
		if (errno == EINTR)
			continue;
		log_warn("%s can't be read any more: %s", files->files[files->at].path, strerror(errno));
		files->passed_over++;
		files->at++;
	}
	return files->fd >= 0;
}

long recording_files_read(void *context, void *buffer, size_t size)
{
	struct recording_files *files = context;
	ssize_t got;

	if (!open_next(files))
		return 0;
	do
		got = read(files->fd, buffer, size < files->left ? size : files->left);
	while (got < 0 && errno == EINTR && !stop_is_requested());
	if (got > 0) {
		files->left -= got;
		return got;
	}
	if (got < 0 && errno == EINTR)
		return -EINTR;
	if (got < 0)
		log_warn("%s can't be read to its end: %s", files->files[files->at].path, strerror(errno));
	close(files->fd);
	files->fd = -1;
	return ++files->at < files->count ? RECORDING_NEXT_FILE : 0;
}

size_t recording_files_count(const struct recording_files *files)
{
	return files->whole;
}

size_t recording_files_parts(const struct recording_files *files)
{
	return files->count;
}

size_t recording_files_repeated(const struct recording_files *files)
{
	const struct recorded_file *file;
	size_t i, count = 0;

	for (i = 1; i < files->count; i++) {
		file = &files->files[i];
		count += !file->offset && recorded_in_same_run(file, file - 1) && file->origin.part == file[-1].origin.part;
	}
	return count;
}

size_t recording_files_passed_over(const struct recording_files *files)
{
	return files->passed_over;
}

uint64_t recording_files_begin(const struct recording_files *files)
{
	return files->files[0].origin.begin.unix_ns;
}

uint64_t recording_files_end(const struct recording_files *files)
{
	const struct recorded_file *last = &files->files[files->count - 1], *file;
	uint64_t last_ns = recorded_last(last).unix_ns;

	for (file = files->files; last_ns && file < last && several_runs_at_once(files) && !recorded_in_same_run(file, last); file++) {
		if (!file->run_end_unix_ns)
			return 0;
		last_ns = file->run_end_unix_ns > last_ns ? file->run_end_unix_ns : last_ns;
	}
	return last_ns;
}

struct recording_files_part recording_files_part(const struct recording_files *files, size_t i)
{
	const struct recorded_file *file = &files->files[i];

	return (struct recording_files_part){
		.unix_ns = file->origin.begin.unix_ns,
		.time_ns = file->origin.begin.time_ns,
		.place_ns = file->run_begin_unix_ns + (file->origin.begin.time_ns - file->run_begin_ns),
		.bytes = file->bytes,
	};
}

void recording_files_start(struct recording_files *files, size_t i)
{
	files->first = files->at = i;
	if (files->fd >= 0)
		close(files->fd);
	files->fd = -1;
}
