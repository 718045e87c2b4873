// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/finding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"

const char *severity_name(enum severity severity)
{
	static const char *const names[SEVERITIES] = { "now", "soon", "note" };

	return names[severity];
}

const char *confidence_name(enum confidence confidence)
{
	static const char *const names[CONFIDENCES] = { "proved", "likely", "too_early" };

	return names[confidence];
}

#define KEY_BYTES offsetof(struct subject, program)

bool subjects_are_same(const struct subject *a, const struct subject *b)
{
	struct subject one, other;

	memcpy(&one, a, KEY_BYTES);
	memcpy(&other, b, KEY_BYTES);
	if (a->of_program && b->of_program)
		one.start_ns = other.start_ns = one.pid = other.pid = 0;
	return a->of_program == b->of_program && !memcmp(&one, &other, KEY_BYTES);
}

void finding_title(struct finding *finding, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(finding->title, sizeof(finding->title), format, arguments);
	va_end(arguments);
}

void finding_change(struct finding *finding, const char *format, ...)
{
	va_list arguments;

	if (finding->n_changes == CHANGES_MAX)
		return;
	va_start(arguments, format);
	vsnprintf(finding->changes[finding->n_changes++], FINDING_LINE, format, arguments);
	va_end(arguments);
}

void finding_useless(struct finding *finding, const char *setting, const char *format, ...)
{
	struct useless *useless = &finding->useless[finding->n_useless];
	va_list arguments;

	if (finding->n_useless == USELESS_MAX)
		return;
	finding->n_useless++;
	snprintf(useless->setting, sizeof(useless->setting), "%s", setting);
	va_start(arguments, format);
	vsnprintf(useless->why, sizeof(useless->why), format, arguments);
	va_end(arguments);
}

void finding_concerns(struct finding *finding, const struct process *process)
{
	if (process && process->start_ns && finding->n_concerns < sizeof(finding->concerns) / sizeof(finding->concerns[0]))
		finding->concerns[finding->n_concerns++] = *process;
}

static struct evidence *add_evidence(struct finding *finding, const char *name)
{
	struct evidence *evidence = &finding->evidence[finding->n_evidence];

	if (finding->n_evidence == EVIDENCE_MAX)
		return NULL;
	finding->n_evidence++;
	memset(evidence, 0, sizeof(*evidence));
	snprintf(evidence->name, sizeof(evidence->name), "%s", name);
	return evidence;
}

void finding_evidence(struct finding *finding, const char *name, double value, const char *unit, const char *command, ...)
{
	struct evidence *evidence = add_evidence(finding, name);
	va_list arguments;

	if (!evidence)
		return;
	evidence->value = value;
	snprintf(evidence->unit, sizeof(evidence->unit), "%s", unit ? unit : "");
	if (!command)
		return;
	va_start(arguments, command);
	vsnprintf(evidence->command, sizeof(evidence->command), command, arguments);
	va_end(arguments);
}

void finding_evidence_text(struct finding *finding, const char *name, const char *text)
{
	struct evidence *evidence = add_evidence(finding, name);

	if (evidence)
		snprintf(evidence->text, sizeof(evidence->text), "%s", text);
}

void finding_also(struct finding *finding, const char *name, const struct process *process, uint64_t failures)
{
	struct also_failing *also = &finding->also[finding->n_also];

	if (finding->n_also == ALSO_MAX)
		return;
	finding->n_also++;
	memset(also, 0, sizeof(*also));
	also->failures = failures;
	snprintf(also->name, sizeof(also->name), "%s", name);
	if (!process || !process->start_ns)
		return;
	also->pid = process->pid ?: process->ns_pid;
	text_sanitise(also->comm, sizeof(also->comm), process->comm, strnlen(process->comm, COMM_BYTES), COMM_BYTES);
}

static int most_first(const void *one, const void *other)
{
	const struct also_failing *a = one, *b = other;

	if (a->failures != b->failures)
		return a->failures > b->failures ? -1 : 1;
	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

void finding_also_sort(struct finding *finding)
{
	qsort(finding->also, finding->n_also, sizeof(finding->also[0]), most_first);
}
