// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Remembers the paths of cgroups. An id that is new is opened as a file handle, which needs CAP_DAC_READ_SEARCH;
 * without it the hierarchy is walked, at most once a second, and everything met on the way is learnt.
 */
#include "attribute/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define uthash_nonfatal_oom(entry) ((entry)->not_stored = true)

#include "attribute/pod_names.h"
#include "util/hash.h"
#include "util/shortage.h"
#include "util/text.h"

#define NS_PER_SECOND 1000000000ULL
#define RETRY_NS NS_PER_SECOND
#define NAMES_MAX 65536
#define UNUSED_NS (16 * 60 * NS_PER_SECOND) /* the kernel sends for 15 minutes and 25 seconds for a socket that nobody has any more */
#define LOOK_NS (60 * NS_PER_SECOND) /* between looks whether one is there */
#define LOOKED_AT 4 /* names, for each new one */
#define WALK_MAX 65536 /* directories */
#define DEPTH_MAX 64
#define FILEID_KERNFS 0xfe
#define INITIAL_CGROUP_NAMESPACE 0xeffffffbU /* its inode number, on every kernel */

struct entry {
	uint64_t id;
	struct cgroup_name name;
	char *path;	   /* owned; NULL while it was only asked for */
	uint64_t version;  /* of the pods' names that it was completed with */
	uint64_t retry_ns; /* path NULL: when to ask again */
	uint64_t used_ns, looked_ns;
	bool not_stored, is_gone;
	UT_hash_handle hh;
};

struct cgroup_names {
	struct entry *entries; /* the oldest first */
	struct entry *next_looked_at; /* whether it is over; NULL: the oldest */
	struct entry *last; /* found last: events come in runs */
	struct pod_names *pods;
	char mount[4096];      /* "" = none */
	int mount_fd;
	uint64_t walk_again_ns;
	uint64_t now_ns; /* of the last lookup */
};

static const struct cgroup_name unknown;

static uint64_t versions; /* so many names there have been, of all that have names */

/* " - type source options": controllers of version 1 are among its options. */
static bool is_hierarchy(const char *mount, const char *controller)
{
	char options[512];

	if (!controller)
		return !strncmp(mount, " - cgroup2 ", 11);
	return sscanf(mount, " - cgroup %*s %511s", options) == 1 && text_list_has(options, controller);
}

/* mountinfo: "id parent device root mount-point options [optional…] - type source options", octal escapes in paths. */
static bool parse_mount(char *line, const char *controller, enum cgroup_mount_field which, char *out, size_t size)
{
	char *separator = strstr(line, " - "), *field = line, *at = out;

	if (!separator || !is_hierarchy(separator, controller))
		return false;
	for (unsigned int i = 0; i < which; i++) {
		field = strchr(field, ' ');
		if (!field++)
			return false;
	}
	for (; *field && *field != ' ' && at < out + size - 1; field++) {
		unsigned int code;

		if (sscanf(field, "\\%3o", &code) == 1) {
			*at++ = code;
			field += 3;
		} else {
			*at++ = *field;
		}
	}
	*at = 0;
	return true;
}

