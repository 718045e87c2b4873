// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The runner: looks, asks, lets the rules judge (judge.c), and keeps what they told. */
#include "diagnose/diagnosis.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attribute/programs.h"
#include "diagnose/asked.h"
#include "diagnose/judge.h"
#include "event/holes.h"
#include "filter/event_filter.h"
#include "util/number.h"
#include "util/shortage.h"

#define NSEC_PER_SEC 1000000000ULL
#define FIRST_NS (NSEC_PER_SEC + NSEC_PER_SEC / 5) /* the first run: what is there has been told by then */
#define COST_SHARE 100 /* a run that took 20 ms is followed by 2 s at least */
#define COST_WAIT_MAX_NS (10 * NSEC_PER_SEC)
#define OVER_NS (5 * NSEC_PER_SEC) /* a rule may miss a finding for a moment */

static const struct process_facts *facts_of(const void *context, const struct process *process)
{
	return asked_find(context, process);
}

/* Rules are told more, and change nothing of what others are told. */
static const struct process_facts *ask(const void *context, const struct process *process)
{
	return asked_now((struct diagnosis *)(uintptr_t)context, process);
}

static const struct finding *told_leak(const void *context, const struct subject *wanted)
{
	const struct diagnosis *diagnosis = context;
	size_t i;

	for (i = 0; i < diagnosis->n_told; i++) {
		const struct told_finding *told = diagnosis->told[i];
		const struct subject *subject = &told->finding.subject;

		if (told->finding.code == TD121 && !told->over && told->finding.confidence != CONFIDENCE_TOO_EARLY &&
		    subject->kind == wanted->kind && subject->netns == wanted->netns && subject->service_port == wanted->service_port)
			return &told->finding;
	}
	return NULL;
}

static bool selects(const void *context, const struct known_process *known)
{
	const struct diagnosis *diagnosis = context;

	return process_decide(diagnosis->config.filter, &known->process, known->cgroup->path, &known->cgroup->container) == NAMES_PASS;
}

int diagnosis_init(struct diagnosis *diagnosis, const struct diagnosis_config *config)
{
	static const struct model_config no_groups;
	struct model_config groups = config->groups ? *config->groups : no_groups;
	const struct ports_model_config ports = { .max_sockets = config->max_sockets, .groups = &groups };

	groups.dwells[groups.n_groupings] = 1U << STATE_CLOSE_WAIT; /* close_wait.c */
	groups.groupings[groups.n_groupings++] = GROUP_BY_BOTH(GROUP_PROCESS, GROUP_SERVICE);
	memset(diagnosis, 0, sizeof(*diagnosis));
	diagnosis->config = *config;
	diagnosis->config.groups = NULL; /* the caller's, used up */
	diagnosis->config.interval_ns = config->interval_ns ?: NSEC_PER_SEC;
	thresholds_init(&diagnosis->thresholds);
	if (config->thresholds)
		diagnosis->thresholds = *config->thresholds;
	flows_init(&diagnosis->flows);
	causes_init(&diagnosis->causes);
	trends_init(&diagnosis->trends);
	listened_init(&diagnosis->listened);
	causes_ages(&diagnosis->causes, &diagnosis->thresholds);
	return ports_model_init(&diagnosis->ports, &ports);
}

void diagnosis_release(struct diagnosis *diagnosis)
{
	size_t i;

	for (i = 0; i < diagnosis->n_told; i++)
		free(diagnosis->told[i]);
	asked_release(diagnosis);
	programs_free(diagnosis->programs);
	causes_release(&diagnosis->causes);
	trends_release(&diagnosis->trends);
	listened_release(&diagnosis->listened);
	flows_release(&diagnosis->flows);
	ports_model_release(&diagnosis->ports);
}

void diagnosis_begin(struct diagnosis *diagnosis, const struct run *run)
{
	ports_model_begin(&diagnosis->ports, run);
	flows_begin(&diagnosis->flows, run->begin_ns);
	diagnosis->next_ns = run->begin_ns + FIRST_NS;
	programs_free(diagnosis->programs);
	diagnosis->programs = programs_share(run->programs);
	diagnosis->scene = (struct scene){
		.ports = &diagnosis->ports,
		.flows = &diagnosis->flows,
		.causes = &diagnosis->causes,
		.trends = &diagnosis->trends,
		.listened = &diagnosis->listened,
		.thresholds = &diagnosis->thresholds,
		.facts = diagnosis->config.ask || diagnosis->programs ? facts_of : NULL,
		.ask = diagnosis->config.ask || diagnosis->programs ? ask : NULL,
		.told_leak = told_leak,
		.selects = diagnosis->config.filter && filter_has_processes(diagnosis->config.filter) ? selects : NULL,
		.context = diagnosis,
		.begin_ns = run->begin_ns,
		.polled = run->polled,
		.recorded = run->recorded,
	};
}

