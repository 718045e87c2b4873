// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "option_time.h"

#include <errno.h>

#include "util/log.h"
#include "util/moment.h"

int option_time(const char *option, const char *text, uint64_t now_unix_ns, uint64_t *unix_ns)
{
	char moment[MOMENT_TEXT];

	if (!text)
		return 0;
	if (moment_parse(text, now_unix_ns, unix_ns)) {
		log_error("%s: \"%s\" is not a time; " MOMENT_FORMS, option, text);
		return -EINVAL;
	}
	if (moment_is_yesterdays(text, now_unix_ns, *unix_ns)) {
		moment_text(moment, *unix_ns);
		log_warn("%s %s: still to come today, so yesterday's is taken, %s", option, text, moment);
	}
	return 0;
}
