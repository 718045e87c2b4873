/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Loads the BPF object into the kernel. */
#ifndef TCPDWELL_ATTACH_SKELETON_LOAD_H
#define TCPDWELL_ATTACH_SKELETON_LOAD_H

#include <stddef.h>

struct tcpdwell;

/*
 * 0, or libbpf's negative errno without a sentence. -ENOMEM with one: what programs can't do without is not in the kernel, as memory or
 * a right was missing when libbpf asked for it. One at a time.
 */
int skeleton_load(struct tcpdwell *skeleton, char *error, size_t error_size);

#endif
