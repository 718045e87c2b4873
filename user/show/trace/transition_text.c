// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Events as lines of text, columns as in tcpstates, with the PID of the process that is charged. */
#include "show/trace/transition_text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "event/names.h"
#include "util/address.h"
#include "util/buffer.h"
#include "util/json.h"
#include "util/tcp_state.h"
#include "util/text.h"

#define NSEC_PER_SEC 1000000000ULL

/* A line as it grows: where the next character goes, and where it must end. No printf: there are millions of lines. */
struct line {
	char *at, *end;
};

static void add(struct line *line, const char *text, size_t size)
{
	if (size > (size_t)(line->end - line->at))
		size = line->end - line->at;
	memcpy(line->at, text, size);
	line->at += size;
}

static void add_text(struct line *line, const char *text)
{
	add(line, text, strlen(text));
}

static void add_blanks(struct line *line, size_t count)
{
	static const char blanks[] = "                                ";

	add(line, blanks, count < sizeof(blanks) ? count : sizeof(blanks) - 1);
}

/* In a column, with a blank behind. */
static void add_left(struct line *line, const char *text, size_t size, size_t width)
{
	add(line, text, size);
	add_blanks(line, size < width ? width - size + 1 : 1);
}

static void add_right(struct line *line, const char *text, size_t size, size_t width)
{
	add_blanks(line, size < width ? width - size : 0);
	add(line, text, size);
	add(line, " ", 1);
}

static void add_number(struct line *line, uint64_t number)
{
	char digits[U64_DIGITS];

	add(line, digits, u64_format(digits, number));
}

size_t transition_head(char *out, size_t size, const struct transition_columns *columns)
{
	return snprintf(out, size, "%s%-7s %-15s %-21s %-21s %-11s    %-11s %7s %-6s %s%s\n", columns->time ? "TIME            " : "",
			"PID", "COMM", "LOCAL", "REMOTE", "OLDSTATE", "NEWSTATE", "DWELL", "CLOSER", "NOTE",
			columns->wide ? " SOCK NETNS OWNER CLOSED-BY CGROUP" : "");
}

/* "14:03:59." of the second that the last line fell into. */
static const char *second_text(uint64_t second)
{
	static uint64_t known = UINT64_MAX;
	static char text[16];
	time_t seconds = second;
	struct tm local;

	if (known != second) {
		localtime_r(&seconds, &local);
		strftime(text, sizeof(text), "%H:%M:%S.", &local);
		known = second;
	}
	return text;
}

static void add_time(struct line *line, uint64_t unix_ns)
{
	uint32_t us = unix_ns % NSEC_PER_SEC / 1000;
	char text[6];

	put_digit_pair(text, us / 10000);
	put_digit_pair(text + 2, us / 100 % 100);
	put_digit_pair(text + 4, us % 100);
	add_text(line, second_text(unix_ns / NSEC_PER_SEC));
	add_left(line, text, sizeof(text), 0);
}

static void add_process(struct line *line, const struct process *process)
{
	char comm[4 * COMM_BYTES], pid[U64_DIGITS];
	size_t columns;

	if (!process->start_ns) {
		add_left(line, "-", 1, 7);
		add_left(line, "-", 1, 15);
		return;
	}
	columns = text_sanitise(comm, sizeof(comm), process->comm, COMM_BYTES, 15);
	add_left(line, pid, u64_format(pid, process->pid ?: process->ns_pid), 7);
	add(line, comm, strlen(comm));
	add_blanks(line, 15 - columns + 1);
}

static void add_end(struct line *line, const uint8_t bytes[16], uint16_t port)
{
	struct address address = address_from_mapped(bytes);
	char text[ADDRESS_PORT_TEXT];

	add_left(line, text, address_port_format(text, &address, port), 21);
}

static void add_dwell(struct line *line, const struct transition *record)
{
	bool known = record->since_ns && record->since_ns <= record->time_ns;
	char text[TEXT_NUMBER] = "-";

	add_right(line, text, known ? text_duration(text, record->time_ns - record->since_ns) : 1, 7);
}

