// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Names of pods and containers from the kubelet's log folders: what is read, what is not taken for a name, and when. */
#include "unit.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attribute/pod_names.h"

#define SECOND 1000000000ULL
#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2 "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define UID "6c1a4c5e-8a3b-4f0e-9d55-0a1b2c3d4e5f"
#define HASH "0a1b2c3d4e5f60718293a4b5c6d7e8f9"

struct logs {
	char root[UNIT_PATH];
	struct pod_names *names;
	uint64_t now_ns;
};

static int setup(void **state)
{
	struct logs *logs = calloc(1, sizeof(*logs));
	char path[128];

	unit_make_folder(logs->root);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", logs->root, i ? "pods" : "containers");
		assert_int_equal(mkdir(path, 0755), 0);
	}
	logs->names = pod_names_new(logs->root);
	assert_non_null(logs->names);
	logs->now_ns = SECOND;
	*state = logs;
	return 0;
}

static int teardown(void **state)
{
	struct logs *logs = *state;

	pod_names_free(logs->names);
	unit_remove_folder(logs->root);
	free(logs);
	return 0;
}

static void add_log(const struct logs *logs, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/containers/%s", logs->root, name);
	unit_write_file(path, "");
}

static void add_pod(const struct logs *logs, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/pods/%s", logs->root, name);
	assert_int_equal(mkdir(path, 0755), 0);
}

static struct container container_of(const char *id, const char *pod_uid)
{
	struct container container = {};

	strcpy(container.id, id);
	strcpy(container.pod_uid, pod_uid);
	return container;
}

/* As a container that was just met is treated. */
static struct container look(struct logs *logs, const char *id, const char *pod_uid)
{
	struct container container = container_of(id, pod_uid);

	pod_names_complete(logs->names, &container);
	logs->now_ns += SECOND;
	pod_names_refresh(logs->names, logs->now_ns, true);
	pod_names_complete(logs->names, &container);
	return container;
}

static void assert_names(const struct container *container, const char *namespace, const char *pod, const char *name)
{
	const char *const found[] = {container->namespace, container->pod, container->name};
	const char *const expected[] = {namespace, pod, name};

	for (int i = 0; i < 3; i++) {
		if (!expected[i])
			assert_null(found[i]);
		else if (!found[i] || strcmp(found[i], expected[i]))
			fail_msg("\"%s\" instead of \"%s\"", found[i] ? found[i] : "(none)", expected[i]);
	}
}

static void names_of_files(void **state)
{
	struct logs *logs = *state;
	struct container container;

	add_log(logs, "web-1.v2_shop_nginx-proxy-" ID ".log");
	add_pod(logs, "shop_web-1.v2_" UID);
	add_pod(logs, "kube-system_etcd-node1_" HASH);
	container = look(logs, ID, UID);
	assert_names(&container, "shop", "web-1.v2", "nginx-proxy");
	assert_true(container_is_named(&container));
	container = look(logs, ID2, UID);
	assert_names(&container, "shop", "web-1.v2", NULL);
	assert_false(container_is_named(&container));
	container = look(logs, ID2, HASH);
	assert_names(&container, "kube-system", "etcd-node1", NULL);
	container = look(logs, "", HASH);
	assert_true(container_is_named(&container));
	container = look(logs, ID2, "");
	assert_names(&container, NULL, NULL, NULL);
	assert_true(container_is_named(&container));
	container = look(logs, "", "");
	assert_names(&container, NULL, NULL, NULL);
}

/* The kubelet cuts the name at 251 characters and adds ".log". */
static void cut_names(void **state)
{
	struct logs *logs = *state;
	char pod[200], file[400];
	struct container container;

	memset(pod, 'p', sizeof(pod));
	pod[160] = 0;
	snprintf(file, sizeof(file), "%s_%s_%s-%s", pod, "a-namespace-with-a-long-name", "a-container", ID);
	assert_true(strlen(file) > 251);
	strcpy(file + 251, ".log");
	add_log(logs, file);
	container = look(logs, ID, UID);
	assert_names(&container, "a-namespace-with-a-long-name", pod, "a-container");
	container = look(logs, ID2, UID);
	assert_names(&container, NULL, NULL, NULL);

	/* With so little of the id left it could be another's; or it is a part of the container's name. */
	memset(pod, 'q', 199);
	snprintf(file, sizeof(file), "%.199s_ns_%s-%s", pod, "a-name-of-some-length-to-fill-the-rest1", "01234567");
	assert_int_equal(strlen(file), 251);
	strcat(file, ".log");
	add_log(logs, file);
	container = look(logs, "01234567" "11111111" "11111111" "11111111" "11111111" "11111111" "11111111" "11111111", "");
	assert_names(&container, NULL, NULL, NULL);
}

