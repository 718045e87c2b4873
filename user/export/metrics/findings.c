// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A code that does not apply is 0, not absent: an alert ends when the finding does. One that can't be examined, or not everywhere, is
 * absent: 0 would say that all is well.
 */
#include "export/metrics/findings.h"

#include <stdio.h>

#include "diagnose/asked.h"
#include "export/metrics/labels.h"

static const struct family findings = {
	"findings", "What tcpdwell diagnose tells now, by code; tcpdwell diagnose --explain CODE says what it means.", FAMILY_GAUGE,
};
static const struct family descriptors = {
	"descriptors", "Open file descriptors of a process with a finding; of several with one name the one that is closest to its limit.", FAMILY_GAUGE,
};
static const struct family descriptors_limit = {
	"descriptors_limit", "Descriptors that this process may have.", FAMILY_GAUGE,
};

static void write_counts(const struct diagnosis *diagnosis, struct metrics_text *text)
{
	uint32_t counts[CODES][SEVERITIES] = {};
	unsigned int code, severity;
	char labels[64];
	size_t i;

	for (i = 0; i < diagnosis->n_told; i++)
		if (!diagnosis->told[i]->over)
			counts[diagnosis->told[i]->finding.code][diagnosis->told[i]->finding.severity]++;
	metrics_family(text, &findings);
	for (code = 0; code < CODES; code++)
		for (severity = 0; severity < SEVERITIES; severity++) {
			if (diagnosis->not_examined[code].is && !counts[code][severity])
				continue;
			snprintf(labels, sizeof(labels), "code=\"%s\",severity=\"%s\"", code_rows[code].name, severity_name(severity));
			metrics_u64(text, &(struct sample){ labels }, counts[code][severity]);
		}
}

struct descriptor_row {
	struct buffer labels;
	uint64_t fds, limit;
};

struct descriptor_rows {
	struct descriptor_row list[FINDING_PROCESSES];
	size_t count;
};

static void labels_of_subject(struct buffer *labels, const struct subject *subject)
{
	label_append(labels, "container", subject->container);
	label_append(labels, "unit", subject->unit);
	label_append(labels, "comm", subject->comm);
	buffer_append_char(labels, '\0');
}

static void add(struct descriptor_rows *told, const struct subject *subject, const struct process_facts *facts)
{
	struct descriptor_row *one;
	struct buffer labels;

	buffer_init(&labels);
	labels_of_subject(&labels, subject);
	for (one = told->list; one < told->list + told->count; one++)
		if (!labels.error && !strcmp(one->labels.data, labels.data))
			break;
	if (labels.error || one == told->list + FINDING_PROCESSES) {
		buffer_release(&labels);
		return;
	}
	if (one < told->list + told->count) {
		buffer_release(&labels);
		if ((double)one->fds / one->limit >= (double)facts->fds / facts->fds_limit)
			return;
	} else {
		one->labels = labels;
		told->count++;
	}
	one->fds = facts->fds;
	one->limit = facts->fds_limit;
}

static void collect(const struct diagnosis *diagnosis, struct descriptor_rows *told)
{
	size_t i;

	for (i = 0; i < diagnosis->n_told; i++) {
		const struct subject *subject = &diagnosis->told[i]->finding.subject;
		struct process process = { .start_ns = subject->start_ns, .pid = subject->pid };
		const struct process_facts *facts;

		if (diagnosis->told[i]->over || !subject->start_ns)
			continue;
		facts = asked_find(diagnosis, &process);
		if (facts && facts->fds_known && facts->fds_limit && facts->fds_limit != UINT64_MAX)
			add(told, subject, facts);
	}
}

void findings_write(const struct diagnosis *diagnosis, struct metrics_text *text)
{
	struct descriptor_rows told = {};
	size_t i;

	write_counts(diagnosis, text);
	collect(diagnosis, &told);
	metrics_family(text, &descriptors);
	for (i = 0; i < told.count; i++)
		metrics_u64(text, &(struct sample){ told.list[i].labels.data }, told.list[i].fds);
	metrics_family(text, &descriptors_limit);
	for (i = 0; i < told.count; i++) {
		metrics_u64(text, &(struct sample){ told.list[i].labels.data }, told.list[i].limit);
		buffer_release(&told.list[i].labels);
	}
}
