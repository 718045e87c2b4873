// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/thresholds.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"

#define MANY 1e9

const struct threshold_row threshold_rows[THRESHOLDS] = {
	[TD101_FAILURES] = { "TD101.failures", 1, 1, MANY, "failures", "each is a request that was not served" },
	[TD102_SEARCH_US] = { "TD102.search", 100, 1, MANY, "us",
			      "with ports enough a search takes 3 to 20 us, with more than half of them in use 300 us and more" },
	[TD103_WITHIN_S] = { "TD103.within", 600, 1, 3600, "s", "time enough to act; rates do not hold for longer" },
	[TD104_SHARE] = { "TD104.share", 0.1, 0.0001, 1, "", "of the range; a few bound connections block little" },
	[TD111_OPENED] = { "TD111.opened", 50, 2, MANY, "connections in 10 s",
			   "a pool opens fewer, and a page of a browser is loaded in less than 6 s" },
	[TD111_LIFE_S] = { "TD111.life", 1, 0.001, MANY, "s", "a request and its answer; who keeps connections has them for longer" },
	[TD112_COUNT] = { "TD112.count", 1000, 1, MANY, "sockets", "fewer take less than 250 KiB and nobody asks about them" },
	[TD121_COUNT] = { "TD121.count", 3, 1, MANY, "sockets", "fewer may be accidents" },
	[TD121_AGE_S] = { "TD121.age", 20, 1, MANY, "s", "a service may go on to answer a client that has shut down its side" },
	[TD121_WATCH_S] = { "TD121.watch", 20, 1, 600, "s", "what comes in one burst is no rate" },
	[TD122_COUNT] = { "TD122.count", 3, 1, MANY, "sockets", "fewer may be closed with the next request" },
	[TD122_AGE_S] = { "TD122.age", 10, 1, MANY, "s", "a program that is going to close does so within seconds" },
	[TD123_COUNT] = { "TD123.count", 3, 1, MANY, "connections", "one may be read later on purpose" },
	[TD124_SHARE] = { "TD124.share", 0.8, 0.01, 1, "", "a burst can need the last fifth" },
	[TD131_SHARE] = { "TD131.share", 0.8, 0.01, 1, "", "a burst can need the last fifth" },
	[TD131_WAIT_S] = { "TD131.wait", 5, 0.1, MANY, "s", "a program that is merely busy accepts within a second or two" },
	[TD131_COUNT] = { "TD131.count", 3, 1, MANY, "connections", "a program that serves one client after another lets the next one wait" },
	[TD132_COUNT] = { "TD132.count", 3, 1, MANY, "sockets", "one client may give up at any time" },
	[TD132_AGE_S] = { "TD132.age", 3, 0.1, MANY, "s", "a program that is merely busy accepts within a second or two" },
	[TD141_COUNT] = { "TD141.count", 10, 1, MANY, "sockets", "some half-closed connections are in use" },
	[TD141_AGE_S] = { "TD141.age", 60, 1, MANY, "s", "as long as the kernel itself waits for orphans" },
	[TD142_COUNT] = { "TD142.count", 10, 1, MANY, "sockets", "single ones are clients that lost their network" },
	[TD142_AGE_S] = { "TD142.age", 5, 0.1, MANY, "s", "a host that answers does so within a second, or two retransmissions" },
	[TD143_SHARE] = { "TD143.share", 0.8, 0.01, 1, "", "it grows by hundreds a second when a peer stops" },
	[TD151_COUNT] = { "TD151.count", 5, 1, MANY, "connects", "each has sent its SYN twice without an answer" },
	[TD151_AGE_S] = { "TD151.age", 7, 1, MANY, "s", "a lost SYN is sent again after 1 s and after 3 s: by then it went out four times" },
	[TD152_COUNT] = { "TD152.count", 100, 2, MANY, "addresses and ports in 10 s", "programs talk to a few dozen at a time" },
	[TD153_COUNT] = { "TD153.count", 3, 1, MANY, "connects in 10 s", "one or two happen while a service starts again" },
	[TD161_SHARE] = { "TD161.share", 0.5, 0.01, 100, "", "half-open of the backlog: healthy services have next to none" },
	[TD161_COUNT] = { "TD161.count", 32, 1, MANY, "half-open connections", "a burst of slow clients can make a few" },
	[TD162_SHARE] = { "TD162.share", 0.8, 0.01, 1, "", "then that one address decides what happens here" },
	[TD162_COUNT] = { "TD162.count", 500, 1, MANY, "ports", "fewer are no burden for one address" },
	[TD171_IDLE_S] = { "TD171.idle", 7200, 1, MANY, "s", "firewalls and NAT forget connections sooner; pools are in use more often" },
	[TD171_COUNT] = { "TD171.count", 10, 1, MANY, "sockets", "single connections may be meant to be silent" },
	[TD172_COUNT] = { "TD172.count", 10, 1, MANY, "connections in 10 s", "single resets end connections that went wrong" },
	[TD172_SHARE] = { "TD172.share", 0.5, 0.01, 1, "", "then it is how the program ends its connections" },
	[TD181_SHARE] = { "TD181.share", 0.8, 0.01, 1, "", "a burst can need the last fifth" },
};

void thresholds_init(struct thresholds *thresholds)
{
	size_t i;

	for (i = 0; i < THRESHOLDS; i++)
		thresholds->values[i] = threshold_rows[i].value;
}

static int fail(char *error, size_t size, const char *item)
{
	size_t used = snprintf(error, size, "--set: \"%s\" is not one of ", item), i;

	for (i = 0; i < THRESHOLDS && used < size; i++)
		used += snprintf(error + used, size - used, "%s%s=", i ? ", " : "", threshold_rows[i].name);
	return -EINVAL;
}

static int parse_one(struct thresholds *thresholds, const char *item, char *error, size_t size)
{
	const char *equals = strchr(item, '=');
	char *end;
	double value;
	size_t i;

	for (i = 0; equals && i < THRESHOLDS; i++)
		if (strlen(threshold_rows[i].name) == (size_t)(equals - item) &&
		    !strncasecmp(threshold_rows[i].name, item, equals - item))
			break;
	if (!equals || i == THRESHOLDS)
		return fail(error, size, item);
	value = strtod(equals + 1, &end);
	if (end == equals + 1 || *end || !(value >= threshold_rows[i].min && value <= threshold_rows[i].max)) {
		snprintf(error, size, "--set: %s takes a number from %g to %g%s%s (%s)", threshold_rows[i].name, threshold_rows[i].min,
			 threshold_rows[i].max, *threshold_rows[i].unit ? " " : "", threshold_rows[i].unit, threshold_rows[i].reason);
		return -EINVAL;
	}
	thresholds->values[i] = value;
	return 0;
}

int thresholds_parse(struct thresholds *thresholds, const char *text, char *error, size_t error_size)
{
	const char *cursor = text;
	char item[64];
	int more, err = 0;

	while (!err && (more = text_list_next(&cursor, item, sizeof(item))) > 0)
		err = parse_one(thresholds, item, error, error_size);
	return err ?: more < 0 ? fail(error, error_size, item) : 0;
}
