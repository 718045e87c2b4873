// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Runs tcpdwell and reads its lines. */
#define _GNU_SOURCE 1
#include "tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

json_t *tool_ports(const char *path)
{
	json_t *objects = json_array(), *object;
	char command[512], *line = NULL;
	size_t capacity = 0;
	FILE *output;
	int status;

	snprintf(command, sizeof(command), "exec '%s' ports -j -d 0 -n self", path);
	output = popen(command, "r");
	if (!output)
		world_fail("%s can't be started", path);
	while (getline(&line, &capacity, output) > 0) {
		object = json_loads(line, 0, NULL);
		if (!object)
			world_fail("tcpdwell wrote a line that is no JSON: %s", line);
		json_array_append_new(objects, object);
	}
	free(line);
	status = pclose(output);
	if (status)
		world_fail("tcpdwell ended with status %d", WEXITSTATUS(status));
	return objects;
}

static bool is_text(json_t *object, const char *key, const char *wanted)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && !strcmp(text, wanted);
}

json_t *tool_find(json_t *objects, const char *type, uint16_t remote_port, const char *local_addr)
{
	json_t *object;
	size_t i;

	json_array_foreach(objects, i, object) {
		if (!is_text(object, "type", type) || (local_addr && !is_text(object, "local_addr", local_addr)))
			continue;
		if (!remote_port || json_integer_value(json_object_get(object, "remote_port")) == remote_port)
			return object;
	}
	return NULL;
}

void tool_check(json_t *object, const char *key, long long wanted)
{
	json_t *value = json_object_get(object, key);

	if (!json_is_integer(value) || json_integer_value(value) != wanted)
		world_fail("tcpdwell says %s %lld, and not %lld: %s", key, (long long)json_integer_value(value), wanted,
			   json_dumps(object, JSON_COMPACT));
}
