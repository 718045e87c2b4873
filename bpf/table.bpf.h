/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A walk over the kernel's own tables of connections: every socket of all network namespaces in one pass, without entering one.
 * iter/bpf_map_elem over table_pages: each element takes a share of the buckets. The reader says which tables a pass goes over
 * (user/collect/tables.c).
 *
 * They are read without their locks. A socket's memory stays a socket's as long as an element takes; a chain that does not end as it
 * should (a socket was moved to another while it was looked at) is read again; and what is no socket of the table that is read is
 * left out. So who walks may meet a socket twice, or one that is being closed.
 */
#ifndef TCPDWELL_TABLE_BPF_H
#define TCPDWELL_TABLE_BPF_H

#include "compat.bpf.h"
#include "endpoint.bpf.h"
#include "maps.bpf.h"
#include "namespace.bpf.h"

/*
 * The first is that of all namespaces that have none of their own (tcp_child_ehash_entries, 6.1), which are all before 6.1. A pass
 * that begins with it finds out which others there are.
 */
struct {
	__u64 at[TABLES]; /* struct inet_hashinfo, 0: there is none */
	__u32 count;
} tables;

/* Set by the reader: the tables of a pass. */
__u32 table_first = 0;
__u32 tables_at_once = 1;

/* Read by the reader: chains that were longer than the walk or never whole, and tables or shares of them that found no room. */
__u64 tables_cut = 0;

/* The table that is looked at. */
struct {
	__u64 table, buckets, listeners; /* struct inet_hashinfo, inet_ehash_bucket[], inet_listen_hashbucket[] */
	__u32 n_buckets, n_listeners;
	__u32 stride, listener_stride; /* buckets of an element */
} table_look;

static __always_inline struct inet_hashinfo *table_of(const struct net *net)
{
	return READ(compat_death_row(net), hashinfo);
}

static __always_inline void table_note(struct inet_hashinfo *table)
{
	__u32 count = tables.count;

	if (!compat_is_own_table(table)) {
		tables.at[0] = (__u64)table;
	} else if (count < TABLES) {
		barrier_var(count);
		tables.at[count & (TABLES - 1)] = (__u64)table;
		tables.count = count + 1;
	} else {
		tables_cut++;
	}
}

/* The filter learns which namespace it means, too. */
__noinline int table_note_of(__u64 address)
{
	const struct net *net = (const struct net *)address;
	struct inet_hashinfo *table = table_of(net);

	netns_number(net);
	if (table)
		table_note(table);
	return 0;
}

__noinline int tables_stride(void)
{
	return namespaces_stride(table_note_of);
}

__noinline int tables_strides(void)
{
	return namespaces_strides(tables_stride);
}

static __always_inline void tables_find(void)
{
	tables.at[0] = 0;
	tables.count = 1;
	if (!namespaces_walk(tables_strides))
		tables_cut++;
}

/* As many elements as each table of the pass has. */
static __always_inline __u32 table_shares(void)
{
	__u32 shares = tables_at_once ? TABLE_PAGES / tables_at_once : TABLE_PAGES;

	return shares ?: 1;
}

/*
 * A namespace that ended since the tables were found took its own with it; what is there now is any memory. The tables of the kernel
 * have at most as many buckets as TABLE_BUCKETS_MAX.
 */
#define TABLE_BUCKETS_MAX (1U << 24)
static __always_inline bool table_is_there(const struct inet_hashinfo *table, __u32 number)
{
	__u32 mask = READ(table, ehash_mask);

	return (!number || compat_is_own_table(table)) && !(mask & (mask + 1)) && mask < TABLE_BUCKETS_MAX;
}

