// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Prints result lines as they come and counts failures. */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int failures;

static void line(const char *verdict, const char *name, const char *format, va_list args)
{
	char text[1024];

	vsnprintf(text, sizeof(text), format, args);
	/* A program's complaint ends its line itself. */
	text[strcspn(text, "\n")] = 0;
	printf("%s %s: %s\n", verdict, name, text);
	fflush(stdout);
}

void report_ok(const char *name)
{
	printf("ok %s\n", name);
	fflush(stdout);
}

void report_not_ok(const char *name, const char *format, ...)
{
	va_list args;

	failures++;
	va_start(args, format);
	line("not ok", name, format, args);
	va_end(args);
}

void report_skip(const char *name, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line("skip", name, format, args);
	va_end(args);
}

void report_result(const char *name, bool good, const char *reason)
{
	if (good)
		report_ok(name);
	else
		report_not_ok(name, "%s", reason);
}

void report_equal(const char *suite, const char *name, long have, long want)
{
	char full[64];

	snprintf(full, sizeof(full), "%s/%s", suite, name);
	if (have == want)
		report_ok(full);
	else
		report_not_ok(full, "%ld, expected %ld", have, want);
}

int report_failures(void)
{
	return failures;
}
