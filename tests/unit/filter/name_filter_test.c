// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* --container, --pod, --namespace, --unit: which cgroups they let pass, and where names are still missing. */
#include "unit.h"

#include <errno.h>

#include "filter/name_filter.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UID "6c1a4c5e-8a3b-4f0e-9d55-0a1b2c3d4e5f"
#define POD "/kubepods/burstable/pod" UID "/" ID
#define SERVICE "/system.slice/nginx.service"

struct given {
	const char *container, *pod, *namespace, *unit;
};

static enum name_verdict decide(const struct given *given, const char *path, bool named)
{
	const char *const values[] = {given->container, given->pod, given->namespace, given->unit};
	struct container container;
	struct filter filter;
	char error[256];

	filter_init(&filter, NULL);
	for (int kind = 0; kind < NAME_KINDS; kind++)
		if (values[kind])
			assert_int_equal(filter_parse_names(&filter, kind, values[kind], error, sizeof(error)), 0);
	assert_int_equal(filter_has_names(&filter), values[0] || values[1] || values[2] || values[3]);
	container_from_cgroup(path, &container);
	if (named && container.pod_uid[0])
		container.pod = "web-1", container.namespace = "shop", container.name = container.id[0] ? "nginx" : NULL;
	return names_decide(&filter, path, &container);
}

static void verdicts(void **state)
{
	static const struct {
		struct given given;
		const char *path;
		enum name_verdict named, nameless;
	} cases[] = {
		{{}, POD, NAMES_PASS, NAMES_PASS},
		{{}, NULL, NAMES_PASS, NAMES_PASS},
		{{.container = "nginx"}, NULL, NAMES_MISSING, NAMES_MISSING},
		/* containers */
		{{.container = "nginx"}, POD, NAMES_PASS, NAMES_MISSING},
		{{.container = "redis,nginx"}, POD, NAMES_PASS, NAMES_MISSING},
		{{.container = "ngin"}, POD, NAMES_REJECT, NAMES_MISSING},
		{{.container = ID}, POD, NAMES_PASS, NAMES_PASS},
		{{.container = "0123"}, POD, NAMES_PASS, NAMES_PASS},
		{{.container = "012"}, POD, NAMES_REJECT, NAMES_MISSING},
		{{.container = "0124"}, POD, NAMES_REJECT, NAMES_MISSING},
		{{.container = "0123"}, "/docker/" ID, NAMES_PASS, NAMES_PASS},
		{{.container = "nginx"}, "/docker/" ID, NAMES_REJECT, NAMES_REJECT},
		{{.container = "shop/web-1/nginx"}, POD, NAMES_PASS, NAMES_MISSING},
		{{.container = "web-1/nginx"}, POD, NAMES_REJECT, NAMES_MISSING},
		{{.container = "mail"}, "/lxc/mail", NAMES_PASS, NAMES_PASS},
		{{.container = "mai"}, "/lxc/mail", NAMES_REJECT, NAMES_REJECT},
		{{.container = "nginx"}, SERVICE, NAMES_REJECT, NAMES_REJECT},
		/* pods and namespaces; also of what is in the pod's own cgroup */
		{{.pod = "web-1"}, POD, NAMES_PASS, NAMES_MISSING},
		{{.pod = "shop/web-1"}, POD, NAMES_PASS, NAMES_MISSING},
		{{.pod = "test/web-1"}, POD, NAMES_REJECT, NAMES_MISSING},
		{{.pod = UID}, POD, NAMES_PASS, NAMES_PASS},
		{{.pod = "web-1"}, "/kubepods/pod" UID, NAMES_PASS, NAMES_MISSING},
		{{.pod = "web-1"}, SERVICE, NAMES_REJECT, NAMES_REJECT},
		{{.namespace = "shop"}, POD, NAMES_PASS, NAMES_MISSING},
		{{.namespace = "test,shop"}, POD, NAMES_PASS, NAMES_MISSING},
		{{.namespace = "test"}, POD, NAMES_REJECT, NAMES_MISSING},
		/* units: any component */
		{{.unit = "nginx.service"}, SERVICE, NAMES_PASS, NAMES_PASS},
		{{.unit = "nginx"}, SERVICE, NAMES_PASS, NAMES_PASS},
		{{.unit = "system.slice"}, SERVICE, NAMES_PASS, NAMES_PASS},
		{{.unit = "ngin"}, SERVICE, NAMES_REJECT, NAMES_REJECT},
		{{.unit = "inx.service"}, SERVICE, NAMES_REJECT, NAMES_REJECT},
		{{.unit = "nginx.service"}, SERVICE "/worker", NAMES_PASS, NAMES_PASS},
		{{.unit = "nginx"}, "/system.slice/nginx.scope", NAMES_REJECT, NAMES_REJECT},
		{{.unit = "nginx"}, "/", NAMES_REJECT, NAMES_REJECT},
		/* all that are given must match */
		{{.container = "nginx", .namespace = "shop"}, POD, NAMES_PASS, NAMES_MISSING},
		{{.container = "nginx", .namespace = "test"}, POD, NAMES_REJECT, NAMES_MISSING},
		{{.container = "0123", .namespace = "shop"}, POD, NAMES_PASS, NAMES_MISSING},
		{{.container = "nginx", .unit = "nginx"}, POD, NAMES_REJECT, NAMES_REJECT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum name_verdict named = decide(&cases[i].given, cases[i].path, true);
		enum name_verdict nameless = decide(&cases[i].given, cases[i].path, false);

		if (named != cases[i].named || nameless != cases[i].nameless)
			fail_msg("case %zu: %d with names, %d without", i, named, nameless);
	}
}

static void values(void **state)
{
	static const char *const bad[] = {"", ",", "web,", ",web", "web,,db"};
	char error[256], longest[FILTER_NAME_BYTES + 1];
	struct filter filter;

	(void)state;
	filter_init(&filter, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(filter_parse_names(&filter, NAME_POD, bad[i], error, sizeof(error)), -EINVAL);
		unit_assert_contains(error, "--pod: ");
	}
	memset(longest, 'x', FILTER_NAME_BYTES);
	longest[FILTER_NAME_BYTES] = 0;
	assert_int_equal(filter_parse_names(&filter, NAME_UNIT, longest, error, sizeof(error)), -EINVAL);
	assert_false(filter_has_names(&filter));
	assert_int_equal(filter_parse_names(&filter, NAME_UNIT, longest + 1, error, sizeof(error)), 0);
	for (int i = 0; i < FILTER_LISTS_MAX; i++)
		assert_int_equal(filter_parse_names(&filter, NAME_POD, "web", error, sizeof(error)), 0);
	assert_int_equal(filter_parse_names(&filter, NAME_POD, "web", error, sizeof(error)), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(values),
	};

	return cmocka_run_group_tests_name("name_filter", tests, NULL, NULL);
}
