// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sets of ports as text, and what counts as news of a namespace's ports. */
#include "unit.h"

#include "event/port_facts.h"

static void assert_text(const struct port_set *set, const char *expected)
{
	struct buffer text;

	buffer_init(&text);
	port_set_text(&text, set);
	buffer_append_char(&text, '\0');
	assert_int_equal(text.error, 0);
	assert_string_equal(text.data, expected);
	buffer_release(&text);
}

static void sets_as_text(void **state)
{
	static const char *const texts[] = {
		"", "1", "65535", "1-65535", "40000-40010,40020", "63-64", "64-127", "127-128,65534-65535", "1,3,5,7",
	};
	static struct port_set set;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(port_set_parse(&set, texts[i]), 0);
		assert_text(&set, texts[i]);
	}
	assert_int_equal(port_set_parse(&set, "5-7,6,8"), 0);
	assert_text(&set, "5-8");
}

static void wrong_text(void **state)
{
	static const char *const texts[] = {
		"0", "65536", "7-5", "1-", "-1", "1,,2", "a", "1-2-3", "1 2", "99999-99999,1", "1-65536",
	};
	static struct port_set set;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_true(port_set_parse(&set, texts[i]) < 0);
	assert_int_equal(port_set_parse(&set, NULL), 0);
	assert_text(&set, "");
}

/* At random, port by port. */
static void any_set(void **state)
{
	static struct port_set set, again;
	uint64_t seed = 3;

	(void)state;
	for (int round = 0; round < 20; round++) {
		struct buffer text;

		memset(&set, 0, sizeof(set));
		for (int i = 0; i < 3000; i++)
			port_set_add(&set, 1 + unit_random(&seed) % (round % 2 ? 5000 : 65535));
		buffer_init(&text);
		port_set_text(&text, &set);
		buffer_append_char(&text, '\0');
		assert_int_equal(port_set_parse(&again, text.data), 0);
		assert_memory_equal(&set, &again, sizeof(set));
		buffer_release(&text);
	}
}

static void what_is_news(void **state)
{
	static struct port_facts one, other;
	struct bound_socket bound[2] = { { .port = 40000, .process = { .pid = 7, .start_ns = 1, .comm = "a" } } }, same[2];

	(void)state;
	bound[1] = bound[0];
	bound[1].port = 40001;
	memcpy(same, bound, sizeof(bound));
	one = (struct port_facts){ .settings = { .netns = 1, .low = 40000, .high = 40999 }, .bound = bound, .n_bound = 2 };
	other = one;
	other.bound = same;
	assert_true(port_facts_equal(&one, &other));
	other.settings.tw_reuse = 1;
	assert_false(port_facts_equal(&one, &other));
	other.settings.tw_reuse = 0;
	port_set_add(&other.blocked, 40005);
	assert_false(port_facts_equal(&one, &other));
	port_set_remove(&other.blocked, 40005);
	same[1].process.comm[0] = 'b'; /* it took another name */
	assert_false(port_facts_equal(&one, &other));
	same[1] = bound[1];
	same[1].listens = true;
	assert_false(port_facts_equal(&one, &other));
	other.n_bound = 1;
	assert_false(port_facts_equal(&one, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_as_text),
		cmocka_unit_test(wrong_text),
		cmocka_unit_test(any_set),
		cmocka_unit_test(what_is_news),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
