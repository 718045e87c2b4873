// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The view of `leaks`: follows sockets while the run lasts, then chooses, completes, sorts and prints. */
#include "show/leaks/leaks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "attribute/programs.h"
#include "event/holes.h"
#include "event/summary.h"
#include "show/leaks/queues.h"
#include "util/number.h"
#include "util/tcp_state.h"

#define NSEC_PER_SEC 1000000000ULL
#define DEFAULT_SOCKETS 1000000
#define COUNTDOWN_COLUMNS 70
#define WATCH_MIN_NS NSEC_PER_SEC /* growth in less than this says nothing */

struct leaks_view {
	struct view view;
	struct leaks_config config;
	struct output *output;
	struct json json;
	struct model *model;
	struct pod_names *names; /* the run's */
	struct programs *programs; /* what a recording tells of them; NULL: they are asked */
	uint64_t begin_ns;
	bool recorded, polled, counts_down;
	uint64_t left_s; /* as it was told last */
	size_t found;
};

static int leaks_begin(struct view *view, const struct run *run)
{
	struct leaks_view *leaks = (struct leaks_view *)view;
	int err;

	leaks->begin_ns = run->begin_ns;
	leaks->recorded = run->recorded;
	leaks->polled = run->polled;
	leaks->names = run->names;
	leaks->programs = programs_share(run->programs);
	if (leaks->config.json)
		header_json(&leaks->json, run);
	else
		output_string(leaks->output, source_note(run));
	err = json_error(&leaks->json) ?: output_write(leaks->output, leaks->json.data, leaks->json.size);
	json_clear(&leaks->json);
	return err ?: output_flush(leaks->output);
}

static int leaks_event(struct view *view, const struct event *event)
{
	model_event(((struct leaks_view *)view)->model, event);
	return 0;
}

static int leaks_recount(struct view *view, bool begins)
{
	model_recount(((struct leaks_view *)view)->model, begins);
	return 0;
}

/* Where nobody asked to watch, one look at what is there is enough; a recording is read to its end. */
static bool watches(const struct leaks_view *leaks)
{
	return leaks->recorded || leaks->config.watches;
}

/* One line that is written over, narrow enough for any terminal. */
static int count_down(struct leaks_view *leaks, const struct tick *tick)
{
	uint64_t whole_ns = number_u64(leaks->config.countdown_s * NSEC_PER_SEC);
	uint64_t left_s = (elapsed_ns(leaks->begin_ns + whole_ns, tick->time_ns) + NSEC_PER_SEC - 1) / NSEC_PER_SEC;
	struct model_tick room;
	int64_t now = 0;
	int state;

	if (leaks->recorded || !whole_ns || !left_s || (leaks->counts_down && left_s == leaks->left_s))
		return 0;
	tick = model_tick(leaks->model, tick, &room);
	for (state = 0; state < STATE_COUNT; state++)
		if (leaks->config.states & 1U << state)
			now += state_totals_now(&tick->totals->states[state]);
	leaks->counts_down = true;
	leaks->left_s = left_s;
	output_printf(leaks->output, "\rwatching whether it grows: %4" PRIu64 " s more, %" PRId64 " now; Ctrl-C ends ", left_s, now);
	return output_flush(leaks->output);
}

/* The line has gone when the list begins. */
static void end_count_down(struct leaks_view *leaks)
{
	if (leaks->counts_down)
		output_printf(leaks->output, "\r%*s\r", COUNTDOWN_COLUMNS, "");
}

static int leaks_tick(struct view *view, const struct tick *tick)
{
	struct leaks_view *leaks = (struct leaks_view *)view;
	int err;

	if (!watches(leaks))
		return 1;
	err = count_down(leaks, tick);
	if (err)
		return err;
	return output_reader_gone(leaks->output) ? -EPIPE : 0;
}

static struct leak leak_of(const struct leaks_view *leaks, uint64_t id, const struct live_socket *socket, uint64_t now_ns)
{
	struct leak leak = {
		.id = id,
		.socket = socket,
		.age = leak_age_of(socket, NULL, now_ns, UINT64_MAX),
	};

	live_socket_end(&leaks->model->sockets, socket, &leak.end);
	return leak;
}

/* All that may be old enough, as far as we know without asking the kernel. */
static int choose_candidates(const struct leaks_view *leaks, struct leaks_report *report)
{
	const struct live_sockets *sockets = &leaks->model->sockets;
	const struct live_socket *socket;
	size_t cursor = 0;
	uint64_t id;

	report->leaks = calloc(sockets->by_id.used + 1, sizeof(*report->leaks));
	if (!report->leaks)
		return -ENOMEM;
	while ((socket = live_sockets_next(sockets, &cursor, &id))) {
		struct leak leak = leak_of(leaks, id, socket, report->tick->time_ns);

		if (!(socket->flags & LIVE_DOUBTED) && (leak.age.at_least || leak.age.ns > leaks->config.older_than_ns))
			report->leaks[report->count++] = leak;
	}
	return 0;
}

static uint64_t uptime_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_BOOTTIME, &time);
	return time.tv_sec * NSEC_PER_SEC + time.tv_nsec;
}

/* Now that the kernel's list is known: not there any more, too young, or not known to be old enough? */
static bool leak_is_kept(struct leak *leak, struct leaks_report *report)
{
	uint64_t limit_ns = report->config->older_than_ns;

	if (leak->age.ns > limit_ns)
		return true;
	if (leak->age.at_least && (!leak->age.at_most_ns || leak->age.at_most_ns > limit_ns))
		report->undecided++;
	return false;
}

