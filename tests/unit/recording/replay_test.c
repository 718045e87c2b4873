// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Replay without a kernel: what a view is told of a recording, whole, cut or in parts. */
#include "recording_unit.h"

#include <errno.h>

/* A view that keeps what it is told. */
struct notes {
	struct view view;
	unsigned int begun, events, recounts, ticks, ended, stop_after;
	struct transition last; /* event */
	char version[8];
	bool recorded;
	uint64_t begin_ns;
	uint64_t last_tick_ns, end_ns, longest_gap_ns;
	struct totals totals;
	struct health health;
};

static int note_begin(struct view *view, const struct run *run)
{
	struct notes *notes = (struct notes *)view;

	notes->begun++;
	snprintf(notes->version, sizeof(notes->version), "%s", run->version ?: "none");
	notes->recorded = run->recorded;
	notes->begin_ns = run->begin_ns;
	notes->last_tick_ns = run->begin_ns;
	return 0;
}

static int note_event(struct view *view, const struct event *event)
{
	struct notes *notes = (struct notes *)view;

	assert_int_equal(notes->begun, 1);
	assert_non_null(event->container);
	notes->last = event->record;
	return ++notes->events == notes->stop_after;
}

static int note_recount(struct view *view, bool begins)
{
	((struct notes *)view)->recounts += begins;
	return 0;
}

static int note_tick(struct view *view, const struct tick *tick)
{
	struct notes *notes = (struct notes *)view;

	assert_true(tick->time_ns >= notes->last_tick_ns);
	if (tick->time_ns - notes->last_tick_ns > notes->longest_gap_ns)
		notes->longest_gap_ns = tick->time_ns - notes->last_tick_ns;
	notes->last_tick_ns = tick->time_ns;
	notes->ticks++;
	return 0;
}

static int note_end(struct view *view, const struct tick *last)
{
	struct notes *notes = (struct notes *)view;

	notes->ended++;
	notes->end_ns = last->time_ns;
	notes->totals = *last->totals;
	notes->health = *last->health;
	return 0;
}

static const struct view note_view = { note_begin, note_event, note_recount, note_tick, note_end, 0 };

static int replay_with(struct notes *notes, const struct run_options *options, const char *data, size_t size,
		       struct recording_findings *findings)
{
	unsigned int stop_after = notes->stop_after;
	int err;

	memset(notes, 0, sizeof(*notes));
	notes->view = note_view;
	notes->stop_after = stop_after;
	err = replay_bytes(data, size, options, &notes->view, findings);
	assert_int_equal(err == -EINVAL, !notes->begun);
	assert_int_equal(notes->ended, notes->begun);
	return err;
}

static int replay(struct notes *notes, const char *data, size_t size, struct recording_findings *findings)
{
	return replay_with(notes, NULL, data, size, findings);
}

static void write_header(struct json *json, uint64_t format, bool continued)
{
	struct run run = { .version = "1", .kernel = "6", .begin_ns = BEGIN_NS, .begin_unix_ns = BEGIN_UNIX_NS };
	struct recording_part part = { .format = format, .continued = continued };

	recording_header_json(json, &run, &part);
}

static void write_event(struct json *json, struct event event)
{
	recording_event_json(json, &event, BEGIN_UNIX_NS - BEGIN_NS);
}

static void write_end(struct json *json, uint64_t ms, const char *next)
{
	struct totals totals = { .fin_wait2_timewait = 3 };
	struct tick tick = { BEGIN_NS + ms * MS, BEGIN_UNIX_NS + ms * MS, NULL, &totals };

	recording_end_json(json, &tick, next);
}

static struct event socket_of(uint64_t id, unsigned int state, uint64_t ms)
{
	struct event event = event_of(id, state, state, ms);

	event.record.type = RECORD_SOCKET;
	return event;
}

/* A header, an entry into CLOSE_WAIT, one into TIME_WAIT, an end. */
static void write_small(struct json *json)
{
	json_init(json);
	write_header(json, RECORDING_FORMAT, false);
	write_event(json, event_of(1, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 100));
	write_event(json, event_of(2, STATE_FIN_WAIT2, STATE_TIME_WAIT, 200));
	write_end(json, 1000, NULL);
}

