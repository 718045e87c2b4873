// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A few bytes a socket that waits: a hash of what was told of it, and in which look it came. */
#include "source/holders_check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/holder_findings.h"
#include "util/id_map.h"
#include "util/tcp_state.h"

#define NSEC_PER_MSEC 1000000ULL
#define PERIOD_NS (2000 * NSEC_PER_MSEC)
#define ENTRY_NS (1000 * NSEC_PER_MSEC) /* between looks for those that came to wait */
#define HINT_NS (250 * NSEC_PER_MSEC) /* between looks when something may have changed hands */
#define GRACE_NS (200 * NSEC_PER_MSEC) /* most sockets wait for less, and are not worth a look */
#define COST_SHARE 100 /* a look of 1 ms is followed by 100 ms at least */
#define NOBODY_LOOKS 2
#define FINDINGS_KEPT 4096 /* room that is not worth to be given back */

enum told { TOLD_NOTHING, TOLD_NOBODY, TOLD_HASHES };

struct waiting {
	uint64_t told; /* enum told, else a hash of it */
	uint32_t came; /* the number of looks that had begun */
	uint32_t hook_told; /* the same, when a hook told of its holder */
	uint32_t found; /* number of the look that found it last */
	uint8_t missed; /* by so many looks since */
	uint8_t state : 4;
	uint8_t present_state : 4; /* as a look at all sockets told of it last; 0: none did */
	bool queued : 1;
	bool calm : 1; /* of a look at all sockets: nothing is done for its sake alone */
};

struct holders_check {
	unsigned int patience; /* as in struct run_options */
	uint32_t states;
	struct id_map waiting;
	struct holder_findings findings;
	uint32_t looks; /* that have begun */
	size_t n_calm;
	size_t n_new; /* came after the last began */
	uint64_t new_since_ns; /* there are such */
	uint64_t hints; /* when the last look began */
	bool again; /* what was missed is looked for again */
	uint64_t ended_ns, cost_ns; /* of the last look */

	void (*tell)(void *context, uint64_t id, const struct held *held);
	void *context;
};

uint32_t holders_check_states(uint32_t states)
{
	return states & (1U << STATE_ESTABLISHED | 1U << STATE_SYN_SENT | 1U << STATE_FIN_WAIT1 | 1U << STATE_FIN_WAIT2 |
			 1U << STATE_CLOSE_WAIT | 1U << STATE_LAST_ACK | 1U << STATE_CLOSING);
}

struct holders_check *holders_check_new(uint32_t states)
{
	struct holders_check *check = calloc(1, sizeof(*check));

	if (!check)
		return NULL;
	check->states = holders_check_states(states);
	check->patience = 1;
	id_map_init(&check->waiting, sizeof(struct waiting));
	return check;
}

void holders_check_free(struct holders_check *check)
{
	if (!check)
		return;
	holder_findings_release(&check->findings);
	id_map_release(&check->waiting);
	free(check);
}

static bool is_new(const struct holders_check *check, const struct waiting *waiting)
{
	return waiting->came == check->looks && !waiting->calm;
}

static void leave(struct holders_check *check, uint64_t id)
{
	struct waiting *waiting = id_map_find(&check->waiting, id);

	if (!waiting)
		return;
	if (waiting->calm)
		check->n_calm--;
	else if (is_new(check, waiting))
		check->n_new--;
	id_map_remove(&check->waiting, id);
}

/* In these it is nobody's as a rule: closed, and ending by itself. Nobody expects to hear of it. */
static bool is_orphans_state(unsigned int state)
{
	return state == STATE_FIN_WAIT1 || state == STATE_FIN_WAIT2 || state == STATE_CLOSING || state == STATE_LAST_ACK;
}

static void note_new(struct holders_check *check, struct waiting *waiting, uint64_t time_ns)
{
	if (!check->n_new++)
		check->new_since_ns = time_ns;
	waiting->came = check->looks;
}

/*
 * From one state that waits to another it stays, and is told anew: a view that takes an interest in the new state alone, of a
 * recording too, has not heard of it; and of who sent the FIN it is not known whether he still has it.
 */
