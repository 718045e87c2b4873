// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which tables: the pass over the first finds out how many there are. */
#include "collect/tables.h"

#include "abi.h"
#include "attach/tracer.h"
#include "tcpdwell.skel.h"

/* Of namespaces: each then has a 32nd of the elements, with room for a million buckets, and 45,000 sockets to be listed. */
#define OWN_TABLES_AT_ONCE 32

static int pass(const struct tracer *tracer, struct bpf_program *program, uint32_t first, uint32_t count, size_t at_once,
		iterator_fn *each, void *context)
{
	struct tcpdwell *skeleton = tracer->skeleton;

	skeleton->bss->table_first = first;
	skeleton->data->tables_at_once = count;
	return iterator_run(tracer, program, skeleton->maps.table_pages, at_once, each, context);
}

int tables_run_first(const struct tracer *tracer, struct bpf_program *program, iterator_fn *each, void *context)
{
	return pass(tracer, program, 0, 1, ITERATOR_BYTES, each, context);
}

int tables_run(const struct tracer *tracer, struct bpf_program *program, size_t at_once, iterator_fn *each, void *context)
{
	const struct tcpdwell *skeleton = tracer->skeleton;
	int err = pass(tracer, program, 0, 1, at_once, each, context);
	const uint32_t count = skeleton->bss->tables.count;
	uint32_t first, left;

	for (first = 1; !err && first < count; first += OWN_TABLES_AT_ONCE) {
		left = count - first;
		err = pass(tracer, program, first, left < OWN_TABLES_AT_ONCE ? left : OWN_TABLES_AT_ONCE, at_once, each, context);
	}
	return err;
}

uint64_t tables_cut(const struct tracer *tracer)
{
	return tracer->skeleton->bss->tables_cut;
}
