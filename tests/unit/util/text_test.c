// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Numbers and names for people, and what they may type. */
#include "unit.h"

#include <errno.h>

#include "util/text.h"

#define S 1000000000ULL

static void durations(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{0, "0ns"},
		{999, "999ns"},
		{1000, "1us"},
		{13000, "13us"},
		{1250, "1.25us"},
		{12340, "12.3us"},
		{999999, "999us"},
		{1250000, "1.25ms"},
		{1050000, "1.05ms"},
		{1100000, "1.1ms"},
		{999999999, "999ms"},
		{S, "1s"},
		{60900000000, "60.9s"},
		{99990000000, "99.9s"},
		{100 * S, "1m40s"},
		{125 * S, "2m05s"},
		{3599 * S, "59m59s"},
		{3600 * S, "1h00m"},
		{8040 * S, "2h14m"},
		{86400 * S, "1d00h"},
		{273600 * S, "3d04h"},
		{8639999 * S, "99d23h"},
		{8640000 * S, "100d"},
		{UINT64_MAX, "213503d"},
	};
	char out[TEXT_NUMBER];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(text_duration(out, cases[i].ns), strlen(cases[i].text));
		assert_string_equal(out, cases[i].text);
	}
}

static void counts_and_sizes(void **state)
{
	static const struct {
		uint64_t value;
		const char *count, *bytes;
	} cases[] = {
		{0, "0", "0B"},
		{999, "999", "999B"},
		{1023, "1023", "1023B"},
		{1024, "1024", "1KiB"},
		{1280, "1280", "1.25KiB"},
		{9999, "9999", "9.76KiB"},
		{10000, "10k", "9.76KiB"},
		{12345, "12.3k", "12KiB"},
		{1048575, "1.04M", "1023KiB"},
		{1048576, "1.04M", "1MiB"},
		{4560000, "4.56M", "4.34MiB"},
		{999999999, "999M", "953MiB"},
		{1ULL << 60, "1.15E", "1EiB"},
		{UINT64_MAX, "18.4E", "15.9EiB"},
	};
	char out[TEXT_NUMBER];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(text_count(out, cases[i].value), strlen(cases[i].count));
		assert_string_equal(out, cases[i].count);
		assert_int_equal(text_bytes(out, cases[i].value), strlen(cases[i].bytes));
		assert_string_equal(out, cases[i].bytes);
	}
}

static void numbers_fit_their_columns(void **state)
{
	uint64_t seed = 31;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		uint64_t value = unit_random_magnitude(&seed);
		char out[TEXT_NUMBER];

		assert_in_range(text_duration(out, value), 2, 7);
		assert_int_equal(strlen(out), text_duration(out, value));
		assert_in_range(text_count(out, value), 1, 6);
		assert_in_range(text_bytes(out, value), 2, 7);
	}
}

static void names(void **state)
{
	static const struct {
		const char *in;
		size_t columns;
		const char *out;
		size_t used;
	} cases[] = {
		{"java", 16, "java", 4},
		{"", 16, "", 0},
		{"nginx: worker", 5, "nginx", 5},
		{"a\x1b[31mb\n\t\x7f", 16, "a?[31mb???", 10},
		{"\xff\xfe", 16, "??", 2},
		{"\xe2\x82", 16, "??", 2},
		{"\xc2\x9b"
		 "2J",
		 16, "?2J", 3},
		{"a\xe2\x80\xae"
		 "b",
		 16, "a?b", 3},
		{"e\xcc\x81", 16, "e?", 2},
		{"caf\xc3\xa9", 16, "caf\xc3\xa9", 4},
		{"\xe6\x97\xa5\xe6\x9c\xac", 16, "\xe6\x97\xa5\xe6\x9c\xac", 4},
		{"\xe6\x97\xa5\xe6\x9c\xac", 3, "\xe6\x97\xa5", 2},
		{"abc", 0, "", 0},
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(text_sanitise(out, sizeof(out), cases[i].in, SIZE_MAX / 2, cases[i].columns),
				 cases[i].used);
		assert_string_equal(out, cases[i].out);
	}
}

/* A name without its zero byte, and a buffer that is too small, are not overrun (ASan looks on). */
static void names_at_the_edge(void **state)
{
	char *in = malloc(16), *out = malloc(4);

	(void)state;
	memset(in, 'x', 16);
	assert_int_equal(text_sanitise(out, 4, in, 16, 16), 3);
	assert_string_equal(out, "xxx");
	memcpy(in + 12, "\xf0\x9f\x98\x80", 4);
	assert_int_equal(text_sanitise(out, 4, in + 12, 3, 16), 3);
	assert_string_equal(out, "???");
	assert_int_equal(text_sanitise(out, 4, in + 12, 4, 16), 0);
	assert_string_equal(out, "");
	assert_int_equal(text_sanitise(out, 1, in, 16, 16), 0);
	assert_string_equal(out, "");
	free(in);
	free(out);
}

