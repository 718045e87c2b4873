// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * scenarios: makes each TCP life for real in fresh network namespaces and holds tcpdwell's lines and the
 * kernel's own account against what it made. One static program, for the host and for virtual machines.
 */
#define _GNU_SOURCE 1
#include "actor.h"
#include "lives.h"
#include "net.h"
#include "report.h"
#include "session.h"
#include "suites.h"

#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_LIVES 160

struct options {
	struct tool_config tool;
	int load;
	bool dry, list, machine_wide, bad_network;
	char **names;
};

static const struct life *const tables[] = {
	lives_close, lives_reset, lives_hand, lives_small, lives_owner, lives_holder, lives_queue, lives_family,
	lives_connect, lives_ports, lives_seeded,
};
/* "lives" stands for all of the tables. */
static const char *const suites[] = { "lives", "filter", "input", "latency", "accept", "nested", "load", "crowd" };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void usage(FILE *to)
{
	fputs("usage: scenarios [--tcpdwell PATH] [--hooks MODE] [--load N] [--dry] [--machine-wide] [--bad-network]"
	      " [--list] [NAME…]\n"
	      "  --dry           make the traffic, assert the kernel's own account, run no tcpdwell\n"
	      "  --machine-wide  also what changes a setting of the whole machine for a moment\n"
	      "  --bad-network   with netem: packets are late, lost, doubled and out of order\n"
	      "  NAME            a scenario or a suite (lives, filter, input, latency, accept, nested, load, crowd);\n"
	      "                  all when none is given\n", to);
}

static bool selected(const struct options *o, const char *name)
{
	for (char **n = o->names; *n; n++)
		if (!strcmp(*n, name))
			return true;
	return !*o->names;
}

static bool known(const char *name)
{
	for (size_t i = 0; i < COUNT(suites); i++)
		if (!strcmp(suites[i], name))
			return true;
	for (size_t i = 0; i < COUNT(tables); i++)
		for (const struct life *life = tables[i]; life->name; life++)
			if (!strcmp(life->name, name))
				return true;
	return false;
}

static void list(void)
{
	for (size_t i = 0; i < COUNT(tables); i++)
		for (const struct life *life = tables[i]; life->name; life++)
			puts(life->name);
	for (size_t i = 0; i < COUNT(suites); i++)
		puts(suites[i]);
}

/*
 * Lives with these flags and no other. Those that change the whole machine have a session of their own; and so
 * have those whose namespace dies, because its inode number may soon be another's.
 */
static int run_lives(const struct options *o, unsigned int flags, const char *name)
{
	const struct life *chosen[MAX_LIVES];
	int n = 0;

	for (size_t i = 0; i < COUNT(tables); i++)
		for (const struct life *life = tables[i]; life->name && n < MAX_LIVES; life++) {
			if (!(selected(o, life->name) || selected(o, "lives")) || life->flags != flags)
				continue;
			if (flags & LIFE_MACHINE_WIDE && !o->machine_wide)
				report_skip(life->name, "changes a setting of the whole machine; --machine-wide "
							"allows it");
			else
				chosen[n++] = life;
		}
	return n ? session_run(name, chosen, n, o->dry ? NULL : &o->tool) : 0;
}

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "tcpdwell", required_argument, NULL, 't' }, { "hooks", required_argument, NULL, 'H' },
		{ "load", required_argument, NULL, 'l' }, { "dry", no_argument, NULL, 'd' },
		{ "machine-wide", no_argument, NULL, 'm' }, { "list", no_argument, NULL, 'L' },
		{ "bad-network", no_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' }, { 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (c) {
		case 't': o->tool.path = optarg; break;
		case 'H': o->tool.hooks = optarg; break;
		case 'l': o->load = atoi(optarg); break;
		case 'd': o->dry = true; break;
		case 'm': o->machine_wide = true; break;
		case 'b': o->bad_network = true; break;
		case 'L': o->list = true; break;
		case 'h': usage(stdout); exit(0);
		default: usage(stderr); return 64;
		}
	}
	o->names = argv + optind;
	for (char **n = o->names; *n; n++)
		if (!known(*n)) {
			fprintf(stderr, "scenarios: no scenario \"%s\"; --list names them\n", *n);
			return 64;
		}
	return 0;
}

int main(int argc, char **argv)
{
	struct options o = { .tool.path = "build/tcpdwell", .load = 20000 };
	int err, failures;

	if (argc == 2 && !strcmp(argv[1], "--hold"))
		return actor_hold();
	err = parse(argc, argv, &o);
	if (err)
		return err;
	if (o.list) {
		list();
		return 0;
	}
	signal(SIGPIPE, SIG_IGN);
	if (o.bad_network && unshare(CLONE_NEWNET) == 0 && (err = net_make_bad())) {
		printf("skip bad_network: no netem: %s\n", strerror(-err));
		return 0;
	}
	failures = run_lives(&o, 0, "summary");
	failures += run_lives(&o, LIFE_NETNS_DIES, "summary_netns_dies");
	failures += run_lives(&o, LIFE_MACHINE_WIDE, "summary_machine_wide");
	if (!o.dry && selected(&o, "filter"))
		suite_filter(&o.tool);
	if (!o.dry && selected(&o, "input"))
		suite_input(&o.tool);
	if (!o.dry && selected(&o, "latency"))
		suite_latency(&o.tool);
	if (!o.dry && selected(&o, "accept"))
		suite_accept(&o.tool);
	if (!o.dry && selected(&o, "nested"))
		suite_nested(&o.tool);
	if (!o.dry && selected(&o, "load"))
		suite_load(&o.tool, o.load);
	if (!o.dry && selected(&o, "crowd"))
		suite_crowd(&o.tool);
	return failures + report_failures() ? 1 : 0;
}
