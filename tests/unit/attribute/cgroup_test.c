// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Names of cgroups, on the machine's own cgroup2 hierarchy: the test makes a cgroup there, so it knows path and id,
 * and removes it. Without root, or without the hierarchy, those tests say so and are skipped.
 */
#include "unit.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attribute/cgroup.h"
#include "attribute/cgroup_root.h"

#define SECOND 1000000000ULL
#define NOBODY 65534

static void mounts(void **state)
{
	static const struct {
		const char *line, *mount;
	} cases[] = {
		{"30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n", "/sys/fs/cgroup"},
		{"30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "/sys/fs/cgroup"},
		{"30 24 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
		 "31 30 0:27 / /sys/fs/cgroup/unified rw shared:5 master:1 - cgroup2 none rw\n"
		 "32 30 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n",
		 "/sys/fs/cgroup/unified"},
		{"30 24 0:26 / /mnt/a\\040b\\134c rw - cgroup2 cgroup2 rw\n", "/mnt/a b\\c"},
		{"32 30 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n", NULL},
		{"32 30 0:28 / /mnt/cgroup2 rw - ext4 cgroup2 rw\n", NULL},
		{" - cgroup2 \n", NULL},
		{"", NULL},
	};
	char path[UNIT_PATH], mount[256];

	(void)state;
	close(unit_make_file(path));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unit_write_file(path, cases[i].line);
		if (cgroup_mount_find(path, mount, sizeof(mount)))
			assert_null(cases[i].mount);
		else
			assert_string_equal(mount, cases[i].mount);
	}
	unlink(path);
	assert_int_equal(cgroup_mount_find(path, mount, sizeof(mount)), -ENOENT);
}

static void learnt_names(void **state)
{
	struct cgroup_names *names = cgroup_names_new("/nonexistent", NULL);

	(void)state;
	assert_non_null(names);
	assert_null(cgroup_names_lookup(names, 0, 0)->path);
	assert_null(cgroup_names_lookup(names, 77, 0)->path);
	assert_int_equal(cgroup_names_learn(names, 77, "/system.slice/nginx.service"), 0);
	assert_string_equal(cgroup_names_lookup(names, 77, 0)->path, "/system.slice/nginx.service");
	assert_string_equal(cgroup_names_lookup(names, 77, 0)->container.unit, "nginx.service");
	assert_int_equal(cgroup_names_learn(names, 77, "/other"), 0);
	assert_string_equal(cgroup_names_lookup(names, 77, 0)->path, "/system.slice/nginx.service");
	cgroup_names_free(names);
	cgroup_names_free(NULL);
}

/* A directory of any kind: where it is, its number is its id. */
static uint64_t make_cgroup(const char *mount, const char *name, char path[UNIT_PATH])
{
	uint64_t id;

	assert_true(snprintf(path, UNIT_PATH, "%s/%s", mount, name) < UNIT_PATH);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(cgroup_id_of(path, &id), 0);
	return id;
}

