// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A look: pages of ports of one namespace, from bpf/ports.bpf.h; when what is blocked has changed, who has bound what. */
#include "collect/ports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attach/tracer.h"
#include "collect/iterator.h"
#include "event/event.h"
#include "tcpdwell.skel.h"
#include "util/id_map.h"
#include "util/log.h"
#include "util/tcp_state.h"

#define NSEC_PER_SEC 1000000000ULL
#define PERIOD_NS NSEC_PER_SEC
#define SHARE 100 /* a look of 1 ms is followed by 100 ms at least, whatever the namespace: a hundredth of a processor */
#define NAMESPACES_MAX 4096
#define REPEAT_NS (60 * NSEC_PER_SEC) /* what has not changed is told again, for files that begin in the middle of a run */

struct known_namespace {
	struct port_facts facts; /* as told last; bound is ours */
	struct port_set asked; /* ports of bind() that failed */
	uint64_t looked_ns; /* 0: never */
	uint64_t told_ns;
	bool found; /* the kernel has it */
	bool told;
	bool blocked_changed; /* since it was last looked who has bound what */
};

struct port_watch {
	const struct tracer *tracer;
	void (*tell)(void *context, const struct port_facts *facts);
	void *context;
	struct id_map by_netns; /* struct known_namespace * */
	struct port_facts look; /* that is on */
	bool look_found;
	struct bound_found { /* of the pass over descriptors, all namespaces */
		uint32_t netns;
		struct bound_socket socket;
	} *bound;
	size_t n_bound, bound_capacity;
	uint64_t next_ns, next_bound_ns;
	uint64_t gone; /* namespaces that were found to be */
	unsigned int patience; /* as in struct run_options */
	int err; /* of the last look */
};

struct port_watch *port_watch_new(const struct tracer *tracer, void (*tell)(void *context, const struct port_facts *facts),
				  void *context, unsigned int patience)
{
	struct port_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->tracer = tracer;
	watch->tell = tell;
	watch->context = context;
	watch->patience = patience ?: 1;
	id_map_init(&watch->by_netns, sizeof(struct known_namespace *));
	return watch;
}

static struct known_namespace *next_namespace(const struct port_watch *watch, size_t *cursor, uint64_t *netns)
{
	struct known_namespace **place = id_map_next(&watch->by_netns, cursor, netns);

	return place ? *place : NULL;
}

static void namespace_free(struct known_namespace *namespace)
{
	free((void *)namespace->facts.bound);
	free(namespace);
}

void port_watch_free(struct port_watch *watch)
{
	struct known_namespace *namespace;
	size_t cursor = 0;

	if (!watch)
		return;
	while ((namespace = next_namespace(watch, &cursor, NULL)))
		namespace_free(namespace);
	id_map_release(&watch->by_netns);
	free(watch->bound);
	free(watch);
}

int port_watch_note(struct port_watch *watch, uint32_t netns)
{
	struct known_namespace **place;

	if (!netns || id_map_find(&watch->by_netns, netns) || watch->by_netns.used >= NAMESPACES_MAX)
		return 0;
	place = id_map_put(&watch->by_netns, netns);
	if (!place)
		return -ENOMEM;
	*place = calloc(1, sizeof(**place));
	if (*place) {
		watch->next_ns = 0; /* the new one at once */
		return 0;
	}
	id_map_remove(&watch->by_netns, netns);
	return -ENOMEM;
}

void port_watch_ask(struct port_watch *watch, uint32_t netns, uint16_t port)
{
	struct known_namespace **place = id_map_find(&watch->by_netns, netns);

	if (!place)
		return;
	(*place)->blocked_changed = true;
	if (port_set_has(&(*place)->asked, port))
		return;
	port_set_add(&(*place)->asked, port);
	watch->next_bound_ns = 0;
}

/* The ports of a page that are in a range. */
static uint64_t in_range(uint16_t low, uint16_t high, uint32_t page)
{
	uint64_t bits = ~0ULL;

	if (page < low / 64U || page > high / 64U)
		return 0;
	if (page == low / 64U)
		bits &= ~0ULL << low % 64;
	if (page == high / 64U)
		bits &= ~0ULL >> (63 - high % 64);
	return bits;
}

static void page_take(struct port_facts *look, const struct port_page *page)
{
	uint64_t range = in_range(look->settings.low, look->settings.high, page->index);
	uint64_t wide = in_range(PORTS_WIDE_LOW, PORTS_WIDE_HIGH, page->index);

	look->reserved.words[page->index] = page->reserved & range;
	look->blocked.words[page->index] = page->blocked & range;
	look->beyond.words[page->index] = (page->reserved | page->blocked) & wide & ~range;
}

