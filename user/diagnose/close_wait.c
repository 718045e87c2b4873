// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/close_wait.h"

#include <stdio.h>
#include <string.h>

#include "attribute/process.h"
#include "attribute/program.h"
#include "util/number.h"

#define GROUPING GROUP_BY_BOTH(GROUP_PROCESS, GROUP_SERVICE)

/* A program that closes late is no leak: what has ended was in the state for so long, at the median. 0: none has ended. */
static double median_s(const struct scene *scene, const struct cause *cause)
{
	struct model *model = scene->ports->books;
	const struct live_socket *socket = live_sockets_find(&model->sockets, cause->example);
	struct group *group = socket ? model_group_of(model, socket, GROUPING) : NULL;
	struct account *account = group ? model_account(model, group, STATE_CLOSE_WAIT) : NULL;

	return account ? histogram_percentile(&account->dwell, 50) / 1e9 : 0;
}

#define LONG 10 /* times the median */
#define FULL_NS 1000000000ULL /* younger ones may be about to be closed */

/* That needs no watching: no more can come. */
static bool fills_descriptors(const struct scene *scene, const struct cause *cause)
{
	const struct process_facts *facts = scene_facts(scene, &scene_process(scene, cause->key.process)->process);

	return facts && facts->fds_known && descriptors_are_full(facts->fds, facts->fds_limit) && cause->oldest_ns >= FULL_NS &&
	       cause->count * 2ULL >= facts->fds;
}

const struct finding *close_wait_told(const struct scene *scene, const struct cause *cause)
{
	const struct process *process = &scene_process(scene, cause->key.process)->process;

	return scene->told_leak && process->start_ns ?
		       scene->told_leak(scene->context, process, cause->key.netns, cause->key.service_port) :
		       NULL;
}

enum close_wait_kind close_wait_kind(const struct scene *scene, const struct cause *cause)
{
	double watch_s = scene_threshold(scene, TD121_WATCH_S), oldest_s = cause->oldest_ns / 1e9;

	if (cause->count < scene_threshold(scene, TD121_COUNT))
		return CLOSE_WAIT_PASSING;
	if (fills_descriptors(scene, cause))
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

void close_wait_subject(struct finding *finding, const struct scene *scene, const struct cause *cause)
{
	finding_about_known(finding, scene, scene_process(scene, cause->key.process));
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

	if (maker)
		finding_change(finding, "%s: pass on only what the other process is to have; SOCK_CLOEXEC closes the rest where a program is executed",
			       words_known(name, scene, maker));
}

void close_wait_evidence(struct finding *finding, const struct scene *scene, const struct cause *cause)
{
	const struct process *process = &scene_process(scene, cause->key.process)->process;
	const struct process_facts *facts = scene_facts(scene, process);
	const struct known_process *maker = maker_of(scene, cause);
	words name;

	finding_evidence(finding, "close_wait", cause->count, "sockets", "tcpdwell leaks -p %u", process->pid ?: process->ns_pid);
	if (maker)
		finding_evidence_text(finding, cause->key.side == SIDE_ACTIVE ? "connected_by" : "accepted_by", words_known(name, scene, maker));
	if (close_wait_rate(scene, cause) > 0)
		finding_evidence(finding, "growth", close_wait_rate(scene, cause), "a second", NULL);
	finding_evidence(finding, cause->oldest_at_least ? "oldest_at_least" : "oldest", cause->oldest_ns / 1e9, "s", NULL);
	finding_evidence(finding, "youngest", cause->youngest_ns / 1e9, "s", NULL);
	if (cause->looked) {
		finding_evidence(finding, "read_to_end", cause->read_to_end, "sockets", NULL);
		finding_evidence(finding, "end_not_read", cause->unread_end, "sockets", NULL);
		finding_evidence(finding, "data_not_read", cause->unread, "sockets", NULL);
		finding_evidence(finding, "keepalive", cause->keepalive, "sockets", "ss -tanoi state close-wait");
	}
	if (facts && facts->fds_known) {
		finding_evidence(finding, "descriptors", facts->fds, "", "ls /proc/%u/fd | wc -l", process->pid);
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
