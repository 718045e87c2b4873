// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Turns the arguments of the filter options into numbers, and says what is wrong with them. */
#include "filter/filter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "attribute/cgroup.h"
#include "attribute/holders.h"
#include "filter/name_filter.h"
#include "util/failure.h"
#include "util/tcp_state.h"
#include "util/text.h"

#define ITEM_BYTES 256

void filter_init(struct filter *filter, const struct filter_places *places)
{
	memset(filter, 0, sizeof(*filter));
	if (places)
		filter->places = *places;
}

/* Puts one item of a list into the filter. */
typedef int item_parser(struct filter *filter, const char *item, char *error, size_t error_size);

/* All items of a list or none. */
static int parse_list(struct filter *filter, const char *option, const char *text, item_parser *parse_item, char *error,
		      size_t error_size)
{
	struct filter next = *filter;
	char item[ITEM_BYTES];
	int result;

	while ((result = text_list_next(&text, item, sizeof(item)))) {
		if (result == -EINVAL)
			result = fail(error, error_size,
				      "an item of the list is empty; give items with commas "
				      "between, such as 80,443");
		else if (result < 0)
			result = fail(error, error_size, "\"%.32s…\" is too long", item);
		else
			result = parse_item(&next, item, error, error_size);
		if (result)
			return fail_prefix(error, error_size, option, result);
	}
	*filter = next;
	return 0;
}

/* `count` members are in the set; room for one more, or a sentence. */
static int check_room(unsigned int count, const char *things, char *error, size_t error_size)
{
	if (count < FILTER_SET_MAX)
		return 0;
	return fail(error, error_size, "more than %d %s; give at most that many", FILTER_SET_MAX, things);
}

#define DEFINE_ADD(type, things)                                                                                       \
	static int add_##type(type *set, unsigned int *count, type value, char *error, size_t error_size)              \
	{                                                                                                              \
		int result;                                                                                            \
                                                                                                                       \
		for (unsigned int i = 0; i < *count; i++)                                                              \
			if (set[i] == value)                                                                           \
				return 0;                                                                              \
		result = check_room(*count, things, error, error_size);                                                \
		if (!result)                                                                                           \
			set[(*count)++] = value;                                                                       \
		return result;                                                                                         \
	}

DEFINE_ADD(uint16_t, "ports")
DEFINE_ADD(uint32_t, "pids or namespaces")
DEFINE_ADD(uint64_t, "cgroups")

/* The process that a thread belongs to, 0 when /proc does not say. */
static uint32_t process_of(const char *proc, uint32_t pid)
{
	char path[4096], line[256];
	unsigned int process = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%u/status", proc, pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (!process && fgets(line, sizeof(line), file))
		if (sscanf(line, "Tgid: %u", &process) == 1)
			break;
	fclose(file);
	return process;
}

/* In a time namespace of its own /proc tells other times than the kernel side. */
static int64_t time_namespace_ns(const char *proc)
{
	long long seconds = 0, ns = 0;
	char path[4096], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/self/timens_offsets", proc);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file) && sscanf(line, "boottime %lld %lld", &seconds, &ns) != 2)
		;
	if (file)
		fclose(file);
	return seconds * 1000000000LL + ns;
}

static uint64_t start_of(const char *proc, uint32_t pid)
{
	struct process process;

	if (!holder_process_read(proc, pid, &process))
		return 0;
	return (process.start_ns - time_namespace_ns(proc)) / PROCESS_START_NS;
}

static int add_process(struct filter *filter, uint32_t pid, uint64_t start, char *error, size_t error_size)
{
	int err = add_uint32_t(filter->pids, &filter->n_pids, pid, error, error_size);
	unsigned int i;

	for (i = 0; i < filter->n_pids; i++)
		if (filter->pids[i] == pid)
			filter->pid_starts[i] = start;
	return err;
}

bool filter_wants_process(const struct filter *filter, const struct process *process)
{
	unsigned int i;

	for (i = 0; i < filter->n_pids; i++)
		if (filter->pids[i] == process->pid)
			return !filter->pid_starts[i] || filter->pid_starts[i] == process->start_ns / PROCESS_START_NS;
	return !filter->n_pids;
}

static int parse_pid(struct filter *filter, const char *item, char *error, size_t error_size)
{
	const char *proc = filter->places.netns.proc ? filter->places.netns.proc : "/proc";
	uint64_t pid;
	uint32_t process;

	if (text_parse_u64(item, INT32_MAX, &pid) || !pid)
		return fail(error, error_size, "\"%s\" is not a process id; give numbers like 4711,4712", item);
	if (filter->recorded)
		return add_process(filter, pid, 0, error, error_size);
	process = process_of(proc, pid);
	if (!process)
		return fail(error, error_size, "there is no process %s; give the ids of running processes", item);
	if (process != pid)
		return fail(error, error_size, "%s is a thread of process %u; give the process id", item, process);
	return add_process(filter, pid, start_of(proc, pid), error, error_size);
}

