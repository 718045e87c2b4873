/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Runs the rules: events come in, findings come out, with when each began and when it was over. Used by the view of diagnose, and by
 * whoever shows findings beside something else. Pure but for what the caller gives it to ask the machine with.
 *
 *   diagnosis_init(); diagnosis_begin(); then diagnosis_event() for each event, diagnosis_recount(), and diagnosis_tick() at each
 *   tick: 1 when the rules have been run. diagnosis->told is the list then, the worst first.
 */
#ifndef TCPDWELL_DIAGNOSE_DIAGNOSIS_H
#define TCPDWELL_DIAGNOSE_DIAGNOSIS_H

#include "diagnose/codes.h"
#include "filter/filter.h"

#define FINDINGS_PER_CODE 10
#define SETTINGS_TOLD 40 /* of TD191, a finding a setting */
#define FINDINGS_MAX 160
#define CODE_WORDS 40 /* a code and its word in a list */

struct diagnosis_config {
	const struct thresholds *thresholds; /* NULL: defaults. Copied */
	const struct filter *filter; /* on processes: findings that concern none of them are left out. NULL: all. The caller's */
	const struct model_config *groups; /* what else the books are to group by, and who is told of it; NULL: nothing */
	uint32_t max_sockets; /* 0 = default */
	uint64_t interval_ns; /* between two runs of the rules; 0 = a second */
	/* CPU time: costly runs of the rules come less often. NULL: each interval, as in a replay. */
	uint64_t (*cpu_ns)(void);
	bool brief; /* what is told is kept without evidence and advice: for who counts findings or tells their titles */
	/* Of a run without end: looks are at listening sockets alone, and rules of what is so for ever once it was are not run. */
	bool modest;
	bool partial; /* not all transitions are told: rules that need what happens are not run */
	/* Fills in what the machine knows of facts->process; false: it is gone. NULL: it can't be asked, as in a replay. */
	bool (*ask)(void *context, struct process_facts *facts);
	void *context;
};

/* A finding as it was last, and its life. */
struct told_finding {
	uint64_t begin_ns, last_ns; /* monotonic: when a rule told of it first and last */
	bool over; /* no rule has told of it for a while */
	bool at_least; /* its begin was not seen: it was so when rules were run first, or the rule says that it may have been */
	uint64_t number; /* counts up: names it in this run */
	uint64_t run; /* of the rules, from 1 on: the last that told of it */
	struct finding finding; /* or as much of it as diagnosis_config wants */
};

struct not_examined {
	bool is; /* in the last run of the rules */
	char reason[200];
};

/* What a clean machine's line rests on. */
struct diagnosis_figures {
	uint32_t sockets, states[16], processes, destinations;
	double fullest_share; /* of the destinations' ports; -1: not known */
	uint64_t failures[CONNECT_FAILURES]; /* of connect() of whom is asked for, since the run began */
};

struct diagnosis {
	struct diagnosis_config config;
	struct thresholds thresholds;
	struct ports_model ports;
	struct flows flows;
	struct causes causes;
	struct trends trends;
	struct listened listened;
	struct programs *programs; /* what a recording tells of processes, which can't be asked; NULL: nothing */
	struct asked_process *asked; /* by process */
	size_t n_asked;
	struct scene scene;

	struct told_finding *told[FINDINGS_MAX]; /* the worst first; over ones behind those that are not */
	size_t n_told;
	uint64_t numbers;
	uint32_t more[CODES]; /* findings beyond FINDINGS_PER_CODE in the last run of the rules */
	struct not_examined not_examined[CODES];
	double wait_s[CODES]; /* so much longer until something is decided; 0 = nothing is open */
	uint64_t failures[CONNECT_FAILURES]; /* as figures.failures */
	struct diagnosis_figures figures;
	uint64_t cost_ns; /* of the last run of the rules, in CPU time */
	uint64_t next_ns, last_ns; /* of the rules; 0 = never yet */
	uint64_t runs;
};

/* 0 or -ENOMEM; release also after a failure. */
int diagnosis_init(struct diagnosis *diagnosis, const struct diagnosis_config *config);
void diagnosis_release(struct diagnosis *diagnosis);

void diagnosis_begin(struct diagnosis *diagnosis, const struct run *run);

/* 0 or -ENOMEM. */
int diagnosis_event(struct diagnosis *diagnosis, const struct event *event);
void diagnosis_recount(struct diagnosis *diagnosis, bool begins);

/* 1: the rules were run; 0: they are not due yet; or -ENOMEM. `now`: run them whether due or not. */
int diagnosis_tick(struct diagnosis *diagnosis, const struct tick *tick, bool now);

/* Severity of one that is told, once it is over: what did not come true is a note. */
enum severity told_severity(const struct told_finding *told);

/* The worst of those that are not over; SEVERITIES: there are none. */
enum severity diagnosis_worst(const struct diagnosis *diagnosis);

/*
 * "TD121 leak, TD131 accept queue": the codes that apply now, each once, the worst first; "" = none. Notes only where `notes`, and settings (TD191), which are there all the
 * time, never.
 */
void diagnosis_codes(const struct diagnosis *diagnosis, char *out, size_t size, bool notes);

#endif
