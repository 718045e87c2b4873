// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The program is stuck: what came is not read, what waits is not accepted. */
#include "diagnose/codes.h"
#include "diagnose/descriptors.h"
#include "diagnose/words.h"
#include "util/number.h"

#define WAITS_NS 5000000000ULL /* as long as a socket has to be silent to be told as such */

struct stuck {
	uint32_t process, unread, close_wait, queued;
	uint32_t answers; /* of close_wait: what it asked for itself, and may have forgotten (TD121) */
	uint64_t bytes, oldest_ns; /* the longest wait */
	uint16_t port;
};

static void wait(struct stuck *stuck, const struct scene *scene, uint64_t since_ns)
{
	if (since_ns && scene->now_ns > since_ns && scene->now_ns - since_ns > stuck->oldest_ns)
		stuck->oldest_ns = scene->now_ns - since_ns;
}

static void count_sockets(struct stuck *stuck, const struct scene *scene)
{
	struct present_socket socket;
	size_t cursor = 0;

	while (model_present_next(scene_model(scene), &cursor, &socket)) {
		if (present_charged(&socket.base) != stuck->process || socket.base.flags & PRESENT_IN_ACCEPT_QUEUE ||
		    socket.now.rx_queue <= 1 || !socket.now.received_ns ||
		    (socket.base.state != STATE_ESTABLISHED && socket.base.state != STATE_CLOSE_WAIT))
			continue;
		stuck->unread++;
		stuck->close_wait += socket.base.state == STATE_CLOSE_WAIT;
		stuck->answers += socket.base.state == STATE_CLOSE_WAIT && socket.base.side == SIDE_ACTIVE;
		stuck->bytes += socket.now.rx_queue - (socket.base.state == STATE_CLOSE_WAIT); /* the end of stream counts as one */
		wait(stuck, scene, socket.now.received_ns);
	}
}

static void count_queues(struct stuck *stuck, const struct scene *scene)
{
	const struct listening_socket *listener;
	size_t cursor = 0;

	while ((listener = model_listener_next(scene_model(scene), &cursor, NULL))) {
		if (present_charged(&listener->base) != stuck->process || !scene_waited(scene, listener->now.oldest_ns, WAITS_NS))
			continue;
		stuck->queued += listener->now.depth;
		stuck->port = listener->base.endpoint.local_port;
		wait(stuck, scene, listener->now.oldest_ns);
	}
}

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct stuck *stuck)
{
	struct finding *finding = verdicts_add(verdicts, TD123, SEVERITY_NOW);
	const struct known_process *known = scene_process(scene, stuck->process);
	uint32_t pid = known->process.pid;
	words who, oldest;

	if (!finding)
		return;
	words_known(who, scene, known);
	finding_title(finding, "%s is stuck: it has not read %llu bytes on %u connections (%u closed by their peers), and %u wait to be accepted; for up to %s",
		      who, (unsigned long long)stuck->bytes, stuck->unread, stuck->close_wait, stuck->queued,
		      words_seconds(oldest, stuck->oldest_ns / 1e9));
	finding_about_known(finding, scene, known);
	finding->subject.service_port = stuck->port;
	finding->since_ns = elapsed_ns(scene->now_ns, stuck->oldest_ns);
	finding->weight = stuck->unread + stuck->queued;
	finding_evidence(finding, "unread_connections", stuck->unread, "sockets", "ss -tanp | grep pid=%u,", pid);
	finding_evidence(finding, "unread", stuck->bytes, "bytes", NULL);
	finding_evidence(finding, "close_wait", stuck->close_wait, "sockets", "tcpdwell leaks -p %u", pid);
	finding_evidence(finding, "accept_queue", stuck->queued, "connections", stuck->port ? "ss -tln sport = :%u" : NULL, stuck->port);
	finding_evidence(finding, "longest_wait", stuck->oldest_ns / 1e9, "s", NULL);
	descriptors_change(finding, scene, &known->process);
	finding_change(finding, "it is the program's work, not TCP: see what its threads wait for (jstack %u, py-spy dump --pid %u, gdb -p %u, cat /proc/%u/stack)",
		       pid, pid, pid, pid);
	finding_useless(finding, "net.core.somaxconn", "a longer queue only makes clients wait longer");
	finding_useless(finding, "net.ipv4.tcp_keepalive_time", "the kernel does not end connections whose data the program has not read");
	finding_useless(finding, "nofile", "it does not accept what waits, however many descriptors it has");
}

void td123_stuck(const struct scene *scene, struct verdicts *verdicts)
{
	uint32_t least = number_u32(scene_threshold(scene, TD123_COUNT));
	size_t i, k;

	for (i = 0; i < scene->causes->count; i++) {
		struct stuck stuck = { .process = scene->causes->sorted[i]->key.process };

		for (k = 0; k < i && scene->causes->sorted[k]->key.process != stuck.process; k++)
			;
		if (k < i || !stuck.process)
			continue;
		count_sockets(&stuck, scene);
		if (!stuck.unread)
			continue;
		count_queues(&stuck, scene);
		if (stuck.unread >= least && (stuck.queued || stuck.close_wait - stuck.answers >= least))
			judge(scene, verdicts, &stuck);
	}
}
