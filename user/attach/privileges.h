/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What we may do: raised at start, and given up once everything is attached. */
#ifndef TCPDWELL_ATTACH_PRIVILEGES_H
#define TCPDWELL_ATTACH_PRIVILEGES_H

#include <stddef.h>
#include <stdint.h>

/* What a run still has to do after attaching. */
enum privilege {
	PRIVILEGE_BPF = 1 << 0, /* iterators and maps; else it polls */
	PRIVILEGE_NAMESPACES = 1 << 1, /* enter other network namespaces */
	PRIVILEGE_FILES = 1 << 2, /* open files for writing */
	PRIVILEGE_RENAME = 1 << 4, /* give files other names */
	PRIVILEGE_PATHS = 1 << 3, /* open paths that the caller named, for reading or writing: with his rights alone */
};

/*
 * When tracing is about to begin: makes effective what is permitted, as far as we have a use for it. Until then, and while a path of
 * the caller's is opened, nothing is (capabilities_suspend()).
 */
void privileges_raise(void);

/*
 * For good: of the capabilities only those stay that `privileges` and reading of /proc make use of, no_new_privs is set, and a
 * seccomp filter refuses all other system calls; but of the folder `removes_in` (a descriptor; 0: none) files may be removed. What a
 * kernel can't do is passed over.
 */
void privileges_drop(unsigned int privileges, int removes_in);

/*
 * For good: no capability, no file, no socket but those that are open and what is accepted from them. For a process that serves
 * clients; where the kernel can't filter system calls it goes without. 0 or negative errno of the filter.
 */
int privileges_serve(void);

/* "CAP_BPF and CAP_PERFMON" for a mask of capabilities, "none" for 0. */
void privileges_names(uint64_t capabilities, char *text, size_t size);

#endif
