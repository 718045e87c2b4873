// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* tcpdwell check: what this kernel and these privileges allow, and what is missing. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attach/features.h"
#include "attach/hooks.h"
#include "attach/limits.h"
#include "attach/privileges.h"
#include "attach/tracer.h"
#include "command.h"
#include "util/json.h"
#include "util/log.h"
#include "util/output.h"

struct check {
	struct kernel kernel;
	struct hook_set hooks;
	char features_missing[96]; /* "" = all there, or not examined */
	const char *iterators; /* what goes over maps: NULL = nothing does, or not examined */
	bool hooks_known; /* of the next; not where nothing is loaded, whatever the hooks */
	char mode_errors[HOOK_MODE_TRACEPOINT + 1][256]; /* "" = the mode serves every fact */
	struct verifier_report verifier; /* with -v */
	char error[512]; /* why nothing can work, "" = it works */
	int err;
};

/* Loads and attaches everything for a moment: the only proof that it works. */
static void try_tracer(struct check *check, const struct options *options)
{
	struct tracer_config config = {
		.filter = &options->run.filter,
		.emit_states = ~0U,
		.track_all = true,
		.holder_states = ~0U,
		.present = true,
		.port_search = true,
		.bind_failures = BIND_FAILURES_ALWAYS,
		.ports = true,
		.hooks = options->run.hooks,
	};
	struct tracer *tracer = NULL;

	if (options->verbosity)
		config.verifier = &check->verifier;
	check->err = tracer_new(&tracer, &config, check->error, sizeof(check->error));
	if (check->err == -ENOMEM && !check->error[0])
		limits_out_of_memory(check->error, sizeof(check->error));
	if (check->err && !check->error[0])
		snprintf(check->error, sizeof(check->error), "%s", strerror(-check->err));
	tracer_free(tracer);
}

static void verifier_text(const struct check *check, struct output *output)
{
	size_t i;

	if (check->verifier.count)
		output_printf(output, "\n%-20s %s\n", "PROGRAM", "INSTRUCTIONS VERIFIED");
	for (i = 0; i < check->verifier.count; i++)
		output_printf(output, "verifier %-20s %u\n", check->verifier.programs[i].program,
			      check->verifier.programs[i].instructions);
}

/* What iterators over maps go by (bpf/element.bpf.h). */
static const char *try_iterators(const struct kernel *kernel)
{
	if (features_iterate_maps(kernel))
		return "map_elements";
	return features_iterate_symbols(kernel) ? "symbols" : NULL;
}

/* Where BPF is refused altogether, a hook that is there doesn't work; a mode that lacks one may be the only trouble. */
static void try_modes(struct check *check, enum hook_mode asked)
{
	struct hook_set unused;
	char reason[256]; /* try_tracer() has it */
	int mode;

	for (mode = HOOK_MODE_FENTRY; mode <= HOOK_MODE_TRACEPOINT; mode++)
		hook_set_choose(&unused, &check->kernel, mode, check->mode_errors[mode], sizeof(check->mode_errors[mode]));
	check->hooks_known = hook_set_choose(&check->hooks, &check->kernel, asked, reason, sizeof(reason)) || !check->err;
}

/* null where nothing is missing. */
static void missing_json(const struct check *check, struct json *json)
{
	uint64_t missing = kernel_missing_capabilities(&check->kernel);
	char names[64];

	privileges_names(missing, names, sizeof(names));
	json_string(json, "missing", missing ? names : NULL);
}

/* All null where nothing is loaded, whatever the hooks. */
static void hooks_json(const struct check *check, struct json *json)
{
	const char *works;
	char text[96];
	int i;

	json_object_begin(json, "modes");
	for (i = HOOK_MODE_FENTRY; i <= HOOK_MODE_TRACEPOINT; i++) {
		works = check->mode_errors[i][0] ? check->mode_errors[i] : "works";
		json_string(json, hook_mode_name(i), check->hooks_known ? works : NULL);
	}
	json_object_end(json);
	json_object_begin(json, "hooks");
	for (i = 0; i < FACTS; i++) {
		hook_choice_describe(&check->hooks.choices[i], text, sizeof(text));
		json_string(json, fact_name(i), check->hooks_known ? text : NULL);
	}
	json_object_end(json);
}

/* Null where the kernel has no such setting, or it can't be read. */
static void unprivileged_json(struct json *json)
{
	int disabled = kernel_unprivileged_bpf_disabled("/proc");

	if (disabled < 0)
		json_null(json, "unprivileged_bpf_disabled");
	else
		json_i64(json, "unprivileged_bpf_disabled", disabled);
}

static void check_json(const struct check *check, struct json *json)
{

	json_object_begin(json, NULL);
	json_string(json, "type", "check");
	json_bool(json, "works", !check->err);
	json_string(json, "error", check->err ? check->error : NULL);
	json_string(json, "kernel", check->kernel.release);
	json_bool(json, "btf", check->kernel.types != NULL);
	missing_json(check, json);
	json_bool(json, "user_namespace", check->kernel.in_user_namespace);
	json_bool(json, "pid_namespace", kernel_own_pid_namespace() != 0);
	json_string(json, "lockdown", check->kernel.lockdown[0] ? check->kernel.lockdown : NULL);
	json_i64(json, "seccomp", check->kernel.seccomp);
	json_bool(json, "bpf_refused", kernel_try_bpf() != 0);
	unprivileged_json(json);
	json_string(json, "features_missing", check->features_missing[0] ? check->features_missing : NULL);
	json_string(json, "iterators", check->iterators);
	json_bool(json, "other_namespaces", kernel_has_capability(&check->kernel, CAP_SYS_ADMIN));
	hooks_json(check, json);
	json_object_end(json);
	json_end_line(json);
}

