// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/finding.h"

#include <stdio.h>
#include <string.h>

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
