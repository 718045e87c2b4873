// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Rules over scenes that are made by hand: a table each, in which what must be found stands beside what nearly is. */
#include "unit.h"

#include <errno.h>

#include "diagnose/close_wait.h"
#include "diagnose/codes.h"
#include "diagnose/judge.h"

#define SECOND 1000000000ULL

struct world {
	struct ports_model ports;
	struct flows flows;
	struct causes causes;
	struct trends trends;
	struct listened listened;
	struct thresholds thresholds;
	struct cause *sorted[8];
	struct process_facts facts;
	struct scene scene;
	struct verdicts *verdicts;
};

static const struct process_facts *facts_of(const void *context, const struct process *process)
{
	const struct world *world = context;

	return world->facts.fds_known && process->pid == world->facts.process.pid ? &world->facts : NULL;
}

static const struct container no_container;
static const struct process shop = { .start_ns = 7, .pid = 812, .comm = "shop" };

static void world_init(struct world *world, double watched_s)
{
	static const struct ports_model_config config;

	memset(world, 0, sizeof(*world));
	assert_int_equal(ports_model_init(&world->ports, &config), 0);
	flows_init(&world->flows);
	causes_init(&world->causes);
	trends_init(&world->trends);
	listened_init(&world->listened);
	thresholds_init(&world->thresholds);
	world->ports.time_wait_ns = 60 * SECOND;
	world->causes.sorted = world->sorted;
	world->facts.process = shop;
	world->scene = (struct scene){
		.ports = &world->ports,
		.flows = &world->flows,
		.causes = &world->causes,
		.trends = &world->trends,
		.listened = &world->listened,
		.thresholds = &world->thresholds,
		.facts = facts_of,
		.context = world,
		.begin_ns = 1000 * SECOND,
		.now_ns = 1000 * SECOND + watched_s * SECOND,
		.watched_s = watched_s,
	};
	world->verdicts = verdicts_new();
	assert_non_null(world->verdicts);
}

static void world_release(struct world *world)
{
	verdicts_free(world->verdicts);
	world->flows.table = NULL; /* they are the test's own */
	world->flows.fans = NULL;
	ports_model_release(&world->ports);
	trends_release(&world->trends);
	listened_release(&world->listened);
}

static void add_cause(struct world *world, struct cause *cause)
{
	HASH_ADD(hh, world->causes.table, key, sizeof(cause->key), cause);
	world->sorted[world->causes.count++] = cause;
}

static void drop_causes(struct world *world)
{
	HASH_CLEAR(hh, world->causes.table);
}

/* How many the rule finds. */
static size_t judged(struct world *world, unsigned int code)
{
	code_rows[code].judge(&world->scene, world->verdicts);
	return world->verdicts->count;
}

static struct flow flow_of(uint32_t opened, uint32_t ended, double life_s, unsigned int busy)
{
	return (struct flow){
		.key = { .side = SIDE_ACTIVE, .start_ns = shop.start_ns, .pid = shop.pid, .service_port = 80,
			 .remote_addr = { [10] = 0xff, [11] = 0xff, 10, 0, 0, 5 } },
		.process = shop,
		.counts = { [FLOW_STARTED] = opened, [FLOW_OPENED] = opened, [FLOW_ENDED] = ended, [FLOW_LOCAL] = ended },
		.life_s = life_s,
		.busy_slots = busy,
		.seconds = 10,
	};
}

static size_t judge_flow(unsigned int code, struct flow *flow, double *wait_s)
{
	struct world world;
	size_t count;

	world_init(&world, 12);
	HASH_ADD(hh, world.flows.table, key, sizeof(flow->key), flow);
	count = judged(&world, code);
	if (wait_s)
		*wait_s = world.verdicts->wait_s[code];
	HASH_CLEAR(hh, world.flows.table);
	world_release(&world);
	return count;
}

static void connection_per_request(void **state)
{
	static const struct {
		uint32_t opened, ended;
		double life_s;
		unsigned int busy;
		size_t found;
		bool waits;
	} rows[] = {
		{ 400, 400, 0.01, 5, 1, false },
		{ 50, 50, 0.01, 4, 1, false },
		{ 49, 49, 0.01, 5, 0, false }, /* too few */
		{ 400, 400, 2, 5, 0, false }, /* they live for seconds */
		{ 400, 300, 0.01, 5, 0, false }, /* a pool that is being filled */
		{ 400, 400, 0.01, 3, 0, true }, /* a burst until now */
	};
	struct flow flow;
	double wait_s;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		flow = flow_of(rows[i].opened, rows[i].ended, rows[i].life_s, rows[i].busy);
		assert_int_equal(judge_flow(TD111, &flow, &wait_s), rows[i].found);
		assert_int_equal(wait_s > 0, rows[i].waits);
	}
}

