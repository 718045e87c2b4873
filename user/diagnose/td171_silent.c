// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* ESTABLISHED and silent for long, without keepalive: the peer may be gone, and nobody would notice. */
#include <stdlib.h>

#include "diagnose/codes.h"
#include "diagnose/kinds.h"
#include "util/shortage.h"

struct silence {
	uint32_t silent, with_keepalive;
	uint32_t netns; /* of one of them */
	uint64_t longest_ns;
};

static uint64_t silent_ns(const struct scene *scene, const struct present_socket *socket)
{
	uint64_t last_ns = socket->now.received_ns > socket->now.sent_ns ? socket->now.received_ns : socket->now.sent_ns;

	if (!socket->now.received_ns || !socket->now.sent_ns || last_ns > scene->now_ns)
		return 0;
	return scene->now_ns - last_ns;
}

static void count(struct silence *silences, const struct kinds *kinds, const struct scene *scene)
{
	double limit_s = scene_threshold(scene, TD171_IDLE_S);
	struct present_socket socket;
	size_t cursor = 0, member;

	while (model_present_next(scene_model(scene), &cursor, &socket)) {
		uint64_t ns = silent_ns(scene, &socket);

		if (socket.base.state != STATE_ESTABLISHED || socket.base.flags & PRESENT_IN_ACCEPT_QUEUE || ns < limit_s * 1e9)
			continue;
		member = kinds_member(kinds, present_charged(&socket.base));
		if (member == kinds->n_members)
			continue;
		if (socket.now.keepalive != PRESENT_NO) {
			silences[member].with_keepalive += socket.now.keepalive == PRESENT_YES;
			continue;
		}
		silences[member].silent++;
		silences[member].netns = socket.base.endpoint.netns;
		if (ns > silences[member].longest_ns)
			silences[member].longest_ns = ns;
	}
}

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct silence *silence, const struct many *many)
{
	struct finding *finding = verdicts_add(verdicts, TD171, SEVERITY_NOTE);
	words who, longest, limit;

	if (!finding)
		return;
	words_many(who, scene, many);
	words_seconds(longest, silence->longest_ns / 1e9);
	words_seconds(limit, scene_threshold(scene, TD171_IDLE_S));
	finding_title(finding, "%s has %u connections on which nothing moved for %s or longer (up to %s) and that have no keepalive: if their peers are gone, it never learns it",
		      who, silence->silent, limit, longest);
	finding->confidence = CONFIDENCE_LIKELY;
	many_subject(finding, scene, many);
	finding->subject.netns = silence->netns;
	finding->weight = silence->silent;
	finding->since_ns = scene->now_ns - silence->longest_ns;
	finding_evidence(finding, "silent", silence->silent, "sockets", "ss -tanpoi state established | grep -v keepalive");
	if (many->processes > 1)
		finding_evidence(finding, "processes", many->processes, "processes", NULL);
	finding_evidence(finding, "longest", silence->longest_ns / 1e9, "s", NULL);
	finding_evidence(finding, "silent_with_keepalive", silence->with_keepalive, "sockets", NULL);
	finding_change(finding, "SO_KEEPALIVE in the program (tcpKeepAlive=true, socket.SO_KEEPALIVE, net.Dialer.KeepAlive), with TCP_KEEPIDLE of a few minutes, or a timeout of its own");
	finding_useless(finding, "net.ipv4.tcp_keepalive_time", "is for sockets that have SO_KEEPALIVE; these have not");
}

/* Of all processes of a kind; the one that has the most stands for them. */
static void judge_kind(const struct scene *scene, struct verdicts *verdicts, const struct kinds *kinds, const struct kind *kind,
		       const struct silence *silences)
{
	struct silence all = {};
	size_t i, most = kind->first;
	struct many many;

	for (i = kind->first; i < kind->end; i++) {
		all.silent += silences[i].silent;
		all.with_keepalive += silences[i].with_keepalive;
		all.netns = silences[i].silent ? silences[i].netns : all.netns;
		all.longest_ns = silences[i].longest_ns > all.longest_ns ? silences[i].longest_ns : all.longest_ns;
		most = silences[i].silent > silences[most].silent ? i : most;
	}
	if (all.silent < scene_threshold(scene, TD171_COUNT))
		return;
	many = (struct many){ .process = &kinds->members[most].known->process, .known = kinds->members[most].known };
	for (i = kind->first; i < kind->end; i++)
		if (silences[i].silent)
			many_add(&many, scene, &kinds->members[i].known->process);
	judge(scene, verdicts, &all, &many);
}

void td171_silent(const struct scene *scene, struct verdicts *verdicts)
{
	struct silence *silences;
	struct kinds kinds;
	size_t i;

	kinds_find(&kinds, scene);
	silences = shortage_noted(calloc(kinds.n_members + 1, sizeof(*silences)));
	if (silences)
		count(silences, &kinds, scene);
	for (i = 0; silences && i < kinds.count; i++)
		judge_kind(scene, verdicts, &kinds, &kinds.list[i], silences);
	free(silences);
	kinds_release(&kinds);
}
