/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the tests of recordings share: bytes in memory as a file, and an event to begin with. */
#ifndef RECORDING_UNIT_H
#define RECORDING_UNIT_H

#include "unit.h"

#include "recording/recording.h"
#include "source/run.h"
#include "util/tcp_state.h"

#define BEGIN_NS 5000000000ULL
#define BEGIN_UNIX_NS 1795166400000000000ULL
#define MS 1000000ULL

/* Bytes, told `at_once` at a time. */
struct memory {
	const char *data;
	size_t size, at_once;
};

static inline long memory_read(void *context, void *buffer, size_t size)
{
	struct memory *memory = context;

	if (size > memory->size)
		size = memory->size;
	if (memory->at_once && size > memory->at_once)
		size = memory->at_once;
	memcpy(buffer, memory->data, size);
	memory->data += size;
	memory->size -= size;
	return size;
}

/* All bytes at once to a view that wants every state. `options` NULL: none. As recording_replay(). */
static inline int replay_bytes(const char *data, size_t size, const struct run_options *options, struct view *view,
			       struct recording_findings *findings)
{
	struct memory memory = { data, size, 0 };
	struct run_needs needs = { .emit_states = ~0U };
	struct run_options defaults;
	char error[256];

	run_options_init(&defaults);
	return recording_replay(memory_read, &memory, options ?: &defaults, &needs, view, findings, error, sizeof(error));
}

static inline struct event event_of(uint64_t id, unsigned int old_state, unsigned int new_state, uint64_t ms)
{
	static const struct container none;
	struct event event = { .container = &none };
	struct transition *record = &event.record;

	record->type = RECORD_TRANSITION;
	record->old_state = old_state;
	record->new_state = new_state;
	record->id = id;
	record->time_ns = BEGIN_NS + ms * MS;
	record->side = SIDE_ACTIVE;
	record->endpoint.netns = 4026531840;
	memcpy(record->endpoint.local_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\1", 16);
	memcpy(record->endpoint.remote_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\2", 16);
	record->endpoint.local_port = 40000;
	record->endpoint.remote_port = 80;
	record->owner = (struct process){ 77, 5, 4711, 12, "java" };
	record->attribution = ATTRIBUTION_OBSERVED;
	event.cgroup_id = 5;
	event.cgroup = "/a";
	event.unix_ns = BEGIN_UNIX_NS + ms * MS;
	return event;
}

#endif
