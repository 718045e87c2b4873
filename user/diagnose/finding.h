/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A finding: who does what to whom, since when, how long until it breaks, what to change, and what not to bother with. Rules fill
 * one in with the functions below; all texts are safe for a terminal. Pure: no I/O.
 */
#ifndef TCPDWELL_DIAGNOSE_FINDING_H
#define TCPDWELL_DIAGNOSE_FINDING_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"

/* The worst first. */
enum severity {
	SEVERITY_NOW, /* something fails */
	SEVERITY_SOON, /* it will */
	SEVERITY_NOTE,
	SEVERITIES,
};

enum confidence {
	CONFIDENCE_PROVED,
	CONFIDENCE_LIKELY,
	CONFIDENCE_TOO_EARLY, /* wait_s more are needed */
	CONFIDENCES,
};

#define FINDING_TITLE 400
#define FINDING_LINE 360
#define FINDING_NAME 192
#define EVIDENCE_MAX 14
#define CHANGES_MAX 7
#define USELESS_MAX 7

struct evidence {
	char name[32]; /* as in JSON */
	double value;
	char text[96]; /* in place of the value where not "" */
	char unit[32]; /* "" = none */
	char command[144]; /* that shows it; "" = none */
};

struct useless {
	char setting[48];
	char why[FINDING_LINE];
};

#define ALSO_MAX 8

/* What happens to another process too. */
struct also_failing {
	char name[96]; /* as titles have it */
	char comm[COMM_BYTES + 1];
	uint32_t pid; /* 0: of several that were not told apart */
	uint64_t failures;
};

/*
 * What it is about: what of it is known. Its bytes up to `program` tell findings of one code apart; of findings `of_program` all but
 * the process, which may be another one the next time.
 */
struct subject {
	uint8_t remote_addr[16]; /* IPv4 as ::ffff:a.b.c.d; all zero = none */
	uint64_t start_ns; /* of the process; 0 = no process */
	uint32_t pid;
	uint32_t netns; /* 0 = not of one */
	uint16_t remote_port, service_port; /* 0 = none */
	uint32_t kind; /* of a rule that says several things of the same subject */
	char program[128]; /* what the process runs, "" = not known */
	bool ended; /* the process is not there any more */
	bool of_program; /* `kind` names the program and its cgroup */
	uint32_t processes; /* that share it, where it is of several: none of them is named then; else 0 */
	char comm[COMM_BYTES + 1];
	char unit[96], container[96]; /* "" = none */
	char cmdline[256];
};

bool subjects_are_same(const struct subject *a, const struct subject *b);

struct finding {
	unsigned int code; /* enum code */
	enum severity severity;
	enum confidence confidence;
	double wait_s; /* of CONFIDENCE_TOO_EARLY */
	char title[FINDING_TITLE];
	struct subject subject;
	uint64_t since_ns; /* monotonic; 0 = when it is told of first, and earlier if that is when rules are run first */
	bool since_at_least; /* it may have begun earlier: its begin was not seen */
	uint64_t until_ns; /* monotonic: when it fails; 0 = that is not foreseen */
	double weight; /* of findings of one code the heaviest are told */
	struct process concerns[4]; /* processes that filters are compared with: the subject, victims, holders */
	unsigned int n_concerns;
	bool elsewhere; /* subject.netns is another one than that in which the run was started; commands go there by enter_pid */
	uint32_t enter_pid; /* of a process that is there; 0 = none is known */
	bool concerns_asked; /* one that is asked for is among the many that it concerns */
	bool concerns_all; /* filters on processes do not apply: it is the machine's, or a namespace's */
	unsigned int n_evidence, n_changes, n_useless, n_also;

	/* Where findings are kept in brief, the rest is not there: FINDING_BRIEF_BYTES. */
	struct evidence evidence[EVIDENCE_MAX];
	char changes[CHANGES_MAX][FINDING_LINE]; /* the best first */
	struct useless useless[USELESS_MAX];
	struct also_failing also[ALSO_MAX]; /* the most first */
};

#define FINDING_BRIEF_BYTES offsetof(struct finding, evidence)

const char *severity_name(enum severity severity);
const char *confidence_name(enum confidence confidence);

/* What has no room is left out. */
void finding_title(struct finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));
void finding_change(struct finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));
void finding_useless(struct finding *finding, const char *setting, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void finding_concerns(struct finding *finding, const struct process *process);

/* Another process to which it happens too; NULL: several. */
void finding_also(struct finding *finding, const char *name, const struct process *process, uint64_t failures);
void finding_also_sort(struct finding *finding);

/* `command` may be NULL, or a format. */
void finding_evidence(struct finding *finding, const char *name, double value, const char *unit, const char *command, ...)
	__attribute__((format(printf, 5, 6)));
void finding_evidence_text(struct finding *finding, const char *name, const char *text);

#endif
