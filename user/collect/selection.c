// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Decides by cgroup; tells the kernel side of those that do not pass, so that it sends no more of them. */
#include "collect/selection.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/id_map.h"
#include "attach/tracer.h"
#include "attribute/cgroup.h"
#include "filter/name_filter.h"
#include "attribute/pod_names.h"
#include "filter/filter.h"
#include "tcpdwell.skel.h"
#include "util/failure.h"
#include "util/log.h"
#include "util/text.h"

#define PATIENCE_NS 3000000000LL /* from a cgroup's first record without names */
#define KEPT_MAX 65536
#define MISSING_MAX 65536 /* cgroups */
#define REVISED UINT64_MAX /* in place of a time: its names have come */

struct selection {
	const struct filter *filter;
	struct cgroup_names *cgroups;
	struct pod_names *pods;
	int verdicts_fd;
	struct id_map missing; /* cgroups whose names are not known, by id: uint64_t, since when */
	struct transition *kept; /* in the order of coming; those before `next` were looked at */
	size_t count, capacity, next, left;
	uint64_t revised, names_version;
};

struct selection *selection_new(const struct filter *filter, struct cgroup_names *cgroups, struct pod_names *pods,
				const struct tracer *tracer)
{
	struct selection *selection = calloc(1, sizeof(*selection));

	if (!selection)
		return NULL;
	selection->filter = filter;
	selection->cgroups = cgroups;
	selection->pods = pods;
	selection->verdicts_fd = bpf_map__fd(tracer->skeleton->maps.cgroup_by_id);
	id_map_init(&selection->missing, sizeof(uint64_t));
	return selection;
}

void selection_free(struct selection *selection)
{
	if (!selection)
		return;
	id_map_release(&selection->missing);
	free(selection->kept);
	free(selection);
}

static bool cgroup_passes(const struct selection *selection, const struct transition *record)
{
	const struct filter *filter = selection->filter;
	unsigned int i;

	for (i = 0; i < filter->n_cgroups; i++)
		if (cgroup_names_is_below(selection->cgroups, record->owner.cgroup_id, filter->cgroup_ids[i], record->time_ns))
			return true;
	return !filter->n_cgroups;
}

static bool owner_passes(const struct selection *selection, const struct transition *record)
{
	const struct filter *filter = selection->filter;

	if (!record->owner.start_ns || !filter_wants_process(filter, &record->owner))
		return false;
	if (filter->comm[0] && strncmp(filter->comm, record->owner.comm, COMM_BYTES))
		return false;
	return cgroup_passes(selection, record);
}

static void reject_in_kernel(const struct selection *selection, uint64_t cgroup_id)
{
	const uint8_t rejected = 1;

	bpf_map_update_elem(selection->verdicts_fd, &cgroup_id, &rejected, BPF_ANY);
}

/* Names that did not come in time are not waited for again; when they come later, they count from then on. */
static enum name_verdict wait_for_names(struct selection *selection, uint64_t cgroup_id, uint64_t now_ns)
{
	uint64_t *since;

	if (!cgroup_id)
		return NAMES_REJECT;
	since = id_map_find(&selection->missing, cgroup_id);
	if (!since && selection->missing.used < MISSING_MAX) {
		since = id_map_put(&selection->missing, cgroup_id);
		if (since)
			*since = now_ns;
	}
	return since && (int64_t)(now_ns - *since) < PATIENCE_NS ? NAMES_MISSING : NAMES_REJECT;
}

static enum name_verdict names_verdict(struct selection *selection, const struct transition *record, uint64_t now_ns)
{
	uint64_t id = record->owner.cgroup_id;
	const struct cgroup_name *name;
	enum name_verdict verdict;

	if (!filter_has_names(selection->filter))
		return NAMES_PASS;
	name = cgroup_names_lookup(selection->cgroups, id, now_ns);
	verdict = names_decide(selection->filter, name->path, &name->container);
	if (verdict == NAMES_REJECT)
		reject_in_kernel(selection, id);
	return verdict == NAMES_MISSING ? wait_for_names(selection, id, now_ns) : verdict;
}

/* Without memory, or when too much waits, a record without a name does not pass. */
static void keep(struct selection *selection, const struct transition *record)
{
	struct transition *grown;
	size_t capacity = selection->capacity ? selection->capacity * 2 : 256;

	if (selection->count == selection->capacity) {
		grown = capacity <= KEPT_MAX ? realloc(selection->kept, capacity * sizeof(*grown)) : NULL;
		if (!grown)
			return;
		selection->kept = grown;
		selection->capacity = capacity;
	}
	selection->kept[selection->count++] = *record;
}

