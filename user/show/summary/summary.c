// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Gathers while the run goes on, writes at its end. */
#include "show/summary/summary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/model.h"
#include "attribute/programs.h"
#include "event/holes.h"
#include "event/names.h"
#include "event/summary.h"
#include "show/summary/episodes.h"
#include "show/summary/makers.h"
#include "show/summary/port_holder.h"
#include "util/address.h"
#include "util/json.h"
#include "util/moment.h"
#include "util/tcp_state.h"
#include "util/text.h"

#define NSEC_PER_SEC 1000000000ULL
#define LOOK_NS (10 * NSEC_PER_SEC) /* how often it is looked for what is stuck */
#define MADE 2
#define STUCK_NS (10 * NSEC_PER_SEC)
#define SAMPLE_NS NSEC_PER_SEC /* how often it is looked who holds ports while connects fail */

enum kind { FAILED, STUCK, WAITED = 3 }; /* FAILED + 2 * enum connect_failure */

#define KERNEL_COLUMNS 100
#define NAME_COLUMNS 32

struct summary_view {
	struct view view;
	struct summary_config config;
	struct output *output;
	struct model *model;
	struct episodes episodes;
	struct makers makers[MADE]; /* as made[] */
	struct programs *programs; /* that the recording tells of */
	uint64_t begin_ns, begin_unix_ns, look_ns, sample_ns;
	char *kernel, *version;
};

static const struct {
	const char *text;
} failures[CONNECT_FAILURES] = {
	[CONNECT_NO_PORT] = { "no free port" },
	[CONNECT_REFUSED] = { "connection refused" },
	[CONNECT_TIMEOUT] = { "no answer" },
	[CONNECT_ABANDONED] = { "given up before an answer" },
	[CONNECT_UNREACHABLE] = { "unreachable" },
};

static int summary_begin(struct view *view, const struct run *run)
{
	struct summary_view *summary = (struct summary_view *)view;

	summary->begin_ns = summary->look_ns = run->begin_ns;
	summary->begin_unix_ns = run->begin_unix_ns;
	summary->programs = programs_share(run->programs);
	summary->kernel = strdup(run->kernel ?: "");
	summary->version = strdup(run->version ?: "");
	return summary->kernel && summary->version ? 0 : -ENOMEM;
}

/* "python3 app.py[812]": ten processes called python3 are ten programs. A name that it has given itself says more than what it runs. */
static void name_process(char out[EPISODE_TEXT], const struct summary_view *summary, const struct process *process)
{
	const char *program = programs_find(summary->programs, process);
	size_t size = strnlen(process->comm, COMM_BYTES);
	char name[4 * NAME_COLUMNS];

	if (!process->start_ns) {
		snprintf(out, EPISODE_TEXT, "unknown");
		return;
	}
	if (program && size && !strncmp(process->comm, program, size))
		text_sanitise(name, sizeof(name), program, strlen(program), NAME_COLUMNS);
	else
		text_sanitise(name, sizeof(name), process->comm, COMM_BYTES, NAME_COLUMNS);
	snprintf(out, EPISODE_TEXT, "%.80s[%u]", name, process->pid);
}

/* Who has most ports towards a destination. */
static void find_holder(const struct summary_view *summary, const struct endpoint *to, struct episode *episode)
{
	struct port_holder_found found = port_holder_find(summary->model, to);
	char name[EPISODE_TEXT];
	int size;

	if (!found.process || found.ports <= episode->by_count)
		return;
	name_process(name, summary, found.process);
	size = strcspn(name, "[");
	if (found.processes > 1 && found.process->start_ns)
		snprintf(episode->by, sizeof(episode->by), "%.*s (%zu processes)", size, name, found.processes);
	else
		snprintf(episode->by, sizeof(episode->by), "%s", name);
	episode->by_count = found.ports;
}

