// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What `hist` prints, against lives of known length. */
#include "account_world.h"

#include <unistd.h>

#include "show/hist/hist.h"

#define MS 1000000ULL

static struct view *view;
static struct world world;

static void tell_view(void *context, const struct event *event)
{
	(void)context;
	assert_int_equal(view->event(view, event), 0);
}

struct hist_run {
	struct hist_config config;
	struct output output;
	struct health health;
	int fds[2];
	char text[65536];
};

static void begin(struct hist_run *run)
{
	struct run header = { .version = "0", .kernel = "k", .begin_ns = WORLD_BEGIN_NS, .begin_unix_ns = WORLD_BEGIN_NS };

	assert_int_equal(pipe(run->fds), 0);
	output_init(&run->output, run->fds[1]);
	view = hist_view_new(&run->config, &run->output);
	assert_non_null(view);
	assert_int_equal(view->begin(view, &header), 0);
	world_init(&world, 10, 10);
	world.tell = tell_view;
}

static int tick(struct hist_run *run, int (*tell)(struct view *view, const struct tick *tick))
{
	struct tick now = { world.now_ns, world.now_ns, &run->health, &world.totals };

	return tell(view, &now);
}

static void end(struct hist_run *run)
{
	ssize_t size;

	assert_int_equal(tick(run, view->end), 0);
	hist_view_free(view);
	output_release(&run->output);
	close(run->fds[1]);
	size = read(run->fds[0], run->text, sizeof(run->text) - 1);
	close(run->fds[0]);
	assert_true(size >= 0);
	run->text[size] = '\0';
}

/* A socket of process 1 that stays in CLOSE_WAIT for so long; 0: it does not leave. */
static void live_for(uint64_t ns)
{
	static uint64_t id;
	struct world_socket socket = {
		.state = STATE_CLOSE_WAIT, .id = ++id, .owner = 1, .since_ns = world.now_ns, .known = true };

	world_tell(&world, &socket, RECORD_TRANSITION, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 0);
	if (!ns)
		return;
	world.now_ns += ns;
	world_leave(&world, &socket, 0);
}

static void left_and_open_are_apart(void **state)
{
	static struct hist_run run;

	(void)state;
	run.config = (struct hist_config){ .states = hist_states(0) };
	run.config.json = true;
	run.config.states = 1U << STATE_CLOSE_WAIT;
	begin(&run);
	for (int i = 0; i < 3; i++)
		live_for(1 * MS);
	live_for(64 * MS);
	live_for(0);
	world.now_ns = WORLD_BEGIN_NS + 1000 * MS;
	end(&run);
	unit_assert_contains(run.text, "{\"type\":\"histogram\",\"time\":\"1970-01-01T00:16:41.000000000Z\",\"seconds\":1.000,"
				       "\"by\":\"process\",\"label\":\"worker1[101]\",\"kind\":\"group\",\"pid\":101,"
				       "\"ns_pid\":101,\"comm\":\"worker1\",\"state\":\"CLOSE_WAIT\",\"count\":4,"
				       "\"sum_ns\":67000000,\"p50_ns\":1048576,\"p90_ns\":67108864,\"p99_ns\":67108864,"
				       "\"buckets\":[{\"le_ns\":1048576,\"count\":3},{\"le_ns\":67108864,\"count\":4}],"
				       "\"open\":1,\"open_at_least\":0,\"open_buckets\":[{\"le_ns\":939524096,\"count\":1}],"
				       "\"created\":5,\"seeded\":0,\"left\":4,"
				       "\"moved_in\":0,\"moved_out\":0}\n");
	unit_assert_contains(run.text, "{\"type\":\"summary\"");
}

static void a_seeded_socket_is_open_and_nothing_else(void **state)
{
	static struct hist_run run;
	struct world_socket socket = { .state = STATE_CLOSE_WAIT, .id = 99, .owner = 1 };

	(void)state;
	run.config = (struct hist_config){ .states = hist_states(0) };
	run.config.json = true;
	begin(&run);
	world_tell(&world, &socket, RECORD_SOCKET, STATE_CLOSE_WAIT, STATE_CLOSE_WAIT, 0);
	world.now_ns += 2000 * MS;
	end(&run);
	unit_assert_contains(run.text, "\"state\":\"CLOSE_WAIT\",\"count\":0,\"sum_ns\":0,\"p50_ns\":null,\"p90_ns\":null,"
				       "\"p99_ns\":null,\"buckets\":[],\"open\":1,\"open_at_least\":1,\"open_buckets\":"
				       "[{\"le_ns\":2013265920,\"count\":1}],\"created\":0,\"seeded\":1,\"left\":0,"
				       "\"moved_in\":0,\"moved_out\":0}");
}

