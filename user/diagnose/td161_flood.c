// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A flood from outside: more SYNs than handshakes are finished. */
#include "diagnose/codes.h"
#include "diagnose/namespaces.h"
#include "diagnose/words.h"

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct listening_socket *listener, uint64_t cookies,
		  uint64_t drops)
{
	struct finding *finding = verdicts_add(verdicts, TD161, drops ? SEVERITY_NOW : SEVERITY_SOON);
	const struct known_process *process = model_present_process(scene_model(scene), &listener->base);
	uint16_t port = listener->base.endpoint.local_port;
	words who;

	if (!finding)
		return;
	words_known(who, scene, process);
	finding_title(finding, "port %u of %s gets more SYNs than handshakes are finished: %u are half-open (backlog %u), %llu answered with SYN cookies, %llu dropped in the last seconds: a flood from outside",
		      port, who, listener->now.half_open, listener->now.backlog, (unsigned long long)cookies, (unsigned long long)drops);
	finding_about_known(finding, scene, process);
	finding->subject.service_port = port;
	finding->subject.netns = listener->base.endpoint.netns;
	finding->weight = listener->now.half_open;
	finding_evidence(finding, "half_open", listener->now.half_open, "sockets", "ss -tan state syn-recv sport = :%u", port);
	finding_evidence(finding, "backlog", listener->now.backlog, "sockets", "ss -tln sport = :%u", port);
	finding_evidence(finding, "syn_cookies", cookies, "SYNs", "nstat -az TcpExtSyncookiesSent");
	finding_evidence(finding, "dropped", drops, "SYNs", "nstat -az TcpExtTCPReqQFullDrop");
	finding_change(finding, "limit it upstream, or with a packet filter that counts new connections by source; it is not your program");
	finding_change(finding, "keep net.ipv4.tcp_syncookies=1: real clients get through while it lasts");
	finding_useless(finding, "nofile", "half-open connections have no descriptor");
	finding_useless(finding, "net.ipv4.tcp_fin_timeout", "these connections were never established");
}

/* Not of a program that does not accept: its queue is full, and what is half-open waits for room in it (TD131). */
void td161_flood(const struct scene *scene, struct verdicts *verdicts)
{
	const struct listening_socket *listener;
	size_t cursor = 0;

	while ((listener = model_listener_next(scene_model(scene), &cursor, NULL))) {
		uint32_t netns = listener->base.endpoint.netns;
		uint64_t cookies = namespace_grown(scene, netns, NS_SYNCOOKIES_SENT);
		uint64_t drops = namespace_grown(scene, netns, NS_REQ_Q_FULL_DROP);

		if (listener->now.depth > listener->now.backlog)
			continue;
		if (listener->now.half_open >= listener->now.backlog * scene_threshold(scene, TD161_SHARE) &&
		    listener->now.half_open >= scene_threshold(scene, TD161_COUNT) && cookies + drops)
			judge(scene, verdicts, listener, cookies, drops);
	}
}
