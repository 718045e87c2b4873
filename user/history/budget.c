// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sizes are looked up now and then; in between what was asked for is added, so that the sum is never too small. */
#include "history/budget.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "history/proof.h"
#include "util/log.h"

#define BLOCK 4096
#define SLACK (256 << 10) /* the database's shared memory, and the last blocks of files that grow */
#define WAL_MAX (8ULL << 20)
#define SEGMENTS 8 /* in the share of events, so that the oldest is a small part of them */
/*
 * So few where they would hold little else than lists of what was there when they began. Two of them are kept around a finding, and what is kept is
 * a third at most (user/history/history.c).
 */
#define CROWDED_SEGMENTS 6
#define SEGMENT_MAX (4ULL << 20) /* whoever looks for a time reads from the begin of one; crowded ones are larger */
#define FLOWS_MOST 200
#define FLOW_BYTES (32 << 10)
#define FREE_SHARE 20 /* one part of so many of the file system stays free */
#define FREE_MAX (1ULL << 30)

static uint64_t on_disk(const struct stat *status)
{
	uint64_t size = (status->st_size + BLOCK - 1) / BLOCK * BLOCK, blocks = status->st_blocks * 512ULL;

	return size > blocks ? size : blocks;
}

static bool is_any(const char *name)
{
	(void)name;
	return true;
}

/* All files below that are called so. */
static uint64_t sum(int at, const char *path, bool (*is_named)(const char *name))
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct stat status;
	uint64_t bytes = 0;

	if (!folder) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while ((entry = readdir(folder)))
		if (is_named(entry->d_name) && !fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) && S_ISREG(status.st_mode))
			bytes += on_disk(&status);
	closedir(folder);
	return bytes;
}

void budget_look(struct budget *budget)
{
	budget->used_events = sum(budget->folder, HISTORY_EVENTS, is_any);
	budget->used_intervals = sum(budget->folder, ".", proof_is_named);
}

void budget_init(struct budget *budget, int folder, uint64_t limit)
{
	memset(budget, 0, sizeof(*budget));
	budget->folder = folder;
	budget->limit = limit;
	budget->database = limit / 4;
	budget->wal = limit / 8 < WAL_MAX ? limit / 8 : WAL_MAX;
	budget->events = limit - budget->database - budget->wal - SLACK;
	budget->segment = budget->events / SEGMENTS < SEGMENT_MAX ? budget->events / SEGMENTS : SEGMENT_MAX;
	budget->crowded_segment = budget->events / CROWDED_SEGMENTS;
	budget_look(budget);
}

unsigned int budget_flows(const struct budget *budget)
{
	uint64_t flows = budget->database / FLOW_BYTES;

	return flows < FLOWS_MOST ? flows : FLOWS_MOST;
}

/* Is there so much more than what is to stay free? A file system that doesn't tell is trusted. */
static bool disk_has(const struct budget *budget, uint64_t bytes)
{
	struct statvfs disk;
	uint64_t keep;

	if (fstatvfs(budget->folder, &disk))
		return true;
	keep = (uint64_t)disk.f_blocks * disk.f_frsize / FREE_SHARE;
	keep = keep < FREE_MAX ? keep : FREE_MAX;
	return (uint64_t)disk.f_bavail * disk.f_frsize >= keep + bytes;
}

static int ask(struct budget *budget, uint64_t *used, uint64_t share, uint64_t bytes)
{
	if (*used + bytes > share || budget_used(budget) + bytes > budget->limit - SLACK / 2)
		budget_look(budget);
	if (*used + bytes > share || budget_used(budget) + bytes > budget->limit - SLACK / 2 || !disk_has(budget, bytes))
		return -ENOSPC;
	*used += bytes;
	return 0;
}

static uint64_t size_of(const struct budget *budget, const char *name)
{
	struct stat status;

	return fstatat(budget->folder, name, &status, AT_SYMLINK_NOFOLLOW) ? 0 : status.st_size;
}

int budget_ask_log(struct budget *budget, uint64_t bytes, uint64_t size)
{
	if (size > budget->wal || !disk_has(budget, bytes))
		return -ENOSPC;
	if (budget_used(budget) + bytes > budget->limit - SLACK / 2)
		budget_look(budget);
	if (budget_used(budget) + bytes > budget->limit - SLACK / 2 && size_of(budget, HISTORY_DATABASE) <= budget->database)
		return -ENOSPC;
	budget->used_intervals += bytes;
	return 0;
}

/* With what SQLite has put beside it, which it goes behind: by itself nothing would say whose that is. */
static int drop(const struct budget *budget, const char *name)
{
	static const char *const beside[] = { "-wal", "-shm", "-journal" };
	char path[NAME_MAX + 1];
	size_t i;

	for (i = 0; i < sizeof(beside) / sizeof(beside[0]); i++)
		if (snprintf(path, sizeof(path), "%s%s", name, beside[i]) < (int)sizeof(path))
			unlinkat(budget->folder, path, 0);
	return unlinkat(budget->folder, name, 0);
}

bool budget_drop_set_aside(struct budget *budget)
{
	int fd = openat(budget->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	char oldest[NAME_MAX + 1] = "";
	const struct dirent *entry;

	if (!folder) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while ((entry = readdir(folder)))
		if (proof_is_named_aside(entry->d_name) && (!oldest[0] || strcmp(entry->d_name, oldest) < 0) &&
		    proof_is_ours(budget->folder, entry->d_name))
			snprintf(oldest, sizeof(oldest), "%s", entry->d_name);
	closedir(folder);
	if (!oldest[0] || drop(budget, oldest))
		return false;
	log_warn("%s, which was set aside, is given up: the budget is full", oldest);
	budget_look(budget);
	return true;
}

int budget_ask_events(struct budget *budget, uint64_t bytes)
{
	return ask(budget, &budget->used_events, budget->events, bytes);
}

int budget_ask_intervals(struct budget *budget, uint64_t bytes)
{
	bool shrinks = size_of(budget, HISTORY_LOG) > budget->wal;

	return ask(budget, &budget->used_intervals, shrinks ? budget->limit : budget->database + budget->wal + SLACK / 2, bytes);
}

bool budget_log_is_stuck(struct budget *budget)
{
	uint64_t log = size_of(budget, HISTORY_LOG);

	budget_look(budget);
	return log > budget->wal && budget_used(budget) + log > budget->limit - SLACK / 2;
}

void budget_drop_database(struct budget *budget)
{
	if (!proof_is_ours(budget->folder, HISTORY_DATABASE) || drop(budget, HISTORY_DATABASE))
		return;
	log_warn("%s is given up: what was not yet put in order when it was last written is more than the budget has room for",
		 HISTORY_DATABASE);
	budget_look(budget);
}
