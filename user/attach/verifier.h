/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel's verifier says about each program: how many instructions it went through. */
#ifndef TCPDWELL_ATTACH_VERIFIER_H
#define TCPDWELL_ATTACH_VERIFIER_H

#include <stddef.h>
#include <stdint.h>

struct bpf_object;

#define VERIFIER_PROGRAMS 32

struct verifier_report {
	size_t count;
	struct {
		char program[32];
		uint32_t instructions; /* 0 = the kernel did not say */
		char *log; /* while it is loaded */
	} programs[VERIFIER_PROGRAMS];
};

/*
 * Before loading: have the verifier's statistics of each program written into `report`, which must stay where it is.
 * Programs for which there is no memory have no numbers.
 */
void verifier_report_prepare(struct verifier_report *report, struct bpf_object *object);

/* After loading, or its failure: reads the numbers, and releases the rest. */
void verifier_report_read(struct verifier_report *report);

#endif
