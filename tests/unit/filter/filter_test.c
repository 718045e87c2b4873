// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The filter options: what they accept, what they refuse, and that a refused option changes nothing. */
#include "unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filter/filter.h"

/* An imitation of /proc, /run/netns and the cgroup2 mount. */
struct imitation {
	char root[UNIT_PATH], proc[80], names[80], cgroup[80];
	struct filter filter;
};

static void make_folder(const char *root, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	assert_int_equal(mkdir(path, 0755), 0);
}

static void make_process(const char *proc, const char *pid, const char *process)
{
	char path[256], text[256];

	make_folder(proc, pid);
	snprintf(path, sizeof(path), "%s/%s/status", proc, pid);
	snprintf(text, sizeof(text), "Name:\tTgid: 99\nUmask:\t0022\nTgid:\t%s\nPid:\t%s\n", process, pid);
	unit_write_file(path, text);
}

static int setup(void **state)
{
	struct imitation *it = calloc(1, sizeof(*it));
	struct filter_places places;
	char path[128], pid[16];

	assert_true(FILTER_SET_MAX < 5000);
	unit_make_folder(it->root);
	snprintf(it->proc, sizeof(it->proc), "%s/proc", it->root);
	snprintf(it->names, sizeof(it->names), "%s/names", it->root);
	snprintf(it->cgroup, sizeof(it->cgroup), "%s/cgroup", it->root);
	make_folder(it->root, "proc");
	for (int i = 0; i < FILTER_SET_MAX + 1; i++) {
		snprintf(pid, sizeof(pid), "%d", 4000 + i);
		make_process(it->proc, pid, pid);
	}
	make_process(it->proc, "9000", "4000");
	make_folder(it->root, "names");
	snprintf(path, sizeof(path), "%s/blue", it->names);
	assert_int_equal(symlink("/proc/self/ns/net", path), 0);
	make_folder(it->root, "cgroup");
	make_folder(it->cgroup, "a.slice");
	make_folder(it->cgroup, "a.slice/b.service");
	snprintf(path, sizeof(path), "%s/cgroup.procs", it->cgroup);
	unit_write_file(path, "");
	places = (struct filter_places){{it->proc, it->names}, it->cgroup};
	filter_init(&it->filter, &places);
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

typedef int parser(struct filter *filter, const char *text, char *error, size_t error_size);

static void take(struct imitation *it, parser *parse, const char *text)
{
	char error[512] = "";

	if (parse(&it->filter, text, error, sizeof(error)))
		fail_msg("\"%s\": %s", text, error);
}

/* Refused with a sentence that begins with the option and has `says` in it; and nothing changed. */
static void refuse(struct imitation *it, parser *parse, const char *text, const char *option, const char *says)
{
	struct filter before = it->filter;
	char error[1024] = "";

	if (parse(&it->filter, text, error, sizeof(error)) != -EINVAL)
		fail_msg("\"%s\" was accepted", text);
	if (strncmp(error, option, strlen(option)) || strncmp(error + strlen(option), ": ", 2))
		fail_msg("\"%s\" does not begin with %s", error, option);
	unit_assert_contains(error, says);
	assert_null(strchr(error, '\n'));
	assert_memory_equal(&before, &it->filter, sizeof(before));
}

static void pids(void **state)
{
	struct imitation *it = *state;
	char all[FILTER_SET_MAX * 5 + 8] = "", one_more[8];

	take(it, filter_parse_pids, "4001,4002,4001");
	take(it, filter_parse_pids, "4003");
	assert_int_equal(it->filter.n_pids, 3);
	assert_int_equal(it->filter.pids[0], 4001);
	assert_int_equal(it->filter.pids[1], 4002);
	assert_int_equal(it->filter.pids[2], 4003);
	refuse(it, filter_parse_pids, "12x", "-p", "\"12x\" is not a process id");
	refuse(it, filter_parse_pids, "4004,12x", "-p", "4711,4712");
	refuse(it, filter_parse_pids, "3999", "-p", "no process 3999");
	refuse(it, filter_parse_pids, "9000", "-p", "9000 is a thread of process 4000");
	refuse(it, filter_parse_pids, "0", "-p", "\"0\"");
	refuse(it, filter_parse_pids, "-1", "-p", "\"-1\"");
	refuse(it, filter_parse_pids, "4294971297", "-p", "\"4294971297\"");
	refuse(it, filter_parse_pids, "", "-p", "empty");
	refuse(it, filter_parse_pids, "4004,", "-p", "empty");
	for (int i = 0; i < FILTER_SET_MAX; i++)
		sprintf(all + strlen(all), "%s%d", i ? "," : "", 4000 + i);
	take(it, filter_parse_pids, all);
	assert_int_equal(it->filter.n_pids, FILTER_SET_MAX);
	snprintf(one_more, sizeof(one_more), "%d", 4000 + FILTER_SET_MAX);
	refuse(it, filter_parse_pids, one_more, "-p", "more than");
	take(it, filter_parse_pids, "4010");
}

static void real_processes(void **state)
{
	struct imitation it = {};
	char pid[16], error[256];
	pid_t child = fork();

	(void)state;
	if (!child)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	snprintf(pid, sizeof(pid), "%d", getpid());
	take(&it, filter_parse_pids, pid);
	assert_int_equal(it.filter.pids[0], getpid());
	snprintf(pid, sizeof(pid), "%d", child);
	assert_int_equal(filter_parse_pids(&it.filter, pid, error, sizeof(error)), -EINVAL);
	take(&it, filter_parse_netns, "self");
	assert_int_equal(it.filter.n_netns, 1);
}

static void ports(void **state)
{
	struct imitation *it = *state;
	char error[256];

	take(it, filter_parse_local_ports, "80,443");
	take(it, filter_parse_remote_ports, "65535,1");
	assert_int_equal(it->filter.n_local_ports, 2);
	assert_int_equal(it->filter.local_ports[1], 443);
	assert_int_equal(it->filter.n_remote_ports, 2);
	assert_int_equal(it->filter.remote_ports[0], 65535);
	refuse(it, filter_parse_local_ports, "0", "-L", "\"0\" is not a port");
	refuse(it, filter_parse_local_ports, "http", "-L", "1 to 65535");
	refuse(it, filter_parse_local_ports, "80-90", "-L", "\"80-90\"");
	refuse(it, filter_parse_remote_ports, "65536", "-D", "\"65536\"");
	refuse(it, filter_parse_remote_ports, "80,,443", "-D", "empty");
	for (int port = 1000; it->filter.n_remote_ports < FILTER_SET_MAX; port++) {
		char text[8];

		snprintf(text, sizeof(text), "%d", port);
		take(it, filter_parse_remote_ports, text);
	}
	assert_int_equal(filter_parse_remote_ports(&it->filter, "60000", error, sizeof(error)), -EINVAL);
	take(it, filter_parse_remote_ports, "1000");
}

static void namespaces(void **state)
{
	struct imitation *it = *state;
	struct stat status;
	uint64_t cookie;
	char number[16];

	assert_int_equal(stat("/proc/self/ns/net", &status), 0);
	take(it, filter_parse_netns, "blue,/proc/self/ns/net");
	assert_int_equal(it->filter.n_netns, 1);
	assert_int_equal(it->filter.netns[0], (uint32_t)status.st_ino);
	/* a number in a recording has no cookie; what is known stays */
	cookie = it->filter.netns_cookies[0];
	it->filter.recorded = true;
	snprintf(number, sizeof(number), "%u", (uint32_t)status.st_ino);
	take(it, filter_parse_netns, number);
	it->filter.recorded = false;
	assert_int_equal(it->filter.n_netns, 1);
	assert_int_equal(it->filter.netns_cookies[0], cookie);
	refuse(it, filter_parse_netns, "red", "-n", "\"red\"");
	refuse(it, filter_parse_netns, "blue,red", "-n", "\"red\"");
	refuse(it, filter_parse_netns, "3999", "-n", "no process 3999");
	refuse(it, filter_parse_netns, "4026530000", "-n", "4026530000");
	refuse(it, filter_parse_netns, "/dev/null", "-n", "/dev/null is not a network namespace");
	refuse(it, filter_parse_netns, "", "-n", "empty");
}

static void all_namespaces(void **state)
{
	struct imitation *it = *state;
	char error[256];

	take(it, filter_parse_netns, "all");
	assert_true(it->filter.all_netns);
	filter_own_netns(&it->filter, false);
	assert_int_equal(it->filter.n_netns, 0);
	assert_int_equal(filter_check(&it->filter, error, sizeof(error)), 0);
	take(it, filter_parse_netns, "blue");
	assert_int_equal(filter_check(&it->filter, error, sizeof(error)), -EINVAL);
}

/* Asked for nothing: ours alone in a container, all on the machine. */
static void own_namespace(void **state)
{
	struct filter first, container, asked;

	(void)state;
	filter_init(&first, NULL);
	filter_own_netns(&first, true);
	assert_int_equal(first.n_netns, 0);
	filter_init(&container, NULL);
	filter_own_netns(&container, false);
	assert_int_equal(container.n_netns, 1);
	assert_true(container.netns_by_default);
	asked = container;
	asked.netns[0] = 1;
	asked.netns_by_default = false;
	filter_own_netns(&asked, false);
	assert_int_equal(asked.netns[0], 1);
	assert_false(asked.netns_by_default);
}

/* Alike where the same was asked for; states do not count, since a recording holds all. */
static void digests(void **state)
{
	struct imitation *it = *state;
	struct filter local, remote;

	filter_init(&local, NULL);
	assert_int_equal(filter_digest(&local), 0);
	take(it, filter_parse_states, "CLOSE_WAIT");
	assert_int_equal(filter_digest(&it->filter), 0);
	take(it, filter_parse_local_ports, "80");
	local.local_ports[0] = 80;
	local.n_local_ports = 1;
	assert_int_not_equal(filter_digest(&local), 0);
	assert_int_equal(filter_digest(&local), filter_digest(&it->filter));
	filter_init(&remote, NULL);
	remote.remote_ports[0] = 80;
	remote.n_remote_ports = 1;
	assert_int_not_equal(filter_digest(&remote), filter_digest(&local));
	take(it, filter_parse_comm, "shop");
	assert_int_not_equal(filter_digest(&it->filter), filter_digest(&local));
}

static void cgroups(void **state)
{
	struct imitation *it = *state;
	char path[256];
	struct stat status;

	snprintf(path, sizeof(path), "%s/a.slice/b.service", it->cgroup);
	assert_int_equal(stat(path, &status), 0);
	take(it, filter_parse_cgroup, "/a.slice/b.service");
	take(it, filter_parse_cgroup, "a.slice/b.service");
	take(it, filter_parse_cgroup, path);
	assert_int_equal(it->filter.n_cgroups, 1);
	assert_int_equal(it->filter.cgroup_ids[0], status.st_ino);
	take(it, filter_parse_cgroup, "/");
	take(it, filter_parse_cgroup, "/a.slice/");
	assert_int_equal(it->filter.n_cgroups, 3);
	refuse(it, filter_parse_cgroup, "/c.slice", "-c", "no cgroup \"/c.slice\"");
	refuse(it, filter_parse_cgroup, "/c.slice", "-c", it->cgroup);
	refuse(it, filter_parse_cgroup, "/cgroup.procs", "-c", "cgroup.procs");
	refuse(it, filter_parse_cgroup, "/../../../../proc", "-c", "proc");
	refuse(it, filter_parse_cgroup, "", "-c", "\"\"");
}

static void remotes(void **state)
{
	struct imitation *it = *state;
	char error[256];

	take(it, filter_parse_remote, "10.1.2.3/8:443");
	assert_true(it->filter.has_remote);
	assert_int_equal(it->filter.remote.length, 8);
	assert_int_equal(it->filter.remote_port, 443);
	refuse(it, filter_parse_remote, "10.0.0.300", "--remote", "\"10.0.0.300\"");
	refuse(it, filter_parse_remote, "10.0.0.1/33", "--remote", "0 to 32");
	assert_int_equal(filter_check(&it->filter, error, sizeof(error)), 0);
	assert_false(it->filter.ipv6_only);
	take(it, filter_parse_remote, "::/0");
	assert_int_equal(it->filter.remote_port, 0);
	assert_int_equal(filter_check(&it->filter, error, sizeof(error)), 0);
	assert_true(it->filter.ipv6_only);
}

static void families(void **state)
{
	static const struct {
		bool ipv4, ipv6;
		const char *remote;
		int result;
	} cases[] = {
		{false, false, NULL, 0},       {true, false, NULL, 0},	     {false, true, NULL, 0},
		{true, true, NULL, -EINVAL},   {true, false, "10.0.0.1", 0}, {false, true, "10.0.0.1", -EINVAL},
		{true, false, "::1", -EINVAL}, {false, true, "::1", 0},	     {true, false, "::ffff:1.2.3.4", 0},
	};
	struct imitation *it = *state;
	char error[256];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		filter_init(&it->filter, NULL);
		it->filter.ipv4_only = cases[i].ipv4;
		it->filter.ipv6_only = cases[i].ipv6;
		if (cases[i].remote)
			take(it, filter_parse_remote, cases[i].remote);
		assert_int_equal(filter_check(&it->filter, error, sizeof(error)), cases[i].result);
		assert_int_equal(it->filter.ipv4_only, cases[i].ipv4);
	}
}

