/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What rules read: the model of sockets and ports, what connections do, causes, what is known of processes, the thresholds, and the
 * clock. Rules change nothing of it. Pure.
 */
#ifndef TCPDWELL_DIAGNOSE_SCENE_H
#define TCPDWELL_DIAGNOSE_SCENE_H

#include "diagnose/causes.h"
#include "diagnose/finding.h"
#include "diagnose/flows.h"
#include "diagnose/listened.h"
#include "diagnose/thresholds.h"
#include "diagnose/trends.h"
#include "ports/model.h"
#include "util/port_set.h"

/* What the machine was asked of a process. */
struct process_facts {
	struct process process;
	char program[128], cmdline[256]; /* "" = not known; safe for a terminal */
	uint32_t netns; /* that it is in, which need not be its sockets'; 0 = not known */
	bool ended; /* it was asked, and is not there any more */
	bool fds_known;
	uint64_t fds, fds_limit; /* UINT64_MAX = no limit */
};

struct scene {
	struct ports_model *ports; /* its books are the model of sockets */
	const struct flows *flows;
	const struct causes *causes;
	const struct trends *trends;
	const struct listened *listened;
	const struct thresholds *thresholds;
	const struct process_facts *(*facts)(const void *context, const struct process *process); /* NULL: never asked */
	/* The same of one that a finding names: it is asked if it was not yet. NULL: as `facts`. */
	const struct process_facts *(*ask)(const void *context, const struct process *process);
	/* The leak that is told of this subject, but for the remote end, and is not over; NULL: none is, or the function is NULL. */
	const struct finding *(*told_leak)(const void *context, const struct subject *subject);
	bool (*selects)(const void *context, const struct known_process *known); /* process filters; NULL: there are none */
	const void *context;
	uint64_t now_ns, begin_ns;
	uint64_t present_seen_ns; /* queues of listeners are as of then; 0 = not known, taken as now */
	double watched_s;
	bool polled, recorded;
};

static inline const struct model *scene_model(const struct scene *scene)
{
	return scene->ports->books;
}

static inline double scene_threshold(const struct scene *scene, enum threshold threshold)
{
	return scene->thresholds->values[threshold];
}

/* A process by its number. Never NULL. */
static inline const struct known_process *scene_process(const struct scene *scene, uint32_t process)
{
	return ports_model_process(scene->ports, process);
}

/* Is it known that it waited for so long in an accept queue, from then on? The queue may have been emptied since the last look. */
static inline bool scene_waited(const struct scene *scene, uint64_t since_ns, uint64_t wait_ns)
{
	return since_ns && (scene->present_seen_ns ?: scene->now_ns) >= since_ns + wait_ns;
}

#define SCENE_EARLY_NS 1000000000ULL

/* What is seen first so early may have been so before the run. */
static inline bool scene_is_early(const struct scene *scene, uint64_t time_ns)
{
	return time_ns < scene->begin_ns + SCENE_EARLY_NS;
}

/* What was asked of it; NULL: it was not. */
const struct process_facts *scene_facts(const struct scene *scene, const struct process *process);
/* Of one that is going to be named. */
const struct process_facts *scene_ask(const struct scene *scene, const struct process *process);
/* Is it known to be there no more? Where nobody can be asked, as in a recording, nothing is known to have ended. */
bool scene_ended(const struct scene *scene, const struct process *process);

/* The ports on which any socket of this machine listens: of others the following need not be asked, which looks at all sockets. */
void scene_listened(const struct scene *scene, struct port_set *ports);

/* Does a socket of this machine listen there, in any of its namespaces? */
bool scene_listens(const struct scene *scene, const uint8_t addr[16], uint16_t port);

/*
 * Is it asked for? Filters on processes decide which findings are told, and whom of several a finding names; never what a rule
 * sees. True where there are none.
 */
bool scene_selects(const struct scene *scene, const struct process *process);

/* What rules write to. */
struct verdicts;

/* An empty finding, filled in by the rule; NULL where there are very many. `severity` and CONFIDENCE_PROVED are set. */
struct finding *verdicts_add(struct verdicts *verdicts, unsigned int code, enum severity severity);

/* The rule could not look, and why. */
void verdicts_not_examined(struct verdicts *verdicts, unsigned int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* It will be known in so many seconds. */
void verdicts_wait(struct verdicts *verdicts, unsigned int code, double seconds);

typedef void rule(const struct scene *scene, struct verdicts *verdicts);

/* The subject: a process (NULL or start_ns 0: not known), with its cgroup where known. */
void finding_about(struct finding *finding, const struct scene *scene, const struct process *process,
		   const struct known_cgroup *cgroup);
/*
 * Of one program, in one cgroup, and not of that process alone, which may be another one the next time. `processes`: that share it; where
 * these are several none of them is the subject. After the above.
 */
void finding_of_program(struct finding *finding, const struct process *process, uint32_t processes);
/* Its name and cgroup; never 0. What it runs is not known of one that ended soon. */
uint32_t process_kind(const struct process *process);
/* One of many whom it concerns too: those that are asked for are noted. */
void finding_touches(struct finding *finding, const struct scene *scene, const struct process *process);
void finding_touches_known(struct finding *finding, const struct scene *scene, const struct known_process *known);
void finding_about_known(struct finding *finding, const struct scene *scene, const struct known_process *known);

#endif
