// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/close_wait.h"

#include <stdio.h>
#include <string.h>

#include "attribute/process.h"
#include "attribute/program.h"
#include "util/number.h"

#define GROUPING GROUP_BY_BOTH(GROUP_PROCESS, GROUP_SERVICE)

#define FEW 10 /* times as many are there: what ended was reset by its peer, or is luck, and says nothing of how the program closes */

/* What has ended was in the state for so long, at the median. 0: none has ended, or hardly any. */
static double part_median_s(const struct scene *scene, const struct cause *cause)
{
	struct model *model = scene->ports->books;
	const struct live_socket *socket = live_sockets_find(&model->sockets, cause->example);
	struct group *group = socket ? model_group_of(model, socket, GROUPING) : NULL;
	struct account *account = group ? model_account(model, group, STATE_CLOSE_WAIT) : NULL;

	return account && account->dwell.count * FEW >= cause->count ? histogram_percentile(&account->dwell, 50) / 1e9 : 0;
}

/* A program that closes late is no leak. Of several processes some may have closed nothing yet. */
static double median_s(const struct scene *scene, const struct cause *cause)
{
	double longest_s = 0;
	size_t i;

	for (i = 0; i < cause_processes(cause); i++) {
		double part_s = part_median_s(scene, cause_part(cause, i));

		longest_s = part_s > longest_s ? part_s : longest_s;
	}
	return longest_s;
}

#define LONG 10 /* times the median */
#define FULL_NS 1000000000ULL /* younger ones may be about to be closed */

static const struct process_facts *limited(const struct scene *scene, const struct cause *part)
{
	const struct process_facts *facts = scene_facts(scene, &scene_process(scene, part->key.process)->process);

	return facts && facts->fds_known && facts->fds_limit != UINT64_MAX ? facts : NULL;
}

const struct process_facts *close_wait_fullest(const struct scene *scene, const struct cause *cause)
{
	const struct process_facts *facts, *fullest = NULL;
	size_t i;

	for (i = 0; i < cause_processes(cause); i++) {
		facts = limited(scene, cause_part(cause, i));
		if (facts && (!fullest || descriptors_left(facts->fds, facts->fds_limit) < descriptors_left(fullest->fds, fullest->fds_limit)))
			fullest = facts;
	}
	return fullest ?: scene_facts(scene, &scene_process(scene, cause->key.process)->process);
}

unsigned int close_wait_full(const struct scene *scene, const struct cause *cause)
{
	unsigned int full = 0;
	size_t i;

	for (i = 0; i < cause_processes(cause); i++) {
		const struct cause *part = cause_part(cause, i);
		const struct process_facts *facts = limited(scene, part);

		full += facts && descriptors_are_full(facts->fds, facts->fds_limit) && part->oldest_ns >= FULL_NS &&
			part->count * 2ULL >= facts->fds;
	}
	return full;
}

/* Whether it is one process's or shared by several, the service is the same. */
const struct finding *close_wait_told(const struct scene *scene, const struct cause *cause)
{
	const struct process *process = &scene_process(scene, cause->key.process)->process;
	const struct process_facts *facts = scene_facts(scene, process);
	const struct subject service = { .netns = cause->key.netns, .service_port = cause->key.service_port, .kind = process_kind(process) };
	const struct finding *told = scene->told_leak && process->start_ns ? scene->told_leak(scene->context, &service) : NULL;

	if (told && facts && facts->program[0] && told->subject.program[0] && strcmp(facts->program, told->subject.program) != 0)
		return NULL;
	return told;
}

enum close_wait_kind close_wait_kind(const struct scene *scene, const struct cause *cause)
{
	double watch_s = scene_threshold(scene, TD121_WATCH_S), oldest_s = cause->oldest_ns / 1e9;

	if (cause->count < scene_threshold(scene, TD121_COUNT))
		return CLOSE_WAIT_PASSING;
	if (close_wait_full(scene, cause))
		return CLOSE_WAIT_FULL;
	if (oldest_s < median_s(scene, cause) * LONG)
		return CLOSE_WAIT_PASSING;
	if (cause_grows(cause, scene_threshold(scene, TD121_COUNT), watch_s) >= 0)
		return CLOSE_WAIT_GROWS;
	/* A leak is not over, and no pool, when its clients have gone home: what it did not close is there. */
	if (close_wait_told(scene, cause))
		return CLOSE_WAIT_LEAKED;
	if (scene->watched_s < watch_s)
		return cause->from_before || cause->count >= scene_threshold(scene, TD121_COUNT) ? CLOSE_WAIT_UNDECIDED : CLOSE_WAIT_PASSING;
	return cause->youngest_ns / 1e9 >= scene_threshold(scene, cause->key.side == SIDE_ACTIVE ? TD122_AGE_S : TD121_AGE_S) ? CLOSE_WAIT_STAYS : CLOSE_WAIT_PASSING;
}

