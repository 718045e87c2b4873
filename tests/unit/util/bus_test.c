// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#define _GNU_SOURCE 1
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/bus.h"

/* Two pages of a file, of which `left` bytes are left after they were mapped. */
static volatile char *cut_mapping(size_t page, off_t left)
{
	int fd = memfd_create("cut", MFD_CLOEXEC);
	char *mapping;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 2 * page), 0);
	mapping = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(mapping, MAP_FAILED);
	memset(mapping, 'x', 2 * page);
	assert_int_equal(ftruncate(fd, left), 0);
	close(fd);
	return mapping;
}

static void pages_that_are_gone(void **state)
{
	size_t page = sysconf(_SC_PAGESIZE);
	volatile char *mapping = cut_mapping(page, page);

	(void)state;
	bus_catch();
	assert_true(bus_mend((char *)mapping, 2 * page));
	assert_int_equal(mapping[7], 'x');
	assert_false(bus_was_mended());
	assert_int_equal(mapping[page + 7], 0);
	mapping[page + 8] = 'y';
	assert_int_equal(mapping[page + 8], 'y');
	assert_true(bus_was_mended());
	assert_false(bus_was_mended());
	bus_forget();
	munmap((char *)mapping, 2 * page);
}

static int status_of(void (*act)(volatile char *mapping), volatile char *mapping)
{
	int status;
	pid_t child = fork();

	if (!child) {
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		act(mapping);
		_exit(77);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void touch(volatile char *mapping)
{
	*mapping = 'y';
}

static void send(volatile char *mapping)
{
	(void)mapping;
	kill(getpid(), SIGBUS);
}

/* No mapping that is to be mended: it ends. What somebody sends is no file's fault, and kills as ever. */
static void others(void **state)
{
	size_t page = sysconf(_SC_PAGESIZE);
	volatile char *mapping = cut_mapping(page, 0);
	int status;

	(void)state;
	bus_catch();
	status = status_of(touch, mapping);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	status = status_of(send, mapping);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGBUS);
	munmap((char *)mapping, 2 * page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_that_are_gone),
		cmocka_unit_test(others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