static int enter(struct holders_check *check, const struct transition *record)
{
	size_t known = check->waiting.used;
	struct waiting *waiting = id_map_put(&check->waiting, record->id);

	if (!waiting)
		return -ENOMEM;
	if (check->waiting.used > known) {
		waiting->hook_told = UINT32_MAX;
		note_new(check, waiting, record->time_ns);
	} else if (waiting->calm) {
		waiting->calm = false;
		check->n_calm--;
		waiting->told = TOLD_NOTHING;
		note_new(check, waiting, record->time_ns);
	} else if (waiting->state != record->new_state) {
		waiting->told = TOLD_NOTHING;
		if (!is_new(check, waiting))
			note_new(check, waiting, record->time_ns);
	}
	waiting->state = record->new_state;
	waiting->queued = record->flags & FLAG_IN_ACCEPT_QUEUE;
	return 0;
}

/* What was known of it is past; the next look adds what the hook can't tell. */
static void note_hook(struct holders_check *check, uint64_t id)
{
	struct waiting *waiting = id_map_find(&check->waiting, id);

	if (!waiting)
		return;
	waiting->told = TOLD_NOTHING;
	waiting->hook_told = check->looks;
	waiting->missed = 0;
	waiting->queued = false;
}

static bool is_calm(const struct holders_check *check, uint64_t id)
{
	const struct waiting *waiting = id_map_find(&check->waiting, id);

	return waiting && waiting->calm;
}

int holders_check_event(struct holders_check *check, const struct transition *record)
{
	switch (record->type) {
	case RECORD_HOLDER:
		note_hook(check, record->id);
		return 0;
	case RECORD_TRANSITION:
	case RECORD_SOCKET:
		break;
	default:
		return 0;
	}
	if (check->states & 1U << (record->new_state & 31) && !(record->flags & FLAG_TIMEWAIT))
		return enter(check, record);
	if (record->new_state == STATE_CLOSE || record->new_state == STATE_TIME_WAIT || !is_calm(check, record->id))
		leave(check, record->id);
	return 0;
}

/*
 * Who knows sockets by looks at all of them hears of this one for the first time, or in another state: what was told of its holder
 * before had no place there, or is taken for past.
 */
static void tell_again(struct waiting *waiting, unsigned int state)
{
	if (waiting->present_state != state)
		waiting->told = TOLD_NOTHING;
	waiting->present_state = state;
}

int holders_check_present(struct holders_check *check, const struct transition *record, bool gone)
{
	struct waiting *waiting = id_map_find(&check->waiting, record->id);

	if (waiting && !waiting->calm) {
		if (!gone)
			tell_again(waiting, record->new_state);
		return 0;
	}
	if (gone || record->flags & FLAG_TIMEWAIT) {
		leave(check, record->id);
		return 0;
	}
	if (!waiting) {
		waiting = id_map_put(&check->waiting, record->id);
		if (!waiting)
			return -ENOMEM;
		waiting->hook_told = UINT32_MAX;
		waiting->calm = true;
		check->n_calm++;
	} else if (waiting->state != record->new_state) {
		waiting->told = TOLD_NOTHING;
	}
	waiting->state = record->new_state;
	waiting->queued = record->flags & FLAG_IN_ACCEPT_QUEUE;
	return 0;
}

bool holders_check_is_urgent(const struct holders_check *check)
{
	return check->waiting.used > check->n_calm;
}

void holders_check_forget(struct holders_check *check)
{
	struct waiting *waiting;
	size_t cursor = 0;

	check->n_new = 0;
	if (!check->n_calm) {
		id_map_clear(&check->waiting);
		return;
	}
	/* Looks at all sockets tell when one of these is gone. */
	while ((waiting = id_map_next(&check->waiting, &cursor, NULL))) {
		waiting->calm = true;
		waiting->told = TOLD_NOTHING;
	}
	check->n_calm = check->waiting.used;
}

bool holders_check_waits(const struct holders_check *check)
{
	return check->waiting.used > 0;
}

bool holders_check_has(const struct holders_check *check, uint64_t id)
{
	return id_map_find(&check->waiting, id);
}

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void holders_check_set_patience(struct holders_check *check, unsigned int patience)
{
	check->patience = patience ?: 1;
}

/* Who is patient does not look each time for the sake of those for which nothing is done. */
static uint64_t least_period_ns(const struct holders_check *check)
{
	return holders_check_is_urgent(check) ? PERIOD_NS : PERIOD_NS * check->patience;
}

