// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Several views in one run: who is called, who is not any more, when the run ends and how. */
#include "scripted.h"

#include <errno.h>

#include "source/feed.h"
#include "source/views.h"
#include "util/tcp_state.h"

#define MEMBERS 3

/* A run that a test feeds by hand. */
struct stage {
	struct views views;
	struct scripted members[MEMBERS];
	struct feed feed;
	uint64_t now_ns;
	char failed[64]; /* names of those that were reported */
	int failed_err;
};

static const struct container no_container;

static void on_failed(void *context, const char *name, int err)
{
	struct stage *stage = context;

	strcat(stage->failed, name);
	stage->failed_err = err;
}

static void stage_init(struct stage *stage)
{
	memset(stage, 0, sizeof(*stage));
	views_init(&stage->views, on_failed, stage);
	stage->now_ns = 1000000000;
}

static void add(struct stage *stage, char answer_to, unsigned int nth, int answer, bool leads)
{
	static const char *const names[MEMBERS] = { "a", "b", "c" };
	struct run_needs needs = { .emit_states = ~0U };
	unsigned int i = stage->views.count;

	scripted_init(&stage->members[i], answer_to, nth, answer);
	assert_int_equal(views_add(&stage->views, &stage->members[i].view, names[i], &needs, leads), 0);
}

static void tell(struct stage *stage, char letter)
{
	struct event event = { .container = &no_container };
	struct run run = { .begin_ns = stage->now_ns };

	event.record.type = RECORD_TRANSITION;
	event.record.new_state = STATE_TIME_WAIT;
	stage->now_ns += 1000;
	if (letter == 'b')
		feed_begin(&stage->feed, &stage->views.view, &run);
	else if (letter == 'e')
		feed_event(&stage->feed, &event);
	else if (letter == 'r')
		feed_recount(&stage->feed, true);
	else
		feed_tick(&stage->feed, stage->now_ns, stage->now_ns);
}

/* Tells what the letters say, as far as the run goes on, and ends it as sources do. Returns the run's result. */
static int play(struct stage *stage, const char *letters)
{
	for (; *letters; letters++) {
		tell(stage, *letters);
		if (feed_is_over(&stage->feed))
			break;
	}
	return feed_error(&stage->feed) ?: feed_end(&stage->feed, stage->now_ns, stage->now_ns);
}

static void all_are_told_all(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage);
	add(&stage, 0, 0, 0, false);
	add(&stage, 0, 0, 0, false);
	assert_int_equal(play(&stage, "beetret"), 0);
	assert_string_equal(stage.members[0].calls, "beetretz");
	assert_string_equal(stage.members[1].calls, "beetretz");
	assert_string_equal(stage.failed, "");
}

static void one_that_fails_is_left_alone_and_the_others_go_on(void **state)
{
	static const char *const letters[] = { "b", "e", "r", "t" };
	static const char *const told[] = { "b", "be", "beetr", "beet" };
	struct stage stage;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++) {
		stage_init(&stage);
		add(&stage, 0, 0, 0, false);
		add(&stage, *letters[i], 1, -EIO, false);
		add(&stage, 0, 0, 0, false);
		assert_int_equal(play(&stage, "beetret"), -EIO);
		assert_string_equal(stage.members[0].calls, "beetretz");
		assert_string_equal(stage.members[1].calls, told[i]);
		assert_string_equal(stage.members[2].calls, "beetretz");
		assert_string_equal(stage.failed, "b");
		assert_int_equal(stage.failed_err, -EIO);
	}
}

static void an_end_that_fails_is_reported_and_the_others_get_theirs(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage);
	add(&stage, 'z', 1, -ENOSPC, false);
	add(&stage, 0, 0, 0, false);
	assert_int_equal(play(&stage, "bet"), -ENOSPC);
	assert_string_equal(stage.members[1].calls, "betz");
	assert_string_equal(stage.failed, "a");
}

static void the_last_that_fails_ends_the_run_at_once(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage);
	add(&stage, 'e', 1, -EIO, false);
	add(&stage, 'e', 2, -ENOMEM, false);
	assert_int_equal(play(&stage, "beetret"), -EIO);
	assert_string_equal(stage.members[0].calls, "be");
	assert_string_equal(stage.members[1].calls, "bee");
	assert_string_equal(stage.failed, "ab");
}

