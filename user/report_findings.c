// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report_findings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "history/status.h"
#include "recording/files.h"
#include "show/alike.h"
#include "util/log.h"
#include "util/moment.h"
#include "util/text.h"

#define COLUMNS 1000 /* of a sentence */

struct findings {
	const struct recording_selection *selection;
	struct alike alike;
	unsigned int count;
	const char *path; /* of the history that is read */
	enum { BEHIND_NOT_ASKED, IS_BEHIND, IS_NOT_BEHIND } behind; /* of that one */
};

/* "[4711]", " (ended)", " (14 processes, all ended)": what stands behind a name in titles. */
static bool ends_name(const char *at)
{
	bool is_pid = *at == '[';
	const char *number = at + (is_pid ? 1 : 2);
	size_t digits;

	if (!is_pid && strncmp(at, " (", 2) != 0)
		return false;
	digits = strspn(number, "0123456789");
	if (is_pid)
		return digits && number[digits] == ']';
	return digits ? !strncmp(number + digits, " processes", 10) : !strncmp(number, "ended)", 6);
}

/* The end of the name of the first process that a sentence tells of; NULL: of none. An address of IPv6 is no number. */
static const char *name_end(const char *sentence)
{
	const char *at = sentence;

	for (; *at; at++)
		if (ends_name(at))
			return at;
	return NULL;
}

/* Behind one of these a name begins where it is not the first word: "481 of 500 are used, 480 by orders-api[4711]". Else it is the numbers' too. */
static size_t before_name(const char *at)
{
	static const char *const words[] = { ": ", " by ", " before ", " from ", " of ", " that " };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strncmp(at, words[i], strlen(words[i])))
			return strlen(words[i]);
	return 0;
}

/* What stands before that, from the last such word before it on. Without a process: "", and the finding is like no other. */
static void name_of(char *name, size_t size, const char *sentence)
{
	const char *end = name_end(sentence), *begin = sentence, *at;

	name[0] = '\0';
	if (!end)
		return;
	for (at = sentence; at < end; at++)
		if (before_name(at))
			begin = at + before_name(at);
	snprintf(name, size, "%.*s", (int)(end - begin), begin);
}

/* True: it has no line of its own. */
static bool is_folded(struct findings *findings, const char *code, const char *sentence, uint64_t begin_ns, uint64_t end_ns)
{
	struct alike_kind *kind;
	char name[64];

	name_of(name, sizeof(name), sentence);
	kind = alike_one_more(&findings->alike, code, name);
	if (!kind)
		return false;
	if (alike_untold(kind) == 1) {
		kind->first_ns = begin_ns;
		kind->last_ns = end_ns;
	}
	if (!end_ns || (kind->last_ns && end_ns > kind->last_ns))
		kind->last_ns = end_ns; /* 0: it goes on */
	return true;
}

static void period(char *out, size_t size, uint64_t begin_ns, uint64_t end_ns)
{
	char from[MOMENT_TEXT], to[MOMENT_TEXT];

	moment_text(from, begin_ns);
	moment_text(to, end_ns);
	snprintf(out, size, "%s%s%s", from, end_ns ? "–" : " on", end_ns ? strncmp(from, to, 10) ? to : to + 11 : "");
}

/* UTC of the end of what a history recorded; 0: not known. What is wrong with its files the view says, which reads them after this. */
static uint64_t end_of(const char *path)
{
	const struct recording_selection history = { .paths = &path, .count = 1 };
	struct recording_files *files = NULL;
	int verbosity = log_verbosity();
	uint64_t end_ns = 0;
	char error[512];

	log_set_verbosity(-1);
	if (!recording_files_new(&files, &history, error, sizeof(error)))
		end_ns = recording_files_end(files);
	recording_files_free(files);
	log_set_verbosity(verbosity);
	return end_ns;
}

/* Does the window begin behind all that was recorded? Then nothing is known of it, and what goes on until now is not told of it. */
static bool is_behind(const struct findings *findings)
{
	uint64_t since_ns = findings->selection->since_unix_ns, end_ns = since_ns ? end_of(findings->path) : 0;

	return end_ns && since_ns > end_ns;
}

/* The end of what was recorded is looked for only where it matters: it has to be read. */
static bool is_told(struct findings *findings, uint64_t end_ns)
{
	if (!end_ns && findings->behind == BEHIND_NOT_ASKED)
		findings->behind = is_behind(findings) ? IS_BEHIND : IS_NOT_BEHIND;
	return end_ns || findings->behind == IS_NOT_BEHIND;
}

static void print(void *context, uint64_t begin_ns, uint64_t end_ns, const char *code, const char *severity, const char *text)
{
	char when[2 * MOMENT_TEXT + 8], name[32], weight[32], sentence[4 * COLUMNS];
	struct findings *findings = context;

	if (!is_told(findings, end_ns))
		return;
	text_sanitise(name, sizeof(name), code, strlen(code), sizeof(name));
	text_sanitise(weight, sizeof(weight), severity, strlen(severity), sizeof(weight));
	text_sanitise(sentence, sizeof(sentence), text, strlen(text), COLUMNS);
	findings->count++;
	if (is_folded(findings, name, sentence, begin_ns, end_ns))
		return;
	period(when, sizeof(when), begin_ns, end_ns);
	printf("%s %s %s: %s\n", when, name, weight, sentence);
}

static void print_folded(const struct alike *alike)
{
	const struct alike_kind *kind = alike->kinds;
	char when[2 * MOMENT_TEXT + 8];

	for (; kind < alike->kinds + alike->n_kinds; kind++) {
		if (!alike_untold(kind))
			continue;
		period(when, sizeof(when), kind->first_ns, kind->last_ns);
		printf("%s %s: %u more like these, of processes called %s\n", when, kind->code, alike_untold(kind), kind->name);
	}
}

void report_findings_show(const struct recording_selection *selection)
{
	static struct findings findings;
	size_t i;
	int err;

	findings = (struct findings){ .selection = selection };
	for (i = 0; i < selection->count; i++) {
		findings.path = selection->paths[i];
		findings.behind = BEHIND_NOT_ASKED;
		err = history_findings_read(selection->paths[i], selection->since_unix_ns, selection->until_unix_ns, print, &findings);
		if (err == -EUCLEAN)
			log_warn("%s/intervals.db is damaged, or no database of tcpdwell: not all findings of then are shown", selection->paths[i]);
		if (err == -ENOMEM)
			log_warn("out of memory: not all findings of then are shown");
		if (err == -EBUSY)
			log_warn("%s/intervals.db is locked by another program: not all findings of then are shown; try again", selection->paths[i]);
	}
	print_folded(&findings.alike);
	if (findings.count)
		printf("\n");
	fflush(stdout);
}
