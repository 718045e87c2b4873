// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One destination in sentences: what is wrong, who has its ports, since when, what would help. */
#include <math.h>
#include <stdio.h>

#include "attribute/process.h"
#include "show/ports/names.h"
#include "show/ports/table.h"
#include "util/text.h"

#define HOLDERS_SHOWN 4
#define FOLDED_MIN 4 /* processes of one name */

static void put_label(struct buffer *out, const char *label)
{
	buffer_printf(out, "  %-9s", label);
}

static const char *trouble_of(const struct destination *destination, char when[16])
{
	const struct headroom *left = &destination->headroom;

	when[0] = '\0';
	if (!destination->known)
		return "the namespace's settings are not known yet";
	if (!left->usable)
		return "no free port";
	if (!left->cliff_usable)
		return "each connect() searches long: it looks through all ports of one parity first";
	if (isfinite(destination->wall_in_s)) {
		ports_when_text(when, destination->wall_in_s);
		return "at this rate there is no free port in ";
	}
	if (isfinite(destination->cliff_in_s)) {
		ports_when_text(when, destination->cliff_in_s);
		return "at this rate connect() begins to search long in ";
	}
	return "enough ports at this rate";
}

static void put_head(struct buffer *out, const struct destination *destination)
{
	char when[16];
	const char *trouble = trouble_of(destination, when);

	ports_destination_name(out, &destination->key);
	buffer_printf(out, ": %s%s\n", trouble, when);
}

static void put_limits(struct buffer *out, const struct destination *destination)
{
	const struct headroom *left = &destination->headroom;
	char wall[16], cliff[16];

	if (!destination->known)
		return;
	ports_rate_text(wall, destination->sustainable);
	ports_rate_text(cliff, destination->cliff_sustainable);
	put_label(out, "ports");
	buffer_printf(out, "%u of %u used, %u reserved, %u blocked", left->used - left->reusable, left->capacity, left->reserved, left->blocked);
	if (left->reusable)
		buffer_printf(out, ", %u more in TIME_WAIT, which connect() takes over", left->reusable);
	if (isfinite(destination->sustainable))
		buffer_printf(out, "; good for %s/s, without long searches %s/s", wall, cliff);
	buffer_append_char(out, '\n');
	if (!destination->tally.outside)
		return;
	put_label(out, "others");
	buffer_printf(out, "%u connection%s on ports that connect() does not choose now, which take none of these\n", destination->tally.outside,
		      destination->tally.outside == 1 ? "" : "s");
}

static void put_victims(struct buffer *out, const struct ports_model *model, const struct destination *destination)
{
	const struct port_victim *victim = destination->victims;
	char count[TEXT_NUMBER];

	if (!destination->counts.failures)
		return;
	put_label(out, "fails");
	for (; victim < destination->victims + destination->n_victims; victim++) {
		const struct told_process told = { .process = &victim->process, .cgroup_id = victim->process.cgroup_id };

		if (victim > destination->victims)
			buffer_append_string(out, ", ");
		ports_process_name(out, processes_get(&model->books->processes, &told, model->time_ns));
		text_count(count, victim->failures);
		buffer_printf(out, "%s %s times", victim->more ? " and others of its name" : "", count);
	}
	if (destination->other_victims) {
		text_count(count, destination->other_victims);
		buffer_printf(out, "%sothers %s times", destination->n_victims ? ", " : "", count);
	}
	buffer_append_char(out, '\n');
}

static bool is_same(const struct port_holders *holders, uint32_t i, uint32_t k)
{
	return holders->list[i].process == holders->list[k].process;
}

/* Of the same process, or of another of its name and cgroup. */
static bool are_alike(const struct ports_model *model, const struct port_holders *holders, uint32_t i, uint32_t k)
{
	const struct process *one = &ports_model_process(model, holders->list[i].process)->process;
	const struct process *other = &ports_model_process(model, holders->list[k].process)->process;

	return is_same(holders, i, k) || processes_are_alike(one, other);
}

/* Processes of its name, which become one where they are several, as of a program that is started again and again. */
static uint32_t count_alike(const struct ports_model *model, const struct port_holders *holders, uint32_t i)
{
	uint32_t k, before, count = 0;

	for (k = 0; k < holders->used; k++) {
		if (!are_alike(model, holders, i, k))
			continue;
		for (before = 0; before < k && !is_same(holders, before, k); before++)
			;
		count += before == k;
	}
	return count;
}

static bool belongs(const struct ports_model *model, const struct port_holders *holders, uint32_t i, uint32_t k, bool folded)
{
	return folded ? are_alike(model, holders, i, k) : is_same(holders, i, k);
}

