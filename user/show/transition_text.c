// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Events as lines of text, columns as in tcpstates, with the PID of the process that is charged. */
#include "show/transition.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "util/address.h"
#include "util/tcp_state.h"
#include "util/text.h"

#define NSEC_PER_SEC 1000000000ULL

struct line {
	char *out;
	size_t size, used;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
	va_list arguments;
	int written;

	va_start(arguments, format);
	written = vsnprintf(line->out + line->used, line->size - line->used, format, arguments);
	va_end(arguments);
	if (written > 0)
		line->used += (size_t)written < line->size - line->used ? (size_t)written : line->size - line->used - 1;
}

size_t transition_head(char *out, size_t size, const struct transition_columns *columns)
{
	struct line line = { out, size, 0 };

	if (columns->time)
		add(&line, "%-15s ", "TIME");
	add(&line, "%-7s %-15s %-21s %-21s %-11s    %-11s %7s %-6s %s", "PID", "COMM", "LOCAL", "REMOTE", "OLDSTATE",
	    "NEWSTATE", "DWELL", "CLOSER", "NOTE");
	if (columns->wide)
		add(&line, " SOCK NETNS OWNER CLOSED-BY CGROUP");
	add(&line, "\n");
	return line.used;
}

static void add_time(struct line *line, uint64_t unix_ns)
{
	time_t second = unix_ns / NSEC_PER_SEC;
	struct tm local;

	localtime_r(&second, &local);
	add(line, "%02d:%02d:%02d.%06u ", local.tm_hour, local.tm_min, local.tm_sec,
	    (unsigned int)(unix_ns % NSEC_PER_SEC / 1000));
}

static void add_process(struct line *line, const struct process *process)
{
	char comm[4 * COMM_BYTES];

	if (!process->start_ns) {
		add(line, "%-7s %-15s ", "-", "-");
		return;
	}
	text_sanitise(comm, sizeof(comm), process->comm, COMM_BYTES, 15);
	add(line, "%-7u %-15s ", process->pid ?: process->ns_pid, comm);
}

static void add_end(struct line *line, const uint8_t bytes[16], uint16_t port)
{
	struct address address = address_from_mapped(bytes);
	char text[ADDRESS_PORT_TEXT];

	address_port_format(text, &address, port);
	add(line, "%-21s ", text);
}

static void add_dwell(struct line *line, const struct transition *record)
{
	char text[TEXT_NUMBER];

	if (!record->since_ns || record->since_ns > record->time_ns) {
		add(line, "%7s ", "-");
		return;
	}
	text_duration(text, record->time_ns - record->since_ns);
	add(line, "%7s ", text);
}

static void add_note(struct line *line, const struct event *event)
{
	const struct transition *record = &event->record;
	const char *separator = "";

	if (end_name(record->end)) {
		add(line, "%s", end_name(record->end));
		separator = ",";
	}
	if (record->flags & FLAG_IN_ACCEPT_QUEUE) {
		add(line, "%snot accepted", separator);
		separator = ",";
	}
	if (event_attribution(event) == ATTRIBUTION_UNKNOWN) {
		add(line, "%sowner unknown", separator);
		separator = ",";
	}
	if (event->healed)
		add(line, "%snot seen", separator);
}

static void add_wide(struct line *line, const struct event *event)
{
	const struct transition *record = &event->record;
	char owner[4 * COMM_BYTES] = "-", closer[4 * COMM_BYTES] = "-", cgroup[160] = "-";

	if (record->owner.start_ns)
		text_sanitise(owner, sizeof(owner), record->owner.comm, COMM_BYTES, 15);
	if (record->closer.start_ns)
		text_sanitise(closer, sizeof(closer), record->closer.comm, COMM_BYTES, 15);
	if (event->cgroup)
		text_sanitise(cgroup, sizeof(cgroup), event->cgroup, strlen(event->cgroup), 120);
	add(line, " %016llx %u %s[%u] %s[%u] %s", (unsigned long long)record->id, record->endpoint.netns, owner,
	    record->owner.pid, closer, record->closer.pid, cgroup);
}

/* Waiting states stand out: TIME_WAIT yellow, CLOSE_WAIT red, a failed connect red. */
static const char *color_of(const struct event *event)
{
	if (event->record.type == RECORD_CONNECT_FAILED || event->record.new_state == STATE_CLOSE_WAIT)
		return "\033[31m";
	if (event->record.new_state == STATE_TIME_WAIT)
		return "\033[33m";
	return "";
}

static void add_states(struct line *line, const struct event *event)
{
	const struct transition *record = &event->record;

	if (record->type == RECORD_CONNECT_FAILED) {
		add(line, "%-26s ", "connect failed");
		return;
	}
	add(line, "%-11s -> %-11s ", tcp_state_name(record->old_state), tcp_state_name(record->new_state));
}

size_t transition_line(char *out, size_t size, const struct transition_columns *columns, const struct event *event)
{
	const struct transition *record = &event->record;
	struct line line = { out, size, 0 };

	if (columns->color)
		add(&line, "%s", color_of(event));
	if (columns->time)
		add_time(&line, event->unix_ns);
	add_process(&line, event_charged(event, event_state(event)));
	add_end(&line, record->endpoint.local_addr, record->endpoint.local_port);
	add_end(&line, record->endpoint.remote_addr, record->endpoint.remote_port);
	add_states(&line, event);
	if (record->type == RECORD_CONNECT_FAILED)
		add(&line, "%7s %-6s %s", "-", "-", "EADDRNOTAVAIL: no free local port");
	else {
		add_dwell(&line, record);
		add(&line, "%-6s ", closed_by_name(record->closed_by) ?: "-");
		add_note(&line, event);
	}
	if (columns->wide)
		add_wide(&line, event);
	while (line.used && out[line.used - 1] == ' ')
		line.used--;
	add(&line, columns->color && *color_of(event) ? "\033[0m\n" : "\n");
	return line.used;
}
