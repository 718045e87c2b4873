/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A small process that waits for ours to end, and puts the terminal right when it died without doing so itself: SIGKILL,
 * the out-of-memory killer. It sleeps in read() and holds nothing but the terminal.
 */
#ifndef TCPDWELL_SHOW_TERMINAL_GUARD_H
#define TCPDWELL_SHOW_TERMINAL_GUARD_H

struct terminal_guard {
	int fd; /* our end of the pipe; -1 = no guard */
	int pid;
};

/* Before anything is opened that must not outlive us (the guard inherits it), and before the terminal is taken over. */
void terminal_guard_begin(struct terminal_guard *guard);

/* The terminal has been taken over: these modes are ours, and not those that a shell has set when we are gone. */
void terminal_guard_note_modes(const struct terminal_guard *guard);

/* All is well: the guard goes. */
void terminal_guard_end(struct terminal_guard *guard);

#endif
