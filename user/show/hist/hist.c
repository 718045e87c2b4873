// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Histograms of each group and state: once at the end, of the whole run; or with INTERVAL of each interval, as in vmstat.
 */
#include "show/hist/hist.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "account/model.h"
#include "show/hist/format.h"
#include "show/hist/heat.h"
#include "event/summary.h"
#include "util/number.h"
#include "util/shortage.h"
#include "util/tcp_state.h"

#define NSEC_PER_SEC 1000000000ULL
#define DEFAULT_ROWS 10
#define BUSY_WAIT_MS 100
#define TAKEN_NS NSEC_PER_SEC /* a look at descriptors may tell of accept() before accept() itself does, by so much at most */

struct hist_row {
	struct group *group;
	int64_t count, open; /* of all its states together */
};

/* Somebody has it who is not its listener, and accept() was not told yet. */
struct taken {
	uint64_t id, time_ns;
};

struct hist_view {
	struct view view;
	struct hist_config config;
	struct output *output;
	struct model *model;
	struct pod_names *names; /* the run's */
	struct json json;
	struct buffer text;
	uint64_t begin_ns, interval_begin_ns, next_ns, intervals;
	bool head_flushed;
	unsigned int heat_lines; /* since the last head */
	uint64_t untimed, untimed_before; /* accepts whose wait is not known, in this interval, and in those before */
	struct taken *taken; /* in the order of time */
	size_t n_taken, first_taken, room_taken;
	uint64_t last_event_ns;
};

/* In the order of a life. */
static const uint8_t state_order[] = {
	STATE_SYN_SENT,	  STATE_SYN_RECV,   STATE_ESTABLISHED, STATE_FIN_WAIT1, STATE_FIN_WAIT2,
	STATE_CLOSING,	  STATE_TIME_WAIT,  STATE_CLOSE_WAIT,  STATE_LAST_ACK,
};

#define STATES_SHOWN (sizeof(state_order) / sizeof(state_order[0]))

const char *hist_sort_name(enum hist_sort sort)
{
	static const char *const names[HIST_SORTS] = { "count", "open", "name" };

	return names[sort];
}

const char *hist_of_name(enum hist_of of)
{
	static const char *const names[HIST_OFS] = { "states", "search", "accept" };

	return names[of];
}

uint32_t hist_states(uint32_t asked)
{
	uint32_t states = 0;
	size_t i;

	for (i = 0; i < STATES_SHOWN; i++)
		states |= 1U << state_order[i];
	return asked ? asked & states : states;
}

static int write_out(struct hist_view *hist)
{
	int err = json_error(&hist->json) ?: hist->text.error;

	if (!err)
		err = output_write(hist->output, hist->json.data, hist->json.size);
	if (!err)
		err = output_write(hist->output, hist->text.data, hist->text.size);
	json_clear(&hist->json);
	buffer_clear(&hist->text);
	return err;
}

static bool has_something(const struct account *account)
{
	return account && (account->dwell.count || state_totals_now(&account->count));
}

static const char *what_of(const struct hist_view *hist, unsigned int state)
{
	static const char *const names[HIST_OFS] = { [HIST_OF_SEARCH] = "port search", [HIST_OF_ACCEPT] = "accept queue" };

	return names[hist->config.of] ?: tcp_state_name(state);
}

static void show_heat(struct hist_view *hist, const struct group *group, const struct hist_interval *interval,
		      unsigned int state, const struct account *account)
{
	if (!(hist->heat_lines++ % HEAT_HEAD_EACH))
		hist_heat_head(&hist->text);
	hist_heat_text(&hist->text, interval->unix_ns, group, what_of(hist, state), account);
}

static void show_group(struct hist_view *hist, struct group *group, const struct hist_interval *interval)
{
	bool color = hist->config.color;
	size_t i;

	for (i = 0; i < STATES_SHOWN; i++) {
		struct account *account = model_account(hist->model, group, state_order[i]);

		if (!has_something(account))
			continue;
		if (hist->config.json)
			hist_json(&hist->json, interval, group, state_order[i], hist->config.of ? hist_of_name(hist->config.of) : NULL, account);
		else if (hist->config.heat)
			show_heat(hist, group, interval, state_order[i], account);
		else
			hist_text(&hist->text, group, what_of(hist, state_order[i]), account, color);
	}
}

static struct hist_row row_of(struct group *group)
{
	struct hist_row row = { .group = group };
	unsigned int i;

