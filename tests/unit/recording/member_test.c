// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A compressor that fails, in the place of the real one: what it did not take is not lost without a word. */
#include "recording_unit.h"

#include <errno.h>
#include <unistd.h>

#include "recording/file.h"
#include "util/gzip_member.h"

struct gzip_member *gzip_member_new(size_t most)
{
	return calloc(1, most);
}

void gzip_member_free(struct gzip_member *member)
{
	free(member);
}

size_t gzip_member_make(struct gzip_member *member, const void *data, size_t size, const unsigned char **out)
{
	(void)data;
	(void)size;
	*out = (const unsigned char *)member;
	return 0;
}

/* Many lines at once are a member at once; fewer are gathered until the flush. */
static void assert_fails(size_t at_once)
{
	static char lines[100000];
	struct recording_file *file;
	char path[UNIT_PATH];
	int fd = unit_make_file(path), err = 0;
	size_t at;

	memset(lines, '\n', sizeof(lines));
	assert_int_equal(recording_file_new(&file, fd), 0);
	for (at = 0; at < sizeof(lines); at += at_once) {
		assert_int_equal(err, 0);
		err = recording_file_write(file, lines + at, at_once);
	}
	assert_int_equal(err, at_once == sizeof(lines) ? -EIO : 0);
	assert_int_equal(recording_file_flush(file), -EIO);
	assert_int_equal(recording_file_write(file, lines, 1), -EIO);
	assert_int_equal(recording_file_finish(file), -EIO);
	recording_file_free(file);
	unlink(path);
}

static void test_failure(void **state)
{
	(void)state;
	assert_fails(100000);
	assert_fails(1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
