// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The report of `leaks` as text: what was found, a line for each cause, a line for each socket. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "attribute/pod_names.h"
#include "show/leaks/leaks.h"
#include "event/summary.h"
#include "event/transition.h"
#include "util/address.h"
#include "util/tcp_state.h"
#include "util/text.h"

#define DEFAULT_ROWS 50
#define NAMED_HOLDERS 3 /* of other processes, in a line */
#define AGE_TEXT (TEXT_NUMBER + 1)
#define COMM_TEXT (4 * COMM_BYTES)

/* Returns its columns. */
static size_t comm_text(char out[COMM_TEXT], const struct process *process)
{
	return text_sanitise(out, COMM_TEXT, process->comm, COMM_BYTES, COMM_BYTES - 1);
}

static void states_text(char *out, size_t size, uint32_t states)
{
	unsigned int state;
	size_t used = 0;

	for (state = 1; state < STATE_COUNT && used < size; state++)
		if (states & 1U << state)
			used += snprintf(out + used, size - used, "%s%s", used ? ", " : "", tcp_state_name(state));
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

/* "growing 3.1/min" of those who came and went while we watched. */
static void growth_text(struct output *output, const struct leaks_report *report, const struct leak_group *group)
{
	double minutes = (report->tick->time_ns - report->begin_ns) / 60e9;
	int64_t change = group->grown;

	if (!report->watched)
		return;
	if (change)
		output_printf(output, ", %s %.1f/min", change > 0 ? "growing" : "shrinking", (change > 0 ? change : -change) / minutes);
	else
		output_string(output, ", not growing");
}

static void group_owner_text(struct output *output, const struct leak_group *group)
{
	char comm[COMM_TEXT];

	if (!group->process.start_ns) {
		output_string(output, ", owner unknown");
		return;
	}
	comm_text(comm, &group->process);
	output_printf(output, ", owner %s[%u]", comm, group->process.pid ?: group->process.ns_pid);
}

static void group_remotes_text(struct output *output, const struct leak_group *group)
{
	char text[ADDRESS_TEXT];

	address_format_mapped(text, group->remote);
	if (group->service_port)
		output_printf(output, ", port %u", group->service_port);
	output_printf(output, ", %s %s", group->side == SIDE_ACTIVE ? "to" : "from", text);
	if (group->remotes > 1)
		output_printf(output, " and %zu more", group->remotes - 1);
}

static void group_text(struct output *output, const struct leaks_report *report, const struct leak_group *group)
{
	char age[TEXT_NUMBER];

	text_duration(age, group->oldest_ns);
	output_printf(output, "  %zu ", group->count);
	if (report->states & (report->states - 1))
		output_printf(output, "%s ", tcp_state_name(group->state));
	output_printf(output, "socket%s", plural(group->count));
	group_owner_text(output, group);
	group_remotes_text(output, group);
	output_printf(output, ", oldest %s%s", group->oldest_at_least ? "at least " : "", age);
	growth_text(output, report, group);
	if (group->ended)
		output_printf(output, ", %zu read to the end and not closed", group->ended);
	if (group->queued)
		output_printf(output, ", %zu never accepted", group->queued);
	output_string(output, "\n");
}

static void head_text(struct output *output, const struct leaks_report *report)
{
	char states[128] = "", limit[TEXT_NUMBER];
	size_t i;

	states_text(states, sizeof(states), report->states);
	text_duration(limit, report->config->older_than_ns);
	if (report->count)
		output_printf(output, "%zu socket%s in %s for longer than %s, of %zu in all\n", report->count,
			      plural(report->count), states, limit, report->in_state);
	else
		output_printf(output, "No socket is known to be in %s for longer than %s, of %zu in all\n", states, limit,
			      report->in_state);
	for (i = 0; i < report->group_count; i++)
		group_text(output, report, &report->groups[i]);
}

static void columns_text(struct output *output, const struct leaks_report *report)
{
	output_printf(output, "\n%-7s %-15s %4s %8s %7s %-21s %-21s ", "PID", "COMM", "FD", "AGE", "RECV-Q", "LOCAL", "REMOTE");
	if (report->states & (report->states - 1))
		output_printf(output, "%-10s ", "STATE");
	if (report->config->wide)
		output_printf(output, "%-16s %-10s ", "SOCK", "NETNS");
	output_string(output, "NOTE\n");
}

static void owner_text(struct output *output, const struct leak *leak)
{
	const struct process *owner = leak->charged;
	char comm[COMM_TEXT];
	int fd = leak_descriptor(leak), columns;

	if (owner->start_ns) {
		columns = comm_text(comm, owner);
		output_printf(output, "%-7u %s%*s ", owner->pid ?: owner->ns_pid, comm, COMM_BYTES - 1 - columns, "");
	} else {
		output_printf(output, "%-7s %-15s ", "-", "-");
	}
	if (fd >= 0)
		output_printf(output, "%4d ", fd);
	else
		output_printf(output, "%4s ", "-");
}

static void age_text(struct output *output, const struct leak_age *age)
{
	char number[TEXT_NUMBER], text[AGE_TEXT];

	text_duration(number, age->ns);
	snprintf(text, sizeof(text), "%s%s", age->at_least ? ">" : "", number);
	output_printf(output, "%8s ", text);
}

static void end_text(struct output *output, const uint8_t bytes[16], uint16_t port)
{
	struct address address = address_from_mapped(bytes);
	char text[ADDRESS_PORT_TEXT];

	address_port_format(text, &address, port);
	output_printf(output, "%-21s ", text);
}

struct note {
	struct output *output;
	bool begun;
};

static struct output *note_next(struct note *note)
{
	if (note->begun)
		output_string(note->output, ", ");
	note->begun = true;
	return note->output;
}

static bool is_other_process(const struct leak *leak, size_t i)
{
	const struct holder *holders = leak->held->holders;

	return holders[i].pid != leak->charged->pid && (!i || holders[i].pid != holders[i - 1].pid);
}

static void descriptors_text(struct output *output, const struct held_socket *held, size_t begin)
{
	size_t i;

	for (i = begin; i < held->holder_count && held->holders[i].pid == held->holders[begin].pid; i++)
		output_printf(output, "%s%d", i == begin ? " fd " : "/", held->holders[i].fd);
}

/* More descriptors of the owner, then the other processes that have one. */
static void holders_text(struct note *note, const struct leak *leak)
{
	const struct held_socket *held = leak->held;
	size_t i, others = 0, own = 0;
	char comm[COMM_TEXT];

	for (i = 0; i < held->holder_count; i++)
		if (held->holders[i].pid == leak->charged->pid && own++ == 1)
			output_printf(note_next(note), "also fd %d", held->holders[i].fd);
	for (i = 0; i < held->holder_count; i++) {
		if (!is_other_process(leak, i) || others++ >= NAMED_HOLDERS)
			continue;
		comm_text(comm, &held->holders[i].process);
		output_printf(note_next(note), "held by %s[%u]", comm, held->holders[i].pid);
		descriptors_text(note->output, held, i);
	}
	if (others > NAMED_HOLDERS)
		output_printf(note_next(note), "and by %zu more processes", others - NAMED_HOLDERS);
}

static void name_text(char *out, size_t size, const char *name)
{
	text_sanitise(out, size, name ? name : "", name ? strlen(name) : 0, size);
}

/* By name where there is one. Names come from files: not all of them need be Kubernetes'. */
static void container_text(struct note *note, const struct leak *leak, struct pod_names *names)
{
	struct container container = leak->cgroup->container;
	char pod[400], name[100];

	pod_names_complete(names, &container);
	name_text(name, sizeof(name), container.name);
	if (container.name)
		output_printf(note_next(note), "container %s", name);
	else if (container.id[0])
		output_printf(note_next(note), "container %.12s", container.id);
	if (container.pod) {
		name_text(name, sizeof(name), container.namespace);
		name_text(pod, sizeof(pod), container.pod);
		output_printf(note_next(note), "pod %s/%s", name, pod);
	} else if (container.pod_uid[0]) {
		output_printf(note_next(note), "pod %s", container.pod_uid);
	}
}

static void notes_text(struct output *output, const struct leak *leak, const struct leaks_report *report)
{
	const struct held_socket *held = leak->held && leak->held->found ? leak->held : NULL;
	struct note note = { .output = output };
	char cgroup[512];

	if (leak->socket->flags & LIVE_IN_ACCEPT_QUEUE)
		output_string(note_next(&note), "not accepted");
	else if (held && leak->socket->state == STATE_CLOSE_WAIT && !held->listed.rx_queue)
		output_string(note_next(&note), "read to the end");
	if (held)
		holders_text(&note, leak);
	container_text(&note, leak, report->names);
	if (!report->config->wide || !leak->cgroup->path)
		return;
	text_sanitise(cgroup, sizeof(cgroup), leak->cgroup->path, strlen(leak->cgroup->path), 400);
	output_printf(note_next(&note), "cgroup %s", cgroup);
}

static void leak_text(struct output *output, const struct leaks_report *report, const struct leak *leak)
{
	const struct endpoint *endpoint = &leak->end->endpoint;

	owner_text(output, leak);
	age_text(output, &leak->age);
	if (leak->held && leak->held->found)
		output_printf(output, "%7u ", leak->held->listed.rx_queue);
	else
		output_printf(output, "%7s ", "-");
	end_text(output, endpoint->local_addr, endpoint->local_port);
	end_text(output, endpoint->remote_addr, endpoint->remote_port);
	if (report->states & (report->states - 1))
		output_printf(output, "%-10s ", tcp_state_name(leak->socket->state));
	if (report->config->wide)
		output_printf(output, "%016" PRIx64 " %-10u ", leak->id, endpoint->netns);
	notes_text(output, leak, report);
	while (output->buffer.size && output->buffer.data[output->buffer.size - 1] == ' ')
		output->buffer.size--;
	output_string(output, "\n");
}

static void table_text(struct output *output, const struct leaks_report *report)
{
	size_t rows = report->config->rows ?: DEFAULT_ROWS, i;
	bool at_least = false;

	columns_text(output, report);
	for (i = 0; i < report->count && i < rows; i++) {
		leak_text(output, report, &report->leaks[i]);
		at_least |= report->leaks[i].age.at_least;
	}
	if (report->count > rows)
		output_printf(output, "… and %zu more: -r %zu shows them\n", report->count - rows, report->count);
	if (at_least)
		output_string(output, "\n> at least: the socket was in this state before tcpdwell came\n");
}

int leaks_text(struct output *output, const struct leaks_report *report)
{
	char limit[TEXT_NUMBER], health[1024];

	head_text(output, report);
	if (report->count)
		table_text(output, report);
	text_duration(limit, report->config->older_than_ns);
	if (report->undecided)
		output_printf(output, "\n%zu more were there before tcpdwell, how long is not known: watch with -d %s\n",
			      report->undecided, limit);
	if (report->refused)
		output_printf(output, "\n%" PRIu64 " sockets had no room in the table, see --max-sockets\n", report->refused);
	if (health_text(health, sizeof(health), report->tick->health))
		output_printf(output, "\n%s\n", health);
	return output->error;
}