	for (i = 0; i < group->n_accounts; i++) {
		row.count += group->accounts[i].dwell.count;
		row.open += state_totals_now(&group->accounts[i].count);
	}
	return row;
}

static int compare_numbers(int64_t a, int64_t b)
{
	return a > b ? -1 : a < b;
}

static int compare_rows(const void *a, const void *b, void *context)
{
	const struct hist_row *x = a, *y = b;
	int other = (x->group->name.parts[0].kind == GROUP_OTHER) - (y->group->name.parts[0].kind == GROUP_OTHER);

	if (other)
		return other;
	switch (*(const enum hist_sort *)context) {
	case HIST_BY_COUNT:
		return compare_numbers(x->count + x->open, y->count + y->open) ?: group_compare(x->group, y->group);
	case HIST_BY_OPEN:
		return compare_numbers(x->open, y->open) ?: group_compare(x->group, y->group);
	default:
		return group_compare(x->group, y->group);
	}
}

static size_t collect_rows(struct hist_view *hist, struct hist_row **rows)
{
	struct groups *groups = model_groups(hist->model, hist->config.by);
	struct group *group;
	size_t count = 0;

	*rows = calloc(groups_count(groups) + 1, sizeof(**rows));
	if (!*rows)
		return 0;
	for (group = groups->table; group; group = group->hh.next)
		(*rows)[count++] = row_of(group);
	(*rows)[count++] = row_of(groups->other);
	qsort_r(*rows, count, sizeof(**rows), compare_rows, &hist->config.sort);
	return count;
}

static void interval_head(struct hist_view *hist, const struct hist_interval *interval)
{
	if (!hist->config.json && !hist->config.heat)
		buffer_printf(&hist->text, "%.1f s; @ ended, + is there now\n\n", interval->seconds);
}

static void untimed_text(struct hist_view *hist, uint64_t untimed)
{
	if (untimed)
		buffer_printf(&hist->text, "%" PRIu64 " accepted after a time that is not known: they waited before tcpdwell began, or accept() was not seen\n\n",
			      untimed);
}

static int show_interval(struct hist_view *hist, const struct tick *tick)
{
	const struct hist_config *config = &hist->config;
	struct hist_interval interval = {
		.unix_ns = tick->unix_ns,
		.seconds = (double)elapsed_ns(tick->time_ns, hist->interval_begin_ns) / NSEC_PER_SEC,
	};
	size_t i, count, shown, most = config->rows ?: config->json ? SIZE_MAX : DEFAULT_ROWS;
	struct hist_row *rows;
	int err = 0;

	group_by_name(interval.by, config->by);
	model_age(hist->model, config->by, tick->time_ns, true);
	model_complete(hist->model, hist->names);
	count = collect_rows(hist, &rows);
	shown = count < most ? count : most;
	interval_head(hist, &interval);
	for (i = 0; i < shown && !err; i++) {
		show_group(hist, rows[i].group, &interval);
		err = write_out(hist);
	}
	if (!config->json && !config->heat)
		untimed_text(hist, hist->untimed);
	if (shown < count && !config->json && !config->heat)
		buffer_printf(&hist->text, "... and %zu more of %s (-r shows more)\n\n", count - shown,
			      interval.by);
	free(rows);
	err = err ?: count ? write_out(hist) : -ENOMEM;
	return err ?: output_flush(hist->output);
}

static bool run_sees(const struct run *run, enum fact fact)
{
	return run->hooks[fact] && strcmp(run->hooks[fact], "none") != 0;
}

/* Not flushed: the head is seen with the first tick, when the sockets from before are known. Scripts wait for it. */
static int hist_begin(struct view *view, const struct run *run)
{
	struct hist_view *hist = (struct hist_view *)view;

	hist->begin_ns = hist->interval_begin_ns = run->begin_ns;
	hist->next_ns = run->begin_ns + hist->config.interval_ns;
	hist->names = run->names;
	if (hist->config.json)
		header_json(&hist->json, run);
	else
		buffer_append_string(&hist->text, source_note(run));
	if (hist->config.of == HIST_OF_ACCEPT && run->recorded && !run_sees(run, FACT_ACCEPTED) && !hist->config.json)
		buffer_append_string(&hist->text, "Nothing is known of accept(): this was recorded without record --accepts.\n\n");
	return write_out(hist);
}

/* A search is the first part of SYN_SENT. Where it was not measured, how long it took is not known. */
static struct event search_of(const struct event *event)
{
	struct event search = *event;

	search.record.since_ns = search.record.search_ns ? search.record.time_ns - search.record.search_ns : 0;
	return search;
}