static void on_failure(struct summary_view *summary, const struct event *event)
{
	enum connect_failure failure = event_connect_failure(event);
	struct address address = address_from_mapped(event->record.endpoint.remote_addr);
	char who[EPISODE_TEXT], what[ADDRESS_PORT_TEXT];
	struct episode *episode;

	name_process(who, summary, event_charged(event, event_state(event)));
	address_port_format(what, &address, event->record.endpoint.remote_port);
	episode = episodes_note(&summary->episodes, FAILED + 2 * failure, who, what, event->unix_ns);
	if (!episode || failure != CONNECT_NO_PORT || (episode->by[0] && event->record.time_ns - summary->sample_ns < SAMPLE_NS))
		return;
	summary->sample_ns = event->record.time_ns;
	find_holder(summary, &event->record.endpoint, episode);
}

static int summary_event(struct view *view, const struct event *event)
{
	struct summary_view *summary = (struct summary_view *)view;

	if (event->record.type == RECORD_CONNECT_FAILED)
		on_failure(summary, event);
	model_event(summary->model, event);
	return 0;
}

static int summary_recount(struct view *view, bool begins)
{
	model_recount(((struct summary_view *)view)->model, begins);
	return 0;
}

static void look_for_stuck(struct summary_view *summary, const struct tick *tick)
{
	struct groups *groups = model_groups(summary->model, GROUP_PROCESS);
	struct group *group;

	model_age(summary->model, GROUP_PROCESS, tick->time_ns, false);
	for (group = groups->table; group; group = group->hh.next) {
		uint64_t age_ns = group->oldest_ns && tick->time_ns > group->oldest_ns ? tick->time_ns - group->oldest_ns : 0, now;
		char who[EPISODE_TEXT];
		struct episode *episode;
		struct process process;

		if (age_ns < STUCK_NS)
			continue;
		if (group_process(group, 0, &process))
			name_process(who, summary, &process);
		else
			snprintf(who, sizeof(who), "%s", group->label);
		now = state_totals_now(&model_account(summary->model, group, STATE_CLOSE_WAIT)->count);
		episode = episodes_note(&summary->episodes, STUCK, who, "", tick->unix_ns);
		if (!episode)
			continue;
		episode->most = now > episode->most ? now : episode->most;
		episode->oldest_ns = age_ns > episode->oldest_ns ? age_ns : episode->oldest_ns;
	}
}

/* connect() that nobody answers is told of before it fails, which can take minutes. */
static void look_for_waiting(struct summary_view *summary, const struct tick *tick)
{
	const struct live_sockets *sockets = &summary->model->sockets;
	char who[EPISODE_TEXT], what[ADDRESS_PORT_TEXT];
	const struct live_socket *socket;
	const struct live_end *end;
	struct episode *episode;
	struct address address;
	struct live_end room;
	size_t cursor = 0;

	while ((socket = live_sockets_next(sockets, &cursor, NULL))) {
		uint64_t age_ns = tick->time_ns > socket->since_ns ? tick->time_ns - socket->since_ns : 0;

		end = socket->state == STATE_SYN_SENT && age_ns >= STUCK_NS ? live_socket_end(sockets, socket, &room) : NULL;
		if (!end)
			continue;
		address = address_from_mapped(end->endpoint.remote_addr);
		address_port_format(what, &address, end->endpoint.remote_port);
		name_process(who, summary, &processes_at(&summary->model->processes, live_socket_charged(socket))->process);
		episode = episodes_note(&summary->episodes, WAITED, who, what, tick->unix_ns);
		if (episode && age_ns > episode->oldest_ns)
			episode->oldest_ns = age_ns;
	}
}

/* What was there before a time that was not traced may have ended in it: what is found again behind it is told then. */
static void look(struct summary_view *summary, const struct tick *tick)
{
	if (tick->holes && holes_has(tick->holes, tick->unix_ns))
		return;
	look_for_stuck(summary, tick);
	look_for_waiting(summary, tick);
}

