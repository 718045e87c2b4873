// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The metrics view over a made-up machine whose truth is known: sums, the budget of series, counters that only grow, hostile names. */
#include "export/metrics/metrics.h"

#include "account_world.h"
#include "event/listener.h"
#include "event/namespace_facts.h"
#include "export/metrics/labels.h"
#include "export/openmetrics.h"

#include <time.h>

#define SECOND 1000000000ULL

struct machine {
	struct world world;
	struct view *view;
	struct health health;
	uint32_t series;
};

static void tell(void *context, const struct event *event)
{
	struct machine *machine = context;

	assert_int_equal(machine->view->event(machine->view, event), 0);
}

static void machine_init(struct machine *machine, unsigned int processes, unsigned int remotes, struct metrics_config config)
{
	static const struct run run = { .version = "1", .kernel = "6.1", .begin_ns = WORLD_BEGIN_NS };

	memset(machine, 0, sizeof(*machine));
	world_init(&machine->world, processes, remotes);
	machine->world.tell = tell;
	machine->world.context = machine;
	machine->series = config.series ?: METRICS_SERIES_DEFAULT;
	machine->view = metrics_view_new(&config);
	assert_non_null(machine->view);
	assert_int_equal(machine->view->begin(machine->view, &run), 0);
}

static struct tick tick_of(struct machine *machine)
{
	return (struct tick){
		.time_ns = machine->world.now_ns,
		.unix_ns = machine->world.now_ns,
		.health = &machine->health,
		.totals = &machine->world.totals,
	};
}

/* The exposition, terminated; the caller's. Never more series than the budget. */
static char *scrape(struct machine *machine)
{
	struct tick tick = tick_of(machine);
	const struct buffer *text = metrics_render(machine->view, &tick);
	const char *line;
	uint32_t series = 0;
	char *copy;

	assert_non_null(text);
	copy = strndup(text->data, text->size);
	for (line = copy; *line; line = strchr(line, '\n') + 1)
		series += *line != '#';
	assert_true(series <= machine->series);
	return copy;
}

static void machine_release(struct machine *machine)
{
	metrics_view_free(machine->view);
}

/* The sum of all samples of a metric whose labels contain `label`; -1: there is none. */
static double sum(const char *text, const char *metric, const char *label)
{
	size_t size = strlen(metric);
	double sum = 0;
	bool any = false;

	for (; *text; text = strchr(text, '\n') + 1) {
		const char *end = strchr(text, '\n');

		if (strncmp(text, metric, size) || (text[size] != '{' && text[size] != ' ') ||
		    (*label && !memmem(text, end - text, label, strlen(label))))
			continue;
		any = true;
		while (end[-1] != ' ')
			end--;
		sum += strtod(end, NULL);
	}
	return any ? sum : -1;
}

static bool any_socket(const struct world_socket *socket, const void *key)
{
	(void)socket;
	(void)key;
	return true;
}

static void assert_sockets(struct machine *machine, const char *text)
{
	struct world *world = &machine->world;

	assert_int_equal(sum(text, "tcpdwell_sockets", "state=\"TIME_WAIT\""), world_live(world, STATE_TIME_WAIT, any_socket, NULL));
	assert_int_equal(sum(text, "tcpdwell_sockets", "state=\"CLOSE_WAIT\""), world_live(world, STATE_CLOSE_WAIT, any_socket, NULL));
}

static void assert_sums(struct machine *machine, const char *text)
{
	struct world *world = &machine->world;

	assert_sockets(machine, text);
	assert_int_equal(sum(text, "tcpdwell_time_wait_entered_total", ""), world->totals.states[STATE_TIME_WAIT].created);
	assert_int_equal(sum(text, "tcpdwell_close_wait_entered_total", ""), world->totals.states[STATE_CLOSE_WAIT].created);
}

