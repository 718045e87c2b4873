// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Network namespaces: those of this machine, one that the test makes, and an imitation of /proc and /run/netns. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attach/present.h"
#include "attribute/netns.h"

static uint32_t own_inode(void)
{
	struct stat status;

	assert_int_equal(stat("/proc/self/ns/net", &status), 0);
	return status.st_ino;
}

/* A folder with proc/ and names/; the files in it are links to our own namespace. */
struct imitation {
	char root[UNIT_PATH], proc[80], names[80];
	struct netns_places places;
};

static void put(const char *root, const char *name, const char *target)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	if (!target)
		assert_int_equal(mkdir(path, 0755), 0);
	else if (*target)
		assert_int_equal(symlink(target, path), 0);
	else
		unit_write_file(path, "");
}

static int setup(void **state)
{
	struct imitation *it = calloc(1, sizeof(*it));

	unit_make_folder(it->root);
	snprintf(it->proc, sizeof(it->proc), "%s/proc", it->root);
	snprintf(it->names, sizeof(it->names), "%s/names", it->root);
	it->places = (struct netns_places){it->proc, it->names};
	put(it->root, "proc", NULL);
	put(it->proc, "self", NULL);
	put(it->proc, "self/ns", NULL);
	put(it->proc, "self/ns/net", "/proc/self/ns/net");
	put(it->proc, "4711", NULL);
	put(it->proc, "4711/ns", NULL);
	put(it->proc, "4711/ns/net", "/proc/self/ns/net");
	put(it->proc, "4712", NULL); /* ends while we look */
	put(it->proc, "1000x", NULL);
	put(it->root, "names", NULL);
	put(it->names, "blue", "/proc/self/ns/net");
	put(it->names, "4712", "/proc/self/ns/net");
	put(it->names, "left-over", "");
	put(it->names, "mount", "/proc/self/ns/mnt");
	*state = it;
	return 0;
}

static int teardown(void **state)
{
	struct imitation *it = *state;

	unit_remove_folder(it->root);
	free(it);
	return 0;
}

static void what_is_a_namespace(void **state)
{
	uint32_t inode = 0;
	int fd;

	(void)state;
	assert_int_equal(netns_inode_of("/proc/self/ns/net", &inode), 0);
	assert_int_equal(inode, own_inode());
	assert_int_equal(netns_inode_of("/proc/self/ns/mnt", &inode), -EINVAL);
	assert_int_equal(netns_inode_of("/dev/null", &inode), -EINVAL);
	assert_int_equal(netns_inode_of("/tmp", &inode), -EINVAL);
	assert_int_equal(netns_inode_of("/nonexistent", &inode), -ENOENT);
	fd = open("/proc/self/ns/net", O_RDONLY);
	inode = 0;
	assert_int_equal(netns_inode_of_fd(fd, &inode), 0);
	assert_int_equal(inode, own_inode());
	close(fd);
	assert_int_equal(netns_inode_of_fd(-1, &inode), -EINVAL);
}

static void names_come_first(void **state)
{
	struct imitation *it = *state;
	struct netns_list list;
	const struct netns *found;

	assert_int_equal(netns_list_read(&list, &it->places), 0);
	assert_int_equal(list.count, 1);
	found = netns_list_find(&list, own_inode());
	assert_non_null(found);
	assert_memory_equal(found->path, it->names, strlen(it->names));
	assert_int_equal(found->pid, 4711);
	assert_null(netns_list_find(&list, own_inode() + 1));
	assert_null(netns_list_find(&list, 0));
	assert_int_equal(list.denied, 0);
	netns_list_release(&list);
	it->places.names = "/nonexistent";
	assert_int_equal(netns_list_read(&list, &it->places), 0);
	assert_int_equal(list.count, 1);
	assert_memory_equal(list.entries[0].path, it->proc, strlen(it->proc));
	netns_list_release(&list);
	it->places.proc = "/nonexistent";
	assert_int_equal(netns_list_read(&list, &it->places), -ENOENT);
	netns_list_release(&list);
}

static void write_sockstat(const struct imitation *it, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/4711/net", it->proc);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/4711/net/%s", it->proc, name);
	unit_write_file(path, text);
}

/* A namespace with a name and a process counts once, by its process; one that the filter does not want, not at all. */
static void sockets_that_are_there(void **state)
{
	struct imitation *it = *state;
	struct filter filter = {.places.netns = it->places};
	struct present_sockets sockets = present_sockets_count(&filter);

	assert_int_equal(sockets.full + sockets.time_wait, 0);
	write_sockstat(it, "sockstat", "sockets: used 77\nTCP: inuse 9 orphan 1 tw 632 alloc 40 mem 3\nUDP: inuse 5 mem 2\n");
	write_sockstat(it, "sockstat6", "TCP6: inuse 14\nUDP6: inuse 6\n");
	sockets = present_sockets_count(&filter);
	assert_int_equal(sockets.full, 23);
	assert_int_equal(sockets.time_wait, 632);
	filter.n_netns = 1;
	filter.netns[0] = own_inode();
	sockets = present_sockets_count(&filter);
	assert_int_equal(sockets.time_wait, 632);
	filter.netns[0]++;
	sockets = present_sockets_count(&filter);
	assert_int_equal(sockets.full + sockets.time_wait, 0);
}

