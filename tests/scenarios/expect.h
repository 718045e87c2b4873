/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The assertions: what a life wrote down against tcpdwell's lines, and both against the kernel's account.
 * A reason is a one-line text; false comes with one.
 */
#ifndef SCENARIOS_EXPECT_H
#define SCENARIOS_EXPECT_H

#include "life.h"
#include "stream.h"

struct reason {
	char text[480];
};

/* "a|b" has `value`; NULL and "*" take anything. */
bool text_matches(const char *alternatives, const char *value);
/* The nth connection (from 0) with these ports in a namespace, NULL when there are fewer. */
struct view *expect_find(struct stream *s, unsigned long netns, int local_port, int remote_port, int nth);
/* Every line of every expected end was written; nothing is asserted about them. */
bool expect_ended(struct stream *s, const struct truth *truth);
/* Is this the last that was told of who has a socket? */
bool expect_holder(struct stream *s, unsigned long netns, const struct want_holder *want, struct reason *why);
/* All that a life wrote down, and nothing else in its namespace; the general laws for each line. */
bool expect_life(struct stream *s, const struct truth *truth, struct reason *why);
/* The kernel's rows are those that the life left behind (PID: any process in the namespace). */
bool expect_rows(int pid, const struct truth *truth, struct reason *why);
/* The connections that the stream leaves open are the kernel's rows. */
bool expect_account(struct stream *s, int pid, const struct truth *truth, struct reason *why);
/* The summary against the stream itself: counts, conservation, nothing lost, every miss explained. */
bool expect_summary(const struct stream *s, struct reason *why);
/* The summary's totals against what the kernel counted, and what was there before tcpdwell. */
bool expect_kernel_totals(const struct stream *s, int tw, int close_wait, struct reason *why);
bool expect_seeded(const struct stream *s, int time_wait, int close_wait, struct reason *why);

#endif
