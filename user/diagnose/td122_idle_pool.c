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
	words_service(who, scene, cause);
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
	struct services services;
	size_t i;

	services_find(&services, scene, is_close_wait);
	for (i = 0; i < services.count; i++) {
		const struct cause *cause = &services.list[i];

		if (cause->key.side == SIDE_ACTIVE && !close_wait_is_unread(cause) && cause->count >= scene_threshold(scene, TD122_COUNT) &&
		    close_wait_kind(scene, cause) == CLOSE_WAIT_STAYS)
			judge(scene, verdicts, cause);
	}
	services_release(&services);
}
