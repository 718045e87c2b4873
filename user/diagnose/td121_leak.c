// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A leak: CLOSE_WAIT comes and stays, and nobody closes. */
#include <stdio.h>

#include "attribute/program.h"
#include "diagnose/close_wait.h"
#include "diagnose/codes.h"
#include "diagnose/software.h"
#include "util/number.h"

/* Of most it has not called read() since: what it does instead is the question. */
static bool is_not_looked_at(const struct cause *cause)
{
	return cause->looked && cause->unread_end * 10 >= cause->looked * 8;
}

static const char *other_end(words out, const struct passed_on *passed)
{
	if (passed->to->key.side == SIDE_ACTIVE && passed->to->one_remote)
		return words_remote(out, passed->to->remote_addr, passed->to->remote_port);
	snprintf(out, FINDING_NAME, "the other side");
	return out;
}

static void passed_on_change(struct finding *finding, const struct passed_on *passed, const struct process *process)
{
	words to;

	finding_change(finding, "look at %s first: it was told that nothing more comes, and does not close; the proxy waits for it", other_end(to, passed));
	if (software_of(process) == SOFTWARE_HAPROXY)
		finding_change(finding, "haproxy: \"timeout client-fin\" and \"timeout server-fin\", some seconds, end what only one side has closed");
	else
		finding_change(finding, "a time limit of the proxy for connections that one side has closed");
}

static void change(struct finding *finding, const struct scene *scene, const struct cause *cause, const struct passed_on *passed)
{
	const struct process *process = &scene_process(scene, cause->key.process)->process;

	if (passed->count) {
		passed_on_change(finding, passed, process);
		return;
	}
	if (software_of(process) == SOFTWARE_POSTGRES && cause->key.side == SIDE_PASSIVE) {
		finding_change(finding, "postgres: a session does not look for the end while its query runs: client_connection_check_interval (14 and newer), as 10s");
		return;
	}
	if (is_not_looked_at(cause) && process->pid)
		finding_change(finding, "see why it does not read: stopped, busy or stuck (ps -o pid,stat,wchan:20,args -p %u), or it forgot the connection: nothing has called read() since the peer closed",
			       process->pid);
	if (cause->key.side == SIDE_ACTIVE && close_wait_is_unread(cause))
		finding_change(finding, "read each answer to its end or close it, also the one that nobody wants: what came was not read; who forgets it "
					"gets a new connection for each request");
	if (cause->key.side == SIDE_ACTIVE)
		finding_change(finding, "close the connection when read() returns 0 or the response is done: response.close(), a with or "
					"try-with-resources block, defer resp.Body.Close(); also on the way out of errors");
	else
		finding_change(finding, "close the connection when read() returns 0, also on the way out of errors: the peer has closed, and waits");
}

/* Until it has no descriptor left, at this rate. */
static void forecast(struct finding *finding, const struct scene *scene, const struct cause *cause)
{
	double in_s = close_wait_full_in_s(scene, cause);

	if (!in_s)
		return;
	finding->until_ns = scene->now_ns + number_u64(in_s * 1e9);
	finding_evidence(finding, "full_in", in_s, "s", NULL);
}

static const enum severity severities[] = {
	[CLOSE_WAIT_FULL] = SEVERITY_NOW,
	[CLOSE_WAIT_GROWS] = SEVERITY_SOON,
	[CLOSE_WAIT_STAYS] = SEVERITY_NOTE,
	[CLOSE_WAIT_LEAKED] = SEVERITY_NOTE, /* in the end */
	[CLOSE_WAIT_UNDECIDED] = SEVERITY_NOTE,
};

/*
 * That it grows no more is not sure at once: until then it will fail as was foreseen. Once it is a note, one more that comes and goes
 * does not change that.
 */
static enum severity severity_of(const struct scene *scene, const struct cause *cause, enum close_wait_kind kind)
{
	bool is_young = cause->youngest_ns / 1e9 < scene_threshold(scene, TD121_AGE_S);

	return kind == CLOSE_WAIT_LEAKED && is_young && close_wait_told(scene, cause)->severity != SEVERITY_NOTE ? SEVERITY_SOON :
														    severities[kind];
}

