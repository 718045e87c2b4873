/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Adding to what other processors add to as well. */
#ifndef TCPDWELL_ATOMIC_BPF_H
#define TCPDWELL_ATOMIC_BPF_H

/*
 * Where the sum is not asked for. Relaxed, because for a stricter order clang takes, from 20 on, the instruction that gives the
 * old value back, which kernels before 5.12 don't have.
 */
#define atomic_add(pointer, change) ((void)__atomic_fetch_add(pointer, change, __ATOMIC_RELAXED))

#endif
