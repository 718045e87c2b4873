/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tcpdwell COMMAND --help */
#ifndef TCPDWELL_OPTIONS_HELP_H
#define TCPDWELL_OPTIONS_HELP_H

struct command;

/* On standard output: what it is for, its own options and examples, then the options that it shares with others. */
void command_help(const struct command *command);

#endif