uint64_t holders_check_period_ns(const struct holders_check *check)
{
	return max(least_period_ns(check), check->cost_ns * COST_SHARE * check->patience);
}

static uint64_t pause_ns(const struct holders_check *check, uint64_t now_ns, uint64_t hints)
{
	if (check->again || (hints != check->hints && holders_check_is_urgent(check)))
		return HINT_NS;
	if (check->n_new && now_ns >= check->new_since_ns + GRACE_NS)
		return ENTRY_NS;
	return least_period_ns(check);
}

bool holders_check_is_due(const struct holders_check *check, uint64_t now_ns, uint64_t hints)
{
	uint64_t pause = max(pause_ns(check, now_ns, hints), check->cost_ns * COST_SHARE * check->patience);

	return holders_check_waits(check) && now_ns >= check->ended_ns + pause;
}

void holders_check_begin(struct holders_check *check, uint64_t hints)
{
	check->looks++;
	check->n_new = 0;
	check->hints = hints;
	check->again = false;
	check->findings.count = check->findings.n_processes = 0;
}

int holders_check_add(struct holders_check *check, const struct process *process, int fd, unsigned int flags, const uint64_t *ids,
		      size_t count)
{
	return holder_findings_add(&check->findings, process, fd, flags, ids, count);
}

/* Of all that is told, word by word. */
static uint64_t hash_of(const struct held *held)
{
	const uint64_t ends = (uint64_t)held->count << 32 | (uint32_t)held->fd;
	uint64_t words[sizeof(held->process) / 8 + 2], hash = 0;
	size_t i, count = sizeof(words) / sizeof(words[0]);

	memcpy(words, &held->process, sizeof(held->process));
	words[count - 2] = ends;
	words[count - 1] = held->queued;
	for (i = 0; i < count; i++) {
		hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	return hash < TOLD_HASHES ? TOLD_HASHES : hash;
}

static void on_found(void *context, uint64_t id, const struct held *held)
{
	struct holders_check *check = context;
	struct waiting *waiting = id_map_find(&check->waiting, id);
	uint64_t hash;

	if (!waiting || waiting->hook_told == check->looks)
		return;
	waiting->found = check->looks;
	waiting->missed = 0;
	waiting->queued = held->queued;
	/* It began to wait while the look went on: who has the same listener by fork() may be all that was met since. */
	if (held->queued && is_new(check, waiting))
		return;
	hash = hash_of(held);
	if (waiting->told == hash)
		return;
	waiting->told = hash;
	check->tell(check->context, id, held);
}

/* Is it worth a second look that this one was not found? */
static bool is_missed(const struct holders_check *check, const struct waiting *waiting, unsigned int hidden)
{
	if (waiting->found == check->looks || is_new(check, waiting) || waiting->hook_told == check->looks)
		return false;
	if (waiting->told == TOLD_NOBODY || (hidden & HOLDERS_IN_QUEUES && waiting->queued))
		return false;
	/* It was to wait in a queue, and is in none. */
	if (waiting->queued)
		return true;
	return waiting->told != TOLD_NOTHING || (!(hidden & HOLDERS_IN_PROCESSES) && !is_orphans_state(waiting->state));
}

static void look_for_missed(struct holders_check *check, unsigned int hidden)
{
	static const struct held nobody = { .fd = -1 };
	struct waiting *waiting;
	size_t cursor = 0;
	uint64_t id;

	while ((waiting = id_map_next(&check->waiting, &cursor, &id))) {
		if (!is_missed(check, waiting, hidden))
			continue;
		if (++waiting->missed < NOBODY_LOOKS) {
			check->again |= !waiting->calm;
			continue;
		}
		waiting->told = TOLD_NOBODY;
		check->tell(check->context, id, &nobody);
	}
}

void holders_check_conclude(struct holders_check *check, unsigned int hidden,
			    void (*tell)(void *context, uint64_t id, const struct held *held), void *context)
{
	check->tell = tell;
	check->context = context;
	holder_findings_tell(&check->findings, on_found, check);
	look_for_missed(check, hidden);
	if (check->findings.capacity > FINDINGS_KEPT)
		holder_findings_release(&check->findings);
}

void holders_check_end(struct holders_check *check, uint64_t now_ns, uint64_t cost_ns)
{
	check->ended_ns = now_ns;
	check->cost_ns = cost_ns;
}