/* Of containers that come and go nothing stays but what somebody still asks for, or what is there. */
static void names_that_are_forgotten(void **state)
{
	char mount[UNIT_PATH], gone[UNIT_PATH], asked[UNIT_PATH], there[UNIT_PATH];
	struct cgroup_names *names;
	uint64_t gone_id, asked_id, there_id, i;

	(void)state;
	unit_make_folder(mount);
	gone_id = make_cgroup(mount, "gone", gone);
	asked_id = make_cgroup(mount, "asked", asked);
	there_id = make_cgroup(mount, "there", there);
	names = cgroup_names_new(mount, NULL);
	assert_non_null(names);
	assert_int_equal(cgroup_names_learn(names, gone_id, "/gone"), 0);
	assert_int_equal(cgroup_names_learn(names, asked_id, "/asked"), 0);
	assert_int_equal(cgroup_names_learn(names, there_id, "/there"), 0);
	assert_int_equal(rmdir(gone), 0);
	assert_int_equal(rmdir(asked), 0);
	assert_string_equal(cgroup_names_lookup(names, gone_id, 15 * 60 * SECOND)->path, "/gone");
	assert_string_equal(cgroup_names_lookup(names, asked_id, 25 * 60 * SECOND)->path, "/asked");
	/* That it is gone is seen now. */
	assert_null(cgroup_names_lookup(names, 0, 32 * 60 * SECOND)->path);
	for (i = 0; i < 10; i++)
		assert_int_equal(cgroup_names_learn(names, UINT64_MAX - i, "/new"), 0);
	assert_null(cgroup_names_lookup(names, 0, 49 * 60 * SECOND)->path);
	assert_string_equal(cgroup_names_lookup(names, asked_id, 49 * 60 * SECOND)->path, "/asked");
	for (i = 10; i < 20; i++)
		assert_int_equal(cgroup_names_learn(names, UINT64_MAX - i, "/new"), 0);
	assert_null(cgroup_names_lookup(names, gone_id, 49 * 60 * SECOND)->path);
	assert_string_equal(cgroup_names_lookup(names, asked_id, 49 * 60 * SECOND)->path, "/asked");
	assert_string_equal(cgroup_names_lookup(names, there_id, 49 * 60 * SECOND)->path, "/there");
	/* Its sockets may be closed now, though nobody has asked for it for long. */
	assert_int_equal(rmdir(there), 0);
	assert_null(cgroup_names_lookup(names, 0, 70 * 60 * SECOND)->path);
	for (i = 20; i < 40; i++)
		assert_int_equal(cgroup_names_learn(names, UINT64_MAX - i, "/new"), 0);
	assert_string_equal(cgroup_names_lookup(names, there_id, 71 * 60 * SECOND)->path, "/there");
	cgroup_names_free(names);
	rmdir(mount);
}

/* As the kernel tells them: from the cgroup upwards. */
static void names_from_the_kernel(void **state)
{
	static const char nested[] = "nginx.service\0system.slice";
	struct cgroup_names *names = cgroup_names_new("/nonexistent", NULL);

	(void)state;
	assert_int_equal(cgroup_names_learn_upwards(names, 7, nested, sizeof(nested)), 0);
	assert_string_equal(cgroup_names_lookup(names, 7, 0)->path, "/system.slice/nginx.service");
	assert_string_equal(cgroup_names_lookup(names, 7, 0)->container.unit, "nginx.service");
	assert_int_equal(cgroup_names_learn_upwards(names, 1, "", 0), 0);
	assert_string_equal(cgroup_names_lookup(names, 1, 0)->path, "/");
	assert_int_equal(cgroup_names_learn_upwards(names, 8, "system.slice", sizeof("system.slice")), 0);
	assert_int_equal(cgroup_names_learn_upwards(names, 9, nested, sizeof(nested) - 1), -EINVAL);
	assert_int_equal(cgroup_names_learn_upwards(names, 9, "\0a", 3), -EINVAL);
	assert_null(cgroup_names_lookup(names, 9, 0)->path);
	assert_true(cgroup_names_is_below(names, 7, 7, 0));
	assert_true(cgroup_names_is_below(names, 7, 8, 0));
	assert_true(cgroup_names_is_below(names, 7, 1, 0));
	assert_false(cgroup_names_is_below(names, 8, 7, 0));
	assert_false(cgroup_names_is_below(names, 9, 8, 0));
	assert_int_equal(cgroup_names_learn(names, 10, "/system.slice-2"), 0);
	assert_false(cgroup_names_is_below(names, 10, 8, 0));
	cgroup_names_free(names);
}

