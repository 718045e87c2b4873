// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Both clocks of a recording: lines tell UTC, and the monotonic one where it can't be told from that. */
#include "recording_unit.h"

#include "event/event.h"

#define SECOND 1000000000ULL
#define OFFSET (BEGIN_UNIX_NS - BEGIN_NS)
#define EVENTS 8

struct notes {
	struct view view;
	uint64_t begin_ns;
	unsigned int events;
	struct {
		uint64_t time_ns, unix_ns, since_ns;
	} event[EVENTS];
};

static int note_begin(struct view *view, const struct run *run)
{
	((struct notes *)view)->begin_ns = run->begin_ns;
	return 0;
}

static int note_event(struct view *view, const struct event *event)
{
	struct notes *notes = (struct notes *)view;

	assert_true(notes->events < EVENTS);
	notes->event[notes->events].time_ns = event->record.time_ns;
	notes->event[notes->events].unix_ns = event->unix_ns;
	notes->event[notes->events++].since_ns = event->record.since_ns;
	return 0;
}

static struct notes replay(const struct json *json)
{
	struct notes notes = { .view = { .begin = note_begin, .event = note_event } };
	struct recording_findings findings;

	assert_int_equal(replay_bytes(json->data, json->size, NULL, &notes.view, &findings), 0);
	assert_int_equal(findings.damaged + findings.unknown, 0);
	return notes;
}

/* `offset_ns`: UTC less the run's monotonic clock, as all that follow have it. */
static void write_header(struct json *json, const char *name, uint64_t number, uint64_t unix_ns, uint64_t offset_ns)
{
	struct run run = { .version = "1", .kernel = "6", .begin_ns = unix_ns - offset_ns, .begin_unix_ns = unix_ns };
	struct recording_part part = { .format = RECORDING_FORMAT, .number = number, .continued = number > 0 };

	snprintf(part.run, sizeof(part.run), "%s", name);
	recording_header_json(json, &run, &part);
}

/* It was in its state for a millisecond. */
static void write_event(struct json *json, uint64_t id, uint64_t unix_ns, uint64_t offset_ns, uint64_t header_offset_ns)
{
	struct event event = event_of(id, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 0);

	event.unix_ns = unix_ns;
	event.record.time_ns = unix_ns - offset_ns;
	event.record.since_ns = event.record.time_ns - MS;
	recording_event_json(json, &event, header_offset_ns);
}

static void write_tick(struct json *json, uint64_t unix_ns, uint64_t offset_ns)
{
	static const struct totals totals;
	struct tick tick = { unix_ns - offset_ns, unix_ns, NULL, &totals };

	recording_tick_json(json, &tick);
}

static bool tells_clock(const struct json *json, size_t from)
{
	return memmem(json->data + from, json->size - from, "\"time_ns\"", 9);
}

static void assert_at(const struct notes *notes, unsigned int i, uint64_t unix_ns, uint64_t time_ns)
{
	assert_true(i < notes->events);
	assert_int_equal(notes->event[i].unix_ns, unix_ns);
	assert_int_equal(notes->event[i].time_ns, time_ns);
	assert_int_equal(notes->event[i].since_ns, time_ns - MS);
}

/* Of run "aa": its header, and an event a second later. */
static void begin_recording(struct json *json)
{
	json_init(json);
	write_header(json, "aa", 0, BEGIN_UNIX_NS, OFFSET);
	write_event(json, 1, BEGIN_UNIX_NS + SECOND, OFFSET, OFFSET);
}

/* What the header tells no line tells again, to the nanosecond; what it does not tell each line does. */
static void time_is_told_once(void **state)
{
	struct notes notes;
	struct json json;
	size_t size;

	(void)state;
	json_init(&json);
	write_header(&json, "aa", 0, BEGIN_UNIX_NS, OFFSET);
	size = json.size;
	write_event(&json, 1, BEGIN_UNIX_NS + 123456789, OFFSET, OFFSET);
	assert_false(tells_clock(&json, size));
	size = json.size;
	write_event(&json, 2, BEGIN_UNIX_NS + 60 * SECOND, OFFSET + 59 * SECOND, OFFSET);
	assert_true(tells_clock(&json, size));
	notes = replay(&json);
	assert_int_equal(notes.begin_ns, BEGIN_NS);
	assert_at(&notes, 0, BEGIN_UNIX_NS + 123456789, BEGIN_NS + 123456789);
	assert_at(&notes, 1, BEGIN_UNIX_NS + 60 * SECOND, BEGIN_NS + SECOND);
	json_release(&json);
}