int filter_parse_pids(struct filter *filter, const char *text, char *error, size_t error_size)
{
	return parse_list(filter, "-p", text, parse_pid, error, error_size);
}

/* It may be given twice, by a pid and by a number that we can't look up: what is known of it stays. */
static int add_netns(struct filter *filter, const struct netns_meant *meant, char *error, size_t error_size)
{
	int err = add_uint32_t(filter->netns, &filter->n_netns, meant->inode, error, error_size);
	unsigned int i;

	for (i = 0; i < filter->n_netns; i++)
		if (filter->netns[i] == meant->inode)
			filter->netns_cookies[i] = meant->cookie ?: filter->netns_cookies[i];
	return err;
}

static int parse_netns(struct filter *filter, const char *item, char *error, size_t error_size)
{
	struct netns_meant meant = {};
	uint64_t number;
	int result;

	if (!strcmp(item, "all")) {
		filter->all_netns = true;
		return 0;
	}
	if (filter->recorded && !text_parse_u64(item, UINT32_MAX, &number))
		return add_netns(filter, &(struct netns_meant){ .inode = number }, error, error_size);
	result = netns_resolve(item, &filter->places.netns, &meant, error, error_size);
	return result ? result : add_netns(filter, &meant, error, error_size);
}

bool filter_has_cgroups(const struct filter *filter)
{
	return filter->n_cgroups || filter_has_names(filter);
}

bool filter_has_processes(const struct filter *filter)
{
	return filter->n_pids || filter->comm[0] || filter_has_cgroups(filter);
}

uint32_t filter_only_netns(const struct filter *filter)
{
	return filter->n_netns == 1 ? filter->netns[0] : 0;
}

bool filter_wants_netns(const struct filter *filter, uint32_t inode)
{
	unsigned int i;

	for (i = 0; i < filter->n_netns; i++)
		if (filter->netns[i] == inode)
			return true;
	return !filter->n_netns;
}

void filter_own_netns(struct filter *filter, bool in_first_pid_namespace)
{
	char path[4096];

	if (in_first_pid_namespace || filter->n_netns || filter->all_netns)
		return;
	snprintf(path, sizeof(path), "%s/self/ns/net", filter->places.netns.proc ? filter->places.netns.proc : "/proc");
	if (netns_inode_of(path, &filter->netns[0]))
		return;
	filter->n_netns = 1;
	filter->netns_by_default = true;
}

int filter_parse_netns(struct filter *filter, const char *text, char *error, size_t error_size)
{
	return parse_list(filter, "-n", text, parse_netns, error, error_size);
}

static int parse_port(uint16_t *set, unsigned int *count, const char *item, char *error, size_t error_size)
{
	uint16_t port;

	if (text_parse_port(item, &port))
		return fail(error, error_size, "\"%s\" is not a port; give numbers from 1 to 65535, such as 80,443",
			    item);
	return add_uint16_t(set, count, port, error, error_size);
}

static int parse_local_port(struct filter *filter, const char *item, char *error, size_t error_size)
{
	return parse_port(filter->local_ports, &filter->n_local_ports, item, error, error_size);
}

static int parse_remote_port(struct filter *filter, const char *item, char *error, size_t error_size)
{
	return parse_port(filter->remote_ports, &filter->n_remote_ports, item, error, error_size);
}

int filter_parse_local_ports(struct filter *filter, const char *text, char *error, size_t error_size)
{
	return parse_list(filter, "-L", text, parse_local_port, error, error_size);
}

int filter_parse_remote_ports(struct filter *filter, const char *text, char *error, size_t error_size)
{
	return parse_list(filter, "-D", text, parse_remote_port, error, error_size);
}

static bool is_below(const char *path, const char *directory)
{
	size_t size = strlen(directory);

	return !strncmp(path, directory, size) && (!path[size] || path[size] == '/');
}

/* A directory of the mounted hierarchy itself, not something that ".." or a mount led to. */
static int find_cgroup(const char *mount, const char *path, uint64_t *id)
{
	struct stat root, status;

	if (stat(mount, &root) || stat(path, &status))
		return -errno;
	if (!S_ISDIR(status.st_mode) || status.st_dev != root.st_dev)
		return -ENOTDIR;
	return cgroup_id_of(path, id);
}