static void test_replay(void **state)
{
	struct recording_findings findings;
	struct notes notes = {};
	struct json json;

	(void)state;
	write_small(&json);
	assert_int_equal(replay(&notes, json.data, json.size, &findings), 0);
	assert_int_equal(notes.events, 2);
	assert_string_equal(notes.version, "1");
	assert_true(notes.recorded);
	assert_int_equal(notes.begin_ns, BEGIN_NS);
	assert_int_equal(notes.end_ns, BEGIN_NS + 1000 * MS);
	assert_true(notes.longest_gap_ns <= 50 * MS);
	assert_true(notes.ticks >= 18);
	assert_int_equal(notes.totals.transitions, 2);
	assert_int_equal(notes.totals.states[STATE_CLOSE_WAIT].created, 1);
	assert_int_equal(notes.totals.states[STATE_TIME_WAIT].created, 1);
	assert_int_equal(notes.totals.fin_wait2_timewait, 3);
	assert_int_equal(findings.lines, 4);
	assert_false(findings.truncated || findings.headless || findings.continued || findings.damaged || findings.unknown);
	json_release(&json);
}

/* Cut anywhere: either nothing of ours is in it, or a part of it is shown and it is said that it is a part. */
static void test_cut_anywhere(void **state)
{
	struct recording_findings findings;
	struct notes notes = {};
	struct json json;
	size_t size;

	(void)state;
	write_small(&json);
	for (size = 0; size < json.size - 1; size++) {
		if (replay(&notes, json.data, size, &findings))
			assert_int_equal(findings.lines, 0);
		else
			assert_true(findings.truncated);
		assert_int_equal(findings.damaged, 0);
	}
	json_release(&json);
}

static void test_findings(void **state)
{
	static const char junk[] = "not json\n{\"type\":\"novelty\"}\n";
	struct recording_findings findings;
	struct notes notes = {};
	struct json json;

	(void)state;
	json_init(&json);
	write_header(&json, RECORDING_FORMAT + 1, true);
	buffer_append(&json.buffer, junk, strlen(junk));
	write_event(&json, event_of(1, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 100));
	write_end(&json, 200, "more.1");
	assert_int_equal(replay(&notes, json.data, json.size, &findings), 0);
	assert_int_equal(findings.damaged, 1);
	assert_int_equal(findings.unknown, 1);
	assert_int_equal(findings.format, RECORDING_FORMAT + 1);
	assert_true(findings.continued && findings.unfollowed && !findings.truncated);
	assert_string_equal(findings.next, "more.1");
	assert_int_equal(notes.events, 1);
	json_release(&json);
}

/* A second file begins with what is there: told once. */
static void test_parts_joined(void **state)
{
	struct event socket = event_of(1, STATE_CLOSE_WAIT, STATE_CLOSE_WAIT, 200);
	struct recording_findings findings;
	struct notes notes = {};
	struct json json;

	(void)state;
	socket.record.type = RECORD_SOCKET;
	json_init(&json);
	write_header(&json, RECORDING_FORMAT, false);
	write_event(&json, event_of(1, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 100));
	write_end(&json, 200, "x.1");
	write_header(&json, RECORDING_FORMAT, true);
	write_event(&json, socket);
	write_event(&json, event_of(1, STATE_CLOSE_WAIT, STATE_LAST_ACK, 300));
	write_end(&json, 400, NULL);
	assert_int_equal(replay(&notes, json.data, json.size, &findings), 0);
	assert_int_equal(notes.events, 2);
	assert_int_equal(notes.begun, 1);
	assert_int_equal(notes.totals.states[STATE_CLOSE_WAIT].seeded, 0);
	assert_int_equal(state_totals_now(&notes.totals.states[STATE_CLOSE_WAIT]), 0);
	assert_false(findings.unfollowed || findings.continued || findings.truncated);
	json_release(&json);
}

