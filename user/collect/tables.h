/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Passes over the kernel's own tables of connections (bpf/table.bpf.h). */
#ifndef TCPDWELL_COLLECT_TABLES_H
#define TCPDWELL_COLLECT_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include "collect/iterator.h"

struct bpf_program;
struct tracer;

/* Over the first table alone: what is not in tables of connections, but goes by the same elements. 0 or negative errno. */
int tables_run_first(const struct tracer *tracer, struct bpf_program *program, iterator_fn *each, void *context);

/*
 * Over the table that most namespaces share, then over those that others have of their own. `at_once` bytes are read at most. 0 or
 * negative errno.
 */
int tables_run(const struct tracer *tracer, struct bpf_program *program, size_t at_once, iterator_fn *each, void *context);

/* Grows when a pass could not go over all: tables, or sockets in them. */
uint64_t tables_cut(const struct tracer *tracer);

#endif
