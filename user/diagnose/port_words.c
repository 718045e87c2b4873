// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/port_words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "attribute/process.h"
#include "ports/remedy.h"

/* What processes of one program hold in one state. */
struct share {
	uint32_t count; /* 0: there is none */
	uint8_t state;
	struct many many; /* its largest, and all of them */
};

static const struct known_process *holder_at(const struct scene *scene, const struct destination *destination, uint32_t i)
{
	return scene_process(scene, destination->holders.list[i].process);
}

/* Does an earlier one of the list stand for it? */
static bool is_counted(const struct scene *scene, const struct destination *destination, uint32_t at)
{
	const struct port_holder *holder = &destination->holders.list[at];
	uint32_t i;

	for (i = 0; i < at; i++)
		if (destination->holders.list[i].state == holder->state &&
		    processes_are_alike(&holder_at(scene, destination, i)->process, &holder_at(scene, destination, at)->process))
			return true;
	return false;
}

/* What it holds, and those behind it in the list that are like it. */
static struct share held_from(const struct scene *scene, const struct destination *destination, uint32_t at)
{
	const struct port_holder *list = destination->holders.list;
	const struct known_process *known = holder_at(scene, destination, at), *other;
	struct share held = { .state = list[at].state, .many = { .process = &known->process, .known = known } };
	uint32_t i;

	for (i = at; i < destination->holders.used; i++) {
		other = holder_at(scene, destination, i);
		if (i != at && (list[i].state != held.state || !processes_are_alike(&other->process, &known->process)))
			continue;
		held.count += list[i].count;
		held.many.more |= list[i].more;
		many_add(&held.many, scene, &other->process);
	}
	return held;
}

/* The largest `most` of them in their order; how many there are. */
static uint32_t held_all(struct share *out, uint32_t most, const struct scene *scene, const struct destination *destination)
{
	uint32_t i, k, count = 0;

	for (i = 0; i < destination->holders.used; i++) {
		struct share held;

		if (is_counted(scene, destination, i))
			continue;
		held = held_from(scene, destination, i);
		for (k = count < most ? count++ : most; k > 0 && out[k - 1].count < held.count; k--)
			if (k < most)
				out[k] = out[k - 1];
		if (k < most)
			out[k] = held;
	}
	return count;
}

#define HELD_MAX 64 /* as many as a list of holders has */

/* The largest of those whose process is known, or is not. */
static struct share largest(const struct scene *scene, const struct destination *destination, bool known)
{
	struct share all[HELD_MAX], none = {};
	uint32_t i, count = held_all(all, HELD_MAX, scene, destination);

	for (i = 0; i < count; i++)
		if (!!all[i].many.process->start_ns == known)
			return all[i];
	return none;
}

void holder_subject(struct finding *finding, const struct scene *scene, const struct destination *destination)
{
	struct share held = largest(scene, destination, true);

	held = held.count ? held : largest(scene, destination, false);
	if (!held.count)
		return;
	finding_about_known(finding, scene, held.many.known);
	finding_of_program(finding, held.many.process, held.many.processes);
}

/* A process that can be asked comes first, although what is older than the run, and nobody's, may be more. */
const char *holder_words(words out, const struct scene *scene, const struct destination *destination)
{
	const struct share known = largest(scene, destination, true), unknown = largest(scene, destination, false);
	size_t used = 0;
	words name;

	if (!known.count && !unknown.count)
		snprintf(out, FINDING_NAME, "nobody is known to hold them");
	if (known.count)
		used = snprintf(out, FINDING_NAME, "%u by %.90s in %s", known.count, words_many(name, scene, &known.many), tcp_state_name(known.state));
	if (unknown.count && unknown.count > known.count)
		snprintf(out + used, FINDING_NAME - used, "%s%u in %s whose process is not known", known.count ? ", " : "", unknown.count,
			 tcp_state_name(unknown.state));
	return out;
}

