/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The view of `top` on a terminal. */
#ifndef TCPDWELL_SHOW_TOP_SCREEN_H
#define TCPDWELL_SHOW_TOP_SCREEN_H

#include "show/terminal_guard.h"
#include "show/top/model.h"

/* NULL: no memory. Takes the terminal over when the run begins, gives it back when it ends or the view is freed. */
struct view *top_screen_new(const struct top_config *config, const struct terminal_guard *guard);
void top_screen_free(struct view *view);

#endif
