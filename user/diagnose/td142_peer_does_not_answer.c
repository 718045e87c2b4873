// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* FIN_WAIT1, LAST_ACK or CLOSING that pile up: the peer's host does not acknowledge our FIN. */
#include <string.h>

#include "diagnose/close_wait.h"
#include "diagnose/codes.h"

static bool is_meant(const struct cause *cause)
{
	return cause->key.state == STATE_FIN_WAIT1 || cause->key.state == STATE_LAST_ACK || cause->key.state == STATE_CLOSING;
}

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct cause *cause)
{
	struct finding *finding = verdicts_add(verdicts, TD142, SEVERITY_NOTE);
	words who, what, oldest;

	if (!finding)
		return;
	words_service(who, scene, cause);
	if (cause->probing * 2 > cause->count)
		finding_title(finding, "%u %s that %s closed are in %s for up to %s: the other end does not read, its window is closed", cause->count,
			      cause_connections(what, cause), who, tcp_state_name(cause->key.state),
			      words_seconds(oldest, cause->oldest_ns / 1e9));
	else
		finding_title(finding, "%u %s that %s closed are in %s for up to %s: the other host does not acknowledge the end", cause->count,
		      cause_connections(what, cause), who, tcp_state_name(cause->key.state), words_seconds(oldest, cause->oldest_ns / 1e9));
	close_wait_subject(finding, scene, cause);
	finding->subject.kind ^= (uint32_t)cause->key.state << 24;
	finding_evidence(finding, "sockets", cause->count, "sockets", "ss -tano state fin-wait-1 state last-ack state closing");
	if (cause->looked) {
		finding_evidence(finding, "send_queue", cause->tx_queue, "bytes", NULL);
		finding_evidence(finding, "retransmissions", cause->retransmits, "in a row", NULL);
	}
	finding_evidence(finding, "aged", cause->aged, "sockets", NULL);
	finding_evidence(finding, "oldest", cause->oldest_ns / 1e9, "s", NULL);
	finding_change(finding, "look at the network to that host, and whether it still reads: what is not acknowledged is sent again for minutes");
	finding_useless(finding, "net.ipv4.tcp_fin_timeout", "is for FIN_WAIT2, which comes after the peer's acknowledgement");
}

void td142_peer_does_not_answer(const struct scene *scene, struct verdicts *verdicts)
{
	struct services services;
	size_t i;

	services_find(&services, scene, is_meant);
	for (i = 0; i < services.count; i++)
		if (services.list[i].aged >= scene_threshold(scene, TD142_COUNT))
			judge(scene, verdicts, &services.list[i]);
	services_release(&services);
}
