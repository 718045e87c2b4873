/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One line of a recording back into what it tells. The lines are nobody's word: everything is checked. */
#ifndef TCPDWELL_RECORDING_PARSE_H
#define TCPDWELL_RECORDING_PARSE_H

#include <stddef.h>

#include "event/event.h"
#include "event/listener.h"
#include "event/namespace_facts.h"
#include "event/present.h"
#include "event/port_facts.h"
#include "recording/fields.h"
#include "recording/reach.h"

#define RECORDED_RUN_BYTES 33

enum recorded_type {
	RECORDED_UNKNOWN, /* JSON, but not of a type that we know */
	RECORDED_HEADER,
	RECORDED_EVENT, /* transition, socket, connect_failed, holder, ports */
	RECORDED_UNTOLD,
	RECORDED_WITHHELD,
	RECORDED_RECOUNT,
	RECORDED_TICK,
	RECORDED_HEALTH,
	RECORDED_SUMMARY,
	RECORDED_END,
};

struct recorded {
	enum recorded_type type;
	struct fields *fields; /* owns all strings below */
	uint64_t time_ns, unix_ns, dwell_ns; /* 0 = the line does not say */
	struct event event;
	struct container container;
	struct held held; /* event: "holder" */
	struct port_facts *ports; /* event: "ports" */
	struct present present; /* event: "present" */
	struct listener_facts listener; /* event: "listener" */
	struct namespace_facts namespace; /* event: "namespace" */
	struct run run;
	uint64_t format, part; /* header */
	bool continued, with_ports; /* header */
	char run_name[RECORDED_RUN_BYTES]; /* header; "" = none */
	uint64_t count; /* untold, withheld */
	bool begins; /* recount */
	int64_t fin_wait2_timewait; /* tick, end */
	struct health health; /* health, summary */
	uint64_t holders_check_ns; /* summary */
	uint64_t holders_seen_ns, present_seen_ns; /* tick */
	const char *next; /* end */
};

/* 0, -EINVAL: not a line of ours, or -ENOMEM; then there is nothing to release. */
int recorded_parse(struct recorded *recorded, const char *text, size_t size);
/* The same by either way to read JSON. */
int recorded_parse_by(struct recorded *recorded, const char *text, size_t size, enum fields_way way);

void recorded_release(struct recorded *recorded);

/* Of a header. */
struct reach_begin recorded_begin(const struct recorded *header);

#endif