static void add_note(struct line *line, const struct event *event)
{
	const struct transition *record = &event->record;
	const char *notes[] = {
		end_name(record->end),
		record->flags & FLAG_IN_ACCEPT_QUEUE ? "not accepted" : NULL,
		event_attribution(event) == ATTRIBUTION_UNKNOWN ? "owner unknown" : NULL,
		event->healed ? "not seen" : NULL,
	};
	bool first = true;
	size_t i;

	for (i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		if (!notes[i])
			continue;
		if (!first)
			add(line, ", ", 2);
		add_text(line, notes[i]);
		first = false;
	}
}

static void add_named_process(struct line *line, const struct process *process)
{
	char comm[4 * COMM_BYTES] = "-";

	if (process->start_ns)
		text_sanitise(comm, sizeof(comm), process->comm, COMM_BYTES, 15);
	add_text(line, comm);
	add(line, "[", 1);
	add_number(line, process->pid);
	add(line, "] ", 2);
}

static void add_wide(struct line *line, const struct event *event)
{
	const struct transition *record = &event->record;
	char id[JSON_HEX64], cgroup[160] = "-";

	if (event->cgroup)
		text_sanitise(cgroup, sizeof(cgroup), event->cgroup, strlen(event->cgroup), 120);
	json_hex64_text(id, record->id);
	add(line, " ", 1);
	add_left(line, id, sizeof(id), 0);
	add_number(line, record->endpoint.netns);
	add(line, " ", 1);
	add_named_process(line, &record->owner);
	add_named_process(line, &record->closer);
	add_text(line, cgroup);
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
	const char *old_name = tcp_state_name(record->old_state), *new_name = tcp_state_name(record->new_state);

	if (record->type == RECORD_CONNECT_FAILED) {
		add_left(line, "connect failed", 14, 26);
		return;
	}
	if (record->type == RECORD_ACCEPTED) {
		old_name = record->flags & FLAG_IN_ACCEPT_QUEUE ? "over, never accepted" : "accepted";
		add_left(line, old_name, strlen(old_name), 26);
		return;
	}
	add_left(line, old_name, strlen(old_name), 11);
	add(line, "-> ", 3);
	add_left(line, new_name, strlen(new_name), 11);
}

/* How long it was waited for an answer. */
static void add_connect_error(struct line *line, const struct event *event)
{
	const unsigned int error = event->record.error;

	if (event_connect_failure(event) == CONNECT_NO_PORT)
		add_right(line, "-", 1, 7);
	else
		add_dwell(line, &event->record);
	add_left(line, "-", 1, 6);
	add_text(line, connect_error_name(error));
	add_text(line, ": ");
	add_text(line, connect_error_text(error));
}

static void add_outcome(struct line *line, const struct event *event)
{
	const struct transition *record = &event->record;
	const char *closer = closed_by_name(record->closed_by) ?: "-";

	if (record->type == RECORD_CONNECT_FAILED) {
		add_connect_error(line, event);
		return;
	}
	add_dwell(line, record);
	add_left(line, closer, strlen(closer), 6);
	add_note(line, event);
}

size_t transition_line(char *out, size_t size, const struct transition_columns *columns, const struct event *event)
{
	static const char color_end[] = "\033[0m\n";
	const struct transition *record = &event->record;
	const char *color = columns->color ? color_of(event) : "", *end = *color ? color_end : "\n";
	struct line line = { out, out + size - sizeof(color_end) };

	add_text(&line, color);
	if (columns->time)
		add_time(&line, event->unix_ns);
	add_process(&line, event_charged(event, event_state(event)));
	add_end(&line, record->endpoint.local_addr, record->endpoint.local_port);
	add_end(&line, record->endpoint.remote_addr, record->endpoint.remote_port);
	add_states(&line, event);
	add_outcome(&line, event);
	if (columns->wide)
		add_wide(&line, event);
	while (line.at > out && line.at[-1] == ' ')
		line.at--;
	line.end += sizeof(color_end);
	add_text(&line, end);
	return line.at - out;
}
