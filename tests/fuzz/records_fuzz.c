// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Records of the ring buffer, every field of them anything: what a kernel side gone mad would send, into every view. The first byte
 * chooses the view; then a byte of what to do, and the bytes of a record.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "event/event.h"
#include "source/feed.h"
#include "util/output.h"
#include "util/tcp_state.h"

static void make_sound(struct transition *record)
{
	record->old_state %= STATE_COUNT;
	record->new_state %= STATE_COUNT;
	record->recorded_state %= STATE_COUNT;
	record->side %= SIDE_PASSIVE + 1;
	record->closed_by %= CLOSED_BY_BOTH + 1;
	record->end %= END_OVERFLOW + 1;
	record->attribution %= ATTRIBUTION_LISTENER + 1;
	record->time_ns &= INT64_MAX;
	record->since_ns &= INT64_MAX;
	record->owner.comm[COMM_BYTES - 1] = record->closer.comm[COMM_BYTES - 1] = '\0';
	if (!record_is_sound(record))
		abort();
}

static void tell(struct feed *feed, const uint8_t *what, const struct transition *record)
{
	static const uint32_t types[] = { RECORD_TRANSITION, RECORD_CONNECT_FAILED, RECORD_SOCKET, RECORD_HOLDER };
	static const struct container nowhere;
	const struct held held = { .process = record->owner, .count = record->search_ns, .fd = record->error };
	struct event event = { .record = *record, .container = &nowhere };

	event.record.type = types[*what % 4];
	if (*what & 8 && !record_is_sound(&event.record)) /* mostly made sound: what is not is refused as live runs do */
		return;
	make_sound(&event.record);
	event.record.id &= 7; /* the same ones again */
	event.unix_ns = record->time_ns;
	event.healed = record->flags & FLAG_HEALED;
	event.cgroup_id = record->owner.cgroup_id;
	event.cgroup = *what & 16 ? "/system.slice/x.service" : NULL;
	if (event.record.type == RECORD_HOLDER)
		event.held = &held;
	feed_event(feed, &event);
	if (*what & 32)
		feed_tick(feed, record->since_ns, record->time_ns);
	if ((*what & 0xc0) == 0xc0) {
		feed_recount(feed, true);
		feed_event(feed, &event);
		feed_recount(feed, false);
	}
}

int fuzz_records(const uint8_t *data, size_t size)
{
	const struct fuzz_variant *variant;
	struct run run = { .version = "1", .kernel = "6", .begin_ns = 1, .begin_unix_ns = 1, .recorded = true };
	struct feed feed = {};
	struct transition record;
	struct options options;
	struct command command;
	struct output output;
	struct view *view;
	uint8_t what;

	if (!size)
		return 0;
	variant = &fuzz_variants[*data % FUZZ_VARIANTS];
	data++, size--;
	command = command_recorded(variant->command, variant->command->name);
	fuzz_options(&options, &command, variant->words);
	output_init(&output, fuzz_sink());
	view = command.view_new(&options, &output);
	if (view) {
		feed_begin(&feed, view, &run);
		while (size && !feed_is_over(&feed)) {
			fuzz_take(&data, &size, &what, sizeof(what));
			fuzz_take(&data, &size, &record, sizeof(record));
			tell(&feed, &what, &record);
		}
		feed_tick(&feed, 1ULL << 40, 1ULL << 60);
		feed_end(&feed, 1ULL << 41, 1ULL << 60);
	}
	command.view_free(view);
	output_release(&output);
	options_release(&options);
	return 0;
}
