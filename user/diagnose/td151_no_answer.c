// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Connects to one destination that wait, or ended without an answer: it is dead, filtered, or there is no way to it. Many of them, or
 * a few that nothing answers for long: a service whose one connection can't be made is as dead as one that lacks a hundred.
 */
#include <stdlib.h>
#include <string.h>

#include "diagnose/codes.h"
#include "diagnose/connects.h"
#include "event/names.h"
#include "util/number.h"
#include "util/port_set.h"
#include "util/shortage.h"

#define SYN_AGAIN_NS 1100000000ULL /* the first retransmission comes after a second */
#define OUTAGE_NS 60000000000ULL
#define OUTAGE_CONNECTS 3

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
	uint64_t age_ns;
	bool at_least;
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
	const struct live_sockets *sockets = &scene_model(scene)->sockets;
	size_t most = scene->causes->states[STATE_SYN_SENT], cursor = 0;
	const struct live_socket *socket;
	const struct live_end *end;
	struct attempt *attempt;
	struct live_end room;

	attempts->count = 0;
	attempts->sorted = shortage_noted(malloc((most + 1) * sizeof(*attempts->sorted)));
	while (attempts->sorted && attempts->count < most && (socket = live_sockets_next(sockets, &cursor, NULL))) {
		if (socket->state != STATE_SYN_SENT)
			continue;
		end = live_socket_end(sockets, socket, &room);
		if (!end)
			continue;
		attempt = &attempts->sorted[attempts->count++];
		*attempt = (struct attempt){ .age_ns = elapsed_ns(scene->now_ns, socket->since_ns), .at_least = socket->flags & LIVE_AT_LEAST };
		memcpy(attempt->aim.remote_addr, end->endpoint.remote_addr, 16);
		attempt->aim.start_ns = scene_process(scene, live_socket_charged(socket))->process.start_ns;
		attempt->aim.netns = end->endpoint.netns;
		attempt->aim.remote_port = end->endpoint.remote_port;
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
	const struct attempt *attempt;
	size_t i;

	memcpy(wanted.aim.remote_addr, flow->key.remote_addr, 16);
	for (i = attempts_seek(attempts, &wanted); i < attempts->count && !compare_aims(&attempts->sorted[i], &wanted); i++) {
		attempt = &attempts->sorted[i];
		waiting.count += attempt->age_ns >= SYN_AGAIN_NS;
		if (attempt->age_ns > waiting.oldest_ns) {
			waiting.oldest_ns = attempt->age_ns;
			waiting.at_least = attempt->at_least;
		}
	}
	return waiting;
}

/* What ended without an answer: of late, or, where that is more, since something answered last. */
static uint64_t ended(const struct flow *flow)
{
	uint64_t late = flow->counts[FLOW_TIMEOUT] + flow->counts[FLOW_ABANDONED] + flow->counts[FLOW_UNREACHABLE];

	return late > flow->unanswered.count ? late : flow->unanswered.count;
}

/* Most of what ended did so because the network, or a route, said that it can't be reached. */
static bool is_told_unreachable(const struct flow *flow)
{
	return flow->unanswered.unreachable && flow->unanswered.unreachable * 2ULL >= ended(flow);
}

static void title(struct finding *finding, const struct scene *scene, const struct flow *flow, struct waiting waiting, const char *who,
		  const char *to)
{
	bool is_unreachable = is_told_unreachable(flow);
	uint64_t since_ns = elapsed_ns(scene->now_ns, flow->unanswered.since_ns), n = ended(flow);
	words time;

	if (waiting.count && waiting.count >= n) { /* what most of them do: else the one that waits would seem to be all */
		words_seconds(time, waiting.oldest_ns / 1e9);
		if (waiting.count == 1)
			finding_title(finding, "%s gets no answer from %s: 1 connect waits for %s%s", who, to,
				      waiting.at_least ? "at least " : "", time);
		else
			finding_title(finding, "%s gets no answer from %s: %u connects wait, the first for %s; none was answered in the last 10 seconds",
				      who, to, waiting.count, time);
		return;
	}
	words_seconds(time, flow->unanswered.count < n || since_ns < 10000000000ULL ? 10 : since_ns / 1e9);
	if (is_unreachable)
		finding_title(finding, "%s cannot reach %s: %llu connect%s ended with %s (%s), none was answered in the last %s", who, to,
			      (unsigned long long)n, plural(n), connect_error_name(flow->unanswered.error),
			      connect_error_text(flow->unanswered.error), time);
	else
		finding_title(finding, "%s gets no answer from %s: %llu connect%s ended without one, none was answered in the last %s", who, to,
			      (unsigned long long)n, plural(n), time);
}

