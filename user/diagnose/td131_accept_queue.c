// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A listener's accept queue is (nearly) full. */
#include <stdio.h>
#include <string.h>

#include "diagnose/codes.h"
#include "diagnose/descriptors.h"
#include "diagnose/words.h"

#define BUSY_NS 1000000000ULL /* a queue that is merely used is emptied sooner */

static double oldest_s(const struct scene *scene, const struct listening_socket *listener)
{
	return listener->now.oldest_ns && scene->now_ns > listener->now.oldest_ns ? (scene->now_ns - listener->now.oldest_ns) / 1e9 : 0;
}

static void describe(struct finding *finding, const struct scene *scene, const struct listening_socket *listener, uint64_t drops)
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
	if (now->depth > now->backlog)
		finding_title(finding, "the accept queue of %s on port %u is full: %u connections wait, %u may, the first for %s%.100s", who, port,
			      now->depth, now->backlog, oldest, dropped);
	else if (drops)
		finding_title(finding, "the accept queue of %s on port %u overflows: %u of %u wait now%.100s", who, port, now->depth, now->backlog,
			      dropped);
	else
		finding_title(finding, "the accept queue of %s on port %u is nearly full: %u of %u connections wait, the first for %s", who, port,
			      now->depth, now->backlog, oldest);
	finding_about_known(finding, scene, process);
	finding->subject.service_port = port;
	finding->subject.netns = listener->base.endpoint.netns;
}

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct listening_socket *listener, uint64_t drops)
{
	const struct listener_facts *now = &listener->now;
	bool full = now->depth > now->backlog || drops;
	struct finding *finding = verdicts_add(verdicts, TD131, full ? SEVERITY_NOW : SEVERITY_SOON);
	uint16_t port = listener->base.endpoint.local_port;

	if (!finding)
		return;
	describe(finding, scene, listener, drops);
	finding->weight = now->depth;
	finding->since_ns = now->oldest_ns;
	finding_evidence(finding, "depth", now->depth, "connections", "ss -tln sport = :%u", port);
	finding_evidence(finding, "backlog", now->backlog, "connections", NULL);
	if (now->somaxconn)
		finding_evidence(finding, "somaxconn", now->somaxconn, "connections", "sysctl net.core.somaxconn");
	finding_evidence(finding, "threshold", scene_threshold(scene, TD131_SHARE), "share", NULL);
	finding_evidence(finding, "oldest", oldest_s(scene, listener), "s", NULL);
	if (now->closed)
		finding_evidence(finding, "closed_in_queue", now->closed, "connections", "ss -tan state close-wait sport = :%u", port);
	if (now->new_drops != LISTENER_NOT_KNOWN)
		finding_evidence(finding, "drops", drops, "SYNs", "nstat -az TcpExtListenOverflows TcpExtListenDrops");
	descriptors_change(finding, scene, &model_present_process(scene_model(scene), &listener->base)->process);
	finding_change(finding, "accept faster: more workers, nothing slow between accept() calls; what waits has been answered by the kernel, not by the program");
	if (now->somaxconn && now->backlog >= now->somaxconn)
		finding_change(finding, "a larger backlog: it is as large as net.core.somaxconn (%u) lets it be; raise both, and start the service again", now->somaxconn);
	else
		finding_change(finding, "a larger backlog in listen(): net.core.somaxconn lets it have %u; start the service again", now->somaxconn);
	if (!now->somaxconn || now->backlog < now->somaxconn)
		finding_useless(finding, "net.core.somaxconn", "the program asks listen() for %u; a higher cap changes nothing until it asks for more",
				now->backlog);
	finding_useless(finding, "net.ipv4.tcp_max_syn_backlog", "is for handshakes that are not finished; these are");
}

void td131_accept_queue(const struct scene *scene, struct verdicts *verdicts)
{
	const struct listening_socket *listener;
	size_t cursor = 0;
	uint64_t id;

	while ((listener = model_listener_next(scene_model(scene), &cursor, &id))) {
		const struct listener_facts *now = &listener->now;
		uint64_t drops = trends_grown(scene->trends, trend_key(TREND_LISTENER_DROPS, id, 0));
		bool waits = scene_waited(scene, now->oldest_ns, BUSY_NS);

		if (drops || (waits && now->depth && now->depth >= now->backlog * scene_threshold(scene, TD131_SHARE)))
			judge(scene, verdicts, listener, drops);
	}
}
