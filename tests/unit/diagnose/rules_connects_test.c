// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Rules about connects: requests, ports, refusals, resets. A table each, in which what must be found stands beside what nearly is. */
#include "diagnose_rules_world.h"

#include <errno.h>

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

/* It runs out of ports in so many seconds, at a rate that has been the same all the time. */
static void add_running_out(struct world *world, uint32_t netns, uint16_t port, double wall_in_s)
{
	struct destination_key key = { .netns = netns, .remote_port = port };
	struct destination *destination;
	unsigned int i;

	memcpy(key.remote_addr, flow_of(0, 0, 0, 0).key.remote_addr, 16);
	destination = destinations_get(&world->ports.destinations, &key);
	assert_non_null(destination);
	for (i = 10; i > 0; i--) {
		destination->counts.opened += 30;
		rate_window_sample(&destination->window, world->scene.now_ns - i * SECOND, &destination->counts);
	}
	destination->counts.opened += 30;
	destination->known = true;
	destination->headroom = (struct headroom){ .capacity = 1000, .usable = 500, .used = 500 };
	destination->rates.opened = 30;
	destination->sustainable = 16.7;
	destination->wall_in_s = wall_in_s;
}

/* A service in many namespaces is told once, by the one that fails first; another program, or another service, for itself. */
static void ports_of_many(void **state)
{
	static const struct {
		uint32_t netns[3];
		uint16_t port[3];
		const char *comm[3];
		size_t found;
		const char *words; /* of the first */
	} rows[] = {
		{ { 5, 6, 7 }, { 80, 80, 80 }, { "shop", "shop", "shop" }, 1, "shop[812] opens 30 connections a second, 1000 ports bear 16.7; the same for 2 others like it" },
		{ { 5, 6, 7 }, { 80, 80, 80 }, { "shop", "shop", "mails" }, 2, "; the same for 1 other like it" },
		{ { 5, 6, 7 }, { 80, 80, 81 }, { "shop", "shop", "shop" }, 2, "; the same for 1 other like it" },
		{ { 5, 5, 5 }, { 80, 80, 80 }, { "shop", "mails", "bills" }, 1, " and 2 others open 30 connections a second, 1000 ports bear 16.7" },
	};
	struct flow flows[3];
	struct world world;
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		world_init(&world, 12);
		for (k = 0; k < 3; k++) {
			flows[k] = flow_of(100, 100, 0.01, 5);
			flows[k].key.netns = rows[i].netns[k];
			flows[k].key.service_port = rows[i].port[k];
			flows[k].key.pid = flows[k].process.pid = 812 + k;
			memset(flows[k].process.comm, 0, COMM_BYTES);
			strcpy(flows[k].process.comm, rows[i].comm[k]);
			HASH_ADD(hh, world.flows.table, key, sizeof(flows[k].key), (&flows[k]));
			if (!k || rows[i].netns[k] != rows[i].netns[0])
				add_running_out(&world, rows[i].netns[k], rows[i].port[k], 20 + k);
		}
		assert_int_equal(judged(&world, TD103), rows[i].found);
		unit_assert_contains(world.verdicts->findings[0].title, rows[i].words);
		HASH_CLEAR(hh, world.flows.table);
		world_release(&world);
	}
}

static const struct process_facts *program_of_pid(const void *context, const struct process *process)
{
	static const struct process_facts scripts[] = { { .program = "python3 orders.py" }, { .program = "python3 bills.py" } };

	(void)context;
	return process->pid == 814 ? NULL : &scripts[process->pid - 812];
}

