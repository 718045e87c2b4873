// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From the sockets of a destination to its limits. */
#include "ports/destination.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attribute/process.h"
#include "util/shortage.h"

#define NSEC_PER_SEC 1e9
#define HOLDERS_MAX 64

void destination_release(struct destination *destination)
{
	histogram_release(&destination->search);
	histogram_release(&destination->handshake);
	free(destination->holders.list);
	free(destination->ports);
}

static void victim_into(struct port_victim *victim, const struct port_victim *other)
{
	victim->failures += other->failures;
	victim->more = true;
	if (other->last_ns < victim->last_ns)
		return;
	victim->last_ns = other->last_ns;
	victim->process = other->process;
}

/* One stands for those that are alike. */
static void victims_fold(struct port_victim victims[VICTIMS_MAX], unsigned int *count)
{
	unsigned int i, k, kept = 0;

	for (i = 0; i < *count; i++) {
		for (k = 0; k < kept && !processes_are_alike(&victims[k].process, &victims[i].process); k++)
			;
		if (k < kept)
			victim_into(&victims[k], &victims[i]);
		else
			victims[kept++] = victims[i];
	}
	*count = kept;
}

static struct port_victim *victim_new(struct port_victim victims[VICTIMS_MAX], unsigned int *count)
{
	return *count < VICTIMS_MAX ? memset(&victims[(*count)++], 0, sizeof(*victims)) : NULL;
}

static struct port_victim *victim_of(struct port_victim victims[VICTIMS_MAX], unsigned int *count, const struct process *process)
{
	struct port_victim *victim = victims;

	for (; victim < victims + *count; victim++)
		if (victim->process.pid == process->pid && victim->process.start_ns == process->start_ns)
			return victim;
	if (*count < VICTIMS_MAX)
		return victim_new(victims, count);
	for (victim = victims; victim < victims + *count; victim++)
		if (processes_are_alike(&victim->process, process)) {
			victim->more = true;
			return victim;
		}
	victims_fold(victims, count);
	return victim_new(victims, count);
}

bool port_victims_add(struct port_victim victims[VICTIMS_MAX], unsigned int *count, const struct process *process, uint64_t now_ns)
{
	struct port_victim *victim = victim_of(victims, count, process);

	if (!victim)
		return false;
	victim->process = *process;
	victim->failures++;
	victim->last_ns = now_ns;
	return true;
}

void destination_failed(struct destination *destination, const struct process *process, uint64_t now_ns)
{
	destination->counts.failures++;
	if (!port_victims_add(destination->victims, &destination->n_victims, process, now_ns))
		destination->other_victims++;
}

void destination_clear(struct destination *destination)
{
	destination->sockets = destination->small = destination->waiting_for_peer = 0;
	memset(destination->by_state, 0, sizeof(destination->by_state));
	memset(&destination->tally, 0, sizeof(destination->tally));
	memset(destination->halves, 0, sizeof(destination->halves));
	if (destination->ports)
		memset(destination->ports, 0, sizeof(*destination->ports));
	destination->holders.used = destination->holders.others = 0;
	destination->holders.different = false;
	destination->first_free_ns = destination->all_free_ns = 0;
}

static struct port_holder *holder_find(const struct port_holders *holders, uint32_t used, uint32_t process, uint8_t state, processes_alike *alike,
				       const void *context)
{
	struct port_holder *holder = holders->list;

	for (; holder < holders->list + used; holder++)
		if (holder->state == state && (holder->process == process || (alike && alike(context, holder->process, process))))
			return holder;
	return NULL;
}

static void holders_fold(struct port_holders *holders, processes_alike *alike, const void *context)
{
	struct port_holder *list = holders->list, *same;
	uint32_t i, kept = 0;

	for (i = 0; i < holders->used; i++) {
		same = holder_find(holders, kept, list[i].process, list[i].state, alike, context);
		if (!same) {
			list[kept++] = list[i];
			continue;
		}
		same->count += list[i].count;
		same->more = true;
	}
	holders->used = kept;
	holders->different = true;
}

uint32_t port_holders_stand_in(struct port_holders *holders, uint32_t process, uint8_t state, processes_alike *alike, const void *context)
{
	struct port_holder *same;

	if (holders->used < HOLDERS_MAX || holder_find(holders, holders->used, process, state, NULL, NULL))
		return process;
	same = holder_find(holders, holders->used, process, state, alike, context);
	if (same) {
		same->more = true;
		return same->process;
	}
	if (!holders->different)
		holders_fold(holders, alike, context);
	return process;
}

int port_holders_add(struct port_holders *holders, uint32_t process, uint8_t state, uint32_t count)
{
	struct port_holder *list = holders->list;
	uint32_t i, capacity;

	for (i = 0; i < holders->used; i++)
		if (list[i].process == process && list[i].state == state) {
			list[i].count += count;
			return 0;
		}
	if (holders->used == HOLDERS_MAX) {
		holders->others += count;
		return 0;
	}
	if (holders->used == holders->capacity) {
		capacity = holders->capacity ? 2 * holders->capacity : 4;
		list = shortage_noted(realloc(list, capacity * sizeof(*list)));
		if (!list)
			return -ENOMEM;
		holders->list = list;
		holders->capacity = capacity;
	}
	holders->different = false;
	list[holders->used++] = (struct port_holder){ .process = process, .state = state, .count = count };
	return 0;
}

static int most_first(const void *one, const void *other)
{
	const struct port_holder *a = one, *b = other;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	if (a->process != b->process)
		return a->process < b->process ? -1 : 1;
	return (int)a->state - b->state;
}

void port_holders_sort(struct port_holders *holders)
{
	if (holders->used > 1)
		qsort(holders->list, holders->used, sizeof(*holders->list), most_first);
}

