// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include "show/findings.h"
#include "util/address.h"
#include "util/number.h"

static const char *or_null(const char *text)
{
	return text[0] ? text : NULL;
}

static void number_or_null(struct json *json, const char *key, uint64_t value)
{
	if (value)
		json_u64(json, key, value);
	else
		json_null(json, key);
}

static void subject_json(struct json *json, const struct subject *subject, bool cmdline)
{
	static const uint8_t none[16];
	char address[ADDRESS_TEXT];

	json_object_begin(json, "subject");
	number_or_null(json, "pid", subject->start_ns ? subject->pid : 0);
	json_string(json, "comm", or_null(subject->comm));
	if (subject->processes)
		json_u64(json, "processes", subject->processes);
	if (subject->ended)
		json_bool(json, "ended", true);
	json_string(json, "program", or_null(subject->program));
	json_string(json, "cmdline", cmdline ? or_null(subject->cmdline) : NULL);
	json_string(json, "unit", or_null(subject->unit));
	json_string(json, "container", or_null(subject->container));
	number_or_null(json, "netns", subject->netns);
	if (memcmp(subject->remote_addr, none, 16)) {
		address_format_mapped(address, subject->remote_addr);
		json_string(json, "remote_addr", address);
	} else {
		json_null(json, "remote_addr");
	}
	number_or_null(json, "remote_port", subject->remote_port);
	number_or_null(json, "service_port", subject->service_port);
	json_object_end(json);
}

static void evidence_json(struct json *json, const struct evidence *evidence)
{
	json_element_object_begin(json);
	json_string(json, "name", evidence->name);
	if (evidence->text[0])
		json_string(json, "value", evidence->text);
	else if (evidence->value == (double)number_i64(evidence->value))
		json_i64(json, "value", number_i64(evidence->value));
	else
		json_f64(json, "value", evidence->value, 6);
	json_string(json, "unit", or_null(evidence->unit));
	json_string(json, "command", or_null(evidence->command));
	json_object_end(json);
}

static void time_json(struct json *json, const char *key, const struct report_clock *clock, uint64_t monotonic_ns)
{
	if (monotonic_ns)
		json_time(json, key, clock->unix_ns + monotonic_ns - clock->now_ns);
	else
		json_null(json, key);
}

/* Where there are any. */
static void also_json(struct json *json, const struct finding *finding)
{
	unsigned int i;

	if (!finding->n_also)
		return;
	json_array_begin(json, "also_failing");
	for (i = 0; i < finding->n_also; i++) {
		json_element_object_begin(json);
		number_or_null(json, "pid", finding->also[i].pid);
		json_string(json, "comm", or_null(finding->also[i].comm));
		json_u64(json, "failures", finding->also[i].failures);
		json_object_end(json);
	}
	json_array_end(json);
}

void finding_json(struct json *json, const struct told_finding *told, const struct report_clock *clock, struct report_style style)
{
	const struct finding *finding = &told->finding;
	unsigned int i;

	json_object_begin(json, NULL);
	json_string(json, "type", "finding");
	json_string(json, "code", code_rows[finding->code].name);
	json_string(json, "severity", severity_name(told_severity(told)));
	json_string(json, "confidence", confidence_name(finding->confidence));
	if (finding->confidence == CONFIDENCE_TOO_EARLY)
		json_f64(json, "wait_s", finding->wait_s, 1);
	json_string(json, "title", finding->title);
	subject_json(json, &finding->subject, style.cmdline);
	time_json(json, "since", clock, finding->since_ns);
	json_bool(json, "since_at_least", finding->since_at_least);
	time_json(json, "until", clock, told->over ? 0 : finding->until_ns);
	time_json(json, "over", clock, told->over ? told->last_ns : 0);
	also_json(json, finding);
	json_array_begin(json, "evidence");
	for (i = 0; i < finding->n_evidence; i++)
		evidence_json(json, &finding->evidence[i]);
	json_array_end(json);
	json_array_begin(json, "change");
	for (i = 0; i < finding->n_changes; i++)
		json_element_string(json, finding->changes[i]);
	json_array_end(json);
	json_array_begin(json, "useless");
	for (i = 0; i < finding->n_useless; i++) {
		json_element_object_begin(json);
		json_string(json, "setting", finding->useless[i].setting);
		json_string(json, "why", finding->useless[i].why);
		json_object_end(json);
	}
	json_array_end(json);
	json_string(json, "see", code_rows[finding->code].name);
	json_object_end(json);
	json_end_line(json);
}

void not_examined_json(struct json *json, const struct diagnosis *diagnosis)
{
	const char *reason;
	unsigned int code;
	char room[200];

	for (code = 0; code < CODES; code++) {
		reason = not_examined_reason(diagnosis, code, room, sizeof(room));
		if (!reason)
			continue;
		json_object_begin(json, NULL);
		json_string(json, "type", "not_examined");
		json_string(json, "code", code_rows[code].name);
		json_string(json, "reason", reason);
		json_object_end(json);
		json_end_line(json);
	}
}
