/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A filter over system calls for the time after attaching: what a view calls stays, the rest is refused. */
#ifndef TCPDWELL_ATTACH_SECCOMP_H
#define TCPDWELL_ATTACH_SECCOMP_H

/* Beyond what every run does: reading files, waiting, writing to open descriptors, asking the kernel for sockets. */
enum seccomp_need {
	SECCOMP_BPF = 1 << 0, /* run iterators, read maps; never load or attach again */
	SECCOMP_NAMESPACES = 1 << 1, /* setns() */
	SECCOMP_FILES = 1 << 2, /* open files for writing */
	SECCOMP_RENAME = 1 << 3, /* give files other names and modes */
};

/*
 * Installs it for good; no_new_privs is set before. A refused call gives EPERM and, where the kernel logs audit messages, a
 * line there: a call that we forgot costs what it would have told, and not the run; but with TCPDWELL_SECCOMP=kill in the
 * environment, as the tests have it, it ends the process by SIGSYS. `removes_in`: files of this folder (a
 * descriptor) may be removed by their names in it; 0: of none. 0 or negative errno; -EOPNOTSUPP: the kernel has no filters.
 */
int seccomp_confine(unsigned int needs, int removes_in);

/* The same for a process that serves clients of a socket that listens already: no file, no other socket, no other process. */
int seccomp_confine_server(void);

#endif
