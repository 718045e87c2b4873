// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Cgroup paths as the runtimes make them, and paths that only look like one. */
#include "unit.h"

#include "attribute/container.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2 "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define UID "6c1a4c5e-8a3b-4f0e-9d55-0a1b2c3d4e5f"
#define UID_ "6c1a4c5e_8a3b_4f0e_9d55_0a1b2c3d4e5f"
#define HASH "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
#define BURSTABLE "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ ".slice"

struct path {
	const char *path, *id, *pod_uid, *runtime, *unit;
};

static const struct path kubernetes[] = {
	/* cgroupfs driver */
	{"/kubepods/pod" UID "/" ID, ID, UID, "", ""},
	{"/kubepods/burstable/pod" UID "/" ID, ID, UID, "", ""},
	{"/kubepods/besteffort/pod" UID "/" ID, ID, UID, "", ""},
	{"/kubepods/besteffort/pod" UID "/crio-" ID, ID, UID, "cri-o", ""},
	{"/kubepods/besteffort/pod" UID, "", UID, "", ""},
	/* systemd driver */
	{BURSTABLE "/cri-containerd-" ID ".scope", ID, UID, "containerd", ""},
	{BURSTABLE "/crio-" ID ".scope", ID, UID, "cri-o", ""},
	{BURSTABLE "/docker-" ID ".scope", ID, UID, "docker", ""},
	{BURSTABLE "/libpod-" ID ".scope", ID, UID, "podman", ""},
	{"/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope", ID, UID, "containerd", ""},
	{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UID_ ".slice/crio-" ID ".scope", ID, UID,
	 "cri-o", ""},
	{BURSTABLE, "", UID, "", ""},
	/* CRI-O: nested, and its monitor */
	{BURSTABLE "/crio-" ID ".scope/container", ID, UID, "cri-o", ""},
	{BURSTABLE "/crio-conmon-" ID ".scope", "", UID, "", ""},
	/* containerd with the systemd driver's argument as a name */
	{"/system.slice/containerd.service/kubepods-burstable-pod" UID_ ".slice:cri-containerd:" ID, ID, UID,
	 "containerd", ""},
	{"/kubepods-besteffort-pod" UID_ ".slice:crio:" ID, ID, UID, "cri-o", ""},
	/* static pods */
	{"/kubepods/burstable/pod" HASH "/" ID, ID, HASH, "", ""},
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" HASH ".slice/cri-containerd-" ID ".scope",
	 ID, HASH, "containerd", ""},
	/* kind and k3s: something before kubepods; a private cgroup namespace: "/.." */
	{"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope", ID,
	 UID, "containerd", ""},
	{"/docker/" ID2 "/kubelet/kubepods/burstable/pod" UID "/" ID, ID, UID, "", ""},
	{"/docker/" ID2 "/kubelet/kubepods/burstable/pod" UID, "", UID, "", ""},
	{"/k3s.service/kubepods/pod" UID "/" ID, ID, UID, "", ""},
	{"/../../kubepods/besteffort/pod" UID "/" ID, ID, UID, "", ""},
	{"/../cri-containerd-" ID ".scope", ID, "", "containerd", ""},
	/* Docker in a pod, a systemd in a pod */
	{"/kubepods/pod" UID "/" ID2 "/docker/" ID, ID, UID, "docker", ""},
	{"/kubepods/pod" UID "/" ID "/system.slice/nginx.service", ID, UID, "", "nginx.service"},
};

static const struct path others[] = {
	{"/docker/" ID, ID, "", "docker", ""},
	{"/docker/" ID "/init.scope", ID, "", "docker", "init.scope"},
	{"/system.slice/docker-" ID ".scope", ID, "", "docker", ""},
	{"/system.slice/nerdctl-" ID ".scope", ID, "", "containerd", ""},
	{"/libpod_parent/libpod-" ID, ID, "", "podman", ""},
	{"/libpod_parent/" ID2 "/libpod-" ID, ID, "", "podman", ""},
	{"/libpod_parent/" ID2, "", "", "", ""},
	{"/machine.slice/libpod-" ID ".scope", ID, "", "podman", ""},
	{"/machine.slice/libpod-" ID ".scope/container", ID, "", "podman", ""},
	{"/machine.slice/libpod-conmon-" ID ".scope", "", "", "", ""},
	{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope/container", ID, "", "podman",
	 ""},
	{"/lxc/web", "web", "", "lxc", ""},
	{"/lxc.payload.web", "web", "", "lxc", ""},
	{"/lxc.payload.web/system.slice/nginx.service", "web", "", "lxc", "nginx.service"},
	{"/lxc.monitor.web", "", "", "", ""},
	{"/lxc", "", "", "", ""},
	{"/lxc.payload.", "", "", "", ""},
	{"/system.slice/nginx.service", "", "", "", "nginx.service"},
	{"/system.slice/system-getty.slice/getty@tty1.service", "", "", "", "getty@tty1.service"},
	{"/user.slice/user-1000.slice/session-3.scope", "", "", "", "session-3.scope"},
	{"/user.slice/user-1000.slice", "", "", "", "user-1000.slice"},
	{"/user.slice/user-1000.slice/user@1000.service/app.slice/web.service", "", "", "", "web.service"},
	{"/init.scope", "", "", "", "init.scope"},
	{"/system.slice", "", "", "", ""},
	{"/", "", "", "", ""},
	{"", "", "", "", ""},
	{"//docker//" ID "//", ID, "", "docker", ""},
};

