// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Everything is looked up below one descriptor of the folder, so that a path that changes meanwhile changes nothing. */
#include "recording/series.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "recording/origin.h"
#include "recording/stream.h"
#include "util/capabilities.h"
#include "util/failure.h"
#include "util/links.h"
#include "util/log.h"

#define DATED "tcpdwell-%Y%m%dT%H%M%SZ.rec"
#define DATED_BYTES (sizeof("tcpdwell-20261128T031200Z.rec") - 1)
#define DATED_PATTERN "tcpdwell-[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]Z.rec*"
#define DATED_TRIES (1 << 17) /* seconds: one that is killed and started again several times a second takes names of later ones */
#define SUFFIX_TRIES 10000 /* names that someone else uses */

struct entry {
	char *path; /* of the folder as it was given, and the name */
	const char *name; /* in path */
	dev_t device;
	ino_t inode;
	bool earlier; /* of a run before this one */
	bool kept;
};

struct recording_series {
	int folder, first_fd; /* folder -1: a stream */
	char *prefix; /* "", or the folder's path with its slash */
	char *stem; /* name of the first file, without number */
	bool dated, owns_folder;
	unsigned int keep, number; /* of the next file */
	bool made; /* the first file; else it was there, and empty */
	struct entry *entries; /* files that are ours, the oldest first */
	size_t count;
};

/* ".1", ".2", …; "" is 0. */
static bool parse_suffix(const char *text, unsigned int *number)
{
	char canonical[16];

	*number = 0;
	if (!*text)
		return true;
	if (sscanf(text, ".%9u", number) != 1 || !*number)
		return false;
	snprintf(canonical, sizeof(canonical), ".%u", *number);
	return !strcmp(text, canonical);
}

/* Could it be a file of this series by its name? */
static bool parse_name(const struct recording_series *series, const char *name, unsigned int *number)
{
	size_t stem = series->dated ? DATED_BYTES : strlen(series->stem);

	if (series->dated ? fnmatch(DATED_PATTERN, name, 0) : strncmp(name, series->stem, stem))
		return false;
	return parse_suffix(name + stem, number);
}

static int entry_add(struct recording_series *series, const char *name, const struct stat *status, bool earlier)
{
	struct entry *grown = realloc(series->entries, (series->count + 1) * sizeof(*grown)), *entry;

	if (!grown)
		return -ENOMEM;
	series->entries = grown;
	entry = &grown[series->count];
	if (asprintf(&entry->path, "%s%s", series->prefix, name) < 0)
		return -ENOMEM;
	entry->name = entry->path + strlen(series->prefix);
	entry->device = status->st_dev;
	entry->inode = status->st_ino;
	entry->earlier = earlier;
	entry->kept = !(status->st_mode & S_IWUSR);
	series->count++;
	return 0;
}

static void entry_forget(struct recording_series *series, size_t i)
{
	free(series->entries[i].path);
	series->count--;
	memmove(&series->entries[i], &series->entries[i + 1], (series->count - i) * sizeof(*series->entries));
}

static struct entry *newest(const struct recording_series *series)
{
	return &series->entries[series->count - 1];
}

/* Is the file of that name still the one that we know? */
static bool entry_is_there(const struct recording_series *series, const struct entry *entry, struct stat *status)
{
	return series->folder >= 0 && !fstatat(series->folder, entry->name, status, AT_SYMLINK_NOFOLLOW) &&
	       S_ISREG(status->st_mode) && status->st_dev == entry->device && status->st_ino == entry->inode;
}

static int compare_entries(const void *a, const void *b)
{
	return strverscmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

/* A file of an earlier run, if it is one. */
static int look_at(struct recording_series *series, const char *name)
{
	int fd = openat(series->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), err = 0;
	struct stat status;
	unsigned int number;

	if (fd < 0)
		return 0;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) && (series->owns_folder || recording_is_ours(fd))) {
		parse_name(series, name, &number);
		if (!series->dated && number >= series->number)
			series->number = number + 1;
		err = entry_add(series, name, &status, true);
	}
	close(fd);
	return err;
}

