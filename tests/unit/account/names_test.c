// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Rows of `--by container` and `--by pod`: by id until their names are known, which may be after their last event. */
#include "unit.h"

#include "account/model.h"
#include "attribute/pod_names.h"
#include "util/tcp_state.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UID "6c1a4c5e-8a3b-4f0e-9d55-0a1b2c3d4e5f"
#define CGROUP "/kubepods.slice/kubepods-pod6c1a4c5e_8a3b_4f0e_9d55_0a1b2c3d4e5f.slice/cri-containerd-" ID ".scope"

struct made {
	struct event event;
	struct container container;
	struct pod_names *names;
};

static void make(struct made *made)
{
	memset(made, 0, sizeof(*made));
	made->names = pod_names_new(NULL);
	container_from_cgroup(CGROUP, &made->container);
	made->event.container = &made->container;
	made->event.cgroup = CGROUP;
	made->event.cgroup_id = 7;
	made->event.record.type = RECORD_TRANSITION;
	made->event.record.old_state = STATE_ESTABLISHED;
	made->event.record.new_state = STATE_CLOSE_WAIT;
	made->event.record.owner.start_ns = 1;
	made->event.record.owner.cgroup_id = 7;
}

static void learn(struct made *made, const char *name)
{
	struct container known = made->container;

	known.pod = "web-1";
	known.namespace = "shop";
	known.name = name;
	pod_names_learn(made->names, &known);
}

static struct model *begin(unsigned int by)
{
	struct model_config config = { .states = 1U << STATE_CLOSE_WAIT, .followed = 1U << STATE_CLOSE_WAIT, .n_groupings = 1 };
	struct model *model;

	config.groupings[0] = by;
	model = model_new(&config);
	assert_non_null(model);
	return model;
}

static const char *label(struct model *model, struct made *made)
{
	made->event.record.id++;
	model_complete(model, made->names);
	model_event(model, &made->event);
	return model->groupings[0].groups.table->label;
}

static void late_names(void **state)
{
	static const struct {
		unsigned int by;
		const char *nameless, *pod_known, *named;
	} cases[] = {
		{GROUP_CONTAINER, "containerd 0123456789ab", "shop/web-1/0123456789ab", "shop/web-1/nginx"},
		{GROUP_POD, UID, "shop/web-1", "shop/web-1"},
	};
	struct model *model;
	struct made made;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		make(&made);
		model = begin(cases[i].by);
		assert_string_equal(label(model, &made), cases[i].nameless);
		learn(&made, NULL);
		assert_string_equal(label(model, &made), cases[i].pod_known);
		learn(&made, "nginx");
		assert_string_equal(label(model, &made), cases[i].named);
		assert_int_equal(groups_count(&model->groupings[0].groups), 1);
		model_free(model);
		pod_names_free(made.names);
	}
}

static void names_at_once(void **state)
{
	struct model *model;
	struct json json;
	struct made made;

	(void)state;
	make(&made);
	made.container.pod = "web-1", made.container.namespace = "shop", made.container.name = "nginx";
	model = begin(GROUP_CONTAINER);
	assert_string_equal(label(model, &made), "shop/web-1/nginx");
	json_init(&json);
	json_object_begin(&json, NULL);
	group_json(&json, model->groupings[0].groups.table);
	json_object_end(&json);
	json_end_line(&json);
	buffer_append_char(&json.buffer, 0);
	unit_assert_contains(json.buffer.data, "\"container_id\":\"" ID "\",\"runtime\":\"containerd\",\"pod\":\"web-1\","
						"\"namespace\":\"shop\",\"container\":\"nginx\"");
	json_release(&json);
	model_free(model);
	pod_names_free(made.names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(late_names),
		cmocka_unit_test(names_at_once),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
