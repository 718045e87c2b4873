// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Addresses as bytes and as text. Formatting is written out: it is done twice for each line of trace. */
#include "util/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "util/buffer.h"

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

struct address address_from_mapped(const uint8_t bytes[16])
{
	struct address address = {.family = AF_INET6};

	if (memcmp(bytes, mapped_prefix, sizeof(mapped_prefix))) {
		memcpy(address.bytes, bytes, 16);
	} else {
		address.family = AF_INET;
		memcpy(address.bytes, bytes + 12, 4);
	}
	return address;
}

void address_to_mapped(const struct address *address, uint8_t bytes[16])
{
	memset(bytes, 0, 16);
	if (address->family == AF_INET6) {
		memcpy(bytes, address->bytes, 16);
	} else if (address->family == AF_INET) {
		memcpy(bytes, mapped_prefix, sizeof(mapped_prefix));
		memcpy(bytes + 12, address->bytes, 4);
	}
}

bool address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family && !memcmp(a->bytes, b->bytes, a->family == AF_INET ? 4 : 16);
}

/* "0." to "255.": what branches are saved with, which guess wrong at each other address. */
#define TEN(tens)                                                                                                      \
	tens "0.", tens "1.", tens "2.", tens "3.", tens "4.", tens "5.", tens "6.", tens "7.", tens "8.", tens "9."
#define HUNDRED(hundreds)                                                                                              \
	TEN(hundreds "0"), TEN(hundreds "1"), TEN(hundreds "2"), TEN(hundreds "3"), TEN(hundreds "4"),                 \
		TEN(hundreds "5"), TEN(hundreds "6"), TEN(hundreds "7"), TEN(hundreds "8"), TEN(hundreds "9")

static const char octets[256][5] = {
	TEN(""),  TEN("1"), TEN("2"),	  TEN("3"),  TEN("4"),	TEN("5"),  TEN("6"),  TEN("7"),
	TEN("8"), TEN("9"), HUNDRED("1"), TEN("20"), TEN("21"), TEN("22"), TEN("23"), TEN("24"),
	"250.",	  "251.",   "252.",	  "253.",    "254.",	"255.",
};

/* Writes up to the room of an address of 15 characters and its end. */
static inline char *put_ipv4(char *at, const uint8_t *bytes)
{
	for (int i = 0; i < 4; i++) {
		memcpy(at, octets[bytes[i]], 4);
		at += 2 + (bytes[i] > 9) + (bytes[i] > 99);
	}
	return at - 1;
}

static uint16_t group_of(const uint8_t *bytes, int i)
{
	return bytes[2 * i] << 8 | bytes[2 * i + 1];
}

/* The first of the longest runs of zero groups, if it is longer than one. Returns its length. */
static int longest_zeros(const uint8_t *bytes, int *start)
{
	int longest = 1, run = 0;

	*start = -1;
	for (int i = 0; i < 8; i++) {
		run = group_of(bytes, i) ? 0 : run + 1;
		if (run > longest) {
			longest = run;
			*start = i - run + 1;
		}
	}
	return longest;
}

static char *put_group(char *at, uint16_t group)
{
	int shift = 12;

	while (shift && !(group >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*at++ = "0123456789abcdef"[group >> shift & 15];
	return at;
}

static char *put_ipv6(char *at, const uint8_t *bytes)
{
	int start, length = longest_zeros(bytes, &start);

	for (int i = 0; i < 8; i++) {
		if (i == start) {
			*at++ = ':';
			*at++ = ':';
			i += length - 1;
			continue;
		}
		if (i && i != start + length)
			*at++ = ':';
		at = put_group(at, group_of(bytes, i));
	}
	return at;
}

size_t address_format(char *out, const struct address *address)
{
	char *at = out;

	if (address->family == AF_INET)
		at = put_ipv4(at, address->bytes);
	else if (address->family == AF_INET6)
		at = put_ipv6(at, address->bytes);
	else
		*at++ = '-';
	*at = 0;
	return at - out;
}

size_t address_format_mapped(char *out, const uint8_t bytes[16])
{
	bool is_ipv4 = !memcmp(bytes, mapped_prefix, sizeof(mapped_prefix));
	char *at = is_ipv4 ? put_ipv4(out, bytes + 12) : put_ipv6(out, bytes);

	*at = 0;
	return at - out;
}

size_t address_port_format(char *out, const struct address *address, uint16_t port)
{
	bool brackets = address->family == AF_INET6;
	char *at = out;

	if (brackets)
		*at++ = '[';
	at += address_format(at, address);
	if (brackets)
		*at++ = ']';
	*at++ = ':';
	at += u64_format(at, port);
	*at = 0;
	return at - out;
}

int address_parse(const char *text, struct address *address)
{
	struct address parsed = {.family = AF_INET};
	uint8_t bytes[16];

	if (inet_pton(AF_INET, text, parsed.bytes) == 1)
		*address = parsed;
	else if (inet_pton(AF_INET6, text, bytes) == 1)
		*address = address_from_mapped(bytes);
	else
		return -EINVAL;
	return 0;
}
