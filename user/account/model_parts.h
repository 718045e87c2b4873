/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the model's own files share; nobody else includes it. */
#ifndef TCPDWELL_ACCOUNT_MODEL_PARTS_H
#define TCPDWELL_ACCOUNT_MODEL_PARTS_H

#include "account/model.h"

static inline bool model_counts(const struct model *model, unsigned int state)
{
	return model->index[state] >= 0;
}

/* For the two below. */
struct group_subject model_charged_by_event(struct model *model, const struct event *event, unsigned int state);
struct group_subject model_charged_for_socket(const struct model *model, const struct live_socket *socket,
					      const struct endpoint *endpoint, struct endpoint *room);

static inline struct group_subject model_subject_of_nobody(const struct model *model)
{
	return (struct group_subject){ .process = processes_at(&model->processes, 0) };
}

/*
 * Who is charged by an event alone, of a socket that is not remembered; and by what is remembered of one. Nobody, where no subjects are
 * needed.
 */
static inline struct group_subject model_subject_of_event(struct model *model, const struct event *event, unsigned int state)
{
	return model->needs_subjects ? model_charged_by_event(model, event, state) : model_subject_of_nobody(model);
}

/* `endpoint` is the event's, taken where ends are not kept, or no group is told by them; else they are in `room`; NULL: both are the same. */
static inline struct group_subject model_subject_of_socket(const struct model *model, const struct live_socket *socket,
							   const struct endpoint *endpoint, struct endpoint *room)
{
	return model->needs_subjects ? model_charged_for_socket(model, socket, endpoint, room) : model_subject_of_nobody(model);
}

/* The entry of a process that the event tells of. */
struct known_process *model_process(struct model *model, const struct event *event, const struct process *process);

/* The same, also where no counting is by processes. */
struct known_process *model_process_entry(struct model *model, const struct event *event, const struct process *process);

/* Takes the place of a reference that a socket has. */
void model_refer(struct model *model, uint32_t *reference, const struct known_process *process);

/* What the model's filter says of what this process is charged for. */
enum verdict model_verdict(const struct model *model, const struct known_process *process);

/* Does the filter let it pass? */
static inline bool model_passes(const struct model *model, const struct known_process *process)
{
	return !model->filter || model_verdict(model, process) == VERDICT_PASS;
}

/* Does that depend on names that may still come? */
static inline bool model_waits_for_names(const struct model *model, const struct known_process *process)
{
	return model->filter && model_verdict(model, process) == VERDICT_MISSING;
}

void model_on_holder(struct model *model, const struct event *event);
void model_on_accepted(struct model *model, const struct event *event);

/* The entry of the process that a RECORD_HOLDER event tells of. */
struct known_process *model_holder_of(struct model *model, const struct event *event);

/* Looks at all sockets. */
void model_on_present(struct model *model, const struct event *event);
void model_on_listener(struct model *model, const struct event *event);
void model_on_namespace(struct model *model, const struct event *event);
void model_present_holder(struct model *model, const struct event *event);

/* Into, or out of, the groups that it belongs to. */
void model_listener_count(struct model *model, struct listening_socket *listener, bool in);

/* What is told of drops becomes what is known: of a listener that is not in groups, and of a namespace. */
void model_drops_listener(struct model *model, struct listening_socket *listener, const struct listener_facts *told);
void model_drops_namespace(struct model *model, uint32_t netns, struct known_namespace *known, const struct namespace_facts *told);

void model_present_decide(struct model *model);

/* Counting: one socket in all groupings and in the totals. */
enum entry { ENTRY_CREATED, ENTRY_SEEDED, ENTRY_MOVED };

/*
 * A socket begins to be counted in a state, in the groups of `subject`. `socket` NULL: it is not remembered, and will be
 * counted out by a subject that names the same groups.
 */
void model_count_in(struct model *model, const struct group_subject *subject, struct live_socket *socket,
		    unsigned int state, enum entry entry);

/* It leaves the state. */
#define DWELL_UNKNOWN UINT64_MAX
void model_count_out(struct model *model, const struct group_subject *subject, struct live_socket *socket,
		     unsigned int state, uint64_t dwell_ns);

/* A connect() that failed, or a socket that TIME_WAIT had no room for. */
void model_count_happened(struct model *model, const struct event *event, const struct group_subject *subject);

/* It stays, but does not pass the filter any more. */
void model_count_away(struct model *model, const struct group_subject *subject, struct live_socket *socket);

/* Another process is charged for it from now on: it moves to that one's groups. Its totals stay. */
void model_count_moved(struct model *model, const struct group_subject *from, const struct group_subject *to,
		       struct live_socket *socket);

/* It is no longer remembered as counted, though it stays counted. */
void model_count_dropped(struct model *model, const struct group_subject *subject, struct live_socket *socket);

/* One that a recount did not find: it left unseen, and was counted out when the recount began. */
void model_count_gone(struct model *model, const struct group_subject *subject, struct live_socket *socket);

#endif
