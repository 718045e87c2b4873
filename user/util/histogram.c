// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Histograms of durations: a sorted array with the slots that are in use. */
#include "util/histogram.h"
#include "util/shortage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void histogram_init(struct histogram *histogram)
{
	memset(histogram, 0, sizeof(*histogram));
}

void histogram_release(struct histogram *histogram)
{
	free(histogram->bins);
	histogram_init(histogram);
}

void histogram_clear(struct histogram *histogram)
{
	histogram->count = histogram->sum_ns = 0;
	histogram->used = 0;
}

static int reserve(struct histogram *histogram, uint32_t bins)
{
	uint32_t capacity = histogram->capacity ? histogram->capacity : 4;
	struct histogram_bin *grown;

	if (bins <= histogram->capacity)
		return 0;
	while (capacity < bins)
		capacity *= 2;
	grown = shortage_noted(realloc(histogram->bins, capacity * sizeof(*grown)));
	if (!grown)
		return -ENOMEM;
	histogram->bins = grown;
	histogram->capacity = capacity;
	return 0;
}

static bool has_slot(const struct histogram *histogram, uint32_t position, uint32_t slot)
{
	return position < histogram->used && histogram->bins[position].slot == slot;
}

/*
 * Where the slot is, or where it belongs. Slots in use mostly lie side by side, and all have as many before them that are not; else no
 * branch goes by what is found, for compilers too: durations are hard to foresee.
 */
static uint32_t position_of(const struct histogram *histogram, uint32_t slot)
{
	uint32_t low = 0, left = histogram->used, half;

	if (has_slot(histogram, slot - histogram->absent, slot))
		return slot - histogram->absent;
	for (; left; left -= half) {
		half = (left + 1) / 2;
		low += half & -(uint32_t)(histogram->bins[low + half - 1].slot < slot);
	}
	return low;
}

/* There must be room. */
static void insert_bin(struct histogram *histogram, uint32_t position, uint32_t slot)
{
	struct histogram_bin *bin = &histogram->bins[position];

	memmove(bin + 1, bin, (histogram->used - position) * sizeof(*bin));
	bin->slot = slot;
	bin->count = 0;
	histogram->used++;
}

int histogram_add_slot(struct histogram *histogram, unsigned int slot, uint64_t count, uint64_t sum_ns)
{
	uint32_t position = position_of(histogram, slot);

	if (slot >= HISTOGRAM_SLOTS)
		return -EINVAL;
	if (!count)
		return 0;
	if (!has_slot(histogram, position, slot)) {
		if (reserve(histogram, histogram->used + 1))
			return -ENOMEM;
		insert_bin(histogram, position, slot);
	}
	histogram->absent = slot - position;
	histogram->bins[position].count += count;
	histogram->count += count;
	histogram->sum_ns += sum_ns;
	return 0;
}

int histogram_add(struct histogram *histogram, uint64_t ns)
{
	return histogram_add_slot(histogram, histogram_slot_of(ns), 1, ns);
}

int histogram_merge(struct histogram *histogram, const struct histogram *other)
{
	uint32_t room = histogram->used + other->used;
	uint64_t count = other->count, sum_ns = other->sum_ns;

	if (histogram != other && reserve(histogram, room < HISTOGRAM_SLOTS ? room : HISTOGRAM_SLOTS))
		return -ENOMEM;
	for (uint32_t i = 0; i < other->used; i++) {
		uint32_t slot = other->bins[i].slot, position = position_of(histogram, slot);

		if (!has_slot(histogram, position, slot))
			insert_bin(histogram, position, slot);
		histogram->bins[position].count += other->bins[i].count;
	}
	histogram->count += count;
	histogram->sum_ns += sum_ns;
	return 0;
}

static bool covers(const struct histogram *histogram, const struct histogram *earlier)
{
	for (uint32_t i = 0; i < earlier->used; i++) {
		const struct histogram_bin *bin = &earlier->bins[i];
		uint32_t position = position_of(histogram, bin->slot);

		if (!has_slot(histogram, position, bin->slot) || histogram->bins[position].count < bin->count)
			return false;
	}
	return true;
}

static void drop_empty_bins(struct histogram *histogram)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < histogram->used; i++)
		if (histogram->bins[i].count)
			histogram->bins[kept++] = histogram->bins[i];
	histogram->used = kept;
}

int histogram_subtract(struct histogram *histogram, const struct histogram *earlier)
{
	if (!covers(histogram, earlier))
		return -ERANGE;
	histogram->count -= earlier->count;
	histogram->sum_ns -= earlier->sum_ns;
	for (uint32_t i = 0; i < earlier->used; i++) {
		const struct histogram_bin *bin = &earlier->bins[i];

		histogram->bins[position_of(histogram, bin->slot)].count -= bin->count;
	}
	drop_empty_bins(histogram);
	return 0;
}

uint64_t histogram_percentile(const struct histogram *histogram, double percent)
{
	struct histogram_cursor cursor = {};
	double wanted = percent * histogram->count / 100;

	while (histogram_next(histogram, &cursor))
		if (cursor.cumulative >= wanted)
			break;
	return cursor.le_ns;
}

bool histogram_next(const struct histogram *histogram, struct histogram_cursor *cursor)
{
	const struct histogram_bin *bin;

	if (cursor->position >= histogram->used)
		return false;
	bin = &histogram->bins[cursor->position++];
	cursor->le_ns = histogram_upper_bound_of(bin->slot);
	cursor->count = bin->count;
	cursor->cumulative += bin->count;
	return true;
}
