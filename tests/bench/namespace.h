/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The network namespace in which a bench load runs: loopback only, TIME_WAIT never reused, a wide
 * port range, so that neither port reuse nor a slow connect() is what gets measured.
 */
#ifndef BENCH_NAMESPACE_H
#define BENCH_NAMESPACE_H

/*
 * Moves the calling thread into a new network namespace and prepares it. The namespace dies with
 * the last process in it. Returns 0 or a negative errno.
 */
int namespace_enter_new(void);

/* Writes a value to a sysctl of the namespace ("net/ipv4/..."). Returns 0 or a negative errno. */
int namespace_set(const char *sysctl, const char *value);

/* The namespace's inode number, as tracers filter on it; 0 when it can't be read. */
unsigned long namespace_inode(void);

#endif
