/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How many sockets there are before anything is traced: sizes of tables follow it. */
#ifndef TCPDWELL_ATTACH_PRESENT_H
#define TCPDWELL_ATTACH_PRESENT_H

#include <stdint.h>

#include "filter/filter.h"

struct present_sockets {
	uint32_t full, time_wait;
};

/*
 * TCP sockets in the network namespaces that pass the filter, from /proc/PID/net/sockstat of a process in each: those that no
 * process is in are not counted. Zero where nothing can be read.
 */
struct present_sockets present_sockets_count(const struct filter *filter);

#endif
