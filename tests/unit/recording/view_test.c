// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Where a file says that reading can begin, all is told that is there; and a file is more than that. */
#include "recording_unit.h"

#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "account/model.h"
#include "event/port_facts.h"
#include "recording/marks.h"

#define SOCKETS 3
#define STATES (((1U << STATE_COUNT) - 1) & ~(1U | 1U << STATE_CLOSE | 1U << STATE_LISTEN)) /* that a model of ports follows */

static const struct health health;
static const struct totals totals;

static void tick(struct view *view, uint64_t ms)
{
	struct tick tick = { BEGIN_NS + ms * MS, BEGIN_UNIX_NS + ms * MS, &health, &totals };

	assert_int_equal(view->tick(view, &tick), 0);
}

static void tell_sockets(struct view *view, uint64_t ms)
{
	uint64_t id;

	for (id = 1; id <= SOCKETS; id++) {
		struct event event = event_of(id, STATE_ESTABLISHED, STATE_CLOSE_WAIT, ms);

		assert_int_equal(view->event(view, &event), 0);
	}
}

static size_t marks_of(const char *path)
{
	struct recording_marks *marks = calloc(1, sizeof(*marks));
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t count;

	assert_true(fd >= 0 && marks);
	count = recording_marks_read(marks, fd, lseek(fd, 0, SEEK_END)) ? 0 : marks->count;
	close(fd);
	free(marks);
	return count;
}

/* Two parts; of the table there is room for so many sockets, and once it has enough for all these are told anew. */
static size_t record_parts(size_t room, bool told_anew)
{
	struct run run = { .version = "1", .kernel = "6", .begin_ns = BEGIN_NS, .begin_unix_ns = BEGIN_UNIX_NS };
	struct recording_config config = { .part_bytes = 1 };
	struct tick last = { BEGIN_NS + 400 * MS, BEGIN_UNIX_NS + 400 * MS, &health, &totals };
	char folder[UNIT_PATH], path[2 * UNIT_PATH], error[256];
	struct view *view;
	size_t marks;

	unit_make_folder(folder);
	snprintf(path, sizeof(path), "%s/x.rec", folder);
	config.file = path;
	assert_int_equal(recording_view_new(&view, &config, error, sizeof(error)), 0);
	assert_int_equal(view->begin(view, &run), 0);
	recording_view_live(view)->sockets.max = room;
	tell_sockets(view, 50);
	if (told_anew) {
		recording_view_live(view)->sockets.max = SOCKETS;
		view->recount(view, true);
		tell_sockets(view, 150);
		view->recount(view, false);
	}
	tick(view, 200);
	assert_int_equal(view->end(view, &last), 0);
	recording_view_free(view);
	marks = marks_of(path);
	unit_remove_folder(folder);
	return marks;
}

static void test_no_mark_where_sockets_are_missing(void **state)
{
	(void)state;
	assert_true(record_parts(SOCKETS, false) >= 2);
	assert_int_equal(record_parts(SOCKETS - 1, false), 0);
	assert_true(record_parts(SOCKETS - 1, true) >= 2);
}

/* Ids of connections are all different bytes, as they are in a run: a list of them can't be compressed to nothing. */
static uint64_t id_of(uint64_t number)
{
	number = (number + 1) * 0x9e3779b97f4a7c15ULL;
	return number ^ number >> 31;
}

static void tell_one(struct view *view, uint64_t number, unsigned int old_state, unsigned int new_state, uint64_t ms)
{
	struct event event = event_of(id_of(number), old_state, new_state, ms);

	event.record.endpoint.local_port = number;
	assert_int_equal(view->event(view, &event), 0);
}

