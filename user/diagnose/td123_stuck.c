// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The program is stuck: what came is not read, what waits is not accepted. */
#include <stdlib.h>

#include "diagnose/codes.h"
#include "diagnose/descriptors.h"
#include "diagnose/kinds.h"
#include "util/number.h"
#include "util/shortage.h"

#define WAITS_NS 5000000000ULL /* as long as a socket has to be silent to be told as such */

struct stuck {
	uint32_t unread, close_wait, queued;
	uint32_t answers; /* of close_wait: what it asked for itself, and may have forgotten (TD121) */
	uint64_t bytes, oldest_ns; /* the longest wait */
	uint16_t port; /* on which it listens, whether its queue is long or not yet; 0: none, or several */
	uint32_t port_netns; /* and where */
	bool several_ports;
	uint16_t serves; /* the port of an accepted connection that it does not read */
	uint32_t netns; /* of that */
};

static void wait(struct stuck *stuck, const struct scene *scene, uint64_t since_ns)
{
	if (since_ns && scene->now_ns > since_ns && scene->now_ns - since_ns > stuck->oldest_ns)
		stuck->oldest_ns = scene->now_ns - since_ns;
}

/* The subject stays the same while one queue after the other fills. */
static void note_port(struct stuck *stuck, uint16_t port)
{
	stuck->several_ports |= port && stuck->port && stuck->port != port;
	stuck->port = stuck->several_ports ? 0 : port ?: stuck->port;
}

/* False: nobody has anything that it does not read. */
static bool count_sockets(struct stuck *all, const struct kinds *kinds, const struct scene *scene)
{
	struct present_socket socket;
	size_t cursor = 0, member;
	bool any = false;

	while (model_present_next(scene_model(scene), &cursor, &socket)) {
		if (socket.base.flags & PRESENT_IN_ACCEPT_QUEUE || socket.now.rx_queue <= 1 || !socket.now.received_ns ||
		    (socket.base.state != STATE_ESTABLISHED && socket.base.state != STATE_CLOSE_WAIT))
			continue;
		member = kinds_member(kinds, present_charged(&socket.base));
		if (member == kinds->n_members)
			continue;
		any = true;
		all[member].unread++;
		all[member].close_wait += socket.base.state == STATE_CLOSE_WAIT;
		all[member].answers += socket.base.state == STATE_CLOSE_WAIT && socket.base.side == SIDE_ACTIVE;
		all[member].bytes += socket.now.rx_queue - (socket.base.state == STATE_CLOSE_WAIT); /* the end of stream counts as one */
		wait(&all[member], scene, socket.now.received_ns);
		if (socket.base.side != SIDE_PASSIVE)
			continue;
		all[member].serves = socket.base.endpoint.local_port;
		all[member].netns = socket.base.endpoint.netns;
	}
	return any;
}

/* Who listens may do nothing else: the queue is that of who accepts from it. */
static size_t server_of(const struct stuck *all, const struct kinds *kinds, const struct listening_socket *listener)
{
	size_t member = kinds_member(kinds, present_charged(&listener->base)), i;

	for (i = 0; i < kinds->n_members && (member == kinds->n_members || !all[member].unread); i++)
		if (all[i].unread && all[i].serves == listener->base.endpoint.local_port && all[i].netns == listener->base.endpoint.netns)
			return i;
	return member;
}

static void count_queues(struct stuck *all, const struct kinds *kinds, const struct scene *scene)
{
	const struct listening_socket *listener;
	size_t cursor = 0, member;

	while ((listener = model_listener_next(scene_model(scene), &cursor, NULL))) {
		member = server_of(all, kinds, listener);
		if (member == kinds->n_members)
			continue;
		note_port(&all[member], listener->base.endpoint.local_port);
		all[member].port_netns = listener->base.endpoint.netns;
		if (!scene_waited(scene, listener->now.oldest_ns, WAITS_NS))
			continue;
		all[member].queued += listener->now.depth;
		wait(&all[member], scene, listener->now.oldest_ns);
	}
}

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct stuck *stuck, const struct many *many)
{
	struct finding *finding = verdicts_add(verdicts, TD123, SEVERITY_NOW);
	uint32_t pid = many->process->pid;
	words who, oldest;

	if (!finding)
		return;
	words_many(who, scene, many);
	finding_title(finding, "%s is stuck: it has not read %llu bytes on %u connections (%u closed by their peers), and %u wait to be accepted; for up to %s",
		      who, (unsigned long long)stuck->bytes, stuck->unread, stuck->close_wait, stuck->queued,
		      words_seconds(oldest, stuck->oldest_ns / 1e9));
	many_subject(finding, scene, many);
	finding->subject.service_port = stuck->port;
	finding->subject.netns = stuck->port_netns;
	finding->since_ns = elapsed_ns(scene->now_ns, stuck->oldest_ns);
	finding->weight = stuck->unread + stuck->queued;
	if (many->processes > 1 && stuck->serves)
		finding_evidence(finding, "unread_connections", stuck->unread, "sockets", "ss -tanp sport = :%u", stuck->serves);
	else
		finding_evidence(finding, "unread_connections", stuck->unread, "sockets", "ss -tanp | grep pid=%u,", pid);
	if (many->processes > 1)
		finding_evidence(finding, "processes", many->processes, "processes", NULL);
	finding_evidence(finding, "unread", stuck->bytes, "bytes", NULL);
	if (many->processes > 1 && stuck->serves)
		finding_evidence(finding, "close_wait", stuck->close_wait, "sockets", "tcpdwell leaks -L %u", stuck->serves);
	else
		finding_evidence(finding, "close_wait", stuck->close_wait, "sockets", "tcpdwell leaks -p %u", pid);
	finding_evidence(finding, "accept_queue", stuck->queued, "connections", stuck->port ? "ss -tln sport = :%u" : NULL, stuck->port);
	finding_evidence(finding, "longest_wait", stuck->oldest_ns / 1e9, "s", NULL);
	descriptors_change(finding, scene, many->process);
	finding_change(finding, "it is the program's work, not TCP: see what its threads wait for (jstack %u, py-spy dump --pid %u, gdb -p %u, cat /proc/%u/stack)",
		       pid, pid, pid, pid);
	finding_useless(finding, "net.core.somaxconn", "a longer queue only makes clients wait longer");
	finding_useless(finding, "net.ipv4.tcp_keepalive_time", "the kernel does not end connections whose data the program has not read");
	finding_useless(finding, "nofile", "it does not accept what waits, however many descriptors it has");
}