/* connect() enters SYN_SENT without a port, which is told later; who asks for the port is told of the beginning then. */
static void test_local_port(void **state)
{
	struct event begins = event_of(1, STATE_CLOSE, STATE_SYN_SENT, 100), chosen = event_of(1, STATE_SYN_SENT, STATE_SYN_SENT, 900);
	struct recording_findings findings;
	struct run_options options;
	struct notes notes = {};
	struct json json;

	(void)state;
	begins.record.endpoint.local_port = 0;
	chosen.record.type = RECORD_LOCAL_PORT;
	chosen.record.since_ns = begins.record.time_ns;
	json_init(&json);
	write_header(&json, RECORDING_FORMAT, false);
	write_event(&json, begins);
	write_event(&json, chosen);
	write_end(&json, 1000, NULL);
	assert_int_equal(replay(&notes, json.data, json.size, &findings), 0);
	assert_int_equal(notes.events, 2);
	assert_int_equal(notes.last.type, RECORD_LOCAL_PORT);
	assert_int_equal(notes.last.endpoint.local_port, 40000);
	assert_int_equal(notes.totals.states[STATE_SYN_SENT].created, 1);
	assert_int_equal(findings.unknown, 0);
	run_options_init(&options);
	options.filter.local_ports[options.filter.n_local_ports++] = 40000;
	assert_int_equal(replay_with(&notes, &options, json.data, json.size, &findings), 0);
	assert_int_equal(notes.events, 1);
	assert_int_equal(notes.last.type, RECORD_TRANSITION);
	assert_int_equal(notes.last.old_state, STATE_CLOSE);
	assert_int_equal(notes.last.time_ns, begins.record.time_ns);
	assert_int_equal(notes.last.endpoint.local_port, 40000);
	assert_int_equal(notes.totals.states[STATE_SYN_SENT].created, 1);
	json_release(&json);
}

/* Of three connections one is told again, one was gone unseen, one leaves unannounced and one had come unseen. */
static void test_recount(void **state)
{
	struct event first_seen = event_of(3, STATE_CLOSE_WAIT, STATE_LAST_ACK, 310);
	struct recording_findings findings;
	struct notes notes = {};
	struct json json;

	(void)state;
	json_init(&json);
	write_header(&json, RECORDING_FORMAT, false);
	write_event(&json, event_of(1, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 100));
	write_event(&json, event_of(2, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 100));
	write_event(&json, event_of(3, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 100));
	recording_recount_json(&json, BEGIN_UNIX_NS + 300 * MS, BEGIN_NS + 300 * MS, true);
	write_event(&json, socket_of(1, STATE_CLOSE_WAIT, 300));
	first_seen.record.flags = FLAG_FIRST_SEEN;
	write_event(&json, first_seen);
	write_event(&json, socket_of(4, STATE_CLOSE_WAIT, 320));
	recording_recount_json(&json, BEGIN_UNIX_NS + 330 * MS, BEGIN_NS + 330 * MS, false);
	write_end(&json, 400, NULL);
	assert_int_equal(replay(&notes, json.data, json.size, &findings), 0);
	assert_int_equal(findings.damaged + findings.unknown, 0);
	assert_int_equal(notes.recounts, 1);
	assert_int_equal(notes.totals.states[STATE_CLOSE_WAIT].created, 3);
	assert_int_equal(state_totals_now(&notes.totals.states[STATE_CLOSE_WAIT]), 2);
	json_release(&json);
}

static void test_no_header(void **state)
{
	struct recording_findings findings;
	struct notes notes = {};
	struct json json;

	(void)state;
	json_init(&json);
	write_event(&json, event_of(1, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 100));
	assert_int_equal(replay(&notes, json.data, json.size, &findings), 0);
	assert_true(findings.headless);
	assert_int_equal(notes.events, 1);
	assert_string_equal(notes.version, "none");
	json_release(&json);
}

static void test_view_stops(void **state)
{
	struct recording_findings findings;
	struct notes notes = { .stop_after = 1 };
	struct json json;

	(void)state;
	write_small(&json);
	assert_int_equal(replay(&notes, json.data, json.size, &findings), 0);
	assert_int_equal(notes.events, 1);
	assert_false(findings.truncated);
	json_release(&json);
}

static void test_seconds_end_it(void **state)
{
	struct recording_findings findings;
	struct run_options options;
	struct notes notes = {};
	struct json json;

	(void)state;
	run_options_init(&options);
	options.seconds = 0.15;
	write_small(&json);
	assert_int_equal(replay_with(&notes, &options, json.data, json.size, &findings), 0);
	assert_int_equal(notes.events, 1);
	assert_int_equal(notes.end_ns, BEGIN_NS + 150 * MS);
	assert_false(findings.truncated);
	json_release(&json);
}

