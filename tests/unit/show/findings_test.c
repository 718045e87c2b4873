// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is told of a finding in a list: when it fails, if that is foreseen and still to come. Figures that do not contradict each other. */
#include "unit.h"

#include <stdlib.h>

#include "show/findings.h"

#define SECOND 1000000000ULL

static void when_it_fails(void **state)
{
	const struct report_clock clock = { .now_ns = 100 * SECOND, .unix_ns = 3600 * SECOND };
	static const struct {
		uint64_t until_s;
		bool over;
		const char *said;
	} rows[] = {
		{ 158, false, "     fails at 01:00:58 (in 58 seconds)\n" },
		{ 158, true, "" }, /* it did not */
		{ 99, false, "" }, /* it should have by now */
		{ 0, false, "" },
	};
	size_t i;

	(void)state;
	setenv("TZ", "UTC", 1);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct told_finding *told = calloc(1, sizeof(*told));
		struct buffer out = {};

		assert_non_null(told);
		told->finding.until_ns = rows[i].until_s * SECOND;
		told->over = rows[i].over;
		finding_forecast(&out, told, &clock);
		buffer_append_char(&out, '\0');
		assert_string_equal(out.data, rows[i].said);
		buffer_release(&out);
		free(told);
	}
}

/* On a terminal words are wrapped at its width: what is cut there is nowhere. */
static void as_wide_as_the_terminal(void **state)
{
	static const struct {
		unsigned int columns, longest;
	} rows[] = { { 80, 80 }, { 0, REPORT_COLUMNS }, { 200, REPORT_COLUMNS } };
	const struct report_clock clock = { .now_ns = 100 * SECOND, .unix_ns = 3600 * SECOND };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct told_finding *told = calloc(1, sizeof(*told));
		struct buffer out = {};
		size_t longest = 0;
		char *line, *rest;

		assert_non_null(told);
		told->finding.code = TD131;
		finding_title(&told->finding, "%s", "the accept queue of redis-server[28503] on port 6381 is full: 5 connections wait, 4 may, "
						    "the first for 6.7 seconds; 16 SYNs and connections dropped in the last seconds");
		finding_change(&told->finding, "%s", "accept faster: more workers, nothing slow between accept() calls; what waits has been "
						     "answered by the kernel, not by the program");
		finding_text(&out, told, &clock, (struct report_style){ .columns = rows[i].columns });
		buffer_append_char(&out, '\0');
		for (line = strtok_r(out.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
			longest = strlen(line) > longest ? strlen(line) : longest;
		assert_true(longest <= rows[i].longest && longest > rows[i].longest - 20);
		buffer_release(&out);
		free(told);
	}
}

static void fullest_of_no_destination(void **state)
{
	struct diagnosis *diagnosis = calloc(1, sizeof(*diagnosis));
	unsigned int destinations;

	(void)state;
	assert_non_null(diagnosis);
	for (destinations = 0; destinations < 2; destinations++) {
		struct buffer out = {};

		diagnosis->figures.destinations = destinations;
		figures_text(&out, diagnosis);
		buffer_append_char(&out, '\0');
		assert_int_equal(!!strstr(out.data, "the fullest uses"), destinations);
		buffer_release(&out);
	}
	free(diagnosis);
}

/* Why a setting is useless is said with the first finding that speaks of it; with a NULL, with each. */
static void useless_once(void **state)
{
	const struct report_clock clock = { .now_ns = 100 * SECOND, .unix_ns = 3600 * SECOND };
	struct useless_said said = {};
	struct told_finding *told = calloc(1, sizeof(*told));
	struct buffer out = {};

	(void)state;
	assert_non_null(told);
	told->finding.code = TD121;
	finding_useless(&told->finding, "net.ipv4.tcp_fin_timeout", "is for FIN_WAIT2");
	finding_text(&out, told, &clock, (struct report_style){ .said = &said });
	finding_useless(&told->finding, "nofile", "takes longer");
	finding_text(&out, told, &clock, (struct report_style){ .said = &said });
	finding_text(&out, told, &clock, (struct report_style){ .said = &said });
	buffer_append_char(&out, '\0');
	unit_assert_contains(out.data, "     useless here\n      net.ipv4.tcp_fin_timeout: is for FIN_WAIT2\n     more");
	unit_assert_contains(out.data, "     useless here\n      nofile: takes longer\n     useless here too: net.ipv4.tcp_fin_timeout\n     more");
	unit_assert_contains(out.data, "     useless here too: net.ipv4.tcp_fin_timeout, nofile\n     more");
	buffer_clear(&out);
	finding_text(&out, told, &clock, (struct report_style){});
	buffer_append_char(&out, '\0');
	unit_assert_contains(out.data, "nofile: takes longer\n     more");
	buffer_release(&out);
	free(told);
}

/* What people read: shares and bytes in their own way, one of a thing. */
static void evidence_in_words(void **state)
{
	static const struct {
		double value;
		const char *unit, *words;
	} rows[] = { { 0.8, "share", "of 80%\n" }, { 258000, "bytes", "of 251 KiB\n" }, { 36, "bytes", "of 36 bytes\n" }, { 1, "addresses", "of 1 address\n" },
		     { 1, "processes", "of 1 process\n" }, { 1, "sockets", "of 1 socket\n" }, { 2, "processes", "of 2 processes\n" }, { 90, "s", "of 90 seconds\n" } };
	const struct report_clock clock = { .now_ns = 100 * SECOND, .unix_ns = 3600 * SECOND };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct told_finding *told = calloc(1, sizeof(*told));
		struct buffer out = {};
		char *at;

		assert_non_null(told);
		finding_evidence(&told->finding, "much of", rows[i].value, rows[i].unit, NULL);
		finding_text(&out, told, &clock, (struct report_style){});
		buffer_append_char(&out, '\0');
		at = strstr(out.data, "much of");
		assert_non_null(at);
		for (at += 7; at[0] == ' ' && at[1] == ' ';)
			memmove(at, at + 1, strlen(at));
		unit_assert_contains(at - 2, rows[i].words);
		buffer_release(&out);
		free(told);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(when_it_fails),
		cmocka_unit_test(as_wide_as_the_terminal),
		cmocka_unit_test(useless_once),
		cmocka_unit_test(evidence_in_words),
		cmocka_unit_test(fullest_of_no_destination),
	};

	return cmocka_run_group_tests_name("findings", tests, NULL, NULL);
}