static int parse_cgroup(struct filter *filter, const char *text, char *error, size_t error_size)
{
	unsigned int before = filter->n_cgroups;
	char mount[2048], path[4096];
	uint64_t id;
	int result = 0;

	if (filter->places.cgroup)
		snprintf(mount, sizeof(mount), "%s", filter->places.cgroup);
	else
		result = cgroup_mount_find(NULL, mount, sizeof(mount));
	if (result)
		return fail(error, error_size, "no cgroup2 hierarchy is mounted, so there are no cgroups to choose");
	if (is_below(text, mount))
		snprintf(path, sizeof(path), "%s", text);
	else
		snprintf(path, sizeof(path), "%s/%s", mount, text + strspn(text, "/"));
	if (!*text || find_cgroup(mount, path, &id))
		return fail(error, error_size,
			    "there is no cgroup \"%s\" below %s; give a path there, such as "
			    "/system.slice/ssh.service",
			    text, mount);
	result = add_uint64_t(filter->cgroup_ids, &filter->n_cgroups, id, error, error_size);
	if (filter->n_cgroups > before)
		filter->cgroup_paths[before] = is_below(text, mount) ? text + strlen(mount) : text;
	return result;
}

/* The path below the mount, wherever that is on the machine that recorded. */
static int parse_recorded_cgroup(struct filter *filter, const char *text, char *error, size_t error_size)
{
	static const char *const mounts[] = { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" };
	int result = check_room(filter->n_cgroups, "cgroups", error, error_size);

	if (!*text)
		result = fail(error, error_size, "the path is empty; give one such as /system.slice/ssh.service");
	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++)
		if (is_below(text, mounts[i]))
			text += strlen(mounts[i]);
	if (!result)
		filter->cgroup_paths[filter->n_cgroups++] = text;
	return result;
}

int filter_parse_cgroup(struct filter *filter, const char *text, char *error, size_t error_size)
{
	int result = filter->recorded ? parse_recorded_cgroup(filter, text, error, error_size) :
					parse_cgroup(filter, text, error, error_size);

	return result ? fail_prefix(error, error_size, "-c", result) : 0;
}

/* Whether there is such a thing is not asked: it may come while we run. */
int filter_parse_names(struct filter *filter, enum name_kind kind, const char *text, char *error, size_t error_size)
{
	struct name_lists *names = &filter->names[kind];
	const char *rest = text, *option = name_option(kind);
	char item[FILTER_NAME_BYTES];
	int result;

	while ((result = text_list_next(&rest, item, sizeof(item))) > 0)
		;
	if (result)
		return fail(error, error_size, "%s: a name is empty or too long; give names with commas between, such as web,db",
			    option);
	if (names->count == FILTER_LISTS_MAX)
		return fail(error, error_size, "%s: given more than %d times; give a list with commas between", option,
			    FILTER_LISTS_MAX);
	names->lists[names->count++] = text;
	return 0;
}

int filter_parse_remote(struct filter *filter, const char *text, char *error, size_t error_size)
{
	struct remote remote;
	int result = remote_parse(text, &remote, error, error_size);

	if (result)
		return fail_prefix(error, error_size, "--remote", result);
	filter->has_remote = true;
	filter->remote = remote.prefix;
	filter->remote_port = remote.port;
	return 0;
}

int filter_parse_states(struct filter *filter, const char *text, char *error, size_t error_size)
{
	uint32_t mask;
	int result = tcp_state_list_parse(text, &mask, error, error_size);

	if (result)
		return fail_prefix(error, error_size, "--state", result);
	filter->state_mask |= mask;
	return 0;
}

int filter_parse_comm(struct filter *filter, const char *text, char *error, size_t error_size)
{
	if (!*text)
		return fail(error, error_size, "--comm: the name is empty; give a process name such as nginx");
	snprintf(filter->comm, sizeof(filter->comm), "%s", text);
	return 0;
}

void filter_drop_processes(struct filter *filter)
{
	filter->n_pids = filter->n_cgroups = 0;
	filter->comm[0] = '\0';
	memset(filter->names, 0, sizeof(filter->names));
}

int filter_check(struct filter *filter, char *error, size_t error_size)
{
	bool remote_ipv6 = filter->has_remote && filter->remote.address.family == AF_INET6;
	bool remote_ipv4 = filter->has_remote && !remote_ipv6;

	if (filter->ipv4_only && remote_ipv6)
		return fail(error, error_size, "-4 excludes the IPv6 address of --remote; give one of them");
	if (filter->ipv4_only && filter->ipv6_only)
		return fail(error, error_size, "-4 and -6 exclude each other; give one of them");
	if (filter->all_netns && filter->n_netns)
		return fail(error, error_size, "-n: all, or namespaces by name; give one of them");
	if (filter->ipv6_only && remote_ipv4)
		return fail(error, error_size, "-6 excludes the IPv4 address of --remote; give one of them");
	filter->ipv6_only |= remote_ipv6;
	return 0;
}