static void random_names_are_harmless(void **state)
{
	uint64_t seed = 77;

	(void)state;
	for (int round = 0; round < 50000; round++) {
		char in[16], out[32];
		size_t used;

		for (size_t i = 0; i < sizeof(in); i++)
			in[i] = unit_random(&seed);
		used = text_sanitise(out, sizeof(out), in, sizeof(in), 10);
		assert_true(used <= 10);
		for (const char *c = out; *c; c++)
			assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
	}
}

static void whole_numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		int result;
		uint64_t value;
	} cases[] = {
		{"0", 10, 0, 0},
		{"10", 10, 0, 10},
		{"007", 10, 0, 7},
		{"11", 10, -ERANGE, 0},
		{"18446744073709551615", UINT64_MAX, 0, UINT64_MAX},
		{"18446744073709551616", UINT64_MAX, -ERANGE, 0},
		{"99999999999999999999999", UINT64_MAX, -ERANGE, 0},
		{"99999999999999999999999x", UINT64_MAX, -EINVAL, 0},
		{"", 10, -EINVAL, 0},
		{"-1", 10, -EINVAL, 0},
		{"+1", 10, -EINVAL, 0},
		{" 1", 10, -EINVAL, 0},
		{"1 ", 10, -EINVAL, 0},
		{"0x1", 10, -EINVAL, 0},
		{"1.0", 10, -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t value = 4711;

		assert_int_equal(text_parse_u64(cases[i].text, cases[i].max, &value), cases[i].result);
		assert_true(value == (cases[i].result ? 4711 : cases[i].value));
	}
}

static void ports(void **state)
{
	uint16_t port = 5;

	(void)state;
	assert_int_equal(text_parse_port("0", &port), -ERANGE);
	assert_int_equal(text_parse_port("65536", &port), -ERANGE);
	assert_int_equal(text_parse_port("http", &port), -EINVAL);
	assert_int_equal(port, 5);
	assert_int_equal(text_parse_port("1", &port), 0);
	assert_int_equal(port, 1);
	assert_int_equal(text_parse_port("65535", &port), 0);
	assert_int_equal(port, 65535);
}

static void durations_typed(void **state)
{
	static const struct {
		const char *text;
		int result;
		uint64_t ns;
	} cases[] = {
		{"10", 0, 10 * S},
		{"0", 0, 0},
		{"0.5", 0, S / 2},
		{"10s", 0, 10 * S},
		{"2m", 0, 120 * S},
		{"1h30m", 0, 5400 * S},
		{"1d2h3m4s5ms6us7ns", 0, 93784 * S + 5006007},
		{"250ms", 0, S / 4},
		{"1.5h", 0, 5400 * S},
		{"0.25d", 0, 21600 * S},
		{"0.0000000001s", 0, 0},
		{"9223372036854775807ns", 0, INT64_MAX},
		{"9223372036854775808ns", -ERANGE, 0},
		{"9223372036", 0, 9223372036 * S},
		{"9223372037", -ERANGE, 0},
		{"99999999999999999999", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"s", -EINVAL, 0},
		{"1x", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"1h30", -EINVAL, 0},
		{"30m1h", -EINVAL, 0},
		{"1m1m", -EINVAL, 0},
		{"1.5h3m", -EINVAL, 0},
		{"1.", -EINVAL, 0},
		{".5", -EINVAL, 0},
		{"1.s", -EINVAL, 0},
		{"1 s", -EINVAL, 0},
		{"1e3", -EINVAL, 0},
		{"10S", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t ns = 4711;
		int result = text_parse_duration(cases[i].text, &ns);

		if (result != cases[i].result || ns != (result ? 4711 : cases[i].ns))
			fail_msg("%s: %d, %llu ns", cases[i].text, result, (unsigned long long)ns);
	}
}

static void lists(void **state)
{
	const char *cursor = "a,bc,,toolong";
	char item[4];

	(void)state;
	assert_int_equal(text_list_next(&cursor, item, sizeof(item)), 1);
	assert_string_equal(item, "a");
	assert_int_equal(text_list_next(&cursor, item, sizeof(item)), 1);
	assert_string_equal(item, "bc");
	assert_int_equal(text_list_next(&cursor, item, sizeof(item)), -EINVAL);
	assert_int_equal(text_list_next(&cursor, item, sizeof(item)), -E2BIG);
	assert_string_equal(item, "too");
	assert_int_equal(text_list_next(&cursor, item, sizeof(item)), 0);
	cursor = "x,";
	assert_int_equal(text_list_next(&cursor, item, sizeof(item)), 1);
	assert_int_equal(text_list_next(&cursor, item, sizeof(item)), -EINVAL);
	assert_int_equal(text_list_next(&cursor, item, sizeof(item)), 0);
	cursor = "";
	assert_int_equal(text_list_next(&cursor, item, sizeof(item)), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(counts_and_sizes),
		cmocka_unit_test(numbers_fit_their_columns),
		cmocka_unit_test(names),
		cmocka_unit_test(names_at_the_edge),
		cmocka_unit_test(random_names_are_harmless),
		cmocka_unit_test(whole_numbers),
		cmocka_unit_test(ports),
		cmocka_unit_test(durations_typed),
		cmocka_unit_test(lists),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
