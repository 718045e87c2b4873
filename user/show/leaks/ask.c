// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What leaks asks the machine when its report is due: who has which socket, and what these processes are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attribute/container.h"
#include "attribute/pod_names.h"
#include "attribute/process.h"
#include "show/leaks/leaks.h"
#include "util/capabilities.h"
#include "util/log.h"

#define PROCESSES_MAX 2000 /* so many are asked: a few files of /proc for each */

/* Is anybody missed, whom the events did not tell of either? In an accept queue and as an orphan it is nobody's. */
static size_t count_missed(const struct leaks_report *report, const struct held_socket *held)
{
	size_t i, missed = 0;

	for (i = 0; i < report->count; i++)
		if (!held[i].looked || (held[i].found && held[i].listed.inode && !held[i].holder_count))
			missed += !report->leaks[i].socket->holder;
	return missed;
}

static bool may(int capability)
{
	return capabilities_effective() & CAPABILITY(capability);
}

/* Some process that we may not look into is found on many machines: a warning only where someone is missed. */
static void tell_incomplete(int err, size_t missed)
{
	void (*tell)(const char *format, ...) = missed ? log_warn : log_info;

	if (err != -EACCES && err != -EPERM)
		tell("of %zu sockets it is not known who has them: %s", missed, strerror(-err));
	else if (!may(CAP_SYS_PTRACE))
		tell("of %zu sockets it is not known who has them, as other users' descriptors may not be looked at: run it as "
		     "root, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH",
		     missed);
	else if (!may(CAP_SYS_ADMIN))
		tell("of %zu sockets it is not known who has them, as other network namespaces may not be entered: run it as "
		     "root, or with CAP_SYS_ADMIN",
		     missed);
	else
		log_info("some processes refused to be looked at");
}

struct held_socket *leaks_ask_holders(struct leaks_report *report)
{
	struct held_socket *held = calloc(report->count + 1, sizeof(*held));
	size_t i;
	int err;

	if (!held)
		return NULL;
	for (i = 0; i < report->count; i++) {
		held[i].endpoint = report->leaks[i].end.endpoint;
		held[i].state = report->leaks[i].socket->state;
		report->leaks[i].held = &held[i];
	}
	err = holders_find(held, report->count, NULL);
	report->holders_complete = !err;
	if (err)
		tell_incomplete(err, count_missed(report, held));
	return held;
}

void leaks_tell_holder(struct model *model, const struct leaks_report *report, struct leak *leak)
{
	const struct process *owner = &processes_at(&model->processes, leak->socket->owner)->process;
	struct container container = {};
	struct held held;
	struct event event = {
		.record = { .type = RECORD_HOLDER, .id = leak->id, .time_ns = report->tick->time_ns },
		.container = &container,
		.held = &held,
	};
	char path[4096];

	leak_charge(leak, model);
	if (!leak_holder(leak, owner, report->holders_complete, &held))
		return;
	event.cgroup_id = held.process.cgroup_id;
	if (held.process.start_ns && !event.cgroup_id &&
	    process_cgroup_read(NULL, NULL, held.process.pid, path, sizeof(path), &event.cgroup_id) && event.cgroup_id) {
		event.cgroup = path;
		container_from_cgroup(path, &container);
		pod_names_complete(report->names, &container);
	}
	model_event(model, &event);
}

void leaks_ask_processes(struct leaks_report *report)
{
	size_t i;

	for (i = 0; i < report->group_count && i < PROCESSES_MAX; i++) {
		struct leak_group *group = &report->groups[i];

		program_read(group->program, NULL, &group->process);
		cmdline_read(group->cmdline, NULL, &group->process);
		group->fds_known = process_descriptors(NULL, &group->process, &group->fds, &group->fds_limit);
	}
}
