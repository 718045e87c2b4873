// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Lines of a recording: what is written is what is read, whatever it is; and what happens when it is not. */
#include "recording_unit.h"

#include "recording/parse.h"

static unsigned int random_below(uint64_t *random, unsigned int count)
{
	return unit_random(random) % count;
}

static void randomise_process(struct process *process, uint64_t *random)
{
	static const char *const names[] = { "java", "x", "a\"b\\c", "tab\there", "\xff\xfe", "fifteen letters", "\xc3\xa4" };

	memset(process, 0, sizeof(*process));
	if (!random_below(random, 4))
		return;
	process->start_ns = (unit_random(random) >> 2) + 1;
	process->cgroup_id = unit_random_magnitude(random) >> 1;
	process->pid = unit_random(random) >> 33;
	process->ns_pid = unit_random(random) >> 33;
	strncpy(process->comm, names[random_below(random, ARRAY_SIZE(names))], COMM_BYTES - 1);
}

static struct event random_event(uint64_t *random)
{
	struct event event = event_of(unit_random(random), 1 + random_below(random, 12), 1 + random_below(random, 12),
				      unit_random(random) >> 40);
	struct transition *record = &event.record;

	record->since_ns = random_below(random, 3) ? record->time_ns - (unit_random(random) >> 40) : 0;
	record->side = random_below(random, 3);
	record->closed_by = random_below(random, 4);
	record->end = random_below(random, END_OVERFLOW + 1);
	record->attribution = random_below(random, 4);
	record->flags = random_below(random, 8) | (random_below(random, 2) ? FLAG_NO_TIMESTAMPS : 0);
	record->search_ns = random_below(random, 2) ? (unit_random(random) >> 33) + 1 : 0;
	record->own_range = random_below(random, 2) ? (unit_random(random) & 0xffff) + 1 : 0;
	record->device = random_below(random, 2) ? unit_random(random) >> 33 : 0;
	record->socket_cgroup_id = random_below(random, 2) ? unit_random(random) >> 1 : 0;
	for (int i = 0; i < 16; i++)
		record->endpoint.remote_addr[i] = unit_random(random);
	record->endpoint.netns = unit_random(random);
	record->endpoint.local_port = unit_random(random);
	randomise_process(&record->owner, random);
	randomise_process(&record->closer, random);
	event.healed = random_below(random, 2);
	event.cgroup_id = event_charged(&event, event_state(&event))->cgroup_id;
	return event;
}

/* Names that are not UTF-8 lose which bytes they were, not how many nor how they are shown. */
static void assert_same_process(const struct process *a, const struct process *b)
{
	size_t i;

	assert_int_equal(a->start_ns, b->start_ns);
	assert_int_equal(a->pid, b->pid);
	assert_int_equal(a->ns_pid, b->ns_pid);
	assert_int_equal(strnlen(a->comm, COMM_BYTES), strnlen(b->comm, COMM_BYTES));
	for (i = 0; i < COMM_BYTES; i++)
		assert_true(a->comm[i] == b->comm[i] || (unsigned char)b->comm[i] == 0xff);
}

static void assert_same(const struct event *a, const struct event *b)
{
	const struct transition *x = &a->record, *y = &b->record;

	assert_int_equal(x->type, y->type);
	assert_int_equal(x->id, y->id);
	assert_int_equal(x->old_state, y->old_state);
	assert_int_equal(x->new_state, y->new_state);
	assert_int_equal(x->time_ns, y->time_ns);
	assert_int_equal(x->since_ns, y->since_ns);
	assert_int_equal(x->side, y->side);
	assert_int_equal(x->closed_by, y->closed_by);
	assert_int_equal(x->end, y->end);
	assert_int_equal(x->flags, y->flags);
	assert_int_equal(x->socket_cgroup_id, y->socket_cgroup_id);
	assert_int_equal(event_attribution(a), event_attribution(b));
	assert_memory_equal(&x->endpoint, &y->endpoint, sizeof(x->endpoint));
	assert_same_process(&x->owner, &y->owner);
	assert_same_process(&x->closer, &y->closer);
	assert_int_equal(a->healed, b->healed);
	assert_int_equal(a->unix_ns, b->unix_ns);
	assert_int_equal(a->cgroup_id, b->cgroup_id);
	assert_string_equal(a->cgroup, b->cgroup);
}

static void test_events_survive(void **state)
{
	uint64_t random = 42;
	struct recorded recorded;
	struct json json;
	int i;

	(void)state;
	json_init(&json);
	for (i = 0; i < 5000; i++) {
		struct event event = random_event(&random);

		json_clear(&json);
		recording_event_json(&json, &event, 0);
		assert_int_equal(recorded_parse(&recorded, json.data, json.size), 0);
		assert_int_equal(recorded.type, RECORDED_EVENT);
		assert_same(&event, &recorded.event);
		recorded_release(&recorded);
	}
	json_release(&json);
}

