// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The options that commands share: which sockets, and how a run is done. */
#include "options.h"

#include "attach/hooks.h"
#include "util/failure.h"

#define FIELD(member) offsetof(struct options, member)

static int parse_filter(const struct option_row *row, void *field, const char *text, char *error, size_t error_size)
{
	return row->filter(field, text, error, error_size);
}

/* --container, --pod, … as the row's `min` says: enum name_kind. */
static int parse_names(const struct option_row *row, void *field, const char *text, char *error, size_t error_size)
{
	return filter_parse_names(field, row->min, text, error, error_size);
}

#define FILTERS (COMMON_LIVE | COMMON_REPLAY)
#define FILTER(how) .parse = parse_filter, .filter = how, .field = FIELD(run.filter), .commands = FILTERS
#define NAMES(kind) .parse = parse_names, .min = kind, .field = FIELD(run.filter), .commands = FILTERS
#define FLAG(member) .parse = option_flag, .field = FIELD(member), .commands = FILTERS

const struct option_row filter_rows[] = {
	{ "pid", 'p', "PID,…", "sockets of these processes", FILTER(filter_parse_pids) },
	{ "cgroup", 'c', "CGROUP", "sockets of this cgroup (path) and those below it", FILTER(filter_parse_cgroup) },
	{ "container", 0, "NAME,…", "containers of this name, or whose id begins so", NAMES(NAME_CONTAINER) },
	{ "pod", 0, "NAME,…", "pods of this name or uid", NAMES(NAME_POD) },
	{ "namespace", 0, "NAME,…", "pods of this Kubernetes namespace", NAMES(NAME_NAMESPACE) },
	{ "unit", 0, "NAME,…", "this systemd unit (nginx, system.slice) and those below it", NAMES(NAME_UNIT) },
	{ "netns", 'n', "NETNS,…", "network namespaces: inode, name, path, pid, self, all", FILTER(filter_parse_netns) },
	{ "local-port", 'L', "PORT,…", "these local ports", FILTER(filter_parse_local_ports) },
	{ "remote-port", 'D', "PORT,…", "these remote ports", FILTER(filter_parse_remote_ports) },
	{ "remote", 0, "ADDR[/LEN][:PORT]", "this remote address or network", FILTER(filter_parse_remote) },
	{ "ipv4", '4', NULL, "IPv4 only", FLAG(run.filter.ipv4_only) },
	{ "ipv6", '6', NULL, "IPv6 only", FLAG(run.filter.ipv6_only) },
	{ "comm", 0, "NAME", "processes of this name", FILTER(filter_parse_comm) },
	{ "state", 0, "LIST", "these states: CLOSE_WAIT,time-wait; of transitions old or new", FILTER(filter_parse_states) },
	{},
};

static int parse_ring_size(const struct option_row *row, void *field, const char *text, char *error, size_t error_size)
{
	uint32_t bytes = 0;
	int err = option_u32(row, &bytes, text, error, error_size);

	if (err)
		return err;
	if (bytes & (bytes - 1))
		return fail(error, error_size, "--ring-size: \"%s\" is not a power of two; give KiB, as 1024 or 4096", text);
	*(uint32_t *)field = bytes;
	return 0;
}

static const char *color_name(unsigned int color)
{
	static const char *const names[] = { "auto", "always", "never" };

	return names[color];
}

static const char *hook_name(unsigned int mode)
{
	return hook_mode_name(mode);
}

const struct option_row common_rows[] = {
	{ "duration", 'd', "SECONDS", "stop after this time; 0: one look", option_seconds, FIELD(run.seconds), .commands = FILTERS },
	{ "json", 'j', NULL, "JSON, one object a line", option_flag, FIELD(json), .commands = COMMON_JSON },
	{ "verbose", 'v', NULL, "say more on standard error; twice: libbpf's words too", option_counter, FIELD(verbosity) },
	{ "color", 0, "WHEN", "auto, always or never (also NO_COLOR)", option_choice, FIELD(color), COLOR_AUTO, COLOR_NEVER,
	  .choice = color_name },
	{ "hooks", 0, "MODE", "only fentry, kprobe or tracepoint hooks", option_choice, FIELD(run.hooks), HOOK_MODE_FENTRY,
	  HOOK_MODE_TRACEPOINT, .choice = hook_name, .commands = COMMON_LIVE | COMMON_HOOKS },
	{ "no-bpf", 0, NULL, "without privileges: poll /proc, and know less", option_flag, FIELD(run.polls),
	  .commands = COMMON_LIVE },
	{ "log-dir", 0, "DIR", "where the kubelet's pods and containers are (/var/log)", option_folder, FIELD(run.log_directory),
	  .commands = COMMON_LIVE },
	{ "max-sockets", 0, "N", "size of the tables of live sockets", option_u32, FIELD(run.max_sockets), 1, 1 << 26,
	  .commands = COMMON_LIVE },
	{ "ring-size", 0, "KIB", "size of the ring buffer, a power of two", parse_ring_size, FIELD(run.ring_bytes), 4, 1 << 20,
	  1 << 10, .commands = COMMON_LIVE },
	{},
};
