// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The JSON writer: what it wrote is read again by jansson, an independent reader. */
#include "unit.h"

#include <errno.h>
#include <math.h>

/* Reader and writer share two names, so the reader's are set aside. */
#define json_null jansson_null
#define json_string jansson_string
#include <jansson.h>
#undef json_null
#undef json_string

#include "util/json.h"

static const char *text_of(struct json *json)
{
	buffer_append_char(&json->buffer, 0);
	json->size--;
	return json->data;
}

static json_t *reread(const struct json *json)
{
	json_error_t error;
	json_t *tree = json_loadb(json->data, json->size, JSON_ALLOW_NUL, &error);

	if (!tree)
		fail_msg("%s in %.*s", error.text, (int)json->size, json->data);
	return tree;
}

static void structure(void **state)
{
	struct json json;

	(void)state;
	json_init(&json);
	for (int line = 0; line < 2; line++) {
		json_object_begin(&json, NULL);
		json_string(&json, "a", "x");
		json_array_begin(&json, "list");
		json_element_u64(&json, 1);
		json_element_string(&json, NULL);
		json_element_array_begin(&json);
		json_array_end(&json);
		json_element_object_begin(&json);
		json_bool(&json, "t", true);
		json_bool(&json, "f", false);
		json_object_end(&json);
		json_array_end(&json);
		json_object_begin(&json, "o");
		json_object_end(&json);
		json_null(&json, "n");
		json_object_end(&json);
		json_end_line(&json);
	}
	assert_string_equal(text_of(&json), "{\"a\":\"x\",\"list\":[1,null,[],{\"t\":true,\"f\":false}],"
					    "\"o\":{},\"n\":null}\n"
					    "{\"a\":\"x\",\"list\":[1,null,[],{\"t\":true,\"f\":false}],"
					    "\"o\":{},\"n\":null}\n");
	assert_int_equal(json_error(&json), 0);
	json_clear(&json);
	assert_int_equal(json.size, 0);
	json_release(&json);
}

/* A value that ends like a beginning must not swallow the next comma. */
static void commas_after_strange_strings(void **state)
{
	static const char *const values[] = {"{", "[", "\n", "", ",", "\"", "\\"};
	struct json json;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		json_t *tree;

		json_init(&json);
		json_object_begin(&json, NULL);
		json_string(&json, "a", values[i]);
		json_string(&json, "b", values[i]);
		json_object_end(&json);
		tree = reread(&json);
		assert_string_equal(json_string_value(json_object_get(tree, "a")), values[i]);
		assert_string_equal(json_string_value(json_object_get(tree, "b")), values[i]);
		json_decref(tree);
		json_release(&json);
	}
}

#define FFFD "\xef\xbf\xbd"

static void hostile_strings(void **state)
{
	static const struct {
		const char *in, *written, *read;
	} cases[] = {
		{"java", "java", "java"},
		{"a\"b\\c", "a\\\"b\\\\c", "a\"b\\c"},
		{"\b\f\n\r\t", "\\b\\f\\n\\r\\t", "\b\f\n\r\t"},
		{"\x01\x1b[2J\x7f", "\\u0001\\u001b[2J\\u007f", "\x01\x1b[2J\x7f"},
		{"\xc2\x9b", "\\u009b", "\xc2\x9b"},
		{"caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x98\x80", "caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x98\x80",
		 "caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x98\x80"},
		{"\xff", FFFD, FFFD},
		{"\x80x", FFFD "x", FFFD "x"},
		{"cut \xe2\x82", "cut " FFFD FFFD, "cut " FFFD FFFD},
		{"\xc0\x80", FFFD FFFD, FFFD FFFD},
		{"\xe0\x80\xaf", FFFD FFFD FFFD, FFFD FFFD FFFD},
		{"\xed\xa0\x80", FFFD FFFD FFFD, FFFD FFFD FFFD},
		{"\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD, FFFD FFFD FFFD FFFD},
		{"\xf5", FFFD, FFFD},
	};
	char expected[256];
	struct json json;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *tree;

		json_init(&json);
		json_array_begin(&json, NULL);
		json_element_string(&json, cases[i].in);
		json_array_end(&json);
		snprintf(expected, sizeof(expected), "[\"%s\"]", cases[i].written);
		assert_string_equal(text_of(&json), expected);
		tree = reread(&json);
		assert_string_equal(json_string_value(json_array_get(tree, 0)), cases[i].read);
		json_decref(tree);
		json_release(&json);
	}
}

