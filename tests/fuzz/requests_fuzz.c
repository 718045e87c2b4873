// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What of a client's request the agent itself reads, the host's name (libevent reads the rest; tests/export sends it garbage), and the
 * times of --at and --since. The first byte chooses.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "export/http/listen.h"
#include "util/moment.h"

static void times(const char *text)
{
	static const uint64_t now_ns[] = { 0, 1795910000000000000ULL, UINT64_MAX };
	char out[MOMENT_TEXT];
	uint64_t ns;
	size_t i;

	for (i = 0; i < sizeof(now_ns) / sizeof(now_ns[0]); i++)
		if (!moment_parse(text, now_ns[i], &ns)) {
			moment_text(out, ns);
			moment_text_of_day(out, ns);
		}
}

/* The name is what a client says, the list what the user does: each ends at a zero byte, an empty one at the end. */
static void hosts(const char *text, size_t size)
{
	static const char names[] = "web1.example\0[::1]\0localhost\0";
	char *list = calloc(1, size + 2);

	if (!list)
		abort();
	memcpy(list, text, size);
	host_is_allowed(text, names);
	host_is_allowed("web1.example:9669", list);
	free(list);
}

int fuzz_requests(const uint8_t *data, size_t size)
{
	char *text;

	if (!size)
		return 0;
	text = strndup((const char *)data + 1, size - 1);
	if (!text)
		abort();
	if (data[0] & 1)
		times(text);
	else
		hosts(text, strlen(text));
	free(text);
	return 0;
}
