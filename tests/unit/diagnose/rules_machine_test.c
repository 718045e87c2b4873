// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Rules about what is the machine's: limits, counters, settings. A table each, in which what must be found stands beside what nearly is. */
#include "diagnose_rules_world.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_of_the_machine),
		cmocka_unit_test(unknown_limit),
		cmocka_unit_test(settings),
		cmocka_unit_test(overflow),
		cmocka_unit_test(overflow_of_whom),
		cmocka_unit_test(counters_lately),
		cmocka_unit_test(text_of_orphans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
