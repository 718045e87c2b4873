// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A listener's accept queue is (nearly) full, or clients wait in it for long: a program that hangs may never fill it. */
#include <stdio.h>

#include "diagnose/codes.h"
#include "diagnose/descriptors.h"
#include "diagnose/judge.h"
#include "diagnose/software.h"
#include "diagnose/words.h"
#include "util/number.h"

enum queue_kind { QUEUE_FINE, QUEUE_FULL, QUEUE_OVERFLOWS, QUEUE_NEARLY_FULL, QUEUE_WAITS };

#define BUSY_NS 1000000000ULL /* a queue that is merely used is emptied sooner */

static double oldest_s(const struct scene *scene, const struct listening_socket *listener)
{
	return listener->now.oldest_ns && scene->now_ns > listener->now.oldest_ns ? (scene->now_ns - listener->now.oldest_ns) / 1e9 : 0;
}

/* Whose clients did not close: somebody waits for an answer. */
static uint32_t alive(const struct listener_facts *now)
{
	return now->depth - (now->closed < now->depth ? now->closed : now->depth);
}

/* Somebody has waited for long: that it is not full helps nobody. */
static bool waits_long(const struct scene *scene, const struct listener_facts *now)
{
	uint64_t long_ns = number_u64(scene_threshold(scene, TD131_WAIT_S) * 1e9);

	return scene_waited(scene, now->oldest_ns, long_ns) && alive(now) >= scene_threshold(scene, TD131_COUNT);
}

static enum queue_kind kind_of(const struct scene *scene, const struct listener_facts *now, uint64_t drops)
{
	if (drops)
		return now->depth > now->backlog ? QUEUE_FULL : QUEUE_OVERFLOWS;
	if (scene_waited(scene, now->oldest_ns, BUSY_NS) && now->depth && now->depth >= now->backlog * scene_threshold(scene, TD131_SHARE))
		return now->depth > now->backlog ? QUEUE_FULL : QUEUE_NEARLY_FULL;
	if (waits_long(scene, now))
		return QUEUE_WAITS;
	return QUEUE_FINE;
}

static void describe(struct finding *finding, const struct scene *scene, const struct listening_socket *listener, enum queue_kind kind, uint64_t drops)
{
	const struct known_process *process = model_present_process(scene_model(scene), &listener->base);
	const struct listener_facts *now = &listener->now;
	uint16_t port = listener->base.endpoint.local_port;
	words who, oldest, dropped = "";

	words_known(who, scene, process);
	words_seconds(oldest, oldest_s(scene, listener));
	if (drops)
		snprintf(dropped, sizeof(dropped), "; %llu %s dropped in the last seconds", (unsigned long long)drops,
			 drops == 1 ? "SYN or connection" : "SYNs and connections");
	if (kind == QUEUE_FULL)
		finding_title(finding, "the accept queue of %s on port %u is full: %u connections wait, %u may, the first for %s%.100s", who, port,
			      now->depth, now->backlog, oldest, dropped);
	else if (kind == QUEUE_OVERFLOWS)
		finding_title(finding, "the accept queue of %s on port %u overflows: %u of %u wait now%.100s", who, port, now->depth, now->backlog,
			      dropped);
	else if (kind == QUEUE_WAITS)
		finding_title(finding, "clients of %s on port %u wait to be accepted: %u connections, the first for %s; the queue has room for %u", who,
			      port, alive(now), oldest, now->backlog);
	else
		finding_title(finding, "the accept queue of %s on port %u is nearly full: %u of %u connections wait, the first for %s", who, port,
			      now->depth, now->backlog, oldest);
	finding_about_known(finding, scene, process);
	finding->subject.service_port = port;
	finding->subject.netns = listener->base.endpoint.netns;
}

/* By what the program is, where its settings are known. */
static void busy_change(struct finding *finding, const struct process *process)
{
	if (software_of(process) == SOFTWARE_PHP_FPM) {
		finding_change(finding, "php-fpm: all children are busy: see what they wait for (request_slowlog_timeout and slowlog tell it), then pm.max_children");
		return;
	}
	if (process->pid)
		finding_change(finding, "see what it does in place of accept(): stopped, stuck, or all workers busy (ps -o pid,stat,wchan:20,args -p %u --ppid %u)",
			       process->pid, process->pid);
	finding_change(finding, "more workers, if those that it has do what they are meant to");
}