double close_wait_rate(const struct scene *scene, const struct cause *cause)
{
	int window = cause_grows(cause, scene_threshold(scene, TD121_COUNT), scene_threshold(scene, TD121_WATCH_S));

	return window < 0 ? 0 : cause->windows[window].came / cause_windows_s[window];
}

double close_wait_full_in_s(const struct scene *scene, const struct cause *cause)
{
	double first_s = 0;
	size_t i;

	for (i = 0; i < cause_processes(cause); i++) {
		const struct cause *part = cause_part(cause, i);
		const struct process_facts *facts = limited(scene, part);
		double rate = close_wait_rate(scene, part), in_s;

		if (!facts || rate <= 0 || descriptors_are_full(facts->fds, facts->fds_limit))
			continue;
		in_s = descriptors_left(facts->fds, facts->fds_limit) / rate;
		first_s = !first_s || in_s < first_s ? in_s : first_s;
	}
	return first_s;
}

double close_wait_left_s(const struct scene *scene)
{
	double left_s = scene_threshold(scene, TD121_WATCH_S) - scene->watched_s;

	return left_s > 1 ? left_s : 1;
}

const char *cause_connections(words out, const struct cause *cause)
{
	words remote;

	if (cause->key.side == SIDE_PASSIVE)
		snprintf(out, FINDING_NAME, "connections to its port %u", cause->key.service_port);
	else if (cause->key.side == SIDE_ACTIVE && cause->one_remote)
		snprintf(out, FINDING_NAME, "connections to %s", words_remote(remote, cause->remote_addr, cause->key.service_port));
	else if (cause->key.side == SIDE_ACTIVE)
		snprintf(out, FINDING_NAME, "connections to port %u of several addresses", cause->key.service_port);
	else
		snprintf(out, FINDING_NAME, "connections");
	return out;
}

#define PARTS_LOOKED_AT 64 /* of a program that forks for each connection: they are alike */

static bool is_of(const struct cause *cause, uint32_t process, size_t parts)
{
	size_t i;

	for (i = 0; i < parts; i++)
		if (cause_part(cause, i)->key.process == process)
			return true;
	return false;
}

/* Of the other side, else it is the same service that shuts down what it serves. */
static bool is_passed_on(const struct cause *cause, const struct cause *other, size_t parts)
{
	return other->key.state == STATE_FIN_WAIT2 && other->key.held && !other->key.small && other->key.process &&
	       (other->key.side != cause->key.side || other->key.service_port != cause->key.service_port) && is_of(cause, other->key.process, parts);
}

struct passed_on close_wait_passed_on(const struct scene *scene, const struct cause *cause)
{
	size_t parts = cause_processes(cause) < PARTS_LOOKED_AT ? cause_processes(cause) : PARTS_LOOKED_AT, i;
	struct passed_on passed = {}, none = {};
	const struct cause *other;
	uint32_t waiting = 0;

	for (i = 0; i < parts; i++)
		waiting += cause_part(cause, i)->count;
	for (other = scene->causes->table; other; other = other->hh.next) {
		if (!is_passed_on(cause, other, parts))
			continue;
		passed.count += other->count;
		if (!passed.to || other->count > passed.to->count)
			passed.to = other;
	}
	return passed.count * 10 >= waiting * 8 ? passed : none;
}

void close_wait_subject(struct finding *finding, const struct scene *scene, const struct cause *cause)
{
	size_t i;

	finding_about_known(finding, scene, scene_process(scene, cause->key.process));
	for (i = 0; i < cause->n_parts; i++)
		finding_touches_known(finding, scene, scene_process(scene, cause->parts[i]->key.process));
	finding_of_program(finding, &scene_process(scene, cause->key.process)->process, cause_processes(cause));
	finding->subject.netns = cause->key.netns;
	finding->subject.service_port = cause->key.service_port;
	if (cause->key.side == SIDE_ACTIVE && cause->one_remote) {
		memcpy(finding->subject.remote_addr, cause->remote_addr, 16);
		finding->subject.remote_port = cause->key.service_port;
	}
	finding->weight = cause->count;
	finding->since_ns = elapsed_ns(scene->now_ns, cause->oldest_ns);
	finding->since_at_least = cause->oldest_at_least;
}