/* It waits from now on, or is found to do so. How long one waits that its client has closed meanwhile is not known then. */
static void accept_waits(struct hist_view *hist, const struct event *event)
{
	struct event waits = *event;

	if (event->record.type == RECORD_SOCKET && event->record.new_state != STATE_ESTABLISHED)
		waits.record.since_ns = 0;
	waits.record.new_state = STATE_ESTABLISHED;
	if (event->record.type == RECORD_SOCKET)
		waits.record.old_state = STATE_ESTABLISHED;
	model_event(hist->model, &waits);
}

/* Who accepted it has it: so the time is his. */
static void accept_moves(struct hist_view *hist, const struct event *event)
{
	const struct held held = { .process = event->record.owner, .count = 1, .fd = -1 };
	struct event moves = *event;

	if (!held.process.start_ns || event->record.flags & FLAG_IN_ACCEPT_QUEUE || event->record.attribution != ATTRIBUTION_OBSERVED)
		return;
	moves.held = &held;
	moves.record.type = RECORD_HOLDER;
	model_event(hist->model, &moves);
}

/* As a transition that leaves the queue. One that is not known to wait came before its beginning was told. */
static void accept_leaves(struct hist_view *hist, const struct event *event, bool waits)
{
	struct event leaves = *event;

	if (waits)
		accept_moves(hist, event);
	leaves.record.type = RECORD_TRANSITION;
	leaves.record.old_state = STATE_ESTABLISHED;
	leaves.record.new_state = STATE_CLOSE;
	leaves.record.flags = waits ? 0 : FLAG_FIRST_SEEN;
	leaves.record.recorded_state = 0;
	hist->untimed += !leaves.record.since_ns;
	model_event(hist->model, &leaves);
}

/* Transitions tell that it was accepted, where nothing else did. */
static void on_accept_transition(struct hist_view *hist, const struct event *event, bool waits)
{
	bool queued = event->record.flags & FLAG_IN_ACCEPT_QUEUE;
	struct event unseen = *event;

	if (queued && event->record.new_state == STATE_ESTABLISHED)
		accept_waits(hist, event);
	if (!waits || (queued && event->record.new_state != STATE_CLOSE))
		return;
	unseen.record.since_ns = 0;
	accept_leaves(hist, &unseen, true);
}

/* Its accept() is not told to us any more: by io_uring, before the begin, lost. */
static void end_taken(struct hist_view *hist, const struct taken *taken)
{
	const struct live_socket *socket = live_sockets_find(&hist->model->sockets, taken->id);
	struct event leaves;
	struct held held;

	if (!socket || socket->flags & LIVE_IN_ACCEPT_QUEUE)
		return;
	leaves = model_socket_event(hist->model, taken->id, socket, &held);
	leaves.held = NULL;
	leaves.record.time_ns = taken->time_ns;
	leaves.record.since_ns = 0;
	leaves.record.attribution = ATTRIBUTION_SEEDED; /* who has it is told */
	accept_leaves(hist, &leaves, true);
}

static void end_all_taken(struct hist_view *hist, uint64_t before_ns)
{
	while (hist->first_taken < hist->n_taken && hist->taken[hist->first_taken].time_ns <= before_ns)
		end_taken(hist, &hist->taken[hist->first_taken++]);
	if (hist->first_taken == hist->n_taken)
		hist->first_taken = hist->n_taken = 0;
}

static void note_taken(struct hist_view *hist, const struct event *event)
{
	if (hist->n_taken == hist->room_taken) {
		size_t room = 2 * hist->room_taken + 64;
		struct taken *taken = shortage_noted(reallocarray(hist->taken, room, sizeof(*taken)));

		if (!taken)
			return;
		hist->taken = taken;
		hist->room_taken = room;
	}
	hist->taken[hist->n_taken++] = (struct taken){ event->record.id, event->record.time_ns };
}

static void on_accept_event(struct hist_view *hist, const struct event *event)
{
	bool waits = live_sockets_find(&hist->model->sockets, event->record.id);

	switch (event->record.type) {
	case RECORD_TRANSITION:
		on_accept_transition(hist, event, waits);
		break;
	case RECORD_ACCEPTED:
		accept_leaves(hist, event, waits);
		break;
	case RECORD_SOCKET:
		if (event->record.flags & FLAG_IN_ACCEPT_QUEUE)
			accept_waits(hist, event);
		break;
	case RECORD_HOLDER:
		model_event(hist->model, event);
		if (waits && event->held && event->held->process.start_ns && !event->held->queued)
			note_taken(hist, event);
		break;
	}
}

