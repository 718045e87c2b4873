// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The output writer and the log on real descriptors: pipes, packet sockets, a full device. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/log.h"
#include "util/output.h"

/* On a packet socket each write arrives as one message. */
static void a_flush_is_one_write(void **state)
{
	struct output output;
	char received[4096];
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	output_init(&output, pair[0]);
	for (int i = 0; i < 100; i++)
		assert_int_equal(output_printf(&output, "line %02d\n", i), 0);
	assert_int_equal(output_string(&output, "a"), 0);
	assert_int_equal(output_write(&output, "b\0c", 3), 0);
	assert_int_equal(recv(pair[1], received, sizeof(received), MSG_DONTWAIT), -1);
	assert_int_equal(output_flush(&output), 0);
	assert_int_equal(recv(pair[1], received, sizeof(received), MSG_DONTWAIT), 804);
	assert_memory_equal(received, "line 00\nline 01\n", 16);
	assert_memory_equal(received + 800, "ab\0c", 4);
	assert_int_equal(output_flush(&output), 0);
	assert_int_equal(recv(pair[1], received, sizeof(received), MSG_DONTWAIT), -1);
	output_release(&output);
	close(pair[0]);
	close(pair[1]);
}

static void much_goes_out_by_itself(void **state)
{
	struct output output;
	char block[4096] = "";
	char path[UNIT_PATH];
	int fd = unit_make_file(path);

	(void)state;
	unlink(path);
	output_init(&output, fd);
	for (int i = 0; i < OUTPUT_GATHER_BYTES / 4096 - 1; i++)
		assert_int_equal(output_write(&output, block, sizeof(block)), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), 0);
	assert_int_equal(output_write(&output, block, sizeof(block)), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), OUTPUT_GATHER_BYTES);
	output_release(&output);
	close(fd);
}

