// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A service of ours closes first, so that TIME_WAIT piles up here. */
#include <stdio.h>
#include <stdlib.h>

#include "attribute/process.h"
#include "diagnose/codes.h"
#include "diagnose/likely.h"
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

/* Who made the TIME_WAIT of a service. */
struct makers {
	struct many many; /* the processes of the program that made the most, of those that are known; none: nobody is */
	uint32_t known, unknown; /* sockets */
	bool from_before; /* some of the unknown ones are older than the run */
};

static struct makers makers_of(const struct scene *scene, const struct cause *service)
{
	struct makers makers = {};
	size_t i;

	for (i = 0; i < scene->causes->count; i++) {
		const struct cause *cause = scene->causes->sorted[i];
		const struct known_process *known = scene_process(scene, cause->key.process);

		if (cause->key.state != STATE_TIME_WAIT || cause->key.side != SIDE_PASSIVE || cause->key.netns != service->key.netns ||
		    cause->key.service_port != service->key.service_port)
			continue;
		if (!known->process.start_ns) {
			makers.unknown += cause->count;
			makers.from_before |= cause->from_before || cause->oldest_ns >= scene->now_ns - scene->begin_ns;
			continue;
		}
		makers.known += cause->count;
		if (!makers.many.process)
			makers.many = (struct many){ .process = &known->process, .known = known };
		if (known == makers.many.known || processes_are_alike(&known->process, makers.many.process))
			many_add(&makers.many, scene, &known->process);
	}
	return makers;
}

/* Of most sockets it was seen who closed them: else who serves the port now is likely to have. */
static const char *title_words(words out, struct finding *finding, const struct scene *scene, const struct cause *cause,
			       const struct makers *makers)
{
	const struct process *server = likely_server(scene, cause->key.netns, cause->key.service_port);
	words name;

	if (makers->known >= makers->unknown)
		return words_many(out, scene, &makers->many);
	if (!makers->many.process)
		words_likely(out, scene, server);
	else
		snprintf(out, FINDING_NAME, "probably %.170s", words_many(name, scene, &makers->many));
	if (makers->many.process || server)
		finding->confidence = CONFIDENCE_LIKELY;
	return out;
}

static void unknown_evidence(struct finding *finding, const struct makers *makers)
{
	if (!makers->unknown)
		return;
	finding_evidence(finding, "of_unknown_process", makers->unknown, "sockets", NULL);
	finding_evidence_text(finding, "why_unknown",
			      makers->from_before ? "closed before tcpdwell came: TIME_WAIT has no owner any more" :
						    "nobody was seen to accept or close them");
}

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct cause *cause, uint32_t count)
{
	struct finding *finding = verdicts_add(verdicts, TD112, SEVERITY_NOTE);
	const struct makers makers = makers_of(scene, cause);
	const struct flow *flow = flow_of(scene, cause);
	double rate = flow ? flow->counts[FLOW_TIME_WAIT] / flow->seconds : 0;
	words who, number;

	if (!finding)
		return;
	title_words(who, finding, scene, cause, &makers);
	finding_title(finding, "%s closes connections to its port %u first: %u TIME_WAIT here, about %u KiB; mostly harmless", who,
		      cause->key.service_port, count, count * SOCKET_BYTES / 1024);
	if (makers.many.process) {
		finding_about_known(finding, scene, makers.many.known);
		finding_of_program(finding, makers.many.process, makers.many.processes);
	}
	finding->subject.netns = cause->key.netns;
	finding->subject.service_port = cause->key.service_port;
	finding->weight = count;
	finding_evidence(finding, "time_wait", count, "sockets", "ss -tan state time-wait sport = :%u", cause->key.service_port);
	unknown_evidence(finding, &makers);
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