static void add(struct stuck *into, const struct stuck *more)
{
	into->unread += more->unread;
	into->close_wait += more->close_wait;
	into->answers += more->answers;
	into->queued += more->queued;
	into->bytes += more->bytes;
	into->several_ports |= more->several_ports;
	into->port_netns = more->port ? more->port_netns : into->port_netns;
	note_port(into, more->port);
	into->serves = more->serves ?: into->serves;
	into->oldest_ns = more->oldest_ns > into->oldest_ns ? more->oldest_ns : into->oldest_ns;
}

/* Of all processes of a kind: each worker has a few, and one of them, or their parent, the queue. */
static struct stuck all_of(const struct kind *kind, const struct stuck *stuck)
{
	struct stuck all = {};
	size_t i;

	for (i = kind->first; i < kind->end; i++)
		add(&all, &stuck[i]);
	return all;
}

static bool are_stuck(const struct scene *scene, const struct stuck *all)
{
	uint32_t least = number_u32(scene_threshold(scene, TD123_COUNT));

	return all->unread >= least && all->unread && (all->queued || all->close_wait - all->answers >= least);
}

/* The one that has the most stands for them. */
static void judge_kind(const struct scene *scene, struct verdicts *verdicts, const struct kinds *kinds, const struct kind *kind,
		       const struct stuck *stuck)
{
	const struct stuck all = all_of(kind, stuck);
	size_t i, most = kind->first;
	struct many many;

	if (!are_stuck(scene, &all))
		return;
	for (i = kind->first; i < kind->end; i++)
		most = stuck[i].unread > stuck[most].unread ? i : most;
	many = (struct many){ .process = &kinds->members[most].known->process, .known = kinds->members[most].known };
	for (i = kind->first; i < kind->end; i++)
		if (stuck[i].unread)
			many_add(&many, scene, &kinds->members[i].known->process);
	judge(scene, verdicts, &all, &many);
}

static bool has_unread(const void *context, size_t member)
{
	return ((const struct stuck *)context)[member].unread;
}

static bool ask(const struct scene *scene, const struct kinds *kinds, const struct stuck *stuck)
{
	bool asked = false;
	struct stuck all;
	size_t i;

	for (i = 0; stuck && i < kinds->count; i++) {
		all = all_of(&kinds->list[i], stuck);
		if (are_stuck(scene, &all))
			asked |= kinds_ask(kinds, &kinds->list[i], scene, has_unread, stuck);
	}
	return asked;
}

/* NULL: no memory. */
static struct stuck *find(struct kinds *kinds, const struct scene *scene)
{
	struct stuck *stuck;

	kinds_find(kinds, scene);
	stuck = shortage_noted(calloc(kinds->n_members + 1, sizeof(*stuck)));
	if (stuck && count_sockets(stuck, kinds, scene))
		count_queues(stuck, kinds, scene);
	return stuck;
}

void td123_stuck(const struct scene *scene, struct verdicts *verdicts)
{
	struct kinds kinds;
	struct stuck *stuck = find(&kinds, scene);
	size_t i;

	if (ask(scene, &kinds, stuck)) {
		free(stuck);
		kinds_release(&kinds);
		stuck = find(&kinds, scene);
	}
	for (i = 0; stuck && i < kinds.count; i++)
		judge_kind(scene, verdicts, &kinds, &kinds.list[i], stuck);
	free(stuck);
	kinds_release(&kinds);
}
