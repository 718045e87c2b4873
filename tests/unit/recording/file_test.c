// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Around recordings: the compressed file, its lines, the sockets that a further file begins with, and the filters. */
#include "recording_unit.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include "recording/file.h"
#include "recording/input.h"
#include "recording/live_sockets.h"
#include "filter/event_filter.h"

static void test_filters(void **state)
{
	struct event event = event_of(1, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 100), unowned = event;
	struct filter filter;
	char error[256];

	(void)state;
	memset(&unowned.record.owner, 0, sizeof(unowned.record.owner));
	unowned.cgroup = NULL;
#define ASSERT_FILTER(parse, text, passes, unowned_passes)                                        \
	do {                                                                                      \
		filter_init(&filter, NULL);                                                       \
		filter.recorded = true;                                                           \
		assert_int_equal(parse(&filter, text, error, sizeof(error)), 0);                  \
		assert_int_equal(event_passes(&filter, &event), passes);                          \
		assert_int_equal(event_passes(&filter, &unowned), unowned_passes);                \
	} while (0)
	ASSERT_FILTER(filter_parse_pids, "4711", true, false);
	ASSERT_FILTER(filter_parse_pids, "1,4712", false, false);
	ASSERT_FILTER(filter_parse_comm, "java", true, false);
	ASSERT_FILTER(filter_parse_comm, "jav", false, false);
	ASSERT_FILTER(filter_parse_netns, "4026531840", true, true);
	ASSERT_FILTER(filter_parse_netns, "7", false, false);
	ASSERT_FILTER(filter_parse_local_ports, "1,40000", true, true);
	ASSERT_FILTER(filter_parse_local_ports, "80", false, false);
	ASSERT_FILTER(filter_parse_remote_ports, "80", true, true);
	ASSERT_FILTER(filter_parse_remote_ports, "40000", false, false);
	ASSERT_FILTER(filter_parse_remote, "10.0.0.0/30", true, true);
	ASSERT_FILTER(filter_parse_remote, "10.0.0.0/30:81", false, false);
	ASSERT_FILTER(filter_parse_remote, "::/0", false, false);
	ASSERT_FILTER(filter_parse_cgroup, "/a", true, false);
	ASSERT_FILTER(filter_parse_cgroup, "/a/", true, false);
	ASSERT_FILTER(filter_parse_cgroup, "/sys/fs/cgroup/a", true, false);
	ASSERT_FILTER(filter_parse_cgroup, "/", true, false);
	ASSERT_FILTER(filter_parse_cgroup, "/ab", false, false);
	assert_true(event_has_state(&event, 1 << STATE_CLOSE_WAIT));
	assert_false(event_has_state(&event, 1 << STATE_TIME_WAIT));
}

/* Lines come out the same however the bytes came in, and whatever is around them. */
static void test_lines(void **state)
{
	static char data[3 * RECORDING_LINE_BYTES];
	static const size_t at_once[] = { 1, 2, 3, 1000, 0 };
	const char *line;
	size_t i, size;

	(void)state;
	memset(data, 'x', sizeof(data));
	memcpy(data, "one\n\n", 5);
	data[sizeof(data) - 5] = '\n';
	memcpy(data + sizeof(data) - 4, "last", 4);
	for (i = 0; i < ARRAY_SIZE(at_once); i++) {
		struct memory memory = { data, sizeof(data), at_once[i] };
		struct recording_input *input = recording_input_new(memory_read, &memory);

		assert_int_equal(recording_input_line(input, &line, &size), 1);
		assert_int_equal(size, 3);
		assert_int_equal(recording_input_line(input, &line, &size), 1);
		assert_int_equal(size, 0);
		assert_int_equal(recording_input_line(input, &line, &size), -E2BIG);
		assert_int_equal(recording_input_line(input, &line, &size), 1);
		assert_int_equal(size, 4);
		assert_memory_equal(line, "last", 4);
		assert_true(recording_input_unterminated(input));
		assert_int_equal(recording_input_line(input, &line, &size), 0);
		assert_false(recording_input_cuts(input) || recording_input_corrupt(input));
		recording_input_free(input);
	}
}

static size_t lines_of(const char *data, size_t size, bool *truncated, bool *corrupt)
{
	struct memory memory = { data, size, 100 };
	struct recording_input *input = recording_input_new(memory_read, &memory);
	const char *line;
	size_t count = 0, line_size;

	while (recording_input_line(input, &line, &line_size) == 1)
		count += !recording_input_unterminated(input);
	*truncated = recording_input_cuts(input) != 0;
	*corrupt = recording_input_corrupt(input);
	recording_input_free(input);
	return count;
}

