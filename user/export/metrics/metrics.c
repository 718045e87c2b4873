// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Events go into one model of sockets and ports; what it does not keep is counted beside it, in the group that it names. */
#include "export/metrics/metrics.h"

#include <stdlib.h>

#include "diagnose/diagnosis.h"
#include "export/metrics/destinations.h"
#include "export/metrics/findings.h"
#include "export/metrics/own.h"
#include "export/metrics/workloads.h"

#define NSEC_PER_SEC 1000000000ULL
#define MIN_AGE_NS (30 * NSEC_PER_SEC)
#define MAX_GROUPS 4000
#define SERIES_MIN 500
#define RULES_NS (5 * NSEC_PER_SEC) /* between two runs of the rules, while nobody asks */
#define ASKED_NS NSEC_PER_SEC /* later where somebody does: who asks as often is not forestalled, which would be two runs for one */
#define COLLECT_NS (60 * NSEC_PER_SEC) /* at least so often, so that what is gone is forgotten though nobody asks */

/* What is exported: all but those that the model of ports does not keep. */
#define STATES (((1U << STATE_COUNT) - 1) & ~(1U | 1U << STATE_CLOSE | 1U << STATE_LISTEN))

struct metrics_view {
	struct view view;
	struct metrics_config config;
	struct diagnosis diagnosis;
	struct workloads workloads;
	struct top_destinations destinations;
	struct own own;
	struct metrics_text text;
	bool wanted; /* and not rendered yet */
	uint64_t collected_ns;
	uint64_t now_ns; /* of the event or tick that is taken */
};

static void time_is_over(void *context, const struct group *group, unsigned int state, uint64_t dwell_ns)
{
	struct metrics_view *metrics = context;

	workload_time(workloads_of(&metrics->workloads, group, metrics->now_ns), HISTOGRAM_DWELL + state, dwell_ns, metrics->now_ns);
}

static void group_is_forgotten(void *context, const struct group *group)
{
	struct metrics_view *metrics = context;

	workloads_forget(&metrics->workloads, metrics->diagnosis.ports.books, group);
}

static struct workload *workload_of_event(struct metrics_view *metrics, const struct event *event)
{
	const struct group *group = model_group_of_event(metrics->diagnosis.ports.books, event, WORKLOADS_BY);

	return workloads_of(&metrics->workloads, group, metrics->now_ns);
}

static void count_transition(struct metrics_view *metrics, const struct event *event)
{
	const struct transition *record = &event->record;
	uint64_t now_ns = metrics->now_ns;

	if (record->new_state == STATE_TIME_WAIT && record->old_state != STATE_TIME_WAIT)
		workload_count(workload_of_event(metrics, event), COUNTER_TIME_WAIT + (record->closed_by & 3), now_ns);
	if (record->old_state == STATE_SYN_SENT && record->new_state == STATE_ESTABLISHED && record->search_ns)
		workload_time(workload_of_event(metrics, event), HISTOGRAM_SEARCH, record->search_ns, now_ns);
}

static int metrics_event(struct view *view, const struct event *event)
{
	struct metrics_view *metrics = (struct metrics_view *)view;
	int err;

	metrics->now_ns = event->record.time_ns;
	if (event->listener && event->listener->gone)
		workloads_end_listener(&metrics->workloads, metrics->diagnosis.ports.books, event->record.id);
	err = diagnosis_event(&metrics->diagnosis, event);
	if (err)
		return err;
	if (event->record.type == RECORD_TRANSITION)
		count_transition(metrics, event);
	else if (event->record.type == RECORD_CONNECT_FAILED)
		workload_count(workload_of_event(metrics, event), COUNTER_CONNECT_FAILURES + event_connect_failure(event),
			       metrics->now_ns);
	return 0;
}

static int metrics_begin(struct view *view, const struct run *run)
{
	struct metrics_view *metrics = (struct metrics_view *)view;

	diagnosis_begin(&metrics->diagnosis, run);
	own_begin(&metrics->own, run);
	metrics->collected_ns = metrics->now_ns = run->begin_ns;
	return 0;
}

static int metrics_recount(struct view *view, bool begins)
{
	diagnosis_recount(&((struct metrics_view *)view)->diagnosis, begins);
	return 0;
}

/* What the rules look at is what is exported: a finding and its figures are of one moment. */
static int collect(struct metrics_view *metrics, const struct tick *tick)
{
	int err;

	metrics->now_ns = metrics->collected_ns = tick->time_ns;
	err = diagnosis_tick(&metrics->diagnosis, tick, true);
	err = err < 0 ? err : workloads_collect(&metrics->workloads, metrics->diagnosis.ports.books, tick->time_ns);
	if (err)
		return err;
	top_destinations_choose(&metrics->destinations, &metrics->diagnosis.ports);
	model_forget(metrics->diagnosis.ports.books, tick->time_ns);
	return 0;
}

