// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Rules about sockets that wait for their own program or their peer, and for descriptors. A table each, in which what must be found
 * stands beside what nearly is.
 */
#include "diagnose_rules_world.h"

#include <errno.h>

/* CLOSE_WAIT: what comes all the time, what stays, what is young, what is not read. */
static void close_wait(void **state)
{
	static const struct {
		const char *what;
		double watched_s, oldest_s, youngest_s;
		uint32_t count, came, unread;
		uint8_t side;
		double first_s, last_s; /* of those that came in the window */
		size_t leak, pool;
		enum confidence confidence;
	} rows[] = {
		{ "a leak of a service", 30, 25, 1, 20, 15, 0, SIDE_PASSIVE, 19, 1, 1, 0, CONFIDENCE_PROVED },
		{ "a leak of a client", 30, 25, 1, 20, 15, 0, SIDE_ACTIVE, 19, 1, 1, 0, CONFIDENCE_PROVED },
		{ "a burst that stays", 50, 22, 21, 20, 0, 0, SIDE_PASSIVE, 0, 0, 1, 0, CONFIDENCE_LIKELY },
		{ "clients that shut down their side", 30, 12, 11, 20, 20, 0, SIDE_PASSIVE, 12, 11, 0, 0, 0 },
		{ "a burst a moment ago", 30, 3, 2, 20, 20, 0, SIDE_PASSIVE, 3, 2, 0, 0, 0 },
		{ "a pool", 30, 30, 30, 5, 0, 0, SIDE_ACTIVE, 0, 0, 0, 1, 0 },
		{ "a pool of two", 30, 30, 30, 2, 0, 0, SIDE_ACTIVE, 0, 0, 0, 0, 0 },
		{ "not watched", 2, 2, 2, 5, 0, 0, SIDE_ACTIVE, 0, 0, 1, 0, CONFIDENCE_TOO_EARLY },
		{ "a program that is stuck", 30, 25, 1, 20, 15, 16, SIDE_PASSIVE, 19, 1, 0, 0, 0 },
		{ "one that does not read a few", 30, 25, 1, 20, 15, 15, SIDE_PASSIVE, 19, 1, 1, 0, CONFIDENCE_PROVED },
	};
	struct world world;
	struct cause cause;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		world_init(&world, rows[i].watched_s);
		cause = (struct cause){
			.key = { .state = STATE_CLOSE_WAIT, .side = rows[i].side, .service_port = 80, .held = 1 },
			.count = rows[i].count,
			.looked = rows[i].count,
			.unread = rows[i].unread,
			.oldest_ns = rows[i].oldest_s * SECOND,
			.youngest_ns = rows[i].youngest_s * SECOND,
			.windows = { { rows[i].came, rows[i].first_s * SECOND, rows[i].last_s * SECOND } },
		};
		add_cause(&world, &cause);
		if (judged(&world, TD121) != rows[i].leak)
			fail_msg("%s: %zu leaks", rows[i].what, world.verdicts->count);
		if (rows[i].leak)
			assert_int_equal(world.verdicts->findings[0].confidence, rows[i].confidence);
		world.verdicts->count = 0;
		if (judged(&world, TD122) != rows[i].pool)
			fail_msg("%s: %zu pools", rows[i].what, world.verdicts->count);
		drop_causes(&world);
		world_release(&world);
	}
}

/* An age whose begin was not seen says from when it is counted: leaks knows another one of the same socket. */
static void age_at_least(void **state)
{
	static const struct {
		bool at_least, recorded;
		const char *words; /* NULL: none */
	} rows[] = { { false, false, NULL }, { true, false, "when tcpdwell came: leaks asks the kernel" }, { true, true, "when the recorder came" } };
	const struct finding *finding;
	struct world world;
	struct cause cause;
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		world_init(&world, 30);
		world.scene.recorded = rows[i].recorded;
		cause = (struct cause){
			.key = { .state = STATE_CLOSE_WAIT, .side = SIDE_PASSIVE, .service_port = 80, .held = 1 },
			.count = 20,
			.oldest_ns = 25 * SECOND,
			.youngest_ns = 21 * SECOND,
			.oldest_at_least = rows[i].at_least,
		};
		add_cause(&world, &cause);
		assert_int_equal(judged(&world, TD121), 1);
		finding = world.verdicts->findings;
		for (k = 0; k < finding->n_evidence && strcmp(finding->evidence[k].name, "counted_from"); k++)
			;
		assert_int_equal(k < finding->n_evidence, rows[i].words != NULL);
		if (rows[i].words)
			unit_assert_contains(finding->evidence[k].text, rows[i].words);
		drop_causes(&world);
		world_release(&world);
	}
}

static const struct finding *told_leak(const void *context, const struct subject *subject)
{
	static const struct finding foreseen = { .severity = SEVERITY_SOON }, note = { .severity = SEVERITY_NOTE };

	(void)context;
	if (subject->kind != process_kind(&shop) || subject->netns != 5)
		return NULL;
	return subject->service_port == 80 ? &foreseen : subject->service_port == 82 ? &note : NULL;
}

