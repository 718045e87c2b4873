// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Files of names and numbers: two lines each in netstat and snmp, words in sockstat, one file a setting. */
#include "attribute/namespace_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_ROOM 512
#define LINE_ROOM 16384
#define FIRST_OF_SNMP NS_ACTIVE_OPENS

static unsigned int reason_of(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return NS_ABSENT;
	case EACCES:
	case EPERM:
		return NS_NO_PRIVILEGE;
	default:
		return NS_UNREADABLE;
	}
}

static FILE *open_net(const char *proc, const char *name)
{
	char path[PATH_ROOM];

	snprintf(path, sizeof(path), "%s/thread-self/net/%s", proc ? proc : "/proc", name);
	return fopen(path, "re");
}

static void count_set(struct namespace_count *count, uint64_t total)
{
	count->known = NS_KNOWN;
	count->total = total;
}

static void counter_take(struct namespace_facts *facts, unsigned int first, unsigned int end, const char *name, const char *value)
{
	unsigned int i;

	for (i = first; i < end; i++)
		if (!strcmp(namespace_counter_name(i), name))
			count_set(&facts->counters[i], strtoull(value, NULL, 10));
}

/* A line of names and one of as many values, both after the same word. */
static void pair_take(struct namespace_facts *facts, unsigned int first, unsigned int end, char *names, char *values)
{
	char *name_at = NULL, *value_at = NULL;
	const char *name = strtok_r(names, " \n", &name_at), *value = strtok_r(values, " \n", &value_at);

	while ((name = strtok_r(NULL, " \n", &name_at)) && (value = strtok_r(NULL, " \n", &value_at)))
		counter_take(facts, first, end, name, value);
}

static void counters_fail(struct namespace_facts *facts, unsigned int first, unsigned int end, unsigned int reason)
{
	unsigned int i;

	for (i = first; i < end; i++)
		if (facts->counters[i].known != NS_KNOWN)
			facts->counters[i].known = reason;
}

static void read_counters(struct namespace_facts *facts, const char *proc, const char *file, const char *word, unsigned int first,
			  unsigned int end)
{
	char *names = malloc(LINE_ROOM), *values = malloc(LINE_ROOM);
	FILE *input = open_net(proc, file);
	unsigned int reason = input ? NS_ABSENT : reason_of(errno);
	size_t size = strlen(word);

	while (input && names && values && fgets(names, LINE_ROOM, input) && fgets(values, LINE_ROOM, input))
		if (!strncmp(names, word, size) && !strncmp(values, word, size))
			pair_take(facts, first, end, names, values);
	if (input)
		fclose(input);
	free(names);
	free(values);
	counters_fail(facts, first, end, reason);
}

static void gauge_add(struct namespace_facts *facts, unsigned int gauge, unsigned long long number)
{
	count_set(&facts->gauges[gauge], facts->gauges[gauge].total + number);
}

static void sockstat_take(struct namespace_facts *facts, const char *line)
{
	unsigned long long in_use, orphans, time_waits, allocated, memory;

	if (sscanf(line, "TCP: inuse %llu orphan %llu tw %llu alloc %llu mem %llu", &in_use, &orphans, &time_waits, &allocated,
		   &memory) == 5) {
		gauge_add(facts, NS_SOCKETS_IN_USE, in_use);
		gauge_add(facts, NS_ORPHANS, orphans);
		gauge_add(facts, NS_TIME_WAIT_SOCKETS, time_waits);
		gauge_add(facts, NS_SOCKETS_ALLOCATED, allocated);
		gauge_add(facts, NS_MEMORY_PAGES, memory);
	} else if (sscanf(line, "TCP6: inuse %llu", &in_use) == 1) {
		gauge_add(facts, NS_SOCKETS_IN_USE, in_use);
	}
}

static void read_sockstat(struct namespace_facts *facts, const char *proc, const char *file)
{
	FILE *input = open_net(proc, file);
	unsigned int i, reason = input ? NS_ABSENT : reason_of(errno);
	char line[256];

	while (input && fgets(line, sizeof(line), input))
		sockstat_take(facts, line);
	if (input)
		fclose(input);
	for (i = 0; i < NS_CONNTRACK_COUNT; i++)
		if (facts->gauges[i].known != NS_KNOWN)
			facts->gauges[i].known = reason;
}

/* The text of a setting; negative errno. */
static int setting_text(const char *proc, const char *name, char *text, size_t size)
{
	char path[PATH_ROOM], *at;
	ssize_t length;
	int fd, used;

	used = snprintf(path, sizeof(path), "%s/sys/", proc ? proc : "/proc");
	snprintf(path + used, sizeof(path) - used, "%s", name);
	for (at = path + used; *at; at++)
		if (*at == '.')
			*at = '/';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	length = read(fd, text, size - 1);
	used = errno;
	close(fd);
	if (length < 0)
		return -used;
	text[length] = '\0';
	return 0;
}

/* Of a list, as of reserved ports, only whether there is anything. */
static void values_parse(struct namespace_value *value, const char *text, bool is_list)
{
	char *end;

	value->known = NS_KNOWN;
	if (is_list) {
		value->value[value->count++] = text[strspn(text, " \t\n")] != '\0';
		return;
	}
	while (value->count < 3) {
		long long number = strtoll(text, &end, 10);

		if (end == text)
			return;
		value->value[value->count++] = number;
		text = end;
	}
}

static void read_setting(struct namespace_value *value, const char *proc, unsigned int setting)
{
	char text[256];
	int err = setting_text(proc, namespace_setting_name(setting), text, sizeof(text));

	memset(value, 0, sizeof(*value));
	if (err)
		value->known = reason_of(-err);
	else
		values_parse(value, text, setting == NS_IP_LOCAL_RESERVED_PORTS);
}

void namespace_read_counts(struct namespace_facts *facts, const char *proc)
{
	char text[64];
	int err;

	memset(facts->counters, 0, sizeof(facts->counters));
	memset(facts->gauges, 0, sizeof(facts->gauges));
	read_counters(facts, proc, "netstat", "TcpExt:", 0, FIRST_OF_SNMP);
	read_counters(facts, proc, "snmp", "Tcp:", FIRST_OF_SNMP, NS_COUNTERS);
	read_sockstat(facts, proc, "sockstat");
	read_sockstat(facts, proc, "sockstat6");
	err = setting_text(proc, "net.netfilter.nf_conntrack_count", text, sizeof(text));
	if (err)
		facts->gauges[NS_CONNTRACK_COUNT].known = reason_of(-err);
	else
		count_set(&facts->gauges[NS_CONNTRACK_COUNT], strtoull(text, NULL, 10));
}

void namespace_read_settings(struct namespace_facts *facts, const char *proc)
{
	unsigned int i;

	for (i = 0; i < NS_SETTINGS; i++)
		read_setting(&facts->settings[i], proc, i);
}

void namespace_not_read(struct namespace_facts *facts, unsigned int reason)
{
	unsigned int i;

	memset(facts, 0, sizeof(*facts));
	for (i = 0; i < NS_COUNTERS; i++)
		facts->counters[i].known = reason;
	for (i = 0; i < NS_GAUGES; i++)
		facts->gauges[i].known = reason;
	for (i = 0; i < NS_SETTINGS; i++)
		facts->settings[i].known = reason;
}

bool namespace_setting_is_of_machine(unsigned int setting)
{
	return setting == NS_TCP_MAX_ORPHANS || setting == NS_TCP_MEM || setting == NS_NETDEV_MAX_BACKLOG;
}
