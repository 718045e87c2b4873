/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the live source's own files share; nobody else includes it. */
#ifndef TCPDWELL_COLLECT_LIVE_PARTS_H
#define TCPDWELL_COLLECT_LIVE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collect/live.h"
#include "collect/reconcile.h"
#include "event/port_facts.h"
#include "source/feed.h"

struct live {
	const struct run_options *options;
	struct feed feed;
	struct tracer *tracer;
	struct snapshot *snapshot;
	struct owner_finder *owners;
	struct holders *holders;
	struct port_watch *ports; /* NULL: the view does not want to know */
	struct present_watch *present; /* the same */
	struct namespaces_watch *namespaces; /* the same */
	struct pod_names *pods;
	struct cgroup_names *cgroups;
	struct selection *selection;
	struct ring *ring;
	uint64_t begin_ns, last_event_ns, health_ns, offset_ns;
	uint64_t read_ns, told_ns; /* time of the youngest record that was read; of the last tick */
	struct reconciler reconciler;
	uint8_t listing; /* of the kernel side: the sockets that were told in it are counted */
	uint64_t lost; /* records that the kernel side could not send */
	uint64_t late; /* records of an earlier listing */
	uint64_t killed; /* timewait sockets that did not live to their end */
	bool warned_of_names;
	bool selects; /* process filters are not the view's */
	uint64_t unix_offset_ns; /* UTC - monotonic */
};

/* live_open.c: all that a run has. 0, or negative errno with a sentence; close it after either. */
int live_open(struct live *live, const struct run_needs *needs, char *error, size_t error_size);
void live_close(struct live *live);

/* What is attached needs no more than this. */
void live_drop_privileges(const struct live *live, const struct run_needs *needs);

/* live_deliver.c: what comes from the kernel becomes events of the view. `context` is the struct live. */
bool live_on_record(void *context, const void *data, size_t size);
void live_deliver_holder(void *context, uint64_t id, const struct held *held);
void live_deliver_present(void *context, struct event *event);
void live_deliver_namespace(void *context, struct event *event);
void live_deliver_ports(void *context, const struct port_facts *facts);

/* Records that waited for names. `last`: they wait no more. */
void live_deliver_kept(struct live *live, bool last);

/* All that was counted as being there is told anew: it begins, or is over. */
void live_recount(void *context, bool begins);

/* Where names of pods are looked for. */
const char *live_log_directory(const struct run_options *options);

#endif
