// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a life wrote down against tcpdwell's lines, and the laws that hold for every connection: states chain,
 * time goes forward, a dwell is the difference of two times, no self-transition.
 */
#define _GNU_SOURCE 1
#include "expect.h"

#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DWELL_SLACK_NS 10000000LL

#define FAIL(why, ...) (snprintf((why)->text, sizeof((why)->text), __VA_ARGS__), false)

bool text_matches(const char *alternatives, const char *value)
{
	const char *at = alternatives;
	size_t len = strlen(value);

	if (!at || !strcmp(at, "*"))
		return true;
	while (at) {
		if (!strncmp(at, value, len) && (at[len] == '|' || !at[len]))
			return true;
		at = strchr(at, '|');
		at = at ? at + 1 : NULL;
	}
	return false;
}

/* A member as a text for comparison: null is "null". */
static const char *member(const struct record *r, const char *key)
{
	return record_null(r, key) ? "null" : record_text(r, key);
}

static bool same_path(const char *want, const char *path)
{
	if (!strcmp(want, "*"))
		return true;
	while (*want && (*want == *path || (*want == '|' && *path == '>')))
		want++, path++;
	return !*want && !*path;
}

struct view *expect_find(struct stream *s, unsigned long netns, int local_port, int remote_port, int nth)
{
	for (int i = 0; i < s->view_count; i++) {
		struct view *v = &s->views[i];

		if (v->netns == netns && v->local_port == local_port && v->remote_port == remote_port &&
		    view_is_connection(s, v) && !nth--)
			return v;
	}
	return NULL;
}

/* The number of earlier wants with the same ports: one 4-tuple can live twice. */
static int want_nth(const struct truth *truth, int index)
{
	const struct want *w = &truth->want[index];
	int nth = 0;

	for (int i = 0; i < index; i++)
		nth += truth->want[i].local_port == w->local_port &&
		       truth->want[i].remote_port == w->remote_port;
	return nth;
}

static struct view *want_view(struct stream *s, const struct truth *truth, int index)
{
	const struct want *w = &truth->want[index];

	return expect_find(s, truth->netns, w->local_port, w->remote_port, want_nth(truth, index));
}

/* A seeded socket to which nothing happens has no line. */
static bool want_has_lines(const struct want *w)
{
	return strpbrk(w->path, ">|*");
}

bool expect_ended(struct stream *s, const struct truth *truth)
{
	char path[256];

	for (int i = 0; i < truth->wants; i++) {
		const struct want *w = &truth->want[i];
		struct view *v = want_view(s, truth, i);

		if (!want_has_lines(w))
			continue;
		if (!v)
			return false;
		view_path(s, v, path, sizeof(path));
		if (!same_path(w->path, path))
			return false;
	}
	return true;
}

static bool law_dwell(const struct record *before, const struct record *r, struct reason *why)
{
	long long dwell = record_number(r, "dwell_ns"), passed = r->time_ns - before->time_ns;

	/* A step that the kernel's recursion guard hid is told by the next one; when it was, no one knows. */
	if (record_null(r, "dwell_ns") && (record_true(r, "healed") || record_true(before, "healed")))
		return true;
	if (record_null(r, "dwell_ns"))
		return FAIL(why, "dwell_ns is null although the begin was seen: %s", r->line);
	if (llabs(dwell - passed) > DWELL_SLACK_NS)
		return FAIL(why, "dwell_ns %lld, but %lld passed since the line before", dwell, passed);
	return true;
}

/* The laws for one line; `before` is the line before of the same connection or NULL. */
static bool law_line(const struct view *v, const struct record *before, const struct record *r,
		     struct reason *why)
{
	const char *old = record_text(r, "old_state"), *new = record_text(r, "new_state");

	if (r->netns != v->netns)
		return FAIL(why, "sock %s is in two namespaces", v->sock);
	if (strlen(v->sock) != 16 || strspn(v->sock, "0123456789abcdef") != 16)
		return FAIL(why, "sock \"%s\" is not 16 hex digits", v->sock);
	if (state_number(old) < 0 || state_number(new) < 0)
		return FAIL(why, "%s>%s: not the kernel's names", old, new);
	if (!strcmp(old, new))
		return FAIL(why, "self-transition %s", old);
	if (!before)
		return true;
	if (strcmp(record_text(before, "new_state"), old))
		return FAIL(why, "%s is left, but the state was %s", old, record_text(before, "new_state"));
	if (r->time_ns < before->time_ns)
		return FAIL(why, "time goes back at %s>%s", old, new);
	return law_dwell(before, r, why);
}

