// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A service of ours closes first, so that TIME_WAIT piles up here. */
#include <string.h>

#include "diagnose/codes.h"
#include "diagnose/words.h"

#define SOCKET_BYTES 250 /* of a timewait socket and its place in the tables, about */

static const struct flow *flow_of(const struct scene *scene, const struct cause *cause)
{
	const struct flow *flow;

	for (flow = scene->flows->table; flow; flow = flow->hh.next)
		if (flow->key.side == SIDE_PASSIVE && flow->key.netns == cause->key.netns &&
		    flow->key.service_port == cause->key.service_port)
			return flow;
	return NULL;
}

/* Of all processes of the service. */
static uint32_t count_service(const struct scene *scene, const struct cause *cause)
{
	const struct cause *other;
	uint32_t sum = 0;

	for (other = scene->causes->table; other; other = other->hh.next)
		if (other->key.state == STATE_TIME_WAIT && other->key.side == SIDE_PASSIVE && other->key.netns == cause->key.netns &&
		    other->key.service_port == cause->key.service_port)
			sum += other->count;
	return sum;
}

/* The sorted list has the process with the most first: a service is told of once. */
static bool is_told(const struct scene *scene, size_t at)
{
	const struct cause *cause = scene->causes->sorted[at], *other;
	size_t i;

	for (i = 0; i < at; i++) {
		other = scene->causes->sorted[i];
		if (other->key.state == STATE_TIME_WAIT && other->key.side == SIDE_PASSIVE && other->key.netns == cause->key.netns &&
		    other->key.service_port == cause->key.service_port)
			return true;
	}
	return false;
}

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct cause *cause, uint32_t count)
{
	struct finding *finding = verdicts_add(verdicts, TD112, SEVERITY_NOTE);
	const struct known_process *process = scene_process(scene, cause->key.process);
	const struct flow *flow = flow_of(scene, cause);
	double rate = flow ? flow->counts[FLOW_TIME_WAIT] / flow->seconds : 0;
	words who, number;

	if (!finding)
		return;
	words_known(who, scene, process);
	finding_title(finding, "%s closes connections to its port %u first: %u TIME_WAIT here, about %u KiB; mostly harmless", who,
		      cause->key.service_port, count, count * SOCKET_BYTES / 1024);
	finding_about_known(finding, scene, process);
	finding->subject.netns = cause->key.netns;
	finding->subject.service_port = cause->key.service_port;
	finding->weight = count;
	finding_evidence(finding, "time_wait", count, "sockets", "ss -tan state time-wait sport = :%u", cause->key.service_port);
	finding_evidence(finding, "rate", rate, "a second", NULL);
	finding_evidence(finding, "memory", count * SOCKET_BYTES, "bytes", NULL);
	finding_change(finding, "nothing has to be done: TIME_WAIT of a service takes no port and no descriptor, and ends after %s",
		       words_seconds(number, scene->ports->time_wait_ns / 1e9));
	finding_change(finding, "to have fewer: keep-alive, or let the client close first");
	finding_useless(finding, "net.ipv4.tcp_fin_timeout", "does not touch TIME_WAIT");
	finding_useless(finding, "net.ipv4.tcp_tw_reuse", "is for connections that this machine opens; these were accepted");
	finding_useless(finding, "net.ipv4.tcp_tw_recycle", "does not exist since Linux 4.12; before, it broke clients behind NAT");
}

void td112_server_closes_first(const struct scene *scene, struct verdicts *verdicts)
{
	uint32_t count;
	size_t i;

	for (i = 0; i < scene->causes->count; i++) {
		const struct cause *cause = scene->causes->sorted[i];

		if (cause->key.state != STATE_TIME_WAIT || cause->key.side != SIDE_PASSIVE || is_told(scene, i))
			continue;
		count = count_service(scene, cause);
		if (count >= scene_threshold(scene, TD112_COUNT))
			judge(scene, verdicts, cause, count);
	}
}