static void a_closed_pipe_counts_less_than_an_error(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage);
	add(&stage, 'e', 1, -EPIPE, false);
	add(&stage, 'e', 2, -EIO, false);
	assert_int_equal(play(&stage, "beet"), -EIO);

	stage_init(&stage);
	add(&stage, 'e', 1, -EPIPE, false);
	add(&stage, 0, 0, 0, false);
	assert_int_equal(play(&stage, "beet"), -EPIPE);
	assert_string_equal(stage.members[1].calls, "beetz");
}

static void one_that_asks_for_the_end_gets_it_at_the_next_tick(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage);
	add(&stage, 'e', 1, 1, false);
	add(&stage, 0, 0, 0, false);
	assert_int_equal(play(&stage, "beettet"), 0);
	assert_string_equal(stage.members[0].calls, "beez");
	assert_true(stage.members[0].end_ns < stage.now_ns);
	assert_string_equal(stage.members[1].calls, "beettetz");
	assert_string_equal(stage.failed, "");
}

static void the_run_ends_when_all_have_asked(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage);
	add(&stage, 't', 1, 1, false);
	add(&stage, 't', 3, 1, false);
	assert_int_equal(play(&stage, "bttttttt"), 0);
	assert_string_equal(stage.members[0].calls, "btz");
	assert_string_equal(stage.members[1].calls, "btttz");
	assert_int_equal(stage.members[1].end_ns, stage.now_ns);
}

static void an_earlier_failure_is_the_result_of_a_run_that_ends_well(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage);
	add(&stage, 'b', 1, -EIO, false);
	add(&stage, 't', 2, 1, false);
	assert_int_equal(play(&stage, "bttttttt"), -EIO);
	assert_string_equal(stage.members[1].calls, "bttz");
}

static void a_leading_one_ends_the_run_for_all(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage);
	add(&stage, 0, 0, 0, false);
	add(&stage, 't', 2, 1, true);
	assert_int_equal(play(&stage, "btettt"), 0);
	assert_string_equal(stage.members[0].calls, "btetz");
	assert_string_equal(stage.members[1].calls, "btetz");

	stage_init(&stage);
	add(&stage, 0, 0, 0, false);
	add(&stage, 'b', 1, -EEXIST, true);
	assert_int_equal(play(&stage, "btettt"), -EEXIST);
	assert_string_equal(stage.members[0].calls, "bz");
	assert_string_equal(stage.members[1].calls, "b");
}

static void each_gets_the_events_that_it_needs(void **state)
{
	struct run_needs close_wait = { .emit_states = 1U << STATE_CLOSE_WAIT, .writes_files = true };
	struct run_needs time_wait = { .emit_states = 1U << STATE_TIME_WAIT, .holder_states = 1, .track_all = true,
				       .namespace_settings = true };
	struct event event = { .container = &no_container };
	struct run_needs needs;
	struct stage stage;

	(void)state;
	stage_init(&stage);
	scripted_init(&stage.members[0], 0, 0, 0);
	scripted_init(&stage.members[1], 0, 0, 0);
	assert_int_equal(views_add(&stage.views, &stage.members[0].view, "a", &close_wait, false), 0);
	assert_int_equal(views_add(&stage.views, &stage.members[1].view, "b", &time_wait, false), 0);
	needs = views_needs(&stage.views);
	assert_int_equal(needs.emit_states, 1U << STATE_CLOSE_WAIT | 1U << STATE_TIME_WAIT);
	assert_int_equal(needs.holder_states, 1);
	assert_true(needs.track_all && needs.writes_files && needs.namespace_settings && !needs.filters_processes);
	tell(&stage, 'b');
	tell(&stage, 'e'); /* TIME_WAIT */
	event.record.type = RECORD_HOLDER;
	feed_event(&stage.feed, &event);
	event.record.type = RECORD_SOCKET;
	event.record.new_state = STATE_CLOSE_WAIT;
	feed_event(&stage.feed, &event);
	event.record.type = RECORD_CONNECT_FAILED;
	feed_event(&stage.feed, &event);
	assert_string_equal(stage.members[0].calls, "bee");
	assert_string_equal(stage.members[1].calls, "beee");
}