int diagnosis_event(struct diagnosis *diagnosis, const struct event *event)
{
	if (event->record.type == RECORD_CONNECT_FAILED && scene_selects(&diagnosis->scene, &event->record.owner))
		diagnosis->failures[event_connect_failure(event)]++;
	flows_event(&diagnosis->flows, event);
	return ports_model_event(&diagnosis->ports, event);
}

void diagnosis_recount(struct diagnosis *diagnosis, bool begins)
{
	ports_model_recount(&diagnosis->ports, begins);
}

static void count_figures(struct diagnosis *diagnosis)
{
	struct diagnosis_figures *figures = &diagnosis->figures;
	const struct destination *destination;
	size_t i;

	memset(figures, 0, sizeof(*figures));
	figures->fullest_share = -1;
	for (i = 0; i < 16; i++)
		figures->states[i] = diagnosis->causes.states[i], figures->sockets += diagnosis->causes.states[i];
	figures->processes = diagnosis->causes.processes;
	for (destination = diagnosis->ports.destinations.by_key; destination; destination = destination->hh.next) {
		figures->destinations += destination->sockets > 0;
		if (destination->known && destination->share > figures->fullest_share)
			figures->fullest_share = destination->share;
	}
	memcpy(figures->failures, diagnosis->failures, sizeof(figures->failures));
}

static void note_trends(struct diagnosis *diagnosis, const struct tick *tick)
{
	uint64_t now_ns = tick->time_ns;
	struct model *model = diagnosis->ports.books;
	const struct listening_socket *listener;
	const struct namespace_facts *facts;
	unsigned int counter;
	size_t cursor = 0;
	uint32_t netns;
	uint64_t id;

	model_settle(model, tick->present_seen_ns);
	while ((listener = model_listener_next(model, &cursor, &id)))
		if (listener->now.new_drops != LISTENER_NOT_KNOWN)
			trends_note(&diagnosis->trends, trend_key(TREND_LISTENER_DROPS, id, 0), listener->now.new_drops,
				    listener->now.new_drops, now_ns);
	for (cursor = 0; (facts = model_namespace_next(model, &cursor, &netns));)
		for (counter = 0; counter < NS_COUNTERS; counter++)
			if (facts->counters[counter].known == NS_KNOWN)
				trends_note(&diagnosis->trends, trend_key(TREND_NAMESPACE, netns, counter),
					    facts->counters[counter].total, facts->counters[counter].grown, now_ns);
	trends_forget(&diagnosis->trends, now_ns);
	if (!diagnosis->config.modest)
		listened_note(&diagnosis->listened, model, now_ns);
}

/* Of what was not traced nothing is known: rates are of the time since. */
static void begin_behind_hole(struct flows *flows, const struct tick *tick)
{
	uint64_t since_ns = tick->holes && tick->holes->count ? elapsed_ns(tick->unix_ns, tick->holes->last.end_ns) : UINT64_MAX;

	if (since_ns <= elapsed_ns(tick->time_ns, flows->begin_ns))
		flows->begin_ns = tick->time_ns - since_ns;
}

/* What the model says of now. */
static int look(struct diagnosis *diagnosis, const struct tick *tick)
{
	int err = ports_model_measure(&diagnosis->ports, tick);

	diagnosis->scene.now_ns = tick->time_ns;
	diagnosis->scene.present_seen_ns = tick->present_seen_ns;
	diagnosis->scene.watched_s = elapsed_ns(elapsed_ns(tick->time_ns, diagnosis->scene.begin_ns),
						holes_until(tick->holes, tick->unix_ns)) / 1e9;
	err = err ?: causes_make(&diagnosis->causes, diagnosis->ports.books, tick, diagnosis->scene.begin_ns);
	if (err)
		return err;
	begin_behind_hole(&diagnosis->flows, tick);
	flows_conclude(&diagnosis->flows, tick->time_ns);
	note_trends(diagnosis, tick);
	count_figures(diagnosis);
	asked_ask(diagnosis);
	return 0;
}

/* Where they are of a program, it is known at times only what it runs: two that are known, such as scripts of one interpreter, differ. */
static bool run_the_same(const struct subject *a, const struct subject *b, bool known)
{
	return !strcmp(a->program, b->program) || (!known && (!a->program[0] || !b->program[0]));
}

