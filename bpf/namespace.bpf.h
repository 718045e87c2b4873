/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A walk over all network namespaces, for programs that the reader runs. */
#ifndef TCPDWELL_NAMESPACE_BPF_H
#define TCPDWELL_NAMESPACE_BPF_H

#include "compat.bpf.h"

/* All namespaces are in one list, whose head is none; each has the same operations. Where the walk is. */
struct {
	__u64 begin, at, ops;
} namespace_list;

/*
 * What is done with a namespace (struct net); not 0: the walk ends. Each program has a copy of the walk with its own calls, and each loop
 * in a global function: the verifier goes through a loop inside another as often as both say.
 */
typedef int namespace_note_fn(__u64 net);
typedef int namespaces_fn(void);

#define NAMESPACES_STRIDE 16
#define NAMESPACES_STRIDES 32

/* The next namespaces. 1: there are no more, or it ends. */
static __always_inline int namespaces_stride(namespace_note_fn *note)
{
	const struct net *net;
	int i;

	for (i = 0; i < NAMESPACES_STRIDE; i++) {
		net = (const struct net *)namespace_list.at;
		if ((__u64)READ(net, ns.ops) == namespace_list.ops && note((__u64)net))
			return 1;
		namespace_list.at = (__u64)READ(net, list.next) - bpf_core_field_offset(struct net, list);
		if (namespace_list.at == namespace_list.begin)
			return 1;
	}
	return 0;
}

static __always_inline int namespaces_strides(namespaces_fn *stride)
{
	int i;

	for (i = 0; i < NAMESPACES_STRIDES; i++)
		if (stride())
			return 1;
	return 0;
}

/* From the reader's own on. False: there are more than the walk goes to. */
static __always_inline bool namespaces_walk(namespaces_fn *strides)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	const struct net *own = READ(task, nsproxy, net_ns);
	int i;

	namespace_list.begin = namespace_list.at = (__u64)own;
	namespace_list.ops = (__u64)READ(own, ns.ops);
	for (i = 0; i < NAMESPACES_STRIDES; i++)
		if (strides())
			return true;
	return false;
}

#endif
