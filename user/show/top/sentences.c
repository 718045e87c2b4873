// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A clause a kind of trouble. */
#include "show/top/sentences.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "show/top/columns.h"
#include "show/top/remotes.h"
#include "util/tcp_state.h"
#include "util/text.h"

#define NSEC_PER_SEC 1000000000ULL
#define TIME_WAIT_NS (60 * NSEC_PER_SEC)
#define ROWS_OF_A_KIND 2
#define CLAUSE 160

struct clause {
	const struct top_model *model;
	const struct ranking_row *row;
	char *out;
	size_t size;
};

static void age_text(char out[TEXT_NUMBER], const struct top_model *model, uint64_t since_ns)
{
	text_duration(out, since_ns && model->time_ns > since_ns ? model->time_ns - since_ns : 0);
}

/* "10.9.0.2:5432, 2.0/s" or "200 addresses, 40.0/s"; "10.9.0.2:5432, the last 4.2s ago" where it is seldom. */
static void failed_text(const struct clause *clause, const char *what, enum connect_failure kind)
{
	const struct failure_account *account = &clause->row->group->failures->of[kind];
	uint32_t addresses = failure_addresses(account);
	char to[TOP_REMOTE_TEXT], rate[TEXT_NUMBER], ago[TEXT_NUMBER];

	if (addresses > 1)
		snprintf(to, sizeof(to), "%u addresses", addresses);
	else
		top_end_text(to, &account->last, SIDE_ACTIVE);
	if (account->rate <= 0) {
		age_text(ago, clause->model, account->last_ns);
		snprintf(clause->out, clause->size, "%s %s, the last %s ago", what, to, ago);
		return;
	}
	top_rate_text(rate, account->rate);
	snprintf(clause->out, clause->size, "%s %s, %s/s", what, to, rate);
}

static void no_port(const struct clause *clause)
{
	failed_text(clause, "no free port to", CONNECT_NO_PORT);
}

static void refused(const struct clause *clause)
{
	failed_text(clause, "connection refused by", CONNECT_REFUSED);
}

static void unreachable(const struct clause *clause)
{
	failed_text(clause, "no route to", CONNECT_UNREACHABLE);
}

/* The one that happens more often; at rest the newer, as the other may never have been. */
static enum connect_failure without_answer(const struct failures *failures)
{
	const struct failure_account *timed_out = &failures->of[CONNECT_TIMEOUT], *given_up = &failures->of[CONNECT_ABANDONED];

	if (timed_out->rate != given_up->rate)
		return timed_out->rate > given_up->rate ? CONNECT_TIMEOUT : CONNECT_ABANDONED;
	return timed_out->last_ns >= given_up->last_ns ? CONNECT_TIMEOUT : CONNECT_ABANDONED;
}

static void no_answer(const struct clause *clause)
{
	const struct survey_row *survey = clause->row->survey;
	const struct failures *failures = clause->row->group->failures;
	char from[TOP_REMOTE_TEXT], age[TEXT_NUMBER];

	if (!survey->unanswered.sockets) {
		failed_text(clause, "no answer from", without_answer(failures));
		return;
	}
	if (survey->unanswered.addresses > 1)
		snprintf(from, sizeof(from), "%u addresses", survey->unanswered.addresses);
	else
		top_end_text(from, &survey->unanswered.oldest, SIDE_ACTIVE);
	age_text(age, clause->model, survey->unanswered.since_ns);
	snprintf(clause->out, clause->size, "no answer from %s: %u in SYN_SENT, oldest %s", from, survey->unanswered.sockets, age);
}

static void gave_up(const struct clause *clause)
{
	const struct survey_row *survey = clause->row->survey;
	char age[TEXT_NUMBER], of[24] = "";

	age_text(age, clause->model, survey->gave_up.since_ns);
	if (survey->gave_up.port)
		snprintf(of, sizeof(of), " of port %u", survey->gave_up.port);
	snprintf(clause->out, clause->size, "%u client%s%s closed before %s accepted, the first %s%s ago", survey->gave_up.sockets,
		 survey->gave_up.sockets == 1 ? "" : "s", of, survey->gave_up.sockets == 1 ? "it was" : "they were",
		 survey->gave_up.at_least ? "at least " : "", age);
}