static int on_pages(void *context, const void *bytes, size_t size)
{
	const struct port_page *page = bytes, *end = page + size / sizeof(*page);
	struct port_watch *watch = context;
	struct port_facts *look = &watch->look;

	for (; page < end; page++) {
		if (page->index == PORT_PAGE_SETTINGS) {
			look->settings = page->settings;
			watch->look_found = true;
		} else if (page->index < PORT_SET_WORDS) {
			page_take(look, page);
		}
	}
	return 0;
}

static int look_at_ports(struct port_watch *watch, uint32_t netns)
{
	struct tcpdwell *skeleton = watch->tracer->skeleton;

	memset(&watch->look, 0, sizeof(watch->look));
	watch->look_found = false;
	skeleton->bss->ports_netns = netns;
	return iterator_run(watch->tracer, skeleton->progs.list_ports, skeleton->maps.port_pages, ITERATOR_BYTES, on_pages, watch);
}

static int bound_add(struct port_watch *watch, const struct bound_record *record)
{
	size_t capacity = watch->bound_capacity ? 2 * watch->bound_capacity : 256;
	struct bound_found *found;

	if (watch->n_bound == watch->bound_capacity) {
		found = realloc(watch->bound, capacity * sizeof(*found));
		if (!found)
			return -ENOMEM;
		watch->bound = found;
		watch->bound_capacity = capacity;
	}
	found = &watch->bound[watch->n_bound++];
	memset(found, 0, sizeof(*found));
	found->netns = record->netns;
	memcpy(found->socket.addr, record->addr, sizeof(record->addr));
	found->socket.port = record->port;
	found->socket.listens = record->state == STATE_LISTEN;
	found->socket.process = record->process;
	return 0;
}

static bool is_of_interest(const struct known_namespace *namespace, uint16_t port)
{
	const struct port_settings *settings = &namespace->facts.settings;

	return (port >= settings->low && port <= settings->high) || port_set_has(&namespace->asked, port);
}

static int on_bound(void *context, const void *bytes, size_t size)
{
	const struct bound_record *record = bytes, *end = record + size / sizeof(*record);
	struct port_watch *watch = context;
	const struct known_namespace *const *place;
	int err = 0;

	for (; record < end && !err; record++) {
		place = id_map_find(&watch->by_netns, record->netns);
		if (place && is_of_interest(*place, record->port))
			err = bound_add(watch, record);
	}
	return err;
}

/* By namespace, port, address; of several holders of a socket the one with the lowest pid. */
static int bound_order(const void *one, const void *other)
{
	const struct bound_found *a = one, *b = other;
	int addr;

	if (a->netns != b->netns)
		return a->netns < b->netns ? -1 : 1;
	if (a->socket.port != b->socket.port)
		return a->socket.port < b->socket.port ? -1 : 1;
	addr = memcmp(a->socket.addr, b->socket.addr, sizeof(a->socket.addr));
	if (addr || a->socket.process.pid == b->socket.process.pid)
		return addr;
	return a->socket.process.pid < b->socket.process.pid ? -1 : 1;
}

static bool same_socket(const struct bound_found *a, const struct bound_found *b)
{
	return a->netns == b->netns && a->socket.port == b->socket.port && a->socket.listens == b->socket.listens &&
	       !memcmp(a->socket.addr, b->socket.addr, sizeof(a->socket.addr));
}

/* Hands a namespace its part of what was found. */
static void take_bound(struct port_watch *watch, struct known_namespace *namespace, size_t begin, size_t end)
{
	struct bound_socket *bound = end > begin ? calloc(end - begin, sizeof(*bound)) : NULL;
	size_t i, n = 0;

	for (i = begin; bound && i < end; i++)
		if (i == begin || !same_socket(&watch->bound[i - 1], &watch->bound[i]))
			bound[n++] = watch->bound[i].socket;
	free((void *)namespace->facts.bound);
	namespace->facts.bound = bound;
	namespace->facts.n_bound = n;
}

static void tell(struct port_watch *watch, struct known_namespace *namespace)
{
	namespace->told = true;
	watch->tell(watch->context, &namespace->facts);
}

static void bound_differs(struct port_watch *watch, uint32_t netns, size_t begin, size_t end)
{
	struct known_namespace **place = id_map_find(&watch->by_netns, netns), before;

	if (!place || !(*place)->found)
		return;
	before = **place;
	(*place)->facts.bound = NULL;
	take_bound(watch, *place, begin, end);
	(*place)->blocked_changed = false;
	if (!port_facts_equal(&before.facts, &(*place)->facts))
		tell(watch, *place);
	free((void *)before.facts.bound);
}