/* What is advised first fits the client; a client that was there in the first second may have begun before. */
static void connection_per_request_words(void **state)
{
	static const struct {
		const char *comm;
		uint16_t port;
		const char *first;
		uint64_t begin_ns; /* after the run's */
		bool at_least;
	} rows[] = {
		{ "java", 8080, "use one client object", 0, true },
		{ "nginx", 8080, "nginx: \"keepalive 32;\"", SECOND / 2, true },
		{ "php-fpm", 6379, "a connection pool", SECOND, false },
		{ "php-fpm", 5432, "a connection pool", SECOND * 2, false },
		{ "nginxes", 3306, "a connection pool", SECOND * 2, false },
	};
	const struct finding *finding;
	struct world world;
	struct flow flow;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		world_init(&world, 12);
		flow = flow_of(300, 300, 0.01, 5);
		flow.key.service_port = rows[i].port;
		flow.begin_ns = world.scene.begin_ns + rows[i].begin_ns;
		memset(flow.process.comm, 0, sizeof(flow.process.comm));
		strcpy(flow.process.comm, rows[i].comm);
		HASH_ADD(hh, world.flows.table, key, sizeof(flow.key), (&flow));
		assert_int_equal(judged(&world, TD111), 1);
		finding = world.verdicts->findings;
		if (strncmp(finding->changes[0], rows[i].first, strlen(rows[i].first)))
			fail_msg("row %zu: %s", i, finding->changes[0]);
		assert_int_equal(finding->since_at_least, rows[i].at_least);
		HASH_CLEAR(hh, world.flows.table);
		world_release(&world);
	}
}

static bool is_second(const void *context, const struct known_process *known)
{
	(void)context;
	return known->process.pid == 813;
}

static bool is_third(const void *context, const struct known_process *known)
{
	(void)context;
	return known->process.pid == 814;
}

/* Two fail: all are told of, the one that is asked for first. Whom it does not concern it is not noted for. */
static void several_victims(void **state)
{
	static const struct {
		bool (*selects)(const void *context, const struct known_process *known);
		uint32_t first, also;
		bool concerns_asked;
	} rows[] = { { NULL, 812, 813, false }, { is_second, 813, 812, true }, { is_third, 812, 813, false } };
	static const struct process mails = { .start_ns = 8, .pid = 813, .comm = "mails" };
	const struct destination_key key = { .netns = 5, .remote_port = 5432 };
	struct destination *destination;
	const struct finding *finding;
	struct world world;
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		world_init(&world, 12);
		world.scene.selects = rows[i].selects;
		destination = destinations_get(&world.ports.destinations, &key);
		assert_non_null(destination);
		for (k = 0; k < 5; k++)
			destination_failed(destination, k < 3 ? &shop : &mails, world.scene.now_ns);
		assert_int_equal(judged(&world, TD101), 1);
		finding = world.verdicts->findings;
		assert_int_equal(finding->subject.pid, rows[i].first);
		assert_int_equal(finding->n_also, 1);
		assert_int_equal(finding->also[0].pid, rows[i].also);
		assert_int_equal(finding->also[0].failures, rows[i].also == 812 ? 3 : 2);
		assert_int_equal(finding->concerns_asked, rows[i].concerns_asked);
		/* Who holds the ports is not known: the advice names who wants one. */
		assert_non_null(strstr(finding->changes[0], rows[i].first == 812 ? "(now it is shop[812]): keep connections open" :
										 "(now it is mails[813]): keep connections open"));
		world_release(&world);
	}
}

static void refused(void **state)
{
	static const struct {
		uint32_t refused, opened;
		size_t found;
	} rows[] = { { 3, 0, 1 }, { 2, 0, 0 }, { 100, 1, 0 } };
	struct flow flow;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		flow = flow_of(rows[i].opened, 0, 0, 5);
		flow.counts[FLOW_REFUSED] = rows[i].refused;
		assert_int_equal(judge_flow(TD153, &flow, NULL), rows[i].found);
	}
}