/* A child in a namespace of its own tells its inode and waits. */
static pid_t new_namespace(int *to_child, uint32_t *inode)
{
	int up[2], down[2];
	pid_t child;

	assert_int_equal(pipe(up), 0);
	assert_int_equal(pipe(down), 0);
	child = fork();
	if (!child) {
		uint32_t own = unshare(CLONE_NEWNET) ? 0 : own_inode();

		close(down[1]);
		if (write(up[1], &own, sizeof(own)) != sizeof(own) || read(down[0], &own, 1) < 0)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(read(up[0], inode, sizeof(*inode)), sizeof(*inode));
	close(up[0]);
	close(up[1]);
	close(down[0]);
	*to_child = down[1];
	return child;
}

static void a_new_namespace_is_found(void **state)
{
	struct netns_list list, after;
	const struct netns *found;
	struct netns_meant resolved = {}, again = {};
	uint32_t inode;
	char error[256], expected[64], number[16];
	int to_child;
	pid_t child;

	(void)state;
	if (geteuid())
		skip_because("not root");
	child = new_namespace(&to_child, &inode);
	assert_true(inode != 0);
	assert_int_equal(netns_list_read(&list, NULL), 0);
	snprintf(number, sizeof(number), "%u", inode);
	assert_int_equal(netns_resolve(number, NULL, &resolved, error, sizeof(error)), 0);
	assert_int_equal(resolved.inode, inode);
	snprintf(number, sizeof(number), "%d", child);
	assert_int_equal(netns_resolve(number, NULL, &again, error, sizeof(error)), 0);
	close(to_child);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(netns_list_read(&after, NULL), 0);

	assert_int_equal(again.inode, inode);
	assert_int_equal(again.cookie, resolved.cookie);
	assert_int_equal(resolved.cookie != 0, netns_cookie() != 0);
	if (resolved.cookie)
		assert_int_not_equal(resolved.cookie, netns_cookie()); /* and we are where we were */
	found = netns_list_find(&list, inode);
	assert_non_null(found);
	snprintf(expected, sizeof(expected), "/proc/%d/ns/net", child);
	assert_string_equal(found->path, expected);
	assert_non_null(netns_list_find(&list, own_inode()));
	for (size_t i = 1; i < list.count; i++)
		assert_true(list.entries[i - 1].inode < list.entries[i].inode);
	assert_non_null(netns_list_find(&after, own_inode()));
	netns_list_release(&list);
	netns_list_release(&after);
}

static void what_users_write(void **state)
{
	struct imitation *it = *state;
	char path[128], number[16], error[256];
	const char *const texts[] = {"self", "blue", "4711", "4712", "/proc/self/ns/net", path, number};

	snprintf(path, sizeof(path), "%s/blue", it->names);
	snprintf(number, sizeof(number), "%u", own_inode());
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct netns_meant meant = {};

		if (netns_resolve(texts[i], &it->places, &meant, error, sizeof(error)))
			fail_msg("%s: %s", texts[i], error);
		assert_int_equal(meant.inode, own_inode());
		assert_true(!meant.cookie || meant.cookie == netns_cookie());
	}
}

static void what_is_refused(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"red", "no network namespace \"red\""},
		{"", "no network namespace \"\""},
		{".", "no network namespace \".\""},
		{"..", "no network namespace \"..\""},
		{"4713", "no process 4713"},
		{"1000x", "\"1000x\""},
		{"4194305", "inode number 4194305"},
		{"4026531832", "inode number 4026531832"},
		{"4294967295", "inode number 4294967295"},
		{"4294967296", "\"4294967296\""},
		{"-1", "\"-1\""},
		{"left-over", "is not a network namespace"},
		{"mount", "is not a network namespace"},
		{"/nonexistent/ns", "No such file"},
		{"/proc/self/ns/mnt", "is not a network namespace"},
	};
	struct imitation *it = *state;
	struct netns_meant meant = { .inode = 4711 };
	char error[512];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (netns_resolve(cases[i].text, &it->places, &meant, error, sizeof(error)) != -EINVAL)
			fail_msg("\"%s\" was accepted", cases[i].text);
		unit_assert_contains(error, cases[i].says);
	}
	assert_int_equal(meant.inode, 4711);
}

/* As nobody: other users' namespaces can't be seen, so an inode number that may be one of them is believed. */
static int resolve_as_nobody(void)
{
	struct netns_list list;
	struct netns_meant meant = {};
	char error[256];
	int result;

	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		return 1;
	if (netns_list_read(&list, NULL) || !list.denied)
		return 2;
	result = netns_resolve("4294967290", NULL, &meant, error, sizeof(error));
	if (result || meant.inode != 4294967290 || meant.cookie)
		return 3;
	if (netns_resolve("4194305", NULL, &meant, error, sizeof(error)) != -EINVAL)
		return 4;
	return netns_resolve("4294967290", &(struct netns_places){"/nonexistent"}, &meant, error, sizeof(error)) ? 5
														 : 0;
}

static void what_may_be_hidden_is_believed(void **state)
{
	int status;
	pid_t child;

	(void)state;
	if (geteuid())
		skip_because("not root");
	child = fork();
	if (!child)
		_exit(resolve_as_nobody());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_a_namespace),
		cmocka_unit_test_setup_teardown(names_come_first, setup, teardown),
		cmocka_unit_test_setup_teardown(sockets_that_are_there, setup, teardown),
		cmocka_unit_test(a_new_namespace_is_found),
		cmocka_unit_test_setup_teardown(what_users_write, setup, teardown),
		cmocka_unit_test(what_may_be_hidden_is_believed),
		cmocka_unit_test_setup_teardown(what_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests_name("netns", tests, NULL, NULL);
}
