// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Both versions of cgroups: /proc/self/cgroup names ours, /proc/self/mountinfo where it is, and each above it may have a limit too. */
#include "attach/memory_limit.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "attribute/cgroup.h"
#include "util/text.h"

#define NO_LIMIT (1ULL << 60) /* version 1 has no word for it but the largest number */
#define OWN_BYTES (22ULL << 20) /* most of it BTF, of ours and of libbpf's, until the object is loaded: measured */
#define HASH_ELEMENT 48 /* the kernel's, beside key and value */
#define HASH_BUCKET 16
#define BESIDE_TABLES_MOST (8ULL << 20) /* programs, their BTF, pages that are not full: does not grow with the tables */

/* How a version of cgroups calls things. */
struct version {
	const char *controller; /* of the hierarchy; NULL: version 2 */
	const char *limit, *usage, *swap;
	bool swap_has_memory; /* its limit is of both together */
	const char *reclaimable[3]; /* in memory.stat */
};

static const struct version versions[] = {
	{ NULL, "memory.max", "memory.current", "memory.swap.max", false,
	  { "inactive_file", "active_file", "slab_reclaimable" } },
	{ "memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
	  "memory.memsw.limit_in_bytes", true, { "total_inactive_file", "total_active_file" } },
};

static FILE *open_in(const char *folder, const char *name)
{
	char path[8400];

	return snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path) ? fopen(path, "re") : NULL;
}

/* UINT64_MAX: there is none, or it is "max". */
static uint64_t read_number(const char *folder, const char *name)
{
	FILE *file = open_in(folder, name);
	unsigned long long value;
	bool known = file && fscanf(file, "%llu", &value) == 1;

	if (file)
		fclose(file);
	return known && value < NO_LIMIT ? value : UINT64_MAX;
}

static uint64_t reclaimable(const struct version *version, const char *folder)
{
	FILE *file = open_in(folder, "memory.stat");
	unsigned long long value;
	uint64_t sum = 0;
	char name[64];
	size_t i;

	while (file && fscanf(file, "%63s %llu", name, &value) == 2)
		for (i = 0; i < 3 && version->reclaimable[i]; i++)
			if (!strcmp(name, version->reclaimable[i]))
				sum += value;
	if (file)
		fclose(file);
	return sum;
}

/* Our path in the hierarchy: "/" at least. */
static bool find_path(const struct version *version, const char *proc, char *path, size_t size)
{
	FILE *file = open_in(proc, "cgroup");
	char line[4400], *controllers, *place;
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		controllers = strchr(line, ':');
		place = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!place)
			continue;
		*place++ = '\0';
		found = version->controller ? text_list_has(controllers + 1, version->controller) : !controllers[1];
		if (found)
			snprintf(path, size, "%s", place);
	}
	if (file)
		fclose(file);
	return found;
}

/* Where it is, and which part of the hierarchy it is. */
static bool find_mount(const struct version *version, const char *proc, char root[4096], char point[4096])
{
	char file[4200];

	snprintf(file, sizeof(file), "%.4096s/mountinfo", proc);
	return !cgroup_mount_read(file, version->controller, CGROUP_MOUNT_ROOT, root, 4096) &&
	       !cgroup_mount_read(file, version->controller, CGROUP_MOUNT_POINT, point, 4096);
}

/* A cgroup may swap no more than each above it may. Without such a file there is no limit, or nobody counts. */
static void look_at_swap(struct memory_limit *limit, const struct version *version, const char *folder, uint64_t memory)
{
	uint64_t swap = read_number(folder, version->swap);

	if (swap == UINT64_MAX)
		return;
	if (version->swap_has_memory)
		swap = swap > memory ? swap - memory : 0;
	if (swap < limit->swap)
		limit->swap = swap;
}

static void look(struct memory_limit *limit, const struct version *version, const char *folder)
{
	uint64_t most = read_number(folder, version->limit), usage, back, room;

	if (most != UINT64_MAX || !version->swap_has_memory)
		look_at_swap(limit, version, folder, most);
	if (most == UINT64_MAX)
		return;
	usage = read_number(folder, version->usage);
	back = reclaimable(version, folder);
	if (usage == UINT64_MAX)
		usage = 0;
	usage = usage > back ? usage - back : 0;
	room = most > usage ? most - usage : 0;
	if (limit->file[0] && room >= limit->room)
		return;
	limit->limit = most;
	limit->room = room;
	snprintf(limit->file, sizeof(limit->file), "%.3000s/%s", folder, version->limit);
}