/* Who has bound what, in all namespaces at once. */
static int look_at_bound(struct port_watch *watch)
{
	struct known_namespace *namespace;
	size_t cursor = 0, begin, end;
	uint64_t netns;
	int err;

	watch->n_bound = 0;
	err = iterator_run(watch->tracer, watch->tracer->skeleton->progs.list_bound, NULL, ITERATOR_BYTES, on_bound, watch);
	if (err)
		return err;
	qsort(watch->bound, watch->n_bound, sizeof(*watch->bound), bound_order);
	while ((namespace = next_namespace(watch, &cursor, &netns))) {
		for (begin = 0; begin < watch->n_bound && watch->bound[begin].netns < netns; begin++)
			;
		for (end = begin; end < watch->n_bound && watch->bound[end].netns == netns; end++)
			;
		if (namespace->blocked_changed)
			bound_differs(watch, netns, begin, end);
	}
	return 0;
}

/* A namespace that is gone has no sockets that are bound. */
static void tell_gone(struct port_watch *watch, struct known_namespace *namespace)
{
	struct port_facts *facts = &namespace->facts;

	if (!namespace->told)
		return;
	take_bound(watch, namespace, 0, 0);
	memset(&facts->blocked, 0, sizeof(facts->blocked));
	memset(&facts->beyond, 0, sizeof(facts->beyond));
	tell(watch, namespace);
}

/* What the look found replaces what was known, and is told where it differs. */
static void take_look(struct port_watch *watch, struct known_namespace *namespace, uint64_t now_ns)
{
	struct port_facts *look = &watch->look, *known = &namespace->facts;

	namespace->looked_ns = now_ns;
	namespace->found = watch->look_found;
	if (!watch->look_found) {
		tell_gone(watch, namespace);
		return;
	}
	if (memcmp(&look->blocked, &known->blocked, sizeof(look->blocked)))
		namespace->blocked_changed = true;
	look->bound = known->bound;
	look->n_bound = known->n_bound;
	if (namespace->told && port_facts_equal(look, known) && now_ns - namespace->told_ns < REPEAT_NS)
		return;
	*known = *look;
	namespace->told_ns = now_ns;
	tell(watch, namespace);
}

static void say_failure(struct port_watch *watch, int err)
{
	if (err && err != -EINTR && err != watch->err)
		log_warn("the ports of a network namespace can't be looked at: %s", strerror(-err));
	watch->err = err;
}

/* The one that was not looked at for the longest time; NULL: none is due. */
static struct known_namespace *oldest(const struct port_watch *watch, uint64_t now_ns, uint64_t period_ns, uint64_t *netns)
{
	struct known_namespace *namespace, *found = NULL;
	size_t cursor = 0;
	uint64_t at;

	while ((namespace = next_namespace(watch, &cursor, &at))) {
		if (namespace->looked_ns && now_ns - namespace->looked_ns < period_ns)
			continue;
		if (!found || namespace->looked_ns < found->looked_ns) {
			found = namespace;
			*netns = at;
		}
	}
	return found;
}

/* A namespace that is gone is forgotten: its number may be another's some day. */
static void look_at_namespace(struct port_watch *watch, struct known_namespace *namespace, uint32_t netns, uint64_t now_ns)
{
	uint64_t begin_ns = clock_cpu_ns();
	int err = look_at_ports(watch, netns);

	say_failure(watch, err);
	if (err) {
		namespace->looked_ns = now_ns;
		watch->next_ns = now_ns + (clock_cpu_ns() - begin_ns) * SHARE * watch->patience;
		return;
	}
	take_look(watch, namespace, now_ns);
	watch->next_ns = now_ns + (clock_cpu_ns() - begin_ns) * SHARE * watch->patience;
	if (namespace->found)
		return;
	watch->gone += namespace->told;
	id_map_remove(&watch->by_netns, netns);
	namespace_free(namespace);
}

uint64_t port_watch_gone(const struct port_watch *watch)
{
	return watch->gone;
}

static bool any_changed(const struct port_watch *watch)
{
	struct known_namespace *namespace;
	size_t cursor = 0;

	while ((namespace = next_namespace(watch, &cursor, NULL)))
		if (namespace->blocked_changed)
			return true;
	return false;
}

void port_watch_answer(struct port_watch *watch)
{
	if (any_changed(watch))
		say_failure(watch, look_at_bound(watch));
}

/* New ones are looked at without delay, however many came at once. */
void port_watch_look(struct port_watch *watch, uint64_t now_ns, bool last)
{
	struct known_namespace *namespace;
	uint64_t netns = 0, begin_ns;

	if (!last && now_ns < watch->next_ns)
		return;
	while ((namespace = oldest(watch, now_ns, last ? 1 : PERIOD_NS, &netns))) {
		if (!last && namespace->looked_ns && now_ns < watch->next_ns)
			break;
		look_at_namespace(watch, namespace, netns, now_ns);
	}
	if (!last && now_ns < watch->next_bound_ns)
		return;
	begin_ns = clock_cpu_ns();
	port_watch_answer(watch);
	watch->next_bound_ns = now_ns + (clock_cpu_ns() - begin_ns) * SHARE * watch->patience;
}
