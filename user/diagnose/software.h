/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Programs whose settings are known, by the names of their processes: what is advised for one's own code does not fit them. Only what was
 * tried with them is said: nginx 1.22, haproxy 2.6, php-fpm 8.2, PostgreSQL 15, memcached 1.6.
 */
#ifndef TCPDWELL_DIAGNOSE_SOFTWARE_H
#define TCPDWELL_DIAGNOSE_SOFTWARE_H

#include <string.h>

#include "abi.h"

enum software { SOFTWARE_OTHER, SOFTWARE_NGINX, SOFTWARE_HAPROXY, SOFTWARE_PHP_FPM, SOFTWARE_POSTGRES, SOFTWARE_MEMCACHED };

static inline enum software software_of(const struct process *process)
{
	if (!process)
		return SOFTWARE_OTHER;
	if (!strncmp(process->comm, "nginx", COMM_BYTES))
		return SOFTWARE_NGINX;
	if (!strncmp(process->comm, "haproxy", COMM_BYTES))
		return SOFTWARE_HAPROXY;
	if (!strncmp(process->comm, "php-fpm", 7)) /* php-fpm8.2 */
		return SOFTWARE_PHP_FPM;
	if (!strncmp(process->comm, "postgres", COMM_BYTES))
		return SOFTWARE_POSTGRES;
	if (!strncmp(process->comm, "memcached", COMM_BYTES))
		return SOFTWARE_MEMCACHED;
	return SOFTWARE_OTHER;
}

#endif
