// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Prefixes, and the argument of --remote. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "util/address.h"
#include "util/failure.h"
#include "util/text.h"

#define ACCEPTED "give ADDR[/LEN][:PORT], such as 10.0.0.0/8, 10.1.2.3:443 or [2001:db8::/32]:443"

/* An argument taken apart in place; parts that are not there are NULL. */
struct parts {
	char text[128];
	char *address, *length, *port;
	bool brackets;
};

static void mask_of(unsigned int length, uint8_t mask[16])
{
	for (unsigned int i = 0; i < 16; i++) {
		unsigned int bits = length > i * 8 ? length - i * 8 : 0;

		mask[i] = bits >= 8 ? 0xff : 0xff00 >> bits;
	}
}

static char *cut_at(char *text, char separator)
{
	char *found = strchr(text, separator);

	if (!found)
		return NULL;
	*found = 0;
	return found + 1;
}

/* "[addr]/len:port" and "[addr/len]:port": what follows the bracket. */
static int split_after_bracket(struct parts *parts, char *rest)
{
	if (*rest == '/' && !parts->length) {
		parts->length = rest + 1;
		parts->port = cut_at(parts->length, ':');
		return 0;
	}
	if (*rest == ':')
		parts->port = rest + 1;
	else if (*rest)
		return -EINVAL;
	return 0;
}

static int split(struct parts *parts, const char *text)
{
	char *rest;

	memset(parts, 0, sizeof(*parts));
	if ((size_t)snprintf(parts->text, sizeof(parts->text), "%s", text) >= sizeof(parts->text))
		return -EINVAL;
	parts->address = parts->text;
	if (*parts->address == '[') {
		parts->address++;
		parts->brackets = true;
		rest = cut_at(parts->address, ']');
		if (!rest)
			return -EINVAL;
		parts->length = cut_at(parts->address, '/');
		return split_after_bracket(parts, rest);
	}
	rest = strchr(parts->address, ':');
	if (rest && !strchr(rest + 1, ':'))
		parts->port = cut_at(parts->address, ':');
	parts->length = cut_at(parts->address, '/');
	return 0;
}

/* The address was written as IPv6, so its prefix length counts 96 bits more than the IPv4 address has. */
static bool is_mapped(const struct parts *parts, const struct address *address)
{
	return address->family == AF_INET && strchr(parts->address, ':');
}

static int read_length(const struct parts *parts, struct prefix *prefix, char *error, size_t error_size)
{
	bool mapped = is_mapped(parts, &prefix->address);
	unsigned int most = prefix->address.family == AF_INET && !mapped ? 32 : 128;
	uint64_t length = most;

	if (parts->length && text_parse_u64(parts->length, most, &length))
		return fail(error, error_size, "\"/%s\" is not a prefix length; an %s prefix has 0 to %u bits",
			    parts->length, most == 32 ? "IPv4" : "IPv6", most);
	if (mapped && length < 96) {
		uint8_t bytes[16];

		address_to_mapped(&prefix->address, bytes);
		memcpy(prefix->address.bytes, bytes, sizeof(bytes));
		prefix->address.family = AF_INET6;
	} else if (mapped) {
		length -= 96;
	}
	prefix->length = length;
	return 0;
}

static int read_prefix(const struct parts *parts, struct prefix *prefix, char *error, size_t error_size)
{
	uint8_t mask[16];
	int result;

	if (address_parse(parts->address, &prefix->address) || (parts->brackets && !strchr(parts->address, ':')))
		return fail(error, error_size, "\"%s\" is not an IP%s address; " ACCEPTED, parts->address,
			    parts->brackets ? "v6" : "");
	result = read_length(parts, prefix, error, error_size);
	if (result)
		return result;
	mask_of(prefix->length, mask);
	for (int i = 0; i < 16; i++)
		prefix->address.bytes[i] &= mask[i];
	return 0;
}

int prefix_parse(const char *text, struct prefix *prefix, char *error, size_t error_size)
{
	struct prefix parsed = {};
	struct parts parts;
	int result;

	if (split(&parts, text) || parts.port)
		return fail(error, error_size,
			    "\"%s\" is not a prefix; give ADDR[/LEN], such as 10.0.0.0/8 or 2001:db8::/32", text);
	result = read_prefix(&parts, &parsed, error, error_size);
	if (!result)
		*prefix = parsed;
	return result;
}

int remote_parse(const char *text, struct remote *remote, char *error, size_t error_size)
{
	struct remote parsed = {};
	struct parts parts;
	int result;

	if (split(&parts, text))
		return fail(error, error_size, "\"%s\" is not a remote endpoint; " ACCEPTED, text);
	result = read_prefix(&parts, &parsed.prefix, error, error_size);
	if (result)
		return result;
	if (parts.port && text_parse_port(parts.port, &parsed.port))
		return fail(error, error_size, "\"%s\" is not a port; give a number from 1 to 65535", parts.port);
	*remote = parsed;
	return 0;
}

bool prefix_contains(const struct prefix *prefix, const struct address *address)
{
	uint8_t mask[16];

	if (prefix->address.family != address->family)
		return false;
	mask_of(prefix->length, mask);
	for (int i = 0; i < 16; i++)
		if ((address->bytes[i] & mask[i]) != prefix->address.bytes[i])
			return false;
	return true;
}

void prefix_to_mapped(const struct prefix *prefix, uint8_t bytes[16], uint8_t mask[16])
{
	address_to_mapped(&prefix->address, bytes);
	mask_of(prefix->length + (prefix->address.family == AF_INET ? 96 : 0), mask);
}