static void write(struct metrics_view *metrics, const struct tick *tick)
{
	struct metrics_text *text = &metrics->text;

	metrics_text_clear(text);
	workloads_write(&metrics->workloads, text);
	top_destinations_write(&metrics->destinations, &metrics->diagnosis.ports, text);
	findings_write(&metrics->diagnosis, text);
	own_write(&metrics->own, tick, &metrics->workloads, text);
	if (metrics->config.more)
		metrics->config.more(metrics->config.context, text, tick);
	metrics->own.series = text->series;
}

static int render(struct metrics_view *metrics, const struct tick *tick)
{
	uint64_t begin_ns = clock_monotonic_ns();
	int err = collect(metrics, tick);

	if (err)
		return err;
	write(metrics, tick);
	metrics->own.render_ns = clock_monotonic_ns() - begin_ns;
	metrics->diagnosis.next_ns += ASKED_NS;
	return metrics->text.buffer.error;
}

const struct buffer *metrics_render(struct view *view, const struct tick *tick)
{
	struct metrics_view *metrics = (struct metrics_view *)view;

	return render(metrics, tick) ? NULL : &metrics->text.buffer;
}

/* Between two parts of a recount the books tell less than there is. */
static int metrics_tick(struct view *view, const struct tick *tick)
{
	struct metrics_view *metrics = (struct metrics_view *)view;
	const struct metrics_sink *sink = &metrics->config.sink;
	int err = sink->wanted ? sink->wanted(sink->context, tick->time_ns) : 0;

	if (err < 0)
		return err;
	metrics->wanted |= err;
	if (metrics->wanted && !metrics->diagnosis.ports.books->recounting) {
		metrics->wanted = false;
		err = render(metrics, tick);
		if (!err)
			sink->publish(sink->context, &metrics->text.buffer, tick->time_ns);
		return err;
	}
	if (tick->time_ns - metrics->collected_ns > COLLECT_NS)
		return collect(metrics, tick);
	err = diagnosis_tick(&metrics->diagnosis, tick, false);
	return err < 0 ? err : 0;
}

static int metrics_end(struct view *view, const struct tick *last)
{
	const struct metrics_sink *sink = &((struct metrics_view *)view)->config.sink;

	(void)last;
	if (sink->ended)
		sink->ended(sink->context);
	return 0;
}

/* What is not of workloads has its place in the budget too. */
static uint32_t workload_series(uint32_t series)
{
	series = series ?: METRICS_SERIES_DEFAULT;
	series = series < SERIES_MIN ? SERIES_MIN : series;
	return series - (TOP_DESTINATIONS + 1) * DESTINATION_SERIES - FINDING_SERIES - OWN_SERIES - METRICS_MORE_SERIES;
}

static int init(struct metrics_view *metrics)
{
	const struct metrics_config *config = &metrics->config;
	const struct workloads_config workloads = {
		.states = STATES,
		.budget = workload_series(config->series),
		.min_age_ns = config->min_age_ns ?: MIN_AGE_NS,
		.max = config->max_groups ?: MAX_GROUPS,
	};
	const struct model_config groups = {
		.groupings = { WORKLOADS_BY },
		.n_groupings = 1,
		.told_by = WORKLOADS_BY,
		.max_groups = config->max_groups ?: MAX_GROUPS,
		.filter = config->filter,
		.left = time_is_over,
		.forgets = group_is_forgotten,
		.context = metrics,
	};
	const struct diagnosis_config diagnosis = {
		.filter = config->filter,
		.groups = &groups,
		.max_sockets = config->max_sockets,
		.interval_ns = RULES_NS,
		.brief = true,
		.modest = true,
		.ask = config->ask,
	};

	own_init(&metrics->own);
	metrics_text_init(&metrics->text);
	return diagnosis_init(&metrics->diagnosis, &diagnosis) ?: workloads_init(&metrics->workloads, &workloads);
}

struct view *metrics_view_new(const struct metrics_config *config)
{
	struct metrics_view *metrics = calloc(1, sizeof(*metrics));

	if (!metrics)
		return NULL;
	metrics->view = (struct view){
		.begin = metrics_begin,
		.event = metrics_event,
		.recount = metrics_recount,
		.tick = metrics_tick,
		.end = metrics_end,
	};
	metrics->config = *config;
	if (!init(metrics))
		return &metrics->view;
	metrics_view_free(&metrics->view);
	return NULL;
}

void metrics_view_free(struct view *view)
{
	struct metrics_view *metrics = (struct metrics_view *)view;

	if (!metrics)
		return;
	diagnosis_release(&metrics->diagnosis);
	workloads_release(&metrics->workloads);
	own_release(&metrics->own);
	metrics_text_release(&metrics->text);
	free(metrics);
}

void metrics_view_needs(struct run_needs *needs)
{
	needs->emit_states = ~0U;
	needs->holder_states = ~0U;
	needs->track_all = true;
	needs->port_search = true;
	needs->ports = true;
	needs->listeners = true;
	needs->namespaces = true;
	needs->namespace_settings = true;
	needs->filters_processes = true;
}

struct diagnosis *metrics_diagnosis(struct view *view)
{
	return &((struct metrics_view *)view)->diagnosis;
}

struct model *metrics_books(struct view *view)
{
	struct model *books = ((struct metrics_view *)view)->diagnosis.ports.books;

	return books->filter ? NULL : books;
}
