// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a listening socket really dropped. The kernel's number of the socket (sk_drops) grows by more than that: by each RST and each
 * segment sent twice that reaches it, and twice by one connection that found the queue full. ListenDrops of the namespace grows by
 * SYNs and connections alone, but by those of all sockets. So both have to grow: each drop that the namespace counts is given to a
 * socket whose number grew at about the same time, to one whose queue is full before others. The sum is never more than the
 * namespace's. A drop of the namespace waits for the next look at its sockets, which have counted it too: before, it would go to
 * whatever other socket has grown. The two looks have their own periods.
 */
#include "account/model_parts.h"

/* The two are looked at a second apart, new namespaces come later. Where a look costs much, the next is further away, however far. */
#define MATCH_NS 15000000000ULL

static const struct namespace_count *counter_of(const struct known_namespace *known)
{
	const struct namespace_count *counter = known ? &known->facts.counters[NS_LISTEN_DROPS] : NULL;

	return counter && counter->known == NS_KNOWN ? counter : NULL;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool is_past(uint64_t since_ns, uint64_t now_ns)
{
	return now_ns > since_ns && now_ns - since_ns > MATCH_NS;
}

/* What views and rules read. */
static void refresh(const struct known_namespace *known, struct listening_socket *listener)
{
	const struct listener_drops *drops = &listener->drops;
	const struct namespace_count *counter = counter_of(known);

	listener->now.drops = listener->now.new_drops = LISTENER_NOT_KNOWN;
	if (!counter || drops->told == LISTENER_NOT_KNOWN)
		return;
	listener->now.new_drops = drops->proved;
	listener->now.drops = drops->proved + smaller(drops->told - drops->told_new, counter->total - counter->grown);
}

/* What the namespace told is in what its sockets tell, however long ago it did. */
static void sockets_seen(struct known_namespace *known, uint64_t now_ns)
{
	if (!known->fresh)
		return;
	known->drops = (is_past(known->drops_ns, now_ns) ? 0 : known->drops) + known->fresh;
	known->drops_ns = now_ns;
	known->told_ns = known->fresh_begin_ns;
	known->fresh = 0;
}

static void take(struct known_namespace *known, struct listening_socket *listener)
{
	uint64_t both = smaller(known->drops, listener->drops.pending);

	known->drops -= both;
	listener->drops.pending -= both;
	listener->drops.proved += both;
}

void model_drops_listener(struct model *model, struct listening_socket *listener, const struct listener_facts *told)
{
	struct known_namespace *known = id_map_find(&model->present.namespaces, listener->base.endpoint.netns);
	struct listener_drops *drops = &listener->drops;
	bool is_known = told->drops != LISTENER_NOT_KNOWN && told->new_drops != LISTENER_NOT_KNOWN;
	uint64_t before = drops->told == LISTENER_NOT_KNOWN ? 0 : drops->told_new;

	if (is_known && told->new_drops > before) {
		if (is_past(drops->pending_ns, known && known->fresh ? known->fresh_begin_ns : model->now_ns))
			drops->pending = 0;
		drops->pending += told->new_drops - before;
		drops->pending_ns = model->now_ns;
		model->present.unsettled = true;
		if (known)
			sockets_seen(known, model->now_ns);
	}
	drops->told = is_known ? told->drops : LISTENER_NOT_KNOWN;
	drops->told_new = is_known ? told->new_drops : 0;
	refresh(known, listener);
}

static bool is_full(const struct listening_socket *listener)
{
	return listener->now.depth > listener->now.backlog;
}

static bool is_before(const struct listening_socket *a, const struct listening_socket *b)
{
	if (is_full(a) != is_full(b))
		return is_full(a);
	if (a->drops.pending_ns != b->drops.pending_ns)
		return a->drops.pending_ns > b->drops.pending_ns;
	return a->drops.pending > b->drops.pending;
}

/* The one that a drop is most likely of, which the namespace told of at that time; NULL: none. */
static struct listening_socket *most_likely(struct model *model, uint32_t netns, uint64_t told_ns)
{
	struct listening_socket *listener, *found = NULL;
	size_t cursor = 0;

	while ((listener = id_map_next(&model->present.listeners, &cursor, NULL))) {
		if (listener->base.endpoint.netns != netns)
			continue;
		if (is_past(listener->drops.pending_ns, told_ns))
			listener->drops.pending = 0;
		if (listener->drops.pending && (!found || is_before(listener, found)))
			found = listener;
	}
	return found;
}

static void recount(struct model *model, struct known_namespace *known, struct listening_socket *listener, bool takes)
{
	model_listener_count(model, listener, false);
	if (takes)
		take(known, listener);
	refresh(known, listener);
	model_listener_count(model, listener, true);
}

/* From now on, or no longer, it can be said what its listeners dropped. */
static void refresh_all(struct model *model, struct known_namespace *known, uint32_t netns)
{
	struct listening_socket *listener;
	size_t cursor = 0;

	while ((listener = id_map_next(&model->present.listeners, &cursor, NULL)))
		if (listener->base.endpoint.netns == netns)
			recount(model, known, listener, false);
}

static void give(struct model *model, struct known_namespace *known, uint32_t netns)
{
	struct listening_socket *listener;

	while (known->drops && (listener = most_likely(model, netns, known->told_ns)))
		recount(model, known, listener, true);
}

/*
 * Listeners that came while it runs may be known before their namespace is: all that it ever counted can be theirs. It waits for a look
 * at them, as all that a namespace counts: one that has dropped may not have told so yet, another that got RSTs may have.
 */
static void begin(struct model *model, struct known_namespace *known, uint32_t netns, const struct namespace_count *counter)
{
	refresh_all(model, known, netns);
	known->begins = most_likely(model, netns, model->now_ns) != NULL;
	known->drops = known->begins ? 0 : smaller(counter->total, counter->grown);
	known->fresh = known->begins ? counter->total : 0;
	known->drops_ns = known->told_ns = known->fresh_ns = known->fresh_begin_ns = model->now_ns;
	model->present.unsettled = true;
}

/* What it counted before it was known was for those listeners alone. */
static void end_begin(struct known_namespace *known)
{
	const struct namespace_count *counter = counter_of(known);

	if (!known->begins || known->fresh)
		return;
	known->drops = smaller(known->drops, counter ? counter->grown : 0);
	known->begins = false;
}

void model_drops_namespace(struct model *model, uint32_t netns, struct known_namespace *known, const struct namespace_facts *told)
{
	const struct namespace_count *counter = counter_of(known);
	uint64_t grown = counter ? counter->grown : 0;
	bool was_known = counter != NULL;

	known->facts = *told;
	counter = counter_of(known);
	if (!counter && was_known)
		refresh_all(model, known, netns);
	if (counter && !was_known)
		begin(model, known, netns, counter);
	if (!counter || !was_known || counter->grown <= grown)
		return;
	if (is_past(known->fresh_ns, model->now_ns) && (!model->present.look_ns || known->fresh_ns < model->present.look_ns))
		known->fresh = 0;
	if (!known->fresh)
		known->fresh_begin_ns = model->now_ns;
	known->fresh += counter->grown - grown;
	known->fresh_ns = model->now_ns;
	model->present.unsettled = true;
}

static void settle_one(struct model *model, struct known_namespace *known, uint32_t netns, uint64_t present_seen_ns)
{
	if (!present_seen_ns || known->fresh_ns <= present_seen_ns)
		sockets_seen(known, model->now_ns);
	if (is_past(known->drops_ns, model->now_ns))
		known->drops = 0;
	give(model, known, netns);
	end_begin(known);
	model->present.unsettled |= known->fresh > 0;
}

void model_settle(struct model *model, uint64_t present_seen_ns)
{
	struct known_namespace *known;
	size_t cursor = 0;
	uint64_t netns;

	if (present_seen_ns)
		model->present.look_ns = present_seen_ns;
	if (!model->present.unsettled)
		return;
	model->present.unsettled = false;
	while ((known = id_map_next(&model->present.namespaces, &cursor, &netns)))
		settle_one(model, known, netns, present_seen_ns);
}