static const char *unprivileged_text(void)
{
	int disabled = kernel_unprivileged_bpf_disabled("/proc");

	if (disabled < 0)
		return "not known (/proc/sys can't be read, or there is no such setting): capabilities are what counts";
	return disabled ? "off (kernel.unprivileged_bpf_disabled): capabilities are what counts" :
			  "on: it does not help, capabilities are what counts";
}

static void privileges_text(const struct check *check, struct output *output)
{
	const struct kernel *kernel = &check->kernel;
	uint64_t missing = kernel_missing_capabilities(kernel);
	char names[64];

	privileges_names(missing, names, sizeof(names));
	output_printf(output, "%-20s %s%s\n", "capabilities", missing ? names : "enough to trace", missing ? " missing" : "");
	output_printf(output, "%-20s %s\n", "user namespace",
		      kernel->in_user_namespace ? "not the machine's first: bpf() is refused there" : "the machine's first");
	output_printf(output, "%-20s %s\n", "process namespace",
		      kernel_own_pid_namespace() ? "not the machine's first: other processes' files are not seen" :
						   "the machine's first: all processes");
	output_printf(output, "%-20s %s\n", "other namespaces",
		      kernel_has_capability(kernel, CAP_SYS_ADMIN) ?
			      "their counters and settings are read, too" :
			      "sockets are seen in all, counters and settings in our own (CAP_SYS_ADMIN: all)");
	output_printf(output, "%-20s %s\n", "seccomp",
		      !kernel->seccomp ? "none" : kernel_try_bpf() ? "a filter refuses bpf()" : "a filter, which allows bpf()");
	output_printf(output, "%-20s %s\n", "unprivileged BPF", unprivileged_text());
	output_printf(output, "%-20s %s\n", "lockdown", kernel->lockdown[0] ? kernel->lockdown : "none");
}

static void hooks_text(const struct check *check, struct output *output)
{
	char text[96];
	int i;

	output_printf(output, "\n%-20s %s\n", "HOOKS", "");
	for (i = HOOK_MODE_FENTRY; i <= HOOK_MODE_TRACEPOINT; i++)
		output_printf(output, "%-20s %s\n", hook_mode_name(i), check->mode_errors[i][0] ? check->mode_errors[i] : "works");
	output_printf(output, "\n%-20s %s\n", "FACT", "SERVED BY");
	for (i = 0; i < FACTS; i++) {
		hook_choice_describe(&check->hooks.choices[i], text, sizeof(text));
		output_printf(output, "%-20s %s\n", fact_name(i), text);
	}
}

static void check_text(const struct check *check, struct output *output)
{
	output_printf(output, "%-20s %s\n", "tcpdwell", VERSION);
	output_printf(output, "%-20s %s%s\n", "kernel", check->kernel.release, check->kernel.types ? ", with BTF" : ", without BTF");
	if (check->features_missing[0])
		output_printf(output, "%-20s none of %s here\n", "BPF", check->features_missing);
	if (check->iterators && !strcmp(check->iterators, "symbols"))
		output_printf(output, "%-20s over maps: refused by this kernel; over its symbols instead, a little slower\n", "iterators");
	privileges_text(check, output);
	if (check->hooks_known)
		hooks_text(check, output);
	verifier_text(check, output);
	if (check->err)
		output_printf(output, "\ntcpdwell can't work here: %s\n", check->error);
	else
		output_printf(output, "\ntcpdwell works here.\n");
}

static int check_run(const struct options *options)
{
	static struct check check;
	struct output output;
	char unused[256]; /* try_tracer() meets the same */
	struct json json;
	int err;

	privileges_raise();
	kernel_probe(&check.kernel, unused, sizeof(unused));
	try_tracer(&check, options);
	if (check.kernel.types && !kernel_missing_capabilities(&check.kernel)) {
		if (!kernel_try_bpf()) {
			features_missing(&check.kernel, check.features_missing, sizeof(check.features_missing));
			check.iterators = try_iterators(&check.kernel);
		}
		try_modes(&check, options->run.hooks);
	}
	output_init(&output, STDOUT_FILENO);
	json_init(&json);
	if (options->json) {
		check_json(&check, &json);
		output_write(&output, json.data, json.size);
	} else {
		check_text(&check, &output);
	}
	err = output_flush(&output);
	output_release(&output);
	json_release(&json);
	kernel_release(&check.kernel);
	if (err)
		return run_result(err, "");
	return check.err == -EPERM ? EXIT_PRIVILEGE : check.err ? EXIT_FAILED : EXIT_FINE;
}

const struct command command_check = {
	.name = "check",
	.summary = "what this kernel and these privileges allow, what is missing",
	.description = "Loads and attaches everything for a moment and says which hook serves which fact, or what is missing.\n"
		       "Exits with 0 when tcpdwell works here, 77 when a privilege is missing, 1 otherwise.",
	.examples = "  tcpdwell check\n"
		    "  tcpdwell check --hooks=fentry\n"
		    "  tcpdwell check -j | jq .hooks",
	.common = COMMON_JSON | COMMON_HOOKS,
	.run = check_run,
};
