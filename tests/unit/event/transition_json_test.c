// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Lines of events: what is remembered of owners must never be another's. */
#include "recording_unit.h"

#include "event/transition.h"

static struct json json;

/* The line as text. */
static const char *line_of(const struct event *event)
{
	json_clear(&json);
	event_json(&json, event);
	assert_int_equal(json_error(&json), 0);
	buffer_append_char(&json.buffer, '\0');
	return json.data;
}

static void assert_tells(const struct event *event, const char *fragment)
{
	/* Twice: as it is new, and as it is remembered. */
	for (int i = 0; i < 2; i++)
		if (!strstr(line_of(event), fragment))
			fail_msg("no %s in %s", fragment, json.data);
}

static void each_change_of_an_owner_is_told(void **state)
{
	struct container container = {}, other = {};
	struct event event = event_of(1, STATE_FIN_WAIT2, STATE_TIME_WAIT, 100), changed;

	(void)state;
	json_init(&json);
	event.container = &container;
	assert_tells(&event, "\"owner_pid\":4711,\"owner_ns_pid\":12,\"owner_comm\":\"java\",\"closer_pid\":null");
	changed = event;
	strcpy(changed.record.owner.comm, "jova");
	assert_tells(&changed, "\"owner_comm\":\"jova\"");
	changed = event;
	changed.record.owner.pid = 4712;
	assert_tells(&changed, "\"owner_pid\":4712,");
	changed = event;
	changed.record.closer = (struct process){ 78, 5, 4713, 13, "nginx" };
	assert_tells(&changed, "\"closer_pid\":4713,\"closer_ns_pid\":13,\"closer_comm\":\"nginx\"");
	changed = event;
	changed.record.attribution = ATTRIBUTION_SEEDED;
	assert_tells(&changed, "\"attribution\":\"seeded\"");
	changed = event;
	changed.record.flags = FLAG_IN_ACCEPT_QUEUE;
	assert_tells(&changed, "\"in_accept_queue\":true");
	changed = event;
	changed.cgroup = "/b";
	assert_tells(&changed, "\"cgroup\":\"/b\"");
	changed.cgroup = NULL;
	assert_tells(&changed, "\"cgroup\":null");
	changed = event;
	changed.cgroup_id = 6;
	assert_tells(&changed, "\"cgroup_id\":6,");
	changed = event;
	changed.container = &other;
	strcpy(other.id, "abc");
	assert_tells(&changed, "\"container_id\":\"abc\"");
	strcpy(other.pod_uid, "def");
	assert_tells(&changed, "\"pod_uid\":\"def\"");
	assert_tells(&event, "\"cgroup\":\"/a\",\"container_id\":null,\"pod_uid\":null");
	json_release(&json);
}

/* Names that are too long to be remembered are told all the same. */
static void long_names_are_told(void **state)
{
	static const struct container none;
	struct event event = event_of(1, STATE_FIN_WAIT2, STATE_TIME_WAIT, 100);
	char path[4000], fragment[4020];

	(void)state;
	json_init(&json);
	for (size_t size = 500; size < sizeof(path); size += 250) {
		memset(path, 'x', size);
		path[0] = '/';
		path[size] = '\0';
		snprintf(fragment, sizeof(fragment), "\"cgroup\":\"%s\"", path);
		event.cgroup = path;
		event.container = &none;
		assert_tells(&event, fragment);
	}
	json_release(&json);
}

/* The line of a recording as text. */
static const char *recorded(const struct event *event)
{
	json_clear(&json);
	recording_event_json(&json, event, 0);
	assert_int_equal(json_error(&json), 0);
	buffer_append_char(&json.buffer, '\0');
	return json.data;
}

static void assert_runs(const struct event *event, const char *fragment)
{
	for (int i = 0; i < 2; i++) {
		if (!strstr(line_of(event), fragment))
			fail_msg("no %s in %s", fragment, json.data);
		if (!strstr(recorded(event), fragment))
			fail_msg("no %s in %s", fragment, json.data);
	}
}

static void assert_records(const struct event *event, const char *fragment)
{
	for (int i = 0; i < 2; i++)
		if (!strstr(recorded(event), fragment))
			fail_msg("no %s in %s", fragment, json.data);
}

