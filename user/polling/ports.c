// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* /proc/sys/net/ipv4. */
#include "polling/ports.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TW_REUSE_DELAY_MS 1000

/* The first line, without its end; NULL: there is no such setting. The caller frees it. */
static char *setting_read(const char *name)
{
	char path[96], *line = NULL;
	size_t capacity = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", name);
	file = fopen(path, "re");
	if (!file)
		return NULL;
	if (getline(&line, &capacity, file) < 0) {
		free(line);
		line = NULL;
	} else {
		line[strcspn(line, "\n")] = '\0';
	}
	fclose(file);
	return line;
}

static uint32_t number_read(const char *name, uint32_t otherwise)
{
	char *text = setting_read(name);
	uint32_t number = text ? strtoul(text, NULL, 10) : otherwise;

	free(text);
	return number;
}

static int range_read(struct port_settings *settings)
{
	char *text = setting_read("ip_local_port_range");
	unsigned int low = 0, high = 0;
	int fields = text ? sscanf(text, "%u %u", &low, &high) : 0;

	free(text);
	if (fields != 2 || low > high || high > UINT16_MAX)
		return -ENOENT;
	settings->low = low;
	settings->high = high;
	return 0;
}

/* Only those of the range are of interest. */
static void keep_range(struct port_set *set, const struct port_settings *settings)
{
	unsigned int port;

	for (port = 0; port <= UINT16_MAX; port++)
		if (port < settings->low || port > settings->high)
			port_set_remove(set, port);
}

/* What no connect() would choose of the range that is proposed. */
static void beyond_take(struct port_facts *facts, const struct polled_sockets *sockets)
{
	unsigned int port;

	for (port = PORTS_WIDE_LOW; port <= PORTS_WIDE_HIGH; port++)
		if ((port < facts->settings.low || port > facts->settings.high) &&
		    (port_set_has(&facts->reserved, port) || sockets->listened[port / 8] & 1U << port % 8))
			port_set_add(&facts->beyond, port);
}

static void listened_take(struct port_facts *facts, const struct polled_sockets *sockets)
{
	unsigned int port;

	for (port = facts->settings.low; port <= facts->settings.high; port++)
		if (sockets->listened[port / 8] & 1U << port % 8)
			port_set_add(&facts->blocked, port);
}

int polled_ports_read(struct port_facts *facts, const struct polled_sockets *sockets)
{
	struct port_settings *settings = &facts->settings;
	char *reserved;
	int err;

	memset(facts, 0, sizeof(*facts));
	err = range_read(settings);
	if (err)
		return err;
	settings->netns = sockets->netns;
	settings->tw_reuse = number_read("tcp_tw_reuse", 0);
	settings->tw_reuse_delay_ms = number_read("tcp_tw_reuse_delay", TW_REUSE_DELAY_MS);
	settings->timestamps = number_read("tcp_timestamps", 0) != 0;
	settings->fin_timeout_s = number_read("tcp_fin_timeout", 60);
	settings->step_width = number_read("ip_local_port_step_width", 0);
	if (access("/proc/sys/net/ipv4/tcp_tw_reuse_delay", F_OK))
		settings->flags |= PORTS_REUSE_BY_SECOND;
	reserved = setting_read("ip_local_reserved_ports");
	if (reserved)
		port_set_parse(&facts->reserved, reserved);
	free(reserved);
	beyond_take(facts, sockets);
	keep_range(&facts->reserved, settings);
	listened_take(facts, sockets);
	return 0;
}
