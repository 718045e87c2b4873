/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names of cgroups, sent to the reader once for each that a process is seen in, before anything else of that process. They
 * are taken from the kernel's own tree: whole paths, whatever cgroup namespace the reader is in and whatever it has
 * mounted, and still known when the cgroup is gone before the reader looks.
 */
#ifndef TCPDWELL_CGROUP_BPF_H
#define TCPDWELL_CGROUP_BPF_H

#include "compat.bpf.h"
#include "maps.bpf.h"

#define CGROUP_DEPTH_MAX 16
#define CGROUP_COMPONENT_BYTES 256 /* NAME_MAX and its NUL */
#define CGROUPS_TOLD 256

/*
 * Ids of cgroups that were told, each in a place of its own: in the usual case a compare is all. Ids that share a place
 * drive each other out, which costs a look-up in cgroup_by_id.
 */
__u64 cgroups_told[CGROUPS_TOLD];

static __always_inline bool cgroup_is_told(__u64 id)
{
	return id && cgroups_told[id % CGROUPS_TOLD] == id;
}

/* Fills in the names from `node` upwards. False when the path is deeper or longer than the record has room for. */
static __always_inline bool cgroup_names_fill(struct cgroup_record *record, struct kernfs_node *node)
{
	struct kernfs_node *parent;
	__u32 used = 0;
	long size;
	int depth;

	for (depth = 0; depth <= CGROUP_DEPTH_MAX; depth++) {
		parent = compat_kernfs_parent(node);
		if (!parent) {
			record->bytes = used;
			return true;
		}
		if (used > CGROUP_NAMES_BYTES - CGROUP_COMPONENT_BYTES)
			return false;
		size = bpf_probe_read_kernel_str(record->names + used, CGROUP_COMPONENT_BYTES, READ(node, name));
		if (size <= 0 || size > CGROUP_COMPONENT_BYTES)
			return false;
		used += size;
		node = parent;
	}
	return false;
}

/*
 * Written in place, not by way of a scratch buffer: a processor's buffer could be another program's by the time it is sent.
 * When the ring buffer is full, the next process in the cgroup tries again.
 */
static __always_inline void cgroup_tell(struct kernfs_node *node, __u64 id)
{
	const __u8 not_rejected = 0;
	struct cgroup_record *record;

	record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
	if (!record)
		return;
	record->type = RECORD_CGROUP;
	record->id = id;
	if (cgroup_names_fill(record, node))
		bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	else
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
	bpf_map_update_elem(&cgroup_by_id, &id, &not_rejected, BPF_NOEXIST);
}

/*
 * The id of a cgroup, whose name the reader knows from now on. A global function, so that the verifier goes through it once
 * and not for each way that leads here; hence its argument is a number.
 */
__noinline __u64 cgroup_named(__u64 address)
{
	struct kernfs_node *node = (struct kernfs_node *)address;
	__u64 id = READ(node, id);

	if (cgroup_is_told(id))
		return id;
	if (!bpf_map_lookup_elem(&cgroup_by_id, &id))
		cgroup_tell(node, id);
	cgroups_told[id % CGROUPS_TOLD] = id;
	return id;
}

#endif
