// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The report of `leaks` as JSON lines: an object with the totals and causes, then an object a socket. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "show/leaks/queues.h"
#include "event/summary.h"
#include "event/transition.h"
#include "util/address.h"
#include "util/tcp_state.h"

#define NSEC_PER_SEC 1e9
#define NSEC_PER_MINUTE 60e9

static void seconds_json(struct json *json, const char *key, uint64_t ns)
{
	json_f64(json, key, ns / NSEC_PER_SEC, 3);
}

static void comm_json(struct json *json, const char *key, const struct process *process)
{
	json_string_sized(json, key, process->comm, strnlen(process->comm, COMM_BYTES));
}

static void pid_json(struct json *json, const char *key, const struct process *process)
{
	if (process->start_ns && process->pid)
		json_u64(json, key, process->pid);
	else
		json_null(json, key);
}

static void name_json(struct json *json, const char *key, const struct process *process)
{
	if (process->start_ns)
		comm_json(json, key, process);
	else
		json_null(json, key);
}

/* Who is charged, under the name that it has always had here too. */
static void group_process_json(struct json *json, const struct leak_group *group)
{
	pid_json(json, "owner_pid", &group->process);
	name_json(json, "owner_comm", &group->process);
	pid_json(json, "holder_pid", &group->process);
	name_json(json, "holder_comm", &group->process);
}

static void known_text_json(struct json *json, const char *key, const char *text)
{
	json_string(json, key, text[0] ? text : NULL);
}

static void growth_json(struct json *json, const struct leaks_report *report, const struct leak_group *group)
{
	static const char *const words[] = { "steady", "changed", "growing", "full" };
	double full_s = report->watched_ns ? leak_seconds_to_full(group, report->watched_ns) : 0;

	if (report->watched_ns) {
		json_f64(json, "growth_per_min", group->grown * NSEC_PER_MINUTE / report->watched_ns, 2);
		json_i64(json, "grown", group->grown);
		json_string(json, "growth", words[leak_growth_of(group, report->watched_ns)]);
	} else {
		json_null(json, "growth_per_min");
		json_null(json, "grown");
		json_null(json, "growth");
	}
	if (full_s > 0)
		json_f64(json, "full_in_s", full_s, 0);
	else
		json_null(json, "full_in_s");
}

static void descriptors_json(struct json *json, const struct leak_group *group)
{
	if (group->fds_known)
		json_u64(json, "fds", group->fds);
	else
		json_null(json, "fds");
	if (group->fds_known && group->fds_limit != UINT64_MAX)
		json_u64(json, "fds_limit", group->fds_limit);
	else
		json_null(json, "fds_limit");
}

static void asked_json(struct json *json, const char *key, const struct leaks_report *report, size_t count)
{
	if (report->asked)
		json_u64(json, key, count);
	else
		json_null(json, key);
}

static void leak_group_json(struct json *json, const struct leaks_report *report, const struct leak_group *group)
{
	char remote[ADDRESS_TEXT];

	address_format_mapped(remote, group->remote);
	json_element_object_begin(json);
	json_u64(json, "sockets", group->count);
	json_string(json, "state", tcp_state_name(group->state));
	group_process_json(json, group);
	known_text_json(json, "program", group->program);
	if (report->config->cmdline)
		known_text_json(json, "cmdline", group->cmdline);
	json_string(json, "side", side_name(group->side));
	if (group->service_port)
		json_u64(json, "service_port", group->service_port);
	else
		json_null(json, "service_port");
	json_string(json, "remote_addr", remote);
	json_u64(json, "remote_addrs", group->remotes);
	seconds_json(json, "oldest_s", group->oldest_ns);
	json_bool(json, "oldest_at_least", group->oldest_at_least);
	json_u64(json, "in_state", group->in_state);
	seconds_json(json, "youngest_s", group->youngest_ns);
	json_bool(json, "youngest_at_least", group->youngest_at_least);
	growth_json(json, report, group);
	asked_json(json, "read_to_end", report, group->ended);
	asked_json(json, "unread", report, group->unread);
	json_u64(json, "never_accepted", group->queued);
	descriptors_json(json, group);
	json_object_end(json);
}

static void head_json(struct json *json, const struct leaks_report *report)
{
	unsigned int state;
	size_t i;

	json_object_begin(json, NULL);
	json_string(json, "type", "leaks");
	json_time(json, "time", report->tick->unix_ns);
	json_array_begin(json, "states");
	for (state = 1; state < STATE_COUNT; state++)
		if (report->states & 1U << state)
			json_element_string(json, tcp_state_name(state));
	json_array_end(json);
	seconds_json(json, "older_than_s", report->config->older_than_ns);
	json_u64(json, "count", report->count);
	json_u64(json, "in_state", report->in_state);
	json_u64(json, "undecided", report->undecided);
	json_u64(json, "no_room", report->refused);
	if (report->watched_ns)
		seconds_json(json, "watched_s", report->watched_ns);
	else
		json_null(json, "watched_s");
	if (report->asked)
		json_bool(json, "holders_complete", report->holders_complete);
	else
		json_null(json, "holders_complete");
	json_array_begin(json, "groups");
	for (i = 0; i < report->group_count && i < (report->config->rows ?: SIZE_MAX); i++)
		leak_group_json(json, report, &report->groups[i]);
	json_array_end(json);
	leak_queues_json(json, report);
	json_object_end(json);
	json_end_line(json);
}

