/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Runs a program to its end and keeps what it wrote: for tests of command lines. */
#ifndef SCENARIOS_PROGRAM_H
#define SCENARIOS_PROGRAM_H

struct program {
	const char *const *argv;
	void (*prepare)(void); /* called in the child before the program is executed; NULL: nothing */
	int out;               /* a descriptor for its stdout; -1: kept in out_text */
	int status;            /* exit status; 256 + signal; -1: it had to be killed */
	char out_text[4096], err_text[2048];
};

/* Fills in status and texts. Kills it after `ms`. */
void program_run(struct program *p, int ms);

#endif
