// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Clients closed while they waited to be accepted. */
#include "diagnose/close_wait.h"
#include "diagnose/codes.h"
#include "diagnose/descriptors.h"

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct cause *cause)
{
	struct finding *finding = verdicts_add(verdicts, TD132, SEVERITY_NOW);
	words who, oldest;

	if (!finding)
		return;
	words_service(who, scene, cause);
	finding_title(finding, "%u client%s of port %u gave up before %s accepted them; the first closed %s%s ago", cause->count, plural(cause->count),
		      cause->key.service_port, who, cause->oldest_at_least ? "at least " : "", words_seconds(oldest, cause->oldest_ns / 1e9));
	close_wait_subject(finding, scene, cause);
	finding_evidence(finding, "closed_in_accept_queue", cause->count, "sockets", "ss -tan state close-wait sport = :%u",
			 cause->key.service_port);
	finding_evidence(finding, cause->oldest_at_least ? "oldest_at_least" : "oldest", cause->oldest_ns / 1e9, "s", NULL);
	finding_evidence(finding, "youngest", cause->youngest_ns / 1e9, "s", NULL);
	descriptors_change(finding, scene, &scene_process(scene, cause->key.process)->process);
	finding_change(finding, "let the program accept faster: more workers, nothing slow between accept() calls");
	finding_change(finding, "clients: a timeout that is longer than they wait here, until it does");
	finding_change(finding, "a smaller backlog: who finds no room is not queued in vain, and its connect() fails or goes elsewhere");
	finding_useless(finding, "net.core.somaxconn", "a longer queue lets more clients wait until they give up");
	finding_useless(finding, "net.ipv4.tcp_keepalive_time", "nobody has a descriptor of these sockets yet, and their clients are gone");
}

static bool is_queued(const struct cause *cause)
{
	return cause->key.state == STATE_CLOSE_WAIT && cause->key.queued;
}

/* Workers that listen each on their own (SO_REUSEPORT) are one service. */
void td132_gave_up_in_queue(const struct scene *scene, struct verdicts *verdicts)
{
	struct services services;
	size_t i;

	services_find(&services, scene, is_queued);
	for (i = 0; i < services.count; i++) {
		const struct cause *cause = &services.list[i];

		/* Those of a program that is merely busy have closed a moment ago. */
		if (cause->count >= scene_threshold(scene, TD132_COUNT) &&
		    cause->oldest_ns / 1e9 >= scene_threshold(scene, TD132_AGE_S))
			judge(scene, verdicts, cause);
	}
	services_release(&services);
}
