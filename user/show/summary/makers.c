// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "show/summary/makers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/hash.h"
#include "util/shortage.h"

#define FEW 3 /* of one name are told apart; more become one line, as with leaks */
#define LABEL 96
#define NAMES_MAX 5000
#define LINES 5

struct maker {
	UT_hash_handle hh;
	size_t processes;
	int64_t came, stay;
	struct {
		char label[LABEL];
		int64_t came, stay;
	} few[FEW];
	char name[]; /* without the pid */
};

static struct maker *maker_get(struct makers *makers, const char *label)
{
	const char *pid = strrchr(label, '[');
	size_t size = pid && pid > label ? (size_t)(pid - label) : strlen(label);
	struct maker *maker;

	HASH_FIND(hh, makers->by_name, label, size, maker);
	if (maker || HASH_COUNT(makers->by_name) >= NAMES_MAX)
		return maker;
	maker = shortage_noted(calloc(1, sizeof(*maker) + size + 1));
	if (!maker)
		return NULL;
	memcpy(maker->name, label, size);
	HASH_ADD_KEYPTR(hh, makers->by_name, maker->name, size, maker);
	if (maker->hh.tbl)
		return maker;
	free(maker);
	return NULL;
}

void makers_add(struct makers *makers, const char *label, int64_t came, int64_t stay)
{
	struct maker *maker = maker_get(makers, label);
	size_t at;

	if (!maker) {
		makers->unnamed += came;
		return;
	}
	maker->came += came;
	maker->stay += stay;
	at = maker->processes++;
	if (at >= FEW)
		return;
	snprintf(maker->few[at].label, LABEL, "%s", label);
	maker->few[at].came = came;
	maker->few[at].stay = stay;
}

struct line {
	char text[LABEL + 40];
	int64_t came, stay;
};

/* The most first, by name where as many came. Lines that have no room fall out; how many there are. */
static size_t insert(struct line *lines, size_t count, const struct line *line)
{
	size_t at = count < LINES ? count : LINES;

	while (at && (lines[at - 1].came < line->came || (lines[at - 1].came == line->came && strcmp(lines[at - 1].text, line->text) > 0))) {
		if (at < LINES)
			lines[at] = lines[at - 1];
		at--;
	}
	if (at < LINES)
		lines[at] = *line;
	return count + 1;
}

static size_t insert_few(struct line *lines, size_t count, const struct maker *maker)
{
	struct line line = {};
	size_t i;

	for (i = 0; i < maker->processes; i++) {
		line.came = maker->few[i].came;
		line.stay = maker->few[i].stay;
		snprintf(line.text, sizeof(line.text), "%s", maker->few[i].label);
		count = insert(lines, count, &line);
	}
	return count;
}

void makers_write(const struct makers *makers, const char *state, bool stay, struct output *output)
{
	struct line lines[LINES] = {}, line = {};
	const struct maker *maker;
	size_t count = 0, i;

	for (maker = makers->by_name; maker; maker = maker->hh.next) {
		if (maker->processes <= FEW) {
			count = insert_few(lines, count, maker);
			continue;
		}
		line.came = maker->came;
		line.stay = maker->stay;
		snprintf(line.text, sizeof(line.text), "%.*s (%zu processes)", LABEL - 1, maker->name, maker->processes);
		count = insert(lines, count, &line);
	}
	for (i = 0; i < count && i < LINES; i++) {
		output_printf(output, "%s%s %s %" PRId64, i ? "" : state, i ? "," : " entered by", lines[i].text, lines[i].came);
		if (stay)
			output_printf(output, " (%" PRId64 " at the end)", lines[i].stay);
	}
	if (count)
		output_string(output, count > LINES || makers->unnamed ? ", and others\n" : "\n");
}

void makers_release(struct makers *makers)
{
	struct maker *maker, *next;

	HASH_ITER(hh, makers->by_name, maker, next) {
		HASH_DEL(makers->by_name, maker);
		free(maker);
	}
}
