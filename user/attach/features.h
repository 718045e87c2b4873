/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel side can't do without, and whether this kernel has it. Each is tried for a moment, because distributions put
 * what is new into kernels with old numbers. Asked when loading was refused, and by `check`.
 */
#ifndef TCPDWELL_ATTACH_FEATURES_H
#define TCPDWELL_ATTACH_FEATURES_H

#include <stdbool.h>
#include <stddef.h>

struct kernel;

/* "ring buffers and iterators": those that the kernel lacks, "" where it has all. Says nothing where BPF is not permitted. */
void features_missing(const struct kernel *kernel, char *text, size_t size);

/* Are programs loaded that iterate over a map, which hardened kernels refuse? Over the kernel's symbols (6.0)? */
bool features_iterate_maps(const struct kernel *kernel);
bool features_iterate_symbols(const struct kernel *kernel);

/* Is the least of all programs loaded? 0 or negative errno. */
int features_try_program(void);

/* And one that reads kernel memory, which lockdown refuses? 0 or negative errno. */
int features_try_memory_read(void);

#endif