/* A folder that may not be listed has no earlier files for us. */
static int find_earlier(struct recording_series *series)
{
	int fd = openat(series->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	unsigned int number;

	if (!folder) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while (!err && (entry = readdir(folder)))
		if (parse_name(series, entry->d_name, &number))
			err = look_at(series, entry->d_name);
	closedir(folder);
	if (series->count)
		qsort(series->entries, series->count, sizeof(*series->entries), compare_entries);
	return err;
}

/* One that is there already, but is ours and holds nothing, such as mktemp(1) makes. */
static int open_empty(const struct recording_series *series, const char *name)
{
	int fd = openat(series->folder, name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;

	if (fd < 0)
		return -EEXIST;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) && !status.st_size && status.st_uid == geteuid() && status.st_nlink == 1)
		return fd;
	close(fd);
	return -EEXIST;
}

static int make(struct recording_series *series, const char *name)
{
	/* Behind what is there: somebody may cut it, which shows by its size then. */
	int fd = openat(series->folder, name, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600), err;
	struct stat status;

	if (fd < 0)
		return -errno;
	err = fstat(fd, &status) ? -errno : entry_add(series, name, &status, false);
	if (!err)
		return fd;
	unlinkat(series->folder, name, 0);
	close(fd);
	return err;
}

static int make_numbered(struct recording_series *series)
{
	unsigned int tries;
	int fd = -EEXIST;
	char *name;

	for (tries = 0; fd == -EEXIST && tries < SUFFIX_TRIES; tries++, series->number++) {
		if (series->number ? asprintf(&name, "%s.%u", series->stem, series->number) < 0 : !(name = strdup(series->stem)))
			return -ENOMEM;
		fd = make(series, name);
		free(name);
	}
	return fd;
}

/* Named by the time; by a later one where that name is taken. */
static int make_dated(struct recording_series *series)
{
	time_t now = time(NULL), last = now + DATED_TRIES;
	struct tm utc;
	int fd = -EEXIST;

	for (; fd == -EEXIST && now < last; now++) {
		gmtime_r(&now, &utc);
		strftime(series->stem, DATED_BYTES + 1, DATED, &utc);
		fd = make(series, series->stem);
	}
	series->number = 1;
	return fd;
}

static int make_single(struct recording_series *series)
{
	int fd = make(series, series->stem);
	struct stat status;

	series->made = fd >= 0;
	if (fd != -EEXIST)
		return fd;
	fd = open_empty(series, series->stem);
	if (fd >= 0 && (fstat(fd, &status) || entry_add(series, series->stem, &status, false))) {
		close(fd);
		return -ENOMEM;
	}
	return fd;
}

static int make_first(struct recording_series *series, bool many)
{
	int fd;

	if (!series->dated && !many)
		return make_single(series);
	fd = find_earlier(series);
	if (fd)
		return fd;
	fd = series->dated ? make_dated(series) : make_numbered(series);
	series->made = fd >= 0;
	return fd;
}

bool recording_series_is_folder(const char *path)
{
	size_t size = strlen(path);
	struct stat status;

	return (size && path[size - 1] == '/') || (!stat(path, &status) && S_ISDIR(status.st_mode));
}

/* What is in it may be removed: a link, which a slash behind it would follow, could lead to files of others. */
static int open_own(const char *path)
{
	char *name = strdup(path);
	size_t size = name ? strlen(name) : 0;
	int fd;

	while (size > 1 && name[size - 1] == '/')
		name[--size] = '\0';
	fd = links_open_folder(name ?: path, false);
	free(name);
	return fd;
}

static int find_folder(struct recording_series *series, const char *path)
{
	if (asprintf(&series->prefix, "%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/") < 0)
		series->prefix = NULL;
	series->stem = calloc(1, DATED_BYTES + 1);
	if (!series->prefix || !series->stem)
		return -ENOMEM;
	series->folder = series->owns_folder ? open_own(series->prefix) : links_open_folder(series->prefix, true);
	return series->folder < 0 ? series->folder : 0;
}

