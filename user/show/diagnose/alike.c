// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "show/diagnose/alike.h"

#include <stdio.h>
#include <string.h>

#include "util/text.h"

#define SHOWN 3

static struct alike_kind *kind_of(struct alike *alike, const struct finding *finding)
{
	struct alike_kind *kind = alike->kinds;

	for (; kind < alike->kinds + alike->n_kinds; kind++)
		if (kind->code == finding->code && !strcmp(kind->comm, finding->subject.comm))
			return kind;
	if (alike->n_kinds == ALIKE_KINDS)
		return NULL;
	alike->n_kinds++;
	*kind = (struct alike_kind){ .code = finding->code };
	snprintf(kind->comm, sizeof(kind->comm), "%s", finding->subject.comm);
	return kind;
}

bool alike_is_one_more(struct alike *alike, const struct finding *finding)
{
	struct alike_kind *kind = finding->subject.pid && finding->subject.comm[0] ? kind_of(alike, finding) : NULL;

	return kind && ++kind->count > SHOWN;
}

void alike_text(struct buffer *out, const struct alike *alike)
{
	const struct alike_kind *kind = alike->kinds;
	char comm[4 * (COMM_BYTES + 1)];

	for (; kind < alike->kinds + alike->n_kinds; kind++) {
		if (kind->count <= SHOWN)
			continue;
		text_sanitise(comm, sizeof(comm), kind->comm, strlen(kind->comm), sizeof(comm));
		buffer_printf(out, "and %u more like these: %s, of other processes called %s\n", kind->count - SHOWN, code_rows[kind->code].name, comm);
	}
}
