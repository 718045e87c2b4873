/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The view of `ports` on a terminal. */
#ifndef TCPDWELL_SHOW_PORTS_SCREEN_H
#define TCPDWELL_SHOW_PORTS_SCREEN_H

#include "show/ports/ports.h"
#include "show/terminal_guard.h"

/* NULL: no memory. Takes the terminal over when the run begins, gives it back when it ends or the view is freed. */
struct view *ports_screen_new(const struct ports_config *config, const struct terminal_guard *guard);
void ports_screen_free(struct view *view);

#endif