/* All that one process holds, or those of one name, state by state. */
static void put_holder(struct buffer *out, const struct ports_model *model, const struct port_holders *holders, uint32_t first)
{
	uint32_t counts[16] = {}, order[16], alike = count_alike(model, holders, first), used = 0, i;
	bool folded = alike >= FOLDED_MIN;

	ports_processes_name(out, ports_model_process(model, holders->list[first].process), folded ? alike : 1);
	if (holders->list[first].more)
		buffer_append_string(out, " and others of its name");
	for (i = first; i < holders->used; i++) {
		const struct port_holder *holder = &holders->list[i];

		if (!belongs(model, holders, first, i, folded))
			continue;
		if (!counts[holder->state & 15])
			order[used++] = holder->state & 15;
		counts[holder->state & 15] += holder->count;
	}
	for (i = 0; i < used; i++)
		buffer_printf(out, "%s%u %s", i ? ", " : " ", counts[order[i]], ports_state_name(order[i]));
}

static bool was_put(const struct ports_model *model, const struct port_holders *holders, uint32_t i)
{
	bool folded = count_alike(model, holders, i) >= FOLDED_MIN;
	uint32_t before;

	for (before = 0; before < i; before++)
		if (belongs(model, holders, i, before, folded))
			return true;
	return false;
}

/* The list is sorted by count: a process stands where its largest one does. */
static void put_holders(struct buffer *out, const struct ports_model *model, const char *label, const struct port_holders *holders)
{
	uint32_t i, shown = 0, rest = holders->others;

	if (!holders->used)
		return;
	put_label(out, label);
	for (i = 0; i < holders->used; i++) {
		if (was_put(model, holders, i))
			continue;
		if (shown++ >= HOLDERS_SHOWN) {
			rest += holders->list[i].count;
			continue;
		}
		buffer_append_string(out, shown > 1 ? "; " : "");
		put_holder(out, model, holders, i);
	}
	if (rest)
		buffer_printf(out, "; others %u", rest);
	buffer_append_char(out, '\n');
}

static double seconds_until(uint64_t then_ns, uint64_t now_ns)
{
	return then_ns > now_ns ? (then_ns - now_ns) / 1e9 : 0;
}

static void put_free(struct buffer *out, const struct ports_model *model, const struct destination *destination)
{
	char first[16], all[16];

	if (!destination->small)
		return;
	ports_when_text(first, seconds_until(destination->first_free_ns, model->time_ns));
	ports_when_text(all, seconds_until(destination->all_free_ns, model->time_ns));
	put_label(out, "free");
	buffer_printf(out, "the first TIME_WAIT ends %s%s, the last %s%s\n", first[0] == 'n' ? "" : "in ", first,
		      all[0] == 'n' ? "" : "in ", all);
}

static void put_percentiles(struct buffer *out, const char *what, const struct histogram *histogram)
{
	char p50[TEXT_NUMBER], p99[TEXT_NUMBER];

	text_duration(p50, histogram_percentile(histogram, 50));
	text_duration(p99, histogram_percentile(histogram, 99));
	buffer_printf(out, "%s p50 %s p99 %s", what, p50, p99);
}

static void put_search(struct buffer *out, const struct destination *destination)
{
	if (!destination->search.count)
		return;
	put_label(out, "connect");
	put_percentiles(out, "search for a port", &destination->search);
	buffer_append_string(out, "; ");
	put_percentiles(out, "then the peer's answer", &destination->handshake);
	buffer_append_char(out, '\n');
}

static void put_remedies(struct buffer *out, const struct destination *destination, const struct port_namespace *namespace)
{
	struct remedy remedies[REMEDY_KINDS];
	size_t i, n;

	if (!destination->known || !destination_needs_remedy(destination))
		return;
	n = remedies_of(remedies, destination, namespace);
	for (i = 0; i < n; i++) {
		put_label(out, i ? "" : "helps");
		ports_remedy_text(out, &remedies[i]);
		buffer_append_char(out, '\n');
	}
}

void ports_details_text(struct buffer *out, const struct ports_model *model, const struct destination *destination)
{
	const struct port_namespace *namespace = ports_model_namespace(model, destination);

	put_head(out, destination);
	put_limits(out, destination);
	put_victims(out, model, destination);
	put_holders(out, model, "held by", &destination->holders);
	if (namespace && destination->headroom.blocked)
		put_holders(out, model, "blocked", &namespace->blockers);
	put_free(out, model, destination);
	put_search(out, destination);
	put_remedies(out, destination, namespace);
}
