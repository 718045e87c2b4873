// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Findings for people: what is wrong, who, since when, what to do, what not to bother with. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "diagnose/words.h"
#include "show/findings.h"
#include "util/hash.h"

#define INDENT 6
#define NAME_COLUMNS 18

void wrap_text(struct buffer *out, const char *text, unsigned int columns, unsigned int indent, unsigned int used)
{
	const char *word = text;
	unsigned int at = used, width;
	size_t size;

	while (*word) {
		size = strcspn(word, " ");
		width = size;
		if (at + 1 + width > columns && at > indent) {
			buffer_append_char(out, '\n');
			buffer_append_repeated(out, ' ', indent);
			at = indent;
		} else if (word != text) {
			buffer_append_char(out, ' ');
			at++;
		}
		buffer_append(out, word, size);
		at += width;
		word += size;
		word += *word == ' ';
	}
	buffer_append_char(out, '\n');
}

static const char *const labels[SEVERITIES] = { "NOW", "SOON", "NOTE" };
static const char *const colors[SEVERITIES] = { "\033[1;31m", "\033[1;33m", "\033[1m" };

static const char *label_of(const struct told_finding *told)
{
	return told->over ? "OVER" : labels[told_severity(told)];
}

static unsigned int columns_of(struct report_style style)
{
	return style.columns && style.columns < REPORT_COLUMNS ? style.columns : REPORT_COLUMNS;
}

void finding_headline(struct buffer *out, const struct told_finding *told, struct report_style style)
{
	char head[32];

	snprintf(head, sizeof(head), "%-4s %s ", label_of(told), code_rows[told->finding.code].name);
	buffer_printf(out, "%s%s%s", style.color ? colors[told_severity(told)] : "", head, style.color ? "\033[0m" : "");
	wrap_text(out, told->finding.title, columns_of(style), 11, strlen(head));
}

static uint64_t unix_of(const struct report_clock *clock, uint64_t monotonic_ns)
{
	return clock->unix_ns + monotonic_ns - clock->now_ns;
}

static void clock_text(char out[16], uint64_t unix_ns)
{
	time_t seconds = unix_ns / 1000000000;
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(out, 16, "%H:%M:%S", &tm);
}

static void fails_text(struct buffer *out, const struct finding *finding, const struct report_clock *clock)
{
	char at[16];
	words text;

	clock_text(at, unix_of(clock, finding->until_ns));
	buffer_printf(out, "fails at %s (in %s)", at, words_seconds(text, (finding->until_ns - clock->now_ns) / 1e9));
}

void finding_forecast(struct buffer *out, const struct told_finding *told, const struct report_clock *clock)
{
	if (told->over || told->finding.until_ns <= clock->now_ns)
		return;
	buffer_printf(out, "%*s", INDENT - 1, "");
	fails_text(out, &told->finding, clock);
	buffer_append_char(out, '\n');
}

static void times_text(struct buffer *out, const struct told_finding *told, const struct report_clock *clock)
{
	const struct finding *finding = &told->finding;
	char at[16];
	words text;

	clock_text(at, unix_of(clock, finding->since_ns));
	buffer_printf(out, "%*ssince %s%s", INDENT - 1, "", finding->since_at_least ? "before " : "", at);
	if (clock->now_ns >= finding->since_ns + 1000000000)
		buffer_printf(out, " (%s)", words_seconds(text, (clock->now_ns - finding->since_ns) / 1000000000));
	if (told->over) {
		clock_text(at, unix_of(clock, told->last_ns));
		buffer_printf(out, ", over at %s", at);
	} else if (finding->until_ns > clock->now_ns) {
		buffer_append_string(out, ", ");
		fails_text(out, finding, clock);
	}
	if (finding->confidence == CONFIDENCE_TOO_EARLY)
		buffer_printf(out, ", too early to say: %s more", words_seconds(text, finding->wait_s));
	else
		buffer_printf(out, ", %s", confidence_name(finding->confidence));
	buffer_append_char(out, '\n');
}

/* "connects", not "s" or "connections a second" */
static bool is_plural(const char *unit)
{
	size_t size = strlen(unit);

	return size > 2 && unit[size - 1] == 's' && unit[size - 2] != 's' && !strchr(unit, ' ');
}

/* Its singular is so long: "socket", "process", "address". */
static int singular_size(const char *unit)
{
	size_t size = strlen(unit);

	return (int)(size > 4 && !strcmp(unit + size - 4, "sses") ? size - 2 : size - 1);
}

