// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The interactive views' keys and window sizes, over a few sockets: what is typed, in any order, at any size. */
#include "fuzz.h"

#include <string.h>

#include "event/event.h"
#include "show/panel.h"
#include "show/terminal.h"
#include "show/terminal_frame.h"
#include "show/top/model.h"
#include "show/top/top.h"
#include "show/top/ui.h"
#include "util/tcp_state.h"

#define SOCKETS 12

static void add_sockets(struct top_model *model)
{
	static const struct container nowhere;
	unsigned int i;

	for (i = 0; i < SOCKETS; i++) {
		struct event event = { .container = &nowhere, .unix_ns = 1000 + i };

		event.record = (struct transition){
			.type = RECORD_SOCKET,
			.old_state = i & 1 ? STATE_CLOSE_WAIT : STATE_TIME_WAIT,
			.new_state = i & 1 ? STATE_CLOSE_WAIT : STATE_TIME_WAIT,
			.id = i + 1,
			.time_ns = 1000 + i,
			.side = i % 3,
			.owner = { .start_ns = 1 + i / 3, .pid = 1 + i / 3, .comm = "a\xc3\xa4\xe4\xbd\xa0" },
			.endpoint = { .local_port = i, .remote_port = i / 2, .netns = 1 },
		};
		top_model_event(model, &event);
	}
}

static int key_of(uint8_t byte)
{
	return byte < 128 ? byte : TERMINAL_UP + (byte - 128) % (TERMINAL_OTHER - TERMINAL_UP + 1);
}

int fuzz_keys(const uint8_t *data, size_t size)
{
	static const struct top_config config = { .interval_ns = 1000000000 };
	struct run run = { .version = "1", .kernel = "6", .begin_ns = 1, .begin_unix_ns = 1 };
	const struct health health = {};
	struct totals totals = {};
	const struct tick tick = { .time_ns = 2000000000, .unix_ns = 5000, .health = &health, .totals = &totals };
	struct top_model model;
	struct top_ui ui;
	struct frame frame;
	uint8_t dimensions[2];

	if (top_model_init(&model, &config, true))
		return 0;
	top_model_begin(&model, &run);
	add_sockets(&model);
	top_ui_init(&ui, &model, 0);
	frame_init(&frame);
	top_model_measure(&model, &tick);
	panel_refresh(&ui.panel);
	while (size && !ui.panel.quit) {
		uint8_t byte;

		fuzz_take(&data, &size, &byte, 1);
		if (panel_key(&ui.panel, key_of(byte)))
			break;
		if (ui.panel.stale || byte & 1) {
			top_model_measure(&model, &tick);
			panel_refresh(&ui.panel);
		}
		if (byte & 64)
			continue;
		fuzz_take(&data, &size, dimensions, sizeof(dimensions));
		panel_draw(&ui.panel, &frame, dimensions[0], dimensions[1]);
	}
	frame_release(&frame);
	top_ui_release(&ui);
	top_model_release(&model);
	return 0;
}