/* Who has a socket: the line has nothing of the connection but its id. */
static void test_holders_survive(void **state)
{
	uint64_t random = 43;
	struct recorded recorded;
	struct json json;
	int i;

	(void)state;
	json_init(&json);
	for (i = 0; i < 2000; i++) {
		struct event event = event_of(unit_random(&random), 0, 0, unit_random(&random) >> 40);
		struct held held = { .count = unit_random(&random) >> 32, .fd = (int)random_below(&random, 1000) - 1 };

		randomise_process(&held.process, &random);
		held.queued = random_below(&random, 2);
		event.record = (struct transition){ .type = RECORD_HOLDER, .id = event.record.id, .time_ns = event.record.time_ns };
		event.held = &held;
		event.cgroup_id = held.process.cgroup_id;
		json_clear(&json);
		recording_event_json(&json, &event, 0);
		assert_int_equal(recorded_parse(&recorded, json.data, json.size), 0);
		assert_int_equal(recorded.event.record.type, RECORD_HOLDER);
		assert_int_equal(recorded.event.record.id, event.record.id);
		assert_int_equal(recorded.event.record.time_ns, event.record.time_ns);
		assert_non_null(recorded.event.held);
		assert_same_process(&held.process, &recorded.event.held->process);
		assert_int_equal(recorded.event.held->process.cgroup_id, held.process.cgroup_id);
		assert_int_equal(recorded.event.held->count, held.count);
		assert_int_equal(recorded.event.held->fd, held.fd);
		assert_int_equal(recorded.event.held->queued, held.queued);
		recorded_release(&recorded);
	}
	json_release(&json);
}

/* No byte of a line may matter so much that reading goes astray. */
static void test_broken_lines_are_refused_or_read(void **state)
{
	uint64_t random = 7;
	struct recorded recorded;
	struct json json;
	int i;

	(void)state;
	json_init(&json);
	for (i = 0; i < 20000; i++) {
		struct event event = random_event(&random);
		unsigned int changes = 1 + random_below(&random, 3);

		json_clear(&json);
		recording_event_json(&json, &event, 0);
		while (changes--)
			json.data[random_below(&random, json.size)] = unit_random(&random);
		if (!recorded_parse(&recorded, json.data, random_below(&random, 8) ? json.size : json.size / 2))
			recorded_release(&recorded);
	}
	json_release(&json);
}

static void test_fields_of_other_types(void **state)
{
	static const char *const lines[] = {
		"{\"type\":\"transition\",\"old_state\":1,\"new_state\":\"CLOSE\"}",
		"{\"type\":\"transition\",\"old_state\":\"CLOSE\"}",
		"{\"type\":\"socket\",\"state\":\"NONE\"}",
		"{\"type\":\"header\",\"version\":1,\"hooks\":{}}",
		"{\"type\":\"header\",\"version\":\"1\",\"hooks\":[]}",
		"{\"type\":7}", "{}", "[]", "7", "\"\"", "null", "", "{", "{\"type\":\"tick\"", "{\"type\":\"tick\"} x",
		"{\"type\":\"tick\",\"time_ns\":99999999999999999999999}",
	};
	static const char odd[] = "{\"type\":\"transition\",\"old_state\":\"time-wait\",\"new_state\":\"CLOSE\",\"sock\":\"xyz\","
				  "\"time\":\"2026-13-99T\",\"time_ns\":-5,\"dwell_ns\":\"1\",\"local_addr\":\"nowhere\","
				  "\"local_port\":70000,\"owner_pid\":-1,\"owner_comm\":[],\"side\":\"left\",\"flags\":{}}";
	struct recorded recorded;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		if (!recorded_parse(&recorded, lines[i], strlen(lines[i])))
			fail_msg("taken for a line of ours: %s", lines[i]);
	assert_int_equal(recorded_parse(&recorded, odd, strlen(odd)), 0);
	assert_int_equal(recorded.event.record.old_state, STATE_TIME_WAIT);
	assert_int_equal(recorded.event.record.id, 0);
	assert_int_equal(recorded.event.record.time_ns, 0);
	assert_int_equal(recorded.unix_ns, 0);
	assert_int_equal(recorded.event.record.endpoint.local_port, 0);
	assert_int_equal(recorded.event.record.owner.start_ns, 0);
	assert_int_equal(recorded.event.record.side, SIDE_UNKNOWN);
	recorded_release(&recorded);
}

/* What polling does not know, and what it is. */
static void test_polled(void **state)
{
	static const char header[] = "{\"type\":\"header\",\"version\":\"1\",\"source\":\"polling\",\"hooks\":{}}";
	static const char traced[] = "{\"type\":\"header\",\"version\":\"1\",\"hooks\":{}}";
	static const char line[] = "{\"type\":\"transition\",\"old_state\":null,\"new_state\":\"TIME_WAIT\"}";
	struct recorded recorded;

	(void)state;
	assert_int_equal(recorded_parse(&recorded, header, strlen(header)), 0);
	assert_true(recorded.run.polled);
	recorded_release(&recorded);
	assert_int_equal(recorded_parse(&recorded, traced, strlen(traced)), 0);
	assert_false(recorded.run.polled);
	recorded_release(&recorded);
	assert_int_equal(recorded_parse(&recorded, line, strlen(line)), 0);
	assert_int_equal(recorded.event.record.old_state, 0);
	assert_int_equal(recorded.event.record.new_state, STATE_TIME_WAIT);
	recorded_release(&recorded);
}

/* A period that no clock of ours would have told, of a hostile recording: not known, and never out of a number's range. */
static void test_periods(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} periods[] = { { "2.000", 2000000000 }, { "2", 2000000000 }, { "-1.0", 0 }, { "1e300", 0 }, { "0", 0 }, { "\"2\"", 0 }, { "null", 0 } };
	struct recorded recorded;
	char line[128];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(periods); i++) {
		snprintf(line, sizeof(line), "{\"type\":\"health\",\"holders_check_s\":%s}", periods[i].text);
		assert_int_equal(recorded_parse(&recorded, line, strlen(line)), 0);
		assert_int_equal(recorded.holders_check_ns, periods[i].ns);
		recorded_release(&recorded);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events_survive),
		cmocka_unit_test(test_holders_survive),
		cmocka_unit_test(test_broken_lines_are_refused_or_read),
		cmocka_unit_test(test_fields_of_other_types),
		cmocka_unit_test(test_polled),
		cmocka_unit_test(test_periods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