static void backlog_change(struct finding *finding, const struct listener_facts *now)
{
	if (now->somaxconn && now->backlog >= now->somaxconn)
		finding_change(finding, "a larger backlog: it is as large as net.core.somaxconn (%u) lets it be; raise both, and start the service again", now->somaxconn);
	else
		finding_change(finding, "a larger backlog in listen(): net.core.somaxconn lets it have %u; start the service again", now->somaxconn);
}

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct listening_socket *listener, enum queue_kind kind, uint64_t drops)
{
	const struct listener_facts *now = &listener->now;
	const struct process *process = &model_present_process(scene_model(scene), &listener->base)->process;
	struct finding *finding = verdicts_add(verdicts, TD131, kind == QUEUE_NEARLY_FULL && !waits_long(scene, now) ? SEVERITY_SOON : SEVERITY_NOW);
	uint16_t port = listener->base.endpoint.local_port;

	if (!finding)
		return;
	describe(finding, scene, listener, kind, drops);
	finding->weight = now->depth;
	finding->since_ns = now->oldest_ns;
	finding_evidence(finding, "depth", now->depth, "connections", "ss -tln sport = :%u", port);
	finding_evidence(finding, "backlog", now->backlog, "connections", NULL);
	if (now->somaxconn)
		finding_evidence(finding, "somaxconn", now->somaxconn, "connections", "sysctl net.core.somaxconn");
	if (kind != QUEUE_WAITS)
		finding_evidence(finding, "threshold", scene_threshold(scene, TD131_SHARE), "share", NULL);
	finding_evidence(finding, "oldest", oldest_s(scene, listener), "s", NULL);
	if (now->closed)
		finding_evidence(finding, "closed_in_queue", now->closed, "connections", "ss -tan state close-wait sport = :%u", port);
	if (now->new_drops != LISTENER_NOT_KNOWN)
		finding_evidence(finding, "drops", drops, "SYNs", "nstat -az TcpExtListenOverflows TcpExtListenDrops");
	descriptors_change(finding, scene, process);
	if (kind == QUEUE_WAITS) {
		busy_change(finding, process);
		finding_useless(finding, "net.core.somaxconn", "the queue is not full: with more room more clients wait, none sooner");
		return;
	}
	finding_change(finding, "accept faster: more workers, nothing slow between accept() calls; what waits has been answered by the kernel, not by the program");
	backlog_change(finding, now);
	if (!now->somaxconn || now->backlog < now->somaxconn)
		finding_useless(finding, "net.core.somaxconn", "the program asks listen() for %u; a higher cap changes nothing until it asks for more",
				now->backlog);
	finding_useless(finding, "net.ipv4.tcp_max_syn_backlog", "is for handshakes that are not finished; these are");
}

/* What it does not accept is told there already. */
static bool is_stuck(const struct verdicts *verdicts, const struct process *process, const struct endpoint *endpoint)
{
	size_t i;

	for (i = 0; i < verdicts->count; i++) {
		const struct subject *subject = &verdicts->findings[i].subject;

		if (verdicts->findings[i].code != TD123)
			continue;
		if (subject->netns == endpoint->netns && subject->service_port == endpoint->local_port)
			return true;
		if (process->start_ns && subject->start_ns == process->start_ns && subject->pid == process->pid)
			return true;
	}
	return false;
}

void td131_accept_queue(const struct scene *scene, struct verdicts *verdicts)
{
	const struct listening_socket *listener;
	size_t cursor = 0;
	uint64_t id;

	while ((listener = model_listener_next(scene_model(scene), &cursor, &id))) {
		uint64_t drops = trends_grown(scene->trends, trend_key(TREND_LISTENER_DROPS, id, 0));
		enum queue_kind kind = kind_of(scene, &listener->now, drops);

		if (kind == QUEUE_WAITS && is_stuck(verdicts, &model_present_process(scene_model(scene), &listener->base)->process, &listener->base.endpoint))
			continue;
		if (kind != QUEUE_FINE)
			judge(scene, verdicts, listener, kind, drops);
	}
}