static void impostors(void **state)
{
	static const char *const files[] = {
		"web_shop_nginx-" ID,	     "web_shop_nginx-" ID ".txt",   "web_shop_nginx" ID ".log", "web_shop-" ID ".log",
		"_shop_nginx-" ID ".log",    "web__nginx-" ID ".log",	    "web_shop_-" ID ".log",	"web_shop_nginx-0123456789ab.log",
		"web_shop_nginx-0" ID ".log", "web_shop_nginx-g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.log",
		".log",			     "-.log",			    "__-.log",
	};
	static const char *const pods[] = {"shop_web", "_web_" UID, "shop__" UID, "__", "_", UID};
	struct logs *logs = *state;
	struct container container;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		add_log(logs, files[i]);
	for (size_t i = 0; i < ARRAY_SIZE(pods); i++)
		add_pod(logs, pods[i]);
	container = look(logs, ID, UID);
	assert_names(&container, NULL, NULL, NULL);
}

/* A name that comes after its container was met, also within the same tick of the clock, and one whose file goes. */
static void late_and_gone(void **state)
{
	struct logs *logs = *state;
	struct container container = look(logs, ID, UID);
	uint64_t version = pod_names_version(logs->names);
	char path[256];

	assert_names(&container, NULL, NULL, NULL);
	add_log(logs, "web_shop_nginx-" ID ".log");
	logs->now_ns += SECOND / 10;
	pod_names_refresh(logs->names, logs->now_ns, false);
	assert_int_equal(pod_names_version(logs->names), version);
	logs->now_ns += SECOND;
	pod_names_refresh(logs->names, logs->now_ns, false);
	assert_int_not_equal(pod_names_version(logs->names), version);
	container = container_of(ID, UID);
	pod_names_complete(logs->names, &container);
	assert_names(&container, "shop", "web", "nginx");

	snprintf(path, sizeof(path), "%s/containers/web_shop_nginx-%s.log", logs->root, ID);
	assert_int_equal(unlink(path), 0);
	container = look(logs, ID2, UID);
	container = look(logs, ID, UID);
	assert_names(&container, "shop", "web", "nginx");
}

/* A folder that is not there is no error, one that can't be read is. */
static void unreadable(void **state)
{
	struct logs *logs = *state;
	char path[128];

	snprintf(path, sizeof(path), "%s/pods", logs->root);
	assert_int_equal(rmdir(path), 0);
	look(logs, ID, UID);
	assert_int_equal(pod_names_error(logs->names), 0);
	unit_write_file(path, "");
	look(logs, ID, UID);
	assert_int_equal(pod_names_error(logs->names), -ENOTDIR);
}

static void learnt(void **state)
{
	struct pod_names *names = pod_names_new(NULL);
	struct container told = container_of(ID, UID), asked = container_of(ID, UID);

	(void)state;
	pod_names_learn(names, &told);
	pod_names_complete(names, &asked);
	assert_names(&asked, NULL, NULL, NULL);
	told.pod = "web", told.namespace = "shop", told.name = "nginx";
	pod_names_learn(names, &told);
	pod_names_refresh(names, SECOND, true);
	pod_names_complete(names, &asked);
	assert_names(&asked, "shop", "web", "nginx");
	asked = container_of("", UID);
	pod_names_complete(names, &asked);
	assert_names(&asked, "shop", "web", NULL);
	pod_names_free(names);
	pod_names_free(NULL);
	pod_names_complete(NULL, &asked);
	assert_int_equal(pod_names_version(NULL), 0);
}

#define PODS 300000

/* Memory is bounded: the oldest go. A quarter of a million stay. */
static void many(void **state)
{
	struct pod_names *names = pod_names_new(NULL);
	struct container container = container_of("", "");

	(void)state;
	for (unsigned int i = 0; i < PODS; i++) {
		snprintf(container.pod_uid, sizeof(container.pod_uid), "%032x", i);
		container.pod = "web", container.namespace = "shop";
		pod_names_learn(names, &container);
	}
	container.pod = container.namespace = NULL;
	pod_names_complete(names, &container);
	assert_names(&container, "shop", "web", NULL);
	snprintf(container.pod_uid, sizeof(container.pod_uid), "%032x", PODS - 250000);
	container.pod = container.namespace = NULL;
	pod_names_complete(names, &container);
	assert_names(&container, "shop", "web", NULL);
	container = container_of("", "00000000000000000000000000000001");
	pod_names_complete(names, &container);
	assert_names(&container, NULL, NULL, NULL);
	pod_names_free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_of_files, setup, teardown),
		cmocka_unit_test_setup_teardown(cut_names, setup, teardown),
		cmocka_unit_test_setup_teardown(impostors, setup, teardown),
		cmocka_unit_test_setup_teardown(late_and_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(unreadable, setup, teardown),
		cmocka_unit_test(learnt),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests_name("pod_names", tests, NULL, NULL);
}
