// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Accept queues where clients wait too long, or that have no room: chosen, as text and as JSON. */
#include "show/leaks/queues.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/address.h"
#include "util/text.h"

#define DEFAULT_ROWS 20
#define NSEC_PER_SEC 1e9

static bool is_full(const struct listener_facts *facts)
{
	return facts->depth > facts->backlog;
}

static uint64_t oldest_of(const struct leaks_report *report, const struct listener_facts *facts)
{
	return facts->oldest_ns && report->tick->time_ns > facts->oldest_ns ? report->tick->time_ns - facts->oldest_ns : 0;
}

static bool is_stuck(const struct leaks_report *report, const struct listener_facts *facts)
{
	return facts->depth && (is_full(facts) || oldest_of(report, facts) > report->config->older_than_ns);
}

static int compare(const void *a, const void *b)
{
	const struct listening_socket *x = *(const struct listening_socket *const *)a;
	const struct listening_socket *y = *(const struct listening_socket *const *)b;

	if (x->now.depth != y->now.depth)
		return x->now.depth > y->now.depth ? -1 : 1;
	return memcmp(&x->base.endpoint, &y->base.endpoint, sizeof(x->base.endpoint));
}

int leak_queues_make(struct leaks_report *report)
{
	const struct listening_socket *listener;
	size_t cursor = 0, count = 0;

	while ((listener = model_listener_next(report->model, &cursor, NULL)))
		count++;
	report->queues = calloc(count + 1, sizeof(*report->queues));
	if (!report->queues)
		return -ENOMEM;
	for (cursor = 0; (listener = model_listener_next(report->model, &cursor, NULL));)
		if (listener->base.flags & PRESENT_COUNTED && is_stuck(report, &listener->now))
			report->queues[report->queue_count++] = listener;
	qsort(report->queues, report->queue_count, sizeof(*report->queues), compare);
	return 0;
}

static void who_text(struct output *output, const struct process *process)
{
	char comm[4 * COMM_BYTES];

	if (!process->start_ns) {
		output_string(output, "unknown process");
		return;
	}
	text_sanitise(comm, sizeof(comm), process->comm, COMM_BYTES, COMM_BYTES - 1);
	output_printf(output, "%s[%u]", comm, process->pid ?: process->ns_pid);
}

static void queue_text(struct output *output, const struct leaks_report *report, const struct listening_socket *listener)
{
	const struct listener_facts *facts = &listener->now;
	struct address address = address_from_mapped(listener->base.endpoint.local_addr);
	char text[ADDRESS_PORT_TEXT], age[TEXT_NUMBER];

	address_port_format(text, &address, listener->base.endpoint.local_port);
	output_string(output, "  ");
	who_text(output, &model_present_process(report->model, &listener->base)->process);
	output_printf(output, " at %s: %u wait%s to be accepted, backlog %u%s", text, facts->depth, facts->depth == 1 ? "s" : "",
		      facts->backlog, is_full(facts) ? " (full)" : "");
	if (facts->somaxconn)
		output_printf(output, ", somaxconn %u", facts->somaxconn);
	if (oldest_of(report, facts)) {
		text_duration(age, oldest_of(report, facts));
		output_printf(output, "; oldest %s", age);
	}
	if (facts->closed)
		output_printf(output, ", %u already closed by the client", facts->closed);
	if (facts->drops != LISTENER_NOT_KNOWN && facts->drops)
		output_printf(output, ", %s%llu dropped since it listens", facts->drops > facts->new_drops ? "up to " : "",
			      (unsigned long long)facts->drops);
	output_string(output, "\n");
}

void leak_queues_text(struct output *output, const struct leaks_report *report)
{
	size_t rows = report->config->rows ?: DEFAULT_ROWS, i;

	if (report->queue_count)
		output_printf(output, "Not accepted by the program:\n");
	for (i = 0; i < report->queue_count && i < rows; i++)
		queue_text(output, report, report->queues[i]);
	if (report->queue_count > rows)
		output_printf(output, "  … and %zu more listeners: -r %zu shows them\n", report->queue_count - rows, report->queue_count);
}

static void number_or_null(struct json *json, const char *key, uint64_t number, bool known)
{
	if (known)
		json_u64(json, key, number);
	else
		json_null(json, key);
}

static void queue_json(struct json *json, const struct leaks_report *report, const struct listening_socket *listener)
{
	const struct process *process = &model_present_process(report->model, &listener->base)->process;
	const struct listener_facts *facts = &listener->now;
	char local[ADDRESS_TEXT];

	address_format_mapped(local, listener->base.endpoint.local_addr);
	json_element_object_begin(json);
	json_string(json, "local_addr", local);
	json_u64(json, "local_port", listener->base.endpoint.local_port);
	json_u64(json, "netns", listener->base.endpoint.netns);
	if (process->start_ns) {
		json_u64(json, "pid", process->pid ?: process->ns_pid);
		json_string_sized(json, "comm", process->comm, strnlen(process->comm, COMM_BYTES));
	} else {
		json_null(json, "pid");
		json_null(json, "comm");
	}
	json_u64(json, "accept_queue", facts->depth);
	json_u64(json, "backlog", facts->backlog);
	number_or_null(json, "somaxconn", facts->somaxconn, facts->somaxconn);
	number_or_null(json, "half_open", facts->half_open, !report->polled);
	number_or_null(json, "closed_by_client", facts->closed, !report->polled || facts->closed);
	number_or_null(json, "drops", facts->drops, facts->drops != LISTENER_NOT_KNOWN);
	number_or_null(json, "new_drops", facts->new_drops, facts->new_drops != LISTENER_NOT_KNOWN);
	if (oldest_of(report, &listener->now))
		json_f64(json, "oldest_s", oldest_of(report, &listener->now) / NSEC_PER_SEC, 3);
	else
		json_null(json, "oldest_s");
	json_bool(json, "full", is_full(&listener->now));
	json_object_end(json);
}

void leak_queues_json(struct json *json, const struct leaks_report *report)
{
	size_t i;

	/* Not looked at is not the same as none. */
	if (!report->queues || (!report->asked && !model_present_told(report->model))) {
		json_null(json, "accept_queues");
		return;
	}
	json_array_begin(json, "accept_queues");
	for (i = 0; i < report->queue_count && i < (report->config->rows ?: SIZE_MAX); i++)
		queue_json(json, report, report->queues[i]);
	json_array_end(json);
}