static void resets(void **state)
{
	static const struct {
		uint32_t resets, ended;
		size_t found;
	} rows[] = { { 10, 10, 1 }, { 10, 20, 1 }, { 10, 21, 0 }, { 9, 9, 0 } };
	struct flow flow;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		flow = flow_of(rows[i].ended, rows[i].ended, 1, 5);
		flow.counts[FLOW_RESET] = rows[i].resets;
		assert_int_equal(judge_flow(TD172, &flow, NULL), rows[i].found);
	}
}

static void no_answer(void **state)
{
	static const struct {
		uint32_t timeout, abandoned, opened, refused;
		size_t found;
	} rows[] = { { 5, 0, 0, 0, 1 }, { 2, 3, 0, 0, 1 }, { 4, 0, 0, 0, 0 }, { 50, 0, 1, 0, 0 }, { 50, 0, 0, 1, 0 } };
	struct flow flow;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		flow = flow_of(rows[i].opened, 0, 0, 5);
		flow.counts[FLOW_TIMEOUT] = rows[i].timeout;
		flow.counts[FLOW_ABANDONED] = rows[i].abandoned;
		flow.counts[FLOW_REFUSED] = rows[i].refused;
		assert_int_equal(judge_flow(TD151, &flow, NULL), rows[i].found);
	}
}

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

static bool told_leak(const void *context, const struct process *process, uint32_t netns, uint16_t service_port)
{
	(void)context;
	return process->pid == shop.pid && netns == 5 && service_port == 80;
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
			assert_int_equal(world.verdicts->findings[0].severity, rows[i].youngest_s < 20 ? SEVERITY_SOON : SEVERITY_NOTE);
		world.verdicts->count = 0;
		if (judged(&world, TD122) != rows[i].pool)
			fail_msg("row %zu: %zu pools", i, world.verdicts->count);
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

static void thresholds_are_set(void **state)
{
	struct thresholds thresholds;
	char error[2048];

	(void)state;
	thresholds_init(&thresholds);
	assert_int_equal(thresholds_parse(&thresholds, "td131.share=0.9,TD121.count=7", error, sizeof(error)), 0);
	assert_true(thresholds.values[TD131_SHARE] == 0.9 && thresholds.values[TD121_COUNT] == 7);
	assert_int_equal(thresholds_parse(&thresholds, "TD131.share=1.5", error, sizeof(error)), -EINVAL);
	assert_int_equal(thresholds_parse(&thresholds, "TD131.share=", error, sizeof(error)), -EINVAL);
	assert_int_equal(thresholds_parse(&thresholds, "TD131.share=nan", error, sizeof(error)), -EINVAL);
	assert_int_equal(thresholds_parse(&thresholds, "TD131.shar=0.5", error, sizeof(error)), -EINVAL);
	assert_int_equal(thresholds_parse(&thresholds, "", error, sizeof(error)), -EINVAL);
	assert_true(thresholds.values[TD131_SHARE] == 0.9);
}

#define NETNS 4026531840

static void tell_namespace(struct world *world, const struct namespace_facts *facts)
{
	static const struct container nowhere;
	const struct event event = {
		.record = { .type = RECORD_NAMESPACE, .time_ns = world->scene.now_ns, .endpoint = { .netns = NETNS } },
		.container = &nowhere,
		.namespace = facts,
	};

	model_event(world->ports.books, &event);
}

static struct namespace_value value_of(int64_t value)
{
	return (struct namespace_value){ .known = NS_KNOWN, .count = 1, .value = { value } };
}

static void limits_of_the_machine(void **state)
{
	static const struct {
		unsigned int code;
		enum namespace_gauge gauge;
		enum namespace_setting limit;
		uint64_t now;
		int64_t max;
		size_t found;
		enum severity severity;
	} rows[] = {
		{ TD143, NS_ORPHANS, NS_TCP_MAX_ORPHANS, 80, 100, 1, SEVERITY_SOON },
		{ TD143, NS_ORPHANS, NS_TCP_MAX_ORPHANS, 79, 100, 0, 0 },
		{ TD143, NS_ORPHANS, NS_TCP_MAX_ORPHANS, 100, 100, 1, SEVERITY_NOW },
		{ TD181, NS_CONNTRACK_COUNT, NS_CONNTRACK_MAX, 800, 1000, 1, SEVERITY_SOON },
		{ TD181, NS_CONNTRACK_COUNT, NS_CONNTRACK_MAX, 799, 1000, 0, 0 },
		{ TD181, NS_CONNTRACK_COUNT, NS_CONNTRACK_MAX, 1000, 1000, 1, SEVERITY_NOW },
	};
	struct namespace_facts facts;
	struct world world;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		world_init(&world, 30);
		memset(&facts, 0, sizeof(facts));
		facts.is_own = facts.is_first = true;
		facts.gauges[rows[i].gauge] = (struct namespace_count){ .known = NS_KNOWN, .total = rows[i].now };
		facts.settings[rows[i].limit] = value_of(rows[i].max);
		tell_namespace(&world, &facts);
		if (judged(&world, rows[i].code) != rows[i].found)
			fail_msg("row %zu: %zu found", i, world.verdicts->count);
		if (rows[i].found)
			assert_int_equal(world.verdicts->findings[0].severity, rows[i].severity);
		world_release(&world);
	}
}