static void change(struct finding *finding, const struct flow *flow, const char *who, const char *to)
{
	words address;

	words_address(address, flow->key.remote_addr);
	if (is_told_unreachable(flow)) {
		finding_change(finding, "see which way it would go: ip route get %s, and, if it is on a network of this machine, whether somebody has the address: ip neigh show %s",
			       address, address);
		finding_change(finding, "if there is a way: a router or a packet filter rejects what goes to %s", to);
		return;
	}
	finding_change(finding, "look whether %s is up and whether a packet filter drops what goes there: a closed port would refuse at once", to);
	finding_change(finding, "%s: a connect timeout of a few seconds, so that it fails soon", who);
}

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct crowd *crowd, struct waiting waiting,
		  enum severity severity)
{
	const struct flow *flow = &crowd->flow;
	struct finding *finding = verdicts_add(verdicts, TD151, severity);
	uint64_t given_up = flow->counts[FLOW_ABANDONED], timed_out = flow->counts[FLOW_TIMEOUT];
	words who, to;

	if (!finding)
		return;
	words_crowd(who, scene, crowd);
	words_remote(to, flow->key.remote_addr, flow->key.service_port);
	crowd_subject(finding, scene, crowd);
	title(finding, scene, flow, waiting, who, to);
	finding->weight = waiting.count + ended(flow);
	if (flow->unanswered.count) {
		finding->since_ns = flow->unanswered.since_ns;
	} else if (waiting.oldest_ns) {
		finding->since_ns = scene->now_ns - waiting.oldest_ns;
		finding->since_at_least = waiting.at_least;
	}
	finding_evidence(finding, "syn_sent", waiting.count, "sockets", "ss -tanpo state syn-sent");
	finding_evidence(finding, "timed_out", timed_out, "connects", "tcpdwell trace -D %u", flow->key.service_port);
	finding_evidence(finding, "given_up", given_up, "connects", NULL);
	if (flow->counts[FLOW_UNREACHABLE])
		finding_evidence(finding, "unreachable", flow->counts[FLOW_UNREACHABLE], "connects", NULL);
	finding_evidence(finding, "answered", flow->counts[FLOW_OPENED], "connects", NULL);
	finding_evidence(finding, "refused", flow->counts[FLOW_REFUSED], "connects", NULL);
	if (flow->unanswered.count)
		finding_evidence(finding, "unanswered_in_a_row", flow->unanswered.count, "connects", NULL);
	change(finding, flow, who, to);
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

	return !flow_is_of_scan(search->scene, flow) &&
	       (flow_is_busy(flow) || flow->unanswered.count || waiting(search->attempts, flow).count);
}

static bool are_many(const struct scene *scene, const struct flow *flow, struct waiting now)
{
	const uint64_t *counts = flow->counts;

	return now.count + counts[FLOW_TIMEOUT] + counts[FLOW_ABANDONED] + counts[FLOW_UNREACHABLE] >= scene_threshold(scene, TD151_COUNT) ||
	       counts[FLOW_UNREACHABLE] >= scene_threshold(scene, TD153_COUNT);
}

/* One connect() for so long, or one after another. */
static bool is_long(const struct scene *scene, const struct flow *flow, struct waiting now)
{
	double least_ns = scene_threshold(scene, TD151_AGE_S) * 1e9;
	const struct unanswered *unanswered = &flow->unanswered;

	if (now.oldest_ns >= least_ns || unanswered->longest_ns >= least_ns)
		return true;
	return unanswered->count + now.count >= 2 && unanswered->count && elapsed_ns(scene->now_ns, unanswered->since_ns) >= least_ns;
}

