// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A socket whose ends find no memory, by a table of ends that fails in the place of the real one: it is told with the next look. */
#include "unit.h"

#include <errno.h>

#include "event/kept_ends.h"
#include "source/present_diff.h"
#include "util/tcp_state.h"

#define SECOND 1000000000ULL

static bool fails;
static struct present_diff *diff;
static unsigned int told, gone;

void kept_addresses_init(struct id_map *addresses)
{
	id_map_init(addresses, sizeof(uint64_t));
}

int kept_ends_set(struct kept_ends *ends, struct id_map *addresses, uint64_t id, const struct endpoint *endpoint)
{
	(void)addresses;
	(void)id;
	*ends = (struct kept_ends){ .netns = endpoint->netns, .local_port = endpoint->local_port };
	return fails ? -ENOMEM : 0;
}

struct endpoint kept_ends_get(const struct kept_ends *ends, const struct id_map *addresses, uint64_t id)
{
	(void)addresses;
	(void)id;
	return (struct endpoint){ .netns = ends->netns, .local_port = ends->local_port };
}

static void on_told(void *context, struct event *event)
{
	(void)context;
	told += !event->present->gone;
	gone += event->present->gone;
}

/* A look that finds the socket, or nothing. */
static void look_at(unsigned int state, int expected)
{
	static const struct present present = { .rx_queue = 5 };
	struct transition record = { .id = 7, .old_state = state, .new_state = state, .endpoint = { .netns = 1, .local_port = 80 } };

	told = gone = 0;
	present_diff_begin(diff, (1000 + present_diff_looks(diff)) * SECOND);
	if (state)
		assert_int_equal(present_diff_socket(diff, &record, &present, 1), expected);
	assert_int_equal(present_diff_end(diff, true), 0);
}

static void test_new_one(void **state)
{
	(void)state;
	diff = present_diff_new(on_told, NULL);
	assert_non_null(diff);
	fails = true;
	look_at(STATE_ESTABLISHED, -ENOMEM);
	assert_int_equal(told + gone, 0);
	look_at(0, 0); /* and of what was never told no end is */
	assert_int_equal(told + gone, 0);
	look_at(STATE_ESTABLISHED, -ENOMEM);
	fails = false;
	look_at(STATE_ESTABLISHED, 0);
	assert_int_equal(told, 1);
	look_at(STATE_ESTABLISHED, 0);
	assert_int_equal(told, 0);
	present_diff_free(diff);
}

static void test_known_one(void **state)
{
	(void)state;
	diff = present_diff_new(on_told, NULL);
	assert_non_null(diff);
	fails = false;
	look_at(STATE_ESTABLISHED, 0);
	assert_int_equal(told, 1);
	fails = true;
	look_at(STATE_CLOSE_WAIT, -ENOMEM);
	assert_int_equal(told, 0);
	assert_int_equal(gone, 1);
	fails = false;
	look_at(STATE_CLOSE_WAIT, 0);
	assert_int_equal(told, 1);
	look_at(0, 0);
	assert_int_equal(gone, 1);
	present_diff_free(diff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_one),
		cmocka_unit_test(test_known_one),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
