// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From events and ticks to lines, and from lines to the compressor. */
#include "recording/view_parts.h"

#include <string.h>

#include "attribute/socket_users.h"

/* Lines to the compressor. */
int view_pass_on(struct recording_view *recording)
{
	int err = json_error(&recording->json);

	if (!err && recording->json.size)
		err = recording_file_write(recording->file, recording->json.data, recording->json.size);
	if (recording->json.size)
		recording->has_unflushed = true;
	json_clear(&recording->json);
	return err;
}

int view_flush(struct recording_view *recording, uint64_t now_ns)
{
	int err = view_pass_on(recording);

	recording->flush_ns = now_ns;
	recording->has_unflushed = false;
	return err ?: recording_file_flush(recording->file);
}

void view_tell_tick(struct recording_view *recording, const struct tick *tick)
{
	if (memcmp(&recording->told, tick->health, sizeof(recording->told))) {
		recording_health_json(&recording->json, tick);
		recording->told = *tick->health;
	}
	if (recording->state.withheld != recording->withheld_told) {
		recording_withheld_json(&recording->json, tick, recording->state.withheld - recording->withheld_told);
		recording->withheld_told = recording->state.withheld;
	}
	recording_tick_json(&recording->json, tick);
	recording->tick_ns = tick->time_ns;
	recording->has_events = false;
}

/* With who has the socket and what the process runs. */
void view_tell(struct recording_view *recording, const struct event *event)
{
	struct event known = *event;

	socket_users_event(recording->users, &known);
	recording_event_json(&recording->json, &known, recording->run.begin_unix_ns - recording->run.begin_ns);
}

int view_tell_late(void *context, const struct event *event)
{
	view_tell(context, event);
	return 0;
}