/* Of several that nothing tells apart each has one of its own. */
static struct told_finding *find_told_of(struct diagnosis *diagnosis, const struct finding *finding, bool known)
{
	size_t i;

	for (i = 0; i < diagnosis->n_told; i++) {
		struct told_finding *told = diagnosis->told[i];

		if (told->finding.code == finding->code && told->run <= diagnosis->runs &&
		    subjects_are_same(&told->finding.subject, &finding->subject) &&
		    (!finding->subject.of_program || run_the_same(&told->finding.subject, &finding->subject, known)))
			return told;
	}
	return NULL;
}

/* What is foreseen of a destination is one thing, whoever opens or holds the most of it at the moment. */
static bool is_of_destination(unsigned int code)
{
	return code == TD102 || code == TD103;
}

static struct told_finding *find_told_there(struct diagnosis *diagnosis, const struct finding *finding)
{
	const struct subject *subject = &finding->subject, *other;
	size_t i;

	for (i = 0; is_of_destination(finding->code) && i < diagnosis->n_told; i++) {
		other = &diagnosis->told[i]->finding.subject;
		if (diagnosis->told[i]->finding.code == finding->code && diagnosis->told[i]->run <= diagnosis->runs &&
		    other->netns == subject->netns && other->remote_port == subject->remote_port &&
		    !memcmp(other->remote_addr, subject->remote_addr, 16))
			return diagnosis->told[i];
	}
	return NULL;
}

static struct told_finding *find_told(struct diagnosis *diagnosis, const struct finding *finding)
{
	return find_told_of(diagnosis, finding, true) ?: find_told_of(diagnosis, finding, false) ?: find_told_there(diagnosis, finding);
}