/* What leaked is there when nobody comes any more: still a leak, of a client too, until few are left. */
static void leak_that_grows_no_more(void **state)
{
	static const struct {
		uint8_t side;
		uint16_t port;
		uint32_t count;
		double youngest_s;
		size_t leak, pool;
	} rows[] = {
		{ SIDE_PASSIVE, 80, 20, 9, 1, 0 },
		{ SIDE_PASSIVE, 81, 20, 9, 0, 0 }, /* of which none was told */
		{ SIDE_PASSIVE, 80, 2, 9, 0, 0 },
		{ SIDE_PASSIVE, 82, 20, 9, 1, 0 }, /* it is a note already: one more that comes does not make it worse */
		{ SIDE_ACTIVE, 80, 20, 9, 1, 0 },
		{ SIDE_ACTIVE, 80, 20, 40, 1, 0 },
		{ SIDE_ACTIVE, 81, 20, 40, 0, 1 },
	};
	const struct told_process told = { .process = &shop };
	struct world world;
	struct cause cause;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		world_init(&world, 50);
		world.scene.told_leak = told_leak;
		cause = (struct cause){
			.key = { .state = STATE_CLOSE_WAIT, .side = rows[i].side, .service_port = rows[i].port, .netns = 5, .held = 1,
				 .process = processes_get(&world.ports.books->processes, &told, world.scene.now_ns)->index },
			.count = rows[i].count,
			.oldest_ns = 45 * SECOND,
			.youngest_ns = rows[i].youngest_s * SECOND,
		};
		add_cause(&world, &cause);
		if (judged(&world, TD121) != rows[i].leak)
			fail_msg("row %zu: %zu leaks", i, world.verdicts->count);
		if (rows[i].leak)
			assert_int_equal(world.verdicts->findings[0].severity, rows[i].youngest_s < 20 && rows[i].port == 80 ? SEVERITY_SOON : SEVERITY_NOTE);
		world.verdicts->count = 0;
		if (judged(&world, TD122) != rows[i].pool)
			fail_msg("row %zu: %zu pools", i, world.verdicts->count);
		drop_causes(&world);
		world_release(&world);
	}
}

/*
 * What processes of one program share is judged together: a server that forks has a few in each child. Not what others have, of another
 * program, cgroup or port, or nobody known.
 */
static void shared_by_processes(void **state)
{
	static const struct {
		const char *what;
		const char *comm, *other_comm;
		uint64_t other_cgroup;
		uint16_t other_port;
		size_t found;
		const char *title;
	} rows[] = {
		{ "two children", "httpd", "httpd", 3, 80, 1,
		  "httpd (2 processes) leaks connections to its port 80: 4 in CLOSE_WAIT, 0.20 more a second, the oldest for 25 seconds" },
		{ "two programs", "httpd", "mailer", 3, 80, 0, NULL },
		{ "two cgroups", "httpd", "httpd", 4, 80, 0, NULL },
		{ "two ports", "httpd", "httpd", 3, 81, 0, NULL },
		{ "nobody known", "", "", 3, 80, 0, NULL },
	};
	struct world world;
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct process processes[2] = { { .start_ns = rows[i].comm[0] ? 7 : 0, .pid = 10, .cgroup_id = 3 },
						{ .start_ns = rows[i].comm[0] ? 8 : 0, .pid = 11, .cgroup_id = rows[i].other_cgroup } };
		struct cause causes[2];

		memcpy(processes[0].comm, rows[i].comm, strlen(rows[i].comm));
		memcpy(processes[1].comm, rows[i].other_comm, strlen(rows[i].other_comm));
		world_init(&world, 30);
		for (k = 0; k < 2; k++) {
			const struct told_process told = { .process = &processes[k], .cgroup_id = processes[k].cgroup_id };

			causes[k] = (struct cause){
				.key = { .state = STATE_CLOSE_WAIT, .side = SIDE_PASSIVE, .service_port = k ? rows[i].other_port : 80, .held = 1,
					 .process = processes_get(&world.ports.books->processes, &told, world.scene.now_ns)->index },
				.count = 2,
				.oldest_ns = (25 - 20 * k) * SECOND,
				.youngest_ns = (19 - 18 * k) * SECOND,
				.windows = { { 2, (19 - 14 * k) * SECOND, (15 - 14 * k) * SECOND } },
			};
			if (rows[i].comm[0] || !k)
				add_cause(&world, &causes[k]);
		}
		if (judged(&world, TD121) != rows[i].found)
			fail_msg("%s: %zu found", rows[i].what, world.verdicts->count);
		if (rows[i].title) {
			const struct finding *finding = &world.verdicts->findings[0];

			assert_string_equal(finding->title, rows[i].title);
			assert_int_equal(finding->subject.processes, 2);
			assert_int_equal(finding->subject.pid, 0);
			assert_string_equal(finding->evidence[0].command, "tcpdwell leaks -L 80");
		}
		drop_causes(&world);
		world_release(&world);
	}
}

