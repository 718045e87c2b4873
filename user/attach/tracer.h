/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel side as an object: open -> tune -> load -> attach. Freeing it leaves nothing behind in the kernel. */
#ifndef TCPDWELL_ATTACH_TRACER_H
#define TCPDWELL_ATTACH_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attach/hooks.h"
#include "attach/verifier.h"
#include "filter/filter.h"

/* A table costs 16 bytes for each socket that it could hold, and some 200 for each that it does. */
#define TRACER_DEFAULT_SOCKETS 131072
#define TRACER_MAX_SOCKETS (1U << 24)

/* 22,000 records where most transitions are sent, ten a connection, 11,000 else: 50 ms and more of 45,000 connections a second. */
#define TRACER_RING_BYTES_ALL (4U << 20)
#define TRACER_RING_BYTES_SOME (2U << 20)

struct tcpdwell;

/* What a command needs of the kernel side. */
struct tracer_config {
	const struct filter *filter;
	uint32_t emit_states; /* bit (1 << state): transitions from or to these are sent */
	bool local_ports; /* the ports that connect() chose for sockets in SYN_SENT are told */
	bool track_all; /* follow every transition, so that every dwell is known */
	uint32_t holder_states; /* bit (1 << state): who has sockets in these is looked for now and then; 0: never */
	bool port_search; /* records say what of single sockets concerns ports: bpf/search.bpf.h */
	bool accepts; /* bpf/accept.bpf.h; where no function can be hooked, each system call costs a little more */
	bool present; /* the passes of bpf/present.bpf.h */
	bool listeners; /* the one of these that is over listening sockets alone */
	bool ports; /* the iterators of bpf/ports.bpf.h are there */
	enum bind_failures bind_failures; /* bpf/bind.bpf.h */
	enum hook_mode hooks; /* forced, or HOOK_MODE_ANY */
	uint32_t max_sockets; /* of each table; 0 = default, or by what is there now if that is more */
	uint32_t ring_bytes; /* a power of two; 0 = by track_all */
	struct verifier_report *verifier; /* filled in when not NULL */
};

struct tracer {
	struct tcpdwell *skeleton;
	struct kernel kernel;
	struct hook_set hooks;
	bool all_types; /* libbpf looks through all of the kernel's types */
};

/*
 * Loads and attaches. 0, or negative errno with a sentence in `error` that names what is missing: -EPERM privileges,
 * -EOPNOTSUPP a forced hook mode that can't serve, -ENOTSUP no BTF, -ENOMEM.
 */
int tracer_new(struct tracer **ret, const struct tracer_config *config, char *error, size_t error_size);
void tracer_free(struct tracer *tracer);

/* No program runs any more; maps and iterators stay. */
void tracer_detach(struct tracer *tracer);

/* Descriptors of maps and programs that collect/ works with. */
int tracer_ring_fd(const struct tracer *tracer);

/* Timewait sockets known to be in FIN_WAIT2. */
int64_t tracer_fin_wait2_timewait(const struct tracer *tracer);

#endif
