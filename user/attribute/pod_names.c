// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A table of names by container id and pod uid, filled from the names of log files. */
#include "attribute/pod_names.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "util/capabilities.h"
#include "util/hash.h"

#define NS_PER_SECOND 1000000000ULL
#define INTERVAL_NS (NS_PER_SECOND / 4)
#define URGENT_INTERVAL_NS (NS_PER_SECOND / 50)
#define ENTRIES_MAX (1 << 18) /* a hundred times of what a node runs: what its log files say of the past is there too */
#define CUT_MAX 1024 /* of ids that were cut: each is compared with each */
#define ID_DIGITS 64
#define PREFIX_DIGITS 12 /* of an id that was cut: fewer are not taken for one */
#define CUT_BYTES 255	 /* the kubelet cuts names of files at this length, ".log" included */

struct entry {
	char id[ID_DIGITS + 1]; /* container id, the begin of one, or pod uid */
	char *namespace, *pod, *name; /* name NULL: a pod */
	UT_hash_handle hh;
};

struct folder {
	const char *name;
	struct timespec changed; /* as of the last reading */
	bool settled;		 /* nothing can have come after it without another time */
};

struct pod_names {
	char directory[3072]; /* "" = none */
	struct folder containers, pods;
	struct entry *entries, *cut; /* by whole ids, and by the begin of one; the oldest first */
	bool missing;
	int error;
	uint64_t version, read_ns;
};

struct pod_names *pod_names_new(const char *directory)
{
	struct pod_names *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	snprintf(names->directory, sizeof(names->directory), "%s", directory ? directory : "");
	names->containers.name = "containers";
	names->pods.name = "pods";
	names->version = 1;
	return names;
}

static void entry_free(struct entry *entry)
{
	free(entry->namespace);
	free(entry->pod);
	free(entry->name);
	free(entry);
}

static void remove_oldest(struct pod_names *names, struct entry **entries)
{
	struct entry *entry = *entries;

	HASH_DEL(*entries, entry);
	entry_free(entry);
	names->version++;
}

void pod_names_free(struct pod_names *names)
{
	if (!names)
		return;
	while (names->entries)
		remove_oldest(names, &names->entries);
	while (names->cut)
		remove_oldest(names, &names->cut);
	free(names);
}

static struct entry *entry_find(struct entry *entries, const char *id)
{
	struct entry *entry;

	HASH_FIND_STR(entries, id, entry);
	return entry;
}

/* `text` NULL: none. False without memory. */
static bool keep(char **out, const char *text)
{
	*out = text ? strdup(text) : NULL;
	return *out || !text;
}

static struct entry *entry_new(const char *id, const char *namespace, const char *pod, const char *name)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	snprintf(entry->id, sizeof(entry->id), "%s", id);
	if (keep(&entry->namespace, namespace) && keep(&entry->pod, pod) && keep(&entry->name, name))
		return entry;
	entry_free(entry);
	return NULL;
}

static void learn(struct pod_names *names, const char *id, const char *namespace, const char *pod, const char *name)
{
	bool cut = name && strlen(id) < ID_DIGITS;
	struct entry **entries = cut ? &names->cut : &names->entries;
	struct entry *entry = entry_find(*entries, id) ? NULL : entry_new(id, namespace, pod, name);

	if (!entry)
		return;
	if (HASH_COUNT(*entries) >= (cut ? CUT_MAX : ENTRIES_MAX))
		remove_oldest(names, entries);
	HASH_ADD_STR(*entries, id, entry);
	if (entry->hh.tbl)
		names->version++;
	else
		entry_free(entry);
}

void pod_names_learn(struct pod_names *names, const struct container *container)
{
	if (!container->pod || !container->namespace)
		return;
	if (container->id[0] && container->name)
		learn(names, container->id, container->namespace, container->pod, container->name);
	if (container->pod_uid[0])
		learn(names, container->pod_uid, container->namespace, container->pod, NULL);
}

uint64_t pod_names_version(const struct pod_names *names)
{
	return names ? names->version : 0;
}

bool container_is_named(const struct container *container)
{
	return !container->pod_uid[0] || (container->pod && (!container->id[0] || container->name));
}

/* By the begin of its id, where the kubelet had to cut the file's name. */
static struct entry *find_cut(const struct pod_names *names, const char *id)
{
	struct entry *entry = names->cut;

