// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The verifier's statistics, from its log: the only place where every kernel has them. */
#include "attach/verifier.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_BYTES (1 << 20) /* newer kernels have lines for each global function, and for each of its calls */
#define LOG_STATISTICS 4 /* BPF_LOG_STATS: a few lines a program, nothing of its instructions */

void verifier_report_prepare(struct verifier_report *report, struct bpf_object *object)
{
	struct bpf_program *program;

	report->count = 0;
	bpf_object__for_each_program(program, object) {
		if (!bpf_program__autoload(program) || report->count == VERIFIER_PROGRAMS)
			continue;
		snprintf(report->programs[report->count].program, sizeof(report->programs[0].program), "%s",
			 bpf_program__name(program));
		report->programs[report->count].log = calloc(1, LOG_BYTES);
		if (report->programs[report->count].log) {
			bpf_program__set_log_level(program, LOG_STATISTICS);
			bpf_program__set_log_buf(program, report->programs[report->count].log, LOG_BYTES);
		}
		report->count++;
	}
}

void verifier_report_read(struct verifier_report *report)
{
	const char *line;
	size_t i;

	for (i = 0; i < report->count; i++) {
		line = report->programs[i].log ? strstr(report->programs[i].log, "processed ") : NULL;
		if (!line || sscanf(line, "processed %u insns", &report->programs[i].instructions) != 1)
			report->programs[i].instructions = 0;
		free(report->programs[i].log);
		report->programs[i].log = NULL;
	}
}