/* What can't be read is said. */
static void unknown_limit(void **state)
{
	struct namespace_facts facts = { .is_own = true };
	struct world world;

	(void)state;
	world_init(&world, 30);
	facts.settings[NS_TCP_MAX_ORPHANS].known = NS_NO_PRIVILEGE;
	tell_namespace(&world, &facts);
	assert_int_equal(judged(&world, TD143), 0);
	assert_true(world.verdicts->not_examined[TD143].is);
	assert_non_null(strstr(world.verdicts->not_examined[TD143].reason, "privilege"));
	world_release(&world);
}

/* A row of the table each: what is said of a value, and that Linux's own is not told. */
static void settings(void **state)
{
	static const struct {
		enum namespace_setting setting;
		int64_t value;
		const char *says; /* NULL: nothing */
	} rows[] = {
		{ NS_TCP_FIN_TIMEOUT, 60, NULL },
		{ NS_TCP_FIN_TIMEOUT, 2, "TIME_WAIT still lasts 60 seconds" },
		{ NS_TCP_TW_REUSE, 2, NULL },
		{ NS_TCP_TW_REUSE, 1, "nothing for connections that were accepted" },
		{ NS_TCP_TW_REUSE, 0, "never" },
		{ NS_TCP_SYN_RETRIES, 6, NULL },
		{ NS_TCP_SYN_RETRIES, 2, "after 7 seconds" },
		{ NS_TCP_SYNACK_RETRIES, 2, "after 7 seconds" },
		{ NS_TCP_RETRIES2, 8, "after 102 seconds" },
		{ NS_TCP_RETRIES2, 15, NULL },
		{ NS_TCP_MAX_TW_BUCKETS, 262144, NULL },
		{ NS_TCP_MAX_TW_BUCKETS, 100, "hides the symptom" },
		{ NS_TCP_KEEPALIVE_TIME, 600, "after 21 minutes" },
		{ NS_TCP_TIMESTAMPS, 0, "tcp_tw_reuse does nothing" },
		{ NS_TCP_ABORT_ON_OVERFLOW, 1, "reset at once" },
		{ NS_TCP_MAX_SYN_BACKLOG, 512, NULL },
		{ NS_TCP_MAX_SYN_BACKLOG, 65536, "nothing for the accept queue" },
	};
	struct namespace_facts facts;
	struct world world;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		world_init(&world, 30);
		memset(&facts, 0, sizeof(facts));
		facts.is_own = true;
		facts.settings[rows[i].setting] = value_of(rows[i].value);
		tell_namespace(&world, &facts);
		if (judged(&world, TD191) != (rows[i].says != NULL))
			fail_msg("row %zu: %zu found", i, world.verdicts->count);
		if (rows[i].says && !strstr(world.verdicts->findings[0].title, rows[i].says))
			fail_msg("row %zu: %s", i, world.verdicts->findings[0].title);
		world_release(&world);
	}
}