/* Memory is bounded: the oldest names go, the newest stay. */
static void many_names(void **state)
{
	struct cgroup_names *names = cgroup_names_new("/nonexistent", NULL);
	char path[32];

	(void)state;
	for (unsigned int id = 1; id <= 70000; id++) {
		snprintf(path, sizeof(path), "/%u", id);
		assert_int_equal(cgroup_names_learn(names, id, path), 0);
	}
	assert_null(cgroup_names_lookup(names, 1, 0)->path);
	assert_string_equal(cgroup_names_lookup(names, 70000, 0)->path, "/70000");
	assert_string_equal(cgroup_names_lookup(names, 10000, 0)->path, "/10000");
	cgroup_names_free(names);
}

/* A cgroup of ours. */
struct made {
	char mount[512], outer[600], inner[700], expected[200];
	uint64_t outer_id, inner_id;
};

static uint64_t inode_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_ino;
}

static const char *make(struct made *made)
{
	if (geteuid())
		return "not root";
	if (cgroup_mount_find(NULL, made->mount, sizeof(made->mount)))
		return "cgroup2 is not mounted";
	snprintf(made->outer, sizeof(made->outer), "%s/tcpdwell-unit-%d", made->mount, getpid());
	snprintf(made->inner, sizeof(made->inner), "%s/web.service", made->outer);
	snprintf(made->expected, sizeof(made->expected), "/tcpdwell-unit-%d/web.service", getpid());
	if (mkdir(made->outer, 0755))
		return "cgroup2 can't be written to";
	assert_int_equal(mkdir(made->inner, 0755), 0);
	made->outer_id = inode_of(made->outer);
	made->inner_id = inode_of(made->inner);
	return NULL;
}

static void unmake(struct made *made)
{
	rmdir(made->inner);
	rmdir(made->outer);
}