/* Two scripts of one interpreter are two programs, each in its container; one of which only the name is known is like the first. */
static void ports_of_scripts(void **state)
{
	struct flow flows[3];
	struct world world;
	size_t k;

	(void)state;
	world_init(&world, 12);
	world.scene.facts = program_of_pid;
	for (k = 0; k < 3; k++) {
		flows[k] = flow_of(100, 100, 0.01, 5);
		flows[k].key.netns = 5 + k;
		flows[k].key.pid = flows[k].process.pid = 812 + k;
		HASH_ADD(hh, world.flows.table, key, sizeof(flows[k].key), (&flows[k]));
		add_running_out(&world, 5 + k, flows[k].key.service_port, 20 + k);
	}
	assert_int_equal(judged(&world, TD103), 2);
	unit_assert_contains(world.verdicts->findings[0].title, "; the same for 1 other like it");
	assert_string_equal(world.verdicts->findings[0].subject.program, "python3 orders.py");
	assert_string_equal(world.verdicts->findings[1].subject.program, "python3 bills.py");
	HASH_CLEAR(hh, world.flows.table);
	world_release(&world);
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
		uint32_t resets, ended, queued;
		size_t found;
	} rows[] = { { 10, 10, 0, 1 }, { 10, 20, 0, 1 }, { 10, 21, 0, 0 }, { 9, 9, 0, 0 }, { 65, 14, 65, 0 }, { 20, 20, 11, 0 } };
	struct flow flow;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		flow = flow_of(rows[i].ended, rows[i].ended, 1, 5);
		flow.counts[FLOW_RESET] = rows[i].resets;
		flow.counts[FLOW_RESET_QUEUED] = rows[i].queued;
		assert_int_equal(judge_flow(TD172, &flow, NULL), rows[i].found);
	}
}

static void no_answer(void **state)
{
	static const struct {
		uint32_t timeout, abandoned, unreachable, opened, refused;
		size_t found;
	} rows[] = { { 5, 0, 0, 0, 0, 1 }, { 2, 3, 0, 0, 0, 1 }, { 4, 0, 0, 0, 0, 0 }, { 50, 0, 0, 1, 0, 0 }, { 50, 0, 0, 0, 1, 0 },
		     { 0, 0, 3, 0, 0, 1 }, { 0, 0, 2, 0, 0, 0 } };
	struct flow flow;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		flow = flow_of(rows[i].opened, 0, 0, 5);
		flow.counts[FLOW_TIMEOUT] = rows[i].timeout;
		flow.counts[FLOW_ABANDONED] = rows[i].abandoned;
		flow.counts[FLOW_UNREACHABLE] = rows[i].unreachable;
		flow.counts[FLOW_REFUSED] = rows[i].refused;
		assert_int_equal(judge_flow(TD151, &flow, NULL), rows[i].found);
	}
}

/* A few that nothing answered for long: one that waits, one that ended, one after another; and what is nearly so. */
static void no_answer_for_long(void **state)
{
	static const struct {
		struct unanswered unanswered;
		uint32_t opened;
		size_t found;
		const char *words;
	} rows[] = {
		{ { 1060 * SECOND, 8 * SECOND, 1, 0, 0 }, 0, 1, ": 1 connect ended without one, none was answered in the last 10 seconds" },
		{ { 1040 * SECOND, 3 * SECOND, 4, 0, 0 }, 0, 1, ": 4 connects ended without one, none was answered in the last 30 seconds" },
		{ { 1040 * SECOND, 3 * SECOND, 4, 3, EHOSTUNREACH }, 0, 1, ": 4 connects ended with EHOSTUNREACH (host unreachable), none" },
		{ { 1040 * SECOND, 3 * SECOND, 4, 1, EHOSTUNREACH }, 0, 1, ": 4 connects ended without one" },
		{ { 1040 * SECOND, 3 * SECOND, 4, 0, 0 }, 1, 0, NULL }, /* one was answered */
		{ { 1060 * SECOND, 3 * SECOND, 1, 0, 0 }, 0, 0, NULL }, /* it was given up */
		{ { 1065 * SECOND, 3 * SECOND, 2, 0, 0 }, 0, 0, NULL }, /* for not so long */
	};
	struct world world;
	struct flow flow;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		world_init(&world, 70);
		flow = flow_of(rows[i].opened, 0, 0, 5);
		flow.unanswered = rows[i].unanswered;
		HASH_ADD(hh, world.flows.table, key, sizeof(flow.key), (&flow));
		assert_int_equal(judged(&world, TD151), rows[i].found);
		if (rows[i].found) {
			unit_assert_contains(world.verdicts->findings[0].title, rows[i].words);
			assert_int_equal(world.verdicts->findings[0].severity, SEVERITY_NOTE);
		}
		HASH_CLEAR(hh, world.flows.table);
		world_release(&world);
	}
}

