// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* By mktime(), which knows the days on which clocks are changed. */
#include "util/moment.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "util/text.h"

#define NSEC_PER_SEC 1000000000ULL

/* "03:12", "03:12:04" up to the end of `text`. */
static bool parse_clock(const char *text, struct tm *when)
{
	int used = 0;

	when->tm_sec = 0;
	if (sscanf(text, "%2d:%2d%n", &when->tm_hour, &when->tm_min, &used) != 2 || !used)
		return false;
	text += used;
	used = 0;
	if (*text == ':' && (sscanf(text, ":%2d%n", &when->tm_sec, &used) != 1 || !used))
		return false;
	if (text[used] == '.') /* parts of a second don't matter */
		used += 1 + strspn(text + used + 1, "0123456789");
	return (!text[used] || !strcmp(text + used, "Z")) && when->tm_hour >= 0 && when->tm_hour < 24 && when->tm_min >= 0 &&
	       when->tm_min < 60 && when->tm_sec >= 0 && when->tm_sec < 61;
}

static int conclude(struct tm *when, bool utc, uint64_t *unix_ns)
{
	time_t seconds;

	when->tm_isdst = -1;
	seconds = utc ? timegm(when) : mktime(when);
	if (seconds < 0)
		return -EINVAL;
	*unix_ns = seconds * NSEC_PER_SEC;
	return 0;
}

static int parse_date(const char *text, uint64_t *unix_ns)
{
	struct tm when = {}, normal;
	int used = 0, month, err;
	bool utc = text[strlen(text) - 1] == 'Z';

	if (sscanf(text, "%4d-%2d-%2d%n", &when.tm_year, &month, &when.tm_mday, &used) != 3 || !used)
		return -EINVAL;
	when.tm_year -= 1900;
	when.tm_mon = month - 1;
	text += used;
	if (*text && ((*text != ' ' && *text != 'T') || !parse_clock(text + 1, &when)))
		return -EINVAL;
	normal = when;
	err = conclude(&normal, utc, unix_ns);
	return err ?: normal.tm_mday == when.tm_mday && normal.tm_mon == when.tm_mon ? err : -EINVAL; /* no 31st of February */
}

/* "yesterday 03:12", "03:12": `days` ago; -1: today, or yesterday where that is still to come. */
static int parse_day(const char *text, int days, uint64_t now_unix_ns, uint64_t *unix_ns)
{
	time_t now = now_unix_ns / NSEC_PER_SEC;
	struct tm when, day;
	int err;

	localtime_r(&now, &when);
	when.tm_hour = when.tm_min = when.tm_sec = 0;
	if (*text && !parse_clock(text, &when))
		return -EINVAL;
	day = when;
	day.tm_mday -= days > 0 ? days : 0;
	err = conclude(&day, false, unix_ns);
	if (err || days >= 0 || *unix_ns <= now_unix_ns)
		return err;
	when.tm_mday--;
	return conclude(&when, false, unix_ns);
}

/* "2h", "10m ago". */
static int parse_ago(const char *text, uint64_t now_unix_ns, uint64_t *unix_ns)
{
	size_t size = strlen(text);
	char duration[32];
	uint64_t ns;

	if (size > 4 && !strcmp(text + size - 4, " ago"))
		size -= 4;
	if (size >= sizeof(duration))
		return -EINVAL;
	memcpy(duration, text, size);
	duration[size] = '\0';
	if (text_parse_duration(duration, &ns) || ns > now_unix_ns)
		return -EINVAL;
	*unix_ns = now_unix_ns - ns;
	return 0;
}

int moment_parse(const char *text, uint64_t now_unix_ns, uint64_t *unix_ns)
{
	uint64_t seconds;

	if (!*text)
		return -EINVAL;
	if (!strcmp(text, "now"))
		return *unix_ns = now_unix_ns, 0;
	if (*text == '@' && !text_parse_u64(text + 1, UINT64_MAX / NSEC_PER_SEC, &seconds))
		return *unix_ns = seconds * NSEC_PER_SEC, 0;
	if (!strncmp(text, "yesterday", 9) && (!text[9] || text[9] == ' '))
		return parse_day(text + 9 + !!text[9], 1, now_unix_ns, unix_ns);
	if (!strncmp(text, "today", 5) && (!text[5] || text[5] == ' '))
		return parse_day(text + 5 + !!text[5], 0, now_unix_ns, unix_ns);
	if (strchr(text, '-'))
		return parse_date(text, unix_ns);
	return strchr(text, ':') ? parse_day(text, -1, now_unix_ns, unix_ns) : parse_ago(text, now_unix_ns, unix_ns);
}

bool moment_is_yesterdays(const char *text, uint64_t now_unix_ns, uint64_t unix_ns)
{
	uint64_t today_ns;

	return strchr(text, ':') && !strchr(text, '-') && *text >= '0' && *text <= '9' && !parse_day(text, 0, now_unix_ns, &today_ns) &&
	       today_ns > unix_ns;
}

static void format(char out[MOMENT_TEXT], uint64_t unix_ns, const char *how)
{
	time_t seconds = unix_ns / NSEC_PER_SEC;
	struct tm when;

	localtime_r(&seconds, &when);
	if (!strftime(out, MOMENT_TEXT, how, &when))
		out[0] = '\0';
}

void moment_text(char out[MOMENT_TEXT], uint64_t unix_ns)
{
	format(out, unix_ns, "%Y-%m-%d %H:%M:%S");
}

void moment_text_of_day(char out[MOMENT_TEXT], uint64_t unix_ns)
{
	format(out, unix_ns, "%H:%M:%S");
}
