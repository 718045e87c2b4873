// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The second step of attribution: from credentials to a process, by the kernel side's table of processes. */
#include "collect/owner.h"

#include <bpf/bpf.h>
#include <stdlib.h>

#include "abi.h"
#include "attach/tracer.h"
#include "collect/snapshot.h"
#include "event/event.h"
#include "tcpdwell.skel.h"

/* Listing descriptors costs about a microsecond each. */
#define DESCRIPTORS_INTERVAL_NS 500000000ULL

struct owner_finder {
	int processes_fd;
	struct snapshot *snapshot;
	uint64_t processes_ns, descriptors_ns; /* when they were listed last */
	bool listed; /* in this batch */
};

struct owner_finder *owner_finder_new(const struct tracer *tracer, struct snapshot *snapshot)
{
	struct owner_finder *finder = calloc(1, sizeof(*finder));

	if (!finder)
		return NULL;
	finder->processes_fd = bpf_map__fd(tracer->skeleton->maps.process_by_credentials);
	finder->snapshot = snapshot;
	return finder;
}

void owner_finder_free(struct owner_finder *finder)
{
	free(finder);
}

void owner_finder_new_batch(struct owner_finder *finder)
{
	finder->listed = false;
}

/* An entry from before the last listing may be of a process that is gone, the address of its credentials used again. */
static bool look_up(const struct owner_finder *finder, struct transition *record)
{
	struct registered_process entry;

	if (bpf_map_lookup_elem(finder->processes_fd, &record->owner_credentials, &entry))
		return false;
	if (entry.seen_ns < finder->processes_ns)
		return false;
	record->owner = entry.process;
	record->attribution = entry.task ? ATTRIBUTION_OBSERVED : ATTRIBUTION_SEEDED;
	return true;
}

static bool list_processes(struct owner_finder *finder)
{
	if (finder->listed)
		return true;
	finder->listed = true;
	finder->processes_ns = clock_monotonic_ns();
	return !snapshot_processes(finder->snapshot);
}

static bool list_descriptors(struct owner_finder *finder)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (now_ns - finder->descriptors_ns < DESCRIPTORS_INTERVAL_NS)
		return false;
	finder->descriptors_ns = now_ns;
	return !snapshot_descriptors(finder->snapshot);
}

void owner_finder_complete(struct owner_finder *finder, struct transition *record)
{
	if (list_processes(finder) && look_up(finder, record))
		return;
	if (list_descriptors(finder))
		look_up(finder, record);
}