/* Somebody set the clock, and then the next file began: its header tells how far they are apart now. */
static void each_file_has_its_own(void **state)
{
	struct notes notes;
	struct json json;

	(void)state;
	begin_recording(&json);
	write_header(&json, "aa", 1, BEGIN_UNIX_NS + 3602 * SECOND, OFFSET + 3600 * SECOND);
	write_event(&json, 2, BEGIN_UNIX_NS + 3603 * SECOND, OFFSET + 3600 * SECOND, OFFSET + 3600 * SECOND);
	notes = replay(&json);
	assert_at(&notes, 0, BEGIN_UNIX_NS + SECOND, BEGIN_NS + SECOND);
	assert_at(&notes, 1, BEGIN_UNIX_NS + 3603 * SECOND, BEGIN_NS + 3 * SECOND);
	json_release(&json);
}

/* Of another boot: in the place that UTC gives it, on the clock of the first. */
static void other_runs_have_theirs(void **state)
{
	const uint64_t other = BEGIN_UNIX_NS + 8 * SECOND;
	struct notes notes;
	struct json json;

	(void)state;
	begin_recording(&json);
	write_header(&json, "bb", 0, BEGIN_UNIX_NS + 10 * SECOND, other);
	write_event(&json, 2, BEGIN_UNIX_NS + 11 * SECOND, other, other);
	write_event(&json, 3, BEGIN_UNIX_NS + 12 * SECOND, other, 0);
	notes = replay(&json);
	assert_at(&notes, 1, BEGIN_UNIX_NS + 11 * SECOND, BEGIN_NS + 11 * SECOND);
	assert_at(&notes, 2, BEGIN_UNIX_NS + 12 * SECOND, BEGIN_NS + 12 * SECOND);
	json_release(&json);
}

/* The header is damaged: UTC is in the place of the clock that it would have told, also once a line tells that. */
static void without_header_it_is_utc(void **state)
{
	struct notes notes;
	struct json json;

	(void)state;
	json_init(&json);
	write_event(&json, 1, BEGIN_UNIX_NS + SECOND, OFFSET, OFFSET);
	write_tick(&json, BEGIN_UNIX_NS + 2 * SECOND, OFFSET);
	write_event(&json, 2, BEGIN_UNIX_NS + 3 * SECOND, OFFSET, OFFSET);
	write_event(&json, 3, BEGIN_UNIX_NS + 4 * SECOND, OFFSET, 0);
	notes = replay(&json);
	assert_int_equal(notes.begin_ns, BEGIN_UNIX_NS + SECOND);
	assert_at(&notes, 0, BEGIN_UNIX_NS + SECOND, BEGIN_UNIX_NS + SECOND);
	assert_at(&notes, 1, BEGIN_UNIX_NS + 3 * SECOND, BEGIN_UNIX_NS + 3 * SECOND);
	assert_at(&notes, 2, BEGIN_UNIX_NS + 4 * SECOND, BEGIN_UNIX_NS + 4 * SECOND);
	json_release(&json);
}

/* Measured again and again it is the same, until somebody sets the clock. */
static void measuring_is_no_setting(void **state)
{
	uint64_t known = clock_unix_offset_ns(0);
	int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		assert_int_equal(clock_unix_offset_ns(known), known);
	assert_in_range(clock_unix_offset_ns(known + MS), known - MS / 2, known + MS / 2);
	assert_in_range(clock_unix_offset_ns(known - MS), known - MS / 2, known + MS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_is_told_once),
		cmocka_unit_test(each_file_has_its_own),
		cmocka_unit_test(other_runs_have_theirs),
		cmocka_unit_test(without_header_it_is_utc),
		cmocka_unit_test(measuring_is_no_setting),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