static int find_file(struct recording_series *series, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct links_end end;
	int err = links_walk(&end, path, false);

	if (err)
		return err;
	series->folder = end.folder;
	series->prefix = strndup(path, slash ? slash + 1 - path : 0);
	series->stem = strdup(end.name);
	return series->prefix && series->stem ? 0 : -ENOMEM;
}

static void explain(int err, const char *path, char *error, size_t error_size)
{
	if (err == -EEXIST)
		snprintf(error, error_size,
			 "%.300s is there already and stays as it is: choose another name, or remove it, or name a folder, in which "
			 "each run gets a file with its date",
			 path);
	else if (err == -ENXIO)
		snprintf(error, error_size, "nobody reads %.300s", path);
	else if (err == -ELOOP)
		snprintf(error, error_size, "%.300s is a link or a pipe of somebody else's making, or leads in a circle: it is not written to", path);
	else
		snprintf(error, error_size, "%.300s can't be made: %s", path, strerror(-err));
}

static int begin(struct recording_series *series, const struct recording_place *place)
{
	int fd = recording_stream_open(place->path, place->wait_seconds), err;

	series->folder = -1;
	series->keep = place->keep;
	series->owns_folder = place->owns_folder;
	if (fd != -ENODEV) {
		series->prefix = strdup(place->path);
		return fd;
	}
	series->dated = recording_series_is_folder(place->path);
	err = series->dated ? find_folder(series, place->path) : find_file(series, place->path);
	return err ?: make_first(series, place->many);
}

/* The caller's rights, not ours, lead to the folder and to what is in it. */
static int begin_with_own_rights(struct recording_series *series, const struct recording_place *place)
{
	uint64_t suspended = capabilities_suspend();
	int fd = begin(series, place);

	capabilities_resume(suspended);
	return fd;
}

int recording_series_new(struct recording_series **ret, const struct recording_place *place, char *error, size_t error_size)
{
	struct recording_series *series = calloc(1, sizeof(*series));
	int err = -ENOMEM;

	if (series) {
		series->first_fd = begin_with_own_rights(series, place);
		err = series->first_fd < 0 ? series->first_fd : 0;
	}
	if (!err && series->prefix) {
		*ret = series;
		return 0;
	}
	explain(err ?: -ENOMEM, place->path, error, error_size);
	recording_series_free(series);
	return err ?: -ENOMEM;
}

void recording_series_free(struct recording_series *series)
{
	if (!series)
		return;
	while (series->count)
		entry_forget(series, series->count - 1);
	free(series->entries);
	if (series->folder >= 0)
		close(series->folder);
	free(series->prefix);
	free(series->stem);
	free(series);
}

bool recording_series_is_stream(const struct recording_series *series)
{
	return series->folder < 0;
}

int recording_series_first(const struct recording_series *series)
{
	return series->first_fd;
}

int recording_series_next(struct recording_series *series)
{
	uint64_t suspended = capabilities_suspend();
	int fd = recording_series_is_stream(series) ? -ESPIPE : make_numbered(series);

	capabilities_resume(suspended);
	return fd;
}

const char *recording_series_name(const struct recording_series *series)
{
	return series->count ? newest(series)->name : series->prefix;
}

const char *recording_series_path(const struct recording_series *series)
{
	return series->count ? newest(series)->path : series->prefix;
}

static void remove_entry(struct recording_series *series, size_t i)
{
	const struct entry *entry = &series->entries[i];
	struct stat status;

	if (!entry_is_there(series, entry, &status))
		log_info("%s was taken away or replaced by somebody else, and is left alone", entry->path);
	else if (unlinkat(series->folder, entry->name, 0))
		log_warn("%s can't be removed: %s", entry->path, strerror(errno));
	entry_forget(series, i);
}