static int summary_tick(struct view *view, const struct tick *tick)
{
	struct summary_view *summary = (struct summary_view *)view;

	if (tick->time_ns - summary->look_ns < LOOK_NS)
		return 0;
	summary->look_ns = tick->time_ns;
	look(summary, tick);
	model_forget(summary->model, tick->time_ns);
	return 0;
}

static void period(char *out, size_t size, const struct episode *episode)
{
	char from[MOMENT_TEXT], to[MOMENT_TEXT];

	moment_text(from, episode->begin_ns);
	if (episode->end_ns / NSEC_PER_SEC == episode->begin_ns / NSEC_PER_SEC) {
		snprintf(out, size, "%s", from);
		return;
	}
	moment_text(to, episode->end_ns);
	snprintf(out, size, "%s–%s", from, strncmp(from, to, 10) ? to : to + 11);
}

static void write_holder(struct output *output, const struct episode *episode)
{
	output_printf(output, "; held by %s, up to %" PRIu64 " port%s", episode->by, episode->by_count, episode->by_count == 1 ? "" : "s");
}

static void write_episode(struct output *output, const struct episode *episode)
{
	char when[2 * MOMENT_TEXT + 8], age[TEXT_NUMBER];

	period(when, sizeof(when), episode);
	if (episode->kind == STUCK) {
		text_duration(age, episode->oldest_ns);
		output_printf(output, "%s %s had up to %" PRIu64 " %s in CLOSE_WAIT, the oldest for %s\n", when, episode->who,
			      episode->most, episode->most == 1 ? "socket" : "sockets", age);
		return;
	}
	if (episode->kind == WAITED) {
		bool again = episode->end_ns - episode->begin_ns > episode->oldest_ns; /* one connect() after another */

		text_duration(age, episode->oldest_ns);
		output_printf(output, "%s no answer for %s%s: %s → %s\n", when, again ? "up to " : "", age, episode->who, episode->what);
		return;
	}
	output_printf(output, "%s %s %" PRIu64 " %s: %s → %s", when, failures[episode->kind / 2].text, episode->count,
		      episode->count == 1 ? "time" : "times", episode->who, episode->what);
	if (episode->by[0])
		write_holder(output, episode);
	output_string(output, "\n");
}

#define FOLDED_MIN 4 /* processes of one name become one line, as with leaks */

/* Episodes of one program, of which one begins before another is long over, as of a program that is started again and again. */
struct fold {
	struct episode sum;
	size_t processes;
	bool more; /* than these */
	bool *done; /* by episode */
};

static void fold_in(struct fold *fold, const struct episode *episode)
{
	struct episode *sum = &fold->sum;

	fold->processes += !episode->many;
	fold->more |= episode->many;
	sum->count += episode->count;
	sum->end_ns = episode->end_ns > sum->end_ns ? episode->end_ns : sum->end_ns;
	sum->most = episode->most > sum->most ? episode->most : sum->most;
	sum->oldest_ns = episode->oldest_ns > sum->oldest_ns ? episode->oldest_ns : sum->oldest_ns;
	if (episode->by_count <= sum->by_count)
		return;
	sum->by_count = episode->by_count;
	memcpy(sum->by, episode->by, sizeof(sum->by));
}

/* Those that belong to the first, the first too; a process that comes again after a pause is counted once. */
static void fold_from(struct fold *fold, const struct episodes *episodes, size_t first, bool marks)
{
	size_t i, k;

	fold->sum = episodes->list[first];
	fold->processes = !fold->sum.many;
	fold->more = fold->sum.many;
	for (i = first + 1; i < episodes->count; i++) {
		const struct episode *episode = &episodes->list[i];

		if (fold->done[i] || !episodes_are_alike(&episodes->list[first], episode) ||
		    episode->begin_ns > fold->sum.end_ns + EPISODE_PAUSE_NS)
			continue;
		fold_in(fold, episode);
		for (k = first; k < i; k++)
			if (episodes_are_alike(&episodes->list[k], episode) && !strcmp(episodes->list[k].who, episode->who)) {
				fold->processes--;
				break;
			}
		fold->done[i] |= marks;
	}
}

