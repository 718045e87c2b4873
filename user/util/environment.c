// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* TERMINFO, TERMCAP, HOME (for .terminfo), TZDIR, LOCPATH, NOTIFY_SOCKET and what else there may be name places, so they are left out. */
#include "util/environment.h"

#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#define SETTINGS_MAX 64

static const char *const harmless[] = { "TERM", "COLUMNS", "LINES", "NO_COLOR", "COLORTERM", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE",
					"LC_MESSAGES", "LC_NUMERIC", "LC_TIME", "TZ" };

/* A file below the folder of time zones may be named, no other. */
static bool is_zone_name(const char *value)
{
	return value[*value == ':'] != '/' && !strstr(value, "..");
}

bool environment_is_harmless(const char *setting)
{
	const char *equals = strchr(setting, '=');
	size_t i, size = equals ? equals - setting : 0;

	for (i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
		if (strlen(harmless[i]) != size || strncmp(harmless[i], setting, size))
			continue;
		return strcmp(harmless[i], "TZ") ? !strchr(equals, '/') : is_zone_name(equals + 1);
	}
	return false;
}

void environment_restrict(void)
{
	static char *kept[SETTINGS_MAX + 1];
	size_t count = 0, i;

	if (!getauxval(AT_SECURE))
		return;
	for (i = 0; environ && environ[i] && count < SETTINGS_MAX; i++)
		if (environment_is_harmless(environ[i]))
			kept[count++] = environ[i];
	environ = kept;
}
