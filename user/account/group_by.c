// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Groupings by one key or by two, and their names. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "account/group.h"

static const char *const names[GROUP_ALL_KEYS] = {
	[GROUP_PROCESS] = "process", [GROUP_CGROUP] = "cgroup", [GROUP_CONTAINER] = "container",
	[GROUP_POD] = "pod",	     [GROUP_REMOTE] = "remote", [GROUP_PORT] = "port",
	[GROUP_COMM] = "comm",	     [GROUP_UNIT] = "unit",	[GROUP_SERVICE] = "service",
	[GROUP_WORKLOAD] = "workload",
};

/* Of one family one tells the other: a process has one name, a remote end has one port. */
static const uint8_t families[GROUP_KEYS] = {
	[GROUP_PROCESS] = 1, [GROUP_COMM] = 1, [GROUP_CONTAINER] = 2, [GROUP_POD] = 2,
	[GROUP_REMOTE] = 3,  [GROUP_PORT] = 3, [GROUP_CGROUP] = 4,    [GROUP_UNIT] = 5,
};

int group_by_key(unsigned int by, unsigned int part)
{
	if (!part)
		return by & 0xff;
	return part == 1 && by >> 8 ? (int)(by >> 8) - 1 : -1;
}

static bool is_of_ends(int key)
{
	return key == GROUP_REMOTE || key == GROUP_PORT || key == GROUP_SERVICE;
}

bool group_by_is_of_process(unsigned int by)
{
	return !is_of_ends(group_by_key(by, 0)) && !is_of_ends(group_by_key(by, 1));
}

void group_by_name(char out[GROUP_BY_TEXT], unsigned int by)
{
	int second = group_by_key(by, 1);

	snprintf(out, GROUP_BY_TEXT, "%s%s%s", names[group_by_key(by, 0)], second < 0 ? "" : ",",
		 second < 0 ? "" : names[second]);
}

static int key_parse(const char *text, size_t size)
{
	int key;

	for (key = 0; key < GROUP_KEYS; key++)
		if (strlen(names[key]) == size && !memcmp(names[key], text, size))
			return key;
	return -EINVAL;
}

int group_by_parse(const char *text)
{
	size_t size = strcspn(text, ",");
	int first = key_parse(text, size), second;

	if (first < 0 || !text[size])
		return first;
	text += size + 1;
	second = key_parse(text, strlen(text));
	if (second < 0 || families[first] == families[second])
		return -EINVAL;
	return GROUP_BY_BOTH(first, second);
}

void group_by_list(char *out, size_t size)
{
	size_t used = 0;
	int key;

	for (key = 0; key < GROUP_KEYS && used < size; key++)
		used += snprintf(out + used, size - used, "%s%s", used ? ", " : "", names[key]);
}