static void the_most_impatient_one_sets_the_tick(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage);
	add(&stage, 0, 0, 0, false);
	add(&stage, 0, 0, 0, false);
	tell(&stage, 'b');
	assert_int_equal(stage.views.view.tick_ms, 0);
	stage.members[0].view.tick_ms = 300;
	tell(&stage, 'e');
	tell(&stage, 't');
	assert_int_equal(stage.views.view.tick_ms, VIEW_TICK_MS);
	stage.now_ns += 2000000000;
	tell(&stage, 't'); /* nothing came for two seconds */
	assert_int_equal(stage.views.view.tick_ms, 300);
	stage.members[1].view.tick_ms = 20;
	tell(&stage, 't');
	assert_int_equal(stage.views.view.tick_ms, 20);
}

static void there_is_an_end_to_how_many(void **state)
{
	struct run_needs needs = {};
	struct scripted one;
	struct views views;

	(void)state;
	scripted_init(&one, 0, 0, 0);
	views_init(&views, NULL, NULL);
	for (int i = 0; i < VIEWS_MAX; i++)
		assert_int_equal(views_add(&views, &one.view, "x", &needs, false), 0);
	assert_int_equal(views_add(&views, &one.view, "x", &needs, false), -E2BIG);
}

/* One that failed hears nothing after its failure; of the others each has one begin, first, and one end, last. */
static void assert_well_called(const struct scripted *member)
{
	bool failed = member->answer < 0 && member->seen >= member->nth;
	char last = member->calls[member->count - 1];

	assert_int_equal(member->calls[0], 'b');
	assert_null(strchr(member->calls + 1, 'b'));
	if (failed) {
		assert_int_equal(last, member->answer_to);
		assert_int_equal(member->seen, member->nth);
	} else {
		assert_int_equal(last, 'z');
	}
	if (last != 'z')
		assert_null(strchr(member->calls, 'z'));
	else
		assert_ptr_equal(strchr(member->calls, 'z'), member->calls + member->count - 1);
}

static void any_answers_keep_the_rules(void **state)
{
	static const int answers[] = { 0, 1, -EIO, -EPIPE };
	uint64_t random = 20261128;
	char letters[40] = "b";
	struct stage stage;

	(void)state;
	for (int round = 0; round < 50000; round++) {
		bool failed = false;
		int err;

		stage_init(&stage);
		for (size_t i = 1; i < sizeof(letters) - 1; i++)
			letters[i] = "eeetttr"[unit_random(&random) % 7];
		for (int i = 0; i < MEMBERS; i++)
			add(&stage, "betrz"[unit_random(&random) % 5], 1 + unit_random(&random) % 6,
			    answers[unit_random(&random) % 4], unit_random(&random) % 4 == 0);
		err = play(&stage, letters);
		for (int i = 0; i < MEMBERS; i++) {
			assert_well_called(&stage.members[i]);
			failed |= stage.members[i].answer < 0 && stage.members[i].seen >= stage.members[i].nth;
		}
		assert_int_equal(err < 0, failed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_told_all),
		cmocka_unit_test(one_that_fails_is_left_alone_and_the_others_go_on),
		cmocka_unit_test(an_end_that_fails_is_reported_and_the_others_get_theirs),
		cmocka_unit_test(the_last_that_fails_ends_the_run_at_once),
		cmocka_unit_test(a_closed_pipe_counts_less_than_an_error),
		cmocka_unit_test(one_that_asks_for_the_end_gets_it_at_the_next_tick),
		cmocka_unit_test(the_run_ends_when_all_have_asked),
		cmocka_unit_test(an_earlier_failure_is_the_result_of_a_run_that_ends_well),
		cmocka_unit_test(a_leading_one_ends_the_run_for_all),
		cmocka_unit_test(each_gets_the_events_that_it_needs),
		cmocka_unit_test(the_most_impatient_one_sets_the_tick),
		cmocka_unit_test(there_is_an_end_to_how_many),
		cmocka_unit_test(any_answers_keep_the_rules),
	};

	return cmocka_run_group_tests_name("views", tests, NULL, NULL);
}