static bool laws(const struct stream *s, const struct view *v, struct reason *why)
{
	const struct record *before = NULL;

	for (int i = 0; i < v->count; i++) {
		const struct record *r = &s->records[v->records[i]];

		if (!law_line(v, before, r, why))
			return false;
		before = r;
	}
	return true;
}

static bool match_who(const struct record *r, const char *role, const struct who *who, struct reason *why)
{
	char pid[32], ns_pid[32], comm[32];

	if (who->pid < 0)
		return true;
	snprintf(pid, sizeof(pid), "%s_pid", role);
	snprintf(ns_pid, sizeof(ns_pid), "%s_ns_pid", role);
	snprintf(comm, sizeof(comm), "%s_comm", role);
	if (!who->pid && !record_null(r, pid))
		return FAIL(why, "%s is %lld, expected null: %s", pid, record_number(r, pid), r->line);
	if (!who->pid)
		return true;
	if (record_number(r, pid) != who->pid || strcmp(record_text(r, comm), who->comm))
		return FAIL(why, "%s is %lld %s, expected %d %s", role, record_number(r, pid),
			    member(r, comm), who->pid, who->comm);
	if (record_number(r, ns_pid) != who->ns_pid)
		return FAIL(why, "%s is %lld, expected %d", ns_pid, record_number(r, ns_pid), who->ns_pid);
	return true;
}

bool expect_holder(struct stream *s, unsigned long netns, const struct want_holder *want, struct reason *why)
{
	const struct view *v = expect_find(s, netns, want->local_port, want->remote_port, 0);
	const struct record *r = v && v->holder ? &s->records[v->holder] : NULL;

	if (!r)
		return FAIL(why, "no holder was told");
	if (!match_who(r, "holder", &want->who, why))
		return false;
	if (record_number(r, "holders") != want->holders || record_true(r, "in_accept_queue") != want->in_queue)
		return FAIL(why, "%.160s", r->line + 40);
	if (record_null(r, "fd") != (want->fd < 0) || (want->fd >= 0 && record_number(r, "fd") != want->fd))
		return FAIL(why, "fd is %lld", record_number(r, "fd"));
	return true;
}

static bool match_text(const struct record *r, const char *key, const char *want, struct reason *why)
{
	if (text_matches(want, member(r, key)))
		return true;
	return FAIL(why, "%s is %s, expected %s, in %s>%s", key, member(r, key), want,
		    record_text(r, "old_state"), record_text(r, "new_state"));
}

/* `end` belongs to the last step alone. */
static bool match_end(const struct stream *s, const struct view *v, const struct want *w, struct reason *why)
{
	for (int i = 0; i < v->count; i++) {
		const struct record *r = &s->records[v->records[i]];
		bool last = !strcmp(record_text(r, "new_state"), "CLOSE");

		if (!match_text(r, "end", last ? w->end : "null", why))
			return false;
	}
	return true;
}

static bool match_queue(const struct stream *s, const struct view *v, const struct want *w,
			struct reason *why)
{
	for (int i = 0; i < v->count; i++) {
		const struct record *r = &s->records[v->records[i]];

		if (w->in_queue >= 0 && !strcmp(record_text(r, "new_state"), "CLOSE_WAIT") &&
		    record_true(r, "in_accept_queue") != w->in_queue)
			return FAIL(why, "in_accept_queue is %s at CLOSE_WAIT", w->in_queue ? "false" : "true");
	}
	return true;
}

/* The process that is charged when TIME_WAIT or CLOSE_WAIT is entered must be known by then. */
static bool match_entry(const struct stream *s, const struct view *v, const struct want *w,
			struct reason *why)
{
	for (int i = 0; i < v->count; i++) {
		const struct record *r = &s->records[v->records[i]];
		const char *new = record_text(r, "new_state");

		if (!strcmp(new, "TIME_WAIT") &&
		    !(match_who(r, "closer", &w->closer, why) && match_who(r, "owner", &w->owner, why)))
			return false;
		if (!strcmp(new, "CLOSE_WAIT") && w->in_queue == 0 && !match_who(r, "owner", &w->owner, why))
			return false;
	}
	return true;
}

static bool match_want(const struct stream *s, const struct view *v, const struct want *w,
		       struct reason *why)
{
	const struct record *first = &s->records[v->records[0]];
	const struct record *last = &s->records[v->records[v->count - 1]];
	char path[256];