static void waiting_states(void **state)
{
	static const struct {
		unsigned int code;
		uint8_t tcp_state;
		uint32_t count, aged;
		uint8_t queued, held, small;
		double oldest_s;
		size_t found;
	} rows[] = {
		{ TD132, STATE_CLOSE_WAIT, 3, 0, 1, 0, 0, 4, 1 },
		{ TD132, STATE_CLOSE_WAIT, 3, 0, 1, 0, 0, 2, 0 }, /* the program is merely busy */
		{ TD132, STATE_CLOSE_WAIT, 2, 0, 1, 0, 0, 9, 0 },
		{ TD132, STATE_CLOSE_WAIT, 3, 0, 0, 1, 0, 9, 0 }, /* they were accepted */
		{ TD141, STATE_FIN_WAIT2, 12, 10, 0, 1, 0, 90, 1 },
		{ TD141, STATE_FIN_WAIT2, 12, 9, 0, 1, 0, 90, 0 },
		{ TD141, STATE_FIN_WAIT2, 12, 12, 0, 0, 1, 90, 0 }, /* the kernel gives them up by itself */
		{ TD142, STATE_LAST_ACK, 10, 10, 0, 0, 0, 9, 1 },
		{ TD142, STATE_FIN_WAIT1, 10, 9, 0, 0, 0, 9, 0 },
	};
	struct world world;
	struct cause cause;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		world_init(&world, 30);
		cause = (struct cause){
			.key = { .state = rows[i].tcp_state, .side = SIDE_PASSIVE, .service_port = 80, .queued = rows[i].queued,
				 .held = rows[i].held, .small = rows[i].small },
			.count = rows[i].count,
			.aged = rows[i].aged,
			.oldest_ns = rows[i].oldest_s * SECOND,
		};
		add_cause(&world, &cause);
		if (judged(&world, rows[i].code) != rows[i].found)
			fail_msg("row %zu: %zu found", i, world.verdicts->count);
		drop_causes(&world);
		world_release(&world);
	}
}

/* What a recording does not hold, so that tests/golden can't have its text. */
static void text_of_descriptors(void **state)
{
	struct event event = {
		.record = { .type = RECORD_SOCKET, .time_ns = 1001 * SECOND, .since_ns = 1001 * SECOND, .side = SIDE_ACTIVE, .owner = shop,
			    .endpoint = { .local_port = 40000, .remote_port = 80, .netns = 5 } },
		.container = &no_container,
	};
	struct tick tick = { .time_ns = 1030 * SECOND };
	struct world world;
	size_t i;

	(void)state;
	world_init(&world, 30);
	for (i = 0; i < 12; i++) {
		event.record.id = 1 + i;
		event.record.old_state = event.record.new_state = i < 9 ? STATE_CLOSE_WAIT : STATE_ESTABLISHED;
		ports_model_event(&world.ports, &event);
	}
	world.causes = (struct causes){};
	causes_ages(&world.causes, &world.thresholds);
	assert_int_equal(causes_make(&world.causes, world.ports.books, &tick, world.scene.begin_ns), 0);
	world.facts.fds_known = true;
	world.facts.fds = 15;
	world.facts.fds_limit = 20;
	assert_int_equal(judged(&world, TD124), 0); /* three quarters */
	world.facts.fds = 16;
	assert_int_equal(judged(&world, TD124), 1);
	assert_string_equal(said(&world.verdicts->findings[0]),
			    "shop[812] has 16 of 20 descriptors open: 12 are TCP sockets, 3 ESTABLISHED, 9 CLOSE_WAIT\n"
			    "descriptors=16  [ls /proc/812/fd | wc -l]\n"
			    "descriptors_limit=20  [grep files /proc/812/limits]\n"
			    "sockets=12 sockets [ss -tanp | grep pid=812,]\n"
			    "close_wait=9 sockets [tcpdwell leaks -p 812]\n"
			    "1. close what is in CLOSE_WAIT: most of its sockets are connections that their peers have closed\n"
			    "2. raise nofile (LimitNOFILE= of its unit, prlimit --pid 812 --nofile) if all of them are in use\n");
	world.facts.fds = world.facts.fds_limit = 18;
	world.verdicts->count = 0;
	assert_int_equal(judged(&world, TD121), 1); /* what helps whoever is called at night comes first */
	unit_assert_contains(said(&world.verdicts->findings[0]), "1. at once: start it again, which alone gives the descriptors back");
	causes_release(&world.causes);
	world_release(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(close_wait),
		cmocka_unit_test(age_at_least),
		cmocka_unit_test(leak_that_grows_no_more),
		cmocka_unit_test(shared_by_processes),
		cmocka_unit_test(waiting_states),
		cmocka_unit_test(text_of_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
