// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Runs have names; output of `trace -j` has none, and is told by its begin. */
#include "recording/succession.h"

#include <string.h>

enum succession_step succession_step(const struct succession *last, const struct recorded *header)
{
	if (strcmp(last->run, header->run_name))
		return SUCCESSION_OTHER;
	if (!last->run[0] && header->continued)
		return SUCCESSION_NEXT;
	if (!last->run[0])
		return last->begin_ns == header->run.begin_ns ? SUCCESSION_AGAIN : SUCCESSION_OTHER;
	if (header->part <= last->part)
		return SUCCESSION_AGAIN;
	return header->part == last->part + 1 ? SUCCESSION_NEXT : SUCCESSION_GAP;
}

enum succession_step succession_follow(struct succession *last, const struct recorded *header)
{
	enum succession_step step = succession_step(last, header);

	if (step == SUCCESSION_AGAIN)
		return step;
	memcpy(last->run, header->run_name, sizeof(last->run));
	last->part = header->part;
	last->begin_ns = header->run.begin_ns;
	last->lines = last->known = 0;
	last->has_gap = last->resumes = false;
	return step;
}

bool succession_resume(struct succession *last, const struct recorded *header)
{
	last->known = 0;
	last->resumes = false;
	if (header->part != last->part || last->has_gap)
		return false;
	last->known = last->lines;
	last->resumes = !last->known;
	return true;
}

enum succession_line succession_line(struct succession *last)
{
	if (last->known) {
		last->resumes = !--last->known;
		return SUCCESSION_KNOWN;
	}
	last->lines++;
	if (!last->resumes)
		return SUCCESSION_NEW;
	last->resumes = false;
	return SUCCESSION_RESUMED;
}
