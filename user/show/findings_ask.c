// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "show/findings_ask.h"

#include <stdio.h>
#include <string.h>

#include "attribute/netns.h"
#include "attribute/program.h"

_Static_assert(sizeof(((struct process_facts *)0)->program) >= PROGRAM_BYTES, "room for a program");
_Static_assert(sizeof(((struct process_facts *)0)->cmdline) >= CMDLINE_BYTES, "room for a command line");

bool findings_ask_process(void *context, struct process_facts *facts)
{
	char program[PROGRAM_BYTES], cmdline[CMDLINE_BYTES], path[64];

	(void)context;
	program_read(program, NULL, &facts->process);
	cmdline_read(cmdline, NULL, &facts->process);
	if (program[0])
		memcpy(facts->program, program, sizeof(program));
	if (cmdline[0])
		memcpy(facts->cmdline, cmdline, sizeof(cmdline));
	snprintf(path, sizeof(path), "/proc/%u/ns/net", facts->process.pid);
	if (!program[0] || netns_inode_of(path, &facts->netns))
		facts->netns = 0;
	facts->ended = process_has_ended(NULL, &facts->process);
	facts->fds_known = !facts->ended && process_descriptors(NULL, &facts->process, &facts->fds, &facts->fds_limit);
	return facts->fds_known || program[0];
}
