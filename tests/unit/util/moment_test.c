// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Times as people write them, in UTC: which moment each is, and of which day one is that names none. */
#include "unit.h"

#include <stdlib.h>
#include <time.h>

#include "util/moment.h"

#define NOW (1795992600ULL * 1000000000) /* 2026-11-29 22:50:00 */
#define HOUR 3600000000000ULL
#define MINUTE 60000000000ULL

static void times_of_people(void **state)
{
	static const struct {
		const char *text;
		uint64_t unix_ns;
		bool is_yesterdays;
	} rows[] = {
		{ "22:50", NOW, false },
		{ "22:49:00", NOW - MINUTE, false },
		{ "23:00", NOW - 24 * HOUR + 10 * MINUTE, true },
		{ "22:50:01", NOW - 24 * HOUR + 1000000000, true },
		{ "today 23:00", NOW + 10 * MINUTE, false },
		{ "yesterday 23:00", NOW - 24 * HOUR + 10 * MINUTE, false },
		{ "2026-11-28 23:00", NOW - 24 * HOUR + 10 * MINUTE, false },
		{ "2026-11-29T22:00:00Z", NOW - 50 * MINUTE, false },
		{ "2h", NOW - 2 * HOUR, false },
		{ "10m ago", NOW - 10 * MINUTE, false },
		{ "now", NOW, false },
	};
	uint64_t unix_ns;
	size_t i;

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (moment_parse(rows[i].text, NOW, &unix_ns) || unix_ns != rows[i].unix_ns)
			fail_msg("%s is %llu", rows[i].text, (unsigned long long)unix_ns);
		if (moment_is_yesterdays(rows[i].text, NOW, unix_ns) != rows[i].is_yesterdays)
			fail_msg("%s: of which day", rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_of_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