static void a_gone_reader_is_told_apart(void **state)
{
	struct output output;
	int ends[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	output_init(&output, ends[1]);
	assert_int_equal(output_string(&output, "x"), 0);
	assert_int_equal(output_flush(&output), -EPIPE);
	assert_int_equal(output_string(&output, "y"), -EPIPE);
	assert_int_equal(output_flush(&output), -EPIPE);
	output_release(&output);
	close(ends[1]);
}

static void a_full_disk_is_an_error(void **state)
{
	struct output output;
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	if (fd < 0)
		skip_because("there is no /dev/full");
	output_init(&output, fd);
	assert_int_equal(output_string(&output, "x"), 0);
	assert_int_equal(output_flush(&output), -ENOSPC);
	assert_int_equal(output_flush(&output), -ENOSPC);
	assert_int_equal(output_write(&output, "y", 1), -ENOSPC);
	output_release(&output);
	close(fd);
}

#define PIPED (3 << 20)

/* A slow reader: counts what it got, and exits 0 when it was all of it in order. */
static void read_all(int fd)
{
	unsigned char block[10000];
	size_t total = 0;
	ssize_t size;

	while ((size = read(fd, block, sizeof(block))) > 0) {
		for (ssize_t i = 0; i < size; i++)
			if (block[i] != (total + i) % 251)
				_exit(1);
		total += size;
	}
	_exit(total != PIPED);
}

static void a_descriptor_that_does_not_block(void **state)
{
	struct output output;
	int ends[2], status;
	pid_t reader;

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	reader = fork();
	if (!reader) {
		fcntl(ends[0], F_SETFL, 0);
		close(ends[1]);
		read_all(ends[0]);
	}
	close(ends[0]);
	output_init(&output, ends[1]);
	for (size_t i = 0; i < PIPED; i++)
		assert_int_equal(output_write(&output, &(unsigned char){i % 251}, 1), 0);
	assert_int_equal(output_flush(&output), 0);
	output_release(&output);
	close(ends[1]);
	assert_int_equal(waitpid(reader, &status, 0), reader);
	assert_int_equal(status, 0);
}

static void no_memory_is_an_error(void **state)
{
	struct output output;

	(void)state;
	output_init(&output, -1);
	assert_null(buffer_reserve(&output.buffer, SIZE_MAX / 2));
	assert_int_equal(output_string(&output, "x"), -ENOMEM);
	assert_int_equal(output_flush(&output), -ENOMEM);
	output_release(&output);
}

/* Run `speak` with standard error in a pipe and return what arrived. */
static void capture(void (*speak)(void), char *out, size_t size)
{
	int ends[2], saved = dup(STDERR_FILENO);
	ssize_t length;

	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	dup2(ends[1], STDERR_FILENO);
	speak();
	dup2(saved, STDERR_FILENO);
	length = read(ends[0], out, size - 1);
	out[length < 0 ? 0 : length] = 0;
	close(saved);
	close(ends[0]);
	close(ends[1]);
}

static void speak_all(void)
{
	log_error("error %d", 1);
	log_warn("warning");
	log_info("info");
	log_debug("debug");
}

static void speak_hostile(void)
{
	log_error("\"%s\"", "\x1b[2J\x7f\r");
	log_error("next %s", "x\ntcpdwell: all is well\xc2\x9b" "2J\xe2\x80\xae\xff");
	log_error("%s", "");
}

static void log_levels(void **state)
{
	char text[1024];

	(void)state;
	log_set_verbosity(0);
	capture(speak_all, text, sizeof(text));
	assert_string_equal(text, "tcpdwell: error 1\ntcpdwell: warning\n");
	log_set_verbosity(1);
	capture(speak_all, text, sizeof(text));
	assert_string_equal(text, "tcpdwell: error 1\ntcpdwell: warning\ntcpdwell: info\n");
	log_set_verbosity(2);
	capture(speak_all, text, sizeof(text));
	unit_assert_contains(text, "tcpdwell: debug\n");
	log_set_verbosity(-1);
	capture(speak_all, text, sizeof(text));
	assert_string_equal(text, "tcpdwell: error 1\n");
	log_set_verbosity(0);
}

static void log_is_harmless(void **state)
{
	char text[1024];

	(void)state;
	capture(speak_hostile, text, sizeof(text));
	assert_string_equal(text, "tcpdwell: \"?[2J??\"\ntcpdwell: next x?tcpdwell: all is well?2J??\n");
}

/* Whoever logs may still want to look at errno, even when the message could not be written. */
static void log_keeps_errno(void **state)
{
	int saved = dup(STDERR_FILENO), after;

	(void)state;
	close(STDERR_FILENO);
	errno = ERANGE;
	log_error("nobody reads this");
	after = errno;
	dup2(saved, STDERR_FILENO);
	close(saved);
	assert_int_equal(after, ERANGE);
}

/* What is gathered goes first; what did not go is counted, of both, and of what comes later. */
static void written_through(void **state)
{
	struct output output;
	char text[64] = {};
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	output_init(&output, ends[1]);
	output_string(&output, "one\n");
	assert_int_equal(output_write_through(&output, "two\nthree\n", 10), 0);
	assert_int_equal(read(ends[0], text, sizeof(text)), 14);
	assert_string_equal(text, "one\ntwo\nthree\n");
	output_release(&output);
	close(ends[0]);
	close(ends[1]);
	ends[1] = open("/dev/full", O_WRONLY | O_CLOEXEC);
	output_init(&output, ends[1]);
	output_string(&output, "one\n");
	assert_int_equal(output_write_through(&output, "two\nthree\n", 10), -ENOSPC);
	assert_int_equal(output_write_through(&output, "four\n", 5), -ENOSPC);
	assert_int_equal(output.unwritten_lines, 4);
	assert_int_equal(output.unwritten_bytes, 19);
	output_release(&output);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flush_is_one_write),
		cmocka_unit_test(much_goes_out_by_itself),
		cmocka_unit_test(a_gone_reader_is_told_apart),
		cmocka_unit_test(a_full_disk_is_an_error),
		cmocka_unit_test(a_descriptor_that_does_not_block),
		cmocka_unit_test(written_through),
		cmocka_unit_test(no_memory_is_an_error),
		cmocka_unit_test(log_levels),
		cmocka_unit_test(log_is_harmless),
		cmocka_unit_test(log_keeps_errno),
	};

	return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
