/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libseccomp can lack memory and not say so: the filter then refuses at random what it was told to allow, exit() among it. So what it
 * made is run, as the kernel would, and that very program is loaded.
 */
#ifndef TCPDWELL_ATTACH_SECCOMP_SOUND_H
#define TCPDWELL_ATTACH_SECCOMP_SOUND_H

#include <seccomp.h>
#include <stddef.h>

/*
 * Loads the filter if it allows all of `calls` with arguments that are 0, and does not allow execve(). 0 or negative errno; -ENOMEM: it
 * does not.
 */
int seccomp_load_sound(scmp_filter_ctx filter, const int *calls, size_t count);

#endif
