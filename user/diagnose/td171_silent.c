// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* ESTABLISHED and silent for long, without keepalive: the peer may be gone, and nobody would notice. */
#include <string.h>

#include "diagnose/codes.h"
#include "diagnose/words.h"

struct silence {
	uint32_t process, silent, with_keepalive;
	uint64_t longest_ns;
	uint16_t service_port;
	uint8_t remote_addr[16], side;
	uint32_t netns;
	bool one_remote;
};

static uint64_t silent_ns(const struct scene *scene, const struct present_socket *socket)
{
	uint64_t last_ns = socket->now.received_ns > socket->now.sent_ns ? socket->now.received_ns : socket->now.sent_ns;

	if (!socket->now.received_ns || !socket->now.sent_ns || last_ns > scene->now_ns)
		return 0;
	return scene->now_ns - last_ns;
}

static void count(struct silence *silence, const struct scene *scene)
{
	double limit_s = scene_threshold(scene, TD171_IDLE_S);
	struct present_socket socket;
	size_t cursor = 0;

	silence->one_remote = true;
	while (model_present_next(scene_model(scene), &cursor, &socket)) {
		uint64_t ns = silent_ns(scene, &socket);

		if (socket.base.state != STATE_ESTABLISHED || present_charged(&socket.base) != silence->process ||
		    socket.base.flags & PRESENT_IN_ACCEPT_QUEUE || ns < limit_s * 1e9)
			continue;
		if (socket.now.keepalive != PRESENT_NO) {
			silence->with_keepalive += socket.now.keepalive == PRESENT_YES;
			continue;
		}
		if (silence->silent++ && memcmp(silence->remote_addr, socket.base.endpoint.remote_addr, 16))
			silence->one_remote = false;
		memcpy(silence->remote_addr, socket.base.endpoint.remote_addr, 16);
		silence->side = socket.base.side;
		silence->service_port = endpoint_service_port(&socket.base.endpoint, socket.base.side);
		silence->netns = socket.base.endpoint.netns;
		if (ns > silence->longest_ns)
			silence->longest_ns = ns;
	}
}

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct silence *silence)
{
	struct finding *finding = verdicts_add(verdicts, TD171, SEVERITY_NOTE);
	const struct known_process *known = scene_process(scene, silence->process);
	words who, longest, limit;

	if (!finding)
		return;
	words_known(who, scene, known);
	words_seconds(longest, silence->longest_ns / 1e9);
	words_seconds(limit, scene_threshold(scene, TD171_IDLE_S));
	finding_title(finding, "%s has %u connections on which nothing moved for %s or longer (up to %s) and that have no keepalive: if their peers are gone, it never learns it",
		      who, silence->silent, limit, longest);
	finding->confidence = CONFIDENCE_LIKELY;
	finding_about_known(finding, scene, known);
	finding->subject.netns = silence->netns;
	finding->weight = silence->silent;
	finding->since_ns = scene->now_ns - silence->longest_ns;
	finding_evidence(finding, "silent", silence->silent, "sockets", "ss -tanpoi state established | grep -v keepalive");
	finding_evidence(finding, "longest", silence->longest_ns / 1e9, "s", NULL);
	finding_evidence(finding, "silent_with_keepalive", silence->with_keepalive, "sockets", NULL);
	finding_change(finding, "SO_KEEPALIVE in the program (tcpKeepAlive=true, socket.SO_KEEPALIVE, net.Dialer.KeepAlive), with TCP_KEEPIDLE of a few minutes, or a timeout of its own");
	finding_useless(finding, "net.ipv4.tcp_keepalive_time", "is for sockets that have SO_KEEPALIVE; these have not");
}

void td171_silent(const struct scene *scene, struct verdicts *verdicts)
{
	size_t i, k;

	for (i = 0; i < scene->causes->count; i++) {
		struct silence silence = { .process = scene->causes->sorted[i]->key.process };

		if (scene->causes->sorted[i]->key.state != STATE_ESTABLISHED || !silence.process)
			continue;
		for (k = 0; k < i; k++)
			if (scene->causes->sorted[k]->key.process == silence.process && scene->causes->sorted[k]->key.state == STATE_ESTABLISHED)
				break;
		if (k < i)
			continue;
		count(&silence, scene);
		if (silence.silent >= scene_threshold(scene, TD171_COUNT))
			judge(scene, verdicts, &silence);
	}
}