void recording_series_trim(struct recording_series *series)
{
	while (series->keep && series->count > series->keep)
		remove_entry(series, 0);
}

static uint64_t bytes_of(const struct recording_series *series, size_t i)
{
	struct stat status;

	return entry_is_there(series, &series->entries[i], &status) ? status.st_size : 0;
}

static bool is_kept(const struct recording_series *series, size_t i, uint64_t kept_bytes)
{
	uint64_t bytes = 0;
	size_t k;

	if (!series->entries[i].kept)
		return false;
	for (k = i; k < series->count; k++) /* the newest that fit are kept */
		bytes += series->entries[k].kept ? bytes_of(series, k) : 0;
	return bytes <= kept_bytes;
}

uint64_t recording_series_drop_oldest(struct recording_series *series, uint64_t kept_bytes)
{
	uint64_t bytes = 0;
	size_t i;

	while (!bytes && series->count > 1) {
		for (i = 0; i + 1 < series->count && is_kept(series, i, kept_bytes); i++)
			;
		i = i + 1 < series->count ? i : 0;
		bytes = entry_is_there(series, &series->entries[i], &(struct stat){}) ? bytes_of(series, i) ?: 1 : 0;
		remove_entry(series, i);
	}
	return bytes;
}

void recording_series_keep_last(struct recording_series *series)
{
	size_t i = series->count > 2 ? series->count - 2 : 0;

	for (; i < series->count; i++)
		if (!series->entries[i].kept && !fchmodat(series->folder, series->entries[i].name, 0400, 0))
			series->entries[i].kept = true;
}

void recording_series_drop_empty(struct recording_series *series)
{
	struct stat status;

	if (!series->count || !entry_is_there(series, newest(series), &status) || status.st_size)
		return;
	unlinkat(series->folder, newest(series)->name, 0);
	if (series->count > 1)
		entry_forget(series, series->count - 1);
}

void recording_series_abandon(struct recording_series *series)
{
	struct stat status;

	if (series->made && entry_is_there(series, newest(series), &status) && !status.st_size)
		unlinkat(series->folder, newest(series)->name, 0);
}

struct recording_extent recording_series_extent(const struct recording_series *series)
{
	struct recording_extent extent = { .first = recording_series_path(series), .last = recording_series_path(series) };
	struct stat status;
	size_t i;

	for (i = 0; i < series->count; i++) {
		if (series->entries[i].earlier || !entry_is_there(series, &series->entries[i], &status))
			continue;
		if (!extent.files++)
			extent.first = series->entries[i].path;
		extent.bytes += status.st_size;
	}
	return extent;
}

bool recording_series_is_whole(const struct recording_series *series, uint64_t bytes)
{
	struct stat status;

	return recording_series_is_stream(series) || !series->count ||
	       (entry_is_there(series, newest(series), &status) && (uint64_t)status.st_size >= bytes);
}

void recording_series_move(struct recording_series *series, int folder)
{
	close(series->folder);
	series->folder = folder;
}

bool recording_series_is_in(const struct recording_series *series, const struct stat *folder)
{
	struct stat ours;

	return !fstat(series->folder, &ours) && ours.st_dev == folder->st_dev && ours.st_ino == folder->st_ino;
}

static bool is_newest(const struct recording_series *series, const char *path)
{
	struct stat status;

	return !stat(path, &status) && status.st_dev == newest(series)->device && status.st_ino == newest(series)->inode;
}

/* A folder that was moved has another path; one whose disk was unmounted has none that leads to it. */
bool recording_series_is_in_place(const struct recording_series *series)
{
	char link[64], folder[4096], path[4400];
	ssize_t size;

	if (series->folder < 0 || !series->count || is_newest(series, newest(series)->path))
		return true;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", series->folder);
	size = readlink(link, folder, sizeof(folder));
	return size > 0 && snprintf(path, sizeof(path), "%.*s/%s", (int)size, folder, newest(series)->name) < (int)sizeof(path) &&
	       is_newest(series, path);
}
