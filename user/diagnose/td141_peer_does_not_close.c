// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* FIN_WAIT2 that a process holds: it has shut its side down, and the peer does not close. */
#include <string.h>

#include "diagnose/close_wait.h"
#include "diagnose/codes.h"

#define PEERS_LOOKED_FOR 64 /* of those with the most sockets: each is a pass over all sockets */

/* The process that has the other end of a socket, where that is on this machine. NULL: it is not found. */
static const struct known_process *peer_of(const struct scene *scene, uint64_t id)
{
	const struct model *model = scene_model(scene);
	const struct live_socket *mine = live_sockets_find(&model->sockets, id), *socket;
	struct live_end room, other_room;
	const struct live_end *end = mine ? live_socket_end(&model->sockets, mine, &room) : NULL, *other;
	struct present_socket peer;
	size_t cursor = 0;

	if (end && model_peer(model, &end->endpoint, &peer))
		return model_present_process(model, &peer.base);
	while (end && (socket = live_sockets_next(&model->sockets, &cursor, NULL))) {
		other = live_socket_end(&model->sockets, socket, &other_room);
		if (other && other->endpoint.local_port == end->endpoint.remote_port &&
		    other->endpoint.remote_port == end->endpoint.local_port &&
		    !memcmp(other->endpoint.local_addr, end->endpoint.remote_addr, 16) &&
		    !memcmp(other->endpoint.remote_addr, end->endpoint.local_addr, 16))
			return scene_process(scene, live_socket_charged(socket));
	}
	return NULL;
}

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct cause *cause, bool looks)
{
	struct finding *finding = verdicts_add(verdicts, TD141, SEVERITY_NOTE);
	const struct known_process *peer = looks ? peer_of(scene, cause->example) : NULL;
	words who, what, oldest, other;

	if (!finding)
		return;
	words_service(who, scene, cause);
	if (peer)
		words_known(other, scene, peer);
	else
		words_remote(other, cause->remote_addr, cause->remote_port);
	finding_title(finding, "%s has shut down %u %s and waits in FIN_WAIT2 for up to %s: %s does not close", who, cause->count,
		      cause_connections(what, cause), words_seconds(oldest, cause->oldest_ns / 1e9), other);
	close_wait_subject(finding, scene, cause);
	if (peer)
		finding_concerns(finding, &peer->process);
	finding_evidence(finding, "fin_wait2", cause->count, "sockets", "ss -tanp state fin-wait-2");
	finding_evidence(finding, cause->oldest_at_least ? "oldest_at_least" : "oldest", cause->oldest_ns / 1e9, "s", NULL);
	finding_evidence(finding, "aged", cause->aged, "sockets", NULL);
	finding_evidence_text(finding, "peer", other);
	finding_change(finding, "the peer is to close: it has been told that nothing more comes (look for a leak of CLOSE_WAIT there)");
	finding_change(finding, "%s: close() in place of shutdown() when nothing more is expected, or a timeout for the read", who);
	finding_useless(finding, "net.ipv4.tcp_fin_timeout", "is for sockets that no process has any more; these have a descriptor");
}

static bool is_shut_down(const struct cause *cause)
{
	return cause->key.state == STATE_FIN_WAIT2 && cause->key.held && !cause->key.small;
}

void td141_peer_does_not_close(const struct scene *scene, struct verdicts *verdicts)
{
	struct services services;
	size_t i, judged = 0;

	services_find(&services, scene, is_shut_down);
	for (i = 0; i < services.count; i++)
		if (services.list[i].aged >= scene_threshold(scene, TD141_COUNT))
			judge(scene, verdicts, &services.list[i], judged++ < PEERS_LOOKED_FOR);
	services_release(&services);
}
