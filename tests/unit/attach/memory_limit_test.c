// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The least that cgroups leave, from files as the kernel writes them. */
#include "unit.h"

#include <errno.h>
#include <sys/stat.h>

#include "attach/memory_limit.h"

#define KIB 1024ULL

static void write_in(const char *folder, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unit_write_file(path, text);
}

static char made[32][UNIT_PATH];
static unsigned int made_count;

static int remove_made(void **state)
{
	(void)state;
	while (made_count)
		unit_remove_folder(made[--made_count]);
	return 0;
}

/* A folder that stands for /proc/self, and for the mount: "point" below it. */
static void make(char folder[UNIT_PATH], const char *cgroup, const char *root, const char *type)
{
	char text[512];

	unit_make_folder(folder);
	assert_in_range(made_count, 0, ARRAY_SIZE(made) - 1);
	strcpy(made[made_count++], folder);
	write_in(folder, "cgroup", cgroup);
	snprintf(text, sizeof(text), "24 1 0:22 / /proc rw - proc proc rw\n30 1 0:29 %s %s/point rw,nosuid shared:4 - %s none rw,memory\n", root,
		 folder, type);
	write_in(folder, "mountinfo", text);
}

static void make_cgroup(const char *folder, const char *below, const char *limit_name, const char *limit, const char *usage_name,
			const char *usage, const char *stat)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/point%s", folder, below);
	assert_false(mkdir(path, 0700));
	write_in(path, limit_name, limit);
	write_in(path, usage_name, usage);
	write_in(path, "memory.stat", stat);
}

/* The one above leaves less than ours; what can be reclaimed is not used. */
static void test_version_2(void **state)
{
	struct memory_limit limit;
	char folder[UNIT_PATH];

	(void)state;
	make(folder, "0::/a/b\n", "/", "cgroup2");
	make_cgroup(folder, "", "memory.max", "max\n", "memory.current", "7\n", "anon 1\n");
	make_cgroup(folder, "/a", "memory.max", "1048576\n", "memory.current", "524288\n", "anon 9\nactive_file 1024\ninactive_file 2048\n");
	make_cgroup(folder, "/a/b", "memory.max", "2097152\n", "memory.current", "524288\n", "anon 9\n");
	assert_int_equal(memory_limit_read(&limit, folder), 0);
	assert_int_equal(limit.limit, 1024 * KIB);
	assert_int_equal(limit.room, 512 * KIB + 3 * KIB);
	assert_non_null(strstr(limit.file, "/point/a/memory.max"));
}

/* Files count as used up to what is there at all: there is no more room than the limit. */
static void test_all_can_be_reclaimed(void **state)
{
	struct memory_limit limit;
	char folder[UNIT_PATH];

	(void)state;
	make(folder, "0::/\n", "/", "cgroup2");
	make_cgroup(folder, "", "memory.max", "4096\n", "memory.current", "4096\n", "active_file 99999\n");
	assert_int_equal(memory_limit_read(&limit, folder), 0);
	assert_int_equal(limit.room, 4096);
}

static void test_more_is_used_than_allowed(void **state)
{
	struct memory_limit limit;
	char folder[UNIT_PATH];

	(void)state;
	make(folder, "0::/\n", "/", "cgroup2");
	make_cgroup(folder, "", "memory.max", "4096\n", "memory.current", "8192\n", "");
	assert_int_equal(memory_limit_read(&limit, folder), 0);
	assert_int_equal(limit.room, 0);
}

/* A number that is no limit, and one that is. */
static void test_version_1(void **state)
{
	struct memory_limit limit;
	char folder[UNIT_PATH];

	(void)state;
	make(folder, "9:cpu,cpuacct:/x\n4:memory:/a\n0::/y\n", "/", "cgroup");
	make_cgroup(folder, "", "memory.limit_in_bytes", "9223372036854771712\n", "memory.usage_in_bytes", "7\n", "");
	make_cgroup(folder, "/a", "memory.limit_in_bytes", "65536\n", "memory.usage_in_bytes", "16384\n",
		    "inactive_file 1\ntotal_inactive_file 4096\n");
	assert_int_equal(memory_limit_read(&limit, folder), 0);
	assert_int_equal(limit.limit, 65536);
	assert_int_equal(limit.room, 65536 - 16384 + 4096);
}

/* In a container: its own cgroup is what is mounted, and the path is the machine's; or it leads out of the namespace. */
static void test_in_a_container(void **state)
{
	static const struct {
		const char *cgroup, *root;
	} ways[] = {
		{ "0::/kubepods/pod1/c1\n", "/kubepods/pod1/c1" }, { "0::/kubepods/pod1/c1\n", "/" }, { "0::/../../other\n", "/" }, { "0::/\n", "/" },
	};
	struct memory_limit limit;
	char folder[UNIT_PATH];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		make(folder, ways[i].cgroup, ways[i].root, "cgroup2");
		make_cgroup(folder, "", "memory.max", "8192\n", "memory.current", "4096\n", "");
		assert_int_equal(memory_limit_read(&limit, folder), 0);
		assert_int_equal(limit.room, 4096);
	}
}

