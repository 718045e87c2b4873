// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* An idle pool: its peer has closed, and the pool has not noticed. No leak: as many as there were. */
#include "diagnose/close_wait.h"
#include "diagnose/codes.h"

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct cause *cause)
{
	struct finding *finding = verdicts_add(verdicts, TD122, SEVERITY_NOTE);
	words who, what, oldest;

	if (!finding)
		return;
	words_known(who, scene, scene_process(scene, cause->key.process));
	finding_title(finding, "%s keeps %u idle %s that the other end has closed, for %s%s: an idle pool, it does not grow", who, cause->count,
		      cause_connections(what, cause), cause->oldest_at_least ? "at least " : "", words_seconds(oldest, cause->oldest_ns / 1e9));
	finding->confidence = scene->watched_s >= 60 ? CONFIDENCE_PROVED : CONFIDENCE_LIKELY;
	close_wait_subject(finding, scene, cause);
	close_wait_evidence(finding, scene, cause);
	finding_change(finding, "let the pool drop idle connections sooner than the peer's idle timeout, or test them before use; the next request "
				"over one of these fails");
	close_wait_useless(finding, scene, cause);
}

void td122_idle_pool(const struct scene *scene, struct verdicts *verdicts)
{
	size_t i;

	for (i = 0; i < scene->causes->count; i++) {
		const struct cause *cause = scene->causes->sorted[i];

		if (is_close_wait(cause) && cause->key.side == SIDE_ACTIVE && cause->count >= scene_threshold(scene, TD122_COUNT) &&
		    close_wait_kind(scene, cause) == CLOSE_WAIT_STAYS)
			judge(scene, verdicts, cause);
	}
}
