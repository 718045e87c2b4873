// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Runs tcpdwell and reads its lines. */
#define _GNU_SOURCE 1
#include "tool.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Pictures tell their moment. */
static bool is_of_another_picture(json_t *objects, json_t *object)
{
	json_t *last = json_array_get(objects, json_array_size(objects) - 1);

	return last && !json_equal(json_object_get(last, "time"), json_object_get(object, "time"));
}

/*
 * The second picture: by then all was looked at, however long that takes. One that is asked to end at once has 600 ms for it. A
 * TIME_WAIT of less than 300 ms is not looked at yet, as the event that made it may still be on its way (bpf/sweep.bpf.h).
 */
json_t *tool_ports(const struct tool_options *options)
{
	const struct timespec old_enough = { .tv_nsec = 350000000 };
	json_t *objects = json_array(), *object;
	char command[512], *line = NULL;
	size_t capacity = 0;
	FILE *output;
	int status;

	snprintf(command, sizeof(command), "exec '%s' ports %s%s%s -j -n self 0.05 2", options->path, options->polls ? "--no-bpf" : "",
		 options->hooks ? "--hooks=" : "", options->hooks ?: "");
	nanosleep(&old_enough, NULL);
	output = popen(command, "r");
	if (!output)
		world_fail("%s can't be started", options->path);
	while (getline(&line, &capacity, output) > 0) {
		object = json_loads(line, 0, NULL);
		if (!object)
			world_fail("tcpdwell wrote a line that is no JSON: %s", line);
		if (json_object_get(object, "netns") && is_of_another_picture(objects, object))
			json_array_clear(objects);
		json_array_append_new(objects, object);
	}
	free(line);
	status = pclose(output);
	if (status)
		world_fail("tcpdwell ended with status %d", WEXITSTATUS(status));
	return objects;
}

struct tool {
	pid_t pid;
	FILE *output;
	json_t *picture; /* the objects of the last one, as far as it was read */
};

static json_t *read_line(FILE *output)
{
	char *line = NULL;
	size_t capacity = 0;
	json_t *object = NULL;

	if (getline(&line, &capacity, output) > 0) {
		object = json_loads(line, 0, NULL);
		if (!object)
			world_fail("tcpdwell wrote a line that is no JSON: %s", line);
	}
	free(line);
	return object;
}

/* A mode that hooks functions sees bind() fail without being asked to. */
static const struct {
	const char *mode, *hook, *option;
} ways[] = {
	{ "fentry", "fexit/inet_csk_get_port", NULL },
	{ "kprobe", "kretprobe/inet_csk_get_port", NULL },
	{ "tracepoint", "sys_exit", "--bind-failures" },
};

static void execute(const struct tool_options *options)
{
	char mode[64];
	const char *words[8] = { options->path, "ports", "-j", "-n", "self", "--bind-failures" };
	size_t i;

	snprintf(mode, sizeof(mode), "--hooks=%s", options->hooks ?: "");
	for (i = 0; options->hooks && i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(ways[i].mode, options->hooks)) {
			words[5] = mode;
			words[6] = ways[i].option;
		}
	execv(options->path, (char *const *)words);
}

static void check_header(const struct tool_options *options, json_t *header)
{
	const char *hook = json_string_value(json_object_get(json_object_get(header, "hooks"), "bind_failed"));
	size_t i;

	if (!hook)
		world_fail("tcpdwell does not see bind(): %s", header ? json_dumps(header, JSON_COMPACT) : "it did not begin");
	for (i = 0; options->hooks && i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(ways[i].mode, options->hooks) && strcmp(ways[i].hook, hook))
			world_fail("it sees bind() by %s, and not by %s", hook, ways[i].hook);
}

/* It says its header when it attends to what happens. */
struct tool *tool_start(const struct tool_options *options)
{
	struct tool *tool = calloc(1, sizeof(*tool));
	int ends[2];