/* Who has them after fork(), or was given them, is not who made them: the mistake may be either's. NULL: it is, or not known. */
static const struct known_process *maker_of(const struct scene *scene, const struct cause *cause)
{
	const struct known_process *maker = scene_process(scene, cause->maker), *holder = scene_process(scene, cause->key.process);

	return maker->process.start_ns && holder->process.start_ns && !process_is_same(&maker->process, &holder->process) ? maker : NULL;
}

void close_wait_maker_change(struct finding *finding, const struct scene *scene, const struct cause *cause)
{
	const struct known_process *maker = maker_of(scene, cause);
	words name;

	/* A process for each connection, which its parent accepted: it was meant to be passed on. */
	if (cause->n_parts > 1 && cause->count == cause->n_parts)
		return;
	if (maker)
		finding_change(finding, "%s: pass on only what the other process is to have; SOCK_CLOEXEC closes the rest where a program is executed",
			       words_known(name, scene, maker));
}

static uint32_t pid_of(const struct scene *scene, const struct cause *cause)
{
	const struct process *process = &scene_process(scene, cause->key.process)->process;

	return process->pid ?: process->ns_pid;
}

/* Of several processes all that serve the port, or connect to it. */
static const char *leaks_command(words out, const struct scene *scene, const struct cause *cause)
{
	if (cause->n_parts < 2)
		snprintf(out, FINDING_NAME, "tcpdwell leaks -p %u", pid_of(scene, cause));
	else if (cause->key.service_port)
		snprintf(out, FINDING_NAME, "tcpdwell leaks -%c %u", cause->key.side == SIDE_PASSIVE ? 'L' : 'D', cause->key.service_port);
	else
		snprintf(out, FINDING_NAME, "tcpdwell leaks");
	return out;
}

void close_wait_evidence(struct finding *finding, const struct scene *scene, const struct cause *cause)
{
	const struct process_facts *facts = close_wait_fullest(scene, cause);
	const struct known_process *maker = maker_of(scene, cause);
	words name;

	finding_evidence(finding, "close_wait", cause->count, "sockets", "%s", leaks_command(name, scene, cause));
	if (cause->n_parts > 1) {
		finding_evidence(finding, "processes", cause->n_parts, "processes", NULL);
		finding_evidence(finding, "most_of_one", cause->parts[0]->count, "sockets", "tcpdwell leaks -p %u", pid_of(scene, cause));
	}
	if (maker)
		finding_evidence_text(finding, cause->key.side == SIDE_ACTIVE ? "connected_by" : "accepted_by", words_known(name, scene, maker));
	if (close_wait_rate(scene, cause) > 0)
		finding_evidence(finding, "growth", close_wait_rate(scene, cause), "a second", NULL);
	finding_evidence(finding, cause->oldest_at_least ? "oldest_at_least" : "oldest", cause->oldest_ns / 1e9, "s", NULL);
	if (cause->oldest_at_least)
		finding_evidence_text(finding, "counted_from", scene->recorded ? "when the recorder came" :
				      "when tcpdwell came: leaks asks the kernel when each peer was heard last");
	finding_evidence(finding, "youngest", cause->youngest_ns / 1e9, "s", NULL);
	if (cause->looked) {
		finding_evidence(finding, "read_to_end", cause->read_to_end, "sockets", NULL);
		finding_evidence(finding, "end_not_read", cause->unread_end, "sockets", NULL);
		finding_evidence(finding, "data_not_read", cause->unread, "sockets", NULL);
		finding_evidence(finding, "keepalive", cause->keepalive, "sockets", "ss -tanoi state close-wait");
	}
	if (facts && facts->fds_known) {
		finding_evidence(finding, "descriptors", facts->fds, "", "ls /proc/%u/fd | wc -l", facts->process.pid);
		if (facts->fds_limit != UINT64_MAX)
			finding_evidence(finding, "descriptors_limit", facts->fds_limit, "", NULL);
	}
}

void close_wait_useless(struct finding *finding, const struct scene *scene, const struct cause *cause)
{
	(void)scene;
	finding_useless(finding, "net.ipv4.tcp_fin_timeout", "is for FIN_WAIT2 of closed sockets; nothing in the kernel ends CLOSE_WAIT, only close() does");
	if (cause->looked && !cause->keepalive)
		finding_useless(finding, "net.ipv4.tcp_keepalive_time", "is for sockets with SO_KEEPALIVE; none of these has it");
	else
		finding_useless(finding, "net.ipv4.tcp_keepalive_time",
			"is for sockets with SO_KEEPALIVE alone, and ends them only when the peer's end is gone too; the descriptor stays open even then");
	finding_useless(finding, "nofile", "a higher limit only makes it take longer until the descriptors are used up");
	finding_useless(finding, "net.ipv4.tcp_tw_reuse", "is for TIME_WAIT; these sockets wait for their own program");
}
