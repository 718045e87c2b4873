// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "agent_findings.h"

#include <stdlib.h>

#include "diagnose/diagnosis.h"
#include "history/history.h"
#include "show/findings_ask.h"

#define RULES_NS 5000000000ULL /* between two runs of the rules */
#define LATE_NS 15000000000ULL /* a look at listening sockets, and a run of the rules, come so long after what they find at most */
#define WRITE_NS 60000000000ULL /* how often it is written that a finding goes on */
#define HEAVIER 1.5 /* times what its row says: worth other words */

/* A finding that has its row in the history. */
struct kept_finding {
	uint64_t number; /* of struct told_finding; 0 = free */
	int64_t row;
	uint64_t count; /* runs of the rules that told of it */
	uint64_t written_ns;
	double weight; /* of what its row says */
	enum severity severity;
	bool over, seen;
};

struct agent_findings {
	struct view view;
	struct view *history;
	struct diagnosis own; /* unused where another view runs the rules */
	const struct diagnosis *diagnosis; /* whose findings are kept */
	uint64_t seen_runs; /* of its rules */
	struct kept_finding kept[FINDINGS_MAX];
	uint64_t unix_offset_ns;
};

static int findings_begin(struct view *view, const struct run *run)
{
	diagnosis_begin(&((struct agent_findings *)view)->own, run);
	return 0;
}

static int findings_event(struct view *view, const struct event *event)
{
	return diagnosis_event(&((struct agent_findings *)view)->own, event);
}

static int findings_recount(struct view *view, bool begins)
{
	diagnosis_recount(&((struct agent_findings *)view)->own, begins);
	return 0;
}

static struct kept_finding *find(struct agent_findings *findings, uint64_t number)
{
	struct kept_finding *free = NULL;
	unsigned int i;

	for (i = 0; i < FINDINGS_MAX; i++) {
		if (findings->kept[i].number == number)
			return &findings->kept[i];
		if (!findings->kept[i].number)
			free = &findings->kept[i];
	}
	return free;
}

/* What is too early to be sure of, and the machine's settings, are not what a night is searched for. */
static bool is_worth_a_row(const struct told_finding *told)
{
	return told->finding.code != TD191 && told->finding.confidence != CONFIDENCE_TOO_EARLY;
}

/*
 * What it is about began a moment before a look found it, and the rules after that. What is much older, as a leak, is no begin. A row is
 * of the run that wrote it, and begins in it.
 */
static uint64_t begin_of(const struct agent_findings *findings, const struct told_finding *told)
{
	const uint64_t run_ns = findings->diagnosis->scene.begin_ns, since_ns = told->finding.since_ns;
	const uint64_t begin_ns = since_ns > run_ns ? since_ns : run_ns;

	return since_ns && begin_ns <= told->begin_ns && told->begin_ns - begin_ns <= LATE_NS ? begin_ns : told->begin_ns;
}

static void tell_begin(struct agent_findings *findings, struct kept_finding *kept, const struct told_finding *told)
{
	const struct finding *finding = &told->finding;

	*kept = (struct kept_finding){ .number = told->number, .weight = finding->weight, .severity = finding->severity,
					.written_ns = told->begin_ns };
	kept->row = history_view_finding_begins(findings->history, begin_of(findings, told) + findings->unix_offset_ns, code_rows[finding->code].name,
						severity_name(finding->severity), finding->title);
	if (finding->severity == SEVERITY_NOW)
		history_view_keep(findings->history);
}

/* Who reads it in the morning is told the worst of it, not how it began: "soon: nearly full" may be a queue that dropped for an hour. */
static void tell_worse(struct agent_findings *findings, struct kept_finding *kept, const struct finding *finding)
{
	bool worse = finding->severity < kept->severity;

	if (finding->confidence == CONFIDENCE_TOO_EARLY ||
	    (!worse && (finding->severity != kept->severity || finding->weight <= kept->weight * HEAVIER)))
		return;
	kept->severity = finding->severity;
	kept->weight = finding->weight;
	history_view_finding_worsens(findings->history, kept->row, severity_name(finding->severity), finding->title);
	if (worse && finding->severity == SEVERITY_NOW)
		history_view_keep(findings->history);
}