/* A file of one line, whose first bytes are a file of their own before it. */
struct cut_and_whole {
	char data[4096];
	size_t cut, whole, at;
};

static long cut_and_whole_read(void *context, void *buffer, size_t size)
{
	struct cut_and_whole *files = context;
	const size_t end = files->cut ?: files->whole, left = end - files->at;

	if (!left && files->cut) {
		files->cut = files->at = 0;
		return RECORDING_NEXT_FILE;
	}
	size = size < left ? size : left;
	memcpy(buffer, files->data + files->at, size);
	files->at += size;
	return size;
}

/* Wherever a file was cut, the next one is read, and nothing is damage. */
static void test_cut_before_another(void **state)
{
	struct cut_and_whole files;
	struct recording_input *input;
	struct recording_file *file;
	char path[UNIT_PATH];
	int fd = unit_make_file(path);
	const char *line;
	size_t size, cut, lines;

	(void)state;
	assert_int_equal(recording_file_new(&file, dup(fd)), 0);
	assert_int_equal(recording_file_write(file, "a line\n", 7), 0);
	assert_int_equal(recording_file_finish(file), 0);
	recording_file_free(file);
	files.whole = pread(fd, files.data, sizeof(files.data), 0);
	assert_in_range(files.whole, 7, sizeof(files.data) - 1);
	for (cut = 1; cut < files.whole; cut++) {
		files.cut = cut;
		files.at = 0;
		input = recording_input_new(cut_and_whole_read, &files);
		lines = 0;
		while (recording_input_line(input, &line, &size) == 1)
			if (size == 6 && !memcmp(line, "a line", 6))
				lines++;
			else if (!recording_input_unterminated(input))
				fail_msg("a line of %zu bytes of a file that was cut after %zu", size, cut);
		assert_in_range(lines, 1, 2);
		assert_true(recording_input_cuts(input));
		assert_false(recording_input_corrupt(input));
		recording_input_free(input);
	}
	close(fd);
	unlink(path);
}

/* Put together by cat: the file that was cut seems to go on with the one behind it, whose first line must not be lost. */
static void test_cut_put_before_another(void **state)
{
	char path[UNIT_PATH], data[4096], text[200];
	struct recording_file *file;
	int fd = unit_make_file(path), i;
	size_t whole, cut, seen;
	struct memory memory;

	(void)state;
	assert_int_equal(recording_file_new(&file, dup(fd)), 0);
	for (i = 0; i < 30; i++) {
		snprintf(text, sizeof(text), i ? "line %d %llu\n" : "the first line\n", i, (unsigned long long)i * 0x9e3779b97f4a7c15);
		assert_int_equal(recording_file_write(file, text, strlen(text)), 0);
	}
	assert_int_equal(recording_file_finish(file), 0);
	recording_file_free(file);
	whole = pread(fd, data, sizeof(data), 0);
	assert_in_range(whole, 100, sizeof(data) / 2);
	for (cut = whole / 4; cut < whole; cut++) {
		struct recording_input *input;
		const char *line;
		size_t size;

		assert_int_equal(pread(fd, data + cut, whole, 0), whole);
		memory = (struct memory){ data, cut + whole, 0 };
		input = recording_input_new(memory_read, &memory);
		seen = 0;
		while (recording_input_line(input, &line, &size) == 1)
			seen += size == 14 && !memcmp(line, "the first line", 14);
		if (seen != 2)
			fail_msg("%zu begins of 2 are seen, cut after %zu of %zu", seen, cut, whole);
		recording_input_free(input);
		assert_int_equal(pread(fd, data, whole, 0), whole);
	}
	close(fd);
	unlink(path);
}

/* A file as it is while it grows, when it is finished, when two follow one another, and when it is damaged. */
static void test_compressed_file(void **state)
{
	char path[UNIT_PATH], data[2 * 65536];
	struct recording_file *file;
	bool truncated, corrupt;
	int fd = unit_make_file(path), i;
	size_t size;

	(void)state;
	assert_int_equal(recording_file_new(&file, dup(fd)), 0);
	for (i = 0; i < 1000; i++) {
		snprintf(data, sizeof(data), "line %d %llu\n", i, (unsigned long long)i * 0x9e3779b97f4a7c15);
		assert_int_equal(recording_file_write(file, data, strlen(data)), 0);
	}
	assert_int_equal(recording_file_flush(file), 0);
	size = pread(fd, data, sizeof(data), 0);
	assert_int_equal(lines_of(data, size, &truncated, &corrupt), 1000);
	assert_true(!truncated && !corrupt);
	assert_int_equal(recording_file_write(file, "few\n", 4), 0);
	assert_int_equal(recording_file_flush(file), 0);
	size = pread(fd, data, sizeof(data), 0);
	assert_int_equal(lines_of(data, size, &truncated, &corrupt), 1001);
	assert_true(truncated && !corrupt);
	assert_int_equal(recording_file_finish(file), 0);
	assert_int_equal(recording_file_unwritten(file), 0);
	size = pread(fd, data, sizeof(data) / 2, 0);
	assert_int_equal(size, recording_file_bytes(file));
	recording_file_free(file);
	assert_int_equal(lines_of(data, size, &truncated, &corrupt), 1001);
	assert_true(!truncated && !corrupt);
	memcpy(data + size, data, size);
	assert_int_equal(lines_of(data, 2 * size, &truncated, &corrupt), 2002);
	assert_true(!truncated && !corrupt);
	memset(data + size / 2, 0xff, 16); /* what is behind the damaged member is read */
	assert_in_range(lines_of(data, 2 * size, &truncated, &corrupt), 1002, 2001);
	assert_true(corrupt && !truncated);
	close(fd);
	unlink(path);
}