/* Time that jumps must not keep us busy: ticks that nobody told of are bought with lines. */
static void test_time_jumps(void **state)
{
	struct recording_findings findings;
	struct notes notes = {};
	struct json json;
	uint64_t i;

	(void)state;
	json_init(&json);
	write_header(&json, RECORDING_FORMAT, false);
	write_event(&json, event_of(1, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 1ULL << 40));
	write_event(&json, event_of(1, STATE_CLOSE_WAIT, STATE_LAST_ACK, 1));
	assert_int_equal(replay(&notes, json.data, json.size, &findings), 0);
	assert_int_equal(notes.events, 2);
	assert_true(notes.ticks <= 20100);
	assert_true(findings.condensed);
	for (i = 1; i <= 1000; i++)
		write_event(&json, event_of(i, STATE_ESTABLISHED, STATE_CLOSE_WAIT, (1ULL << 40) + i * 10000000));
	assert_int_equal(replay(&notes, json.data, json.size, &findings), 0);
	assert_int_equal(notes.events, 1002);
	assert_true(notes.ticks <= 20100 + 1002 * 21);
	json_release(&json);
}

static void write_part(struct json *json, const char *run, uint64_t number, uint64_t boot_ns, uint64_t ms)
{
	struct run begin = { .version = "1", .kernel = "6", .begin_ns = boot_ns + ms * MS, .begin_unix_ns = BEGIN_UNIX_NS + ms * MS };
	struct recording_part part = { .format = RECORDING_FORMAT, .number = number, .continued = number > 0 };

	snprintf(part.run, sizeof(part.run), "%s", run);
	recording_header_json(json, &begin, &part);
}

static void write_tick(struct json *json, uint64_t boot_ns, uint64_t ms)
{
	static const struct totals totals;
	struct tick tick = { boot_ns + ms * MS, BEGIN_UNIX_NS + ms * MS, NULL, &totals };

	recording_tick_json(json, &tick);
}

/* Begins with what is there, here two in CLOSE_WAIT, and ends. */
static void write_second_part(struct json *json, uint64_t number, uint64_t ms)
{
	write_part(json, "aa", number, BEGIN_NS, ms);
	write_event(json, socket_of(1, STATE_CLOSE_WAIT, ms));
	write_event(json, socket_of(2, STATE_CLOSE_WAIT, ms));
	write_tick(json, BEGIN_NS, ms);
	write_end(json, ms + 100, NULL);
}

static void write_first_part(struct json *json)
{
	write_part(json, "aa", 0, BEGIN_NS, 0);
	write_event(json, event_of(1, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 100));
	write_event(json, event_of(2, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 100));
	write_end(json, 200, "x.1");
}

static const struct state_totals *close_wait(const struct notes *notes)
{
	return &notes->totals.states[STATE_CLOSE_WAIT];
}

/* The same file twice, and a file after the one that follows it, say nothing new. */
static void test_parts_twice(void **state)
{
	struct recording_findings findings;
	struct notes notes = {};
	struct json json;
	int i;

	(void)state;
	json_init(&json);
	for (i = 0; i < 3; i++) {
		write_first_part(&json);
		write_second_part(&json, 1, 200);
	}
	assert_int_equal(replay(&notes, json.data, json.size, &findings), 0);
	assert_int_equal(findings.repeated, 4);
	assert_int_equal(notes.events, 2);
	assert_int_equal(close_wait(&notes)->created, 2);
	assert_int_equal(close_wait(&notes)->seeded, 0);
	assert_int_equal(state_totals_now(close_wait(&notes)), 2);
	assert_false(findings.joined || findings.missing || findings.truncated);
	json_release(&json);
}

/* Files of several parts, of which only the last one has an end. */
static void test_file_of_parts_twice(void **state)
{
	struct recording_findings findings;
	struct notes notes = {};
	struct json json;
	int i, part;

	(void)state;
	json_init(&json);
	for (i = 0; i < 3; i++) {
		for (part = 0; part < 3; part++) {
			write_part(&json, "aa", part, BEGIN_NS, part * 100);
			write_tick(&json, BEGIN_NS, part * 100);
		}
		write_end(&json, 300, "x.1");
		write_second_part(&json, 3, 300);
	}
	assert_int_equal(replay(&notes, json.data, json.size, &findings), 0);
	assert_int_equal(findings.repeated, 4);
	assert_false(findings.joined || findings.missing || findings.truncated);
	json_release(&json);
}

/* One that was copied while it was written, and the whole: each line once, whichever comes first, and nothing is missing. */
static void test_cut_copy(void **state)
{
	struct recording_findings findings;
	struct json json;
	int order;

	(void)state;
	for (order = 0; order < 2; order++) {
		struct notes notes = {};

		json_init(&json);
		if (order)
			write_first_part(&json);
		write_part(&json, "aa", 0, BEGIN_NS, 0);
		write_event(&json, event_of(1, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 100));
		if (!order)
			write_first_part(&json);
		write_second_part(&json, 1, 200);
		assert_int_equal(replay(&notes, json.data, json.size, &findings), 0);
		assert_int_equal(findings.repeated, 1);
		assert_int_equal(close_wait(&notes)->created, 2);
		assert_int_equal(close_wait(&notes)->seeded, 0);
		assert_false(findings.joined || findings.missing || findings.truncated);
		json_release(&json);
	}
}