int cgroup_mount_read(const char *mountinfo, const char *controller, enum cgroup_mount_field which, char *out, size_t size)
{
	FILE *file = fopen(mountinfo ? mountinfo : "/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t capacity = 0;
	int result = -ENOENT;

	if (!file)
		return -errno;
	while (result && getline(&line, &capacity, file) >= 0)
		if (parse_mount(line, controller, which, out, size))
			result = 0;
	free(line);
	fclose(file);
	return result;
}

int cgroup_mount_find(const char *mountinfo, char *out, size_t size)
{
	return cgroup_mount_read(mountinfo, NULL, CGROUP_MOUNT_POINT, out, size);
}

int cgroup_id_of(const char *directory, uint64_t *id)
{
	struct stat status;

	if (stat(directory, &status))
		return -errno;
	if (!S_ISDIR(status.st_mode))
		return -ENOTDIR;
	*id = status.st_ino;
	return 0;
}

/* Its files' paths begin at the namespace's root, not at the hierarchy's. */
static bool in_cgroup_namespace(void)
{
	struct stat status;

	return !stat("/proc/self/ns/cgroup", &status) && status.st_ino != INITIAL_CGROUP_NAMESPACE;
}

bool cgroup_paths_are_whole(void)
{
	char root[4096];

	return !in_cgroup_namespace() && !cgroup_mount_read(NULL, NULL, CGROUP_MOUNT_ROOT, root, sizeof(root)) && !strcmp(root, "/");
}

struct cgroup_names *cgroup_names_new(const char *mount, struct pod_names *pods)
{
	struct cgroup_names *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	names->mount_fd = -1;
	names->pods = pods;
	if (mount)
		snprintf(names->mount, sizeof(names->mount), "%s", mount);
	else if (!cgroup_paths_are_whole() || cgroup_mount_find(NULL, names->mount, sizeof(names->mount)))
		names->mount[0] = 0;
	while (names->mount[0] && names->mount[strlen(names->mount) - 1] == '/')
		names->mount[strlen(names->mount) - 1] = 0; /* paths follow it, beginning with one */
	if (names->mount[0])
		names->mount_fd = open(names->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return names;
}

static void entry_remove(struct cgroup_names *names, struct entry *entry)
{
	HASH_DEL(names->entries, entry);
	if (names->last == entry)
		names->last = NULL;
	if (names->next_looked_at == entry)
		names->next_looked_at = entry->hh.next;
	free(entry->path);
	free(entry);
}

void cgroup_names_free(struct cgroup_names *names)
{
	if (!names)
		return;
	while (names->entries)
		entry_remove(names, names->entries);
	if (names->mount_fd >= 0)
		close(names->mount_fd);
	free(names);
}

static struct entry *entry_find(struct cgroup_names *names, uint64_t id)
{
	struct entry *entry = names->last;

	if (entry && entry->id == id)
		return entry;
	HASH_FIND(hh, names->entries, &id, sizeof(id), entry);
	names->last = entry;
	return entry;
}

/* As far as anybody can tell. */
static bool is_there(const struct cgroup_names *names, const struct entry *entry)
{
	struct stat status;

	if (names->mount_fd < 0)
		return true;
	if (fstatat(names->mount_fd, entry->path[1] ? entry->path + 1 : ".", &status, 0))
		return errno != ENOENT && errno != ENOTDIR;
	return status.st_ino == entry->id;
}

/*
 * Is nobody interested in it any more? The kernel side tells the names of cgroups that are there only once. The time begins when it is
 * seen to be gone: its sockets may be closed then, though nothing was told of them for long.
 */
static bool is_over(const struct cgroup_names *names, struct entry *entry)
{
	if (!entry->path || entry->is_gone)
		return names->now_ns > entry->used_ns + UNUSED_NS;
	if (names->now_ns <= entry->looked_ns + LOOK_NS)
		return false;
	entry->looked_ns = names->now_ns;
	entry->is_gone = !is_there(names, entry);
	if (entry->is_gone)
		entry->used_ns = names->now_ns;
	return false;
}

/* Containers come and go: some names are looked at for each new one. */
static void forget_some(struct cgroup_names *names)
{
	struct entry *entry;
	int i;

	for (i = 0; i < LOOKED_AT; i++) {
		entry = names->next_looked_at ?: names->entries;
		if (!entry)
			return;
		names->next_looked_at = entry->hh.next;
		if (is_over(names, entry))
			entry_remove(names, entry);
	}
	if (HASH_COUNT(names->entries) >= NAMES_MAX)
		entry_remove(names, names->entries);
}

/* Found or made; NULL without memory. */
static struct entry *entry_get(struct cgroup_names *names, uint64_t id)
{
	struct entry *entry = entry_find(names, id);

	if (entry)
		return entry;
	entry = shortage_noted(calloc(1, sizeof(*entry)));
	if (!entry)
		return NULL;
	forget_some(names);
	entry->id = id;
	entry->used_ns = names->now_ns;
	HASH_ADD(hh, names->entries, id, sizeof(entry->id), entry);
	if (!entry->not_stored)
		return entry;
	free(entry);
	return NULL;
}

static int entry_name(struct entry *entry, const char *path)
{
	if (entry->path)
		return 0;
	entry->path = strdup(path);
	if (!entry->path)
		return -ENOMEM;
	entry->name.path = entry->path;
	entry->version = 0;
	entry->name.version = ++versions;
	container_from_cgroup(path, &entry->name.container);
	return 0;
}

int cgroup_names_learn(struct cgroup_names *names, uint64_t id, const char *path)
{
	struct entry *entry = entry_get(names, id);

	return entry ? entry_name(entry, path) : -ENOMEM;
}

int cgroup_names_learn_upwards(struct cgroup_names *names, uint64_t id, const char *components, size_t size)
{
	char path[4096];
	size_t length, at = sizeof(path) - 1;

	path[at] = 0;
	for (; size; size -= length + 1, components += length + 1) {
		length = strnlen(components, size);
		if (length == size || !length || length + 1 > at)
			return -EINVAL;
		at -= length;
		memcpy(path + at, components, length);
		path[--at] = '/';
	}
	return cgroup_names_learn(names, id, path[at] ? path + at : "/");
}

/* The cgroup's path below the mount, from an open descriptor. */
static bool path_of_fd(const struct cgroup_names *names, int fd, char *out, size_t size)
{
	static const char deleted[] = " (deleted)";
	size_t mount = strlen(names->mount), tail = sizeof(deleted) - 1;
	char link[64], target[4096];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, target, sizeof(target) - 1);
	if (length < 0)
		return false;
	target[length] = 0;
	if ((size_t)length > tail && !strcmp(target + length - tail, deleted))
		target[length - tail] = 0;
	if (strncmp(target, names->mount, mount) || (target[mount] && target[mount] != '/'))
		return false;
	snprintf(out, size, "%s", target[mount] ? target + mount : "/");
	return true;
}

/* 1 found, 0 there is no such cgroup, negative: can't be asked this way. */
static int ask_by_handle(const struct cgroup_names *names, uint64_t id, char *out, size_t size)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof(id)];
	} u = {.handle = {.handle_bytes = sizeof(id), .handle_type = FILEID_KERNFS}};
	int fd, found;

	memcpy(u.room + sizeof(struct file_handle), &id, sizeof(id));
	fd = open_by_handle_at(names->mount_fd, &u.handle, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ESTALE ? 0 : -errno;
	found = path_of_fd(names, fd, out, size);
	close(fd);
	return found;
}

