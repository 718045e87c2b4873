/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What this kernel makes of single instructions of the BPF object: put in before libbpf opens it. */
#ifndef TCPDWELL_ATTACH_INSTRUCTIONS_H
#define TCPDWELL_ATTACH_INSTRUCTIONS_H

#include <stddef.h>

struct kernel;

/*
 * A copy of the ELF object with the instructions for this kernel; the caller frees it once the object is loaded. NULL: no memory.
 * Also in functions that programs call, which libbpf does not give out before it loads them.
 */
void *instructions_put_in(const void *object, size_t size, const struct kernel *kernel);

#endif
