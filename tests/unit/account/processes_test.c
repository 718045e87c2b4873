// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* When a process need not be looked for: only where that would have found the same. */
#include "unit.h"

#include "account/processes.h"

static const struct container nowhere;

static struct event event_of(const char *cgroup, const struct container *container)
{
	struct event event = { .record = { .time_ns = 7, .owner = { .start_ns = 5, .cgroup_id = 3, .pid = 11, .ns_pid = 1, .comm = "web" } } };

	event.cgroup_id = 3;
	event.cgroup = cgroup;
	event.container = container;
	return event;
}

static struct known_process *get(struct processes *processes, const struct event *event)
{
	const struct told_process told = {
		.process = &event->record.owner,
		.cgroup_id = event->record.owner.cgroup_id,
		.cgroup = event->cgroup,
		.container = event->container,
	};

	return processes_get(processes, &told, event->record.time_ns);
}

static bool is_still(struct processes *processes, const struct known_process *entry, const struct event *event)
{
	return processes_is_still(processes, entry->index, &event->record.owner, event);
}

static void each_change_is_looked_for(void **state)
{
	struct event event = event_of("/web", &nowhere), changed;
	struct known_process *entry;
	struct processes processes;

	(void)state;
	assert_int_equal(processes_init(&processes, 0), 0);
	entry = get(&processes, &event);
	assert_ptr_not_equal(entry, processes_at(&processes, 0));
	event.record.time_ns = 9;
	assert_true(is_still(&processes, entry, &event));
	assert_int_equal(entry->last_ns, 9);
	assert_ptr_equal(get(&processes, &event), entry);
	assert_false(is_still(&processes, processes_at(&processes, 0), &event));
	for (int i = 0; i < 6; i++) {
		changed = event;
		changed.record.owner.start_ns += i == 0;
		changed.record.owner.cgroup_id += i == 1;
		changed.record.owner.pid += i == 2;
		changed.record.owner.ns_pid += i == 3;
		changed.record.owner.comm[2] += i == 4;
		if (i == 5)
			memset(&changed.record.owner, 0, sizeof(changed.record.owner));
		assert_false(is_still(&processes, entry, &changed));
		assert_ptr_not_equal(get(&processes, &changed), entry);
		assert_true(is_still(&processes, entry, &event));
		assert_ptr_equal(get(&processes, &event), entry);
	}
	processes_release(&processes);
}

/* A path that becomes known makes another entry of it; names of a pod are taken over. */
static void names_are_taken_over(void **state)
{
	static const struct container named = { .pod = "web-0", .namespace = "shop", .name = "nginx" };
	struct event unnamed = event_of(NULL, &nowhere), event = event_of("/web", &nowhere);
	struct known_process *before, *entry;
	struct processes processes;

	(void)state;
	assert_int_equal(processes_init(&processes, 0), 0);
	before = get(&processes, &unnamed);
	before->refs++;
	assert_false(is_still(&processes, before, &event));
	entry = get(&processes, &event);
	assert_ptr_not_equal(entry, before);
	assert_false(is_still(&processes, before, &event));
	assert_true(is_still(&processes, entry, &unnamed));
	assert_ptr_equal(get(&processes, &unnamed), entry);
	event.container = &named;
	assert_false(is_still(&processes, entry, &event));
	assert_ptr_equal(get(&processes, &event), entry);
	assert_string_equal(entry->cgroup->container.pod, "web-0");
	assert_true(is_still(&processes, entry, &event));
	processes_release(&processes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_change_is_looked_for),
		cmocka_unit_test(names_are_taken_over),
	};

	return cmocka_run_group_tests_name("processes", tests, NULL, NULL);
}
