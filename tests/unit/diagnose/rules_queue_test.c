// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Rules about accept queues: as of when they were looked at. A table each, in which what must be found stands beside what nearly is. */
#include "diagnose_rules_world.h"

/* Connections that came into an accept queue and were closed by their clients; a look finds them there, or has not come yet. */
static void queue_is_as_of_the_last_look(void **state)
{
	static const struct {
		double seen_s, now_s;
		uint32_t count;
		size_t found;
		double present_s; /* a look at all sockets; 0: none */
		unsigned int flags; /* that it found */
	} rows[] = {
		{ 0, 9, 3, 1, 0, 0 }, /* an older recording does not say when */
		{ 8, 9, 3, 1, 0, 0 },
		{ 3.5, 9, 3, 0, 0, 0 }, /* they had waited for 2.5 s then, and may have been accepted since */
		{ 0.5, 9, 0, 0, 0, 0 },
		{ 0.5, 9, 3, 1, 8, FLAG_IN_ACCEPT_QUEUE },
		{ 0.5, 9, 3, 0, 3.5, FLAG_IN_ACCEPT_QUEUE },
		{ 8, 9, 3, 0, 8.5, 0 }, /* accepted by now */
	};
	static const struct present present;
	struct world world;
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct tick tick = { .time_ns = (1000 + rows[i].now_s) * SECOND, .holders_seen_ns = rows[i].seen_s ? (1000 + rows[i].seen_s) * SECOND : 0 };

		world_init(&world, rows[i].now_s);
		for (k = 0; k < 3; k++) {
			struct event event = {
				.record = { .type = RECORD_SOCKET, .id = 1 + k, .time_ns = 1001 * SECOND, .since_ns = 1001 * SECOND,
					    .old_state = STATE_CLOSE_WAIT, .new_state = STATE_CLOSE_WAIT, .side = SIDE_PASSIVE,
					    .flags = FLAG_IN_ACCEPT_QUEUE, .owner = shop,
					    .endpoint = { .local_port = 80, .remote_port = 40000 + k, .netns = 5 } },
				.container = &no_container,
			};

			ports_model_event(&world.ports, &event);
			if (!rows[i].present_s)
				continue;
			event.record.type = RECORD_PRESENT;
			event.record.flags = rows[i].flags;
			event.present = &present;
			ports_model_event(&world.ports, &event);
			tick.present_seen_ns = (1000 + rows[i].present_s) * SECOND;
		}
		world.causes = (struct causes){};
		causes_ages(&world.causes, &world.thresholds);
		assert_int_equal(causes_make(&world.causes, world.ports.books, &tick, world.scene.begin_ns), 0);
		assert_int_equal(world.causes.count ? world.causes.sorted[0]->count : 0, rows[i].count);
		if (judged(&world, TD132) != rows[i].found)
			fail_msg("row %zu: %zu found", i, world.verdicts->count);
		causes_release(&world.causes);
		world_release(&world);
	}
}

/* A burst that a look found in an accept queue: it waits only if a later look finds it there. */
static void accept_queue_is_as_of_the_last_look(void **state)
{
	static const struct {
		double seen_s;
		size_t found;
	} rows[] = { { 0, 1 }, { 3.5, 1 }, { 1.1, 0 } };
	struct listener_facts full = { .depth = 4, .backlog = 4, .somaxconn = 128, .oldest_ns = 1001 * SECOND, .new_drops = LISTENER_NOT_KNOWN };
	struct event event = {
		.record = { .type = RECORD_LISTENER, .id = 1, .time_ns = 1001 * SECOND, .old_state = STATE_LISTEN, .new_state = STATE_LISTEN,
			    .endpoint = { .local_port = 80, .netns = 5 }, .owner = shop },
		.container = &no_container,
		.listener = &full,
	};
	struct world world;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		world_init(&world, 4);
		ports_model_event(&world.ports, &event);
		world.scene.present_seen_ns = rows[i].seen_s ? (1000 + rows[i].seen_s) * SECOND : 0;
		if (judged(&world, TD131) != rows[i].found)
			fail_msg("row %zu: %zu found", i, world.verdicts->count);
		world_release(&world);
	}
}

