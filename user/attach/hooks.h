/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which hook serves which fact: chosen one by one from what the kernel has and permits. */
#ifndef TCPDWELL_ATTACH_HOOKS_H
#define TCPDWELL_ATTACH_HOOKS_H

#include <stdbool.h>
#include <stddef.h>

#include "attach/kernel.h"
#include "event/facts.h"

enum hook_mode { HOOK_MODE_ANY, HOOK_MODE_FENTRY, HOOK_MODE_KPROBE, HOOK_MODE_TRACEPOINT };

/* bind() that fails: a function hook sees it for nothing; else only the end of every system call tells. */
enum bind_failures { BIND_FAILURES_NEVER, BIND_FAILURES_WHERE_FREE, BIND_FAILURES_ALWAYS };

struct hook {
	enum fact fact;
	enum hook_mode mode;
	const char *program; /* of bpf/tcpdwell.bpf.c; NULL: another fact's hook serves this one too */
	const char *functions[2]; /* of these the first that exists is hooked */
	const char *source; /* how it is called in the output */
	const char *at_return; /* one more program, where the function returns; NULL: none. A kprobe does not tell the result */
};

struct hook_choice {
	const struct hook *hook; /* NULL: nothing serves this fact */
	const char *function; /* the function that is hooked, NULL for tracepoints */
	char reason[160]; /* why a better one was not taken; "" = none was better */
};

struct hook_set {
	struct hook_choice choices[FACTS];
};

const char *hook_mode_name(enum hook_mode mode);

/*
 * Chooses. With a forced mode nothing is replaced: -EOPNOTSUPP and a sentence in `error` that names the fact and why the
 * mode can't serve it.
 */
int hook_set_choose(struct hook_set *set, const struct kernel *kernel, enum hook_mode forced, char *error,
		    size_t error_size);

/* Nothing serves this fact: nobody asks for it. */
void hook_set_drop(struct hook_set *set, enum fact fact);

/* Does the set load this program? `program` as in bpf/tcpdwell.bpf.c; iterators are not hooks and not asked for. */
const struct hook_choice *hook_set_find(const struct hook_set *set, const char *program);

/* Is this program hooked to where the function returns? */
bool hook_is_at_return(const struct hook *hook, const char *program);

/* Is any program of the table called so? */
bool hook_is_program(const char *program);

/* Does it tell when descriptors may have changed hands? These are in no table. */
bool hook_is_of_process(const char *program);

/* "inet_twsk_kill (fentry)" or "bucket walk" */
void hook_choice_describe(const struct hook_choice *choice, char *text, size_t size);

#endif
