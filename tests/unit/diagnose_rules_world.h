/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Scenes that are made by hand, for tests of rules. */
#ifndef DIAGNOSE_RULES_WORLD_H
#define DIAGNOSE_RULES_WORLD_H

#include "unit.h"

#include "diagnose/codes.h"
#include "diagnose/judge.h"

#define SECOND 1000000000ULL

struct world {
	struct ports_model ports;
	struct flows flows;
	struct causes causes;
	struct trends trends;
	struct listened listened;
	struct thresholds thresholds;
	struct cause *sorted[8];
	struct process_facts facts;
	struct scene scene;
	struct verdicts *verdicts;
};

static inline const struct process_facts *facts_of(const void *context, const struct process *process)
{
	const struct world *world = context;

	return world->facts.fds_known && process->pid == world->facts.process.pid ? &world->facts : NULL;
}

static const struct container no_container;

static const struct process shop = { .start_ns = 7, .pid = 812, .comm = "shop" };

static inline void world_init(struct world *world, double watched_s)
{
	static const struct ports_model_config config;

	memset(world, 0, sizeof(*world));
	assert_int_equal(ports_model_init(&world->ports, &config), 0);
	flows_init(&world->flows);
	causes_init(&world->causes);
	trends_init(&world->trends);
	listened_init(&world->listened);
	thresholds_init(&world->thresholds);
	world->ports.time_wait_ns = 60 * SECOND;
	world->causes.sorted = world->sorted;
	world->facts.process = shop;
	world->scene = (struct scene){
		.ports = &world->ports,
		.flows = &world->flows,
		.causes = &world->causes,
		.trends = &world->trends,
		.listened = &world->listened,
		.thresholds = &world->thresholds,
		.facts = facts_of,
		.context = world,
		.begin_ns = 1000 * SECOND,
		.now_ns = 1000 * SECOND + watched_s * SECOND,
		.watched_s = watched_s,
	};
	world->verdicts = verdicts_new();
	assert_non_null(world->verdicts);
}

static inline void world_release(struct world *world)
{
	verdicts_free(world->verdicts);
	world->flows.table = NULL; /* they are the test's own */
	world->flows.fans = NULL;
	ports_model_release(&world->ports);
	trends_release(&world->trends);
	listened_release(&world->listened);
}

static inline void add_cause(struct world *world, struct cause *cause)
{
	HASH_ADD(hh, world->causes.table, key, sizeof(cause->key), cause);
	world->sorted[world->causes.count++] = cause;
}

static inline void drop_causes(struct world *world)
{
	HASH_CLEAR(hh, world->causes.table);
}

/* How many the rule finds. */
static inline size_t judged(struct world *world, unsigned int code)
{
	code_rows[code].judge(&world->scene, world->verdicts);
	return world->verdicts->count;
}

static inline struct flow flow_of(uint32_t opened, uint32_t ended, double life_s, unsigned int busy)
{
	return (struct flow){
		.key = { .side = SIDE_ACTIVE, .start_ns = shop.start_ns, .pid = shop.pid, .service_port = 80,
			 .remote_addr = { [10] = 0xff, [11] = 0xff, 10, 0, 0, 5 } },
		.process = shop,
		.counts = { [FLOW_STARTED] = opened, [FLOW_OPENED] = opened, [FLOW_ENDED] = ended, [FLOW_LOCAL] = ended },
		.life_s = life_s,
		.busy_slots = busy,
		.seconds = 10,
	};
}

#define NETNS 4026531840

static inline void tell_namespace(struct world *world, const struct namespace_facts *facts)
{
	static const struct container nowhere;
	const struct event event = {
		.record = { .type = RECORD_NAMESPACE, .time_ns = world->scene.now_ns, .endpoint = { .netns = NETNS } },
		.container = &nowhere,
		.namespace = facts,
	};

	model_event(world->ports.books, &event);
}

static inline struct namespace_value value_of(int64_t value)
{
	return (struct namespace_value){ .known = NS_KNOWN, .count = 1, .value = { value } };
}

/* A finding as text. */
static inline const char *said(const struct finding *finding)
{
	static char text[8192];
	size_t used = snprintf(text, sizeof(text), "%s\n", finding->title);
	unsigned int i;

	for (i = 0; i < finding->n_evidence; i++)
		used += snprintf(text + used, sizeof(text) - used, "%s=%g %s [%s]\n", finding->evidence[i].name, finding->evidence[i].value,
				 finding->evidence[i].unit, finding->evidence[i].command);
	for (i = 0; i < finding->n_changes; i++)
		used += snprintf(text + used, sizeof(text) - used, "%u. %s\n", i + 1, finding->changes[i]);
	for (i = 0; i < finding->n_useless; i++)
		used += snprintf(text + used, sizeof(text) - used, "useless %s: %s\n", finding->useless[i].setting, finding->useless[i].why);
	return text;
}

#endif
