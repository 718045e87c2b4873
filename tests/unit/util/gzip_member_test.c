// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is made into a gzip member is what zlib reads from it: text, what can't be compressed, one byte, much and little in turn. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "util/gzip_member.h"

#define MOST (256 << 10)

/* Nothing is behind the member, and its checksum is right. */
static void assert_read(const unsigned char *member, size_t member_size, const unsigned char *data, size_t size)
{
	unsigned char *read = malloc(size + 1);
	z_stream stream = { .next_in = (unsigned char *)member, .avail_in = member_size, .next_out = read, .avail_out = size + 1 };

	assert_int_equal(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.avail_in, 0);
	assert_int_equal(stream.total_out, size);
	assert_memory_equal(read, data, size);
	inflateEnd(&stream);
	free(read);
}

static size_t check(struct gzip_member *member, const unsigned char *data, size_t size)
{
	const unsigned char *out;
	size_t made = gzip_member_make(member, data, size, &out);

	assert_true(made);
	assert_read(out, made, data, size);
	return made;
}

static void fill_with_lines(unsigned char *data, size_t size)
{
	char line[160];
	size_t at, part;

	for (at = 0; at < size; at += part) {
		part = snprintf(line, sizeof(line), "{\"type\":\"transition\",\"sock\":\"%08lx%08lx\",\"remote_port\":%ld,\"dwell_ns\":%ld}\n",
				random(), random(), random() % 65536, random());
		part = part < size - at ? part : size - at;
		memcpy(data + at, line, part);
	}
}

static void test_members(void **state)
{
	struct gzip_member *member = gzip_member_new(MOST);
	unsigned char *data = calloc(1, MOST);
	static const size_t sizes[] = { 1, 2, 31, 4096, 65535, 65536, MOST - 1, MOST };
	size_t i, at;

	(void)state;
	assert_non_null(member);
	assert_non_null(data);
	srandom(18);
	assert_true(check(member, data, MOST) < MOST / 100);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		fill_with_lines(data, sizes[i]);
		check(member, data, sizes[i]);
		for (at = 0; at < sizes[i]; at++)
			data[at] = random() >> 8;
		check(member, data, sizes[i]);
		memset(data + sizes[i] / 3, 'x', sizes[i] / 3);
		check(member, data, sizes[i]);
	}
	fill_with_lines(data, MOST);
	assert_true(check(member, data, MOST) < MOST / 2);
	free(data);
	gzip_member_free(member);
	gzip_member_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_members) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