static const struct path impostors[] = {
	{"/docker/" ID "0", "", "", "", ""},
	{"/docker/0123456789abcdef", "", "", "", ""},
	{"/docker/0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF", "", "", "", ""},
	{"/x/podman-" ID, "", "", "", ""},
	{"/x/-" ID, "", "", "", ""},
	{"/x/docker_" ID, "", "", "", ""},
	{"/x/pod", "", "", "", ""},
	{"/x/pod" UID "x", "", "", "", ""},
	{"/x/tripod" UID, "", "", "", ""},
	{"/x/pod6c1a4c5e-8a3b-4f0e-9d55-0a1b2c3d4e5g", "", "", "", ""},
	{"/x/pod6c1a4c5e08a3b-4f0e-9d55-0a1b2c3d4e5f", "", "", "", ""},
	{"/x/:::", "", "", "", ""},
	{"/x/:cri-containerd:", "", "", "", ""},
	{"/x/.scope", "", "", "", ".scope"},
};

static void check(const struct path *paths, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct container found;
		bool any = paths[i].id[0] || paths[i].pod_uid[0];

		memset(&found, 'x', sizeof(found));
		if (container_from_cgroup(paths[i].path, &found) != any || strcmp(found.id, paths[i].id) ||
		    strcmp(found.pod_uid, paths[i].pod_uid) || strcmp(found.runtime, paths[i].runtime) ||
		    strcmp(found.unit, paths[i].unit))
			fail_msg("%s: id \"%s\" pod \"%s\" runtime \"%s\" unit \"%s\"", paths[i].path, found.id,
				 found.pod_uid, found.runtime, found.unit);
	}
}

static void kubernetes_paths(void **state)
{
	(void)state;
	check(kubernetes, ARRAY_SIZE(kubernetes));
}

static void other_paths(void **state)
{
	(void)state;
	check(others, ARRAY_SIZE(others));
}

static void impostor_paths(void **state)
{
	(void)state;
	check(impostors, ARRAY_SIZE(impostors));
}

/* Kubernetes' class of service: in the path before the pod, on both drivers, whatever stands before kubepods. */
static void classes(void **state)
{
	static const struct {
		const char *path, *qos;
	} cases[] = {
		{"/kubepods/pod" UID "/" ID, "Guaranteed"},
		{"/kubepods/burstable/pod" UID "/" ID, "Burstable"},
		{"/kubepods/besteffort/pod" UID "/" ID, "BestEffort"},
		{"/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope", "Guaranteed"},
		{BURSTABLE "/crio-" ID ".scope/container", "Burstable"},
		{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UID_ ".slice", "BestEffort"},
		{"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope",
		 "Guaranteed"},
		{"/docker/" ID2 "/kubelet/kubepods/burstable/pod" UID "/" ID, "Burstable"},
		{"/system.slice/containerd.service/kubepods-burstable-pod" UID_ ".slice:cri-containerd:" ID, "Burstable"},
		{"/elsewhere/pod" UID "/" ID, NULL},
		{"/pod" UID "/" ID, NULL},
		{"/docker/" ID, NULL},
		{"/system.slice/burstable.service", NULL},
	};
	struct container found;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(&found, 'x', sizeof(found));
		container_from_cgroup(cases[i].path, &found);
		assert_null(found.pod);
		assert_null(found.namespace);
		assert_null(found.name);
		if (!cases[i].qos ? found.qos != NULL : !found.qos || strcmp(found.qos, cases[i].qos))
			fail_msg("%s: \"%s\"", cases[i].path, found.qos ? found.qos : "(none)");
	}
}

static void no_path(void **state)
{
	struct container found;

	(void)state;
	assert_false(container_from_cgroup(NULL, &found));
	assert_string_equal(found.id, "");
}

/* Any cut of any path, and names that are far too long, stay within bounds (ASan looks on). */
static void cut_and_long_paths(void **state)
{
	struct container found;
	char *path;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kubernetes); i++)
		for (size_t size = 0; size <= strlen(kubernetes[i].path); size++) {
			path = strndup(kubernetes[i].path, size);
			container_from_cgroup(path, &found);
			free(path);
		}
	path = malloc(5000);
	memset(path, 'x', 4999);
	memcpy(path, "/lxc/", 5);
	path[4999] = 0;
	assert_true(container_from_cgroup(path, &found));
	assert_int_equal(strlen(found.id), sizeof(found.id) - 1);
	memcpy(path + 4999 - 8, ".service", 8);
	memcpy(path, "/abc/", 5);
	assert_false(container_from_cgroup(path, &found));
	assert_int_equal(strlen(found.unit), sizeof(found.unit) - 1);
	free(path);
}

static void proc_cgroup_files(void **state)
{
	static const struct {
		const char *text, *id, *unit;
	} cases[] = {
		{"0::/system.slice/docker-" ID ".scope\n", ID, ""},
		{"0::/system.slice/nginx.service\n", "", "nginx.service"},
		{"0::/system.slice/nginx.service", "", "nginx.service"},
		{"4:memory:/docker/" ID "\n1:name=systemd:/\n0::/system.slice/containerd.service\n", ID, ""},
		{"4:memory:/docker/" ID2 "\n0::/docker/" ID "\n", ID, ""},
		{"4:cpu,cpuacct:/\n0::/\n", "", ""},
		{"", "", ""},
		{"nonsense\n::\n0::\n", "", ""},
	};
	struct container found;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(container_from_proc_cgroup(cases[i].text, &found), cases[i].id[0] != 0);
		assert_string_equal(found.id, cases[i].id);
		assert_string_equal(found.unit, cases[i].unit);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kubernetes_paths),   cmocka_unit_test(other_paths),
		cmocka_unit_test(impostor_paths),     cmocka_unit_test(no_path),
		cmocka_unit_test(classes),
		cmocka_unit_test(cut_and_long_paths), cmocka_unit_test(proc_cgroup_files),
	};

	return cmocka_run_group_tests_name("container", tests, NULL, NULL);
}
