// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "show/alike.h"

#include <stdio.h>
#include <string.h>

#include "util/text.h"

static struct alike_kind *kind_of(struct alike *alike, const char *code, const char *name)
{
	struct alike_kind *kind = alike->kinds;

	for (; kind < alike->kinds + alike->n_kinds; kind++)
		if (!strcmp(kind->code, code) && !strcmp(kind->name, name))
			return kind;
	if (alike->n_kinds == ALIKE_KINDS)
		return NULL;
	alike->n_kinds++;
	snprintf(kind->code, sizeof(kind->code), "%s", code);
	snprintf(kind->name, sizeof(kind->name), "%s", name);
	return kind;
}

struct alike_kind *alike_one_more(struct alike *alike, const char *code, const char *name)
{
	struct alike_kind *kind = name[0] ? kind_of(alike, code, name) : NULL;

	return kind && ++kind->count > ALIKE_TOLD ? kind : NULL;
}

void alike_text(struct buffer *out, const struct alike *alike)
{
	const struct alike_kind *kind = alike->kinds;
	char name[4 * sizeof(kind->name)];

	for (; kind < alike->kinds + alike->n_kinds; kind++) {
		if (!alike_untold(kind))
			continue;
		text_sanitise(name, sizeof(name), kind->name, strlen(kind->name), sizeof(name));
		buffer_printf(out, "and %u more like these: %s, of other processes called %s\n", alike_untold(kind), kind->code, name);
	}
}