/* Run the check in a process of its own, as root or as nobody; its exit status is the answer. */
static int run_as(int uid, int (*check)(const struct made *), const struct made *made)
{
	int status;
	pid_t child = fork();

	if (!child) {
		if (uid && (setresgid(uid, uid, uid) || setresuid(uid, uid, uid)))
			_exit(99);
		_exit(check(made));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

/* Numbers of the first thing that was wrong. */
static int check_names(const struct made *made)
{
	struct cgroup_names *names = cgroup_names_new(NULL, NULL);
	const struct cgroup_name *name = cgroup_names_lookup(names, made->inner_id, 0);

	if (!name->path || strcmp(name->path, made->expected))
		return 1;
	if (strcmp(name->container.unit, "web.service"))
		return 2;
	name = cgroup_names_lookup(names, inode_of(made->mount), SECOND);
	if (!name->path || strcmp(name->path, "/"))
		return 3;
	return 0;
}

static void found_by_handle_and_by_walk(void **state)
{
	struct made made;
	const char *why = make(&made);
	int as_root, as_nobody;
	uint64_t id;

	(void)state;
	if (why)
		skip_because(why);
	as_root = run_as(0, check_names, &made);
	as_nobody = run_as(NOBODY, check_names, &made);
	assert_int_equal(cgroup_id_of(made.inner, &id), 0);
	unmake(&made);
	assert_int_equal(id, made.inner_id);
	assert_int_equal(as_root, 0);
	assert_int_equal(as_nobody, 0);
	assert_int_equal(cgroup_id_of(made.inner, &id), -ENOENT);
	assert_int_equal(cgroup_id_of("/dev/null", &id), -ENOTDIR);
}

static void names_outlive_their_cgroup(void **state)
{
	struct made made;
	const char *why = make(&made);
	struct cgroup_names *names;

	(void)state;
	if (why)
		skip_because(why);
	names = cgroup_names_new(NULL, NULL);
	cgroup_names_lookup(names, made.inner_id, 0);
	unmake(&made);
	assert_string_equal(cgroup_names_lookup(names, made.inner_id, 9 * SECOND)->path, made.expected);
	assert_null(cgroup_names_lookup(names, made.outer_id, 0)->path);
	cgroup_names_free(names);
}

/* The walk is done at most once a second: a cgroup that came after it is found by the next. */
static int check_walk_again(const struct made *made)
{
	struct cgroup_names *names = cgroup_names_new(made->mount, NULL);
	uint64_t late;

	if (cgroup_names_lookup(names, UINT64_MAX, SECOND)->path)
		return 1;
	if (mkdir(made->outer, 0755))
		return 2;
	late = inode_of(made->outer);
	if (cgroup_names_lookup(names, late, SECOND + 1)->path)
		return 3;
	if (cgroup_names_lookup(names, late, 2 * SECOND)->path)
		return 4;
	if (!cgroup_names_lookup(names, late, 3 * SECOND)->path)
		return 5;
	return strcmp(cgroup_names_lookup(names, late, 3 * SECOND)->path, "/late") ? 6 : 0;
}

/* A plain folder stands for the hierarchy; without root's privileges it is walked. */
static void the_walk_is_limited(void **state)
{
	struct made made = {};
	int status;

	(void)state;
	unit_make_folder(made.mount);
	assert_int_equal(chmod(made.mount, 0777), 0);
	snprintf(made.outer, sizeof(made.outer), "%s/late", made.mount);
	status = run_as(geteuid() ? 0 : NOBODY, check_walk_again, &made);
	rmdir(made.outer);
	rmdir(made.mount);
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(status, 0);
}

static void not_found_is_remembered(void **state)
{
	struct made made, later;
	const char *why = make(&made);
	struct cgroup_names *names;

	(void)state;
	if (why)
		skip_because(why);
	unmake(&made);
	names = cgroup_names_new(NULL, NULL);
	assert_null(cgroup_names_lookup(names, made.inner_id, 0)->path);
	assert_null(make(&later));
	assert_true(later.inner_id != made.inner_id);
	assert_string_equal(cgroup_names_lookup(names, later.inner_id, 0)->path, later.expected);
	unmake(&later);
	cgroup_names_free(names);
}

/* A mount that begins at "/pods/a" of the hierarchy: ids decide, where "a" is there twice. */
static void a_part_of_the_hierarchy(void **state)
{
	struct cgroup_root root = {.is_open = true};
	char folder[UNIT_PATH], path[UNIT_PATH + 2];
	uint64_t id, top;

	(void)state;
	unit_make_folder(folder);
	snprintf(path, sizeof(path), "%s/a", folder);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(cgroup_id_of(path, &id), 0);
	assert_int_equal(cgroup_id_of(folder, &top), 0);
	assert_false(cgroup_root_learn(&root, folder, id + top, "/pods/a/a"));
	assert_false(cgroup_root_learn(&root, folder, id, "/pods/a/b"));
	assert_true(root.is_open);
	assert_true(cgroup_root_learn(&root, folder, id, "/pods/a/a"));
	assert_false(root.is_open);
	assert_string_equal(root.path, "/pods/a");
	assert_false(cgroup_root_learn(&root, folder, top, "/pods"));
	assert_string_equal(root.path, "/pods/a");
	root.is_open = true;
	assert_true(cgroup_root_learn(&root, folder, top, "/pods/a"));
	assert_string_equal(root.path, "/pods/a");
	root.is_open = true;
	assert_true(cgroup_root_learn(&root, folder, top, "/"));
	assert_string_equal(root.path, "");
	root.is_open = true;
	assert_true(cgroup_root_learn(&root, folder, id, "/a"));
	assert_string_equal(root.path, "");
	unit_remove_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounts),
		cmocka_unit_test(learnt_names), cmocka_unit_test(names_that_are_forgotten), cmocka_unit_test(names_from_the_kernel),
		cmocka_unit_test(many_names), cmocka_unit_test(a_part_of_the_hierarchy),
		cmocka_unit_test(found_by_handle_and_by_walk),
		cmocka_unit_test(names_outlive_their_cgroup),
		cmocka_unit_test(the_walk_is_limited),
		cmocka_unit_test(not_found_is_remembered),
	};

	return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