static void write_fold(struct output *output, const struct fold *fold)
{
	const struct episode *sum = &fold->sum;
	char when[2 * MOMENT_TEXT + 8], age[TEXT_NUMBER];
	int size = episode_name_size(sum);
	const char *more = fold->more ? " and more" : "";

	period(when, sizeof(when), sum);
	if (sum->kind == STUCK) {
		text_duration(age, sum->oldest_ns);
		output_printf(output, "%s %.*s (%zu processes%s) had up to %" PRIu64 " %s each in CLOSE_WAIT, the oldest for %s\n", when, size, sum->who,
			      fold->processes, more, sum->most, sum->most == 1 ? "socket" : "sockets", age);
		return;
	}
	if (sum->kind == WAITED) {
		text_duration(age, sum->oldest_ns);
		output_printf(output, "%s no answer for up to %s: %.*s (%zu processes%s) → %s\n", when, age, size, sum->who, fold->processes, more,
			      sum->what);
		return;
	}
	output_printf(output, "%s %s %" PRIu64 " times: %.*s (%zu processes%s) → %s", when, failures[sum->kind / 2].text, sum->count, size, sum->who,
		      fold->processes, more, sum->what);
	if (sum->by[0])
		write_holder(output, sum);
	output_string(output, "\n");
}

/* Without memory each has its line. */
static void write_episodes(struct output *output, const struct episodes *episodes)
{
	struct fold fold = { .done = calloc(episodes->count + 1, sizeof(*fold.done)) };
	size_t i;

	for (i = 0; i < episodes->count; i++) {
		if (fold.done && fold.done[i])
			continue;
		if (fold.done)
			fold_from(&fold, episodes, i, false);
		if (fold.processes < FOLDED_MIN && !fold.more) {
			write_episode(output, &episodes->list[i]);
			continue;
		}
		fold_from(&fold, episodes, i, true);
		write_fold(output, &fold);
	}
	free(fold.done);
}

static const unsigned int made[MADE] = { STATE_TIME_WAIT, STATE_CLOSE_WAIT };

static void add_maker(void *context, const struct group *group)
{
	struct summary_view *summary = context;
	size_t i;

	for (i = 0; i < MADE; i++) {
		const struct account *account = &group->accounts[summary->model->index[made[i]]];

		if (account->came > 0)
			makers_add(&summary->makers[i], group->label, account->came, state_totals_now(&account->count));
	}
}

/* The processes that entered a state most often. What is in ~other was told of when it was forgotten. */
static void write_makers(struct summary_view *summary)
{
	struct groups *groups = model_groups(summary->model, GROUP_PROCESS);
	const struct group *group;
	size_t i;

	for (group = groups->table; group; group = group->hh.next)
		if (group->name.parts[0].kind != GROUP_OTHER)
			add_maker(summary, group);
	for (i = 0; i < MADE; i++)
		makers_write(&summary->makers[i], tcp_state_name(made[i]), made[i] == STATE_CLOSE_WAIT, summary->output);
}

static void write_text(struct summary_view *summary, const struct tick *last)
{
	char from[MOMENT_TEXT], to[MOMENT_TEXT], text[1024], kernel[KERNEL_COLUMNS + 1], holes[HOLES_TEXT];

	moment_text(from, summary->begin_unix_ns);
	moment_text(to, last->unix_ns);
	text_sanitise(kernel, sizeof(kernel), summary->kernel, strlen(summary->kernel), KERNEL_COLUMNS);
	output_printf(summary->output, "%s to %s%s%s\n", from, to, *kernel ? ", Linux " : "", kernel);
	if (last->holes && holes_text(holes, "not traced", last->holes))
		output_printf(summary->output, "%s: nothing is known of that time, and what was there before may have ended in it\n", holes);
	write_episodes(summary->output, &summary->episodes);
	if (summary->episodes.unnamed)
		output_printf(summary->output, "and %" PRIu64 " more of such\n", summary->episodes.unnamed);
	if (!summary->episodes.count)
		output_string(summary->output, "No connect() failed or waited for 10 s, and nothing was seen to stay in CLOSE_WAIT for so long.\n");
	write_makers(summary);
	summary_text(text, sizeof(text), last, summary->begin_ns);
	output_string(summary->output, text + (text[0] == '\n'));
}