/* Young, old, folded and forgotten: what is there altogether is always told, and no entry twice. */
static void sums_are_true(void **state)
{
	static const unsigned int processes[] = { 3, 50, 900 };
	struct machine machine;
	unsigned int i, round;
	char *text;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(processes); i++) {
		machine_init(&machine, processes[i], 20, (struct metrics_config){ .max_groups = 300 });
		for (round = 0; round < 40; round++) {
			world_run(&machine.world, 3000, round % 10);
			machine.world.now_ns += round % 7 * 60 * SECOND;
			text = scrape(&machine);
			assert_sockets(&machine, text);
			free(text);
		}
		machine.world.now_ns += 31 * SECOND;
		text = scrape(&machine);
		assert_sockets(&machine, text);
		if (processes[i] <= 50) /* of more some have gone by now, and their counters with them */
			assert_sums(&machine, text);
		free(text);
		machine_release(&machine);
	}
}

static void young_groups_wait(void **state)
{
	struct machine machine;
	char *text;

	(void)state;
	machine_init(&machine, 5, 2, (struct metrics_config){});
	world_run(&machine.world, 1000, 8);
	machine.world.now_ns = WORLD_BEGIN_NS + 29 * SECOND;
	text = scrape(&machine);
	assert_null(strstr(text, "comm=\"worker1\""));
	assert_int_equal(sum(text, "tcpdwell_sockets", "comm=\"~other\",state=\"TIME_WAIT\""),
			 world_live(&machine.world, STATE_TIME_WAIT, any_socket, NULL));
	free(text);
	machine.world.now_ns = WORLD_BEGIN_NS + 32 * SECOND;
	text = scrape(&machine);
	assert_non_null(strstr(text, "comm=\"worker1\""));
	assert_int_equal(sum(text, "tcpdwell_sockets", "comm=\"~other\",state=\"TIME_WAIT\""), 0);
	assert_sums(&machine, text);
	free(text);
	machine_release(&machine);
}

/* A series that is there in both has not fallen. */
static void assert_grows(const char *before, const char *after)
{
	for (; *before; before = strchr(before, '\n') + 1) {
		size_t key = strcspn(before, " \n");
		const char *at;
		char *name;

		if (*before == '#' || !memmem(before, key, "_total{", 7))
			continue;
		key = strchr(before, '}') - before + 1;
		name = strndup(before, key);
		at = strstr(after, name);
		if (at && strtoull(at + key, NULL, 10) < strtoull(before + key, NULL, 10))
			fail_msg("%s fell", name);
		free(name);
	}
}

static void counters_only_grow(void **state)
{
	struct machine machine;
	char *before = NULL, *after;
	unsigned int round;

	(void)state;
	machine_init(&machine, 400, 20, (struct metrics_config){ .series = 700, .max_groups = 250 });
	for (round = 0; round < 30; round++) {
		world_run(&machine.world, 2000, round % 10);
		machine.world.now_ns += 20 * SECOND;
		after = scrape(&machine);
		if (before)
			assert_grows(before, after);
		free(before);
		before = after;
	}
	assert_true(sum(before, "tcpdwell_workloads_folded", "") > 0);
	free(before);
	machine_release(&machine);
}

/* One connection of this process to this remote end that is in TIME_WAIT. */
static void tell_one(struct machine *machine, const char *comm, uint32_t pid, uint32_t remote)
{
	static const struct container nowhere;
	struct event event = { .container = &nowhere, .unix_ns = machine->world.now_ns, .record = {
		.type = RECORD_TRANSITION, .old_state = STATE_FIN_WAIT2, .new_state = STATE_TIME_WAIT, .side = SIDE_ACTIVE,
		.closed_by = CLOSED_BY_LOCAL, .time_ns = machine->world.now_ns, .id = ++machine->world.next_id,
		.owner = { .start_ns = 1000000000ULL * pid, .pid = pid },
	} };
	uint8_t remote_addr[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, remote >> 16, remote >> 8, remote };

	memcpy(event.record.endpoint.remote_addr, remote_addr, 16);
	event.record.endpoint.local_port = 40000 + pid % 20000;
	event.record.endpoint.remote_port = 443;
	memcpy(event.record.owner.comm, comm, strnlen(comm, COMM_BYTES - 1));
	event.record.closer = event.record.owner;
	totals_add(&machine->world.totals, &event);
	tell(machine, &event);
}

