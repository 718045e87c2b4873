/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What every unit test includes: cmocka, repeatable random numbers, a folder of its own, and a skip that says
 * why. tests/unit/run turns cmocka's TAP into the lines of the test runner.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof(*(array)))

/* The reason must be on stdout before cmocka's line. */
#define skip_because(reason)                                                                                           \
	do {                                                                                                           \
		printf("# why: %s\n", reason);                                                                         \
		fflush(stdout);                                                                                        \
		skip();                                                                                                \
	} while (0)

/* The same numbers in every run, so that a failure can be repeated. */
static inline uint64_t unit_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Numbers of all sizes: small ones as often as large ones. */
static inline uint64_t unit_random_magnitude(uint64_t *state)
{
	uint64_t shift = unit_random(state) % 64;

	return unit_random(state) >> shift;
}

/* Write a small file. */
static inline void unit_write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

#define UNIT_PATH 64

/* Makes an empty folder of the test's own; `path` gets its name. */
static inline void unit_make_folder(char path[UNIT_PATH])
{
	strcpy(path, "/tmp/tcpdwell-unit-XXXXXX");
	assert_non_null(mkdtemp(path));
}

/* With all that is in it. */
static inline void unit_remove_folder(const char *path)
{
	char command[UNIT_PATH + 16];

	snprintf(command, sizeof(command), "rm -r %s", path);
	assert_int_equal(system(command), 0);
}

/* The folder of the test that runs, where each has one: unit_folder_made and unit_folder_removed are its setup and teardown. */
static inline char *unit_folder(void)
{
	static char path[UNIT_PATH];

	return path;
}

static inline int unit_folder_made(void **state)
{
	(void)state;
	unit_make_folder(unit_folder());
	return 0;
}

static inline int unit_folder_removed(void **state)
{
	(void)state;
	unit_remove_folder(unit_folder());
	return 0;
}

/* Makes an empty file of the test's own; `path` gets its name. Returns its descriptor. */
static inline int unit_make_file(char path[UNIT_PATH])
{
	int fd;

	strcpy(path, "/tmp/tcpdwell-unit-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	return fd;
}

static inline void unit_assert_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" does not contain \"%s\"", text, part);
}

#endif