static void episode_json(struct json *json, const struct episode *episode)
{
	json_object_begin(json, NULL);
	json_string(json, "type", episode->kind == STUCK ? "stuck" : episode->kind == WAITED ? "waiting" : "connect_failed_episode");
	json_time(json, "begin", episode->begin_ns);
	json_time(json, "end", episode->end_ns);
	json_string(json, "process", episode->who);
	if (episode->kind == STUCK) {
		json_u64(json, "close_wait_most", episode->most);
		json_f64(json, "oldest_s", episode->oldest_ns / 1e9, 3);
	} else if (episode->kind == WAITED) {
		json_string(json, "remote", episode->what);
		json_f64(json, "oldest_s", episode->oldest_ns / 1e9, 3);
	} else {
		json_string(json, "failure", connect_failure_name(episode->kind / 2));
		json_string(json, "remote", episode->what);
		json_u64(json, "count", episode->count);
		json_string(json, "held_by", episode->by[0] ? episode->by : NULL);
		json_u64(json, "held_ports", episode->by_count);
	}
	json_object_end(json);
	json_end_line(json);
}

static int write_json(struct summary_view *summary, const struct tick *last)
{
	struct json json;
	size_t i;
	int err;

	json_init(&json);
	for (i = 0; i < summary->episodes.count; i++)
		episode_json(&json, &summary->episodes.list[i]);
	summary_json(&json, last, summary->begin_ns);
	err = json_error(&json);
	if (!err)
		output_write(summary->output, json.data, json.size);
	json_release(&json);
	return err;
}

static int summary_end(struct view *view, const struct tick *last)
{
	struct summary_view *summary = (struct summary_view *)view;
	int err = 0;

	look(summary, last);
	if (summary->config.json)
		err = write_json(summary, last);
	else
		write_text(summary, last);
	return err ?: output_flush(summary->output);
}

struct view *summary_view_new(const struct summary_config *config, struct output *output)
{
	struct summary_view *summary = calloc(1, sizeof(*summary));
	const struct model_config model = {
		.states = ~(1U << STATE_CLOSE) & 0xffff,
		.followed = 1U << STATE_TIME_WAIT | 1U << STATE_CLOSE_WAIT | 1U << STATE_ESTABLISHED | 1U << STATE_FIN_WAIT1 |
			    1U << STATE_FIN_WAIT2 | 1U << STATE_SYN_SENT,
		.groupings = { GROUP_PROCESS },
		.n_groupings = 1,
		.keep_ends = true,
		.told_by = GROUP_PROCESS,
		.forgets = add_maker,
		.context = summary,
	};

	if (!summary)
		return NULL;
	summary->view = (struct view){
		.begin = summary_begin,
		.event = summary_event,
		.recount = summary_recount,
		.tick = summary_tick,
		.end = summary_end,
		.tells_at_end = true,
	};
	summary->config = *config;
	summary->output = output;
	summary->model = model_new(&model);
	if (summary->model)
		return &summary->view;
	free(summary);
	return NULL;
}

void summary_view_free(struct view *view)
{
	struct summary_view *summary = (struct summary_view *)view;

	if (!summary)
		return;
	model_free(summary->model);
	programs_free(summary->programs);
	episodes_release(&summary->episodes);
	makers_release(&summary->makers[0]);
	makers_release(&summary->makers[1]);
	free(summary->kernel);
	free(summary->version);
	free(summary);
}