static void title_full(struct finding *finding, const struct scene *scene, const struct cause *cause, const char *who, const char *what)
{
	const struct process_facts *facts = close_wait_fullest(scene, cause);
	unsigned int left = descriptors_left(facts->fds, facts->fds_limit), full = close_wait_full(scene, cause);
	char few[80] = "no descriptor is left", of[24] = "";

	if (cause->n_parts > 1)
		snprintf(of, sizeof(of), "of process %u ", facts->process.pid);
	if (full > 1)
		snprintf(few, sizeof(few), "%u of its processes have %s descriptor left; of process %u", full, left ? "hardly a" : "no",
			 facts->process.pid);
	else if (left)
		snprintf(few, sizeof(few), "%u descriptor%s %s%s left", left, left == 1 ? "" : "s", of, left == 1 ? "is" : "are");
	else
		snprintf(few, sizeof(few), "no descriptor %sis left", of);
	finding_title(finding, "%s leaks %s: %u in CLOSE_WAIT, and %s, %llu of %llu are open: \"Too many open files\"", who, what, cause->count,
		      few, (unsigned long long)facts->fds, (unsigned long long)facts->fds_limit);
	finding_change(finding, "at once: start it again, which alone gives the descriptors back; it leaks on until its code is changed");
}

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct cause *cause, enum close_wait_kind kind)
{
	struct finding *finding = verdicts_add(verdicts, TD121, severity_of(scene, cause, kind));
	struct passed_on passed = close_wait_passed_on(scene, cause);
	words who, what, rate, oldest, to;
	char waits[FINDING_NAME + 40] = "";

	if (!finding)
		return;
	words_service(who, scene, cause);
	cause_connections(what, cause);
	words_seconds(oldest, cause->oldest_ns / 1e9);
	if (passed.count)
		snprintf(waits, sizeof(waits), "; it waits for %s to close", other_end(to, &passed));
	close_wait_subject(finding, scene, cause);
	if (kind == CLOSE_WAIT_FULL) {
		title_full(finding, scene, cause, who, what);
	} else if (kind == CLOSE_WAIT_GROWS) {
		finding_title(finding, "%s leaks %s: %u in CLOSE_WAIT, %s more a second, the oldest for %s%s%s", who, what, cause->count,
			      words_number(rate, close_wait_rate(scene, cause)), cause->oldest_at_least ? "at least " : "", oldest, waits);
		finding->confidence = cause->windows[1].came || scene->watched_s < cause_windows_s[1] ? CONFIDENCE_PROVED : CONFIDENCE_LIKELY;
	} else if (kind == CLOSE_WAIT_STAYS || kind == CLOSE_WAIT_LEAKED) {
		finding_title(finding, "%s does not close %s: %u in CLOSE_WAIT for %s%s, no more came in the last %s%s", who, what, cause->count,
			      cause->oldest_at_least ? "at least " : "", oldest, words_seconds(rate, cause->youngest_ns / 1e9), waits);
		finding->confidence = CONFIDENCE_LIKELY;
	} else {
		finding_title(finding, "%s has %u %s in CLOSE_WAIT: their peers have closed, it has not%s", who, cause->count, what, waits);
		finding->confidence = CONFIDENCE_TOO_EARLY;
		finding->wait_s = close_wait_left_s(scene);
	}
	close_wait_evidence(finding, scene, cause);
	if (kind == CLOSE_WAIT_GROWS)
		forecast(finding, scene, cause);
	if (passed.count)
		finding_evidence(finding, "passed_on", passed.count, "sockets", "ss -tanp state fin-wait-2");
	change(finding, scene, cause, &passed);
	close_wait_maker_change(finding, scene, cause);
	close_wait_useless(finding, scene, cause);
}

/* A service that does not read is stuck (TD123) rather than forgetful. What a client holds without growth is an idle pool's (TD122), if it read the answers. */
void td121_leak(const struct scene *scene, struct verdicts *verdicts)
{
	enum close_wait_kind kind;
	struct services services;
	size_t i;

	services_find(&services, scene, is_close_wait);
	for (i = 0; i < services.count; i++) {
		const struct cause *cause = &services.list[i];

		if (close_wait_is_unread(cause) && cause->key.side != SIDE_ACTIVE)
			continue;
		kind = close_wait_kind(scene, cause);
		if (kind != CLOSE_WAIT_PASSING && !(kind == CLOSE_WAIT_STAYS && cause->key.side == SIDE_ACTIVE && !close_wait_is_unread(cause)))
			judge(scene, verdicts, cause, kind);
	}
	services_release(&services);
}
