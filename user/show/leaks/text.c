// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The report of `leaks` as text: what was found, a line for each cause, a line for each socket. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "attribute/pod_names.h"
#include "show/leaks/queues.h"
#include "event/summary.h"
#include "event/transition.h"
#include "util/address.h"
#include "util/number.h"
#include "util/tcp_state.h"
#include "util/text.h"

#define DEFAULT_ROWS 50
#define DEFAULT_GROUP_ROWS 20
#define SHORT_ID 12
#define LIKE_LEAST 8 /* so many lines that are alike are shown, of more the first five */
#define LIKE_SHOWN 5
#define LIKES_MAX 32
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

static void growth_text(struct output *output, const struct leaks_report *report, const struct leak_group *group)
{
	double per_minute = report->watched_ns ? group->grown * 60e9 / report->watched_ns : 0;
	char watched[TEXT_NUMBER];

	if (!report->watched_ns)
		return;
	text_duration(watched, report->watched_ns);
	switch (leak_growth_of(group, report->watched_ns)) {
	case LEAK_STEADY:
		output_printf(output, ", not growing (%s)", watched);
		break;
	case LEAK_CHANGED:
		output_printf(output, ", %+" PRId64 " in %s", group->grown, watched);
		break;
	case LEAK_GROWS:
		output_printf(output, ", growing %.1f/min", per_minute);
		break;
	case LEAK_FULL:
		output_string(output, ", stopped growing: its descriptors are used up");
		break;
	}
}

static void process_text(struct output *output, const struct leak_group *group)
{
	char comm[COMM_TEXT];

	comm_text(comm, &group->process);
	if (!group->process.start_ns)
		output_string(output, " of unknown processes");
	else if (group->processes > 1)
		output_printf(output, " of %zu processes %s", group->processes, comm);
	else
		output_printf(output, " of %s[%u]", comm, group->process.pid ?: group->process.ns_pid);
	if (group->program[0] && strcmp(group->program, comm))
		output_printf(output, " (%s)", group->program);
}

/* "accepted by master[812]": the bug may be there, as what it hands to its children is open in these too. */
static void maker_text(struct output *output, unsigned int side, const struct process *maker)
{
	char comm[COMM_TEXT];

	comm_text(comm, maker);
	output_printf(output, "%s by %s[%u]", side == SIDE_ACTIVE ? "connected" : "accepted", comm, maker->pid ?: maker->ns_pid);
}

static void remotes_text(struct output *output, const struct leak_group *group)
{
	char text[ADDRESS_TEXT];

	address_format_mapped(text, group->remote);
	if (group->service_port)
		output_printf(output, ", port %u", group->service_port);
	output_printf(output, ", %s %s", group->side == SIDE_ACTIVE ? "to" : group->side == SIDE_PASSIVE ? "from" : "to or from", text);
	if (group->remotes > 1)
		output_printf(output, " and %zu more", group->remotes - 1);
}

static void ages_text(struct output *output, const struct leak_group *group)
{
	char oldest[TEXT_NUMBER], youngest[TEXT_NUMBER];

	text_duration(oldest, group->oldest_ns);
	text_duration(youngest, group->newest_ns);
	output_printf(output, "; oldest %s%s", group->oldest_at_least ? "at least " : "", oldest);
	if (group->count > 1)
		output_printf(output, ", youngest %s%s", group->newest_at_least ? "at least " : "", youngest);
}

/* What grows are all, those too that are not listed as they are too young. */
static void all_text(struct output *output, const struct leaks_report *report, const struct leak_group *group)
{
	char youngest[TEXT_NUMBER];

	if (group->in_state > group->count) {
		text_duration(youngest, group->youngest_ns);
		output_printf(output, "; with younger ones %zu, the youngest %s%s", group->in_state,
			      group->youngest_at_least ? "at least " : "", youngest);
	}
	growth_text(output, report, group);
}

/* What of them was read tells what is wrong: the program's end of a connection, its work, or nobody accepts. */
static void queues_text(struct output *output, const struct leak_group *group)
{
	if (group->ended)
		output_printf(output, ", %zu read to the end and not closed", group->ended);
	if (group->unread)
		output_printf(output, ", %zu not read to the end", group->unread);
	if (group->queued)
		output_printf(output, ", %zu never accepted", group->queued);
}

/* " 129 of 128, none left" */
static void left_text(struct output *output, uint64_t fds, uint64_t limit)
{
	uint64_t left = descriptors_left(fds, limit);

	output_printf(output, " %" PRIu64 " of %" PRIu64, fds, limit);
	if (!left)
		output_string(output, ", none left");
	else if (descriptors_are_full(fds, limit))
		output_printf(output, ", %" PRIu64 " left", left);
}