/* What the processor did for us: other work on the machine doesn't count. */
static uint64_t worked_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

/* 100,000 remote ends and 10,000 processes of as many names: the exposition stays below a megabyte. */
static void crowds_are_bounded(void **state)
{
	struct machine machine;
	unsigned int i;
	uint64_t begin_ns;
	char comm[16], *text;

	(void)state;
	machine_init(&machine, 1, 1, (struct metrics_config){});
	for (i = 0; i < 100000; i++) {
		snprintf(comm, sizeof(comm), "job%u", i % 10000);
		machine.world.now_ns += 1000000;
		tell_one(&machine, comm, 1 + i % 10000, i);
	}
	machine.world.now_ns += 31 * SECOND;
	free(scrape(&machine));
	machine.world.now_ns += 31 * SECOND;
	begin_ns = worked_ns();
	text = scrape(&machine);
	print_message("# %zu bytes in %.1f ms\n", strlen(text), (worked_ns() - begin_ns) / 1e6);
	assert_true(strlen(text) < 1000000);
	assert_true(worked_ns() - begin_ns < 10 * SECOND); /* with sanitizers, on a slow machine */
	assert_int_equal(sum(text, "tcpdwell_sockets", "state=\"TIME_WAIT\""), 100000);
	assert_int_equal(sum(text, "tcpdwell_time_wait_entered_total", ""), 100000);
	assert_true(sum(text, "tcpdwell_workloads_folded", "") > 1000);
	free(text);
	machine_release(&machine);
}

static void hostile_names_are_escaped(void **state)
{
	struct machine machine;
	char *text;

	(void)state;
	machine_init(&machine, 1, 1, (struct metrics_config){});
	tell_one(&machine, "a\"b\\c\nd", 1, 1);
	tell_one(&machine, "\xff\xfe{}", 2, 1);
	tell_one(&machine, "\xc3\xa9t\xc3\xa9", 3, 1);
	tell_one(&machine, "~other", 4, 1);
	machine.world.now_ns += 31 * SECOND;
	text = scrape(&machine);
	unit_assert_contains(text, "comm=\"a\\\"b\\\\c?d\",closed_by=\"local\"} 1\n");
	unit_assert_contains(text, "comm=\"\xef\xbf\xbd\xef\xbf\xbd{}\"");
	unit_assert_contains(text, "comm=\"\xc3\xa9t\xc3\xa9\"");
	assert_int_equal(sum(text, "tcpdwell_time_wait_entered_total", ""), 4);
	free(text);
	machine_release(&machine);
}

static void bounds_are_inclusive(void **state)
{
	static const struct family family = { "t_seconds", "A test.", FAMILY_HISTOGRAM };
	struct bounded_histogram histogram = {};
	struct metrics_text text;
	char *copy;

	(void)state;
	bounded_histogram_add(&histogram, dwell_bounds, SECOND);
	bounded_histogram_add(&histogram, dwell_bounds, SECOND + 1);
	bounded_histogram_add(&histogram, dwell_bounds, 100000 * SECOND);
	metrics_text_init(&text);
	metrics_family(&text, &family);
	metrics_histogram(&text, &(struct sample){ "a=\"b\"" }, &histogram, dwell_bounds);
	copy = strndup(text.buffer.data, text.buffer.size);
	unit_assert_contains(copy, "tcpdwell_t_seconds_bucket{a=\"b\",le=\"0.1\"} 0\n");
	unit_assert_contains(copy, "tcpdwell_t_seconds_bucket{a=\"b\",le=\"1.0\"} 1\n");
	unit_assert_contains(copy, "tcpdwell_t_seconds_bucket{a=\"b\",le=\"10.0\"} 2\n");
	unit_assert_contains(copy, "tcpdwell_t_seconds_bucket{a=\"b\",le=\"+Inf\"} 3\n");
	unit_assert_contains(copy, "tcpdwell_t_seconds_sum{a=\"b\"} 100002.000000001\n");
	unit_assert_contains(copy, "tcpdwell_t_seconds_count{a=\"b\"} 3\n");
	assert_int_equal(text.series, METRICS_HISTOGRAM_SERIES);
	free(copy);
	metrics_text_release(&text);
}