/* What differs between two lines that are alike otherwise, each written before and after the other. */
static void each_difference_is_recorded(void **state)
{
	const struct event event = event_of(1, STATE_ESTABLISHED, STATE_FIN_WAIT1, 100);
	const struct process nginx = { 78, 6, 4713, 13, "nginx" };
	struct event changed;

	(void)state;
	json_init(&json);
	for (int i = 0; i < 2; i++) {
		assert_records(&event, "\"attribution\":\"observed\",\"in_accept_queue\":false,\"old_state\":\"ESTABLISHED\",\"new_state\":\"FIN_WAIT1\"");
		changed = event;
		changed.record.socket_cgroup_id = 8;
		assert_records(&changed, "\"socket_cgroup_id\":8,");
		changed = event;
		changed.record.owner.cgroup_id = 9;
		assert_records(&changed, "\"owner_cgroup_id\":9,");
		changed = event;
		changed.record.closer = nginx;
		assert_records(&changed, "\"closer_cgroup_id\":6,\"old_state\"");
		changed.record.new_state = STATE_TIME_WAIT;
		changed.record.attribution = ATTRIBUTION_SEEDED;
		assert_records(&changed, "\"attribution\":\"observed\"");
		assert_records(&changed, "\"owner_attribution\":\"seeded\"");
		changed = event;
		changed.holder = &nginx;
		assert_records(&changed, "\"holder_pid\":4713,\"holder_ns_pid\":13,\"holder_comm\":\"nginx\",\"old_state\":\"ESTABLISHED\"");
		changed = event;
		changed.record.endpoint.local_port++;
		assert_records(&changed, "\"sock\":\"0000000000000001\",\"netns\":4026531840,\"local_addr\":\"10.0.0.1\",\"local_port\":40001,");
		changed = event;
		changed.record.endpoint.remote_addr[15]++;
		assert_records(&changed, "\"remote_addr\":\"10.0.0.3\",\"remote_port\":80,\"side\":\"active\",\"service_port\":80,");
		changed.record.side = SIDE_PASSIVE;
		assert_records(&changed, "\"side\":\"passive\",\"service_port\":40000,");
		assert_records(&event, "\"sock\":\"0000000000000001\",\"netns\":4026531840,");
		changed = event;
		changed.record.id += 128;
		assert_records(&changed, "\"sock\":\"0000000000000081\",\"netns\":4026531840,");
	}
	json_release(&json);
}

/* What differs where the place of a text is the same: only a comparison tells them apart. */
static void what_has_one_place_is_told_apart(void **state)
{
	struct event event = event_of(1, STATE_ESTABLISHED, STATE_FIN_WAIT1, 100), changed;

	(void)state;
	json_init(&json);
	event.record.closer = (struct process){ 78, 6, 4713, 13, "nginx" };
	event.record.attribution = ATTRIBUTION_SEEDED;
	for (int i = 0; i < 2; i++) {
		assert_records(&event, "\"attribution\":\"seeded\",\"in_accept_queue\":false,\"closer_pid\":4713,");
		changed = event;
		changed.record.closer.pid = 4714;
		assert_records(&changed, "\"closer_pid\":4714,");
		changed = event;
		strcpy(changed.record.closer.comm, "nginy");
		assert_records(&changed, "\"closer_comm\":\"nginy\"");
		changed = event;
		changed.record.new_state = STATE_TIME_WAIT;
		assert_records(&changed, "\"attribution\":\"observed\"");
		/* It says nothing of programs: its whole line and that of a recording differ in this alone. */
		changed = event;
		changed.record.type = RECORD_CONNECT_FAILED;
		assert_tells(&changed, "\"container_id\":null");
		assert_records(&changed, "\"cgroup\":\"/a\",\"owner_start_ns\":77,");
	}
	json_release(&json);
}

/* In lines of one process, of the same names, in any order: what it ran then. */
static void what_it_runs_is_told(void **state)
{
	struct event event = event_of(1, STATE_FIN_WAIT2, STATE_TIME_WAIT, 100), other;
	char longer[300], fragment[320];

	(void)state;
	json_init(&json);
	memset(longer, 'l', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	snprintf(fragment, sizeof(fragment), "\"program\":\"%s\"", longer);
	for (int i = 0; i < 4; i++) {
		event.names_version = i % 2;
		event.program = "app.py";
		assert_runs(&event, "\"program\":\"app.py\"");
		event.program = "a \"b\"\n";
		assert_runs(&event, "\"program\":\"a \\\"b\\\"\\n\"");
		event.program = longer;
		assert_runs(&event, fragment);
		event.program = "app.py";
		event.cmdline = "python3 app.py";
		assert_runs(&event, "\"program\":\"app.py\",\"cmdline\":\"python3 app.py\"");
		event.cmdline = "python3 app.py -v";
		assert_runs(&event, "\"cmdline\":\"python3 app.py -v\"");
		other = event;
		other.record.type = RECORD_CONNECT_FAILED;
		assert_null(strstr(recorded(&other), "app.py"));
		event.cmdline = event.program = NULL;
		assert_null(strstr(recorded(&event), "app.py"));
		assert_non_null(strstr(line_of(&event), "\"program\":null"));
		event.record.owner.start_ns++;
	}
	json_release(&json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_change_of_an_owner_is_told),
		cmocka_unit_test(long_names_are_told),
		cmocka_unit_test(each_difference_is_recorded),
		cmocka_unit_test(what_has_one_place_is_told_apart),
		cmocka_unit_test(what_it_runs_is_told),
	};

	return cmocka_run_group_tests_name("transition_json", tests, NULL, NULL);
}
