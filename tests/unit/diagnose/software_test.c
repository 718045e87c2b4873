// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is advised fits the program: one's own code, a proxy that only passes an end on, a server whose settings are known. */
#include "diagnose_rules_world.h"

static struct process named(const char *comm, uint32_t pid)
{
	struct process process = { .start_ns = pid, .pid = pid };

	snprintf(process.comm, sizeof(process.comm), "%s", comm);
	return process;
}

static uint32_t number_of(struct world *world, const struct process *process)
{
	const struct told_process told = { .process = process };

	return processes_get(&world->ports.books->processes, &told, world->scene.now_ns)->index;
}

static struct cause cause_of(uint32_t process, uint8_t state, uint8_t side, uint16_t port, uint32_t count)
{
	return (struct cause){
		.key = { .process = process, .state = state, .side = side, .service_port = port, .held = 1 },
		.count = count,
		.looked = count,
		.oldest_ns = 30 * SECOND,
		.youngest_ns = 25 * SECOND,
		.one_remote = true,
		.remote_addr = { [10] = 0xff, [11] = 0xff, 10, 0, 0, 5 },
		.remote_port = port,
	};
}

static void has(const struct finding *finding, const char *text)
{
	if (!strstr(said(finding), text))
		fail_msg("\"%s\" is not in: %s", text, said(finding));
}

static void has_not(const struct finding *finding, const char *text)
{
	if (strstr(said(finding), text))
		fail_msg("\"%s\" is in: %s", text, said(finding));
}

/* Of each connection to port 80 one to port 9010 was shut down, whose other end does not close. */
static void end_that_is_passed_on(void **state)
{
	static const struct {
		const char *comm;
		uint32_t close_wait, fin_wait2;
		uint16_t to;
		uint8_t side;
		const char *has, *has_not;
	} rows[] = {
		{ "haproxy", 15, 15, 9010, SIDE_ACTIVE, "; it waits for 10.0.0.5:9010 to close\n", "read() returns 0" },
		{ "haproxy", 15, 15, 9010, SIDE_ACTIVE, "1. look at 10.0.0.5:9010 first", "read() returns 0" },
		{ "haproxy", 15, 15, 9010, SIDE_ACTIVE, "timeout client-fin", "a time limit of the proxy" },
		{ "socat", 15, 12, 9010, SIDE_ACTIVE, "2. a time limit of the proxy", "haproxy" },
		{ "haproxy", 15, 11, 9010, SIDE_ACTIVE, "1. close the connection when read() returns 0", "waits for" },
		{ "haproxy", 15, 15, 80, SIDE_PASSIVE, "1. close the connection when read() returns 0", "waits for" }, /* of the same service */
		{ "postgres", 15, 0, 9010, SIDE_ACTIVE, "client_connection_check_interval", "read() returns 0" },
	};
	struct cause waiting, shut;
	struct process process;
	struct world world;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		world_init(&world, 60);
		process = named(rows[i].comm, 812);
		waiting = cause_of(number_of(&world, &process), STATE_CLOSE_WAIT, SIDE_PASSIVE, 80, rows[i].close_wait);
		waiting.read_to_end = waiting.looked;
		shut = cause_of(number_of(&world, &process), STATE_FIN_WAIT2, rows[i].side, rows[i].to, rows[i].fin_wait2);
		add_cause(&world, &waiting);
		if (shut.count)
			add_cause(&world, &shut);
		assert_int_equal(judged(&world, TD121), 1);
		has(world.verdicts->findings, rows[i].has);
		has_not(world.verdicts->findings, rows[i].has_not);
		drop_causes(&world);
		world_release(&world);
	}
}

/* Who did not call read() is not told first to look at what it returns. */
static void end_that_was_not_read(void **state)
{
	struct process process = named("pgbouncer", 812);
	struct world world;
	struct cause cause;
	uint32_t unread_end;

	(void)state;
	for (unread_end = 0; unread_end <= 20; unread_end += 20) {
		world_init(&world, 60);
		cause = cause_of(number_of(&world, &process), STATE_CLOSE_WAIT, SIDE_PASSIVE, 80, 20);
		cause.unread_end = unread_end;
		add_cause(&world, &cause);
		assert_int_equal(judged(&world, TD121), 1);
		(unread_end ? has : has_not)(world.verdicts->findings, "1. see why it does not read: stopped, busy or stuck (ps -o pid,stat,wchan:20,args -p 812)");
		has(world.verdicts->findings, "close the connection when read() returns 0");
		drop_causes(&world);
		world_release(&world);
	}
}

/* A server with a process for each connection is meant to pass it on; one that has several of them may have got them by mistake. */
static void connection_that_was_meant_to_be_passed_on(void **state)
{
	uint32_t each, i;

	(void)state;
	for (each = 1; each <= 2; each++) {
		struct process master = named("sshd", 700), children[4];
		struct cause causes[4];
		struct world world;

		world_init(&world, 60);
		for (i = 0; i < 4; i++) {
			children[i] = named("sshd", 812 + i);
			causes[i] = cause_of(number_of(&world, &children[i]), STATE_CLOSE_WAIT, SIDE_PASSIVE, 22, each);
			causes[i].maker = number_of(&world, &master);
			add_cause(&world, &causes[i]);
		}
		assert_int_equal(judged(&world, TD121), 1);
		(each > 1 ? has : has_not)(world.verdicts->findings, "SOCK_CLOEXEC");
		drop_causes(&world);
		world_release(&world);
	}
}

