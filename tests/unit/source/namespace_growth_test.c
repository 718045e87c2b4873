// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What counters of a namespace have grown by, also where they can't be read at first, or in between. */
#include "unit.h"

#include "source/namespace_growth.h"

/* A look in which this counter has this total; 0 stands for none that could be read. */
static uint64_t look(struct namespace_growth *growth, unsigned int counter, uint64_t total)
{
	struct namespace_facts facts = {};

	facts.counters[counter] = (struct namespace_count){ .known = total ? NS_KNOWN : NS_UNREADABLE, .total = total };
	namespace_growth_take(growth, &facts);
	return facts.counters[counter].grown;
}

static void since_the_first_look(void **state)
{
	struct namespace_growth growth = {};

	(void)state;
	assert_int_equal(look(&growth, NS_LISTEN_OVERFLOWS, 5000), 0);
	assert_int_equal(look(&growth, NS_LISTEN_OVERFLOWS, 5003), 3);
	assert_int_equal(look(&growth, NS_LISTEN_OVERFLOWS, 4000), 0);
}

static void since_it_was_first_known(void **state)
{
	struct namespace_growth growth = {};

	(void)state;
	assert_int_equal(look(&growth, NS_LISTEN_OVERFLOWS, 0), 0);
	assert_int_equal(look(&growth, NS_LISTEN_OVERFLOWS, 5000), 0);
	assert_int_equal(look(&growth, NS_LISTEN_OVERFLOWS, 5003), 3);
	assert_int_equal(look(&growth, NS_SYN_RETRANS, 70), 0); /* each counts from its own first look */
	assert_int_equal(look(&growth, NS_SYN_RETRANS, 71), 1);
}

static void not_known_in_between(void **state)
{
	struct namespace_growth growth = {};

	(void)state;
	assert_int_equal(look(&growth, NS_TIME_WAITS, 10), 0);
	assert_int_equal(look(&growth, NS_TIME_WAITS, 0), 0);
	assert_int_equal(look(&growth, NS_TIME_WAITS, 14), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(since_the_first_look),
		cmocka_unit_test(since_it_was_first_known),
		cmocka_unit_test(not_known_in_between),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