/* Each process once, in ascending order. */
static void holders_json(struct json *json, const struct held_socket *held)
{
	size_t i;

	json_array_begin(json, "holders");
	for (i = 0; i < held->holder_count; i++)
		if (!i || held->holders[i].pid != held->holders[i - 1].pid)
			json_element_u64(json, held->holders[i].pid);
	json_array_end(json);
	json_array_begin(json, "descriptors");
	for (i = 0; i < held->holder_count; i++) {
		json_element_object_begin(json);
		json_u64(json, "pid", held->holders[i].pid);
		comm_json(json, "comm", &held->holders[i].process);
		json_i64(json, "fd", held->holders[i].fd);
		json_object_end(json);
	}
	json_array_end(json);
}

static void held_json(struct json *json, const struct leak *leak)
{
	int fd = leak_descriptor(leak);

	if (!leak->held || !leak->held->found) {
		json_null(json, "fd");
		json_null(json, "holders");
		json_null(json, "descriptors");
		json_null(json, "rx_queue");
		json_null(json, "inode");
		return;
	}
	if (fd >= 0)
		json_i64(json, "fd", fd);
	else
		json_null(json, "fd");
	holders_json(json, leak->held);
	json_u64(json, "rx_queue", leak->held->listed.rx_queue);
	json_u64(json, "inode", leak->held->listed.inode);
}

static void age_json(struct json *json, const struct leak_age *age)
{
	seconds_json(json, "age_s", age->ns);
	json_bool(json, "age_at_least", age->at_least);
	if (age->at_least && age->at_most_ns)
		seconds_json(json, "age_at_most_s", age->at_most_ns);
	else
		json_null(json, "age_at_most_s");
}

static void left_json(struct json *json, const struct leak *leak)
{
	uint64_t left_ns;

	if (leak_time_left(leak, &left_ns))
		seconds_json(json, "left_s", left_ns);
	else
		json_null(json, "left_s");
}

/* While it waits to be accepted nobody has it. */
static void holder_json(struct json *json, const struct leaks_report *report, const struct leak *leak, const char *program)
{
	static const struct known_process nobody;
	bool is_queued = leak->socket->flags & LIVE_IN_ACCEPT_QUEUE;
	const struct known_process *holder =
		is_queued ? &nobody : processes_at(&report->model->processes, leak->socket->holder);

	pid_json(json, "holder_pid", &holder->process);
	if (holder->process.start_ns && holder->process.ns_pid)
		json_u64(json, "holder_ns_pid", holder->process.ns_pid);
	else
		json_null(json, "holder_ns_pid");
	name_json(json, "holder_comm", &holder->process);
	known_text_json(json, "program", program);
}

static void leak_json(struct json *json, const struct leaks_report *report, const struct leak *leak, const char *program)
{
	struct held held;
	struct event event = model_socket_event(report->model, leak->id, leak->socket, &held);

	json_object_begin(json, NULL);
	json_string(json, "type", "leak");
	json_time(json, "time", report->tick->unix_ns);
	json_hex64(json, "sock", leak->id);
	event_endpoint_json(json, &event);
	json_string(json, "state", tcp_state_name(leak->socket->state));
	age_json(json, &leak->age);
	json_string(json, "closed_by", closed_by_name(leak->socket->closed_by));
	left_json(json, leak);
	held_json(json, leak);
	holder_json(json, report, leak, program);
	event_owner_json(json, &event);
	json_object_end(json);
	json_end_line(json);
}

static int write_out(struct output *output, struct json *json)
{
	int err = json_error(json) ?: output_write(output, json->data, json->size);

	json_clear(json);
	return err;
}

int leaks_json(struct output *output, struct json *json, const struct leaks_report *report)
{
	const char **programs = calloc(report->group_count + 1, sizeof(*programs));
	size_t rows = report->config->rows ?: SIZE_MAX, i;
	int err = programs ? 0 : -ENOMEM;

	for (i = 0; i < report->group_count && !err; i++)
		programs[report->groups[i].cause] = report->groups[i].program;
	head_json(json, report);
	err = err ?: write_out(output, json);
	for (i = 0; i < report->count && i < rows && !err; i++) {
		leak_json(json, report, &report->leaks[i], programs[report->leaks[i].cause]);
		err = write_out(output, json);
	}
	free(programs);
	if (err)
		return err;
	summary_json(json, report->tick, report->begin_ns);
	return write_out(output, json);
}
