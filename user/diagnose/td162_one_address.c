// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Most connections to a service come from one address: a client without a pool, a balancer, or NAT. */
#include <string.h>

#include "diagnose/codes.h"
#include "diagnose/words.h"

static bool same_service(const struct peer_key *a, const struct peer_key *b)
{
	return a->netns == b->netns && a->local_port == b->local_port && !memcmp(a->local_addr, b->local_addr, 16);
}

static bool is_loopback(const uint8_t addr[16])
{
	static const uint8_t ipv4[13] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127 }, ipv6[16] = { [15] = 1 };

	return !memcmp(addr, ipv4, sizeof(ipv4)) || !memcmp(addr, ipv6, sizeof(ipv6));
}

static bool is_of(const struct destination *destination, const struct peer *peer)
{
	const struct destination_key *key = &destination->key;

	return key->netns == peer->key.netns && key->remote_port == peer->key.local_port &&
	       !memcmp(key->remote_addr, peer->key.local_addr, 16) && !memcmp(key->local_addr, peer->key.remote_addr, 16);
}

/* Processes of this namespace open them: these connections have a side here that is active, with the peer's address as its own. */
static bool is_from_here(const struct scene *scene, const struct peer *peer)
{
	const struct destination *destination;

	if (is_loopback(peer->key.remote_addr) || !memcmp(peer->key.remote_addr, peer->key.local_addr, 16))
		return true;
	for (destination = scene->ports->destinations.by_key; destination; destination = destination->hh.next)
		if (is_of(destination, peer))
			return true;
	return false;
}

/* A pool of long connections from one host is how it should be; and this machine itself is no balancer. */
static bool is_balancer(const struct scene *scene, const struct peer *peer)
{
	return peer->by_state[STATE_TIME_WAIT] * 2 >= peer->sockets && !is_from_here(scene, peer);
}

static void judge(struct verdicts *verdicts, const struct peer *peer, uint32_t all)
{
	struct finding *finding = verdicts_add(verdicts, TD162, SEVERITY_NOTE);
	words from, number;

	if (!finding)
		return;
	words_address(from, peer->key.remote_addr);
	finding_title(finding, "%s makes %s%% of the connections to port %u here and uses %u of its ports for them: a client without a pool, a balancer or NAT", from,
		      words_number(number, (uint32_t)(100.0 * peer->sockets / all)), peer->key.local_port, peer->sockets);
	memcpy(finding->subject.remote_addr, peer->key.remote_addr, 16);
	finding->subject.service_port = peer->key.local_port;
	finding->subject.netns = peer->key.netns;
	finding->concerns_all = true;
	finding->weight = peer->sockets;
	finding_evidence(finding, "ports", peer->sockets, "ports", "tcpdwell ports --by peer");
	finding_evidence(finding, "time_wait", peer->by_state[STATE_TIME_WAIT], "ports", NULL);
	finding_evidence(finding, "share", (double)peer->sockets / all, "", NULL);
	finding_evidence(finding, "rate", peer->rate, "connections a second", NULL);
	finding_change(finding, "persistent connections from there to this service (a client: a pool, keep-alive; nginx: keepalive in upstream{}; HAProxy: http-reuse)");
	finding_change(finding, "if its ports run out: a second address for it, or a second port for the service");
	finding_useless(finding, "net.ipv4.tcp_tw_reuse", "is for connections that this machine opens; here the other one does");
}

void td162_one_address(const struct scene *scene, struct verdicts *verdicts)
{
	const struct peers *peers = &scene->ports->peers;
	const struct peer *peer, *other;
	size_t i, k;

	for (i = 0; i < peers->n_sorted; i++) {
		uint32_t all = 0;

		peer = peers->sorted[i];
		if (peer->sockets < scene_threshold(scene, TD162_COUNT))
			break;
		if (!is_balancer(scene, peer))
			continue;
		for (k = 0; k < peers->n_sorted; k++) {
			other = peers->sorted[k];
			all += same_service(&other->key, &peer->key) ? other->sockets : 0;
		}
		if (peer->sockets >= all * scene_threshold(scene, TD162_SHARE))
			judge(verdicts, peer, all);
	}
}