static void intervals_begin_anew(void **state)
{
	static struct hist_run run;
	int result;

	(void)state;
	run.config = (struct hist_config){ .states = hist_states(0) };
	run.config.json = true;
	run.config.interval_ns = 1000 * MS;
	run.config.count = 2;
	run.config.states = 1U << STATE_CLOSE_WAIT;
	begin(&run);
	live_for(1 * MS);
	live_for(1 * MS);
	world.now_ns = WORLD_BEGIN_NS + 999 * MS;
	assert_int_equal(tick(&run, view->tick), 0);
	world.now_ns = WORLD_BEGIN_NS + 1000 * MS;
	assert_int_equal(tick(&run, view->tick), 0);
	live_for(4 * MS);
	world.now_ns = WORLD_BEGIN_NS + 2000 * MS;
	result = tick(&run, view->tick);
	assert_int_equal(result, 1);
	end(&run);
	unit_assert_contains(run.text, "\"count\":2,\"sum_ns\":2000000,");
	unit_assert_contains(run.text, "\"count\":1,\"sum_ns\":4000000,");
	assert_null(strstr(run.text, "\"count\":3,"));
}

static void bars(void **state)
{
	static struct hist_run run;

	(void)state;
	run.config = (struct hist_config){ .states = hist_states(0) };
	run.config.states = 1U << STATE_CLOSE_WAIT;
	begin(&run);
	for (int i = 0; i < 4; i++)
		live_for(1 * MS);
	for (int i = 0; i < 2; i++)
		live_for(500 * MS);
	live_for(0);
	world.now_ns += 30000 * MS;
	end(&run);
	unit_assert_contains(run.text,
			     "31.0 s; @ ended, + is there now\n\n"
			     "CLOSE_WAIT worker1[101]: 6 ended, median 1.04ms, p90 503ms, p99 503ms; 1 there now, the oldest for "
			     "30s\n"
			     "       DWELL   ENDED     NOW\n"
			     "  <=  1.04ms       4       0 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"
			     "         ...\n"
			     "  <=   536ms       2       0 |@@@@@@@@@@@@@@@@@@@@\n"
			     "         ...\n"
			     "  <=   34.3s       0       1 |++++++++++\n");
}

/* The column of 1.5 ms is the one under "1ms", that of 1.2 s the one under "1s". */
static void heat_is_a_line_an_interval(void **state)
{
	static struct hist_run run;

	(void)state;
	setenv("TZ", "UTC", 1);
	run.config = (struct hist_config){ .states = 1U << STATE_CLOSE_WAIT, .heat = true, .interval_ns = 2000 * MS };
	begin(&run);
	for (int i = 0; i < 5; i++)
		live_for(3 * MS / 2);
	live_for(1200 * MS);
	live_for(0);
	world.now_ns = WORLD_BEGIN_NS + 2000 * MS;
	assert_int_equal(tick(&run, view->tick), 0);
	live_for(900);
	world.now_ns = WORLD_BEGIN_NS + 4000 * MS;
	assert_int_equal(tick(&run, view->tick), 0);
	end(&run);
	unit_assert_contains(run.text, "TIME      ENDED    NOW |1us       1ms       1s    1m    |\n");
	unit_assert_contains(run.text, "00:16:42      6      1 |          -         .           | CLOSE_WAIT worker1[101]\n");
	unit_assert_contains(run.text, "00:16:44      1      1 |.                               | CLOSE_WAIT worker1[101]\n");
}

/* A connection that waits in the queue of process 1 since `since_ns` ago. */
static void wait_in_queue(uint64_t id, uint64_t since_ns)
{
	struct world_socket socket = { .state = STATE_ESTABLISHED, .id = id, .owner = 1, .since_ns = world.now_ns - since_ns, .known = true };

	world_tell(&world, &socket, RECORD_TRANSITION, STATE_SYN_RECV, STATE_ESTABLISHED, FLAG_IN_ACCEPT_QUEUE);
}