/* From ours up to what is mounted. In a container what is mounted is often ours itself, whatever its path is called. */
static void look_upwards(struct memory_limit *limit, const struct version *version, const char *proc)
{
	char path[4096], root[4096], point[4096], folder[8200];
	size_t used, above;
	bool is_below;

	if (!find_path(version, proc, path, sizeof(path)) || !find_mount(version, proc, root, point))
		return;
	above = strcmp(root, "/") ? strlen(root) : 0;
	used = strlen(point);
	is_below = !strncmp(path, root, above) && (!path[above] || path[above] == '/');
	snprintf(folder, sizeof(folder), "%s%s", point, is_below ? path + above : "");
	if (access(folder, F_OK))
		folder[used] = '\0';
	for (;;) {
		look(limit, version, folder);
		if (strlen(folder) <= used)
			break;
		*strrchr(folder, '/') = '\0';
	}
}

int memory_limit_read(struct memory_limit *limit, const char *proc)
{
	size_t i;

	memset(limit, 0, sizeof(*limit));
	limit->swap = UINT64_MAX;
	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		look_upwards(limit, &versions[i], proc);
	return limit->file[0] ? 0 : -ENOENT;
}

static uint64_t rounded(uint64_t size)
{
	return (size + 7) & ~7ULL;
}

static uint64_t bytes_of_hash(const struct bpf_map *map)
{
	uint64_t entries = bpf_map__max_entries(map), buckets = 1;

	while (buckets < entries)
		buckets *= 2;
	if (bpf_map__map_flags(map) & BPF_F_NO_PREALLOC)
		entries = 0;
	return buckets * HASH_BUCKET + entries * (HASH_ELEMENT + rounded(bpf_map__key_size(map)) + rounded(bpf_map__value_size(map)));
}

uint64_t memory_of_maps(const struct bpf_object *object)
{
	uint64_t rings = 0, sum = 0;
	const struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		switch (bpf_map__type(map)) {
		case BPF_MAP_TYPE_RINGBUF:
			rings += bpf_map__max_entries(map);
			break;
		case BPF_MAP_TYPE_HASH:
		case BPF_MAP_TYPE_LRU_HASH:
			sum += bytes_of_hash(map);
			break;
		case BPF_MAP_TYPE_ARRAY:
			sum += bpf_map__max_entries(map) * rounded(bpf_map__value_size(map));
			break;
		case BPF_MAP_TYPE_PERCPU_ARRAY:
			sum += bpf_map__max_entries(map) * rounded(bpf_map__value_size(map)) * libbpf_num_possible_cpus();
			break;
		default:
			break;
		}
	}
	return rings + sum + (sum / 4 < BESIDE_TABLES_MOST ? sum / 4 : BESIDE_TABLES_MOST); /* a quarter: measured with small tables */
}

bool memory_of_maps_counts(const char *cmdline)
{
	static const char option[] = "cgroup.memory=";
	const char *word = cmdline;
	char list[128];

	for (; (word = strstr(word, option)); word += strlen(option)) {
		if (word != cmdline && word[-1] != ' ')
			continue;
		if (sscanf(word + strlen(option), "%127[^ \n]", list) == 1 && (text_list_has(list, "nokmem") || text_list_has(list, "nobpf")))
			return false;
	}
	return true;
}

static bool kernel_counts_maps(void)
{
	FILE *file = open_in("/proc", "cmdline");
	char line[4096] = "";
	bool known = file && fgets(line, sizeof(line), file);

	if (file)
		fclose(file);
	return !known || memory_of_maps_counts(line);
}

/* Then what we have ourselves may be swapped out. The kernel's tables never are. */
static bool may_swap(const struct memory_limit *limit)
{
	struct sysinfo machine;

	return limit->swap >= OWN_BYTES && !sysinfo(&machine) && (uint64_t)machine.freeswap * machine.mem_unit >= OWN_BYTES;
}

int memory_limit_check(const struct bpf_object *object, bool maps_count, char *error, size_t error_size)
{
	char room[TEXT_NUMBER], needed[TEXT_NUMBER], most[TEXT_NUMBER];
	struct memory_limit limit;
	uint64_t need;

	if (memory_limit_read(&limit, "/proc/self"))
		return 0;
	need = maps_count && kernel_counts_maps() ? memory_of_maps(object) : 0;
	if (!may_swap(&limit))
		need += OWN_BYTES;
	if (limit.room >= need)
		return 0;
	text_bytes(room, limit.room);
	text_bytes(needed, need);
	text_bytes(most, limit.limit);
	snprintf(error, error_size,
		 "tracing takes %s of memory at start, and this cgroup has %s left of %s (%.200s): the kernel would kill a process of it; "
		 "raise the limit, give a smaller --max-sockets or --ring-size, or look without BPF: --no-bpf",
		 needed, room, most, limit.file);
	return -ENOMEM;
}
