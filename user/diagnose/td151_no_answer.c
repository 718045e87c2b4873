// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Many SYN_SENT to one destination, or connects that ended without an answer: it is dead or filtered. */
#include <stdlib.h>
#include <string.h>

#include "diagnose/codes.h"
#include "diagnose/connects.h"
#include "util/shortage.h"

struct waiting {
	uint32_t count;
	uint64_t oldest_ns;
	bool at_least; /* the begin of the oldest was not seen */
};

/* Whose wait it is, and for whom. Compared as bytes. */
struct aim {
	uint8_t remote_addr[16];
	uint64_t start_ns;
	uint32_t netns;
	uint16_t remote_port;
	uint16_t padding;
};

struct attempt {
	struct aim aim;
	const struct cause *cause;
};

/* SYN_SENT, in the order of their aims: there may be as many as there are flows. */
struct attempts {
	struct attempt *sorted;
	size_t count;
};

static int compare_aims(const void *a, const void *b)
{
	return memcmp(&((const struct attempt *)a)->aim, &((const struct attempt *)b)->aim, sizeof(struct aim));
}

static void attempts_find(struct attempts *attempts, const struct scene *scene)
{
	const struct cause *cause;
	struct attempt *attempt;

	attempts->count = 0;
	attempts->sorted = shortage_noted(malloc((scene->causes->count + 1) * sizeof(*attempts->sorted)));
	if (!attempts->sorted)
		return;
	for (cause = scene->causes->table; cause; cause = cause->hh.next) {
		if (cause->key.state != STATE_SYN_SENT || !cause->one_remote)
			continue;
		attempt = &attempts->sorted[attempts->count++];
		*attempt = (struct attempt){ .cause = cause };
		memcpy(attempt->aim.remote_addr, cause->remote_addr, 16);
		attempt->aim.start_ns = scene_process(scene, cause->key.process)->process.start_ns;
		attempt->aim.netns = cause->key.netns;
		attempt->aim.remote_port = cause->remote_port;
	}
	if (attempts->count)
		qsort(attempts->sorted, attempts->count, sizeof(*attempts->sorted), compare_aims);
}

/* The first that is not before the wanted one. */
static size_t attempts_seek(const struct attempts *attempts, const struct attempt *wanted)
{
	size_t low = 0, high = attempts->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (compare_aims(&attempts->sorted[middle], wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* SYN_SENT of the same process and destination, older than the first retransmission. */
static struct waiting waiting(const struct attempts *attempts, const struct flow *flow)
{
	struct attempt wanted = { .aim = { .start_ns = flow->key.start_ns, .netns = flow->key.netns, .remote_port = flow->key.service_port } };
	struct waiting waiting = {};
	const struct cause *cause;
	size_t i;

	memcpy(wanted.aim.remote_addr, flow->key.remote_addr, 16);
	for (i = attempts_seek(attempts, &wanted); i < attempts->count && !compare_aims(&attempts->sorted[i], &wanted); i++) {
		cause = attempts->sorted[i].cause;
		waiting.count += cause->aged;
		if (cause->oldest_ns > waiting.oldest_ns) {
			waiting.oldest_ns = cause->oldest_ns;
			waiting.at_least = cause->oldest_at_least;
		}
	}
	return waiting;
}

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct crowd *crowd, struct waiting waiting)
{
	const struct flow *flow = &crowd->flow;
	struct finding *finding = verdicts_add(verdicts, TD151, SEVERITY_NOW);
	uint64_t given_up = flow->counts[FLOW_ABANDONED], timed_out = flow->counts[FLOW_TIMEOUT];
	words who, to, oldest;

	if (!finding)
		return;
	words_crowd(who, scene, crowd);
	words_remote(to, flow->key.remote_addr, flow->key.service_port);
	crowd_subject(finding, scene, crowd);
	if (waiting.count && waiting.count >= given_up + timed_out) /* what most of them do: else the one that waits would seem to be all */
		finding_title(finding, "%s gets no answer from %s: %u connect%s, the first for %s; none was answered in the last 10 seconds", who,
			      to, waiting.count, waiting.count == 1 ? " waits" : "s wait", words_seconds(oldest, waiting.oldest_ns / 1e9));
	else
		finding_title(finding, "%s gets no answer from %s: %llu connect%s ended without one, none was answered in the last 10 seconds", who,
			      to, (unsigned long long)(given_up + timed_out), plural(given_up + timed_out));
	finding->weight = waiting.count + given_up + timed_out;
	if (waiting.oldest_ns) {
		finding->since_ns = scene->now_ns - waiting.oldest_ns;
		finding->since_at_least = waiting.at_least;
	}
	finding_evidence(finding, "syn_sent", waiting.count, "sockets", "ss -tanp state syn-sent");
	finding_evidence(finding, "timed_out", timed_out, "connects", "tcpdwell trace -D %u", flow->key.service_port);
	finding_evidence(finding, "given_up", given_up, "connects", NULL);
	finding_evidence(finding, "answered", flow->counts[FLOW_OPENED], "connects", NULL);
	finding_evidence(finding, "refused", flow->counts[FLOW_REFUSED], "connects", NULL);
	finding_change(finding, "look whether %s is up and whether a packet filter drops what goes there: a closed port would refuse at once", to);
	finding_change(finding, "%s: a connect timeout of a few seconds, so that it fails soon", who);
	finding_useless(finding, "net.ipv4.ip_local_port_range", "there are local ports; nobody answers");
}

/* Of all its processes. */
static struct waiting all_waiting(const struct attempts *attempts, const struct crowd *crowd)
{
	struct waiting all = {}, one;
	size_t i;

	for (i = 0; i < crowd->n_parts; i++) {
		one = waiting(attempts, crowd->parts[i]);
		all.count += one.count;
		if (one.oldest_ns <= all.oldest_ns)
			continue;
		all.oldest_ns = one.oldest_ns;
		all.at_least = one.at_least;
	}
	return all;
}

struct search {
	const struct scene *scene;
	const struct attempts *attempts;
};

/* One that has waited for long did nothing of late. */
static bool is_no_scan(const struct flow *flow, const void *context)
{
	const struct search *search = context;

	return !flow_is_of_scan(search->scene, flow) && (flow_is_busy(flow) || waiting(search->attempts, flow).count);
}

void td151_no_answer(const struct scene *scene, struct verdicts *verdicts)
{
	struct attempts attempts;
	const struct search search = { scene, &attempts };
	struct crowds crowds;
	size_t i;

	attempts_find(&attempts, scene);
	crowds_find(&crowds, scene, is_no_scan, &search);
	for (i = 0; i < crowds.count; i++) {
		const struct flow *flow = &crowds.list[i].flow;
		struct waiting now;

		if (flow->counts[FLOW_OPENED] || flow->counts[FLOW_REFUSED])
			continue;
		now = all_waiting(&attempts, &crowds.list[i]);
		if (now.count + flow->counts[FLOW_TIMEOUT] + flow->counts[FLOW_ABANDONED] >= scene_threshold(scene, TD151_COUNT) &&
		    !scene_listens(scene, flow->key.remote_addr, flow->key.service_port))
			judge(scene, verdicts, &crowds.list[i], now);
	}
	crowds_release(&crowds);
	free(attempts.sorted);
}