/* Three of one name, and what they run, once they were asked. */
#define WORKERS 3

struct workers {
	struct process_facts facts[WORKERS];
	bool asked;
};

static const struct process_facts *known_of(const void *context, const struct process *process)
{
	const struct workers *workers = context;

	return workers->asked ? &workers->facts[process->pid - 812] : NULL;
}

static const struct process_facts *ask(const void *context, const struct process *process)
{
	((struct workers *)(uintptr_t)context)->asked = true;
	return known_of(context, process);
}

static void add_unread(struct world *world, const struct process *process, uint64_t id, uint16_t port)
{
	const struct present present = { .rx_queue = 101, .received_ns = 1001 * SECOND };
	struct event event = {
		.record = { .type = RECORD_SOCKET, .id = id, .time_ns = 1001 * SECOND, .since_ns = 1001 * SECOND,
			    .old_state = STATE_CLOSE_WAIT, .new_state = STATE_CLOSE_WAIT, .side = SIDE_PASSIVE, .owner = *process,
			    .endpoint = { .local_port = port, .remote_port = 40000 + id, .netns = 5 } },
		.container = &no_container,
	};

	ports_model_event(&world->ports, &event);
	event.record.type = RECORD_PRESENT;
	event.present = &present;
	ports_model_event(&world->ports, &event);
}

static void add_listener(struct world *world, const struct process *process, uint64_t id, uint16_t port, uint64_t oldest_ns)
{
	const struct listener_facts facts = { .depth = 2, .backlog = 4, .oldest_ns = oldest_ns, .new_drops = LISTENER_NOT_KNOWN };
	struct event event = {
		.record = { .type = RECORD_LISTENER, .id = id, .time_ns = 1001 * SECOND, .old_state = STATE_LISTEN, .new_state = STATE_LISTEN,
			    .endpoint = { .local_port = port, .netns = 5 }, .owner = *process },
		.container = &no_container,
		.listener = &facts,
	};

	ports_model_event(&world->ports, &event);
}

/* Before they are judged together they are asked what they run; the subject is the same whether one queue waits for long or all do. */
static void stuck_together(void **state)
{
	static const struct {
		const char *programs[WORKERS];
		uint16_t ports[WORKERS];
		bool all_wait;
		size_t found;
		uint32_t processes, unread;
		uint16_t port;
	} rows[] = {
		{ { "python3 orders.py", "python3 orders.py", "python3 orders.py" }, { 80, 80, 80 }, true, 1, 3, 6, 80 },
		{ { "python3 orders.py", "python3 bills.py", "python3 orders.py" }, { 80, 81, 80 }, true, 1, 2, 4, 80 },
		{ { "python3 orders.py", "python3 bills.py", "python3 mails.py" }, { 80, 81, 82 }, true, 0, 0, 0, 0 },
		{ { "python3 orders.py", "python3 orders.py", "python3 orders.py" }, { 80, 81, 82 }, true, 1, 3, 6, 0 },
		{ { "python3 orders.py", "python3 orders.py", "python3 orders.py" }, { 80, 81, 82 }, false, 1, 3, 6, 0 },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct tick tick = { .time_ns = 1009 * SECOND, .present_seen_ns = 1009 * SECOND };
		struct workers workers = {};
		struct world world;

		world_init(&world, 9);
		for (k = 0; k < WORKERS; k++) {
			struct process process = { .start_ns = 7 + k, .pid = 812 + k, .comm = "python3" };

			snprintf(workers.facts[k].program, sizeof(workers.facts[k].program), "%s", rows[i].programs[k]);
			add_unread(&world, &process, 1 + 2 * k, rows[i].ports[k]);
			add_unread(&world, &process, 2 + 2 * k, rows[i].ports[k]);
			add_listener(&world, &process, 100 + k, rows[i].ports[k], (!k || rows[i].all_wait ? 1001 : 1008) * SECOND);
		}
		world.scene.context = &workers;
		world.scene.facts = known_of;
		world.scene.ask = ask;
		world.scene.present_seen_ns = tick.present_seen_ns;
		world.causes = (struct causes){};
		causes_ages(&world.causes, &world.thresholds);
		assert_int_equal(causes_make(&world.causes, world.ports.books, &tick, world.scene.begin_ns), 0);
		if (judged(&world, TD123) != rows[i].found)
			fail_msg("row %zu: %zu found: %s", i, world.verdicts->count, world.verdicts->findings[0].title);
		if (rows[i].found) {
			const struct finding *finding = &world.verdicts->findings[0];

			assert_int_equal(finding->subject.processes, rows[i].processes);
			assert_int_equal(finding->evidence[0].value, rows[i].unread);
			assert_int_equal(finding->subject.service_port, rows[i].port);
		}
		causes_release(&world.causes);
		world_release(&world);
	}
}