/* "/a" is not above "/ab": what is mounted is then all that is known. */
static void test_names_that_begin_alike(void **state)
{
	struct memory_limit limit;
	char folder[UNIT_PATH];

	(void)state;
	make(folder, "0::/ab/c\n", "/a", "cgroup2");
	make_cgroup(folder, "", "memory.max", "8192\n", "memory.current", "4096\n", "");
	make_cgroup(folder, "b", "memory.max", "4096\n", "memory.current", "4096\n", "");
	make_cgroup(folder, "b/c", "memory.max", "max\n", "memory.current", "4096\n", "");
	assert_int_equal(memory_limit_read(&limit, folder), 0);
	assert_int_equal(limit.room, 4096);
}

/* Of version 2 swap has a limit of its own, the least of all above counts; of version 1 memory and swap have one together. */
static void test_swap(void **state)
{
	struct memory_limit limit;
	char folder[UNIT_PATH], path[256];

	(void)state;
	make(folder, "0::/a/b\n", "/", "cgroup2");
	make_cgroup(folder, "", "memory.max", "max\n", "memory.current", "7\n", "");
	make_cgroup(folder, "/a", "memory.max", "max\n", "memory.current", "7\n", "");
	make_cgroup(folder, "/a/b", "memory.max", "65536\n", "memory.current", "7\n", "");
	assert_int_equal(memory_limit_read(&limit, folder), 0);
	assert_true(limit.swap == UINT64_MAX);
	snprintf(path, sizeof(path), "%s/point/a/b", folder);
	write_in(path, "memory.swap.max", "max\n");
	assert_int_equal(memory_limit_read(&limit, folder), 0);
	assert_true(limit.swap == UINT64_MAX);
	write_in(path, "memory.swap.max", "12288\n");
	assert_int_equal(memory_limit_read(&limit, folder), 0);
	assert_int_equal(limit.swap, 12288);
	snprintf(path, sizeof(path), "%s/point/a", folder);
	write_in(path, "memory.swap.max", "0\n");
	assert_int_equal(memory_limit_read(&limit, folder), 0);
	assert_int_equal(limit.swap, 0);

	make(folder, "4:memory:/a\n", "/", "cgroup");
	make_cgroup(folder, "", "memory.limit_in_bytes", "9223372036854771712\n", "memory.usage_in_bytes", "7\n", "");
	make_cgroup(folder, "/a", "memory.limit_in_bytes", "65536\n", "memory.usage_in_bytes", "16384\n", "");
	snprintf(path, sizeof(path), "%s/point", folder);
	write_in(path, "memory.memsw.limit_in_bytes", "9223372036854771712\n");
	assert_int_equal(memory_limit_read(&limit, folder), 0);
	assert_true(limit.swap == UINT64_MAX);
	snprintf(path, sizeof(path), "%s/point/a", folder);
	write_in(path, "memory.memsw.limit_in_bytes", "69632\n");
	assert_int_equal(memory_limit_read(&limit, folder), 0);
	assert_int_equal(limit.swap, 4096);
	write_in(path, "memory.memsw.limit_in_bytes", "65536\n");
	assert_int_equal(memory_limit_read(&limit, folder), 0);
	assert_int_equal(limit.swap, 0);
}

static void test_tables_that_do_not_count(void **state)
{
	(void)state;
	assert_true(memory_of_maps_counts(""));
	assert_true(memory_of_maps_counts("quiet cgroup.memory=nosocket root=/dev/sda\n"));
	assert_true(memory_of_maps_counts("xcgroup.memory=nokmem other=nokmem\n"));
	assert_true(memory_of_maps_counts("cgroup.memory=nosocket nokmem\n"));
	assert_false(memory_of_maps_counts("cgroup.memory=nokmem\n"));
	assert_false(memory_of_maps_counts("quiet cgroup.memory=nosocket,nokmem root=/dev/sda\n"));
	assert_false(memory_of_maps_counts("cgroup.memory=nosocket cgroup.memory=nobpf"));
}

static void test_no_limit(void **state)
{
	struct memory_limit limit;
	char folder[UNIT_PATH];

	(void)state;
	assert_int_equal(memory_limit_read(&limit, "/nowhere"), -ENOENT);
	make(folder, "0::/\n", "/", "cgroup2");
	assert_int_equal(memory_limit_read(&limit, folder), -ENOENT);
	make_cgroup(folder, "", "memory.max", "max\n", "memory.current", "4096\n", "");
	assert_int_equal(memory_limit_read(&limit, folder), -ENOENT);
	write_in(folder, "cgroup", "garbage\n::\n\n0:\n");
	assert_int_equal(memory_limit_read(&limit, folder), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version_2),      cmocka_unit_test(test_all_can_be_reclaimed), cmocka_unit_test(test_more_is_used_than_allowed),
		cmocka_unit_test(test_version_1),      cmocka_unit_test(test_in_a_container),	     cmocka_unit_test(test_no_limit),
		cmocka_unit_test(test_swap),	       cmocka_unit_test(test_names_that_begin_alike),	    cmocka_unit_test(test_tables_that_do_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, remove_made);
}
