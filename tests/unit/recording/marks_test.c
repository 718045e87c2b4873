// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Where a file says that reading can begin: what was written is read, and of what others wrote only what can be. */
#include "recording_unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "recording/marks.h"

#define PART_BYTES 1000

static unsigned char bytes[RECORDING_MARK_BYTES];

static void add(struct recording_marks *marks, unsigned int parts)
{
	unsigned int i;

	for (i = 0; i < parts; i++) {
		const struct recording_mark part = { (uint64_t)i * PART_BYTES, BEGIN_UNIX_NS + i * MS, BEGIN_NS + i * MS, 7 + i };

		recording_marks_add(marks, &part);
	}
}

/* A file whose last mark is at `offset`, with so many bytes behind it. */
static int file_of(uint64_t offset, size_t size, size_t behind)
{
	int fd = memfd_create("marks", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, size, offset), size);
	assert_int_equal(ftruncate(fd, offset + size + behind), 0);
	return fd;
}

static uint64_t size_of(int fd)
{
	return lseek(fd, 0, SEEK_END);
}

static void test_list(void **state)
{
	struct recording_marks *marks = calloc(1, sizeof(*marks)), *read = calloc(1, sizeof(*read));
	size_t size, i, behinds[] = { 0, 1, 65530, 65536, 200000 };
	int fd;

	(void)state;
	add(marks, 5);
	for (i = 0; i < sizeof(behinds) / sizeof(*behinds); i++) {
		size = recording_marks_list(marks, 9 << 20, bytes);
		fd = file_of(9 << 20, size, behinds[i]);
		assert_int_equal(recording_marks_read(read, fd, size_of(fd)), 0);
		assert_int_equal(read->count, 5);
		assert_memory_equal(read->parts, marks->parts, 5 * sizeof(marks->parts[0]));
		close(fd);
	}
	free(marks);
	free(read);
}

static void test_pointer(void **state)
{
	struct recording_marks *marks = calloc(1, sizeof(*marks)), *read = calloc(1, sizeof(*read));
	uint64_t list = 10000, pointer = 9 << 20;
	size_t size;
	int fd;

	(void)state;
	add(marks, 3);
	size = recording_marks_list(marks, list, bytes);
	fd = file_of(list, size, 0);
	size = recording_marks_pointer(marks, pointer, bytes);
	assert_int_equal(pwrite(fd, bytes, size, pointer), size);
	assert_int_equal(recording_marks_read(read, fd, size_of(fd)), 0);
	assert_int_equal(read->count, 3);
	assert_memory_equal(read->parts, marks->parts, 3 * sizeof(marks->parts[0]));
	close(fd);
	free(marks);
	free(read);
}

/* So many that not all have room: the first stays, and the order. */
static void test_most(void **state)
{
	struct recording_marks *marks = calloc(1, sizeof(*marks)), *read = calloc(1, sizeof(*read));
	size_t size;
	int fd;

	(void)state;
	add(marks, 5 * RECORDING_MARKS_MOST);
	size = recording_marks_list(marks, 90 << 20, bytes);
	assert_true(size <= sizeof(bytes));
	fd = file_of(90 << 20, size, 0);
	assert_int_equal(recording_marks_read(read, fd, size_of(fd)), 0);
	assert_int_equal(read->parts[0].offset, 0);
	assert_in_range(read->count, RECORDING_MARKS_MOST / 2, RECORDING_MARKS_MOST);
	assert_int_equal(read->parts[read->count - 1].number, 7 + 5 * RECORDING_MARKS_MOST - 1);
	close(fd);
	free(marks);
	free(read);
}

/* A member that any gzip reads, with nothing in it. */
static void test_is_gzip(void **state)
{
	struct recording_marks *marks = calloc(1, sizeof(*marks));
	unsigned char out[16];
	z_stream stream = { .next_out = out, .avail_out = sizeof(out) };

	(void)state;
	add(marks, 100);
	stream.next_in = bytes;
	stream.avail_in = recording_marks_list(marks, 1 << 20, bytes);
	assert_int_equal(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.avail_in, 0);
	assert_int_equal(stream.avail_out, sizeof(out));
	inflateEnd(&stream);
	free(marks);
}