/* Each byte at each place of a long text: the fast path for plain words must not take a byte that needs care. */
static void every_byte_everywhere(void **state)
{
	struct json json;

	(void)state;
	json_init(&json);
	for (int byte = 1; byte < 0x80; byte++)
		for (size_t place = 0; place < 20; place++) {
			char text[21] = "abcdefghijklmnopqrst";
			json_t *tree;

			text[place] = byte;
			json_clear(&json);
			json_array_begin(&json, NULL);
			json_element_string(&json, text);
			json_array_end(&json);
			if (byte < 0x20 || byte == 0x7f)
				assert_null(memchr(json.data, byte, json.size));
			tree = reread(&json);
			assert_string_equal(json_string_value(json_array_get(tree, 0)), text);
			json_decref(tree);
		}
	json_release(&json);
}

/* Whatever the bytes, it is JSON; and zero bytes survive where the size is given. */
static void random_bytes(void **state)
{
	uint64_t seed = 4711;
	struct json json;

	(void)state;
	json_init(&json);
	for (int round = 0; round < 20000; round++) {
		size_t size = unit_random(&seed) % 24;
		char bytes[24];
		json_t *tree;

		for (size_t i = 0; i < size; i++)
			bytes[i] = unit_random(&seed) % 4 ? unit_random(&seed) : unit_random(&seed) | 0xc0;
		json_clear(&json);
		json_array_begin(&json, NULL);
		json_string_sized(&json, NULL, bytes, size);
		json_element_u64(&json, round);
		json_array_end(&json);
		tree = reread(&json);
		assert_int_equal(json_array_size(tree), 2);
		assert_int_equal(json_integer_value(json_array_get(tree, 1)), round);
		json_decref(tree);
	}
	json_release(&json);
}

static size_t encode(uint32_t code, char *out)
{
	if (code < 0x80)
		return out[0] = code, 1;
	if (code < 0x800)
		return out[0] = 0xc0 | code >> 6, out[1] = 0x80 | (code & 63), 2;
	if (code < 0x10000)
		return out[0] = 0xe0 | code >> 12, out[1] = 0x80 | (code >> 6 & 63), out[2] = 0x80 | (code & 63), 3;
	return out[0] = 0xf0 | code >> 18, out[1] = 0x80 | (code >> 12 & 63), out[2] = 0x80 | (code >> 6 & 63),
	       out[3] = 0x80 | (code & 63), 4;
}

/* Every character there is comes back as it was. */
static void every_character(void **state)
{
	struct json json;

	(void)state;
	json_init(&json);
	for (uint32_t code = 0; code <= 0x10ffff; code++) {
		char text[4];
		size_t size = encode(code, text);
		json_t *tree;

		if ((code >= 0xd800 && code < 0xe000) || (code > 0x3000 && code % 61))
			continue;
		json_clear(&json);
		json_array_begin(&json, NULL);
		json_string_sized(&json, NULL, text, size);
		json_array_end(&json);
		tree = reread(&json);
		assert_int_equal(json_string_length(json_array_get(tree, 0)), size);
		assert_memory_equal(json_string_value(json_array_get(tree, 0)), text, size);
		json_decref(tree);
	}
	json_release(&json);
}

static void whole_numbers(void **state)
{
	uint64_t seed = 1, value = 0, power = 1;
	char expected[32];
	struct json json;

	(void)state;
	json_init(&json);
	for (int i = 0; i < 20000; i++) {
		if (i < 60) {
			value = power + i % 3 - 1;
			power = i % 3 == 2 ? power * 10 : power;
		} else {
			value = i == 60 ? UINT64_MAX : i == 61 ? 1ULL << 63 : unit_random_magnitude(&seed);
		}
		json_clear(&json);
		json_u64(&json, NULL, value);
		snprintf(expected, sizeof(expected), "%llu", (unsigned long long)value);
		assert_string_equal(text_of(&json), expected);
		json_clear(&json);
		json_i64(&json, NULL, value);
		snprintf(expected, sizeof(expected), "%lld", (long long)value);
		assert_string_equal(text_of(&json), expected);
	}
	json_release(&json);
}

/* Each four digits, in both halves. */
static void eight_digits(void **state)
{
	char expected[16], written[9] = "";

	(void)state;
	for (unsigned int i = 0; i < 10000; i++) {
		const unsigned int number = i * 10000 + (9999 - i);

		put_eight_digits(written, number);
		snprintf(expected, sizeof(expected), "%08u", number);
		assert_string_equal(written, expected);
	}
}

