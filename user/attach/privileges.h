/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Says by name what keeps us from working: capability, seccomp, lockdown, BTF. */
#ifndef TCPDWELL_ATTACH_PRIVILEGES_H
#define TCPDWELL_ATTACH_PRIVILEGES_H

#include <stddef.h>

#include "attach/kernel.h"

/* 0, or -EPERM / -ENOTSUP with a sentence, before anything is tried. */
int privileges_check(const struct kernel *kernel, char *error, size_t error_size);

/* The sentence for an error of loading. */
void privileges_explain(const struct kernel *kernel, int err, char *error, size_t error_size);

#endif
