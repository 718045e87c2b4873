// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Descriptors: what the kernel says of them. */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/descriptor.h"

#define SEALED_AGAINST_EXEC 0x20 /* F_SEAL_EXEC, of Linux 6.3 */

/* Only where the kernel knows the seal can nobody give the right back. */
static void nobody_executes_it(void **state)
{
	int fd = descriptor_in_memory("unit"), seals;
	struct stat status;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	seals = fcntl(fd, F_GET_SEALS);
	assert_return_code(fstat(fd, &status), 0);
	if (seals >= 0 && seals & SEALED_AGAINST_EXEC) {
		assert_int_equal(status.st_mode & 0111, 0);
		assert_int_equal(fchmod(fd, 0700), -1);
	} else {
		assert_int_equal(access("/proc/sys/vm/memfd_noexec", F_OK), -1); /* came with it */
	}
	assert_int_equal(write(fd, "x", 1), 1);
	assert_return_code(close(fd), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_executes_it),
	};

	return cmocka_run_group_tests_name("descriptor", tests, NULL, NULL);
}