static void overflow(void **state)
{
	struct namespace_facts facts = { .is_own = true };
	struct world world;

	(void)state;
	world_init(&world, 30);
	facts.settings[NS_TCP_MAX_TW_BUCKETS] = value_of(100);
	facts.counters[NS_TIME_WAIT_OVERFLOW] = (struct namespace_count){ .known = NS_KNOWN, .total = 37 };
	tell_namespace(&world, &facts);
	trends_note(&world.trends, trend_key(TREND_NAMESPACE, NETNS, NS_TIME_WAIT_OVERFLOW), 37, 0, world.scene.now_ns);
	assert_int_equal(judged(&world, TD113), 0); /* of before */
	trends_note(&world.trends, trend_key(TREND_NAMESPACE, NETNS, NS_TIME_WAIT_OVERFLOW), 40, 3, world.scene.now_ns);
	assert_int_equal(judged(&world, TD113), 1);
	assert_non_null(strstr(world.verdicts->findings[0].title, "3 connections"));
	world_release(&world);
}

/* Who is named: whose connections overflowed, not who has more of them in FIN_WAIT2 yet. Without such events, whose are missing. */
static void overflow_of_whom(void **state)
{
	static const struct {
		uint32_t overflowed;
		const char *named;
	} rows[] = { { 3, "shop[812]" }, { 0, "waits[900]" } };
	struct namespace_facts facts = { .is_own = true };
	struct flow shops, waiting;
	struct world world;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		world_init(&world, 30);
		facts.settings[NS_TCP_MAX_TW_BUCKETS] = value_of(100);
		tell_namespace(&world, &facts);
		trends_note(&world.trends, trend_key(TREND_NAMESPACE, NETNS, NS_TIME_WAIT_OVERFLOW), 3, 3, world.scene.now_ns);
		shops = flow_of(3, 3, 0.01, 5);
		waiting = flow_of(40, 40, 0.01, 5);
		shops.key.netns = waiting.key.netns = NETNS;
		waiting.key.pid = waiting.process.pid = 900;
		waiting.key.start_ns = waiting.process.start_ns = 9;
		strcpy(waiting.process.comm, "waits");
		shops.counts[FLOW_OVERFLOW] = rows[i].overflowed;
		HASH_ADD(hh, world.flows.table, key, sizeof(shops.key), (&shops));
		HASH_ADD(hh, world.flows.table, key, sizeof(waiting.key), (&waiting));
		assert_int_equal(judged(&world, TD113), 1);
		if (!strstr(world.verdicts->findings[0].title, rows[i].named))
			fail_msg("row %zu: %s", i, world.verdicts->findings[0].title);
		HASH_CLEAR(hh, world.flows.table);
		world_release(&world);
	}
}

#define ADDR(a, b, c, d) { [10] = 0xff, [11] = 0xff, a, b, c, d }

/* A balancer is one beside a local process that connects to the same service; a local process is none, whatever address it has. */
static void one_address(void **state)
{
	static const struct {
		uint8_t local[16]; /* of what connects here, in the peer's namespace */
		size_t found;
	} rows[] = { { ADDR(10, 0, 0, 2), 1 }, { ADDR(10, 0, 0, 9), 0 } };
	struct peer_key key = { .remote_addr = ADDR(10, 0, 0, 9), .local_addr = ADDR(10, 0, 0, 1), .netns = NETNS, .local_port = 8080 };
	struct destination_key ours = { .remote_addr = ADDR(10, 0, 0, 1), .netns = NETNS, .remote_port = 8080 };
	struct flow checker;
	struct world world;
	struct peer *peer;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		world_init(&world, 70);
		checker = flow_of(300, 300, 0.01, 5);
		checker.key.netns = NETNS;
		checker.key.service_port = 8080;
		memcpy(checker.key.remote_addr, key.local_addr, 16);
		HASH_ADD(hh, world.flows.table, key, sizeof(checker.key), (&checker));
		memcpy(ours.local_addr, rows[i].local, 16);
		assert_non_null(destinations_get(&world.ports.destinations, &ours));
		peer = peers_get(&world.ports.peers, &key);
		assert_non_null(peer);
		peer->sockets = peer->by_state[STATE_TIME_WAIT] = 2400;
		assert_int_equal(peers_conclude(&world.ports.peers, world.scene.now_ns), 0);
		peer->rate = 40;
		if (judged(&world, TD162) != rows[i].found)
			fail_msg("row %zu: %zu found", i, world.verdicts->count);
		HASH_CLEAR(hh, world.flows.table);
		world_release(&world);
	}
}

