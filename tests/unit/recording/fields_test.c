// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Lines are read quickly or by the library: what is found is the same, whatever the line is. UNIT_ROUNDS=n: more of them. */
#include "recording_unit.h"

#include <stdlib.h>

#include "recording/fields.h"

static const char *const keys[] = { "type", "time", "time_ns", "sock", "local_port", "owner_comm", "timewait", "holders_check_s", "hooks", "a", "b",
				    "", "aa", "ab", "ba" };

static const char *const lines[] = {
	"{\"type\":\"tick\",\"time\":\"2026-11-29T00:00:00.351000000Z\",\"time_ns\":1000351000000,\"timewait\":false}",
	"{\"type\":\"transition\",\"sock\":\"48dbac252265b1f5\",\"local_port\":60536,\"owner_comm\":null,\"timewait\":true,\"holders_check_s\":2.000}",
	" { \"a\" : -1 , \"b\" : 0.5 ,\"aa\":-0,\"ab\":-0.0, \"ba\": [1, {\"a\": 2}] } ",
	"{}", "{ }", "{\"\":\"\"}", "{\"a\":1,\"a\":\"x\",\"a\":true}", "{\"a\":\"\\u0041\\\"\",\"b\":\"\xc3\xa4\"}", "{\"a\":\"\xff\"}", "{\"a\\u0000\":1}",
	"{\"a\":01}", "{\"a\":-}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":1e5,\"b\":1E-2}", "{\"a\":1e999}", "{\"a\":999999999999999999}",
	"{\"a\":9223372036854775807}", "{\"a\":9223372036854775808}", "{\"a\":-9223372036854775809}", "{\"a\":1,}", "{,}", "{\"a\"}", "{\"a\":}",
	"{\"a\":nul}", "{\"a\":nulll}", "{\"a\":TRUE}", "{\"a\":1}x", "{\"a\":1}{", "[]", "7", "null", "", "{", "{\"a\":1", "{\"a\":\"", "{'a':1}",
	"{\"a\":\"tab\there\"}", "{\"a\":\"\x7f\"}", "\xef\xbb\xbf{}", "{\"a\":0.1234567890123456789012345678901234567890}",
};

static void assert_same(const char *line, size_t size)
{
	struct fields *quick, *right;
	int found = fields_new(&quick, line, size, FIELDS_QUICKLY), wanted = fields_new(&right, line, size, FIELDS_BY_LIBRARY);
	const char *text, *other;
	size_t i;
	int kind;

	if (found != wanted)
		fail_msg("%d, and by the library %d: %.*s", found, wanted, (int)size, line);
	for (i = 0; !found && i < ARRAY_SIZE(keys); i++) {
		text = fields_text(quick, keys[i]);
		other = fields_text(right, keys[i]);
		if (!text != !other || (text && strcmp(text, other)) || fields_integer(quick, keys[i]) != fields_integer(right, keys[i]) ||
		    fields_number(quick, keys[i]) != fields_number(right, keys[i]) || !fields_tree(quick, keys[i]) != !fields_tree(right, keys[i]))
			fail_msg("\"%s\" is not the same in %.*s", keys[i], (int)size, line);
		for (kind = FIELD_TEXT; kind <= FIELD_NULL; kind++)
			if (fields_is(quick, keys[i], kind) != fields_is(right, keys[i], kind))
				fail_msg("\"%s\" is of another kind in %.*s", keys[i], (int)size, line);
	}
	if (found)
		return;
	fields_free(quick);
	fields_free(right);
}

static void test_odd_lines(void **state)
{
	size_t i, size;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		for (size = 0; size <= strlen(lines[i]); size++)
			assert_same(lines[i], size);
	assert_same("{\"a\":\"x\0y\"}", 11);
	assert_same("{\"a\0\":1}", 8);
}

static void change(char *line, size_t *size, uint64_t *random)
{
	static const char odd[] = "\"\"\"{}[]:,,\\ \t\n\r0123456789-+.eEtfnul\x7f\x80\xc3\xa4";
	size_t at = unit_random(random) % (*size + 1);

	switch (unit_random(random) % 4) {
	case 0:
		if (at < *size)
			line[at] = odd[unit_random(random) % sizeof(odd)];
		break;
	case 1:
		memmove(line + at + 1, line + at, *size - at);
		line[at] = odd[unit_random(random) % sizeof(odd)];
		++*size;
		break;
	case 2:
		if (at < *size) {
			memmove(line + at, line + at + 1, *size - at - 1);
			--*size;
		}
		break;
	default:
		*size = unit_random(random) % 8 ? *size : at;
	}
}

static void test_changed_lines(void **state)
{
	unsigned long rounds = strtoul(getenv("UNIT_ROUNDS") ?: "20000", NULL, 10);
	uint64_t random = 11;
	char line[512];

	(void)state;
	while (rounds--) {
		const char *from = lines[unit_random(&random) % ARRAY_SIZE(lines)];
		size_t size = strlen(from), changes = 1 + unit_random(&random) % 4;

		memcpy(line, from, size);
		while (changes--)
			change(line, &size, &random);
		assert_same(line, size);
	}
}

/* More than there is room for is read too. */
static void test_many_fields(void **state)
{
	char line[8192] = "{", key[16];
	size_t size = 1;
	int i;

	(void)state;
	for (i = 0; i < 300; i++) {
		size += snprintf(line + size, sizeof(line) - size, "%s\"k%d\":%d", i ? "," : "", i, i);
		struct fields *fields;

		line[size] = '}';
		assert_int_equal(fields_new(&fields, line, size + 1, FIELDS_QUICKLY), 0);
		snprintf(key, sizeof(key), "k%d", i);
		assert_int_equal(fields_integer(fields, key), i);
		assert_int_equal(fields_integer(fields, "k1"), i > 0);
		assert_int_equal(fields_integer(fields, "k300"), 0);
		fields_free(fields);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_odd_lines),
		cmocka_unit_test(test_changed_lines),
		cmocka_unit_test(test_many_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