static void follow(struct agent_findings *findings, const struct told_finding *told)
{
	struct kept_finding *kept = find(findings, told->number);

	if (!kept || (kept->number != told->number && (told->over || !is_worth_a_row(told))))
		return;
	if (kept->number != told->number || (kept->over && !told->over)) /* one that was over and has come again has a row of its own */
		tell_begin(findings, kept, told);
	else if (!told->over)
		tell_worse(findings, kept, &told->finding);
	kept->seen = true;
	kept->count += !told->over;
	if (kept->over || (!told->over && told->last_ns - kept->written_ns < WRITE_NS))
		return;
	kept->over = told->over;
	kept->written_ns = told->last_ns;
	history_view_finding_goes_on(findings->history, kept->row, told->last_ns + findings->unix_offset_ns, kept->count, told->over);
}

/* One that is not in the list any more is over too: what was foreseen has come true. */
static void forget_unseen(struct agent_findings *findings, const struct tick *tick)
{
	struct kept_finding *kept = findings->kept;

	for (; kept < findings->kept + FINDINGS_MAX; kept++) {
		if (kept->seen || !kept->number)
			continue;
		if (!kept->over)
			history_view_finding_goes_on(findings->history, kept->row, tick->unix_ns, kept->count, true);
		kept->number = 0;
	}
}

static int follow_all(struct agent_findings *findings, const struct tick *tick)
{
	size_t i;

	if (findings->diagnosis->runs == findings->seen_runs)
		return 0;
	findings->seen_runs = findings->diagnosis->runs;
	findings->unix_offset_ns = tick->unix_ns - tick->time_ns;
	for (i = 0; i < FINDINGS_MAX; i++)
		findings->kept[i].seen = false;
	for (i = 0; i < findings->diagnosis->n_told; i++)
		follow(findings, findings->diagnosis->told[i]);
	forget_unseen(findings, tick);
	return 0;
}

static int own_tick(struct view *view, const struct tick *tick)
{
	struct agent_findings *findings = (struct agent_findings *)view;
	int result = diagnosis_tick(&findings->own, tick, false);

	return result < 0 ? result : follow_all(findings, tick);
}

static int shared_tick(struct view *view, const struct tick *tick)
{
	return follow_all((struct agent_findings *)view, tick);
}

/* Those that are there until the end end with it. */
static int findings_end(struct view *view, const struct tick *last)
{
	struct agent_findings *findings = (struct agent_findings *)view;
	unsigned int i;

	for (i = 0; i < FINDINGS_MAX; i++)
		if (findings->kept[i].number && !findings->kept[i].over)
			history_view_finding_goes_on(findings->history, findings->kept[i].row, last->unix_ns, findings->kept[i].count, true);
	return 0;
}

struct view *agent_findings_new(struct view *history, const struct filter *filter, const struct diagnosis *shared)
{
	static const struct view own = { .begin = findings_begin, .event = findings_event, .recount = findings_recount, .tick = own_tick,
					 .end = findings_end };
	static const struct view sharing = { .tick = shared_tick, .end = findings_end };
	struct agent_findings *findings = calloc(1, sizeof(*findings));
	const struct diagnosis_config config = { .filter = filter, .interval_ns = RULES_NS, .brief = true, .modest = true,
						 .ask = findings_ask_process };

	if (!findings)
		return NULL;
	findings->view = shared ? sharing : own;
	findings->history = history;
	findings->diagnosis = shared ?: &findings->own;
	if (shared || !diagnosis_init(&findings->own, &config))
		return &findings->view;
	agent_findings_free(&findings->view);
	return NULL;
}

void agent_findings_free(struct view *view)
{
	struct agent_findings *findings = (struct agent_findings *)view;

	if (!findings)
		return;
	if (findings->diagnosis == &findings->own)
		diagnosis_release(&findings->own);
	free(findings);
}

void agent_findings_needs(struct run_needs *needs, bool shared)
{
	*needs = (struct run_needs){};
	if (!shared)
		*needs = (struct run_needs){ .emit_states = ~0U, .track_all = true, .holder_states = ~0U, .port_search = true, .ports = true,
					     .listeners = true, .namespaces = true, .namespace_settings = true };
}