	view_path(s, v, path, sizeof(path));
	if (!same_path(w->path, path))
		return FAIL(why, "path is %s", path);
	if (w->seeded && !record_null(first, "dwell_ns"))
		return FAIL(why, "dwell_ns of a begin that was not seen: %s", first->line);
	if (w->service_port && record_number(last, "service_port") != w->service_port)
		return FAIL(why, "service_port is %lld", record_number(last, "service_port"));
	return laws(s, v, why) && match_text(last, "closed_by", w->closed_by, why) &&
	       match_text(last, "side", w->side, why) && match_text(last, "local_addr", w->local_addr, why) &&
	       match_text(last, "attribution", w->attribution, why) &&
	       match_who(last, "owner", &w->owner, why) && match_who(last, "closer", &w->closer, why) &&
	       match_end(s, v, w, why) && match_queue(s, v, w, why) && match_entry(s, v, w, why);
}

static bool match_one(struct stream *s, const struct truth *truth, int index, struct reason *why)
{
	const struct want *w = &truth->want[index];
	struct view *v = want_view(s, truth, index);
	struct reason inner = { "no line about it" };

	if (!v && !want_has_lines(w))
		return true;
	if (v)
		v->claimed = true;
	if (v && match_want(s, v, w, &inner))
		return true;
	return FAIL(why, "%d>%d expected %s: %.200s", w->local_port, w->remote_port, w->path, inner.text);
}

static bool match_failed(const struct record *r, const struct want_failed *w, struct reason *why)
{
	if (record_number(r, "remote_port") != w->remote_port ||
	    (w->local_port && record_number(r, "local_port") != w->local_port))
		return FAIL(why, "connect_failed has other ports: %s", r->line);
	if (strcmp(record_text(r, "error"), w->error))
		return FAIL(why, "connect_failed has error %s, expected %s", member(r, "error"), w->error);
	return match_text(r, "side", "active", why) && match_text(r, "attribution", "observed", why) &&
	       match_who(r, "owner", &w->owner, why);
}

static bool is_served(const struct stream *s, const char *fact)
{
	return !fact || strcmp(json_string_value(json_object_get(json_object_get(s->header, "hooks"), fact)) ?: "", "unseen");
}

/* The next one from *index on that must have a line. */
static const struct want_failed *next_failed(const struct stream *s, const struct truth *truth, int *index)
{
	while (*index < truth->wants_failed && !is_served(s, truth->want_failed[*index].fact))
		++*index;
	return *index < truth->wants_failed ? &truth->want_failed[(*index)++] : NULL;
}

static bool match_all_failed(const struct stream *s, const struct truth *truth, struct reason *why)
{
	const struct want_failed *want;
	int index = 0;

	for (int i = 0; i < s->count; i++) {
		const struct record *r = &s->records[i];

		if (r->netns != truth->netns || !record_is(r, "connect_failed"))
			continue;
		want = next_failed(s, truth, &index);
		if (!want)
			return FAIL(why, "connect_failed that did not happen: %s", r->line);
		if (!match_failed(r, want, why))
			return false;
	}
	want = next_failed(s, truth, &index);
	if (want)
		return FAIL(why, "no connect_failed line of %d>%d %s", want->local_port, want->remote_port, want->error);
	return true;
}

/* A connect() that found no port may also show as CLOSE>SYN_SENT>CLOSE; a listener's lines are its own. */
static bool nothing_else(const struct stream *s, const struct truth *truth, struct reason *why)
{
	int allowed = truth->wants_failed;
	char path[256];

	for (int i = 0; i < s->view_count; i++) {
		const struct view *v = &s->views[i];

		if (v->netns != truth->netns || v->claimed || !view_is_connection(s, v))
			continue;
		view_path(s, v, path, sizeof(path));
		if (strcmp(path, "CLOSE>SYN_SENT>CLOSE") || !allowed--)
			return FAIL(why, "a connection that never was: sock %s %d>%d %s", v->sock,
				    v->local_port, v->remote_port, path);
	}
	return true;
}

bool expect_life(struct stream *s, const struct truth *truth, struct reason *why)
{
	for (int i = 0; i < truth->wants; i++)
		if (!match_one(s, truth, i, why))
			return false;
	return match_all_failed(s, truth, why) && (truth->dies || nothing_else(s, truth, why));
}