static void descriptors_left_text(struct output *output, const struct leaks_report *report, const struct leak_group *group)
{
	double full_s = report->watched_ns ? leak_seconds_to_full(group, report->watched_ns) : 0;
	char text[TEXT_NUMBER];

	if (group->fullest.pid && group->fullest.limit != UINT64_MAX) {
		output_printf(output, "; fds of %u", group->fullest.pid);
		left_text(output, group->fullest.fds, group->fullest.limit);
	}
	if (!group->fds_known || group->fds_limit == UINT64_MAX)
		return;
	output_string(output, "; fds");
	left_text(output, group->fds, group->fds_limit);
	text_duration(text, number_u64(full_s * 1e9));
	if (full_s > 0)
		output_printf(output, ", used up in %s", text);
}

static void group_text(struct output *output, const struct leaks_report *report, const struct leak_group *group)
{
	output_printf(output, "  %zu ", group->count);
	if (report->states & (report->states - 1))
		output_printf(output, "%s ", tcp_state_name(group->state));
	output_printf(output, "socket%s", plural(group->count));
	process_text(output, group);
	if (group->maker) {
		output_string(output, ", ");
		maker_text(output, group->side, group->maker);
	}
	remotes_text(output, group);
	ages_text(output, group);
	queues_text(output, group);
	all_text(output, report, group);
	descriptors_left_text(output, report, group);
	output_string(output, "\n");
	if (report->config->wide && group->cmdline[0])
		output_printf(output, "    runs %s\n", group->cmdline);
}

/* Processes that only differ by their number are one line here. */
static void groups_text(struct output *output, const struct leaks_report *report)
{
	size_t count = leak_groups_fold(report->groups, report->group_count), rows = report->config->rows ?: DEFAULT_GROUP_ROWS, i;

	for (i = 0; i < count && i < rows; i++)
		group_text(output, report, &report->groups[i]);
	if (count > rows)
		output_printf(output, "  … and %zu more group%s: -r %zu shows %s\n", count - rows, count - rows == 1 ? "" : "s", count,
			      count - rows == 1 ? "it" : "them");
}

static void head_text(struct output *output, const struct leaks_report *report)
{
	char states[128] = "", limit[TEXT_NUMBER];

	states_text(states, sizeof(states), report->states);
	text_duration(limit, report->config->older_than_ns);
	if (report->count)
		output_printf(output, "%zu socket%s in %s for longer than %s, of %zu in all\n", report->count,
			      plural(report->count), states, limit, report->in_state);
	else
		output_printf(output, "No %s older than %s (%zu in all)\n", states, limit, report->in_state);
}

/* A TIME_WAIT has nothing to read, but an end. */
static bool shows_time_left(const struct leaks_report *report)
{
	return report->states == 1U << STATE_TIME_WAIT;
}

