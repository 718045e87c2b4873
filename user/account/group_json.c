// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A group's keys as fields of JSON. */
#include "account/group.h"
#include "event/names.h"
#include "event/summary.h"
#include "util/address.h"
#include "util/tcp_state.h"

static const char *const kind_names[] = {"group", "none", "unknown", "other"};

/* One part of a group's name; `known` false: its fields are null. */
struct part {
	const struct group_part *name;
	const struct group_words *words;
	bool known;
};

/* 0 is written as null. */
static void id_json(struct json *json, const char *key, uint64_t id)
{
	if (id)
		json_u64(json, key, id);
	else
		json_null(json, key);
}

static void json_process(struct json *json, const struct part *part)
{
	id_json(json, "pid", part->known ? part->name->process.pid : 0);
	id_json(json, "ns_pid", part->known ? part->name->process.ns_pid : 0);
	json_string(json, "comm", part->words->detail);
}

static void json_comm(struct json *json, const struct part *part)
{
	json_string(json, "comm", part->known ? part->name->id : NULL);
}

static void json_unit(struct json *json, const struct part *part)
{
	json_string(json, "unit", part->known ? part->name->id : NULL);
}

static void json_workload(struct json *json, const struct part *part)
{
	json_string(json, "unit", part->known && !part->name->side ? part->name->id : NULL);
	json_string(json, "container_id", part->known && part->name->side ? part->name->id : NULL);
	json_string(json, "pod", part->words->pod);
	json_string(json, "namespace", part->words->namespace);
	json_string(json, "container", part->words->container);
}

static void json_cgroup(struct json *json, const struct part *part)
{
	id_json(json, "cgroup_id", part->known ? part->name->cgroup_id : 0);
	json_string(json, "cgroup", part->words->detail);
}

static void pod_json(struct json *json, const struct part *part)
{
	json_string(json, "pod", part->words->pod);
	json_string(json, "namespace", part->words->namespace);
}

static void json_container(struct json *json, const struct part *part)
{
	json_string(json, "container_id", part->known ? part->name->id : NULL);
	json_string(json, "runtime", part->words->detail);
	pod_json(json, part);
	json_string(json, "container", part->words->container);
}

static void json_pod(struct json *json, const struct part *part)
{
	json_string(json, "pod_uid", part->known ? part->name->id : NULL);
	pod_json(json, part);
}

static void json_remote(struct json *json, const struct part *part)
{
	char text[ADDRESS_TEXT];

	address_format_mapped(text, part->name->addr);
	json_string(json, "remote_addr", part->known ? text : NULL);
	id_json(json, "service_port", part->known ? part->name->port : 0);
	json_string(json, "side", part->known ? side_name(part->name->side) : NULL);
}

static void json_port(struct json *json, const struct part *part)
{
	id_json(json, "service_port", part->known ? part->name->port : 0);
}

static void json_service(struct json *json, const struct part *part)
{
	json_port(json, part);
	json_string(json, "side", part->known ? side_name(part->name->side) : NULL);
}

static void (*const keys[GROUP_ALL_KEYS])(struct json *, const struct part *) = {
	[GROUP_PROCESS] = json_process, [GROUP_CGROUP] = json_cgroup, [GROUP_CONTAINER] = json_container,
	[GROUP_POD] = json_pod,		[GROUP_REMOTE] = json_remote, [GROUP_PORT] = json_port,
	[GROUP_COMM] = json_comm,	[GROUP_UNIT] = json_unit,     [GROUP_SERVICE] = json_service,
	[GROUP_WORKLOAD] = json_workload,
};

void group_json(struct json *json, const struct group *group)
{
	bool other = group->name.parts[0].kind == GROUP_OTHER;
	unsigned int i;

	json_string(json, "label", group->label);
	json_string(json, "kind", kind_names[group_kind(group)]);
	for (i = 0; i < group->n_parts; i++) {
		const struct group_part *name = &group->name.parts[i];
		struct part part = {name, &group->words[i], !other && name->kind == GROUP_KNOWN};

		keys[name->by](json, &part);
	}
}

/* The fields' names, by state number. NULL: no state, or none that is shown. */
static const char *const now_names[16] = {
	[STATE_ESTABLISHED] = "established_now", [STATE_SYN_SENT] = "syn_sent_now",	[STATE_SYN_RECV] = "syn_recv_now",
	[STATE_FIN_WAIT1] = "fin_wait1_now",	 [STATE_FIN_WAIT2] = "fin_wait2_now",	[STATE_TIME_WAIT] = "time_wait_now",
	[STATE_CLOSE_WAIT] = "close_wait_now",	 [STATE_LAST_ACK] = "last_ack_now",	[STATE_LISTEN] = "listen_now",
	[STATE_CLOSING] = "closing_now",
};

void present_counts_json(struct json *json, const struct present_counts *counts, uint32_t others)
{
	unsigned int state;

	for (state = 0; state < 16; state++)
		if (now_names[state] && !(others & 1U << state))
			json_i64(json, now_names[state], counts->states[state]);
	json_i64(json, "accept_queue_now", counts->accept_queue);
	json_i64(json, "accept_backlog", counts->accept_backlog);
	json_u64(json, "accept_overflows", counts->accept_drops);
}

void group_happened_json(struct json *json, const struct group *group, uint32_t unseen_failures)
{
	json_u64(json, "time_wait_overflows", group->time_wait_overflows);
	connect_failures_json(json, group->connect_failures, unseen_failures);
}