/* Another run of the same boot is told from where the first one ends: its parts before that are left out. */
static void test_same_time(void **state)
{
	struct recording_findings findings;
	struct notes notes = {};
	struct json json;

	(void)state;
	json_init(&json);
	write_first_part(&json);
	write_part(&json, "bb", 0, BEGIN_NS, 50);
	write_event(&json, event_of(11, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 100));
	write_event(&json, event_of(12, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 100));
	write_part(&json, "bb", 1, BEGIN_NS, 250);
	write_event(&json, socket_of(11, STATE_CLOSE_WAIT, 250));
	write_event(&json, socket_of(12, STATE_CLOSE_WAIT, 250));
	write_tick(&json, BEGIN_NS, 250);
	write_event(&json, event_of(13, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 300));
	write_end(&json, 400, NULL);
	assert_int_equal(replay(&notes, json.data, json.size, &findings), 0);
	assert_int_equal(findings.covered, 1);
	assert_int_equal(findings.joined, 1);
	assert_false(findings.unordered);
	assert_int_equal(close_wait(&notes)->created, 3);
	assert_int_equal(state_totals_now(close_wait(&notes)), 3);
	json_release(&json);
}

/* One that began before the run that was read first is told up to where that one begins, and no further. */
static void test_earlier_behind(void **state)
{
	struct recording_findings findings;
	struct notes notes = {};
	struct json json;

	(void)state;
	json_init(&json);
	write_part(&json, "bb", 0, BEGIN_NS, 500);
	write_event(&json, event_of(11, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 600));
	write_end(&json, 700, NULL);
	write_first_part(&json);
	assert_int_equal(replay(&notes, json.data, json.size, &findings), 0);
	assert_int_equal(findings.covered, 0);
	assert_int_equal(close_wait(&notes)->created, 3);
	json_release(&json);
	json_init(&json);
	write_part(&json, "bb", 0, BEGIN_NS, 150);
	write_event(&json, event_of(11, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 160));
	write_end(&json, 700, NULL);
	write_part(&json, "aa", 0, BEGIN_NS, 0);
	write_event(&json, event_of(1, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 100));
	write_event(&json, event_of(2, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 160));
	write_event(&json, event_of(3, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 170));
	write_part(&json, "aa", 1, BEGIN_NS, 710);
	write_event(&json, event_of(4, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 720));
	write_end(&json, 730, NULL);
	assert_int_equal(replay(&notes, json.data, json.size, &findings), 0);
	assert_int_equal(findings.covered, 1);
	assert_true(findings.unordered);
	assert_false(findings.truncated);
	assert_int_equal(close_wait(&notes)->created, 3);
	json_release(&json);
}

/* A file that ends within a line, as of one who was killed, before the whole of it, and before another run: the header is seen. */
static void test_cut_before_header(void **state)
{
	struct recording_findings findings;
	struct notes notes = {};
	struct json json;

	(void)state;
	json_init(&json);
	write_first_part(&json);
	json.size -= 20;
	write_first_part(&json);
	assert_int_equal(replay(&notes, json.data, json.size, &findings), 0);
	assert_int_equal(findings.repeated, 1);
	assert_int_equal(findings.damaged, 0);
	assert_int_equal(close_wait(&notes)->created, 2);
	assert_false(findings.truncated);
	json.size -= 20;
	write_part(&json, "bb", 0, BEGIN_NS, 1000);
	write_event(&json, socket_of(11, STATE_CLOSE_WAIT, 1000));
	write_tick(&json, BEGIN_NS, 1000);
	write_end(&json, 1100, NULL);
	assert_int_equal(replay(&notes, json.data, json.size, &findings), 0);
	assert_int_equal(findings.joined, 1);
	assert_true(findings.truncated);
	assert_int_equal(state_totals_now(close_wait(&notes)), 1);
	json_release(&json);
}