static void states_and_names(void **state)
{
	struct imitation *it = *state;

	take(it, filter_parse_states, "CLOSE_WAIT");
	take(it, filter_parse_states, "time-wait");
	assert_int_equal(it->filter.state_mask, 1 << 6 | 1 << 8);
	refuse(it, filter_parse_states, "CLOSE_WAIT,foo", "--state", "\"foo\"");
	take(it, filter_parse_comm, "nginx");
	assert_string_equal(it->filter.comm, "nginx");
	take(it, filter_parse_comm, "containerd-shim-runc-v2");
	assert_string_equal(it->filter.comm, "containerd-shim");
	refuse(it, filter_parse_comm, "", "--comm", "empty");
}

/* A hostile argument neither overruns the sentence nor is believed. */
static void hostile_arguments(void **state)
{
	static parser *const parsers[] = {
		filter_parse_pids,	   filter_parse_netns,	filter_parse_cgroup, filter_parse_local_ports,
		filter_parse_remote_ports, filter_parse_remote, filter_parse_states,
	};
	struct imitation *it = *state;
	char *huge = malloc(100000);
	uint64_t seed = 3;

	memset(huge, 'x', 99999);
	huge[99999] = 0;
	for (size_t i = 0; i < ARRAY_SIZE(parsers); i++) {
		for (size_t size = 1; size < 64; size++) {
			char *error = malloc(size);

			assert_int_equal(parsers[i](&it->filter, huge, error, size), -EINVAL);
			assert_true(strnlen(error, size) < size);
			free(error);
		}
		for (int round = 0; round < 2000; round++) {
			char text[16], error[200];

			for (size_t b = 0; b < sizeof(text) - 1; b++)
				text[b] = "0123456789.,:/[]-x\x80\x1b"[unit_random(&seed) % 20];
			text[15] = 0;
			parsers[i](&it->filter, text, error, sizeof(error));
		}
	}
	free(huge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pids, setup, teardown),
		cmocka_unit_test(real_processes),
		cmocka_unit_test_setup_teardown(ports, setup, teardown),
		cmocka_unit_test_setup_teardown(namespaces, setup, teardown),
		cmocka_unit_test_setup_teardown(all_namespaces, setup, teardown),
		cmocka_unit_test(own_namespace),
		cmocka_unit_test_setup_teardown(digests, setup, teardown),
		cmocka_unit_test_setup_teardown(cgroups, setup, teardown),
		cmocka_unit_test_setup_teardown(remotes, setup, teardown),
		cmocka_unit_test_setup_teardown(families, setup, teardown),
		cmocka_unit_test_setup_teardown(states_and_names, setup, teardown),
		cmocka_unit_test_setup_teardown(hostile_arguments, setup, teardown),
	};

	return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
