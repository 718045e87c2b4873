// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The choice, with hysteresis, and the families of it. */
#include "export/metrics/destinations.h"

#include "export/metrics/labels.h"

#define NSEC_PER_SEC 1000000000ULL
#define KEEP_NS (300 * NSEC_PER_SEC) /* without a port */
#define CLEARLY_MORE(use) ((use) + (use) / 4 + 16)

static uint32_t use_of(const struct destination *destination)
{
	if (!destination)
		return 0;
	return destination->known ? destination->headroom.used : destination->sockets;
}

static struct destination *find(const struct ports_model *model, const struct destination_key *key)
{
	struct destination *destination;

	HASH_FIND(hh, model->destinations.by_key, key, sizeof(*key), destination);
	return destination;
}

/* Those that are still there, and those that may come back soon. */
static void refresh(struct top_destinations *top, const struct ports_model *model)
{
	size_t i, kept = 0;

	for (i = 0; i < top->count; i++) {
		struct top_destination *one = &top->list[i];

		one->now = find(model, &one->key);
		if (use_of(one->now))
			one->last_ns = model->time_ns;
		if (one->now && model->time_ns - one->last_ns < KEEP_NS)
			top->list[kept++] = *one;
	}
	top->count = kept;
}

static bool has(const struct top_destinations *top, const struct destination *destination)
{
	size_t i;

	for (i = 0; i < top->count; i++)
		if (top->list[i].now == destination)
			return true;
	return false;
}

static struct top_destination *least(struct top_destinations *top)
{
	struct top_destination *least = top->list;
	size_t i;

	for (i = 1; i < top->count; i++)
		if (use_of(top->list[i].now) < use_of(least->now))
			least = &top->list[i];
	return least;
}

static void consider(struct top_destinations *top, const struct destination *destination, uint64_t now_ns)
{
	struct top_destination *place;

	if (!use_of(destination) || has(top, destination))
		return;
	if (top->count < TOP_DESTINATIONS) {
		place = &top->list[top->count++];
	} else {
		place = least(top);
		if (use_of(destination) < CLEARLY_MORE(use_of(place->now)))
			return;
	}
	*place = (struct top_destination){ destination->key, destination, now_ns };
}

void top_destinations_choose(struct top_destinations *top, const struct ports_model *model)
{
	size_t i;

	refresh(top, model);
	for (i = 0; i < model->destinations.n_sorted; i++)
		consider(top, model->destinations.sorted[i], model->time_ns);
}

static const struct family used = {
	"ports_used", "Local ports in use towards a destination, TIME_WAIT included.", FAMILY_GAUGE,
};
static const struct family usable = {
	"ports_usable", "Local ports that connect() can still choose towards a destination.", FAMILY_GAUGE,
};
static const struct family search = {
	"ports_search_seconds", "How long connect() looked for a port towards a destination, since it is known.", FAMILY_GAUGE,
};

static void write_used(struct metrics_text *text, const struct destination *destination, const char *labels)
{
	metrics_u64(text, &(struct sample){ labels }, use_of(destination));
}

static void write_usable(struct metrics_text *text, const struct destination *destination, const char *labels)
{
	if (destination->known)
		metrics_u64(text, &(struct sample){ labels }, destination->headroom.usable);
}

static void write_search(struct metrics_text *text, const struct destination *destination, const char *labels)
{
	if (!destination->search.count)
		return;
	metrics_seconds(text, &(struct sample){ labels, "percentile", "50" }, histogram_percentile(&destination->search, 50));
	metrics_seconds(text, &(struct sample){ labels, "percentile", "99" }, histogram_percentile(&destination->search, 99));
}

static void write_family(const struct top_destinations *top, const struct ports_model *model, struct metrics_text *text,
			 void (*write)(struct metrics_text *, const struct destination *, const char *labels))
{
	struct buffer labels;
	size_t i;

	buffer_init(&labels);
	for (i = 0; i < top->count; i++) {
		buffer_clear(&labels);
		labels_of_destination(&labels, model, top->list[i].now);
		buffer_append_char(&labels, '\0');
		if (!labels.error)
			write(text, top->list[i].now, labels.data);
	}
	buffer_release(&labels);
}

/* What the others use together. */
static void write_others(const struct top_destinations *top, const struct ports_model *model, struct metrics_text *text)
{
	struct buffer labels;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < model->destinations.n_sorted; i++)
		if (!has(top, model->destinations.sorted[i]))
			sum += use_of(model->destinations.sorted[i]);
	buffer_init(&labels);
	labels_of_destination(&labels, model, NULL);
	buffer_append_char(&labels, '\0');
	if (!labels.error)
		metrics_u64(text, &(struct sample){ labels.data }, sum);
	buffer_release(&labels);
}

void top_destinations_write(const struct top_destinations *top, const struct ports_model *model, struct metrics_text *text)
{
	metrics_family(text, &used);
	write_family(top, model, text, write_used);
	write_others(top, model, text);
	metrics_family(text, &usable);
	write_family(top, model, text, write_usable);
	metrics_family(text, &search);
	write_family(top, model, text, write_search);
}