static int hist_event(struct view *view, const struct event *event)
{
	struct hist_view *hist = (struct hist_view *)view;
	struct event search;

	if (event_happened(event))
		hist->last_event_ns = event->record.time_ns;
	if (hist->config.of == HIST_OF_ACCEPT) {
		on_accept_event(hist, event);
		return 0;
	}
	if (hist->config.of == HIST_OF_SEARCH && event->record.type == RECORD_TRANSITION) {
		search = search_of(event);
		event = &search;
	}
	model_event(hist->model, event);
	return 0;
}

static int hist_recount(struct view *view, bool begins)
{
	model_recount(((struct hist_view *)view)->model, begins);
	return 0;
}

static void next_interval(struct hist_view *hist, const struct tick *tick)
{
	uint64_t late_ns = elapsed_ns(tick->time_ns, hist->next_ns);

	hist->interval_begin_ns = tick->time_ns;
	hist->next_ns += (late_ns / hist->config.interval_ns + 1) * hist->config.interval_ns;
	hist->intervals++;
	hist->untimed_before += hist->untimed;
	hist->untimed = 0;
	model_clear_dwell(hist->model);
	model_forget(hist->model, tick->time_ns);
}

static bool count_is_reached(const struct hist_view *hist)
{
	return hist->config.count && hist->intervals >= hist->config.count;
}

static int hist_tick(struct view *view, const struct tick *tick)
{
	struct hist_view *hist = (struct hist_view *)view;
	uint64_t left_ms, wait_ms;
	int err;

	if (!hist->head_flushed) {
		hist->head_flushed = true;
		err = output_flush(hist->output);
		if (err)
			return err;
	}
	if (tick->time_ns > TAKEN_NS)
		end_all_taken(hist, tick->time_ns - TAKEN_NS);
	if (!hist->config.interval_ns)
		return 0;
	if (tick->time_ns >= hist->next_ns) {
		err = show_interval(hist, tick);
		if (err)
			return err;
		next_interval(hist, tick);
	}
	left_ms = (hist->next_ns - tick->time_ns) / 1000000 + 1;
	wait_ms = hist->last_event_ns + NSEC_PER_SEC > tick->time_ns || hist->config.of == HIST_OF_ACCEPT ? BUSY_WAIT_MS : VIEW_IDLE_MS;
	view->tick_ms = left_ms < wait_ms ? left_ms : wait_ms;
	return count_is_reached(hist);
}

static int hist_end(struct view *view, const struct tick *last)
{
	struct hist_view *hist = (struct hist_view *)view;
	struct model_tick room;
	char summary[1024];
	int err = 0;

	end_all_taken(hist, UINT64_MAX);
	last = model_tick(hist->model, last, &room);
	if (!count_is_reached(hist))
		err = show_interval(hist, last);
	if (hist->config.heat && !hist->config.json)
		untimed_text(hist, hist->untimed_before + hist->untimed);
	if (hist->config.json)
		summary_json(&hist->json, last, hist->begin_ns);
	else if (summary_text(summary, sizeof(summary), last, hist->begin_ns))
		buffer_append_string(&hist->text, summary + (summary[0] == '\n'));
	err = err ?: write_out(hist);
	return err ?: output_flush(hist->output);
}

struct view *hist_view_new(const struct hist_config *config, struct output *output)
{
	struct model_config model = {
		.states = config->states,
		.followed = config->states,
		.groupings = { config->by },
		.n_groupings = 1,
		.max_groups = config->max_groups,
		.filter = config->filter,
		.keep_ends = config->of == HIST_OF_ACCEPT,
	};
	struct hist_view *hist = calloc(1, sizeof(*hist));

	if (!hist)
		return NULL;
	hist->view = (struct view){
		.begin = hist_begin,
		.event = hist_event,
		.recount = hist_recount,
		.tick = hist_tick,
		.end = hist_end,
	};
	hist->config = *config;
	hist->output = output;
	json_init(&hist->json);
	buffer_init(&hist->text);
	hist->model = model_new(&model);
	if (hist->model)
		return &hist->view;
	hist_view_free(&hist->view);
	return NULL;
}

void hist_view_free(struct view *view)
{
	struct hist_view *hist = (struct hist_view *)view;

	if (!hist)
		return;
	model_free(hist->model);
	free(hist->taken);
	json_release(&hist->json);
	buffer_release(&hist->text);
	free(hist);
}