static void complete(struct leaks_view *leaks, struct leaks_report *report)
{
	uint64_t uptime = uptime_ns();
	size_t i, kept = 0;

	for (i = 0; i < report->count; i++) {
		struct leak leak = report->leaks[i];

		if (leak.held && leak.held->looked && !leak.held->found)
			continue;
		if (leak.held && leak.held->found) {
			leaks_tell_holder(leaks->model, report, &leak);
			leak.age = leak_age_of(leak.socket, &leak.held->listed, report->tick->time_ns, uptime);
		}
		if (leak.socket->flags & LIVE_COUNTED && leak_is_kept(&leak, report))
			report->leaks[kept++] = leak;
	}
	report->count = kept;
	for (i = 0; i < kept; i++)
		leak_charge(&report->leaks[i], leaks->model);
}

static int compare_ages(const void *a, const void *b)
{
	const struct leak *left = a, *right = b;

	if (left->age.ns != right->age.ns)
		return left->age.ns > right->age.ns ? -1 : 1;
	return memcmp(&left->end.endpoint, &right->end.endpoint, sizeof(struct endpoint));
}

static size_t count_sockets(const struct live_sockets *sockets)
{
	const struct live_socket *socket;
	size_t cursor = 0, count = 0;

	while ((socket = live_sockets_next(sockets, &cursor, NULL)))
		count += !!(socket->flags & LIVE_COUNTED);
	return count;
}

static void name_programs(const struct leaks_view *leaks, struct leaks_report *report)
{
	const char *program;
	size_t i;

	for (i = 0; i < report->group_count; i++) {
		program = programs_find(leaks->programs, &report->groups[i].process);
		snprintf(report->groups[i].program, sizeof(report->groups[i].program), "%s", program ?: "");
	}
}

/* Fills in leaks and groups. *ret_held is what the leaks point to, the caller's to free with its *ret_asked elements. */
static int make_report(struct leaks_view *leaks, struct leaks_report *report, struct held_socket **ret_held, size_t *ret_asked)
{
	int err = choose_candidates(leaks, report);

	if (err)
		return err;
	*ret_asked = report->count;
	if (report->asked)
		*ret_held = leaks_ask_holders(report);
	model_complete(leaks->model, leaks->names);
	complete(leaks, report);
	report->in_state = count_sockets(&leaks->model->sockets);
	leaks->found = report->count;
	err = leak_groups_make(leaks->model, report->leaks, report->count, report->tick->time_ns, &report->groups,
			       &report->group_count);
	if (!err && report->states & 1U << STATE_CLOSE_WAIT)
		err = leak_queues_make(report);
	if (!err && report->asked)
		leaks_ask_processes(report);
	else if (!err)
		name_programs(leaks, report);
	if (report->count)
		qsort(report->leaks, report->count, sizeof(*report->leaks), compare_ages);
	return err;
}

static uint64_t watched_ns(const struct leaks_view *leaks, const struct tick *last)
{
	uint64_t ns = elapsed_ns(elapsed_ns(last->time_ns, leaks->begin_ns), holes_until(last->holes, last->unix_ns));

	return ns < WATCH_MIN_NS ? 0 : ns;
}

static int leaks_end(struct view *view, const struct tick *last)
{
	struct leaks_view *leaks = (struct leaks_view *)view;
	struct leaks_report report = {
		.config = &leaks->config,
		.model = leaks->model,
		.tick = last,
		.names = leaks->names,
		.begin_ns = leaks->begin_ns,
		.watched_ns = watches(leaks) ? watched_ns(leaks, last) : 0,
		.asked = !leaks->recorded,
		.polled = leaks->polled,
		.states = leaks->config.states,
		.refused = leaks->model->sockets.refused,
	};
	struct held_socket *held = NULL;
	size_t asked = 0;
	struct model_tick room;
	int err;

	model_settle(leaks->model, last->present_seen_ns);
	err = make_report(leaks, &report, &held, &asked);

	end_count_down(leaks);
	report.tick = model_tick(leaks->model, last, &room);
	if (!err && leaks->config.json)
		err = leaks_json(leaks->output, &leaks->json, &report);
	else if (!err)
		err = leaks_text(leaks->output, &report);
	err = err ?: output_flush(leaks->output);
	if (held)
		holders_release(held, asked);
	free(held);
	free(report.queues);
	free(report.groups);
	free(report.leaks);
	return err;
}

struct view *leaks_view_new(const struct leaks_config *config, struct output *output)
{
	struct model_config model = {
		.states = config->states,
		.followed = config->states,
		.groupings = { LEAK_GROUPING },
		.n_groupings = 1,
		.max_sockets = config->max_sockets ?: DEFAULT_SOCKETS,
		.keep_ends = true,
		.filter = config->filter,
	};
	struct leaks_view *leaks = calloc(1, sizeof(*leaks));

	if (!leaks)
		return NULL;
	leaks->view = (struct view){
		.begin = leaks_begin,
		.event = leaks_event,
		.recount = leaks_recount,
		.tick = leaks_tick,
		.end = leaks_end,
		.tells_at_end = true,
	};
	leaks->config = *config;
	leaks->output = output;
	json_init(&leaks->json);
	leaks->model = model_new(&model);
	if (leaks->model)
		return &leaks->view;
	leaks_view_free(&leaks->view);
	return NULL;
}

void leaks_view_free(struct view *view)
{
	struct leaks_view *leaks = (struct leaks_view *)view;

	if (!leaks)
		return;
	model_free(leaks->model);
	programs_free(leaks->programs);
	json_release(&leaks->json);
	free(leaks);
}

size_t leaks_view_found(const struct view *view)
{
	return ((const struct leaks_view *)view)->found;
}