	while (entry && strncmp(entry->id, id, strlen(entry->id)))
		entry = entry->hh.next;
	return entry;
}

static void take_names(struct container *container, const struct entry *entry)
{
	if (!container->pod) {
		container->pod = entry->pod;
		container->namespace = entry->namespace;
	}
	if (!container->name)
		container->name = entry->name;
}

void pod_names_complete(struct pod_names *names, struct container *container)
{
	struct entry *entry = NULL;

	if (!names || (!container->id[0] && !container->pod_uid[0]))
		return;
	if (container->id[0] && !container->name)
		entry = entry_find(names->entries, container->id) ?: find_cut(names, container->id);
	if (entry)
		take_names(container, entry);
	entry = container->pod_uid[0] && !container->pod ? entry_find(names->entries, container->pod_uid) : NULL;
	if (entry)
		take_names(container, entry);
	if (!container_is_named(container))
		names->missing = true;
}

static bool is_hex(const char *text)
{
	return text[strspn(text, "0123456789abcdef")] == 0;
}

/* <pod>_<namespace>_<container>-<id>.log. None but the separators can have a '_'. */
static void take_container(struct pod_names *names, char *file)
{
	size_t size = strlen(file);
	char *namespace = strchr(file, '_'), *name = namespace ? strchr(namespace + 1, '_') : NULL;
	char *id = name ? strrchr(name, '-') : NULL;
	bool cut = size >= CUT_BYTES;

	if (!id || size < 4 || strcmp(file + size - 4, ".log"))
		return;
	file[size - 4] = 0;
	*namespace++ = 0;
	*name++ = 0;
	*id++ = 0;
	size = strlen(id);
	if (!*file || !*namespace || !*name || !is_hex(id) || size > ID_DIGITS || size < (cut ? PREFIX_DIGITS : ID_DIGITS))
		return;
	learn(names, id, namespace, file, name);
}

/* <namespace>_<pod>_<uid> */
static void take_pod(struct pod_names *names, char *folder)
{
	char *pod = strchr(folder, '_'), *uid = strrchr(folder, '_');

	if (!pod || uid == pod)
		return;
	*pod++ = 0;
	*uid++ = 0;
	if (*folder && *pod && *uid && strlen(uid) <= 36)
		learn(names, uid, folder, pod, NULL);
}

/*
 * Has it changed since the last reading? A file that comes within the same tick of the clock does not change the time, so a
 * time that was young when it was read proves nothing.
 */
static bool folder_is_new(const struct folder *folder, const struct stat *status)
{
	return !folder->settled || folder->changed.tv_sec != status->st_mtim.tv_sec ||
	       folder->changed.tv_nsec != status->st_mtim.tv_nsec;
}

static void folder_read(struct pod_names *names, struct folder *folder, void (*take)(struct pod_names *names, char *name))
{
	char path[4096];
	struct stat status;
	struct dirent *entry;
	DIR *directory;

	snprintf(path, sizeof(path), "%s/%s", names->directory, folder->name);
	if (stat(path, &status)) {
		names->error = errno == ENOENT ? names->error : -errno;
		return;
	}
	if (!folder_is_new(folder, &status))
		return;
	directory = opendir(path);
	if (!directory) {
		names->error = -errno;
		return;
	}
	folder->changed = status.st_mtim;
	folder->settled = time(NULL) - status.st_mtim.tv_sec > 1;
	while ((entry = readdir(directory)))
		take(names, entry->d_name);
	closedir(directory);
}

int pod_names_error(const struct pod_names *names)
{
	return names->error;
}

void pod_names_refresh(struct pod_names *names, uint64_t now_ns, bool urgent)
{
	uint64_t version = names->version, suspended;

	if (!names->directory[0] || !(urgent || names->missing))
		return;
	if (names->read_ns && now_ns - names->read_ns < (urgent ? URGENT_INTERVAL_NS : INTERVAL_NS))
		return;
	names->read_ns = now_ns;
	suspended = strcmp(names->directory, POD_NAMES_DIRECTORY) ? capabilities_suspend() : 0;
	folder_read(names, &names->containers, take_container);
	folder_read(names, &names->pods, take_pod);
	capabilities_resume(suspended);
	if (names->version != version)
		names->missing = false; /* whoever still misses one says so again */
}
