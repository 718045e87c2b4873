// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What holds for all rules: the table of codes, thresholds, what could not be examined. A table each, in which what must be found
 * stands beside what nearly is.
 */
#include "diagnose_rules_world.h"

#include <errno.h>

static void thresholds_are_set(void **state)
{
	struct thresholds thresholds;
	char error[2048];

	(void)state;
	thresholds_init(&thresholds);
	assert_int_equal(thresholds_parse(&thresholds, "td131.share=0.9,TD121.count=7", error, sizeof(error)), 0);
	assert_true(thresholds.values[TD131_SHARE] == 0.9 && thresholds.values[TD121_COUNT] == 7);
	assert_int_equal(thresholds_parse(&thresholds, "TD131.share=1.5", error, sizeof(error)), -EINVAL);
	assert_int_equal(thresholds_parse(&thresholds, "TD131.share=", error, sizeof(error)), -EINVAL);
	assert_int_equal(thresholds_parse(&thresholds, "TD131.share=nan", error, sizeof(error)), -EINVAL);
	assert_int_equal(thresholds_parse(&thresholds, "TD131.shar=0.5", error, sizeof(error)), -EINVAL);
	assert_int_equal(thresholds_parse(&thresholds, "", error, sizeof(error)), -EINVAL);
	assert_true(thresholds.values[TD131_SHARE] == 0.9);
}

/* Every code has all that it needs, and a text. */
static void table_is_whole(void **state)
{
	char prefix[8];
	size_t i;
	int code;

	(void)state;
	for (code = 0; code < CODES; code++) {
		assert_non_null(code_rows[code].judge);
		assert_non_null(code_explanation(code));
		assert_int_equal(code_parse(code_rows[code].name), code);
	}
	for (i = 0; i < THRESHOLDS; i++) {
		assert_non_null(threshold_rows[i].name);
		snprintf(prefix, sizeof(prefix), "%.5s", threshold_rows[i].name);
		assert_true(code_parse(prefix) >= 0);
		assert_true(threshold_rows[i].value >= threshold_rows[i].min && threshold_rows[i].value <= threshold_rows[i].max);
	}
}

#define EVENTS "polling sees what is there"
#define QUEUES_POLLED "polling does not look at queues"
#define QUEUES "the recording does not hold queues"
#define COUNTERS "counters and settings of the kernel"
#define PORTS "record with --ports"
#define PARTIAL "not told of all transitions"

/* What each rule can't have in each kind of run, in a word of the reason that is told; NULL: the rule can look. No rule is silent. */
static void not_examined(void **state)
{
	enum { LIVE, POLLED, RECORDED, PARTLY, KINDS };
	static const char *const rows[CODES][KINDS] = {
		[TD101] = { NULL, EVENTS, NULL, PARTIAL },
		[TD102] = { NULL, EVENTS, PORTS, PARTIAL },
		[TD103] = { NULL, EVENTS, PORTS, PARTIAL },
		[TD104] = { NULL, "polling does not read the settings of ports", PORTS, PARTIAL },
		[TD105] = { NULL, QUEUES_POLLED, QUEUES, NULL },
		[TD111] = { NULL, EVENTS, NULL, PARTIAL },
		[TD113] = { NULL, COUNTERS, COUNTERS, NULL },
		[TD123] = { NULL, QUEUES_POLLED, QUEUES, NULL },
		[TD124] = { NULL, NULL, "descriptors of processes", NULL },
		[TD131] = { NULL, QUEUES_POLLED, QUEUES, NULL },
		[TD141] = { NULL, NULL, NULL, PARTIAL },
		[TD142] = { NULL, NULL, NULL, PARTIAL },
		[TD143] = { NULL, COUNTERS, COUNTERS, NULL },
		[TD151] = { NULL, EVENTS, NULL, PARTIAL },
		[TD152] = { NULL, EVENTS, NULL, PARTIAL },
		[TD153] = { NULL, EVENTS, NULL, PARTIAL },
		[TD161] = { NULL, QUEUES_POLLED, QUEUES, NULL },
		[TD171] = { NULL, QUEUES_POLLED, QUEUES, NULL },
		[TD172] = { NULL, EVENTS, NULL, PARTIAL },
		[TD181] = { NULL, COUNTERS, COUNTERS, NULL },
		[TD191] = { NULL, COUNTERS, COUNTERS, NULL },
	};
	static const struct namespace_facts facts = {
		.is_own = true,
		.is_first = true,
		.gauges[NS_ORPHANS] = { .known = NS_KNOWN },
		.settings[NS_TCP_MAX_ORPHANS] = { .known = NS_KNOWN, .count = 1, .value = { 1000 } },
	};
	struct diagnosis diagnosis;
	struct world world;
	unsigned int kind, code;

	(void)state;
	for (kind = 0; kind < KINDS; kind++) {
		world_init(&world, 60);
		if (kind == LIVE || kind == PARTLY)
			tell_namespace(&world, &facts);
		world.scene.polled = kind == POLLED;
		world.scene.recorded = kind == RECORDED;
		if (kind == RECORDED)
			world.scene.facts = NULL;
		memset(&diagnosis, 0, sizeof(diagnosis));
		diagnosis.scene = world.scene;
		diagnosis.config.partial = kind == PARTLY;
		judge_all(&diagnosis, world.verdicts);
		for (code = 0; code < CODES; code++) {
			const struct not_examined *told = &diagnosis.not_examined[code];
			const char *reason = rows[code][kind];

			if (told->is != !!reason || (reason && !strstr(told->reason, reason)))
				fail_msg("kind %u: %s is told \"%s\", not \"%s\"", kind, code_rows[code].name, told->is ? told->reason : "",
					 reason ?: "");
		}
		world_release(&world);
	}
}

/* Of each threshold a value outside its range, no number, a number and more, and nothing: each time a sentence, and nothing is set. */
static void each_threshold(void **state)
{
	static const char *const bad[] = { "", "x", "nan", "-1", "1e300", "1x", "0x", "inf", " " };
	struct thresholds thresholds, defaults;
	char item[80], error[2000];
	size_t i, k;

	(void)state;
	thresholds_init(&defaults);
	for (i = 0; i < THRESHOLDS; i++) {
		for (k = 0; k < ARRAY_SIZE(bad); k++) {
			thresholds_init(&thresholds);
			error[0] = '\0';
			snprintf(item, sizeof(item), "%s=%s", threshold_rows[i].name, bad[k]);
			if (thresholds_parse(&thresholds, item, error, sizeof(error)) != -EINVAL || !strstr(error, threshold_rows[i].name))
				fail_msg("%s: \"%s\"", item, error);
			assert_memory_equal(&thresholds, &defaults, sizeof(defaults));
		}
		thresholds_init(&thresholds);
		snprintf(item, sizeof(item), "%s=%g,%s=%g", threshold_rows[i].name, threshold_rows[i].min, threshold_rows[i].name,
			 threshold_rows[i].max);
		assert_int_equal(thresholds_parse(&thresholds, item, error, sizeof(error)), 0);
		assert_true(thresholds.values[i] == threshold_rows[i].max);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thresholds_are_set),
		cmocka_unit_test(table_is_whole),
		cmocka_unit_test(not_examined),
		cmocka_unit_test(each_threshold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
