// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The report of `leaks` as JSON lines: an object with the totals and causes, then an object a socket. */
#include <string.h>

#include "show/leaks/leaks.h"
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

static void group_owner_json(struct json *json, const struct process *owner)
{
	if (!owner->start_ns) {
		json_null(json, "owner_pid");
		json_null(json, "owner_comm");
		return;
	}
	if (owner->pid)
		json_u64(json, "owner_pid", owner->pid);
	else
		json_null(json, "owner_pid");
	comm_json(json, "owner_comm", owner);
}

static void leak_group_json(struct json *json, const struct leaks_report *report, const struct leak_group *group)
{
	double minutes = (report->tick->time_ns - report->begin_ns) / NSEC_PER_MINUTE;
	char remote[ADDRESS_TEXT];

	address_format_mapped(remote, group->remote);
	json_element_object_begin(json);
	json_u64(json, "sockets", group->count);
	json_string(json, "state", tcp_state_name(group->state));
	group_owner_json(json, &group->process);
	json_string(json, "side", side_name(group->side));
	if (group->service_port)
		json_u64(json, "service_port", group->service_port);
	else
		json_null(json, "service_port");
	json_string(json, "remote_addr", remote);
	json_u64(json, "remote_addrs", group->remotes);
	seconds_json(json, "oldest_s", group->oldest_ns);
	json_bool(json, "oldest_at_least", group->oldest_at_least);
	if (report->watched)
		json_f64(json, "growth_per_min", group->grown / minutes, 2);
	else
		json_null(json, "growth_per_min");
	if (report->asked)
		json_u64(json, "read_to_end", group->ended);
	else
		json_null(json, "read_to_end");
	json_u64(json, "never_accepted", group->queued);
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
	if (report->asked)
		json_bool(json, "holders_complete", report->holders_complete);
	else
		json_null(json, "holders_complete");
	json_array_begin(json, "groups");
	for (i = 0; i < report->group_count; i++)
		leak_group_json(json, report, &report->groups[i]);
	json_array_end(json);
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

static void leak_json(struct json *json, const struct leaks_report *report, const struct leak *leak)
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
	held_json(json, leak);
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
	size_t rows = report->config->rows ?: SIZE_MAX, i;
	int err;

	head_json(json, report);
	err = write_out(output, json);
	for (i = 0; i < report->count && i < rows && !err; i++) {
		leak_json(json, report, &report->leaks[i]);
		err = write_out(output, json);
	}
	if (err)
		return err;
	summary_json(json, report->tick, report->begin_ns);
	return write_out(output, json);
}