/* Title and subject are the same process: one that is known, although more ports are nobody's. */
static void cliff_subject(void **state)
{
	static const struct container nowhere;
	struct event event = {
		.record = { .type = RECORD_TRANSITION, .id = 1, .old_state = STATE_SYN_SENT, .new_state = STATE_ESTABLISHED, .side = SIDE_ACTIVE,
			    .owner = shop, .endpoint = { .netns = NETNS, .local_port = 40000, .remote_port = 80,
			    .local_addr = ADDR(10, 0, 0, 1), .remote_addr = ADDR(10, 0, 0, 5) } },
		.container = &nowhere,
	};
	struct destination *destination;
	const struct finding *finding;
	struct world world;
	uint32_t process;
	size_t i;

	(void)state;
	world_init(&world, 70);
	event.record.time_ns = world.scene.now_ns;
	ports_model_event(&world.ports, &event);
	destination = world.ports.destinations.by_key;
	assert_non_null(destination);
	for (process = 0; ports_model_process(&world.ports, process)->process.pid != shop.pid; process++)
		assert_true(process < 8);
	destination->known = true;
	destination->headroom.usable = 10;
	destination->rates.opened = 5;
	for (i = 0; i < 20; i++)
		histogram_add(&destination->search, SECOND);
	assert_int_equal(port_holders_add(&destination->holders, 0, STATE_TIME_WAIT, 900), 0);
	assert_int_equal(port_holders_add(&destination->holders, process, STATE_ESTABLISHED, 10), 0);
	port_holders_sort(&destination->holders);
	assert_int_equal(judged(&world, TD102), 1);
	finding = &world.verdicts->findings[0];
	if (!strstr(finding->title, "10 by shop[812]"))
		fail_msg("%s", finding->title);
	assert_int_equal(finding->subject.pid, shop.pid);
	world_release(&world);
}

/* Every code has all that it needs, and a text. */
static void table_is_whole(void **state)
{
	char prefix[8];
	size_t i;
	int code;

	(void)state;
	for (code = 0; code < CODES; code++) {
		assert_non_null(code_rows[code].judge);
		assert_non_null(code_explanation(code));
		assert_int_equal(code_parse(code_rows[code].name), code);
	}
	for (i = 0; i < THRESHOLDS; i++) {
		assert_non_null(threshold_rows[i].name);
		snprintf(prefix, sizeof(prefix), "%.5s", threshold_rows[i].name);
		assert_true(code_parse(prefix) >= 0);
		assert_true(threshold_rows[i].value >= threshold_rows[i].min && threshold_rows[i].value <= threshold_rows[i].max);
	}
}

static void counters_lately(void **state)
{
	struct trends trends;

	(void)state;
	trends_init(&trends);
	trends_note(&trends, 1, 100, 0, 100 * SECOND);
	assert_int_equal(trends_grown(&trends, 1), 0);
	trends_note(&trends, 1, 105, 5, 101 * SECOND);
	assert_int_equal(trends_grown(&trends, 1), 5);
	trends_note(&trends, 1, 105, 5, 112 * SECOND);
	assert_int_equal(trends_grown(&trends, 1), 5);
	trends_note(&trends, 1, 105, 5, 123 * SECOND);
	assert_int_equal(trends_grown(&trends, 1), 0);
	/* one that is met after it has grown */
	trends_note(&trends, 2, 50, 20, 123 * SECOND);
	assert_int_equal(trends_grown(&trends, 2), 20);
	/* another one that has the key now: what it had before is not its growth */
	trends_note(&trends, 2, 5000, 0, 124 * SECOND);
	assert_int_equal(trends_grown(&trends, 2), 0);
	trends_note(&trends, 2, 5003, 3, 125 * SECOND);
	assert_int_equal(trends_grown(&trends, 2), 3);
	trends_forget(&trends, 300 * SECOND);
	assert_int_equal(trends.by_key.used, 0);
	trends_release(&trends);
}

/* A finding as text. */
static const char *said(const struct finding *finding)
{
	static char text[8192];
	size_t used = snprintf(text, sizeof(text), "%s\n", finding->title);
	unsigned int i;

	for (i = 0; i < finding->n_evidence; i++)
		used += snprintf(text + used, sizeof(text) - used, "%s=%g %s [%s]\n", finding->evidence[i].name, finding->evidence[i].value,
				 finding->evidence[i].unit, finding->evidence[i].command);
	for (i = 0; i < finding->n_changes; i++)
		used += snprintf(text + used, sizeof(text) - used, "%u. %s\n", i + 1, finding->changes[i]);
	for (i = 0; i < finding->n_useless; i++)
		used += snprintf(text + used, sizeof(text) - used, "useless %s: %s\n", finding->useless[i].setting, finding->useless[i].why);
	return text;
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
	causes_release(&world.causes);
	world_release(&world);
}