/* A name with two addresses, of which one does not work: what the client does about it is all right, and costs nothing or some time. */
static void no_answer_at_one_address(void **state)
{
	static const struct {
		uint64_t failures[FLOW_COUNTS];
		struct unanswered unanswered;
		uint32_t opened; /* at the other address */
		uint16_t other_port;
		size_t found;
		enum severity severity;
	} rows[] = {
		{ { [FLOW_UNREACHABLE] = 10 }, { 1061 * SECOND, 0, 10, 10, ENETUNREACH }, 0, 80, 1, SEVERITY_NOW },
		{ { [FLOW_UNREACHABLE] = 10 }, { 1061 * SECOND, 0, 10, 10, ENETUNREACH }, 5, 80, 0, 0 },
		{ { [FLOW_UNREACHABLE] = 10 }, { 1061 * SECOND, 0, 10, 10, ENETUNREACH }, 5, 81, 1, SEVERITY_NOW }, /* of something else */
		{ { [FLOW_UNREACHABLE] = 10 }, { 1061 * SECOND, 3 * SECOND, 10, 10, ENETUNREACH }, 5, 80, 1, SEVERITY_NOTE }, /* each time it waits first */
		{ { [FLOW_ABANDONED] = 10 }, {}, 5, 80, 0, 0 }, /* it goes to the other after 250 ms */
		{ { [FLOW_ABANDONED] = 10 }, {}, 0, 80, 1, SEVERITY_NOW },
		{ { [FLOW_ABANDONED] = 10 }, { 1061 * SECOND, 3 * SECOND, 1, 0, 0 }, 5, 80, 1, SEVERITY_NOTE }, /* once it waited for longer */
	};
	struct flow flow, other;
	struct world world;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		world_init(&world, 70);
		flow = flow_of(0, 0, 0, 5);
		memcpy(flow.counts, rows[i].failures, sizeof(flow.counts));
		flow.unanswered = rows[i].unanswered;
		other = flow_of(rows[i].opened, 0, 0, 5);
		other.key.remote_addr[15]++;
		other.key.service_port = rows[i].other_port;
		HASH_ADD(hh, world.flows.table, key, sizeof(flow.key), (&flow));
		HASH_ADD(hh, world.flows.table, key, sizeof(other.key), (&other));
		assert_int_equal(judged(&world, TD151), rows[i].found);
		if (rows[i].found)
			assert_int_equal(world.verdicts->findings[0].severity, rows[i].severity);
		HASH_CLEAR(hh, world.flows.table);
		world_release(&world);
	}
}

/* One connect() after another: a note, until nothing has answered for a minute. */
static void no_answer_for_a_minute(void **state)
{
	static const struct {
		struct unanswered unanswered;
		enum severity severity;
	} rows[] = {
		{ { 1005 * SECOND, 20 * SECOND, 3, 0, 0 }, SEVERITY_NOW },
		{ { 1005 * SECOND, 20 * SECOND, 2, 0, 0 }, SEVERITY_NOTE },
		{ { 1015 * SECOND, 20 * SECOND, 3, 0, 0 }, SEVERITY_NOTE },
		{ { 1005 * SECOND, 0, 30, 30, EHOSTUNREACH }, SEVERITY_NOW },
	};
	struct world world;
	struct flow flow;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		world_init(&world, 70);
		flow = flow_of(0, 0, 0, 5);
		flow.unanswered = rows[i].unanswered;
		HASH_ADD(hh, world.flows.table, key, sizeof(flow.key), (&flow));
		assert_int_equal(judged(&world, TD151), 1);
		assert_int_equal(world.verdicts->findings[0].severity, rows[i].severity);
		HASH_CLEAR(hh, world.flows.table);
		world_release(&world);
	}
}

/*
 * A crawler, of whose hosts many do not answer, or have one address without a way beside one that works: whatever it is, the connection
 * of another program that nothing answers is told beside it.
 */
