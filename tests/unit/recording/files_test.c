// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Several files as one: each run from its begin, whatever clock was set meanwhile, and thousands of parts in no more time than they need. */
#include "recording_unit.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "recording/files.h"
#include "recording/marks.h"

#define PART_BYTES 1000
#define MANY 16 /* files */

/* Of a run, with so many parts that are a second apart, from the one with this number; UTC was set back by `back_ms` since it began. */
static void make_file(const char *name, const char *run, unsigned int number, unsigned int parts, uint64_t back_ms)
{
	static unsigned char bytes[RECORDING_MARK_BYTES];
	static struct recording_marks marks;
	struct run begin = { .version = "1", .kernel = "6" };
	struct recording_part part = { .format = RECORDING_FORMAT, .number = number, .continued = number > 0 };
	char path[2 * UNIT_PATH];
	struct json json;
	unsigned int i;
	size_t size;
	int fd;

	marks.count = 0;
	for (i = 0; i < parts; i++) {
		uint64_t ms = (number + i) * 1000ULL;
		struct recording_mark mark = { (uint64_t)i * PART_BYTES, BEGIN_UNIX_NS + ms * MS - back_ms * MS, BEGIN_NS + ms * MS, number + i };

		recording_marks_add(&marks, &mark);
	}
	begin.begin_ns = marks.parts[0].time_ns;
	begin.begin_unix_ns = marks.parts[0].unix_ns;
	snprintf(part.run, sizeof(part.run), "%s", run);
	snprintf(path, sizeof(path), "%s/%s", unit_folder(), name);
	json_init(&json);
	recording_header_json(&json, &begin, &part);
	fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, json.data, json.size, 0), json.size);
	size = recording_marks_list(&marks, (uint64_t)parts * PART_BYTES, bytes);
	if (parts > 1)
		assert_int_equal(pwrite(fd, bytes, size, (uint64_t)parts * PART_BYTES), size);
	close(fd);
	json_release(&json);
}

static struct recording_files *open_files(const char *const *paths, size_t count)
{
	struct recording_selection selection = { .paths = paths, .count = count };
	struct recording_files *files;
	char error[256];

	assert_int_equal(recording_files_new(&files, &selection, error, sizeof(error)), 0);
	return files;
}

/* By name the last file comes first, by UTC too, and another run is in between. */
static void test_runs_from_their_begin(void **state)
{
	const char *path = unit_folder();
	struct recording_files *files;
	size_t i;

	(void)state;
	make_file("c", "aa", 0, 3, 0);
	make_file("b", "bb", 0, 1, 5000);
	make_file("a", "aa", 3, 3, 10000);
	files = open_files(&path, 1);
	assert_int_equal(recording_files_count(files), 3);
	assert_int_equal(recording_files_parts(files), 7);
	assert_int_equal(recording_files_repeated(files), 0);
	assert_int_equal(recording_files_part(files, 0).place_ns, BEGIN_UNIX_NS - 5000 * MS);
	for (i = 0; i < 6; i++) {
		assert_int_equal(recording_files_part(files, 1 + i).time_ns, BEGIN_NS + i * 1000 * MS);
		assert_int_equal(recording_files_part(files, 1 + i).place_ns, BEGIN_UNIX_NS + i * 1000 * MS);
	}
	recording_files_free(files);
}

/* A run without a name is a file alone. */
static void test_no_run(void **state)
{
	const char *path = unit_folder();
	struct recording_files *files;
	size_t i;

	(void)state;
	make_file("a", "", 0, 1, 0);
	make_file("b", "", 0, 1, 1000);
	files = open_files(&path, 1);
	assert_int_equal(recording_files_parts(files), 2);
	for (i = 0; i < 2; i++)
		assert_int_equal(recording_files_part(files, i).place_ns, recording_files_part(files, i).unix_ns);
	recording_files_free(files);
}

/* Whoever gave a file twice did not give each part of it. */
static void test_given_twice(void **state)
{
	const char *paths[] = { unit_folder(), unit_folder(), unit_folder() };
	struct recording_files *files;

	(void)state;
	make_file("a", "aa", 0, 4, 0);
	make_file("b", "aa", 4, 1, 0);
	files = open_files(paths, 3);
	assert_int_equal(recording_files_count(files), 6);
	assert_int_equal(recording_files_parts(files), 15);
	assert_int_equal(recording_files_repeated(files), 4);
	recording_files_free(files);
}

/* Of two runs of one machine that overlap the later one begins with its first part after the end of the earlier one. */
static void test_same_time(void **state)
{
	static const unsigned int expected[] = { 0, 1, 2, 3, 3, 4, 5, 5 };
	const char *path = unit_folder();
	struct recording_files *files;
	size_t i;

	(void)state;
	make_file("c", "aa", 0, 4, 0);
	make_file("b", "bb", 2, 4, 0);
	make_file("a", "cc", 4, 2, 0);
	files = open_files(&path, 1);
	assert_int_equal(recording_files_parts(files), 8);
	for (i = 0; i < 8; i++)
		assert_int_equal(recording_files_part(files, i).time_ns, BEGIN_NS + expected[i] * 1000 * MS);
	recording_files_free(files);
}

/* Processor time, which other work on the machine does not add to. */
static double seconds_of(const char *const *paths, size_t count, unsigned int times)
{
	clock_t begin = clock();

	while (times--)
		recording_files_free(open_files(paths, count));
	return (double)(clock() - begin) / CLOCKS_PER_SEC;
}

/* MANY files take about as long as one does MANY times: were each part compared with all, it were MANY times that. */
static void test_many_parts(void **state)
{
	static char names[MANY][2 * UNIT_PATH];
	const char *paths[MANY];
	double alone, together;
	char name[16];
	size_t i;

	(void)state;
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "%zu", i);
		make_file(name, "aa", i * RECORDING_MARKS_MOST, RECORDING_MARKS_MOST, 0);
		snprintf(names[i], sizeof(names[i]), "%s/%s", unit_folder(), name);
		paths[i] = names[i];
	}
	seconds_of(paths, 1, 1);
	alone = seconds_of(paths, 1, MANY);
	together = seconds_of(paths, MANY, 1);
	printf("# %d files: %.3f s, one %d times: %.3f s\n", MANY, together, MANY, alone);
	assert_true(together < alone * 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_runs_from_their_begin, unit_folder_made, unit_folder_removed),
		cmocka_unit_test_setup_teardown(test_no_run, unit_folder_made, unit_folder_removed),
		cmocka_unit_test_setup_teardown(test_given_twice, unit_folder_made, unit_folder_removed),
		cmocka_unit_test_setup_teardown(test_same_time, unit_folder_made, unit_folder_removed),
		cmocka_unit_test_setup_teardown(test_many_parts, unit_folder_made, unit_folder_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
