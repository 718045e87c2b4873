// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Hook choice: a table of what can serve each fact, best first, and the walk through it. */
#include "attach/hooks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const mode_names[] = {
	[HOOK_MODE_ANY] = "any",
	[HOOK_MODE_FENTRY] = "fentry",
	[HOOK_MODE_KPROBE] = "kprobe",
	[HOOK_MODE_TRACEPOINT] = "tracepoint",
};

/*
 * In the order of preference. Tracepoint mode needs no function: the kernel's hash table tells of the timewait socket that
 * was made, transitions in process context tell the closer, the credentials of the socket's file tell who accepted.
 */
static const struct hook hooks[] = {
	{ FACT_TRANSITION, HOOK_MODE_ANY, "transition", {}, "inet_sock_set_state" },
	{ FACT_TIME_WAIT_MADE, HOOK_MODE_FENTRY, "made_fentry",
	  { "inet_twsk_hashdance_schedule", "inet_twsk_hashdance" }, "fentry" },
	{ FACT_TIME_WAIT_MADE, HOOK_MODE_KPROBE, "made_kprobe",
	  { "inet_twsk_hashdance_schedule", "inet_twsk_hashdance" }, "kprobe" },
	{ FACT_TIME_WAIT_MADE, HOOK_MODE_TRACEPOINT, NULL, {}, "bucket_walk" },
	{ FACT_TIME_WAIT_ENDED, HOOK_MODE_FENTRY, "killed_fentry", { "inet_twsk_kill" }, "fentry" },
	{ FACT_TIME_WAIT_ENDED, HOOK_MODE_KPROBE, "killed_kprobe", { "inet_twsk_kill" }, "kprobe" },
	{ FACT_TIME_WAIT_ENDED, HOOK_MODE_TRACEPOINT, "expired_tracepoint", {}, "timer_expire_entry" },
	{ FACT_TIME_WAIT_ENTERED, HOOK_MODE_FENTRY, "rearmed_fentry", { "__inet_twsk_schedule" }, "fentry" },
	{ FACT_TIME_WAIT_ENTERED, HOOK_MODE_KPROBE, "rearmed_kprobe", { "__inet_twsk_schedule" }, "kprobe" },
	{ FACT_TIME_WAIT_ENTERED, HOOK_MODE_TRACEPOINT, "segment_tracepoint", {}, "kfree_skb" },
	{ FACT_CLOSER, HOOK_MODE_FENTRY, "closed_fentry", { "tcp_close" }, "fentry" },
	{ FACT_CLOSER, HOOK_MODE_KPROBE, "closed_kprobe", { "tcp_close" }, "kprobe" },
	{ FACT_CLOSER, HOOK_MODE_TRACEPOINT, NULL, {}, "transition" },
	{ FACT_OWNER_CONNECT, HOOK_MODE_ANY, NULL, {}, "transition" },
	{ FACT_OWNER_ACCEPT, HOOK_MODE_FENTRY, "accepted_fentry", { "security_sock_graft" }, "fentry" },
	{ FACT_OWNER_ACCEPT, HOOK_MODE_KPROBE, "accepted_kprobe", { "security_sock_graft" }, "kprobe" },
	{ FACT_OWNER_ACCEPT, HOOK_MODE_TRACEPOINT, NULL, {}, "file_credentials" },
	{ FACT_NOT_ACCEPTED, HOOK_MODE_ANY, NULL, {}, "listener_address" },
	{ FACT_SEED, HOOK_MODE_ANY, NULL, {}, "iterators" },
	{ FACT_HOLDER, HOOK_MODE_FENTRY, "received_fentry", { "security_file_receive" }, "fentry" },
	{ FACT_HOLDER, HOOK_MODE_KPROBE, "received_kprobe", { "security_file_receive" }, "kprobe" },
	{ FACT_HOLDER, HOOK_MODE_ANY, NULL, {}, "check" },
	{ FACT_NO_ROUTE, HOOK_MODE_FENTRY, "no_route_fexit", { "tcp_v4_connect" }, "fexit" },
	{ FACT_NO_ROUTE, HOOK_MODE_ANY, NULL, {}, "unseen" },
	{ FACT_NO_ROUTE_IPV6, HOOK_MODE_FENTRY, "no_route_ipv6_fexit", { "tcp_v6_connect" }, "fexit" },
	{ FACT_NO_ROUTE_IPV6, HOOK_MODE_ANY, NULL, {}, "unseen" },
	{ FACT_BIND_FAILED, HOOK_MODE_FENTRY, "bind_fexit", { "inet_csk_get_port" }, "fexit" },
	{ FACT_BIND_FAILED, HOOK_MODE_KPROBE, "bind_kprobe", { "inet_csk_get_port" }, "kretprobe", "bind_kretprobe" },
	{ FACT_BIND_FAILED, HOOK_MODE_ANY, "bind_tracepoint", {}, "sys_exit" },
	{ FACT_ACCEPTED, HOOK_MODE_FENTRY, NULL, { "security_sock_graft" }, "fentry" }, /* FACT_OWNER_ACCEPT's program tells it */
	{ FACT_ACCEPTED, HOOK_MODE_KPROBE, NULL, { "security_sock_graft" }, "kprobe" },
	{ FACT_ACCEPTED, HOOK_MODE_TRACEPOINT, "accepted_tracepoint", {}, "sys_exit" },
};