static int queue_text(const struct clause *clause, const char *what)
{
	const struct listener_facts *facts = &clause->row->survey->queue.facts;
	char age[TEXT_NUMBER];
	int used;

	used = snprintf(clause->out, clause->size, "accept queue of port %u %s, %u wait of %u",
			clause->row->survey->queue.endpoint.local_port, what, facts->depth, facts->backlog);
	if (facts->oldest_ns) {
		age_text(age, clause->model, facts->oldest_ns);
		used += snprintf(clause->out + used, clause->size - used, ", oldest %s", age);
	}
	if (facts->closed)
		used += snprintf(clause->out + used, clause->size - used, ", %u of them closed by the client", facts->closed);
	return used;
}

static void queue_full(const struct clause *clause)
{
	int used = queue_text(clause, "is full");
	uint64_t drops = clause->row->group->present.accept_drops;

	if (drops && (size_t)used < clause->size)
		snprintf(clause->out + used, clause->size - used, ", %llu dropped", (unsigned long long)drops);
}

static void queue_waits(const struct clause *clause)
{
	queue_text(clause, "is not emptied");
}

static void queue_drops(const struct clause *clause)
{
	char what[64];

	snprintf(what, sizeof(what), "was full, %llu dropped", (unsigned long long)clause->row->group->present.accept_drops);
	queue_text(clause, what);
}

static void close_wait(const struct clause *clause)
{
	const struct group *group = clause->row->group;
	char age[TEXT_NUMBER], count[TEXT_NUMBER + 1], peer[TOP_REMOTE_TEXT];
	int used;

	age_text(age, clause->model, group->oldest_ns);
	top_count_text(count, clause->row->value[MEASURE_CLOSE_WAIT_NOW]);
	used = snprintf(clause->out, clause->size, "%s CLOSE_WAIT, oldest %s%s", count, group->oldest_at_least ? "at least " : "",
			age);
	if (clause->row->value[MEASURE_CLOSE_WAIT_RATE] > 0)
		used += snprintf(clause->out + used, clause->size - used, ", growing");
	if (top_peer_text(peer, clause->model->books, clause->row))
		snprintf(clause->out + used, clause->size - used, "; other end %s", peer);
}

static void no_descriptor(const struct clause *clause)
{
	char count[TEXT_NUMBER + 1];
	uint64_t open = 0, limit = 0;

	top_model_descriptors(clause->model, clause->row, &open, &limit);
	top_count_text(count, clause->row->value[MEASURE_CLOSE_WAIT_NOW]);
	snprintf(clause->out, clause->size, "\"Too many open files\", has %llu of %llu descriptors; %s CLOSE_WAIT", (unsigned long long)open,
		 (unsigned long long)limit, count);
}

static void half_closed(const struct clause *clause)
{
	char peer[TOP_REMOTE_TEXT] = "the other end", count[TEXT_NUMBER + 1];

	top_peer_text(peer, clause->model->books, clause->row);
	top_count_text(count, clause->row->value[MEASURE_FIN_WAIT2_NOW]);
	snprintf(clause->out, clause->size, "%s FIN_WAIT2 wait for %s to close", count, peer);
}

static void crowd(const struct clause *clause)
{
	const struct survey_row *survey = clause->row->survey;
	char network[TOP_REMOTE_TEXT];

	top_network_text(network, &survey->network);
	snprintf(clause->out, clause->size, "%u sockets %s %u addresses, %u in %s", survey->sockets,
		 survey->busiest.side == SIDE_ACTIVE ? "to" : "from", survey->addresses, survey->network.sockets, network);
}

