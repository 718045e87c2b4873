// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A service of ours closes first, so that TIME_WAIT piles up here. */
#include <stdlib.h>

#include "diagnose/codes.h"
#include "diagnose/words.h"
#include "util/shortage.h"

#define SOCKET_BYTES 250 /* of a timewait socket and its place in the tables, about */

static const struct flow *flow_of(const struct scene *scene, const struct cause *cause)
{
	const struct flow_key key = { .netns = cause->key.netns, .service_port = cause->key.service_port, .side = SIDE_PASSIVE };
	const struct flow *flow;

	HASH_FIND(hh, scene->flows->table, &key, sizeof(key), flow);
	return flow;
}

/* TIME_WAIT of all processes of a service, and which cause tells of it: the list of causes has the process with the most first. */
struct service {
	uint32_t netns;
	uint16_t port;
	size_t at; /* of the first of its causes, in the list */
	uint32_t count;
};

static int compare_services(const void *a, const void *b)
{
	const struct service *first = a, *second = b;

	if (first->netns != second->netns)
		return first->netns < second->netns ? -1 : 1;
	if (first->port != second->port)
		return first->port < second->port ? -1 : 1;
	return first->at < second->at ? -1 : first->at > second->at;
}

static int compare_places(const void *a, const void *b)
{
	const struct service *first = a, *second = b;

	return first->at < second->at ? -1 : first->at > second->at;
}

/* One for each cause, then those of one service together; how many are left. */
static size_t find_services(struct service *services, const struct scene *scene)
{
	size_t i, count = 0, left = 0;

	for (i = 0; i < scene->causes->count; i++) {
		const struct cause *cause = scene->causes->sorted[i];

		if (cause->key.state == STATE_TIME_WAIT && cause->key.side == SIDE_PASSIVE)
			services[count++] = (struct service){ cause->key.netns, cause->key.service_port, i, cause->count };
	}
	if (!count)
		return 0;
	qsort(services, count, sizeof(*services), compare_services);
	for (i = 1; i < count; i++)
		if (services[i].netns == services[left].netns && services[i].port == services[left].port)
			services[left].count += services[i].count;
		else
			services[++left] = services[i];
	qsort(services, left + 1, sizeof(*services), compare_places);
	return left + 1;
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
	struct service *services = shortage_noted(malloc((scene->causes->count + 1) * sizeof(*services)));
	size_t i, count = services ? find_services(services, scene) : 0;

	for (i = 0; i < count; i++)
		if (services[i].count >= scene_threshold(scene, TD112_COUNT))
			judge(scene, verdicts, scene->causes->sorted[services[i].at], services[i].count);
	free(services);
}