static void tell_listener_in(struct machine *machine, uint64_t id, const char *comm, const struct listener_facts *facts, uint32_t netns)
{
	static const struct container nowhere;
	struct event event = {
		.record = { .type = RECORD_LISTENER, .id = id, .time_ns = machine->world.now_ns, .old_state = STATE_LISTEN, .new_state = STATE_LISTEN,
			    .side = SIDE_PASSIVE, .attribution = ATTRIBUTION_OBSERVED, .endpoint = { .local_port = 8000 + id, .netns = netns },
			    .owner = { .start_ns = 50000 + *comm, .pid = 50000 + *comm } },
		.container = &nowhere,
		.listener = facts,
	};

	snprintf(event.record.owner.comm, sizeof(event.record.owner.comm), "%s", comm);
	tell(machine, &event);
}

static void tell_listener(struct machine *machine, uint64_t id, const char *comm, const struct listener_facts *facts)
{
	tell_listener_in(machine, id, comm, facts, 7);
}

static void tell_namespace(struct machine *machine, uint64_t drops)
{
	static const struct container nowhere;
	static struct namespace_facts facts;
	struct event event = {
		.record = { .type = RECORD_NAMESPACE, .time_ns = machine->world.now_ns, .endpoint.netns = 7 },
		.container = &nowhere,
		.namespace = &facts,
	};

	facts.counters[NS_LISTEN_DROPS] = (struct namespace_count){ .known = NS_KNOWN, .total = drops, .grown = drops };
	tell(machine, &event);
}

static double of(struct machine *machine, const char *metric, const char *label)
{
	char *text = scrape(machine);
	double value = sum(text, metric, label);

	free(text);
	return value;
}

/* Of several listening sockets the fullest is told; what they dropped stays counted when they are gone. */
static void accept_queues_are_told(void **state)
{
	struct listener_facts empty = { .backlog = 128, .alone = true }, full = { .depth = 5, .backlog = 4, .alone = true };
	static const struct listener_facts gone = { .gone = true };
	struct machine machine;

	(void)state;
	machine_init(&machine, 1, 1, (struct metrics_config){ .min_age_ns = 1 });
	tell_namespace(&machine, 0);
	tell_listener(&machine, 1, "api", &empty);
	tell_listener(&machine, 2, "api", &full);
	tell_listener(&machine, 3, "well", &empty);
	free(scrape(&machine));
	machine.world.now_ns += SECOND;
	assert_int_equal(of(&machine, "tcpdwell_accept_queue_connections", "comm=\"api\""), 5);
	assert_int_equal(of(&machine, "tcpdwell_accept_queue_limit", "comm=\"api\""), 4);
	assert_int_equal(of(&machine, "tcpdwell_accept_queue_connections", "comm=\"well\""), 0);
	assert_int_equal(of(&machine, "tcpdwell_accept_queue_limit", "comm=\"well\""), 128);
	assert_int_equal(of(&machine, "tcpdwell_accept_queue_limit", "comm=\"~other\""), 0);
	assert_int_equal(of(&machine, "tcpdwell_accept_queue_drops_total", "comm=\"api\""), -1);
	full.drops = full.new_drops = 9;
	tell_listener(&machine, 2, "api", &full);
	tell_namespace(&machine, 7);
	machine.world.now_ns += SECOND;
	assert_int_equal(of(&machine, "tcpdwell_accept_queue_drops_total", "comm=\"api\""), 7);
	assert_int_equal(of(&machine, "tcpdwell_accept_queue_drops_total", "comm=\"api\""), 7);
	tell_listener(&machine, 2, "api", &gone);
	machine.world.now_ns += SECOND;
	assert_int_equal(of(&machine, "tcpdwell_accept_queue_connections", "comm=\"api\""), 0);
	assert_int_equal(of(&machine, "tcpdwell_accept_queue_limit", "comm=\"api\""), 128);
	assert_int_equal(of(&machine, "tcpdwell_accept_queue_drops_total", "comm=\"api\""), 7);
	machine_release(&machine);
}

