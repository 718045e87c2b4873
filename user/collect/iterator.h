/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One pass of an iterator of the kernel side: attached, read to its end, gone. */
#ifndef TCPDWELL_COLLECT_ITERATOR_H
#define TCPDWELL_COLLECT_ITERATOR_H

#include <stddef.h>

struct bpf_map;
struct bpf_program;
struct tracer;

/* More than the kernel buffers at once: so no record crosses the ends of what is read. */
#define ITERATOR_BYTES 65536

/* Called with what was read, aligned to 8 bytes. 0, or negative errno ends the pass. */
typedef int iterator_fn(void *context, const void *bytes, size_t size);

/*
 * Over the elements of `map`, as bpf/element.bpf.h finds them; NULL: over what the program says. `at_once` bytes are read at most. 0 or
 * negative errno; -EINTR: not to its end, since the run is to end (stop_cuts_looks()).
 */
int iterator_run(const struct tracer *tracer, struct bpf_program *program, struct bpf_map *map, size_t at_once, iterator_fn *each,
		 void *context);

/* How many passes so far did not come to their end for that. */
unsigned int iterators_cut(void);

#endif