static bool opens(const struct flow *flow, const struct destination *destination)
{
	return flow->key.side == SIDE_ACTIVE && flow->key.netns == destination->key.netns &&
	       flow->key.service_port == destination->key.remote_port &&
	       !memcmp(flow->key.remote_addr, destination->key.remote_addr, 16) && flow->counts[FLOW_OPENED];
}

static bool is_opener(const struct flow *flow, const void *context)
{
	return opens(flow, context);
}

void opener_find(struct opener *opener, const struct scene *scene, const struct destination *destination)
{
	size_t i;

	*opener = (struct opener){};
	crowds_find(&opener->crowds, scene, is_opener, destination);
	for (i = 0; i < opener->crowds.count; i++) {
		const struct crowd *crowd = &opener->crowds.list[i];

		if (!opener->most || crowd->flow.counts[FLOW_OPENED] > opener->most->flow.counts[FLOW_OPENED])
			opener->most = crowd;
	}
}

void opener_release(struct opener *opener)
{
	crowds_release(&opener->crowds);
}

const char *words_opener(words out, const struct scene *scene, const struct opener *opener)
{
	return opener->most ? words_crowd(out, scene, opener->most) : words_process(out, scene, NULL);
}

bool victim_is_recent(const struct scene *scene, const struct port_victim *victim)
{
	return victim->last_ns + VICTIM_RECENT_NS >= scene->now_ns;
}

/* The worse one is that which is asked for, then the one that failed more often. */
static bool is_worse(const struct scene *scene, const struct port_victim *victim, const struct port_victim *other)
{
	bool is_asked = scene_selects(scene, &victim->process), other_is = scene_selects(scene, &other->process);

	return is_asked != other_is ? is_asked : victim->failures > other->failures;
}

const struct port_victim *destination_victim(const struct scene *scene, const struct destination *destination)
{
	const struct port_victim *victim, *worst = NULL;

	for (victim = destination->victims; victim < destination->victims + destination->n_victims; victim++)
		if (victim_is_recent(scene, victim) && (!worst || is_worse(scene, victim, worst)))
			worst = victim;
	return worst;
}

/* It concerns all who have ports there, open connections to it, or fail. */
static void touch_all(struct finding *finding, const struct scene *scene, const struct destination *destination)
{
	const struct port_victim *victim;
	const struct flow *flow;
	uint32_t i;

	for (i = 0; i < destination->holders.used; i++)
		finding_touches_known(finding, scene, scene_process(scene, destination->holders.list[i].process));
	for (victim = destination->victims; victim < destination->victims + destination->n_victims; victim++)
		finding_touches(finding, scene, &victim->process);
	for (flow = scene->selects ? scene->flows->table : NULL; flow; flow = flow->hh.next)
		if (opens(flow, destination))
			finding_touches(finding, scene, &flow->process);
}

void destination_subject(struct finding *finding, const struct scene *scene, const struct destination *destination)
{
	memcpy(finding->subject.remote_addr, destination->key.remote_addr, 16);
	finding->subject.remote_port = finding->subject.service_port = destination->key.remote_port;
	finding->subject.netns = destination->key.netns;
	touch_all(finding, scene, destination);
}

#define HELD_BY 2

/* A process's share over its states is told once a state: the two largest, and how much more there is. */
static void holder_evidence(struct finding *finding, const struct scene *scene, const struct destination *destination)
{
	struct share all[HELD_MAX];
	uint32_t i, count = held_all(all, HELD_MAX, scene, destination);
	words name;
	uint64_t more = destination->holders.others;
	char text[96];

	for (i = 0; i < count && i < HELD_BY; i++) {
		all[i].many.known = NULL;
		snprintf(text, sizeof(text), "%u %s %.64s", all[i].count, tcp_state_name(all[i].state), words_many(name, scene, &all[i].many));
		finding_evidence_text(finding, "held_by", text);
	}
	for (; i < count; i++)
		more += all[i].count;
	if (!more)
		return;
	snprintf(text, sizeof(text), "%llu more, by others or in other states", (unsigned long long)more);
	finding_evidence_text(finding, "held_by", text);
}