/* One after another, and nothing has answered for a minute: that is no lost packet, and who needs just one connection has none. */
static bool is_outage(const struct scene *scene, const struct flow *flow, struct waiting now)
{
	return flow->unanswered.count && flow->unanswered.count + now.count >= OUTAGE_CONNECTS &&
	       elapsed_ns(scene->now_ns, flow->unanswered.since_ns) >= OUTAGE_NS;
}

/* Who opened connections to which port of late. Compared as bytes. */
struct opening {
	uint64_t start_ns;
	uint32_t pid;
	uint16_t port, padding;
};

struct openings {
	struct opening *sorted;
	size_t count;
};

static int compare_openings(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct opening));
}

static void openings_find(struct openings *openings, const struct scene *scene)
{
	const struct flow *flow;

	openings->count = 0;
	openings->sorted = shortage_noted(malloc((HASH_COUNT(scene->flows->table) + 1) * sizeof(*openings->sorted)));
	for (flow = openings->sorted ? scene->flows->table : NULL; flow; flow = flow->hh.next)
		if (flow->key.side == SIDE_ACTIVE && flow->counts[FLOW_OPENED])
			openings->sorted[openings->count++] = (struct opening){ flow->key.start_ns, flow->key.pid, flow->key.service_port, 0 };
	if (openings->count)
		qsort(openings->sorted, openings->count, sizeof(*openings->sorted), compare_openings);
}

/* The same processes reach that port at another address: a name with several, of which one does not work, as IPv6 where there is no way. */
static bool gets_through_elsewhere(const struct openings *openings, const struct crowd *crowd)
{
	size_t i;

	for (i = 0; i < crowd->n_parts && openings->count; i++) {
		const struct flow_key *key = &crowd->parts[i]->key;
		const struct opening wanted = { key->start_ns, key->pid, key->service_port, 0 };

		if (bsearch(&wanted, openings->sorted, openings->count, sizeof(wanted), compare_openings))
			return true;
	}
	return false;
}

#define AT_ONCE_NS 1000000ULL

/* It costs nothing: a route said no, at once. */
static bool fails_at_once(const struct flow *flow)
{
	return flow->unanswered.count && flow->unanswered.unreachable == flow->unanswered.count && flow->unanswered.longest_ns < AT_ONCE_NS;
}

/* So soon that it proves nothing, each time: who is answered at another address tries both at once, as a browser does. */
static bool is_given_up_soon(const struct flow *flow, struct waiting now)
{
	return !flow->unanswered.count && !now.count;
}

#define NOTES_MOST 32 /* of processes of one name: they may wait by thousands, each for another host */

void td151_no_answer(const struct scene *scene, struct verdicts *verdicts)
{
	struct attempts attempts;
	const struct search search = { scene, &attempts };
	struct port_set listened = {};
	struct openings openings;
	uint32_t kind, last_kind = 0;
	struct crowds crowds;
	size_t i, notes = 0;

	attempts_find(&attempts, scene);
	openings_find(&openings, scene);
	scene_listened(scene, &listened);
	crowds_find(&crowds, scene, is_no_scan, &search);
	for (i = 0; i < crowds.count; i++) {
		const struct flow *flow = &crowds.list[i].flow;
		struct waiting now;
		bool many, through;

		if (flow->counts[FLOW_OPENED] || flow->counts[FLOW_REFUSED])
			continue;
		now = all_waiting(&attempts, &crowds.list[i]);
		many = are_many(scene, flow, now);
		if ((!many && !is_long(scene, flow, now)) || (port_set_has(&listened, flow->key.service_port) &&
							      scene_listens(scene, flow->key.remote_addr, flow->key.service_port)))
			continue;
		through = gets_through_elsewhere(&openings, &crowds.list[i]);
		if (through && (fails_at_once(flow) || is_given_up_soon(flow, now)))
			continue;
		kind = process_kind(&flow->process);
		notes = kind == last_kind ? notes : 0; /* those of one name are side by side */
		last_kind = kind;
		if (many || notes++ < NOTES_MOST)
			judge(scene, verdicts, &crowds.list[i], now, (many || is_outage(scene, flow, now)) && !through ? SEVERITY_NOW : SEVERITY_NOTE);
	}
	crowds_release(&crowds);
	free(openings.sorted);
	free(attempts.sorted);
}