/* The same of what is told of the machine's first namespace alone. */
static void text_of_orphans(void **state)
{
	struct namespace_facts facts = { .is_own = true, .is_first = true };
	struct world world;

	(void)state;
	world_init(&world, 30);
	facts.gauges[NS_ORPHANS] = (struct namespace_count){ .known = NS_KNOWN, .total = 7000 };
	facts.settings[NS_TCP_MAX_ORPHANS] = value_of(8192);
	facts.gauges[NS_MEMORY_PAGES] = (struct namespace_count){ .known = NS_KNOWN, .total = 5000 };
	facts.settings[NS_TCP_MEM] = (struct namespace_value){ .known = NS_KNOWN, .count = 3, .value = { 3000, 4000, 6000 } };
	tell_namespace(&world, &facts);
	assert_int_equal(judged(&world, TD143), 2);
	assert_string_equal(said(&world.verdicts->findings[0]),
			    "7000 of 8192 closed sockets that still have data to send (tcp_max_orphans) are there, most from an unknown process: at the limit the kernel resets them\n"
			    "orphans=7000 sockets [cat /proc/net/sockstat]\n"
			    "tcp_max_orphans=8192 sockets [sysctl net.ipv4.tcp_max_orphans]\n"
			    "aborted=0 connections [nstat -az TcpExtTCPAbortOnMemory]\n"
			    "1. find out why peers do not take what is sent to them: see the sockets in FIN_WAIT1, LAST_ACK and CLOSING\n"
			    "2. raise net.ipv4.tcp_max_orphans: each takes up to 64 KiB\n"
			    "useless net.ipv4.tcp_fin_timeout: orphans in FIN_WAIT2 are small sockets and do not count here\n");
	assert_string_equal(said(&world.verdicts->findings[1]),
			    "TCP uses 5000 pages of memory for its queues: above 4000 (tcp_mem) buffers shrink, at 6000 connections are reset\n"
			    "memory=5000 pages [cat /proc/net/sockstat]\n"
			    "pressure_at=4000 pages [sysctl net.ipv4.tcp_mem]\n"
			    "limit=6000 pages []\n"
			    "pressures=0 times [nstat -az TcpExtTCPMemoryPressures]\n"
			    "1. find the connections with long queues: ss -tanpm | sort -k2; a program that does not read, or a peer that does not take\n"
			    "2. raise net.ipv4.tcp_mem if the machine has the memory\n");
	world_release(&world);
}

#define EVENTS "polling sees what is there"
#define QUEUES_POLLED "polling does not look at queues"
#define QUEUES "the recording does not hold queues"
#define COUNTERS "counters and settings of the kernel"
#define PORTS "record with --ports"
#define PARTIAL "not told of all transitions"