static int compare_told(const void *one, const void *other)
{
	const struct told_finding *a = *(struct told_finding *const *)one, *b = *(struct told_finding *const *)other;
	enum severity severity_a = told_severity(a), severity_b = told_severity(b);

	if (a->over != b->over)
		return a->over - b->over;
	if (severity_a != severity_b)
		return severity_a < severity_b ? -1 : 1;
	if (code_rows[a->finding.code].is_mild != code_rows[b->finding.code].is_mild)
		return code_rows[a->finding.code].is_mild ? 1 : -1;
	if (a->finding.code != b->finding.code)
		return a->finding.code < b->finding.code ? -1 : 1;
	if (a->finding.weight != b->finding.weight)
		return a->finding.weight > b->finding.weight ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

static void drop(struct diagnosis *diagnosis, size_t at)
{
	free(diagnosis->told[at]);
	diagnosis->told[at] = diagnosis->told[--diagnosis->n_told];
}

/* Room for a new one: what has been over for longest goes. */
static bool make_room(struct diagnosis *diagnosis)
{
	size_t i, oldest = FINDINGS_MAX;

	if (diagnosis->n_told < FINDINGS_MAX)
		return true;
	for (i = 0; i < diagnosis->n_told; i++)
		if (diagnosis->told[i]->over &&
		    (oldest == FINDINGS_MAX || diagnosis->told[i]->last_ns < diagnosis->told[oldest]->last_ns))
			oldest = i;
	if (oldest == FINDINGS_MAX)
		return false;
	drop(diagnosis, oldest);
	return true;
}

static size_t bytes_kept(const struct diagnosis *diagnosis)
{
	return diagnosis->config.brief ? FINDING_BRIEF_BYTES : sizeof(struct finding);
}

static void copy(const struct diagnosis *diagnosis, struct finding *to, const struct finding *from)
{
	memcpy(to, from, bytes_kept(diagnosis));
	if (diagnosis->config.brief)
		to->n_evidence = to->n_changes = to->n_useless = to->n_also = 0;
}

static void keep(struct diagnosis *diagnosis, const struct finding *finding)
{
	uint64_t now_ns = diagnosis->scene.now_ns;
	struct told_finding *told = find_told(diagnosis, finding);

	if (!told) {
		if (!make_room(diagnosis))
			return;
		told = shortage_noted(calloc(1, offsetof(struct told_finding, finding) + bytes_kept(diagnosis)));
		if (!told)
			return;
		told->begin_ns = now_ns;
		told->at_least = !diagnosis->runs || finding->since_at_least;
		told->number = ++diagnosis->numbers;
		diagnosis->told[diagnosis->n_told++] = told;
	} else if (told->over) {
		told->begin_ns = now_ns;
		told->at_least = false;
	}
	told->last_ns = now_ns;
	told->run = diagnosis->runs + 1;
	told->over = false;
	copy(diagnosis, &told->finding, finding);
	if (told->finding.since_ns)
		return;
	told->finding.since_ns = told->begin_ns;
	told->finding.since_at_least = told->at_least;
}

/* What was foreseen of a destination has come true: it is told by what came. */
static bool has_come_true(const struct diagnosis *diagnosis, const struct told_finding *told)
{
	const struct subject *subject = &told->finding.subject, *other;
	size_t i;

	if (told->last_ns == diagnosis->scene.now_ns || !is_of_destination(told->finding.code))
		return false;
	for (i = 0; i < diagnosis->n_told; i++) {
		other = &diagnosis->told[i]->finding.subject;
		if (diagnosis->told[i]->finding.code == TD101 && other->netns == subject->netns &&
		    other->remote_port == subject->remote_port && !memcmp(other->remote_addr, subject->remote_addr, 16))
			return true;
	}
	return false;
}

/* Its end is not waited for: the next run of the rules decides. */
static bool is_decided(const struct diagnosis *diagnosis, const struct told_finding *told)
{
	return told->finding.confidence == CONFIDENCE_TOO_EARLY && told->last_ns != diagnosis->scene.now_ns;
}

/* What was undecided and is decided otherwise now was nothing. */
static void close_over(struct diagnosis *diagnosis)
{
	size_t i = 0;

	while (i < diagnosis->n_told) {
		struct told_finding *told = diagnosis->told[i];

		told->over = elapsed_ns(diagnosis->scene.now_ns, told->last_ns) >= OVER_NS;
		if (is_decided(diagnosis, told) || has_come_true(diagnosis, told))
			drop(diagnosis, i);
		else
			i++;
	}
}

static uint64_t cpu_ns(const struct diagnosis *diagnosis)
{
	return diagnosis->config.cpu_ns ? diagnosis->config.cpu_ns() : 0;
}

/* However many sockets there are, the rules take a small share of a processor. */
static uint64_t wait_ns(const struct diagnosis *diagnosis)
{
	uint64_t wait_ns = diagnosis->cost_ns * COST_SHARE;

	wait_ns = wait_ns < COST_WAIT_MAX_NS ? wait_ns : COST_WAIT_MAX_NS;
	return wait_ns > diagnosis->config.interval_ns ? wait_ns : diagnosis->config.interval_ns;
}

int diagnosis_tick(struct diagnosis *diagnosis, const struct tick *tick, bool now)
{
	struct verdicts *verdicts;
	uint64_t begin_ns;
	size_t i;
	int err;

	if (!now && tick->time_ns < diagnosis->next_ns)
		return 0;
	verdicts = verdicts_new();
	if (!verdicts)
		return -ENOMEM;
	begin_ns = cpu_ns(diagnosis);
	err = look(diagnosis, tick);
	if (!err) {
		judge_all(diagnosis, verdicts);
		for (i = 0; i < verdicts->count; i++)
			keep(diagnosis, &verdicts->findings[i]);
		close_over(diagnosis);
		if (diagnosis->n_told)
			qsort(diagnosis->told, diagnosis->n_told, sizeof(*diagnosis->told), compare_told);
		diagnosis->last_ns = tick->time_ns;
		diagnosis->cost_ns = cpu_ns(diagnosis) - begin_ns;
		diagnosis->next_ns = tick->time_ns + wait_ns(diagnosis);
		diagnosis->runs++;
	}
	verdicts_free(verdicts);
	return err ?: 1;
}

enum severity told_severity(const struct told_finding *told)
{
	return told->over && told->finding.severity == SEVERITY_SOON ? SEVERITY_NOTE : told->finding.severity;
}

enum severity diagnosis_worst(const struct diagnosis *diagnosis)
{
	enum severity worst = SEVERITIES;
	size_t i;

	for (i = 0; i < diagnosis->n_told; i++)
		if (!diagnosis->told[i]->over && diagnosis->told[i]->finding.severity < worst)
			worst = diagnosis->told[i]->finding.severity;
	return worst;
}

void diagnosis_codes(const struct diagnosis *diagnosis, char *out, size_t size, bool notes)
{
	bool told[CODES] = {};
	size_t i, used = 0;

	out[0] = '\0';
	for (i = 0; i < diagnosis->n_told; i++) {
		const struct told_finding *one = diagnosis->told[i];
		unsigned int code = one->finding.code;

		if (one->over || told[code] || code == TD191 || one->finding.confidence == CONFIDENCE_TOO_EARLY ||
		    (!notes && one->finding.severity == SEVERITY_NOTE))
			continue;
		told[code] = true;
		if (used + CODE_WORDS < size)
			used += snprintf(out + used, size - used, "%s%s %s", used ? ", " : "", code_rows[code].name, code_rows[code].word);
	}
}