/* A connection that found no room at the begin of a file is told of before its next event: once, if it was known. */
static void test_told_late(void **state)
{
	struct recording_findings findings;
	struct notes notes = {};
	struct json json;

	(void)state;
	json_init(&json);
	write_first_part(&json);
	write_part(&json, "aa", 1, BEGIN_NS, 200);
	write_tick(&json, BEGIN_NS, 200);
	write_event(&json, socket_of(2, STATE_CLOSE_WAIT, 250));
	write_event(&json, event_of(2, STATE_CLOSE_WAIT, STATE_LAST_ACK, 250));
	write_end(&json, 300, NULL);
	assert_int_equal(replay(&notes, json.data, json.size, &findings), 0);
	assert_int_equal(close_wait(&notes)->seeded, 0);
	assert_int_equal(state_totals_now(close_wait(&notes)), 1);
	json_release(&json);
}

/* Without the files in between only the list at the begin of the next one counts. */
static void test_part_missing(void **state)
{
	struct recording_findings findings;
	struct notes notes = {};
	struct json json;

	(void)state;
	json_init(&json);
	write_first_part(&json);
	write_part(&json, "aa", 3, BEGIN_NS, 500);
	write_event(&json, socket_of(2, STATE_CLOSE_WAIT, 500));
	write_tick(&json, BEGIN_NS, 500);
	write_end(&json, 600, NULL);
	assert_int_equal(replay(&notes, json.data, json.size, &findings), 0);
	assert_int_equal(findings.missing, 1);
	assert_int_equal(notes.recounts, 1);
	assert_int_equal(close_wait(&notes)->created, 2);
	assert_int_equal(state_totals_now(close_wait(&notes)), 1);
	json_release(&json);
}

/* Two runs: what is there is counted anew, and the second one's clock, of another boot, is put in its place. */
static void test_runs_joined(void **state)
{
	const uint64_t boot_ns = 7 * MS;
	struct recording_findings findings;
	struct notes notes = {};
	struct event event = socket_of(1, STATE_CLOSE_WAIT, 10000);
	struct json json;

	(void)state;
	json_init(&json);
	write_first_part(&json);
	write_part(&json, "bb", 0, boot_ns, 10000);
	event.record.time_ns = boot_ns + 10000 * MS;
	write_event(&json, event);
	write_tick(&json, boot_ns, 10000);
	write_tick(&json, boot_ns, 11000);
	assert_int_equal(replay(&notes, json.data, json.size, &findings), 0);
	assert_int_equal(findings.joined, 1);
	assert_int_equal(findings.repeated + findings.missing, 0);
	assert_false(findings.unordered);
	assert_int_equal(notes.begun, 1);
	assert_int_equal(notes.end_ns, BEGIN_NS + 11000 * MS);
	assert_true(notes.longest_gap_ns <= 50 * MS);
	assert_int_equal(close_wait(&notes)->created, 2);
	assert_int_equal(close_wait(&notes)->seeded, 1);
	assert_int_equal(state_totals_now(close_wait(&notes)), 1);
	json_release(&json);
}

/* What was lost in either is lost in both. */
static void test_health_of_runs_joined(void **state)
{
	struct health health = { .lost = 3 };
	static const struct totals totals;
	struct recording_findings findings;
	struct notes notes = {};
	struct json json;
	int run;

	(void)state;
	json_init(&json);
	for (run = 0; run < 2; run++) {
		struct tick tick = { BEGIN_NS + run * 100 * MS, BEGIN_UNIX_NS + run * 100 * MS, &health, &totals };

		write_part(&json, run ? "bb" : "aa", 0, BEGIN_NS, run * 100);
		recording_health_json(&json, &tick);
		health.lost = 5;
	}
	assert_int_equal(replay(&notes, json.data, json.size, &findings), 0);
	assert_int_equal(notes.health.lost, 8);
	json_release(&json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_findings),
		cmocka_unit_test(test_parts_joined),
		cmocka_unit_test(test_local_port),
		cmocka_unit_test(test_recount),
		cmocka_unit_test(test_no_header),
		cmocka_unit_test(test_view_stops),
		cmocka_unit_test(test_seconds_end_it),
		cmocka_unit_test(test_time_jumps),
		cmocka_unit_test(test_parts_twice),
		cmocka_unit_test(test_file_of_parts_twice),
		cmocka_unit_test(test_cut_copy),
		cmocka_unit_test(test_same_time),
		cmocka_unit_test(test_earlier_behind),
		cmocka_unit_test(test_cut_before_header),
		cmocka_unit_test(test_told_late),
		cmocka_unit_test(test_part_missing),
		cmocka_unit_test(test_runs_joined),
		cmocka_unit_test(test_health_of_runs_joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