static void judge_flow(struct world *world, struct flow *flow, unsigned int code, const char *comm)
{
	world_init(world, 12);
	*flow = flow_of(300, 300, 0.01, 5);
	flow->key.service_port = 9000;
	flow->key.netns = 5;
	flow->counts[FLOW_RESET] = code == TD172 ? 300 : 0;
	flow->process = named(comm, 812);
	flow->key.start_ns = flow->process.start_ns;
	HASH_ADD(hh, world->flows.table, key, sizeof(flow->key), flow);
}

static void end_flow(struct world *world)
{
	HASH_CLEAR(hh, world->flows.table);
	world_release(world);
}

/* What nginx is told for HTTP does nothing for FastCGI, and as many kept connections as are good there leave php-fpm without a child. */
static void nginx_before_php_fpm(void **state)
{
	static const struct listener_facts facts = { .backlog = 64, .new_drops = LISTENER_NOT_KNOWN };
	const char *comms[] = { "php-fpm8.2", "java", NULL };
	struct world world;
	struct flow flow;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(comms); i++) {
		struct event event = {
			.record = { .type = RECORD_LISTENER, .id = 1, .time_ns = 1001 * SECOND, .old_state = STATE_LISTEN, .new_state = STATE_LISTEN,
				    .endpoint = { .local_port = 9000, .netns = 5 } },
			.container = &no_container,
			.listener = &facts,
		};

		judge_flow(&world, &flow, TD111, "nginx");
		if (comms[i]) {
			event.record.owner = named(comms[i], 900);
			memcpy(event.record.endpoint.local_addr, flow.key.remote_addr, 16);
			ports_model_event(&world.ports, &event);
			listened_note(&world.listened, world.ports.books, world.scene.now_ns);
		}
		assert_int_equal(judged(&world, TD111), 1);
		has(world.verdicts->findings, "pm.max_children");
		(i ? has : has_not)(world.verdicts->findings, "proxy_http_version 1.1");
		end_flow(&world);
	}
}

static void haproxy_is_no_client_of_ones_own(void **state)
{
	struct world world;
	struct flow flow;

	(void)state;
	judge_flow(&world, &flow, TD111, "haproxy");
	assert_int_equal(judged(&world, TD111), 1);
	has(world.verdicts->findings, "1. haproxy, mode http: \"http-reuse always\"");
	has_not(world.verdicts->findings, "HttpClient");
	end_flow(&world);
	judge_flow(&world, &flow, TD172, "haproxy");
	assert_int_equal(judged(&world, TD172), 1);
	has(world.verdicts->findings, "1. nothing has to be done: haproxy");
	has_not(world.verdicts->findings, "SO_LINGER");
	end_flow(&world);
	judge_flow(&world, &flow, TD172, "shop");
	assert_int_equal(judged(&world, TD172), 1);
	has(world.verdicts->findings, "SO_LINGER");
	end_flow(&world);
}

/* A client that never reads its answers, as one that does not close resp.Body: no pool, and not stuck. */
static void answers_that_nobody_reads(void **state)
{
	struct process process = named("orders", 812);
	struct world world;
	struct cause cause;
	uint32_t unread;

	(void)state;
	for (unread = 0; unread <= 20; unread += 20) {
		world_init(&world, 60);
		cause = cause_of(number_of(&world, &process), STATE_CLOSE_WAIT, SIDE_ACTIVE, 80, 20);
		cause.unread = unread;
		cause.unread_end = 20 - unread;
		add_cause(&world, &cause);
		assert_int_equal(judged(&world, TD121), unread ? 1 : 0);
		if (unread)
			has(world.verdicts->findings, "1. read each answer to its end or close it");
		world.verdicts->count = 0;
		assert_int_equal(judged(&world, TD122), unread ? 0 : 1);
		drop_causes(&world);
		world_release(&world);
	}
}

static void close_wait_since(struct world *world, uint64_t id, uint64_t since_ns)
{
	struct event event = {
		.record = { .type = RECORD_TRANSITION, .id = id, .time_ns = since_ns, .since_ns = since_ns, .old_state = STATE_ESTABLISHED,
			    .new_state = STATE_CLOSE_WAIT, .side = SIDE_ACTIVE, .owner = shop,
			    .endpoint = { .local_port = 40000 + id, .remote_port = 80, .netns = 5 } },
		.container = &no_container,
	};

	ports_model_event(&world->ports, &event);
}

/* A pool whose peer has closed all at once, and another connection that is just being left: nothing grows. */
static void burst_beside_a_fresh_one(void **state)
{
	static const struct {
		double fresh_s; /* so young it is */
		int grows;
	} rows[] = { { 0.2, -1 }, { 3, 0 } };
	struct world world;
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct tick tick = { .time_ns = 1030 * SECOND };

		world_init(&world, 30);
		for (k = 1; k <= 25; k++)
			close_wait_since(&world, k, 1015 * SECOND);
		close_wait_since(&world, 26, tick.time_ns - rows[i].fresh_s * SECOND);
		world.causes = (struct causes){};
		causes_ages(&world.causes, &world.thresholds);
		assert_int_equal(causes_make(&world.causes, world.ports.books, &tick, world.scene.begin_ns), 0);
		assert_int_equal(world.causes.count, 1);
		assert_int_equal(world.causes.sorted[0]->count, 26);
		assert_int_equal(cause_grows(world.causes.sorted[0], 3, 20), rows[i].grows);
		causes_release(&world.causes);
		world_release(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(end_that_is_passed_on),
		cmocka_unit_test(end_that_was_not_read),
		cmocka_unit_test(connection_that_was_meant_to_be_passed_on),
		cmocka_unit_test(nginx_before_php_fpm),
		cmocka_unit_test(haproxy_is_no_client_of_ones_own),
		cmocka_unit_test(answers_that_nobody_reads),
		cmocka_unit_test(burst_beside_a_fresh_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