/* How many members there are, each of which ends with a line, and the bytes in them. */
static unsigned int members_of(const char *data, size_t size, size_t *bytes)
{
	static char lines[1 << 20];
	z_stream stream = { .next_in = (unsigned char *)data, .avail_in = size };
	unsigned int members = 0;

	*bytes = 0;
	assert_int_equal(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
	for (; stream.avail_in; members++) {
		stream.next_out = (unsigned char *)lines;
		stream.avail_out = sizeof(lines);
		assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
		assert_int_equal(stream.next_out[-1], '\n');
		*bytes += sizeof(lines) - stream.avail_out;
		assert_int_equal(inflateReset(&stream), Z_OK);
	}
	inflateEnd(&stream);
	return members;
}

/* However much is written at once, a file that ends with any of its members ends with a whole line. */
static void test_members_end_with_lines(void **state)
{
	static char data[900000], written[sizeof(data)];
	const size_t sizes[] = { sizeof(data), 300000, 262144, 262145, 100 };
	char path[UNIT_PATH];
	struct recording_file *file;
	size_t i, at, size, bytes;
	int fd;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		fd = unit_make_file(path);
		for (at = 0, size = 0; size + 80 < sizes[i]; at++)
			size += snprintf(data + size, 80, "line %zu %.*s\n", at, (int)(at * 7 % 50), "..................................................");
		assert_int_equal(recording_file_new(&file, dup(fd)), 0);
		assert_int_equal(recording_file_write(file, "first\n", 6), 0);
		assert_int_equal(recording_file_write(file, data, size), 0);
		assert_int_equal(recording_file_write(file, "last\n", 5), 0);
		assert_int_equal(recording_file_finish(file), 0);
		recording_file_free(file);
		size += 11;
		assert_true(members_of(written, pread(fd, written, sizeof(written), 0), &bytes) >= size / 262144);
		assert_int_equal(bytes, size);
		close(fd);
		unlink(path);
	}
}

/* Few lines and many, gathered, streamed or members at once: all bytes come back, in their order. */
static void test_order(void **state)
{
	static char data[6 << 20], packed[sizeof(data)], read[sizeof(data) + 1];
	z_stream stream = { .next_in = (unsigned char *)packed, .next_out = (unsigned char *)read, .avail_out = sizeof(read) };
	uint64_t seed = 1;
	char path[UNIT_PATH];
	struct recording_file *file;
	int fd = unit_make_file(path), number = 0, result = Z_OK;
	size_t size = 0, begin;

	(void)state;
	assert_int_equal(recording_file_new(&file, dup(fd)), 0);
	while (size < sizeof(data) - (400 << 10)) {
		uint64_t way = unit_random(&seed), most = way % 4 ? 1 + (way >> 8) % 4000 : 1 + (way >> 8) % (300 << 10);

		for (begin = size; size - begin < most;)
			size += snprintf(data + size, 80, "line %d %llu\n", number++, (unsigned long long)unit_random(&seed));
		assert_int_equal(recording_file_write(file, data + begin, size - begin), 0);
		if (way % 3 == 0)
			assert_int_equal(recording_file_flush(file), 0);
		if (way % 7 == 0)
			assert_int_equal(recording_file_finish(file), 0);
	}
	assert_int_equal(recording_file_finish(file), 0);
	recording_file_free(file);
	stream.avail_in = pread(fd, packed, sizeof(packed), 0);
	assert_int_equal(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
	while (stream.avail_in && (result = inflate(&stream, Z_NO_FLUSH)) == Z_STREAM_END)
		inflateReset(&stream);
	assert_int_equal(result, Z_STREAM_END);
	assert_int_equal(stream.next_out - (unsigned char *)read, size);
	assert_memory_equal(read, data, size);
	inflateEnd(&stream);
	close(fd);
	unlink(path);
}

static void test_full_disk(void **state)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct recording_file *file = NULL;

	(void)state;
	if (fd < 0)
		skip_because("there is no /dev/full");
	assert_int_equal(recording_file_new(&file, fd), 0);
	assert_int_equal(recording_file_write(file, "x", 1), 0);
	assert_int_equal(recording_file_flush(file), -ENOSPC);
	assert_int_equal(recording_file_unwritten(file), recording_file_bytes(file));
	assert_int_equal(recording_file_write(file, "x", 1), -ENOSPC);
	recording_file_free(file);
}