/* 5,000 services that listen, each of another name: the budget holds, and the fullest queue of those without series is in ~other. */
static void crowds_of_queues_are_bounded(void **state)
{
	struct listener_facts facts = { .backlog = 128, .alone = true }, full = { .depth = 129, .backlog = 128, .alone = true };
	struct machine machine;
	unsigned int i;
	char comm[16];

	(void)state;
	machine_init(&machine, 1, 1, (struct metrics_config){ .min_age_ns = 3600 * SECOND, .series = 500 });
	for (i = 0; i < 5000; i++) {
		snprintf(comm, sizeof(comm), "%c%u", 'a' + i % 26, i);
		tell_listener(&machine, i + 1, comm, i == 4321 ? &full : &facts);
	}
	assert_int_equal(of(&machine, "tcpdwell_accept_queue_connections", "comm=\"~other\""), 129);
	assert_int_equal(of(&machine, "tcpdwell_accept_queue_limit", "comm=\"~other\""), 128);
	machine_release(&machine);
}

/* What a run without end looks for, and what it can't say is absent. */
static void findings_are_of_what_is_looked_for(void **state)
{
	static const struct { const char *code; bool told; } rows[] = {
		{ "TD105", false }, { "TD113", true }, { "TD123", false }, { "TD131", true }, { "TD161", true }, { "TD171", false },
		{ "TD181", true }, { "TD191", false },
	};
	struct listener_facts facts = { .backlog = 128, .alone = true };
	struct machine machine;
	char label[16];
	size_t i;

	(void)state;
	machine_init(&machine, 1, 1, (struct metrics_config){});
	assert_int_equal(of(&machine, "tcpdwell_findings", "TD131"), -1); /* nothing was looked at yet */
	tell_namespace(&machine, 0);
	tell_listener(&machine, 1, "api", &facts);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(label, sizeof(label), "%s", rows[i].code);
		if ((of(&machine, "tcpdwell_findings", label) >= 0) != rows[i].told)
			fail_msg("%s", label);
	}
	/* Something listens in a namespace that may not be entered: its accept queue is seen, what is counted there is not. */
	tell_listener_in(&machine, 2, "pod", &facts, 8);
	machine.world.now_ns += SECOND;
	assert_int_equal(of(&machine, "tcpdwell_findings", "TD131"), 0);
	assert_int_equal(of(&machine, "tcpdwell_findings", "TD181"), -1);
	assert_int_equal(of(&machine, "tcpdwell_findings", "TD161"), -1);
	machine_release(&machine);
}

static void openmetrics_names_families_without_total(void **state)
{
	static const char text[] = "# HELP a_total A total of b_total.\n# TYPE a_total counter\na_total{x=\"y_total \"} 1\n"
				   "# HELP g G.\n# TYPE g gauge\ng 2\n";
	struct buffer out;

	(void)state;
	buffer_init(&out);
	openmetrics_of(&out, text, sizeof(text) - 1);
	buffer_append_char(&out, '\0');
	assert_string_equal(out.data, "# HELP a A total of b_total.\n# TYPE a counter\na_total{x=\"y_total \"} 1\n"
				      "# HELP g G.\n# TYPE g gauge\ng 2\n# EOF\n");
	buffer_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_true),
		cmocka_unit_test(young_groups_wait),
		cmocka_unit_test(counters_only_grow),
		cmocka_unit_test(crowds_are_bounded),
		cmocka_unit_test(hostile_names_are_escaped),
		cmocka_unit_test(bounds_are_inclusive),
		cmocka_unit_test(accept_queues_are_told),
		cmocka_unit_test(crowds_of_queues_are_bounded),
		cmocka_unit_test(findings_are_of_what_is_looked_for),
		cmocka_unit_test(openmetrics_names_families_without_total),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
