// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Header and summary. Nothing is lost in silence: each counter has a name here. */
#include "event/summary.h"

#include <stdio.h>
#include <string.h>

#include "event/holes.h"
#include "util/number.h"
#include "util/tcp_state.h"

struct counter_name {
	const char *json;
	const char *one, *many; /* behind the number */
	size_t offset; /* in struct health */
	bool harmless; /* told to those who ask with -j, not in text */
};

static const struct counter_name counter_names[] = {
	{ "lost", "record lost (the ring buffer was full)",
	  "records lost (the ring buffer was full)", offsetof(struct health, lost), false },
	{ "missed", "transition not seen", "transitions not seen", offsetof(struct health, missed), false },
	{ "healed", "of them put right", "of them put right", offsetof(struct health, healed), false },
	{ "skipped", "run skipped by the kernel's recursion guard",
	  "runs skipped by the kernel's recursion guard", offsetof(struct health, skipped), true },
	{ "map_full", "socket not followed (a table was full, see --max-sockets)",
	  "sockets not followed (a table was full, see --max-sockets)", offsetof(struct health, map_full), false },
	{ "unknown", "entry of no known process", "entries of no known process", offsetof(struct health, unknown), false },
	{ "adopted", "socket found by reconciliation",
	  "sockets found by reconciliation", offsetof(struct health, adopted), false },
	{ "dropped", "entry dropped by reconciliation",
	  "entries dropped by reconciliation", offsetof(struct health, dropped), false },
	{ "walk_cut", "hash chain not read to its end",
	  "hash chains not read to their end", offsetof(struct health, walk_cut), false },
	{ "queue_cut", "look at an accept queue that was too long to be read to its end",
	  "looks at accept queues that were too long to be read to their end", offsetof(struct health, queue_cut), false },
};

#define COUNTERS (sizeof(counter_names) / sizeof(counter_names[0]))

static uint64_t counter_value(const struct health *health, size_t i)
{
	return *(const uint64_t *)((const char *)health + counter_names[i].offset);
}

void header_fields_json(struct json *json, const struct run *run)
{
	int fact;

	json_string(json, "type", "header");
	json_string(json, "version", run->version);
	json_time(json, "time", run->begin_unix_ns);
	json_string(json, "kernel", run->kernel);
	if (run->host)
		json_string(json, "host", run->host);
	if (run->boot)
		json_string(json, "boot", run->boot);
	if (run->netns)
		json_u64(json, "netns", run->netns);
	json_string(json, "source", source_name(run->polled));
	json_string(json, "clock", "monotonic");
	json_object_begin(json, "hooks");
	for (fact = 0; fact < FACTS; fact++)
		json_string(json, fact_name(fact), run->hooks[fact]);
	json_object_end(json);
}

const char *source_note(const struct run *run)
{
	return run->polled ? "# --no-bpf: polled once a second; what comes and goes in between is not seen, nor who closes\n" : "";
}

void header_json(struct json *json, const struct run *run)
{
	json_object_begin(json, NULL);
	header_fields_json(json, run);
	json_object_end(json);
	json_end_line(json);
}

uint64_t *health_counter(struct health *health, size_t i, const char **name)
{
	if (i >= COUNTERS)
		return NULL;
	*name = counter_names[i].json;
	return (uint64_t *)((char *)health + counter_names[i].offset);
}

void health_json(struct json *json, const struct health *health)
{
	size_t i;

	for (i = 0; i < COUNTERS; i++)
		json_u64(json, counter_names[i].json, counter_value(health, i));
}

/* Totals that are not right are none. */
static void state_json(struct json *json, const char *name, const struct totals *totals, unsigned int number)
{
	const struct state_totals *state = &totals->states[number];
	const struct {
		const char *name;
		int64_t count;
	} counts[] = {
		{ "created", state->created },	   { "seeded", state->seeded },	      { "left", state->left },
		{ "moved_in", state->moved_in },   { "moved_out", state->moved_out }, { "now", state_totals_now(state) },
	};
	char key[48];
	size_t i;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		snprintf(key, sizeof(key), "%s_%s", name, counts[i].name);
		if (totals->told & 1U << number)
			json_i64(json, key, counts[i].count);
		else
			json_null(json, key);
	}
}

void totals_json(struct json *json, const struct totals *totals)
{
	json_object_begin(json, "totals");
	state_json(json, "time_wait", totals, STATE_TIME_WAIT);
	state_json(json, "close_wait", totals, STATE_CLOSE_WAIT);
	if (totals->fin_wait2_timewait == FIN_WAIT2_NOT_KNOWN)
		json_null(json, "fin_wait2_timewait_now");
	else
		json_i64(json, "fin_wait2_timewait_now", totals->fin_wait2_timewait);
	json_u64(json, "time_wait_overflows", totals->time_wait_overflows);
	json_object_end(json);
}

void connect_failures_json(struct json *json, const uint64_t failures[CONNECT_FAILURES], uint32_t unseen)
{
	char key[48];
	int i;

	json_u64(json, "connect_failed", failures[CONNECT_NO_PORT]);
	for (i = 0; i < CONNECT_FAILURES; i++) {
		snprintf(key, sizeof(key), "connect_failed_%s", connect_failure_name(i));
		if (unseen & 1U << i && !failures[i])
			json_null(json, key);
		else
			json_u64(json, key, failures[i]);
	}
}