struct told {
	unsigned int count;
	struct event last;
};

static int note_socket(void *context, const struct event *event)
{
	struct told *told = context;

	told->count++;
	told->last = *event;
	told->last.cgroup = event->cgroup && !strcmp(event->cgroup, "/a") ? "/a" : NULL;
	return 0;
}

static void test_live_sockets(void **state)
{
	struct tick now = { .time_ns = BEGIN_NS + 900 * MS, .unix_ns = BEGIN_UNIX_NS + 900 * MS };
	struct event leaves = event_of(1, STATE_CLOSE_WAIT, STATE_CLOSE, 200);
	struct event stays = event_of(2, STATE_FIN_WAIT2, STATE_TIME_WAIT, 100);
	struct event enters = event_of(1, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 50);
	struct recording_live live;
	struct told told = {};
	size_t untold;

	(void)state;
	assert_int_equal(recording_live_init(&live, NULL), 0);
	model_event(live.own, &enters);
	model_event(live.own, &stays);
	model_event(live.own, &leaves);
	assert_int_equal(recording_live_tell(&live, &now, note_socket, &told, &untold), 0);
	assert_int_equal(told.count, 1);
	assert_int_equal(told.last.record.type, RECORD_SOCKET);
	assert_int_equal(told.last.record.id, 2);
	assert_int_equal(told.last.record.new_state, STATE_TIME_WAIT);
	assert_int_equal(told.last.record.since_ns, BEGIN_NS + 100 * MS);
	assert_int_equal(told.last.record.time_ns, now.time_ns);
	assert_string_equal(told.last.cgroup, "/a");
	recording_live_release(&live);
}

static int note_first(void *context, const struct event *event)
{
	note_socket(context, event);
	return 1;
}

/* A connection for which there was no room at the begin of a further file is told of once, before its next event. */
static void test_live_sockets_told_late(void **state)
{
	struct tick now = { .time_ns = BEGIN_NS + 900 * MS, .unix_ns = BEGIN_UNIX_NS + 900 * MS };
	struct event first = event_of(1, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 50);
	struct event second = event_of(2, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 60);
	struct recording_live live;
	struct told told = {};
	struct event later;
	size_t untold;
	uint64_t late;

	(void)state;
	assert_int_equal(recording_live_init(&live, NULL), 0);
	model_event(live.own, &first);
	model_event(live.own, &second);
	assert_int_equal(recording_live_tell(&live, &now, note_first, &told, &untold), 0);
	assert_int_equal(told.count, 1);
	assert_int_equal(untold, 1);
	late = 3 - told.last.record.id;
	later = event_of(late, STATE_CLOSE_WAIT, STATE_LAST_ACK, 70);
	model_event(live.own, &later);
	assert_int_equal(recording_live_tell_one(&live, &now, note_socket, &told, &untold, 3 - late), 0);
	assert_int_equal(told.count, 1);
	assert_int_equal(recording_live_tell_one(&live, &now, note_socket, &told, &untold, late), 0);
	assert_int_equal(told.count, 2);
	assert_int_equal(told.last.record.id, late);
	assert_int_equal(told.last.record.new_state, STATE_LAST_ACK);
	recording_live_tell_one(&live, &now, note_socket, &told, &untold, late);
	recording_live_tell_one(&live, &now, note_socket, &told, &untold, 7);
	assert_int_equal(told.count, 2);
	assert_int_equal(untold, 0);
	assert_int_equal(recording_live_tell(&live, &now, note_first, &told, &untold), 0);
	assert_int_equal(untold, 1);
	recording_live_forget_untold(&live);
	recording_live_tell_one(&live, &now, note_socket, &told, &untold, 1);
	recording_live_tell_one(&live, &now, note_socket, &told, &untold, 2);
	assert_int_equal(told.count, 3);
	recording_live_release(&live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_compressed_file),
		cmocka_unit_test(test_cut_before_another),
		cmocka_unit_test(test_cut_put_before_another),
		cmocka_unit_test(test_members_end_with_lines),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_live_sockets),
		cmocka_unit_test(test_live_sockets_told_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
