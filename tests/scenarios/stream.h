/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tcpdwell's JSON lines, parsed and kept, and a view of them by connection. Both grow line by line while the
 * tool runs.
 */
#ifndef SCENARIOS_STREAM_H
#define SCENARIOS_STREAM_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct record {
	json_t *json;
	char *line;
	unsigned long netns;
	int view; /* the connection it belongs to, -1 for lines that are not transitions */
	int64_t time_ns; /* wall clock */
};

/* Everything that was said about one `sock`. */
struct view {
	const char *sock;
	unsigned long netns;
	int local_port, remote_port; /* the last that were not 0 */
	int *records, count;         /* indexes, in the stream's order */
	int holder;                  /* index of the last line that told who has it, 0: none */
	int next;                    /* with the same hash, -1 at the end */
	bool claimed;                /* an expectation has matched it */
};

struct stream {
	struct record *records;
	int count;
	struct view *views;
	int view_count, *buckets; /* heads of the chains */
	json_t *header, *summary;
	char error[400]; /* the first line that was no good, "" when all were */
};

/* Takes one line (without its newline). */
void stream_feed(struct stream *s, const char *line);
void stream_free(struct stream *s);
/* Members of a record; "" / 0 / false where absent or null. */
const char *record_text(const struct record *r, const char *key);
long long record_number(const struct record *r, const char *key);
bool record_true(const struct record *r, const char *key);
bool record_null(const struct record *r, const char *key);
bool record_is(const struct record *r, const char *type);
/* The states of a connection with '>' between them. */
void view_path(const struct stream *s, const struct view *v, char *out, size_t size);
/* The state that its last line left it in. */
const char *view_state(const struct stream *s, const struct view *v);
/*
 * One end of a connection that was made: neither a listener, nor a child that lost. Of two processors that each make one of
 * the same request, the kernel closes the later's.
 */
bool view_is_connection(const struct stream *s, const struct view *v);

/* Lines that enter a state: all of them (role NULL), or those whose `role` ("owner_pid", "closer_pid") is this process. */
int stream_entries(const struct stream *s, const char *state, const char *role, int pid);

/* A whole number of the summary, or of an object of it ("totals"); -1: there is none. */
long stream_summary_number(const struct stream *s, const char *object, const char *key);

#endif