static void (*const clauses[TROUBLES])(const struct clause *clause) = {
	[TROUBLE_CROWD] = crowd,
	[TROUBLE_HALF_CLOSED] = half_closed,
	[TROUBLE_CLOSE_WAIT] = close_wait,
	[TROUBLE_REFUSED] = refused,
	[TROUBLE_UNREACHABLE] = unreachable,
	[TROUBLE_NO_ANSWER] = no_answer,
	[TROUBLE_GAVE_UP] = gave_up,
	[TROUBLE_QUEUE_WAITS] = queue_waits,
	[TROUBLE_QUEUE_DROPS] = queue_drops,
	[TROUBLE_QUEUE_FULL] = queue_full,
	[TROUBLE_LEAK] = close_wait,
	[TROUBLE_NO_DESCRIPTOR] = no_descriptor,
	[TROUBLE_NO_PORT] = no_port,
};

static void add(struct top_sentences *sentences, unsigned int kind, const struct group *group, const char *text)
{
	size_t n = sentences->count;

	if (n == TOP_SENTENCES)
		return;
	sentences->level[n] = trouble_level(kind);
	sentences->kind[n] = kind;
	sentences->group[n] = group;
	snprintf(sentences->text[n], TOP_SENTENCE, "%.80s: %s", group->label, text);
	sentences->count++;
}

/* The row with the most of a kind of trouble, of those that have less than `before`, which may be NULL. NULL: there is none. */
static const struct ranking_row *next_worst(const struct top_model *model, unsigned int kind, const struct ranking_row *before)
{
	const struct ranking_row *best = NULL;
	size_t i;

	for (i = 0; i < model->ranking.count; i++) {
		const struct ranking_row *row = &model->ranking.rows[i];
		double size = row->trouble.sizes[kind], limit = before ? before->trouble.sizes[kind] : size;

		if (!(row->trouble.also & 1U << kind) || size > limit || (before && size == limit && row <= before) ||
		    !top_row_is_shown(model, row))
			continue;
		if (!best || size > best->trouble.sizes[kind])
			best = row;
	}
	return best;
}

/* Rows of a kind, the worst of them first, as many as there is room for; the last line is kept for what is less bad. */
static void tell_kind(struct top_sentences *sentences, const struct top_model *model, unsigned int kind)
{
	const struct ranking_row *row = NULL;
	char text[CLAUSE];
	int i;

	for (i = 0; i < ROWS_OF_A_KIND && (row = next_worst(model, kind, row)); i++) {
		struct clause clause = { model, row, text, sizeof(text) };

		clauses[kind](&clause);
		add(sentences, kind, row->group, text);
	}
}

/* Sockets that were in TIME_WAIT at the start have a maker that nobody can tell; the kernel keeps them for a minute. */
static void explain_unknown(struct top_sentences *sentences, const struct top_model *model)
{
	time_t gone_s = (model->begin_unix_ns + TIME_WAIT_NS) / NSEC_PER_SEC + 1;
	char count[TEXT_NUMBER + 1], text[CLAUSE];
	const struct group *group;
	struct tm local;
	size_t i;

	if (model->time_ns > model->begin_ns + TIME_WAIT_NS)
		return;
	for (i = 0; i < model->ranking.count; i++) {
		group = model->ranking.rows[i].group;
		if (group_kind(group) != GROUP_UNKNOWN || model->ranking.rows[i].value[MEASURE_TIME_WAIT_SEEDED] <= 0 ||
		    model->ranking.rows[i].value[MEASURE_TIME_WAIT_NOW] <= 0)
			continue;
		localtime_r(&gone_s, &local);
		top_count_text(count, model->ranking.rows[i].value[MEASURE_TIME_WAIT_NOW]);
		snprintf(text, sizeof(text), "%s in TIME_WAIT before the start, gone by %02d:%02d:%02d", count, local.tm_hour,
			 local.tm_min, local.tm_sec);
		add(sentences, TROUBLE_NONE, group, text);
		return;
	}
}

void top_sentences_make(struct top_sentences *sentences, const struct top_model *model)
{
	int kind;

	sentences->count = 0;
	for (kind = TROUBLES - 1; kind > TROUBLE_NONE; kind--)
		tell_kind(sentences, model, kind);
	explain_unknown(sentences, model);
}