#define HOOKS (sizeof(hooks) / sizeof(hooks[0]))

const char *hook_mode_name(enum hook_mode mode)
{
	return mode_names[mode];
}

static int function_try(const struct hook *hook, const struct kernel *kernel, const char *function)
{
	return hook->mode == HOOK_MODE_FENTRY ? kernel_try_fentry(kernel, function) : kernel_try_kprobe(function);
}

/* The first of its functions that exists. None of them: negative errno, with what it is of the last one. */
static int functions_try(const struct hook *hook, const struct kernel *kernel, const char **function)
{
	int err = -ENOENT;
	size_t i;

	for (i = 0; i < 2 && hook->functions[i] && err == -ENOENT; i++) {
		*function = hook->functions[i];
		err = function_try(hook, kernel, *function);
	}
	return err;
}

/* Can it serve here? Otherwise negative errno and the reason. The function is "" for hooks without one. */
static int hook_try(const struct hook *hook, const struct kernel *kernel, const char **function, char *reason, size_t size)
{
	int err;

	*function = "";
	if (!hook->functions[0])
		return 0;
	if (hook->mode == HOOK_MODE_KPROBE && !kernel->has_kprobes) {
		snprintf(reason, size, "the kernel has no kprobes (or /sys is not mounted)");
		return -EOPNOTSUPP;
	}
	err = functions_try(hook, kernel, function);
	if (err == -ENOENT)
		snprintf(reason, size, "the kernel has no function %s", hook->functions[0]);
	else if (err)
		snprintf(reason, size, "the kernel refuses %s on %s: %s", mode_names[hook->mode], *function, strerror(-err));
	return err;
}

static int fact_choose(struct hook_choice *choice, enum fact fact, const struct kernel *kernel, enum hook_mode forced)
{
	const char *function;
	size_t i;
	int err = -EOPNOTSUPP;

	memset(choice, 0, sizeof(*choice));
	for (i = 0; i < HOOKS; i++) {
		if (hooks[i].fact != fact)
			continue;
		if (forced && hooks[i].mode && hooks[i].mode != forced)
			continue;
		err = hook_try(&hooks[i], kernel, &function, choice->reason, sizeof(choice->reason));
		if (err)
			continue;
		choice->hook = &hooks[i];
		choice->function = *function ? function : NULL;
		return 0;
	}
	return err;
}

int hook_set_choose(struct hook_set *set, const struct kernel *kernel, enum hook_mode forced, char *error, size_t error_size)
{
	int fact, err;

	for (fact = 0; fact < FACTS; fact++) {
		err = fact_choose(&set->choices[fact], fact, kernel, forced);
		if (err) {
			snprintf(error, error_size, "--hooks=%s can't serve %s: %s", mode_names[forced], fact_name(fact),
				 set->choices[fact].reason);
			return -EOPNOTSUPP;
		}
	}
	return 0;
}

void hook_set_drop(struct hook_set *set, enum fact fact)
{
	memset(&set->choices[fact], 0, sizeof(set->choices[fact]));
}

bool hook_is_at_return(const struct hook *hook, const char *program)
{
	return hook->at_return && !strcmp(hook->at_return, program);
}

static bool loads(const struct hook *hook, const char *program)
{
	return (hook->program && !strcmp(hook->program, program)) || hook_is_at_return(hook, program);
}

const struct hook_choice *hook_set_find(const struct hook_set *set, const char *program)
{
	int fact;

	for (fact = 0; fact < FACTS; fact++)
		if (set->choices[fact].hook && loads(set->choices[fact].hook, program))
			return &set->choices[fact];
	return NULL;
}

bool hook_is_program(const char *program)
{
	size_t i;

	for (i = 0; i < HOOKS; i++)
		if (loads(&hooks[i], program))
			return true;
	return false;
}

bool hook_is_of_process(const char *program)
{
	return !strncmp(program, "process_", strlen("process_"));
}

void hook_choice_describe(const struct hook_choice *choice, char *text, size_t size)
{
	if (!choice->hook)
		snprintf(text, size, "none");
	else if (choice->function)
		snprintf(text, size, "%s/%s", choice->hook->source, choice->function);
	else
		snprintf(text, size, "%s", choice->hook->source);
}