/* In how many seconds a port that is in use now can be used again. */
static double free_in_s(const struct port_use *use, uint64_t now_ns)
{
	uint64_t free_ns = use->free_ns < use->reusable_ns ? use->free_ns : use->reusable_ns;

	return free_ns > now_ns ? (free_ns - now_ns) / NSEC_PER_SEC : 0;
}

static void half_add(struct destination *destination, const struct port_space *space, const struct port_use *use,
		     uint64_t now_ns, bool reusable)
{
	int half = port_space_half(space, use->port);

	if (half < 0 || reusable)
		return;
	if (use->small)
		port_schedule_add(&destination->halves[half].schedule, free_in_s(use, now_ns));
	else
		destination->halves[half].open++;
}

static void small_add(struct destination *destination, const struct port_use *use)
{
	destination->small++;
	destination->waiting_for_peer += use->state == STATE_FIN_WAIT2;
	if (!destination->first_free_ns || use->free_ns < destination->first_free_ns)
		destination->first_free_ns = use->free_ns;
	if (use->free_ns > destination->all_free_ns)
		destination->all_free_ns = use->free_ns;
}

int destination_use(struct destination *destination, const struct port_space *space, const struct port_use *use,
		    uint64_t now_ns)
{
	bool reusable = use->small && use->reusable_ns <= now_ns;

	if (destination->ports && port_set_has(destination->ports, use->port))
		return 0;
	if (destination->ports)
		port_set_add(destination->ports, use->port);
	destination->sockets++;
	destination->by_state[use->state]++;
	if (use->small)
		small_add(destination, use);
	if (space) {
		port_tally_add(&destination->tally, space, use->port, reusable);
		half_add(destination, space, use, now_ns, reusable);
	}
	if (space && port_space_half(space, use->port) < 0) /* who has it takes nothing from anybody */
		return 0;
	return port_holders_add(&destination->holders, use->holder, use->state, 1);
}

/* How long a port is held when its connection is closed from here. */
static double hold_after_close(const struct destination *destination, const struct port_settings *settings,
			       uint64_t time_wait_ns)
{
	const struct time_wait_facts facts = {
		.local_addr = destination->key.local_addr,
		.remote_addr = destination->key.remote_addr,
		.device = destination->key.device,
		.timestamps = settings->timestamps && !destination->no_timestamps,
	};

	if (time_wait_reusable_ns(settings, &facts) == UINT64_MAX)
		return time_wait_ns / NSEC_PER_SEC;
	return settings->flags & PORTS_REUSE_BY_SECOND ? 1 : settings->tw_reuse_delay_ms / 1e3;
}

/* By Little's law: how many are open is how many come a second times how long they stay. */
static double life_of(const struct destination *destination)
{
	return destination->rates.opened > 0 ? (destination->sockets - destination->small) / destination->rates.opened : 0;
}

/* Connections that were opened lately and not closed yet tell nothing of how they will end: then it is by us, to be safe. */
static double time_wait_share_of(const struct port_rates *rates)
{
	double share = rates->closed > 0 ? rates->time_wait / rates->closed : 1;

	return share < 1 ? share : 1;
}

/* New connections go to the half that is tried first while there is room; of those that close, each half has its share. */
static double foresee(const struct destination *destination, uint32_t limit, const struct half_use *use, double of_closed)
{
	const struct forecast forecast = {
		.limit = limit,
		.open = use->open,
		.schedule = &use->schedule,
		.opened = destination->rates.opened,
		.closed = destination->rates.closed * of_closed,
		.time_wait = destination->rates.time_wait * of_closed,
		.hold_s = destination->hold_s,
	};

	return forecast_seconds(&forecast);
}

static struct half_use both_halves(const struct destination *destination)
{
	struct half_use sum = destination->halves[HALF_FIRST];
	const struct half_use *second = &destination->halves[HALF_SECOND];
	int i;

	sum.open += second->open;
	for (i = 0; i < FORECAST_BUCKETS; i++)
		sum.schedule.within[i] += second->schedule.within[i];
	sum.schedule.later += second->schedule.later;
	sum.schedule.total += second->schedule.total;
	return sum;
}

static void foresee_limits(struct destination *destination)
{
	const struct headroom *left = &destination->headroom;
	const struct half_use *first = &destination->halves[HALF_FIRST], both = both_halves(destination);
	double first_share = both.open ? (double)first->open / both.open : 1;

	destination->wall_in_s = left->usable ? foresee(destination, left->capacity, &both, 1) : 0;
	destination->cliff_in_s = left->cliff_usable ? foresee(destination, left->cliff_capacity, first, first_share) : 0;
}

void destination_conclude(struct destination *destination, const struct port_space *space, const struct port_settings *settings,
			  uint64_t now_ns, uint64_t time_wait_ns)
{
	struct headroom *left = &destination->headroom;

	port_holders_sort(&destination->holders);
	destination->rates = rate_window_rates(&destination->window, now_ns, &destination->counts);
	rate_window_sample(&destination->window, now_ns, &destination->counts);
	destination->known = space != NULL;
	if (!space)
		return;
	headroom_of(left, space, &destination->tally);
	destination->share = left->capacity ? 1 - (double)left->usable / left->capacity : 1;
	destination->life_s = life_of(destination);
	destination->hold_s = hold_after_close(destination, settings, time_wait_ns);
	destination->time_wait_share = time_wait_share_of(&destination->rates);
	destination->sustainable =
		sustainable_rate(left->capacity, destination->life_s, destination->hold_s, destination->time_wait_share);
	destination->cliff_sustainable =
		sustainable_rate(left->cliff_capacity, destination->life_s, destination->hold_s, destination->time_wait_share);
	foresee_limits(destination);
}