/* Behind others that wait it waits too: the records of a connection keep their order. */
bool selection_passes(struct selection *selection, const struct transition *record)
{
	enum name_verdict verdict;

	if (!owner_passes(selection, record))
		return false;
	verdict = names_verdict(selection, record, record->time_ns);
	if (verdict == NAMES_REJECT)
		return false;
	if (verdict == NAMES_PASS && !selection->count)
		return true;
	keep(selection, record);
	return false;
}

/* Cgroups whose names have come: those that were out of patience are owed a recount, the others are just decided now. */
static void revise(struct selection *selection, uint64_t now_ns)
{
	const struct cgroup_name *name;
	uint64_t id, *since;
	size_t cursor = 0;

	while ((since = id_map_next(&selection->missing, &cursor, &id))) {
		name = cgroup_names_lookup(selection->cgroups, id, now_ns);
		if (*since == REVISED || names_decide(selection->filter, name->path, &name->container) != NAMES_PASS)
			continue;
		selection->revised += (int64_t)(now_ns - *since) >= PATIENCE_NS;
		*since = REVISED;
	}
}

/* A round over all that are kept: those that go on waiting move to the front. */
bool selection_next(struct selection *selection, uint64_t now_ns, bool last, struct transition *record)
{
	enum name_verdict verdict;

	if (selection->names_version != pod_names_version(selection->pods)) {
		selection->names_version = pod_names_version(selection->pods);
		revise(selection, now_ns);
	}
	while (selection->next < selection->count) {
		*record = selection->kept[selection->next++];
		verdict = names_verdict(selection, record, now_ns);
		if (verdict == NAMES_PASS)
			return true;
		if (verdict == NAMES_MISSING && !last)
			selection->kept[selection->left++] = *record;
	}
	selection->count = selection->left;
	selection->next = selection->left = 0;
	return false;
}

uint64_t selection_revised(const struct selection *selection)
{
	return selection->revised;
}

bool selection_waits(const struct selection *selection)
{
	return selection->count > 0;
}

/* A value of an option against all cgroups that are known: how many match, and as the begin of how many ids? */
struct matches {
	bool any, by_name;
	const char *ids[2]; /* different ones */
	unsigned int id_count;
};

static void match(struct matches *matches, enum name_kind kind, const char *item, const struct cgroup_name *name)
{
	const struct container *container = &name->container;
	unsigned int i;

	if (!name_matches(kind, item, name->path, container))
		return;
	matches->any = true;
	if (kind != NAME_CONTAINER || !name_is_id_prefix(item, container)) {
		matches->by_name = true;
		return;
	}
	for (i = 0; i < matches->id_count; i++)
		if (!strcmp(matches->ids[i], container->id))
			return;
	if (matches->id_count < 2)
		matches->ids[matches->id_count++] = container->id;
}

static int check_item(struct selection *selection, enum name_kind kind, const char *item, char *error, size_t error_size)
{
	const struct cgroup_name *name;
	struct matches matches = {};
	const void *cursor = NULL;

	while ((name = cgroup_names_next(selection->cgroups, &cursor)))
		match(&matches, kind, item, name);
	if (!matches.any)
		log_warn("%s: nothing that runs now is called \"%s\"; it will be shown when it comes", name_option(kind), item);
	if (matches.id_count < 2 || matches.by_name)
		return 0;
	return fail(error, error_size, "%s: the ids of several containers begin with %s: %.16s…, %.16s…; give more digits",
		    name_option(kind), item, matches.ids[0], matches.ids[1]);
}

int selection_check(struct selection *selection, char *error, size_t error_size)
{
	const struct filter *filter = selection->filter;
	char item[FILTER_NAME_BYTES];
	enum name_kind kind;
	const char *rest;
	unsigned int i;
	int err = 0;

	for (kind = 0; kind < NAME_KINDS; kind++)
		for (i = 0; i < filter->names[kind].count; i++)
			for (rest = filter->names[kind].lists[i]; !err && text_list_next(&rest, item, sizeof(item)) > 0;)
				err = check_item(selection, kind, item, error, error_size);
	return err;
}