/* Of those that connect() may choose, where there are others. */
static uint32_t open_ports(const struct destination *destination)
{
	if (!destination->known || !destination->tally.outside)
		return destination->sockets - destination->small;
	return destination->halves[HALF_FIRST].open + destination->halves[HALF_SECOND].open;
}

void destination_evidence(struct finding *finding, const struct scene *scene, const struct destination *destination)
{
	const struct headroom *left = &destination->headroom;

	if (destination->known) {
		finding_evidence(finding, "capacity", left->capacity, "ports", "cat /proc/sys/net/ipv4/ip_local_port_range");
		finding_evidence(finding, "used", left->used - left->reusable, "ports", NULL);
		finding_evidence(finding, "usable", left->usable, "ports", NULL);
		if (left->blocked)
			finding_evidence(finding, "blocked", left->blocked, "ports", "tcpdwell ports --by local");
	}
	if (destination->known && destination->tally.outside)
		finding_evidence(finding, "on_other_ports", destination->tally.outside, "connections", NULL);
	finding_evidence(finding, "time_wait", destination->by_state[STATE_TIME_WAIT], "ports", "ss -tan state time-wait");
	finding_evidence(finding, "open", open_ports(destination), "ports", NULL);
	holder_evidence(finding, scene, destination);
	if (destination->rates.opened > 0)
		finding_evidence(finding, "rate", destination->rates.opened, "connections a second", NULL);
	if (destination->known && isfinite(destination->sustainable))
		finding_evidence(finding, "sustainable_rate", destination->sustainable, "connections a second", NULL);
	if (destination->first_free_ns > scene->now_ns && !left->usable)
		finding_evidence(finding, "first_free_in", (destination->first_free_ns - scene->now_ns) / 1e9, "s", NULL);
}

/* ", good for 470 connections a second" */
static const char *gain(words out, const struct remedy *remedy)
{
	words rate;

	out[0] = '\0';
	if (isfinite(remedy->sustainable))
		snprintf(out, FINDING_NAME, "%u ports, good for %s connections a second", remedy->ports,
			 words_number(rate, remedy->sustainable));
	else
		snprintf(out, FINDING_NAME, "%u ports", remedy->ports);
	return out;
}

/*
 * Whose the connections are: who has the most ports, else who opens them now. Of whom neither is known, as with TIME_WAIT from before the
 * run, it is the destination's clients, of which one that fails now is named.
 */
static const char *client_words(words out, const struct scene *scene, const struct destination *destination)
{
	const struct port_victim *victim = destination_victim(scene, destination);
	struct share all[HELD_MAX];
	uint32_t count = held_all(all, HELD_MAX, scene, destination);
	struct opener opener = {};
	words remote, name;

	if (count && all[0].many.process->start_ns) {
		all[0].many.known = NULL;
		return words_many(out, scene, &all[0].many);
	}
	opener_find(&opener, scene, destination);
	if (opener.most)
		words_opener(out, scene, &opener);
	opener_release(&opener);
	if (opener.most)
		return out;
	words_remote(remote, destination->key.remote_addr, destination->key.remote_port);
	snprintf(out, FINDING_NAME, "whoever connects to %.60s", remote);
	if (victim)
		snprintf(out, FINDING_NAME, "whoever connects to %.60s (now it is %.90s)", remote, words_process(name, scene, &victim->process));
	return out;
}

