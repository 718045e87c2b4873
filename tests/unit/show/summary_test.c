// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a report sums up, of programs of which each process lives for one request. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "show/summary/episodes.h"
#include "show/summary/makers.h"
#include "show/summary/port_holder.h"
#include "util/tcp_state.h"

static const struct container no_container;

static const char *written(const struct makers *makers)
{
	static char text[4096];
	struct output output;
	int fds[2];
	ssize_t size;

	assert_int_equal(pipe(fds), 0);
	output_init(&output, fds[1]);
	makers_write(makers, "TIME_WAIT", false, &output);
	assert_int_equal(output_flush(&output), 0);
	output_release(&output);
	close(fds[1]);
	size = read(fds[0], text, sizeof(text) - 1);
	close(fds[0]);
	text[size > 0 ? size : 0] = '\0';
	return text;
}

static void processes_of_one_name_are_one_maker(void **state)
{
	struct makers makers = {};
	char label[32];
	int i;

	(void)state;
	assert_string_equal(written(&makers), "");
	makers_add(&makers, "worker[7]", 30, 0);
	makers_add(&makers, "worker[8]", 40, 0);
	makers_add(&makers, "worker[9]", 40, 0);
	makers_add(&makers, "unknown", 35, 0);
	for (i = 0; i < 100; i++) {
		snprintf(label, sizeof(label), "psql[%d]", 1000 + i);
		makers_add(&makers, label, 1, 0);
	}
	assert_string_equal(written(&makers), "TIME_WAIT entered by psql (100 processes) 100, worker[8] 40, worker[9] 40, unknown 35, worker[7] 30\n");
	makers_add(&makers, "last[1]", 1, 0);
	assert_string_equal(written(&makers), "TIME_WAIT entered by psql (100 processes) 100, worker[8] 40, worker[9] 40, unknown 35, worker[7] 30, and others\n");
	makers_add(&makers, "worker[10]", 1, 0);
	assert_string_equal(written(&makers), "TIME_WAIT entered by worker (4 processes) 111, psql (100 processes) 100, unknown 35, last[1] 1\n");
	makers_release(&makers);
}

/* Of a program that is started for each request when it failed last, and how often. */
static void episode_of_many_goes_on(void **state)
{
	const uint64_t second = 1000000000;
	struct episodes episodes = {};
	const struct episode *last;
	uint64_t count = 0, end_ns = 0;
	char who[32];
	size_t i;

	(void)state;
	for (i = 0; i < 5000; i++) {
		snprintf(who, sizeof(who), "curl[%zu]", 100 + i);
		assert_non_null(episodes_note(&episodes, 1, who, "10.0.0.5:80", (1 + i) * second));
	}
	last = &episodes.list[episodes.count - 1];
	assert_true(last->many);
	assert_string_equal(last->who, "curl");
	for (i = 0; i < episodes.count; i++) {
		assert_true(episodes_are_alike(&episodes.list[0], &episodes.list[i]));
		count += episodes.list[i].count;
		end_ns = episodes.list[i].end_ns > end_ns ? episodes.list[i].end_ns : end_ns;
	}
	assert_int_equal(count, 5000);
	assert_int_equal(end_ns, 5000 * second);
	assert_int_equal(episodes.unnamed, 0);
	assert_null(episodes_note(&episodes, 1, "unknown", "10.0.0.5:80", second));
	assert_int_equal(episodes.unnamed, 1);
	episodes_release(&episodes);
}

static void connection(struct model *model, uint64_t id, uint16_t port, uint32_t pid, const char *comm)
{
	struct event event = {
		.record = { .type = RECORD_TRANSITION, .id = id, .time_ns = 1000, .old_state = STATE_SYN_SENT, .new_state = STATE_ESTABLISHED,
			    .side = SIDE_ACTIVE, .owner = { .start_ns = pid, .pid = pid },
			    .endpoint = { .local_port = port, .remote_port = 5432, .netns = 5 } },
		.container = &no_container,
	};

	snprintf(event.record.owner.comm, sizeof(event.record.owner.comm), "%s", comm);
	model_event(model, &event);
}

/* A hundred with one port each have more than one that has eleven. */
static void holder_of_ports_is_a_program(void **state)
{
	const struct model_config config = {
		.states = 1U << STATE_ESTABLISHED, .followed = 1U << STATE_ESTABLISHED, .groupings = { GROUP_PROCESS }, .n_groupings = 1, .keep_ends = true,
	};
	const struct endpoint to = { .remote_port = 5432, .netns = 5 }, elsewhere = { .remote_port = 5433, .netns = 5 };
	struct model *model = model_new(&config);
	struct port_holder_found found;
	uint64_t id = 0;

	(void)state;
	assert_non_null(model);
	assert_null(port_holder_find(model, &to).process);
	while (id++ < 11)
		connection(model, id, 40000 + id, 7, "pgbouncer");
	found = port_holder_find(model, &to);
	assert_int_equal(found.process->pid, 7);
	assert_true(found.processes == 1 && found.ports == 11);
	for (; id <= 111; id++)
		connection(model, id, 40000 + id, 1000 + id, "psql");
	connection(model, id, 0, 5000, "psql"); /* it finds no port */
	found = port_holder_find(model, &to);
	assert_string_equal(found.process->comm, "psql");
	assert_true(found.processes == 100 && found.ports == 100);
	assert_null(port_holder_find(model, &elsewhere).process);
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(processes_of_one_name_are_one_maker),
		cmocka_unit_test(episode_of_many_goes_on),
		cmocka_unit_test(holder_of_ports_is_a_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
