// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Where a path ends: links of ours lead there, those of others do not, and who replaces something meanwhile gets nothing. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/links.h"

#define OTHER 65534
#define ROUNDS 3000

static const char *path_of(const char *name)
{
	static char paths[4][2 * UNIT_PATH];
	static unsigned int i;
	char *path = paths[i++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", unit_folder(), name);
	return path;
}

static void make_link(const char *to, const char *name, uid_t owner)
{
	assert_int_equal(symlink(to, path_of(name)), 0);
	if (owner)
		assert_int_equal(lchown(path_of(name), owner, owner), 0);
}

/* The inode of the folder that a path ends in, with the name there; negative errno. */
static long end_of(const char *path, bool follows, char *name)
{
	struct links_end end;
	struct stat status;
	int err = links_walk(&end, path, follows);

	if (err)
		return err;
	assert_int_equal(fstat(end.folder, &status), 0);
	snprintf(name, NAME_MAX + 1, "%s", end.name);
	close(end.folder);
	return status.st_ino;
}

static long inode_of(const char *name)
{
	struct stat status;

	assert_int_equal(stat(path_of(name), &status), 0);
	return status.st_ino;
}

static void assert_end(const char *path, bool follows, const char *folder, const char *name)
{
	char found[NAME_MAX + 1];

	assert_int_equal(end_of(path_of(path), follows, found), inode_of(folder));
	assert_string_equal(found, name);
}

static void test_paths(void **state)
{
	char name[NAME_MAX + 1], longest[PATH_MAX + 2];

	(void)state;
	assert_int_equal(mkdir(path_of("a"), 0700), 0);
	assert_int_equal(mkdir(path_of("a/b"), 0700), 0);
	unit_write_file(path_of("a/file"), "x");
	assert_end("a", false, "a", ".");
	assert_end("a//b///", false, "a/b", ".");
	assert_end("a/./b/..//new", false, "a", "new");
	assert_end("a/file", false, "a", "file");
	assert_int_equal(end_of(path_of("a/file/"), false, name), -ENOTDIR);
	assert_int_equal(end_of(path_of("a/file/x"), false, name), -ENOTDIR);
	assert_int_equal(end_of(path_of("a/none/x"), false, name), -ENOENT);
	assert_int_equal(end_of("", false, name), -ENOENT);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(end_of(longest, false, name), -ENAMETOOLONG);
	longest[NAME_MAX + 1] = '\0';
	assert_int_equal(end_of(longest, false, name), -ENAMETOOLONG);
	assert_int_equal(chdir(path_of("a")), 0);
	assert_int_equal(end_of("x", false, name), inode_of("a"));
	assert_string_equal(name, "x");
	assert_int_equal(end_of("/", false, name), end_of("/..", false, name));
	assert_int_equal(chdir("/"), 0);
}

static void test_own_links(void **state)
{
	char name[NAME_MAX + 1];

	(void)state;
	assert_int_equal(mkdir(path_of("a"), 0700), 0);
	make_link("a", "to", 0);
	make_link(path_of("to"), "absolute", 0);
	make_link("a/none", "dangling", 0);
	make_link("circle", "circle", 0);
	assert_end("to/x", false, "a", "x");
	assert_end("absolute/x", false, "a", "x");
	assert_end("to", false, ".", "to");
	assert_end("to", true, "a", ".");
	assert_end("absolute/", true, "a", ".");
	assert_end("dangling", true, "a", "none");
	assert_int_equal(end_of(path_of("circle"), true, name), -ELOOP);
	assert_int_equal(end_of(path_of("circle/x"), false, name), -ELOOP);
}

/* A link of others is followed on the way alone, and not where everyone may make one; wherever it turns up. */
static void test_links_of_others(void **state)
{
	char name[NAME_MAX + 1];

	(void)state;
	if (geteuid())
		skip_because("only root can make links of others");
	assert_int_equal(mkdir(path_of("a"), 0700), 0);
	assert_int_equal(mkdir(path_of("sticky"), 0700), 0);
	assert_int_equal(chmod(path_of("sticky"), 01777), 0);
	make_link("a", "theirs", OTHER);
	make_link("../a", "sticky/theirs", OTHER);
	make_link("../a", "sticky/ours", 0);
	make_link("sticky/theirs", "to theirs", 0);
	make_link("theirs", "to the end", 0);
	assert_end("theirs/x", false, "a", "x");
	assert_end("sticky/ours/x", false, "a", "x");
	assert_int_equal(end_of(path_of("theirs"), true, name), -ELOOP);
	assert_int_equal(end_of(path_of("theirs"), false, name), -ELOOP);
	assert_int_equal(end_of(path_of("theirs/"), true, name), -ELOOP);
	assert_int_equal(end_of(path_of("sticky/theirs/x"), false, name), -ELOOP);
	assert_int_equal(end_of(path_of("to theirs/x"), false, name), -ELOOP);
	assert_int_equal(end_of(path_of("to the end"), true, name), -ELOOP);
}

/* What the shell opens for us: the kernel knows what that is, its name in /proc says nothing. */
static void test_links_of_proc(void **state)
{
	char path[64];
	struct links_end end;
	int ends[2], fd;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[1]);
	assert_int_equal(links_walk(&end, path, true), 0);
	fd = openat(end.folder, end.name, O_WRONLY | end.flags);
	assert_true(fd >= 0 && write(fd, "x", 1) == 1 && read(ends[0], path, 1) == 1);
	assert_true(end.is_by_link);
	close(fd);
	close(end.folder);
	close(ends[0]);
	close(ends[1]);
}

static atomic_bool over;

/* Now a folder of ours is there, now a link of others. */
static void *exchange(void *context)
{
	(void)context;
	while (!over)
		renameat2(AT_FDCWD, path_of("place"), AT_FDCWD, path_of("trap"), RENAME_EXCHANGE);
	return NULL;
}

static void test_replaced_meanwhile(void **state)
{
	char path[2 * UNIT_PATH], name[NAME_MAX + 1];
	int i, refused = 0, fd;
	struct stat status;
	long elsewhere;
	pthread_t thread;

	(void)state;
	if (geteuid())
		skip_because("only root can make links of others");
	assert_int_equal(mkdir(path_of("place"), 0700), 0);
	assert_int_equal(mkdir(path_of("elsewhere"), 0700), 0);
	make_link("elsewhere", "trap", OTHER);
	elsewhere = inode_of("elsewhere");
	snprintf(path, sizeof(path), "%s/place", unit_folder());
	over = false;
	assert_int_equal(pthread_create(&thread, NULL, exchange, NULL), 0);
	for (i = 0; i < ROUNDS; i++) {
		fd = links_open_folder(path, true);
		refused += fd < 0;
		assert_true(fd >= 0 || fd == -ELOOP || fd == -ENOENT || fd == -ENOTDIR);
		assert_true(fd < 0 || (!fstat(fd, &status) && (long)status.st_ino != elsewhere));
		assert_int_not_equal(end_of(path, true, name), elsewhere);
		if (fd >= 0)
			close(fd);
	}
	over = true;
	pthread_join(thread, NULL);
	assert_true(refused > 0 && refused < ROUNDS);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, unit_folder_made, unit_folder_removed)
	const struct CMUnitTest tests[] = {
		TEST(test_paths), TEST(test_own_links), TEST(test_links_of_others), TEST(test_links_of_proc), TEST(test_replaced_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
