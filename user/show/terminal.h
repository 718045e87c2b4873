/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The terminal: keys in, frames out. Whatever happens to the process, the terminal is as it was before: terminal_free()
 * when it ends, a handler for signals that kill it, and for SIGKILL the guard (terminal_guard.h).
 */
#ifndef TCPDWELL_SHOW_TERMINAL_H
#define TCPDWELL_SHOW_TERMINAL_H

#include <stdbool.h>

#include "show/terminal_frame.h"
#include "show/terminal_guard.h"

/* Characters are themselves. */
enum terminal_key {
	TERMINAL_NOTHING = 0,
	TERMINAL_UP = 0x110000,
	TERMINAL_DOWN,
	TERMINAL_LEFT,
	TERMINAL_RIGHT,
	TERMINAL_PAGE_UP,
	TERMINAL_PAGE_DOWN,
	TERMINAL_HOME,
	TERMINAL_END,
	TERMINAL_ENTER,
	TERMINAL_BACKSPACE,
	TERMINAL_ESCAPE,
	TERMINAL_HELP,
	TERMINAL_RESIZED,
	TERMINAL_OTHER,
};

struct terminal;

/* Are standard input and output a terminal that can be drawn on? */
bool terminal_is_usable(void);

/* Takes the terminal over, and tells the guard. NULL: it can't be. There is one at a time. */
struct terminal *terminal_new(bool color, const struct terminal_guard *guard);
void terminal_free(struct terminal *terminal);

/* Waits so long for a key, negative: without end. 1: there is one; 0: none came, or a signal did; -1: the terminal is gone. */
int terminal_wait(int ms);

/* The next key, without waiting; TERMINAL_NOTHING = none. */
int terminal_key(struct terminal *terminal);

void terminal_size(const struct terminal *terminal, unsigned int *rows, unsigned int *columns);

/* In one write. */
void terminal_paint(struct terminal *terminal, const struct frame *frame);

#endif