/* A queue with much room, in which clients wait for long: nobody accepts. */
static void long_wait_is_told_however_much_room_there_is(void **state)
{
	static const struct {
		double waited_s;
		uint32_t depth, closed;
		const char *title; /* "": nothing is found */
	} rows[] = {
		{ 6, 3, 0, "clients of shop[812] on port 80 wait to be accepted: 3 connections, the first for 6 seconds; the queue has room for 4096" },
		{ 6, 5, 1, "clients of shop[812] on port 80 wait to be accepted: 4 connections, the first for 6 seconds; the queue has room for 4096" },
		{ 4, 3, 0, "" },
		{ 6, 2, 0, "" }, /* one is served after the other */
		{ 6, 5, 3, "" }, /* TD132 */
	};
	struct world world;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct listener_facts facts = { .depth = rows[i].depth, .closed = rows[i].closed, .backlog = 4096, .somaxconn = 4096, .oldest_ns = 1001 * SECOND,
						.new_drops = LISTENER_NOT_KNOWN };
		struct event event = {
			.record = { .type = RECORD_LISTENER, .id = 1, .time_ns = 1001 * SECOND, .old_state = STATE_LISTEN, .new_state = STATE_LISTEN,
				    .endpoint = { .local_port = 80, .netns = 5 }, .owner = shop },
			.container = &no_container,
			.listener = &facts,
		};

		world_init(&world, rows[i].waited_s + 1);
		ports_model_event(&world.ports, &event);
		assert_int_equal(judged(&world, TD131), rows[i].title[0] != 0);
		if (rows[i].title[0]) {
			assert_string_equal(world.verdicts->findings[0].title, rows[i].title);
			assert_int_equal(world.verdicts->findings[0].severity, SEVERITY_NOW);
			assert_null(strstr(said(&world.verdicts->findings[0]), "larger backlog"));
		}
		world_release(&world);
	}
}

/* What is told as stuck is not told again. */
static void stuck_program_is_told_once(void **state)
{
	struct listener_facts facts = { .depth = 3, .backlog = 4096, .oldest_ns = 1001 * SECOND, .new_drops = LISTENER_NOT_KNOWN };
	struct event event = {
		.record = { .type = RECORD_LISTENER, .id = 1, .time_ns = 1001 * SECOND, .old_state = STATE_LISTEN, .new_state = STATE_LISTEN,
			    .endpoint = { .local_port = 80, .netns = 5 }, .owner = shop },
		.container = &no_container,
		.listener = &facts,
	};
	struct finding *stuck;
	struct world world;

	(void)state;
	world_init(&world, 9);
	ports_model_event(&world.ports, &event);
	stuck = verdicts_add(world.verdicts, TD123, SEVERITY_NOW);
	stuck->subject.pid = shop.pid;
	stuck->subject.start_ns = shop.start_ns;
	assert_int_equal(judged(&world, TD131), 1);
	stuck->subject.pid++;
	assert_int_equal(judged(&world, TD131), 2);
	world_release(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queue_is_as_of_the_last_look),
		cmocka_unit_test(accept_queue_is_as_of_the_last_look),
		cmocka_unit_test(stuck_together),
		cmocka_unit_test(long_wait_is_told_however_much_room_there_is),
		cmocka_unit_test(stuck_program_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
