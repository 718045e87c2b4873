/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What of this host stands in the way: one sentence that names what is missing and the way out. Capability, /sys, BTF, user namespace,
 * seccomp, security module, lockdown, locked memory, what an old kernel does not have.
 */
#ifndef TCPDWELL_ATTACH_HOST_H
#define TCPDWELL_ATTACH_HOST_H

#include <stddef.h>

#include "attach/kernel.h"

/* 0, or -EPERM / -ENOTSUP with a sentence, before anything is loaded. */
int host_check(const struct kernel *kernel, char *error, size_t error_size);

/*
 * The sentence for an error (negative errno) of loading. Returns -EPERM where it is a matter of rights, whatever errno the kernel
 * chose, -ENOTSUP where the kernel lacks something, else the error.
 */
int host_explain(const struct kernel *kernel, int err, char *error, size_t error_size);

#endif
