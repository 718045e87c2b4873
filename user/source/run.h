/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A run: events of a source go to a view. What a source is asked for, and what every source looks like to its caller. */
#ifndef TCPDWELL_SOURCE_RUN_H
#define TCPDWELL_SOURCE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attach/hooks.h"
#include "event/event.h"
#include "filter/filter.h"

struct recording_selection; /* recording/files.h */

/* As the command line has it, whatever the view. */
struct run_options {
	struct filter filter;
	struct cgroup_root cgroup_root; /* the filter's */
	double seconds; /* the run ends after so many; < 0: when it is stopped */
	bool polls; /* without BPF */
	unsigned int patience; /* what is looked at now and then takes so many times less of a processor, and comes later where it is dear; 0 = 1 */
	unsigned int calm_s; /* listening sockets and namespaces are looked at so often while nothing is wrong with them, seconds; 0 = 1 */
	bool for_programs; /* a program reads the output: no warnings of what only a person would not expect */
	enum hook_mode hooks;
	uint32_t max_sockets; /* of each table; 0 = default */
	uint32_t ring_bytes; /* 0 = default */
	const char *log_directory; /* where the kubelet's are; NULL = the usual one */
	const char *recording; /* the file that a replay reads; "-" = standard input */
	const struct recording_selection *recordings; /* or several, or a part of them; NULL: the one */
};

/* Everything passes, until it is stopped. */
void run_options_init(struct run_options *options);

/* Are its seconds over, for a run that began then (monotonic clock)? */
bool run_time_is_over(const struct run_options *options, uint64_t begin_ns);

/* `ms`, or less where the run's seconds are over before; at least 1. */
int run_wait_ms(const struct run_options *options, uint64_t begin_ns, int ms);

/* What the view needs of its source. */
struct run_needs {
	uint32_t emit_states; /* bit (1 << state): transitions from or to these are told */
	bool track_all; /* the dwell of every state */
	bool local_ports; /* RECORD_LOCAL_PORT events tell of the ports that sockets got which stay in SYN_SENT, a second late */
	bool writes_files; /* opens files for writing while it runs */
	bool renames_files; /* gives files other names while it runs */
	int removes_in; /* removes a file of this folder (a descriptor), then or at the end. 0: none */
	uint32_t holder_states; /* bit (1 << state): RECORD_HOLDER events keep the view informed who has sockets in these */
	bool port_search; /* records tell how long connect() looked for a port, and what else of a socket concerns ports */
	bool accepts; /* RECORD_ACCEPTED events tell how long connections waited for accept() */
	bool ports; /* RECORD_PORTS events keep the view informed of the ports of the namespaces that events come from */
	enum bind_failures bind_failures; /* RECORD_BIND_FAILED events */
	bool present; /* RECORD_PRESENT events keep it informed of all live sockets, RECORD_LISTENER events of all listening ones */
	bool listeners; /* of listening ones alone: a look at these costs a small part of one at all sockets */
	bool namespaces; /* RECORD_NAMESPACE events keep it informed of what namespaces count */
	bool namespace_settings; /* and of how they are set: a file for each setting */
	int wake_fd; /* ends the source's wait when it is readable, so that a tick comes at once; the view reads it. 0: none */
	bool filters_processes; /* the view applies process and cgroup filters itself, by the charged process: send all */
};

/*
 * Runs until the view says so, SIGINT or SIGTERM comes, options->seconds are over or there is no more; then ends the view. 0,
 * or negative errno: with a sentence in `error` where the source failed, empty where the view did.
 */
typedef int run_source(const struct run_options *options, const struct run_needs *needs, struct view *view, char *error,
		       size_t error_size);

#endif
