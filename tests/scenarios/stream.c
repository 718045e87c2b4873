// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Parses tcpdwell's JSON lines with a library that is not tcpdwell's own writer, and groups transitions by
 * their `sock`.
 */
#define _GNU_SOURCE 1
#include "stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BUCKETS 65536

const char *record_text(const struct record *r, const char *key)
{
	const char *text = json_string_value(json_object_get(r->json, key));

	return text ? text : "";
}

long long record_number(const struct record *r, const char *key)
{
	return json_integer_value(json_object_get(r->json, key));
}

bool record_true(const struct record *r, const char *key)
{
	return json_is_true(json_object_get(r->json, key));
}

bool record_null(const struct record *r, const char *key)
{
	return json_is_null(json_object_get(r->json, key));
}

bool record_is(const struct record *r, const char *type)
{
	return !strcmp(record_text(r, "type"), type);
}

/* "2026-11-20T09:00:00.123456789Z" -> ns since 1970, 0 when it is not of that form. */
static int64_t time_parse(const char *text)
{
	struct tm tm = { 0 };
	long ns = 0;

	if (sscanf(text, "%d-%d-%dT%d:%d:%d.%9ldZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
		   &tm.tm_min, &tm.tm_sec, &ns) != 7 || strlen(text) != 30)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	return timegm(&tm) * 1000000000LL + ns;
}

static void *grow(void *array, int count, size_t size)
{
	/* Doubles at each power of two. */
	if (count & (count - 1))
		return array;
	array = realloc(array, (count ? 2 * (size_t)count : 1) * size);
	if (!array)
		abort();
	return array;
}

static int *bucket_of(struct stream *s, const char *sock)
{
	unsigned int hash = 5381;

	if (!s->buckets) {
		s->buckets = malloc(BUCKETS * sizeof(*s->buckets));
		if (!s->buckets)
			abort();
		memset(s->buckets, 0xff, BUCKETS * sizeof(*s->buckets));
	}
	while (*sock)
		hash = hash * 33 + (unsigned char)*sock++;
	return &s->buckets[hash % BUCKETS];
}

/* -1: none yet */
static int view_known(struct stream *s, const char *sock)
{
	for (int i = *bucket_of(s, sock); i >= 0; i = s->views[i].next)
		if (!strcmp(s->views[i].sock, sock))
			return i;
	return -1;
}

static int view_find(struct stream *s, const struct record *r)
{
	const char *sock = record_text(r, "sock");
	int *bucket = bucket_of(s, sock), known = view_known(s, sock);

	if (known >= 0)
		return known;
	s->views = grow(s->views, s->view_count, sizeof(*s->views));
	s->views[s->view_count] = (struct view){ .sock = sock, .netns = r->netns, .next = *bucket };
	*bucket = s->view_count;
	return s->view_count++;
}

static void view_add(struct stream *s, struct record *r, int index)
{
	int local = record_number(r, "local_port"), remote = record_number(r, "remote_port");
	struct view *v;

	r->view = view_find(s, r);
	v = &s->views[r->view];
	v->records = grow(v->records, v->count, sizeof(*v->records));
	v->records[v->count++] = index;
	v->local_port = local ? local : v->local_port;
	v->remote_port = remote ? remote : v->remote_port;
}

/* Of sockets from before only these lines may have come yet. */
static void holder_add(struct stream *s, const struct record *r, int index)
{
	int known = view_known(s, record_text(r, "sock"));

	if (known >= 0)
		s->views[known].holder = index;
}

static void complain(struct stream *s, const char *what, const char *line)
{
	if (!*s->error)
		snprintf(s->error, sizeof(s->error), "%s: %.180s", what, line);
}

void stream_feed(struct stream *s, const char *line)
{
	json_error_t error;
	struct record *r;
	json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, &error);

	if (!json_is_object(json)) {
		complain(s, *error.text ? error.text : "not an object", line);
		return;
	}
	if (s->summary)
		complain(s, "a line after the summary", line);
	s->records = grow(s->records, s->count, sizeof(*s->records));
	r = &s->records[s->count];
	*r = (struct record){ .json = json, .line = strdup(line), .view = -1 };
	r->netns = record_number(r, "netns");
	r->time_ns = time_parse(record_text(r, "time"));
	if (!r->time_ns)
		complain(s, "no time of the form 2026-11-20T09:00:00.123456789Z", line);
	if (record_is(r, "header"))
		s->header = json;
	else if (!s->header)
		complain(s, "a line before the header", line);
	if (record_is(r, "summary"))
		s->summary = json;
	if (record_is(r, "transition"))
		view_add(s, r, s->count);
	if (record_is(r, "holder"))
		holder_add(s, r, s->count);
	s->count++;
}

void stream_free(struct stream *s)
{
	for (int i = 0; i < s->count; i++) {
		json_decref(s->records[i].json);
		free(s->records[i].line);
	}
	for (int i = 0; i < s->view_count; i++)
		free(s->views[i].records);
	free(s->records);
	free(s->views);
	free(s->buckets);
	memset(s, 0, sizeof(*s));
}

void view_path(const struct stream *s, const struct view *v, char *out, size_t size)
{
	size_t used = snprintf(out, size, "%s", record_text(&s->records[v->records[0]], "old_state"));

	for (int i = 0; i < v->count && used < size; i++)
		used += snprintf(out + used, size - used, ">%s",
				 record_text(&s->records[v->records[i]], "new_state"));
}

const char *view_state(const struct stream *s, const struct view *v)
{
	return record_text(&s->records[v->records[v->count - 1]], "new_state");
}

static bool leaves(const struct record *r, const char *old_state, const char *new_state)
{
	return !strcmp(record_text(r, "old_state"), old_state) && !strcmp(record_text(r, "new_state"), new_state);
}

bool view_is_connection(const struct stream *s, const struct view *v)
{
	const struct record *first = &s->records[v->records[0]], *last = &s->records[v->records[v->count - 1]];

	return strcmp(record_text(first, "new_state"), "LISTEN") && !leaves(first, "LISTEN", "CLOSE") &&
	       !leaves(last, "SYN_RECV", "CLOSE");
}

int stream_entries(const struct stream *s, const char *state, const char *role, int pid)
{
	int n = 0;

	for (int i = 0; i < s->count; i++) {
		const struct record *r = &s->records[i];

		n += record_is(r, "transition") && !strcmp(record_text(r, "new_state"), state) &&
		     (!role || record_number(r, role) == pid);
	}
	return n;
}

long stream_summary_number(const struct stream *s, const char *object, const char *key)
{
	json_t *from = object ? json_object_get(s->summary, object) : s->summary;
	json_t *value = json_object_get(from, key);

	return json_is_integer(value) ? json_integer_value(value) : -1;
}