static void no_answer_beside_many(void **state)
{
	enum { HOSTS = 40 };
	static const struct {
		struct unanswered unanswered;
		size_t found;
	} rows[] = {
		{ { 1040 * SECOND, 0, 2, 2, ENETUNREACH }, 1 }, /* it costs nothing */
		{ { 1060 * SECOND, 8 * SECOND, 1, 0, 0 }, 1 + 32 },
	};
	struct flow dead, working, failing[HOSTS];
	struct world world;
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		world_init(&world, 70);
		dead = flow_of(0, 0, 0, 5);
		strcpy(dead.process.comm, "zorders");
		dead.key.start_ns = ++dead.process.start_ns;
		dead.unanswered = rows[1].unanswered;
		HASH_ADD(hh, world.flows.table, key, sizeof(dead.key), (&dead));
		working = flow_of(5, 0, 0, 5);
		working.key.remote_addr[15] = 1;
		HASH_ADD(hh, world.flows.table, key, sizeof(working.key), (&working));
		for (k = 0; k < HOSTS; k++) {
			failing[k] = flow_of(0, 0, 0, 5);
			failing[k].key.remote_addr[14] = 2 + k;
			failing[k].unanswered = rows[i].unanswered;
			HASH_ADD(hh, world.flows.table, key, sizeof(failing[k].key), (&failing[k]));
		}
		assert_int_equal(judged(&world, TD151), rows[i].found);
		unit_assert_contains(world.verdicts->findings[rows[i].found - 1].title, "zorders");
		HASH_CLEAR(hh, world.flows.table);
		world_release(&world);
	}
}

/* In SYN_SENT, for so long. */
static void add_waiting(struct world *world, uint64_t id, const struct flow *flow, uint64_t age_ns)
{
	struct live_sockets *sockets = &world->ports.books->sockets;
	struct endpoint endpoint = { .netns = flow->key.netns, .local_port = 40000 + id, .remote_port = flow->key.service_port };
	struct live_socket *socket = live_sockets_add(sockets, id);

	assert_non_null(socket);
	memcpy(endpoint.remote_addr, flow->key.remote_addr, 16);
	socket->state = STATE_SYN_SENT;
	socket->side = SIDE_ACTIVE;
	socket->since_ns = world->scene.now_ns - age_ns;
	live_socket_set_endpoint(sockets, socket, &endpoint);
	world->causes.states[STATE_SYN_SENT]++;
}

/* The title tells what most of them do: one that waits beside four that were given up is not all that happened. */
static void no_answer_titles(void **state)
{
	static const struct {
		uint32_t waits, abandoned;
		uint64_t age_ns;
		const char *words;
	} rows[] = { { 1, 4, 2 * SECOND, ": 4 connects ended without one, " },
		     { 5, 0, 2 * SECOND, ": 5 connects wait, the first for " },
		     { 4, 1, 2 * SECOND, ": 4 connects wait, the first for " },
		     { 1, 0, 7 * SECOND, ": 1 connect waits for 7 seconds" },
		     { 1, 0, 6 * SECOND, NULL } };
	struct flow flow, other;
	struct world world;
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		world_init(&world, 70);
		other = flow = flow_of(0, 0, 0, 5);
		flow.key.start_ns = scene_process(&world.scene, 0)->process.start_ns;
		flow.counts[FLOW_ABANDONED] = rows[i].abandoned;
		HASH_ADD(hh, world.flows.table, key, sizeof(flow.key), (&flow));
		for (k = 0; k < rows[i].waits; k++)
			add_waiting(&world, 1 + k, &flow, rows[i].age_ns);
		other.key.remote_addr[15]++; /* what waits for another host is another's */
		add_waiting(&world, 100, &other, 60 * SECOND);
		assert_int_equal(judged(&world, TD151), rows[i].words != NULL);
		if (rows[i].words)
			unit_assert_contains(world.verdicts->findings[0].title, rows[i].words);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connection_per_request),
		cmocka_unit_test(connection_per_request_words),
		cmocka_unit_test(several_victims),
		cmocka_unit_test(ports_of_many),
		cmocka_unit_test(ports_of_scripts),
		cmocka_unit_test(refused),
		cmocka_unit_test(resets),
		cmocka_unit_test(no_answer),
		cmocka_unit_test(no_answer_for_long),
		cmocka_unit_test(no_answer_at_one_address),
		cmocka_unit_test(no_answer_beside_many),
		cmocka_unit_test(no_answer_for_a_minute),
		cmocka_unit_test(no_answer_titles),
		cmocka_unit_test(one_address),
		cmocka_unit_test(cliff_subject),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