static __always_inline void table_look_at(__u32 number, __u32 shares)
{
	struct inet_hashinfo *table;

	__builtin_memset(&table_look, 0, sizeof(table_look));
	if (number >= tables.count || number >= TABLES)
		return;
	barrier_var(number);
	table = (struct inet_hashinfo *)tables.at[number & (TABLES - 1)];
	if (!table || !table_is_there(table, number))
		return;
	table_look.table = (__u64)table;
	table_look.buckets = (__u64)READ(table, ehash);
	table_look.n_buckets = READ(table, ehash_mask) + 1;
	table_look.stride = (table_look.n_buckets + shares - 1) / shares;
	table_look.listeners = (__u64)READ(table, lhash2);
	table_look.n_listeners = READ(table, lhash2_mask) + 1;
	table_look.listener_stride = (table_look.n_listeners + shares - 1) / shares;
}

/* What an element of the pass looks at: which share of which table. The first of a table says what is to be known of it. */
__noinline __u32 table_share(__u32 index)
{
	__u32 shares = table_shares(), number = index / shares, share = index % shares;

	if (!index && !table_first)
		tables_find();
	if (!share)
		table_look_at(number < tables_at_once ? table_first + number : TABLES, shares);
	return share;
}

/* Has this socket, if it is one, its place in the table that is looked at? */
static __always_inline bool table_has(const struct sock *sk)
{
	return (__u64)table_of(READ(sk, __sk_common.skc_net.net)) == table_look.table;
}

static __always_inline struct inet_ehash_bucket *table_bucket(__u32 bucket)
{
	return (void *)table_look.buckets + (__u64)bucket * bpf_core_type_size(struct inet_ehash_bucket);
}

/*
 * Of the walk itself each program has a copy with its own calls, each loop in a global function: the verifier goes through a loop
 * inside another as often as both say.
 *
 * The next nodes of a chain: where it goes on, an odd number at its end.
 */
typedef int table_note_fn(__u64 socket);
typedef __u64 table_nodes_fn(__u64 first);
typedef int table_chain_fn(__u32 bucket);
typedef int table_buckets_fn(__u32 first, __u32 end);

#define TABLE_NODES 32
#define TABLE_STRIDES 64
static __always_inline __u64 table_nodes(__u64 first, table_note_fn *note)
{
	struct hlist_nulls_node *node = (struct hlist_nulls_node *)first;
	int i;

	for (i = 0; i < TABLE_NODES; i++) {
		if (!node || (__u64)node & 1)
			return (__u64)node | 1;
		note((__u64)node - bpf_core_field_offset(struct sock_common, skc_nulls_node));
		node = READ(node, next);
	}
	return (__u64)node;
}

static __always_inline __u64 table_chain(__u32 bucket, table_nodes_fn *nodes)
{
	__u64 node = (__u64)READ(table_bucket(bucket), chain.first);
	int i;

	for (i = 0; i < TABLE_STRIDES && !(node & 1); i++)
		node = nodes(node);
	return node;
}

/* The end of a chain names its bucket: another's tells that a socket went there while it was looked at. */
static __always_inline bool table_chain_is_whole(__u32 bucket, __u64 end)
{
	return end == ((__u64)bucket << 1 | 1);
}

#define TABLE_TRIES 3

/* The next buckets of an element, of which most are empty. */
#define TABLE_BUCKETS 8
static __always_inline void table_buckets(__u32 first, __u32 end, table_chain_fn *chain)
{
	__u32 i;

	for (i = 0; i < TABLE_BUCKETS && first + i < end; i++)
		if (!table_chain_is_whole(first + i, (__u64)READ(table_bucket(first + i), chain.first)))
			chain(first + i);
}

#define TABLE_STRIDE 128
static __always_inline void table_stride(__u32 first, __u32 end, table_buckets_fn *buckets)
{
	__u32 i;

	for (i = 0; i < TABLE_STRIDE && first + i < end; i += TABLE_BUCKETS)
		buckets(first + i, end);
}

#define TABLE_STRIDE_MAX 4096
static __always_inline void table_element(__u32 index, table_buckets_fn *stride)
{
	__u32 first = table_share(index) * table_look.stride, end = first + table_look.stride, i;

	if (end > table_look.n_buckets)
		end = table_look.n_buckets;
	for (i = 0; i < TABLE_STRIDE_MAX && first + i < end; i += TABLE_STRIDE)
		stride(first + i, end);
	if (first + i < end)
		tables_cut++;
}

#endif