/* What each rule can't have in each kind of run, in a word of the reason that is told; NULL: the rule can look. No rule is silent. */
static void not_examined(void **state)
{
	enum { LIVE, POLLED, RECORDED, PARTLY, KINDS };
	static const char *const rows[CODES][KINDS] = {
		[TD101] = { NULL, EVENTS, NULL, PARTIAL },
		[TD102] = { NULL, EVENTS, PORTS, PARTIAL },
		[TD103] = { NULL, EVENTS, PORTS, PARTIAL },
		[TD104] = { NULL, "polling does not read the settings of ports", PORTS, PARTIAL },
		[TD105] = { NULL, QUEUES_POLLED, QUEUES, NULL },
		[TD111] = { NULL, EVENTS, NULL, PARTIAL },
		[TD113] = { NULL, COUNTERS, COUNTERS, NULL },
		[TD123] = { NULL, QUEUES_POLLED, QUEUES, NULL },
		[TD124] = { NULL, NULL, "descriptors of processes", NULL },
		[TD131] = { NULL, QUEUES_POLLED, QUEUES, NULL },
		[TD143] = { NULL, COUNTERS, COUNTERS, NULL },
		[TD151] = { NULL, EVENTS, NULL, PARTIAL },
		[TD152] = { NULL, EVENTS, NULL, PARTIAL },
		[TD153] = { NULL, EVENTS, NULL, PARTIAL },
		[TD161] = { NULL, QUEUES_POLLED, QUEUES, NULL },
		[TD171] = { NULL, QUEUES_POLLED, QUEUES, NULL },
		[TD172] = { NULL, EVENTS, NULL, PARTIAL },
		[TD181] = { NULL, COUNTERS, COUNTERS, NULL },
		[TD191] = { NULL, COUNTERS, COUNTERS, NULL },
	};
	static const struct namespace_facts facts = {
		.is_own = true,
		.is_first = true,
		.gauges[NS_ORPHANS] = { .known = NS_KNOWN },
		.settings[NS_TCP_MAX_ORPHANS] = { .known = NS_KNOWN, .count = 1, .value = { 1000 } },
	};
	struct diagnosis diagnosis;
	struct world world;
	unsigned int kind, code;

	(void)state;
	for (kind = 0; kind < KINDS; kind++) {
		world_init(&world, 60);
		if (kind == LIVE || kind == PARTLY)
			tell_namespace(&world, &facts);
		world.scene.polled = kind == POLLED;
		world.scene.recorded = kind == RECORDED;
		if (kind == RECORDED)
			world.scene.facts = NULL;
		memset(&diagnosis, 0, sizeof(diagnosis));
		diagnosis.scene = world.scene;
		diagnosis.config.partial = kind == PARTLY;
		judge_all(&diagnosis, world.verdicts);
		for (code = 0; code < CODES; code++) {
			const struct not_examined *told = &diagnosis.not_examined[code];
			const char *reason = rows[code][kind];

			if (told->is != !!reason || (reason && !strstr(told->reason, reason)))
				fail_msg("kind %u: %s is told \"%s\", not \"%s\"", kind, code_rows[code].name, told->is ? told->reason : "",
					 reason ?: "");
		}
		world_release(&world);
	}
}

/* Of each threshold a value outside its range, no number, a number and more, and nothing: each time a sentence, and nothing is set. */
static void each_threshold(void **state)
{
	static const char *const bad[] = { "", "x", "nan", "-1", "1e300", "1x", "0x", "inf", " " };
	struct thresholds thresholds, defaults;
	char item[80], error[2000];
	size_t i, k;

	(void)state;
	thresholds_init(&defaults);
	for (i = 0; i < THRESHOLDS; i++) {
		for (k = 0; k < ARRAY_SIZE(bad); k++) {
			thresholds_init(&thresholds);
			error[0] = '\0';
			snprintf(item, sizeof(item), "%s=%s", threshold_rows[i].name, bad[k]);
			if (thresholds_parse(&thresholds, item, error, sizeof(error)) != -EINVAL || !strstr(error, threshold_rows[i].name))
				fail_msg("%s: \"%s\"", item, error);
			assert_memory_equal(&thresholds, &defaults, sizeof(defaults));
		}
		thresholds_init(&thresholds);
		snprintf(item, sizeof(item), "%s=%g,%s=%g", threshold_rows[i].name, threshold_rows[i].min, threshold_rows[i].name,
			 threshold_rows[i].max);
		assert_int_equal(thresholds_parse(&thresholds, item, error, sizeof(error)), 0);
		assert_true(thresholds.values[i] == threshold_rows[i].max);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_of_descriptors), cmocka_unit_test(text_of_orphans),
		cmocka_unit_test(connection_per_request_words),
		cmocka_unit_test(several_victims),
		cmocka_unit_test(connection_per_request), cmocka_unit_test(refused),	      cmocka_unit_test(resets),
		cmocka_unit_test(no_answer),		  cmocka_unit_test(close_wait),	      cmocka_unit_test(leak_that_grows_no_more),
		cmocka_unit_test(waiting_states),
		cmocka_unit_test(queue_is_as_of_the_last_look),
		cmocka_unit_test(accept_queue_is_as_of_the_last_look),
		cmocka_unit_test(thresholds_are_set),	  cmocka_unit_test(table_is_whole), cmocka_unit_test(counters_lately),
		cmocka_unit_test(limits_of_the_machine),	  cmocka_unit_test(unknown_limit),	      cmocka_unit_test(settings),
		cmocka_unit_test(overflow_of_whom),	  cmocka_unit_test(one_address),      cmocka_unit_test(cliff_subject),
		cmocka_unit_test(overflow),		  cmocka_unit_test(not_examined),      cmocka_unit_test(each_threshold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
