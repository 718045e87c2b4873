// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What of a stranger's environment is kept. */
#include "unit.h"

#include "util/environment.h"

static void settings_stay(void **state)
{
	static const char *const stay[] = { "TERM=xterm-256color", "NO_COLOR=", "LANG=de_DE.UTF-8", "LC_ALL=C", "COLUMNS=80", "TZ=UTC",
					    "TZ=Europe/Berlin", "TZ=:Europe/Berlin", "TZ=CET-1CEST,M3.5.0,M10.5.0/3" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(stay) / sizeof(stay[0]); i++)
		if (!environment_is_harmless(stay[i]))
			fail_msg("%s is dropped", stay[i]);
}

static void places_go(void **state)
{
	static const char *const go[] = { "TERMINFO=/tmp/x", "TERMINFO_DIRS=/tmp", "TERMCAP=/tmp/x", "TERMPATH=/tmp/x", "HOME=/tmp/x",
					  "TERM=../x", "TERM=/tmp/x", "TZDIR=/tmp", "TZ=/etc/shadow", "TZ=:/etc/shadow", "TZ=a/../../etc/shadow",
					  "LOCPATH=/tmp", "LANG=../../tmp/x", "NLSPATH=/tmp/%N", "GCONV_PATH=/tmp", "LD_PRELOAD=/tmp/x.so",
					  "LD_LIBRARY_PATH=/tmp", "MALLOC_TRACE=/tmp/x", "TMPDIR=/tmp", "NOTIFY_SOCKET=/tmp/x",
					  "NCURSES_TRACE=1", "PATH=/tmp", "LIBBPF_BTF=/tmp/x", "ESCDELAY=1", "TERM", "", "=", "TERMS=x", "TE=x" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(go) / sizeof(go[0]); i++)
		if (environment_is_harmless(go[i]))
			fail_msg("%s is kept", go[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_stay),
		cmocka_unit_test(places_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
