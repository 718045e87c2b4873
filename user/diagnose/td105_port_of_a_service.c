// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* An outgoing connection sits on a port on which a service listened: it can't listen there again. */
#include <string.h>

#include "diagnose/codes.h"
#include "diagnose/words.h"
#include "util/number.h"

#define RESTART_NS 1500000000ULL /* a service that starts again is back by then, or is not told of yet */

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct listened_port *listened,
		  const struct live_socket *socket, const struct live_end *end)
{
	struct finding *finding = verdicts_add(verdicts, TD105, SEVERITY_NOW);
	const struct known_process *holder = scene_process(scene, live_socket_charged(socket));
	double age_s = elapsed_ns(scene->now_ns, socket->since_ns) / 1e9;
	words who, service, remote, age;

	if (!finding)
		return;
	words_known(who, scene, holder);
	finding_title(finding, "port %u, on which %s listened, is taken by an outgoing connection of %s to %s (%s, %s%s): the service gets \"Address already in use\"",
		      end->endpoint.local_port, words_process(service, scene, &listened->process), who,
		      words_remote(remote, end->endpoint.remote_addr, end->endpoint.remote_port), tcp_state_name(socket->state),
		      socket->flags & LIVE_AT_LEAST ? "at least " : "", words_seconds(age, age_s));
	finding_about_known(finding, scene, holder);
	finding_concerns(finding, &listened->process);
	memcpy(finding->subject.remote_addr, end->endpoint.remote_addr, 16);
	finding->subject.remote_port = end->endpoint.remote_port;
	finding->subject.service_port = end->endpoint.local_port;
	finding->subject.netns = end->endpoint.netns;
	finding_evidence(finding, "port", end->endpoint.local_port, "", "ss -tanp sport = :%u", end->endpoint.local_port);
	finding_evidence(finding, "age", age_s, "s", NULL);
	finding_change(finding, "end that connection, then start the service");
	finding_change(finding, "sysctl net.ipv4.ip_local_reserved_ports=%u (with those that are there): connect() chooses it no more",
		       end->endpoint.local_port);
	finding_useless(finding, "SO_REUSEADDR", "lets a service listen beside TIME_WAIT of its own port, not on a port that a connection has");
}

/* Looks may be further apart than a service takes to start again. */
static bool is_over(const struct scene *scene, const struct listened_port *listened)
{
	return (scene->present_seen_ns ?: scene->now_ns) >= listened->last_ns + RESTART_NS;
}

void td105_port_of_a_service(const struct scene *scene, struct verdicts *verdicts)
{
	const struct model *model = scene_model(scene);
	const struct listened_port *listened;
	const struct live_socket *socket;
	const struct live_end *end;
	struct live_end room;
	size_t cursor = 0;

	while ((socket = live_sockets_next(&model->sockets, &cursor, NULL))) {
		end = live_socket_end(&model->sockets, socket, &room);
		if (!end || socket->side != SIDE_ACTIVE)
			continue;
		listened = id_map_find(&scene->listened->by_port, listened_key(end->endpoint.netns, end->endpoint.local_port));
		if (listened && is_over(scene, listened))
			judge(scene, verdicts, listened, socket, end);
	}
}