/* Each bit that is flipped makes it another list than none, and none that leads astray; so does each byte that it is shorter. */
static void test_damage(void **state)
{
	struct recording_marks *marks = calloc(1, sizeof(*marks)), *read = calloc(1, sizeof(*read));
	size_t size, i;
	int fd;

	(void)state;
	add(marks, 3);
	size = recording_marks_list(marks, 5000, bytes);
	for (i = 0; i < size * 8; i++) {
		bytes[i / 8] ^= 1 << i % 8;
		fd = file_of(5000, size, 10);
		if (!recording_marks_read(read, fd, size_of(fd))) {
			assert_int_equal(read->count, 3);
			assert_memory_equal(read->parts, marks->parts, 3 * sizeof(marks->parts[0]));
			assert_true(i / 8 >= size - 10); /* of what is behind the list */
		}
		close(fd);
		bytes[i / 8] ^= 1 << i % 8;
	}
	for (i = 0; i < size - 10; i++) {
		fd = file_of(5000, i, 0);
		assert_int_equal(recording_marks_read(read, fd, size_of(fd)), -ENODATA);
		close(fd);
	}
	free(marks);
	free(read);
}

/* The checksum is right, and what it says can't be: parts behind the mark, out of order, none at the begin, a list that leads to itself. */
static void test_lies(void **state)
{
	struct recording_marks *marks = calloc(1, sizeof(*marks)), *read = calloc(1, sizeof(*read));
	unsigned int lie;
	size_t size;
	int fd;

	(void)state;
	for (lie = 0; lie < 7; lie++) {
		memset(marks, 0, sizeof(*marks));
		add(marks, lie == 6 ? 0 : 3);
		if (lie == 0)
			marks->parts[0].offset = 1;
		else if (lie == 1)
			marks->parts[2].offset = 5001;
		else if (lie == 2)
			marks->parts[2].offset = marks->parts[1].offset;
		else if (lie == 3)
			marks->parts[2].time_ns = 1;
		else if (lie == 4)
			marks->parts[1].number = 7;
		else if (lie == 5)
			marks->list_offset = 4990; /* of a pointer: the middle of nowhere */
		size = lie == 5 ? recording_marks_pointer(marks, 5000, bytes) : recording_marks_list(marks, 5000, bytes);
		fd = file_of(5000, size, 0);
		assert_int_equal(recording_marks_read(read, fd, size_of(fd)), -ENODATA);
		close(fd);
	}
	marks->list_offset = UINT64_MAX - 5; /* before the file's begin */
	size = recording_marks_pointer(marks, 5000, bytes);
	fd = file_of(5000, size, 0);
	assert_int_equal(recording_marks_read(read, fd, size_of(fd)), -ENODATA);
	close(fd);
	fd = file_of(0, 0, 0);
	assert_int_equal(recording_marks_read(read, fd, 0), -ENODATA);
	close(fd);
	free(marks);
	free(read);
}

/* What looks like a mark and is none, sixteen bytes apart: behind more of them than are tried even a good one is not found. */
static void test_many_false(void **state)
{
	struct recording_marks *marks = calloc(1, sizeof(*marks)), *read = calloc(1, sizeof(*read));
	static unsigned char fake[16 * 100];
	const unsigned int more[] = { 10, 100 };
	unsigned int i, n;
	size_t size;
	int fd;

	(void)state;
	add(marks, 3);
	size = recording_marks_list(marks, 5000, bytes);
	for (i = 0; i < 100; i++)
		memcpy(fake + 16 * i, bytes, 16);
	for (i = 0; i < 2; i++) {
		n = more[i] * 16;
		fd = file_of(5000, size, 0);
		assert_int_equal(pwrite(fd, fake, n, size_of(fd)), n);
		assert_int_equal(recording_marks_read(read, fd, size_of(fd)), i ? -ENODATA : 0);
		close(fd);
	}
	free(marks);
	free(read);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),	cmocka_unit_test(test_pointer), cmocka_unit_test(test_most),
		cmocka_unit_test(test_is_gzip), cmocka_unit_test(test_damage),	cmocka_unit_test(test_lies),
		cmocka_unit_test(test_many_false),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
