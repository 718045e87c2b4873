// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which files a recording makes, and which it leaves alone: whatever is there and was not proved to be ours. */
#include "recording_unit.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording/file.h"
#include "recording/series.h"

static const char *path_of(const char *name)
{
	static char paths[4][2 * UNIT_PATH];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", unit_folder(), name);
	return path;
}

/* Which file is it? 0: there is none. */
static ino_t inode_of(const char *name)
{
	struct stat status;

	return lstat(path_of(name), &status) ? 0 : status.st_ino;
}

static void assert_content(const char *name, const char *content)
{
	char text[64] = "";
	int fd = open(path_of(name), O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	assert_string_equal(text, content);
	close(fd);
}

static int begin(struct recording_series **series, const char *name, bool many, unsigned int keep)
{
	struct recording_place place = { .path = path_of(name), .many = many, .keep = keep, .wait_seconds = 0 };
	char error[512] = "";
	int err = recording_series_new(series, &place, error, sizeof(error));

	assert_int_equal(err != 0, error[0] != '\0');
	return err;
}

/* As a run leaves it: with the header of a recording. */
static void write_recording(int fd)
{
	struct run run = { .version = "1", .kernel = "6", .begin_ns = BEGIN_NS, .begin_unix_ns = BEGIN_UNIX_NS };
	struct recording_part part = { .format = RECORDING_FORMAT };
	struct recording_file *file;
	struct json json;

	json_init(&json);
	recording_header_json(&json, &run, &part);
	assert_int_equal(recording_file_new(&file, fd), 0);
	assert_int_equal(recording_file_write(file, json.data, json.size), 0);
	assert_int_equal(recording_file_finish(file), 0);
	recording_file_free(file);
	json_release(&json);
}

/* A run of so many files. */
static void record(const char *name, unsigned int files, unsigned int keep)
{
	struct recording_series *series;

	assert_int_equal(begin(&series, name, true, keep), 0);
	write_recording(recording_series_first(series));
	recording_series_trim(series);
	while (--files) {
		write_recording(recording_series_next(series));
		recording_series_trim(series);
	}
	recording_series_free(series);
}

static void a_new_file_is_private(void **state)
{
	struct recording_series *series;
	struct stat status;

	(void)state;
	umask(0);
	assert_int_equal(begin(&series, "x.rec", false, 0), 0);
	assert_int_equal(fstat(recording_series_first(series), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_string_equal(recording_series_name(series), "x.rec");
	assert_string_equal(recording_series_path(series), path_of("x.rec"));
	close(recording_series_first(series));
	recording_series_abandon(series);
	assert_int_equal(inode_of("x.rec"), 0);
	recording_series_free(series);
}

/* Whatever it is, and a recording too. */
static void what_is_there_stays(void **state)
{
	static const char *const contents[] = { "text", "\x1f\x8b\x08 a backup", "x" };
	struct recording_series *series;
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(contents); i++) {
		unit_write_file(path_of("x.rec"), contents[i]);
		assert_int_equal(begin(&series, "x.rec", false, 0), -EEXIST);
		assert_content("x.rec", contents[i]);
	}
	fd = open(path_of("x.rec"), O_RDWR | O_TRUNC);
	write_recording(fd);
	assert_int_equal(begin(&series, "x.rec", false, 0), -EEXIST);
	assert_int_equal(begin(&series, "no/x.rec", false, 0), -ENOENT);
}

/* As mktemp(1) makes it. It was there before, so it stays when nothing is recorded. */
static void an_empty_file_of_ours_is_used(void **state)
{
	struct recording_series *series;
	ino_t inode;

	(void)state;
	unit_write_file(path_of("x.rec"), "");
	inode = inode_of("x.rec");
	assert_int_equal(begin(&series, "x.rec", false, 0), 0);
	close(recording_series_first(series));
	recording_series_abandon(series);
	assert_int_equal(inode_of("x.rec"), inode);
	recording_series_free(series);
	assert_int_equal(link(path_of("x.rec"), path_of("other name")), 0);
	assert_int_equal(begin(&series, "x.rec", false, 0), -EEXIST);
}

static void links_are_not_followed(void **state)
{
	struct recording_series *series;

	(void)state;
	unit_write_file(path_of("precious"), "precious");
	assert_int_equal(symlink("precious", path_of("x.rec")), 0);
	assert_int_equal(symlink("nothing", path_of("y.rec")), 0);
	assert_int_equal(symlink("precious", path_of("z.rec.1")), 0);
	assert_int_equal(begin(&series, "x.rec", false, 0), -ELOOP);
	assert_int_equal(begin(&series, "y.rec", false, 0), -ELOOP);
	assert_int_equal(inode_of("nothing"), 0);
	record("z.rec", 2, 1);
	assert_true(inode_of("z.rec.1") && inode_of("z.rec.2"));
	assert_content("precious", "precious");
}

/* In /tmp another user can put a FIFO or a link to one in our way. */
static void streams_of_others_are_refused(void **state)
{
	struct recording_series *series;

	(void)state;
	if (geteuid())
		skip_because("only root can make files of others");
	assert_int_equal(mkfifo(path_of("x.rec"), 0666), 0);
	assert_int_equal(lchown(path_of("x.rec"), 1, 1), 0);
	assert_int_equal(symlink("/dev/null", path_of("y.rec")), 0);
	assert_int_equal(lchown(path_of("y.rec"), 1, 1), 0);
	assert_int_equal(begin(&series, "x.rec", false, 0), -ELOOP);
	assert_int_equal(begin(&series, "y.rec", false, 0), -ELOOP);
}

static void streams(void **state)
{
	struct recording_series *series;
	int reader;

	(void)state;
	assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
	assert_int_equal(begin(&series, "fifo", false, 0), -ENXIO);
	reader = open(path_of("fifo"), O_RDONLY | O_NONBLOCK);
	assert_int_equal(begin(&series, "fifo", false, 0), 0);
	assert_true(recording_series_is_stream(series));
	assert_string_equal(recording_series_path(series), path_of("fifo"));
	assert_true(fcntl(recording_series_first(series), F_GETFL) & O_NONBLOCK);
	close(recording_series_first(series));
	close(reader);
	recording_series_abandon(series);
	assert_int_not_equal(inode_of("fifo"), 0);
	recording_series_free(series);
}

/* Of a name that others use too, only what has our header goes. */
static void only_ours_are_removed(void **state)
{
	(void)state;
	unit_write_file(path_of("q.rec.1"), "foreign");
	unit_write_file(path_of("q.rec.03"), "no number of ours");
	record("q.rec", 4, 2);
	assert_int_equal(inode_of("q.rec"), 0);
	assert_int_equal(inode_of("q.rec.2"), 0);
	assert_true(inode_of("q.rec.3") && inode_of("q.rec.4"));
	assert_content("q.rec.1", "foreign");
	assert_content("q.rec.03", "no number of ours");
}

static void a_file_put_in_place_of_ours_stays(void **state)
{
	struct recording_series *series;

	(void)state;
	assert_int_equal(begin(&series, "q.rec", true, 1), 0);
	write_recording(recording_series_first(series));
	assert_int_equal(rename(path_of("q.rec"), path_of("taken away")), 0);
	unit_write_file(path_of("q.rec"), "foreign");
	write_recording(recording_series_next(series));
	recording_series_trim(series);
	assert_content("q.rec", "foreign");
	assert_true(inode_of("taken away") && inode_of("q.rec.1"));
	recording_series_free(series);
}

/* A service that is started again and again. */
static void a_restart_goes_on(void **state)
{
	ino_t second, third;

	(void)state;
	record("q.rec", 3, 0);
	second = inode_of("q.rec.1");
	third = inode_of("q.rec.2");
	record("q.rec", 2, 4);
	assert_int_equal(inode_of("q.rec"), 0);
	assert_int_equal(inode_of("q.rec.1"), second);
	assert_int_equal(inode_of("q.rec.2"), third);
	assert_true(inode_of("q.rec.3") && inode_of("q.rec.4"));
	record("q.rec", 9, 2);
	assert_true(inode_of("q.rec.12") && inode_of("q.rec.13"));
	assert_int_equal(inode_of("q.rec.9"), 0);
}

static size_t count(const char *pattern)
{
	glob_t found;
	size_t number = glob(path_of(pattern), 0, NULL, &found) ? 0 : found.gl_pathc;

	globfree(&found);
	return number;
}

static void a_folder_gets_dated_files(void **state)
{
	struct recording_series *series;
	struct recording_extent extent;

	(void)state;
	assert_int_equal(begin(&series, "", false, 0), 0);
	write_recording(recording_series_first(series));
	extent = recording_series_extent(series);
	assert_int_equal(extent.files, 1);
	assert_true(extent.bytes > 50);
	assert_string_equal(extent.first, extent.last);
	recording_series_free(series);
	assert_int_equal(count("tcpdwell-2*T*Z.rec"), 1);
	unit_write_file(path_of("tcpdwell-20010101T000000Z.rec"), "foreign");
	record("", 3, 3);
	assert_int_equal(count("tcpdwell-2*T*Z.rec"), 2);
	assert_int_equal(count("tcpdwell-2*T*Z.rec.[12]"), 2);
	assert_content("tcpdwell-20010101T000000Z.rec", "foreign");
	record("", 1, 2);
	assert_int_equal(count("tcpdwell-2*T*Z.rec"), 2);
	assert_int_equal(count("tcpdwell-2*T*Z.rec.2"), 1);
	assert_int_equal(count("tcpdwell-2*T*Z.rec.1"), 0);
}

static void a_folder_that_vanishes(void **state)
{
	struct recording_series *series;

	(void)state;
	assert_int_equal(mkdir(path_of("sub"), 0700), 0);
	assert_int_equal(begin(&series, "sub/x.rec", true, 0), 0);
	write_recording(recording_series_first(series));
	assert_int_equal(unlink(path_of("sub/x.rec")), 0);
	assert_int_equal(rmdir(path_of("sub")), 0);
	assert_int_equal(mkdir(path_of("sub"), 0700), 0);
	assert_int_equal(recording_series_next(series), -ENOENT);
	assert_int_equal(count("sub/*"), 0);
	recording_series_free(series);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, unit_folder_made, unit_folder_removed)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_file_is_private),
		TEST(what_is_there_stays),
		TEST(an_empty_file_of_ours_is_used),
		TEST(links_are_not_followed),
		TEST(streams_of_others_are_refused),
		TEST(streams),
		TEST(only_ours_are_removed),
		TEST(a_file_put_in_place_of_ours_stays),
		TEST(a_restart_goes_on),
		TEST(a_folder_gets_dated_files),
		TEST(a_folder_that_vanishes),
	};

	return cmocka_run_group_tests_name("recording_series", tests, NULL, NULL);
}
