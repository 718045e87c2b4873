// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A table by a hash of who and how called: another name may be another program. */
#include "attribute/programs.h"

#include <stdlib.h>
#include <string.h>

#include "attribute/process.h"
#include "util/id_map.h"
#include "util/text.h"

#define REMEMBERED 8192 /* when there are so many it begins anew */
#define RECENT 16 /* a power of two */

/* Events come in runs: of few processes at once. */
struct recent {
	uint64_t start_ns; /* 0: none */
	uint32_t pid;
	char comm[COMM_BYTES];
	const char *text;
};

struct programs {
	const char *proc;
	bool cmdlines, told;
	unsigned int others; /* who share it, but for one */
	struct id_map by_process; /* char *, NULL: it told nothing; behind its end the command line, where these are asked for */
	struct id_map descriptors; /* struct descriptors, of this interval; by the same hash */
	unsigned int asked;
	struct recent recent[RECENT];
};

struct descriptors {
	bool known;
	uint64_t open, limit;
};

struct programs *programs_new(const char *proc)
{
	struct programs *programs = calloc(1, sizeof(*programs));

	if (!programs)
		return NULL;
	programs->proc = proc;
	id_map_init(&programs->by_process, sizeof(char *));
	id_map_init(&programs->descriptors, sizeof(struct descriptors));
	return programs;
}

struct programs *programs_with_cmdlines_new(const char *proc)
{
	struct programs *programs = programs_new(proc);

	if (programs)
		programs->cmdlines = true;
	return programs;
}

struct programs *programs_told_new(void)
{
	struct programs *programs = programs_new(NULL);

	if (programs)
		programs->told = true;
	return programs;
}

bool programs_are_told(const struct programs *programs)
{
	return programs && programs->told;
}

struct programs *programs_share(struct programs *programs)
{
	if (programs)
		programs->others++;
	return programs;
}

static void forget(struct programs *programs)
{
	size_t cursor = 0;
	char **text;

	while ((text = id_map_next(&programs->by_process, &cursor, NULL)))
		free(*text);
	id_map_clear(&programs->by_process);
	memset(programs->recent, 0, sizeof(programs->recent));
}

void programs_free(struct programs *programs)
{
	if (!programs)
		return;
	if (programs->others) {
		programs->others--;
		return;
	}
	forget(programs);
	id_map_release(&programs->by_process);
	id_map_release(&programs->descriptors);
	free(programs);
}

static uint64_t hash_of(const struct process *process)
{
	uint64_t hash = (process->start_ns / PROCESS_START_UNIT_NS) << 22 ^ process->pid;
	size_t i;

	for (i = 0; i < COMM_BYTES && process->comm[i]; i++)
		hash = (hash ^ (unsigned char)process->comm[i]) * 0x100000001b3ULL;
	return hash;
}

static char *ask(struct programs *programs, const struct process *process)
{
	char text[PROGRAM_BYTES + CMDLINE_BYTES], *copy;
	size_t size;

	programs->asked++;
	program_read(text, programs->proc, process);
	if (!text[0])
		return NULL;
	size = strlen(text) + 1;
	if (programs->cmdlines) {
		cmdline_read(text + size, programs->proc, process);
		size += strlen(text + size) + 1;
	}
	copy = malloc(size);
	return copy ? memcpy(copy, text, size) : NULL;
}

static const char *keep_recent(struct recent *recent, const struct process *process, const char *text)
{
	*recent = (struct recent){ .start_ns = process->start_ns, .pid = process->pid, .text = text };
	memcpy(recent->comm, process->comm, COMM_BYTES);
	return text;
}

const char *programs_find(struct programs *programs, const struct process *process)
{
	struct recent *recent;
	uint64_t hash;
	char **known;

	if (!programs || !process->start_ns)
		return NULL;
	recent = &programs->recent[process->pid % RECENT];
	if (recent->start_ns == process->start_ns && recent->pid == process->pid && !memcmp(recent->comm, process->comm, COMM_BYTES))
		return recent->text;
	hash = hash_of(process);
	known = id_map_find(&programs->by_process, hash);
	if (known)
		return keep_recent(recent, process, *known);
	if (programs->asked >= PROGRAMS_ASKED || programs->told)
		return NULL;
	if (programs->by_process.used >= REMEMBERED)
		forget(programs);
	known = id_map_put(&programs->by_process, hash);
	if (known)
		*known = ask(programs, process);
	return known ? *known : NULL;
}

void programs_learn(struct programs *programs, const struct process *process, const char *program)
{
	uint64_t hash = hash_of(process);
	char safe[PROGRAM_BYTES], **known;

	if (!programs || !program || !process->start_ns)
		return;
	text_sanitise(safe, sizeof(safe), program, strlen(program), sizeof(safe));
	known = id_map_find(&programs->by_process, hash);
	if (known && *known && !strcmp(*known, safe))
		return;
	if (!known && programs->by_process.used >= REMEMBERED)
		forget(programs);
	known = known ?: id_map_put(&programs->by_process, hash);
	if (!known)
		return;
	free(*known);
	*known = strdup(safe);
	memset(programs->recent, 0, sizeof(programs->recent));
}

void programs_more(struct programs *programs)
{
	if (!programs)
		return;
	programs->asked = 0;
	id_map_clear(&programs->descriptors);
}

bool programs_descriptors(struct programs *programs, const struct process *process, uint64_t *open, uint64_t *limit)
{
	struct descriptors *known;

	if (!programs || programs->told || !process->start_ns)
		return false;
	known = id_map_find(&programs->descriptors, hash_of(process));
	if (!known && programs->descriptors.used < PROGRAMS_ASKED) {
		known = id_map_put(&programs->descriptors, hash_of(process));
		if (known)
			known->known = process_descriptors(programs->proc, process, &known->open, &known->limit);
	}
	if (!known || !known->known)
		return false;
	*open = known->open;
	*limit = known->limit;
	return true;
}

const char *programs_cmdline(struct programs *programs, const struct process *process)
{
	const char *program = programs && programs->cmdlines ? programs_find(programs, process) : NULL;
	const char *cmdline = program ? program + strlen(program) + 1 : NULL;

	return cmdline && *cmdline ? cmdline : NULL;
}