	if (!tool || pipe2(ends, O_CLOEXEC))
		world_fail("no pipe");
	tool->pid = fork();
	if (!tool->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], STDOUT_FILENO);
		execute(options);
		_exit(127);
	}
	close(ends[1]);
	tool->output = fdopen(ends[0], "r");
	tool->picture = json_array();
	check_header(options, read_line(tool->output));
	return tool;
}

static json_t *next_object(struct tool *tool)
{
	json_t *object = read_line(tool->output);

	if (!object || !json_object_get(object, "netns"))
		return object;
	if (is_of_another_picture(tool->picture, object))
		json_array_clear(tool->picture);
	json_array_append_new(tool->picture, object);
	return object;
}

json_t *tool_stop(struct tool *tool)
{
	int status;

	kill(tool->pid, SIGINT);
	while (next_object(tool))
		;
	fclose(tool->output);
	if (waitpid(tool->pid, &status, 0) != tool->pid || status)
		world_fail("tcpdwell ended with status %d", WEXITSTATUS(status));
	return tool->picture;
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

json_t *tool_find_bound(json_t *objects, uint16_t remote_port, const char *local_addr, unsigned int device)
{
	json_t *object;
	size_t i;

	json_array_foreach(objects, i, object)
		if (is_text(object, "type", "destination") && is_text(object, "local_addr", local_addr) &&
		    json_integer_value(json_object_get(object, "remote_port")) == remote_port &&
		    json_integer_value(json_object_get(object, "ifindex")) == device)
			return object;
	return NULL;
}

#define PATIENCE_S 120

json_t *tool_wait_picture(struct tool *tool, bool (*is_right)(json_t *objects))
{
	json_t *complete = json_copy(tool->picture);
	time_t end = time(NULL) + PATIENCE_S;

	while (time(NULL) < end && next_object(tool)) {
		if (json_array_size(tool->picture) != 1) {
			json_decref(complete);
			complete = json_copy(tool->picture);
			continue;
		}
		/* The first of the next one. */
		if (is_right(complete))
			return complete;
	}
	world_fail("tcpdwell does not say so in %d s, but: %s", PATIENCE_S, json_dumps(complete, JSON_COMPACT));
}

long long tool_promised(json_t *destination, const char *change)
{
	json_t *remedy;
	size_t i;

	json_array_foreach(json_object_get(destination, "remedies"), i, remedy)
		if (is_text(remedy, "change", change))
			return json_integer_value(json_object_get(remedy, "ports"));
	world_fail("%s is not said to help: %s", change, json_dumps(destination, JSON_COMPACT));
}

void tool_check(json_t *object, const char *key, long long wanted)
{
	json_t *value = json_object_get(object, key);

	if (!json_is_integer(value) || json_integer_value(value) != wanted)
		world_fail("tcpdwell says %s %lld, and not %lld: %s", key, (long long)json_integer_value(value), wanted,
			   json_dumps(object, JSON_COMPACT));
}

static bool is_bind(json_t *object, uint16_t port, const char *reason, long long count)
{
	json_t *held = json_array_get(json_object_get(object, "held_by"), 0);

	return is_text(object, "type", "bind") && json_integer_value(json_object_get(object, "local_port")) == port &&
	       is_text(object, "reason", reason) && json_integer_value(json_object_get(held, "count")) == count;
}

void tool_wait_bind(struct tool *tool, uint16_t port, const char *reason, long long count)
{
	json_t *object;

	while ((object = next_object(tool)))
		if (is_bind(object, port, reason, count))
			return;
	world_fail("tcpdwell ended before it said of port %u: %s", port, reason);
}

json_t *tool_wait_capacity(struct tool *tool, uint16_t remote_port, long long capacity)
{
	json_t *object;

	while ((object = next_object(tool)))
		if (is_text(object, "type", "destination") && json_integer_value(json_object_get(object, "remote_port")) == remote_port &&
		    json_integer_value(json_object_get(object, "capacity")) == capacity)
			return object;
	world_fail("tcpdwell ended before it said of %lld ports", capacity);
}