static size_t files_in(const char *folder)
{
	char pattern[2 * UNIT_PATH];
	size_t count;
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/*", folder);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	count = found.gl_pathc;
	globfree(&found);
	return count;
}

/* How many files it takes to tell of some that come and go beside a crowd that stays, of a size that a list of the crowd fills. */
static size_t files_beside_a_crowd(uint64_t most_bytes)
{
	enum { CROWD = 20000, VISITORS = 20000, AT_ONCE = 1000 };
	struct run run = { .version = "1", .kernel = "6", .begin_ns = BEGIN_NS, .begin_unix_ns = BEGIN_UNIX_NS };
	struct recording_config config = { .max_bytes = 256 << 10, .most_bytes = most_bytes };
	struct tick last = { BEGIN_NS + 40000 * MS, BEGIN_UNIX_NS + 40000 * MS, &health, &totals };
	char folder[UNIT_PATH], path[2 * UNIT_PATH], error[256];
	struct view *view;
	uint64_t number;
	size_t files;

	unit_make_folder(folder);
	snprintf(path, sizeof(path), "%s/x.rec", folder);
	config.file = path;
	assert_int_equal(recording_view_new(&view, &config, error, sizeof(error)), 0);
	assert_int_equal(view->begin(view, &run), 0);
	for (number = 0; number < CROWD; number++)
		tell_one(view, number, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 1);
	for (number = CROWD; number < CROWD + VISITORS; number++) {
		tell_one(view, number, STATE_SYN_SENT, STATE_ESTABLISHED, number);
		tell_one(view, number, STATE_ESTABLISHED, STATE_CLOSE, number);
		if (!(number % AT_ONCE))
			tick(view, number);
	}
	assert_int_equal(view->end(view, &last), 0);
	recording_view_free(view);
	files = files_in(folder);
	unit_remove_folder(folder);
	return files;
}

static void test_files_grow_with_a_crowd(void **state)
{
	size_t files = files_beside_a_crowd(0), grown = files_beside_a_crowd(8 << 20);

	(void)state;
	assert_true(files >= 4);
	assert_true(grown * 2 <= files);
}

static unsigned int lines_with(const char *path, const char *text)
{
	static char line[RECORDING_LINE_BYTES];
	gzFile file = gzopen(path, "rb");
	unsigned int count = 0;

	assert_non_null(file);
	while (gzgets(file, line, sizeof(line)))
		count += strstr(line, text) != NULL;
	gzclose(file);
	return count;
}

/* What was told once of ports each part begins with: the last that was told. */
static void test_parts_begin_with_ports(void **state)
{
	struct run run = { .version = "1", .kernel = "6", .begin_ns = BEGIN_NS, .begin_unix_ns = BEGIN_UNIX_NS };
	struct tick last = { BEGIN_NS + 400 * MS, BEGIN_UNIX_NS + 400 * MS, &health, &totals };
	struct recording_config config = { .part_bytes = 1 };
	const struct bound_socket bound = { .port = 42007 };
	struct port_facts ports = { .settings = { .netns = 42, .low = 42000, .high = 42999 }, .bound = &bound, .n_bound = 1 };
	struct event event = event_of(0, STATE_CLOSE, STATE_CLOSE, 60);
	char folder[UNIT_PATH], path[2 * UNIT_PATH], error[256];
	struct view *view;

	(void)state;
	unit_make_folder(folder);
	snprintf(path, sizeof(path), "%s/x.rec", folder);
	config.file = path;
	assert_int_equal(recording_view_new(&view, &config, error, sizeof(error)), 0);
	assert_int_equal(view->begin(view, &run), 0);
	tell_sockets(view, 50);
	event.record = (struct transition){ .type = RECORD_PORTS, .time_ns = event.record.time_ns, .endpoint.netns = 42 };
	event.ports = &ports;
	assert_int_equal(view->event(view, &event), 0);
	ports.settings.high = 43999;
	assert_int_equal(view->event(view, &event), 0);
	tick(view, 200);
	assert_int_equal(view->end(view, &last), 0);
	recording_view_free(view);
	assert_int_equal(lines_with(path, "\"type\":\"header\""), 2);
	assert_int_equal(lines_with(path, "[42000,42999]"), 1);
	assert_int_equal(lines_with(path, "[42000,43999]"), 2);
	assert_int_equal(lines_with(path, "42007"), 3);
	unit_remove_folder(folder);
}

#define LISTENER 100

/* The event, to the view and then to the books, as they have it who share them. */
static void tell_both(struct view *view, struct model *books, uint64_t id, unsigned int old_state, unsigned int new_state, uint64_t ms)
{
	struct event event = event_of(id, old_state, new_state, ms);

	event.record.endpoint.local_port = id;
	assert_int_equal(view->event(view, &event), 0);
	if (books)
		model_event(books, &event);
}

static void recount_both(struct view *view, struct model *books, bool begins)
{
	view->recount(view, begins);
	if (books)
		model_recount(books, begins);
}

/* Events above the rate, a listener, files that are full between two ticks, parts, a recount that does not find all. */
static void tell_much(struct view *view, struct model *books)
{
	uint64_t id, round;

	tell_both(view, books, LISTENER, STATE_CLOSE, STATE_LISTEN, 10);
	for (round = 0; round < 120; round++) {
		for (id = 1; id < 60; id++)
			tell_both(view, books, 1000 * round + id, STATE_SYN_SENT, STATE_ESTABLISHED, 100 * round + id);
		tick(view, 100 * round + 60);
		for (id = 1; id < 60; id++)
			tell_both(view, books, 1000 * round + id, STATE_ESTABLISHED, id % 3 ? STATE_TIME_WAIT : STATE_CLOSE_WAIT,
				  100 * round + 60);
		for (id = 1; id < 30; id++)
			tell_both(view, books, 1000 * round + id, id % 3 ? STATE_TIME_WAIT : STATE_CLOSE_WAIT, STATE_CLOSE, 100 * round + 90);
	}
	recount_both(view, books, true);
	for (id = 30; id < 40; id++)
		tell_both(view, books, 1000 + id, STATE_CLOSE_WAIT, STATE_LAST_ACK, 12100);
	recount_both(view, books, false);
	tick(view, 20000);
	tell_both(view, books, LISTENER, STATE_LISTEN, STATE_CLOSE, 20100);
	tick(view, 20200);
}

/* All lines of all files, but for what names them. */
static char *all_lines(const char *folder)
{
	char pattern[2 * UNIT_PATH], *all = calloc(1, 64 << 20), *at;
	size_t size = 0, i;
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/*", folder);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (i = 0; i < found.gl_pathc; i++) {
		gzFile file = gzopen(found.gl_pathv[i], "rb");

		size += gzread(file, all + size, (64 << 20) - 1 - size);
		gzclose(file);
	}
	for (at = all; (at = strstr(at, "\"run\":\"")); at++)
		memset(at + 7, '-', 16);
	globfree(&found);
	return all;
}

static char *record_much(struct model *books, size_t *files)
{
	struct run run = { .version = "1", .kernel = "6", .begin_ns = BEGIN_NS, .begin_unix_ns = BEGIN_UNIX_NS };
	struct tick last = { BEGIN_NS + 20300 * MS, BEGIN_UNIX_NS + 20300 * MS, &health, &totals };
	struct recording_config config = { .max_bytes = 76 << 10, .part_bytes = 8 << 10, .max_event_rate = 900, .books = books };
	char folder[UNIT_PATH], path[2 * UNIT_PATH], error[256], *lines;
	struct view *view;

	unit_make_folder(folder);
	snprintf(path, sizeof(path), "%s/x.rec", folder);
	config.file = path;
	assert_int_equal(recording_view_new(&view, &config, error, sizeof(error)), 0);
	assert_int_equal(view->begin(view, &run), 0);
	tell_much(view, books);
	assert_int_equal(view->end(view, &last), 0);
	recording_view_free(view);
	lines = all_lines(folder);
	*files = files_in(folder);
	unit_remove_folder(folder);
	return lines;
}

static unsigned int count_of(const char *lines, const char *text)
{
	unsigned int count = 0;

	for (; (lines = strstr(lines, text)); lines++)
		count++;
	return count;
}

/* What another view follows, the recording need not: each line is the same. */
static void test_books_of_another_view(void **state)
{
	const struct model_config config = {
		.states = STATES, .followed = STATES, .groupings = { GROUP_PROCESS }, .n_groupings = 1, .keep_ends = true };
	struct model *books = model_new(&config);
	char *own, *shared;
	size_t files, files_shared;

	(void)state;
	own = record_much(NULL, &files);
	shared = record_much(books, &files_shared);
	assert_int_equal(files, files_shared);
	assert_true(files > 2);
	assert_true(count_of(own, "\"type\":\"untold\"") + count_of(own, "\"type\":\"withheld\"") > 2);
	assert_true(count_of(own, "\"type\":\"socket\"") > 100);
	assert_true(count_of(own, "\"state\":\"LISTEN\"") > 0);
	assert_int_equal(strlen(own), strlen(shared));
	assert_string_equal(own, shared);
	free(own);
	free(shared);
	model_free(books);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_books_of_another_view),
		cmocka_unit_test(test_parts_begin_with_ports),
		cmocka_unit_test(test_no_mark_where_sockets_are_missing),
		cmocka_unit_test(test_files_grow_with_a_crowd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