void summary_json(struct json *json, const struct tick *last, uint64_t begin_ns)
{
	json_object_begin(json, NULL);
	json_string(json, "type", "summary");
	json_time(json, "time", last->unix_ns);
	json_f64(json, "seconds", elapsed_ns(last->time_ns, begin_ns) / 1e9, 3);
	json_u64(json, "transitions", last->totals->transitions);
	connect_failures_json(json, last->totals->connect_failures, last->totals->unseen_failures);
	if (last->holders_check_ns)
		json_f64(json, "holders_check_s", last->holders_check_ns / 1e9, 3);
	else
		json_null(json, "holders_check_s");
	health_json(json, last->health);
	totals_json(json, last->totals);
	if (last->holes)
		holes_json(json, last->holes);
	json_object_end(json);
	json_end_line(json);
}

size_t health_text(char *out, size_t size, const struct health *health)
{
	size_t used = 0, i;

	out[0] = '\0';
	for (i = 0; i < COUNTERS && used < size; i++)
		if (counter_value(health, i) && !counter_names[i].harmless)
			used += snprintf(out + used, size - used, "%s%llu %s", used ? ", " : "",
					 (unsigned long long)counter_value(health, i),
					 counter_value(health, i) == 1 ? counter_names[i].one : counter_names[i].many);
	return used < size ? used : size - 1;
}

/* What a filter on processes lets in and out when a socket changes hands. */
static size_t moved_text(char *out, size_t size, const struct state_totals *state)
{
	size_t used = 0;

	out[0] = '\0';
	if (state->moved_in)
		used += snprintf(out, size, ", %llu taken over", (unsigned long long)state->moved_in);
	if (state->moved_out)
		used += snprintf(out + used, size - used, ", %llu handed on", (unsigned long long)state->moved_out);
	return used;
}

static size_t state_text(char *out, size_t size, unsigned int number, const struct state_totals *state)
{
	size_t used = snprintf(out, size, "%s: %llu entered, %llu %s there", tcp_state_name(number),
			       (unsigned long long)state->created, (unsigned long long)state->seeded,
			       state->seeded == 1 ? "was" : "were");

	used += moved_text(out + used, size - used, state);
	used += snprintf(out + used, size - used, ", %llu ended, %lld now; ", (unsigned long long)state->left,
			 (long long)state_totals_now(state));
	return used;
}

#define STATES_NAMED 3

/* TIME_WAIT and CLOSE_WAIT where they were watched, else the few states that were. */
static size_t states_text(char *out, size_t size, const struct totals *totals)
{
	uint32_t waiting = totals->told & (1U << STATE_TIME_WAIT | 1U << STATE_CLOSE_WAIT), states = waiting ?: totals->told;
	unsigned int state, named = 0;
	size_t used = 0;

	out[0] = '\0';
	for (state = 1; state < STATE_COUNT && named < STATES_NAMED; state++) {
		if (!(states & 1U << state))
			continue;
		used += state_text(out + used, size - used, state, &totals->states[state]);
		named++;
	}
	return used;
}

/* What "none" does not say: of some kinds nothing is seen. */
static const char *none_text(uint32_t unseen)
{
	if (unseen == ~0U)
		return " not seen without BPF";
	if (unseen & 1U << CONNECT_UNREACHABLE)
		return " none (what finds no route is not seen here)";
	return " none";
}

/* Each kind of failed connect() by itself: they have nothing in common but the call. */
static size_t failures_text(char *out, size_t size, const struct totals *totals)
{
	static const char *const words[CONNECT_FAILURES] = { "no port", "refused", "no answer", "given up", "unreachable" };
	size_t used = snprintf(out, size, "failed connects:"), begin = used;
	int i;

	for (i = 0; i < CONNECT_FAILURES; i++)
		if (totals->connect_failures[i])
			used += snprintf(out + used, size - used, "%s %s %llu", used > begin ? "," : "", words[i],
					 (unsigned long long)totals->connect_failures[i]);
	used += snprintf(out + used, size - used, "%s\n", used > begin ? "" : none_text(totals->unseen_failures));
	return used;
}

size_t overflows_text(char *out, size_t size, uint64_t overflows)
{
	out[0] = '\0';
	if (!overflows)
		return 0;
	return snprintf(out, size, "%llu socket%s without TIME_WAIT, since net.ipv4.tcp_max_tw_buckets is reached: raise it",
			(unsigned long long)overflows, overflows == 1 ? "" : "s");
}

size_t summary_text(char *out, size_t size, const struct tick *last, uint64_t begin_ns)
{
	const struct totals *totals = last->totals;
	size_t used = 0;

	used += snprintf(out, size, "\n%.1f s", elapsed_ns(last->time_ns, begin_ns) / 1e9);
	if (last->holes && last->holes->ns)
		used += snprintf(out + used, size - used, ", %.1f s of them not traced", last->holes->ns / 1e9);
	used += snprintf(out + used, size - used, ", %llu transition%s. ", (unsigned long long)totals->transitions, totals->transitions == 1 ? "" : "s");
	used += states_text(out + used, size - used, totals);
	used += failures_text(out + used, size - used, totals);
	used += overflows_text(out + used, size - used - 1, totals->time_wait_overflows);
	if (totals->time_wait_overflows)
		used += snprintf(out + used, size - used, "\n");
	if (health_text(out + used, size - used - 1, last->health)) { /* a byte for the newline */
		used += strlen(out + used);
		used += snprintf(out + used, size - used, "\n");
	}
	return used;
}