static void evidence_text(struct buffer *out, const struct evidence *evidence)
{
	words number;
	size_t before = out->size, used;

	buffer_printf(out, "%*s%-*s ", INDENT, "", NAME_COLUMNS, evidence->name);
	if (evidence->text[0])
		buffer_append_string(out, evidence->text);
	else if (!strcmp(evidence->unit, "s"))
		buffer_append_string(out, words_seconds(number, evidence->value));
	else if (!strcmp(evidence->unit, "share"))
		buffer_printf(out, "%s%%", words_number(number, evidence->value * 100));
	else if (!strcmp(evidence->unit, "bytes") && evidence->value >= 10 * 1024)
		buffer_printf(out, "%.0f KiB", floor(evidence->value / 1024));
	else if (evidence->value == 1 && is_plural(evidence->unit))
		buffer_printf(out, "1 %.*s", singular_size(evidence->unit), evidence->unit);
	else
		buffer_printf(out, "%s%s%s", words_number(number, evidence->value), evidence->unit[0] ? " " : "", evidence->unit);
	used = out->size - before;
	if (evidence->command[0])
		buffer_printf(out, "%*s%s", used < 56 ? (int)(56 - used) : 2, "", evidence->command);
	buffer_append_char(out, '\n');
}

static void changes_text(struct buffer *out, const struct finding *finding, unsigned int columns)
{
	unsigned int i;

	if (finding->n_changes)
		buffer_printf(out, "%*schange\n", INDENT - 1, "");
	for (i = 0; i < finding->n_changes; i++) {
		buffer_printf(out, "%*s%u. ", INDENT, "", i + 1);
		wrap_text(out, finding->changes[i], columns, INDENT + 3, INDENT + 3);
	}
}

/* Was it said of another finding already? From now on it was. */
static bool was_said(struct useless_said *said, const struct useless *useless)
{
	unsigned int hash, i;

	if (!said)
		return false;
	hash = hash_bytes(useless->setting, strlen(useless->setting));
	for (i = 0; i < said->count; i++)
		if (said->hashes[i] == hash)
			return true;
	if (said->count < USELESS_SAID_MAX)
		said->hashes[said->count++] = hash;
	return false;
}

/* What was said before is named alone: a setting does the same whatever is wrong. */
static void useless_text(struct buffer *out, const struct finding *finding, struct report_style style)
{
	struct buffer again;
	unsigned int i, told = 0;

	buffer_init(&again);
	for (i = 0; i < finding->n_useless; i++) {
		const struct useless *useless = &finding->useless[i];

		if (was_said(style.said, useless)) {
			buffer_printf(&again, "%s%s", again.size ? ", " : "", useless->setting);
			continue;
		}
		if (!told++)
			buffer_printf(out, "%*suseless here\n", INDENT - 1, "");
		buffer_printf(out, "%*s%s: ", INDENT, "", useless->setting);
		wrap_text(out, useless->why, columns_of(style), INDENT + 3, INDENT + 2 + strlen(useless->setting));
	}
	buffer_append_char(&again, '\0');
	if (again.size > 1) {
		buffer_printf(out, "%*suseless here too: ", INDENT - 1, "");
		wrap_text(out, again.data, columns_of(style), INDENT + 3, INDENT + 18);
	}
	buffer_release(&again);
}

/* "also fails: mails[812] 36, jobs[813] 12" */
static void also_text(struct buffer *out, const struct finding *finding, unsigned int columns)
{
	struct buffer list;
	unsigned int i;

	if (!finding->n_also)
		return;
	buffer_init(&list);
	for (i = 0; i < finding->n_also; i++)
		buffer_printf(&list, "%s%s %llu", i ? ", " : "", finding->also[i].name, (unsigned long long)finding->also[i].failures);
	buffer_append_char(&list, '\0');
	buffer_printf(out, "%*salso fail%s: ", INDENT - 1, "", finding->n_also == 1 ? "s" : "");
	if (!list.error)
		wrap_text(out, list.data, columns, INDENT + 4, INDENT + 11);
	buffer_release(&list);
}

