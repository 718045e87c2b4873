/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which element of a map an iterator is at. Some hardened kernels refuse programs that iterate over maps, as they may
 * write to them (EPERM for iter/bpf_map_elem). There iter/ksym counts: it visits the kernel's symbols by number, more
 * of them than our maps have elements, and is stopped behind the last element.
 */
#ifndef TCPDWELL_ELEMENT_BPF_H
#define TCPDWELL_ELEMENT_BPF_H

#include "config.bpf.h"

#define ELEMENT_NONE (~0U)

/* Read by the reader, cleared before each pass: where elements are counted, all were visited. */
bool elements_over = false;

static __always_inline __u32 element_counted(const struct bpf_iter__ksym *ctx)
{
	const struct kallsym_iter *symbol = ctx->ksym;

	return symbol ? (__u32)symbol->pos - 1 : ELEMENT_NONE; /* the first has number 1 */
}

/* Of a map's element, or counted: ELEMENT_NONE behind the last one. */
static __always_inline __u32 element_index(const struct bpf_iter__bpf_map_elem *ctx)
{
	const __u32 *key;

	if (elements_are_counted)
		return element_counted((const struct bpf_iter__ksym *)ctx);
	key = ctx->key;
	return key ? *key : ELEMENT_NONE;
}

/* What the program returns: 1 stops the iterator, which without that would visit all symbols. */
static __always_inline int element_end(__u32 index, __u32 count)
{
	if (!elements_are_counted || index < count || index == ELEMENT_NONE)
		return 0;
	elements_over = true;
	return 1;
}

/*
 * A byte for each element that may have made a record: the reader comes by every few thousand of them and empties the
 * ring buffer. Where it goes is read before the ways part: for each way that comes by, the verifier would look through
 * all of BTF for what such a pointer is.
 */
static __always_inline void pace(struct seq_file *seq)
{
	char byte = 0;

	bpf_seq_write(seq, &byte, sizeof(byte));
}

/* Of several at once; more are as many as a share of a table of sockets has but by chance. */
#define PACES_MAX 512
char paces_bytes[PACES_MAX];

static __always_inline void paces(struct seq_file *seq, __u32 count)
{
	if (count > PACES_MAX)
		count = PACES_MAX;
	barrier_var(count);
	if (count && count <= PACES_MAX)
		bpf_seq_write(seq, paces_bytes, count);
}

#endif