struct walk {
	struct cgroup_names *names;
	char path[4096];
	unsigned int visited;
};

static void walk_directory(struct walk *walk, DIR *directory, size_t length, unsigned int depth);

static void walk_child(struct walk *walk, int parent, const struct dirent *child, size_t length, unsigned int depth)
{
	int size = snprintf(walk->path + length, sizeof(walk->path) - length, "/%s", child->d_name);
	int fd = openat(parent, child->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;

	if (length + size < sizeof(walk->path)) {
		cgroup_names_learn(walk->names, child->d_ino, walk->path);
		if (directory && depth < DEPTH_MAX)
			walk_directory(walk, directory, length + size, depth + 1);
	}
	if (directory)
		closedir(directory);
	else if (fd >= 0)
		close(fd);
}

static void walk_directory(struct walk *walk, DIR *directory, size_t length, unsigned int depth)
{
	struct dirent *child;

	while (walk->visited < WALK_MAX && (child = readdir(directory))) {
		if (child->d_type != DT_DIR || !strcmp(child->d_name, ".") || !strcmp(child->d_name, ".."))
			continue;
		walk->visited++;
		walk_child(walk, dirfd(directory), child, length, depth);
	}
}

static void walk_all(struct cgroup_names *names)
{
	struct walk walk = {.names = names};
	DIR *directory = opendir(names->mount);
	uint64_t id = 0;

	if (!directory)
		return;
	if (!cgroup_id_of(names->mount, &id))
		cgroup_names_learn(names, id, "/");
	walk_directory(&walk, directory, 0, 0);
	closedir(directory);
}

static void ask(struct cgroup_names *names, uint64_t id, uint64_t now_ns)
{
	char path[4096];
	int found = names->mount_fd >= 0 ? ask_by_handle(names, id, path, sizeof(path)) : 0;

	if (found > 0)
		cgroup_names_learn(names, id, path);
	if (found >= 0 || now_ns < names->walk_again_ns)
		return;
	names->walk_again_ns = now_ns + RETRY_NS;
	walk_all(names);
}

static const struct cgroup_name *completed(struct cgroup_names *names, struct entry *entry)
{
	uint64_t version = pod_names_version(names->pods);

	if (entry->version == version)
		return &entry->name;
	entry->version = version;
	entry->name.version = ++versions;
	entry->name.container.pod = entry->name.container.namespace = entry->name.container.name = NULL;
	pod_names_complete(names->pods, &entry->name.container);
	return &entry->name;
}

const struct cgroup_name *cgroup_names_lookup(struct cgroup_names *names, uint64_t id, uint64_t now_ns)
{
	struct entry *entry = entry_find(names, id);

	names->now_ns = now_ns;
	if (entry)
		entry->used_ns = now_ns;
	if (entry && (entry->path || now_ns < entry->retry_ns))
		return completed(names, entry);
	if (!id)
		return &unknown;
	ask(names, id, now_ns);
	entry = entry_get(names, id);
	if (!entry)
		return &unknown;
	entry->retry_ns = now_ns + RETRY_NS;
	return completed(names, entry);
}

bool cgroup_names_is_below(struct cgroup_names *names, uint64_t id, uint64_t other, uint64_t now_ns)
{
	const char *path = cgroup_names_lookup(names, other, now_ns)->path;
	char above[4096];
	size_t size;

	if (id == other)
		return true;
	if (!path)
		return false;
	size = snprintf(above, sizeof(above), "%s", path);
	path = cgroup_names_lookup(names, id, now_ns)->path;
	return path && (!above[1] || (!strncmp(path, above, size) && path[size] == '/'));
}

const struct cgroup_name *cgroup_names_next(struct cgroup_names *names, const void **cursor)
{
	struct entry *entry = (struct entry *)*cursor;

	do
		entry = entry ? entry->hh.next : names->entries;
	while (entry && !entry->path);
	*cursor = entry;
	return entry ? completed(names, entry) : NULL;
}