static void tell_holder_of(uint64_t id, unsigned int number, bool queued)
{
	static struct container nowhere;
	struct held held = { .count = 1, .fd = 5, .queued = queued };
	struct event event = { .record = { .type = RECORD_HOLDER, .id = id, .time_ns = world.now_ns }, .container = &nowhere, .held = &held };

	world_process(&held.process, number);
	tell_view(NULL, &event);
}

static void tell_accepted(uint64_t id, uint64_t since_ns)
{
	struct world_socket socket = { .state = STATE_ESTABLISHED, .id = id, .owner = 1 };
	struct container nowhere = {};
	struct event event = { .record = { .type = RECORD_ACCEPTED, .id = id, .time_ns = world.now_ns, .since_ns = world.now_ns - since_ns,
					   .old_state = socket.state, .new_state = socket.state, .attribution = ATTRIBUTION_OBSERVED },
			       .container = &nowhere };

	world_process(&event.record.owner, 1);
	tell_view(NULL, &event);
}

/* Who has it is told, and accept() is not: it waits no more. Where a look was only faster than accept(), its time counts, once. */
static void a_holder_ends_the_wait(void **state)
{
	static struct hist_run run;

	(void)state;
	run.config = (struct hist_config){ .states = 1U << STATE_ESTABLISHED, .of = HIST_OF_ACCEPT, .json = true };
	begin(&run);
	for (uint64_t id = 1; id <= 4; id++)
		wait_in_queue(id, 0);
	world.now_ns += 64 * MS;
	tell_holder_of(1, 1, false);
	tell_holder_of(2, 1, false);
	tell_holder_of(3, 1, true);
	assert_int_equal(tick(&run, view->tick), 0);
	tell_accepted(1, 64 * MS);
	world.now_ns += 2000 * MS;
	assert_int_equal(tick(&run, view->tick), 0);
	end(&run);
	unit_assert_contains(run.text, "\"count\":1,\"sum_ns\":64000000,");
	unit_assert_contains(run.text, "\"open\":2,");
	unit_assert_contains(run.text, "\"created\":4,\"seeded\":0,\"left\":2,");
}

static unsigned int count_of(const char *text, const char *what)
{
	unsigned int count = 0;

	while ((text = strstr(text, what)) && ++count)
		text += strlen(what);
	return count;
}

/* What is not known of them stands below all rows. */
static void heat_tells_of_unknown_waits_at_the_end(void **state)
{
	static struct hist_run run;

	(void)state;
	run.config = (struct hist_config){ .states = 1U << STATE_ESTABLISHED, .of = HIST_OF_ACCEPT, .heat = true, .interval_ns = 2000 * MS };
	begin(&run);
	for (uint64_t id = 1; id <= 3; id++)
		wait_in_queue(id, 0);
	for (uint64_t id = 1; id <= 2; id++) {
		world.now_ns += 500 * MS;
		tell_holder_of(id, 1, false);
		world.now_ns += 1500 * MS;
		assert_int_equal(tick(&run, view->tick), 0);
	}
	end(&run);
	assert_int_equal(count_of(run.text, "accepted after a time that is not known"), 1);
	unit_assert_contains(run.text, "\n2 accepted after a time that is not known");
	assert_null(strstr(run.text, "\n\n0"));
	assert_true(strstr(run.text, "00:16:44") && strstr(run.text, "00:16:44") < strstr(run.text, "2 accepted"));
}

static void rows_are_limited(void **state)
{
	static struct hist_run run;

	(void)state;
	run.config = (struct hist_config){ .states = hist_states(0) };
	run.config.rows = 3;
	begin(&run);
	world_run(&world, 3000, 7);
	end(&run);
	unit_assert_contains(run.text, "more of process (-r shows more)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(left_and_open_are_apart),
		cmocka_unit_test(a_seeded_socket_is_open_and_nothing_else),
		cmocka_unit_test(intervals_begin_anew),
		cmocka_unit_test(bars),
		cmocka_unit_test(heat_is_a_line_an_interval),
		cmocka_unit_test(a_holder_ends_the_wait),
		cmocka_unit_test(heat_tells_of_unknown_waits_at_the_end),
		cmocka_unit_test(rows_are_limited),
	};

	return cmocka_run_group_tests_name("hist", tests, NULL, NULL);
}