static void fractions(void **state)
{
	static const struct {
		double value;
		unsigned int decimals;
		const char *written;
	} cases[] = {
		{0, 0, "0"},
		{0, 3, "0.000"},
		{1.5, 1, "1.5"},
		{0.05, 2, "0.05"},
		{0.999, 2, "1.00"},
		{9.9996, 3, "10.000"},
		{-1.25, 2, "-1.25"},
		{-0.001, 2, "0.00"},
		{-0.0, 1, "0.0"},
		{1e17, 0, "100000000000000000"},
		{1e12, 9, "1000000000000.00000"},
		{1e18, 3, "1000000000000000000"},
		{123456.789, 20, "123456.789000000"},
		{NAN, 2, "null"},
		{INFINITY, 2, "null"},
		{-INFINITY, 0, "null"},
	};
	struct json json;

	(void)state;
	json_init(&json);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_clear(&json);
		json_f64(&json, NULL, cases[i].value, cases[i].decimals);
		assert_string_equal(text_of(&json), cases[i].written);
	}
	json_clear(&json);
	json_f64(&json, NULL, 1.7976931348623157e308, 2);
	assert_true(strtod(text_of(&json), NULL) == 1.7976931348623157e308);
	json_release(&json);
}

static void fractions_are_near(void **state)
{
	uint64_t seed = 99;
	struct json json;

	(void)state;
	json_init(&json);
	for (int i = 0; i < 20000; i++) {
		unsigned int decimals = unit_random(&seed) % 10;
		double value = (double)(int64_t)unit_random(&seed) / (double)(1ULL << (20 + i % 40));
		double most = 0.51;

		for (unsigned int d = 0; d < decimals; d++)
			most /= 10;
		most += fabs(value) * 1e-15;
		json_clear(&json);
		json_f64(&json, NULL, value, decimals);
		assert_true(fabs(strtod(text_of(&json), NULL) - value) <= most);
	}
	json_release(&json);
}

static void hexadecimal(void **state)
{
	struct json json;

	(void)state;
	json_init(&json);
	json_array_begin(&json, NULL);
	json_hex64(&json, NULL, 0);
	json_hex64(&json, NULL, 0x0123456789abcdef);
	json_hex64(&json, NULL, UINT64_MAX);
	json_array_end(&json);
	assert_string_equal(text_of(&json), "[\"0000000000000000\",\"0123456789abcdef\",\"ffffffffffffffff\"]");
	json_release(&json);
}

static void times(void **state)
{
	static const struct {
		uint64_t ns;
		const char *written;
	} cases[] = {
		{0, "\"1970-01-01T00:00:00.000000000Z\""},
		{1795165200123456789, "\"2026-11-20T09:00:00.123456789Z\""},
		{1795165200999999999, "\"2026-11-20T09:00:00.999999999Z\""},
		{1795165201000000000, "\"2026-11-20T09:00:01.000000000Z\""},
		{1795165200000000001, "\"2026-11-20T09:00:00.000000001Z\""},
		{1709164800000000000, "\"2024-02-29T00:00:00.000000000Z\""},
		{4107542399999999999, "\"2100-02-28T23:59:59.999999999Z\""},
		{UINT64_MAX, "\"2554-07-21T23:34:33.709551615Z\""},
	};
	struct json json;

	(void)state;
	json_init(&json);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_clear(&json);
		json_time(&json, NULL, cases[i].ns);
		assert_string_equal(text_of(&json), cases[i].written);
	}
	json_release(&json);
}

/* After a failure nothing is written, however small, until it is cleared. */
static void out_of_memory_sticks(void **state)
{
	struct json json;
	size_t before;

	(void)state;
	json_init(&json);
	json_object_begin(&json, NULL);
	before = json.size;
	assert_null(buffer_reserve(&json.buffer, SIZE_MAX - 4));
	json_u64(&json, "a", 1);
	json_string(&json, "b", "text");
	json_time(&json, "c", 1);
	json_hex64(&json, "d", 1);
	json_f64(&json, "e", 1.5, 2);
	json_object_end(&json);
	assert_int_equal(json_error(&json), -ENOMEM);
	assert_int_equal(json.size, before);
	json_clear(&json);
	assert_int_equal(json_error(&json), 0);
	json_u64(&json, NULL, 7);
	assert_string_equal(text_of(&json), "7");
	json_release(&json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(structure),
		cmocka_unit_test(commas_after_strange_strings),
		cmocka_unit_test(hostile_strings),
		cmocka_unit_test(random_bytes),
		cmocka_unit_test(every_byte_everywhere),
		cmocka_unit_test(every_character),
		cmocka_unit_test(whole_numbers),
		cmocka_unit_test(eight_digits),
		cmocka_unit_test(fractions),
		cmocka_unit_test(fractions_are_near),
		cmocka_unit_test(hexadecimal),
		cmocka_unit_test(times),
		cmocka_unit_test(out_of_memory_sticks),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