void finding_text(struct buffer *out, const struct told_finding *told, const struct report_clock *clock, struct report_style style)
{
	const struct finding *finding = &told->finding;
	unsigned int i;

	finding_headline(out, told, style);
	times_text(out, told, clock);
	if (finding->elsewhere && finding->enter_pid)
		buffer_printf(out, "%*sin network namespace %u: nsenter -t %u -n\n", INDENT - 1, "", finding->subject.netns,
			      finding->enter_pid);
	else if (finding->elsewhere)
		buffer_printf(out, "%*sin network namespace %u; PID is any process there\n", INDENT - 1, "", finding->subject.netns);
	if (finding->subject.cmdline[0]) {
		buffer_printf(out, "%*sruns ", INDENT - 1, "");
		wrap_text(out, finding->subject.cmdline, columns_of(style), INDENT + 4, INDENT + 4);
	}
	also_text(out, finding, columns_of(style));
	if (finding->n_evidence)
		buffer_printf(out, "%*sevidence\n", INDENT - 1, "");
	for (i = 0; i < finding->n_evidence; i++)
		evidence_text(out, &finding->evidence[i]);
	changes_text(out, finding, columns_of(style));
	useless_text(out, finding, style);
	buffer_printf(out, "%*smore: tcpdwell diagnose --explain %s\n\n", INDENT - 1, "", code_rows[finding->code].name);
}

static bool is_found(const struct diagnosis *diagnosis, unsigned int code, bool decided)
{
	size_t i;

	for (i = 0; i < diagnosis->n_told; i++)
		if (diagnosis->told[i]->finding.code == code &&
		    !(decided && diagnosis->told[i]->finding.confidence == CONFIDENCE_TOO_EARLY))
			return true;
	return false;
}

const char *not_examined_reason(const struct diagnosis *diagnosis, unsigned int code, char *room, size_t size)
{
	words watched;

	if (diagnosis->not_examined[code].is)
		return diagnosis->not_examined[code].reason;
	if (!diagnosis->wait_s[code] || is_found(diagnosis, code, false))
		return NULL;
	snprintf(room, size, "it was watched for %s; this needs %.0f s", words_seconds(watched, diagnosis->scene.watched_s),
		 ceil(diagnosis->scene.watched_s + diagnosis->wait_s[code] - 0.5));
	return room;
}

void not_examined_text(struct buffer *out, const struct diagnosis *diagnosis)
{
	char room[200], others[200];
	bool done[CODES] = {};
	const char *reason, *other;
	unsigned int code, next;

	for (code = 0; code < CODES; code++) {
		reason = done[code] ? NULL : not_examined_reason(diagnosis, code, room, sizeof(room));
		if (!reason)
			continue;
		buffer_printf(out, "not examined: %s %s", code_rows[code].name, code_rows[code].word);
		for (next = code + 1; next < CODES; next++) {
			other = not_examined_reason(diagnosis, next, others, sizeof(others));
			if (!other || strcmp(reason, other))
				continue;
			done[next] = true;
			buffer_printf(out, ", %s %s", code_rows[next].name, code_rows[next].word);
		}
		buffer_printf(out, ": %s\n", reason);
	}
}

double waits_text(struct buffer *within, struct buffer *beyond, const struct diagnosis *diagnosis, double left_s)
{
	double longest_s = 0;
	unsigned int code;

	for (code = 0; code < CODES; code++) {
		double wait_s = diagnosis->wait_s[code];

		if (!wait_s || is_found(diagnosis, code, true))
			continue;
		if (wait_s <= left_s) {
			buffer_printf(within, "%s%s %s (%.0fs)", within->size ? ", " : "", code_rows[code].name, code_rows[code].word, ceil(wait_s));
			continue;
		}
		buffer_printf(beyond, "%s%s %s", beyond->size ? ", " : "", code_rows[code].name, code_rows[code].word);
		longest_s = wait_s > longest_s ? wait_s : longest_s;
	}
	return longest_s;
}

void figures_text(struct buffer *out, const struct diagnosis *diagnosis)
{
	const struct diagnosis_figures *figures = &diagnosis->figures;
	uint64_t failures = 0;
	words seconds;
	int i;

	for (i = 0; i < CONNECT_FAILURES; i++)
		failures += figures->failures[i];
	buffer_printf(out, "%u sockets of %u process%s (%u ESTABLISHED, %u TIME_WAIT, %u CLOSE_WAIT), %u destination%s",
		      figures->sockets, figures->processes, figures->processes == 1 ? "" : "es", figures->states[STATE_ESTABLISHED],
		      figures->states[STATE_TIME_WAIT], figures->states[STATE_CLOSE_WAIT], figures->destinations,
		      plural(figures->destinations));
	if (figures->destinations && figures->fullest_share >= 0)
		buffer_printf(out, ", the fullest uses %.0f%% of its ports", figures->fullest_share * 100);
	buffer_printf(out, ", %llu connect%s failed; watched for %s\n", (unsigned long long)failures, plural(failures),
		      words_seconds(seconds, diagnosis->scene.watched_s));
}