static void add_change(struct finding *finding, const struct scene *scene, const struct destination *destination,
		       const struct remedy *remedy)
{
	char ports[40] = "";
	words name, more;

	gain(more, remedy);
	switch (remedy->kind) {
	case REMEDY_POOL:
		if (remedy->ports)
			snprintf(ports, sizeof(ports), ": %u port%s would do", remedy->ports, plural(remedy->ports));
		finding_change(finding, "%s: keep connections open and use them again (a pool, keep-alive)%s",
			       client_words(name, scene, destination), ports);
		break;
	case REMEDY_NO_PORT:
		finding_change(finding, "set IP_BIND_ADDRESS_NO_PORT in the program that calls bind() before connect(): %s", more);
		break;
	case REMEDY_REUSE:
		finding_change(finding, "sysctl net.ipv4.tcp_tw_reuse=1: connect() takes ports over that are in TIME_WAIT: %s", more);
		break;
	case REMEDY_RANGE:
		finding_change(finding, "sysctl net.ipv4.ip_local_port_range=\"%u %u\": %s", PORTS_WIDE_LOW, PORTS_WIDE_HIGH, more);
		break;
	case REMEDY_RESERVED:
		finding_change(finding, "fewer net.ipv4.ip_local_reserved_ports (at best none): %s", more);
		break;
	case REMEDY_LOCAL_ADDRESS:
		finding_change(finding, "connect from one more local address: %s", more);
		break;
	case REMEDY_REMOTE:
		finding_change(finding, "one more address or port of the service: %s", more);
		break;
	case REMEDY_KINDS:
		break;
	}
}

/*
 * Who holds the most and does not close is the first thing to change: no setting brings these ports back. It may be one process, while
 * others hold more together.
 */
static void leak_change(struct finding *finding, const struct scene *scene, const struct destination *destination)
{
	struct share all[HELD_MAX];
	uint32_t i, count = held_all(all, HELD_MAX, scene, destination);
	words name;

	for (i = 0; i < count && all[i].state != STATE_CLOSE_WAIT; i++)
		;
	if (i == count || (i && destination->holders.list[0].state != STATE_CLOSE_WAIT))
		return;
	all[i].many.known = NULL;
	finding_change(finding, "%s: close the %u connections that their peers have closed (CLOSE_WAIT); they hold their ports until then",
		       words_many(name, scene, &all[i].many), all[i].count);
}

void destination_changes(struct finding *finding, const struct scene *scene, const struct destination *destination)
{
	const struct port_namespace *namespace = ports_model_namespace(scene->ports, destination);
	struct remedy remedies[REMEDY_KINDS];
	size_t i, count;
	words name;

	leak_change(finding, scene, destination);
	if (!namespace || !destination->known) {
		finding_change(finding, "%s: keep connections open and use them again (a pool, keep-alive)",
			       client_words(name, scene, destination));
		return;
	}
	count = remedies_of(remedies, destination, namespace);
	for (i = 0; i < count; i++)
		add_change(finding, scene, destination, &remedies[i]);
}

void ports_useless(struct finding *finding, const struct scene *scene, const struct destination *destination)
{
	const struct port_namespace *namespace = ports_model_namespace(scene->ports, destination);
	words hold;

	finding_useless(finding, "net.ipv4.tcp_fin_timeout",
			"is how long FIN_WAIT2 of closed sockets is kept; TIME_WAIT lasts %s whatever it says",
			words_seconds(hold, scene->ports->time_wait_ns / 1e9));
	finding_useless(finding, "net.ipv4.tcp_tw_recycle", "does not exist since Linux 4.12; before, it broke clients behind NAT");
	finding_useless(finding, "nofile", "limits descriptors (\"Too many open files\"), not ports");
	finding_useless(finding, "net.ipv4.tcp_max_tw_buckets",
			"lowering it throws TIME_WAIT away, and with it the protection against segments of old connections");
	if (namespace && namespace->facts.settings.tw_reuse == 1 && destination->small)
		finding_useless(finding, "net.ipv4.tcp_tw_reuse", "is on already; it takes over what is in TIME_WAIT for a second or longer%s",
				namespace->facts.settings.timestamps ? "" : ", and needs net.ipv4.tcp_timestamps, which is off");
}