static void columns_text(struct output *output, const struct leaks_report *report)
{
	output_printf(output, "\n%-7s %-15s %4s %8s %7s %-21s %-21s ", "PID", "COMM", "FD", "AGE",
		      shows_time_left(report) ? "ENDS-IN" : "RECV-Q", "LOCAL", "REMOTE");
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

/* A recording may have anything in the place of an id. */
static void id_text(struct output *output, const char *what, const char *id, size_t columns)
{
	char text[100];

	text_sanitise(text, sizeof(text), id, strlen(id), columns);
	output_printf(output, "%s %s", what, text);
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
		id_text(note_next(note), "container", container.id, SHORT_ID);
	if (container.pod) {
		name_text(name, sizeof(name), container.namespace);
		name_text(pod, sizeof(pod), container.pod);
		output_printf(note_next(note), "pod %s/%s", name, pod);
	} else if (container.pod_uid[0]) {
		id_text(note_next(note), "pod", container.pod_uid, sizeof(container.pod_uid));
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
	if (leak->maker)
		maker_text(note_next(&note), leak->socket->side, leak->maker);
	if (held)
		holders_text(&note, leak);
	container_text(&note, leak, report->names);
	if (!report->config->wide || !leak->cgroup->path)
		return;
	text_sanitise(cgroup, sizeof(cgroup), leak->cgroup->path, strlen(leak->cgroup->path), 400);
	output_printf(note_next(&note), "cgroup %s", cgroup);
}

static void queue_text(struct output *output, const struct leaks_report *report, const struct leak *leak)
{
	char text[16] = "-";
	uint64_t left_ns;

	if (shows_time_left(report) && leak_time_left(leak, &left_ns))
		text_duration(text, left_ns);
	else if (!shows_time_left(report) && leak->held && leak->held->found)
		snprintf(text, sizeof(text), "%u", leak->held->listed.rx_queue);
	output_printf(output, "%7s ", text);
}

static void leak_text(struct output *output, const struct leaks_report *report, const struct leak *leak)
{
	const struct endpoint *endpoint = &leak->end.endpoint;

	owner_text(output, leak);
	age_text(output, &leak->age);
	queue_text(output, report, leak);
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

/* Sockets that differ by what only tells them apart: lines that say the same. */
struct like {
	const struct leak *first;
	size_t count, shown; /* shown: have a line */
	bool several; /* processes */
};

struct likes {
	struct like list[LIKES_MAX];
	size_t count;
};

static bool are_like(const struct leak *a, const struct leak *b)
{
	const struct group_part *one = &a->group->name.parts[1], *other = &b->group->name.parts[1];

	return a->socket->state == b->socket->state && one->side == other->side && one->port == other->port && !a->maker == !b->maker &&
	       !a->charged->start_ns == !b->charged->start_ns && !strncmp(a->charged->comm, b->charged->comm, COMM_BYTES) &&
	       !((a->socket->flags ^ b->socket->flags) & LIVE_IN_ACCEPT_QUEUE);
}

/* NULL: it is of none, as where there are too many kinds. */
static struct like *like_of(struct likes *likes, const struct leak *leak)
{
	struct like *like = likes->list;

	for (; like < likes->list + likes->count; like++)
		if (are_like(like->first, leak))
			return like;
	return NULL;
}

static void find_likes(struct likes *likes, const struct leaks_report *report)
{
	struct like *like;
	size_t i;

	for (i = 0; i < report->count; i++) {
		like = like_of(likes, &report->leaks[i]);
		if (!like && likes->count == LIKES_MAX)
			continue;
		if (!like) {
			like = &likes->list[likes->count++];
			*like = (struct like){ .first = &report->leaks[i] };
		}
		like->count++;
		like->several |= like->first->charged->pid != report->leaks[i].charged->pid || like->first->charged->start_ns != report->leaks[i].charged->start_ns;
	}
}

/* The first of its kind have lines, and speak for it. */
static bool is_folded(const struct like *like)
{
	return like && like->count > LIKE_LEAST && like->shown == LIKE_SHOWN;
}

static void like_text(struct output *output, const struct leaks_report *report, const struct like *like)
{
	const struct group_part *service = &like->first->group->name.parts[1];
	const struct process *process = like->first->charged;
	char comm[COMM_TEXT];

	comm_text(comm, process);
	output_printf(output, "… and %zu more like these, of ", like->count - LIKE_SHOWN);
	if (!process->start_ns)
		output_string(output, "unknown processes");
	else if (like->several)
		output_printf(output, "processes %s", comm);
	else
		output_printf(output, "%s[%u]", comm, process->pid ?: process->ns_pid);
	if (service->port)
		output_printf(output, ", %s port %u", service->side == SIDE_ACTIVE ? "to" : "on", service->port);
	output_printf(output, ": -r %zu shows them\n", report->count);
}

static void likes_text(struct output *output, const struct leaks_report *report, const struct likes *likes)
{
	size_t i;

	for (i = 0; i < likes->count; i++)
		if (is_folded(&likes->list[i]))
			like_text(output, report, &likes->list[i]);
}

static void table_text(struct output *output, const struct leaks_report *report)
{
	size_t rows = report->config->rows ?: DEFAULT_ROWS, i, shown = 0, folded = 0;
	struct likes likes = {};
	bool at_least = false;
	struct like *like;

	columns_text(output, report);
	if (!report->config->rows) /* who asks for rows wants them all */
		find_likes(&likes, report);
	for (i = 0; i < report->count; i++) {
		like = like_of(&likes, &report->leaks[i]);
		if (is_folded(like)) {
			folded++;
			continue;
		}
		if (shown >= rows)
			continue;
		shown++;
		if (like)
			like->shown++;
		leak_text(output, report, &report->leaks[i]);
		at_least |= report->leaks[i].age.at_least;
	}
	likes_text(output, report, &likes);
	if (report->count > shown + folded)
		output_printf(output, "… and %zu more: -r %zu shows them\n", report->count - shown - folded, report->count);
	if (at_least)
		output_printf(output, "\n> at least: the socket was in this state before tcpdwell came%s\n",
			      report->asked ? "; counted from the last segment of its peer" : "");
}

/* What a longer watch would have told. */
static void rate_note_text(struct output *output, const struct leaks_report *report)
{
	size_t i;

	for (i = 0; i < report->group_count && report->asked && report->watched_ns && report->watched_ns < LEAK_RATE_WATCH_NS; i++) {
		if (report->groups[i].grown <= 0 || leak_growth_of(&report->groups[i], report->watched_ns) != LEAK_CHANGED)
			continue;
		output_string(output, "\nwhether it grows steadily, and when descriptors are used up then, is told after 20 seconds: -d 30\n");
		return;
	}
}

int leaks_text(struct output *output, const struct leaks_report *report)
{
	char limit[TEXT_NUMBER], health[1024];

	head_text(output, report);
	groups_text(output, report);
	leak_queues_text(output, report);
	if (report->count)
		table_text(output, report);
	text_duration(limit, report->config->older_than_ns);
	if (report->undecided)
		output_printf(output, "\n%zu more were there before tcpdwell, how long is not known: watch with -d %s\n",
			      report->undecided, limit);
	rate_note_text(output, report);
	if (report->refused)
		output_printf(output, "\n%" PRIu64 " sockets had no room in the table: --max-sockets makes it larger\n", report->refused);
	if (health_text(health, sizeof(health), report->tick->health))
		output_printf(output, "\n%s\n", health);
	return output->error;
}
