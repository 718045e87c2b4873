/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * IP addresses, prefixes and the text forms of both. A v4-mapped IPv6 address (::ffff:a.b.c.d) is always
 * held as the IPv4 address that it stands for.
 */
#ifndef UTIL_ADDRESS_H
#define UTIL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADDRESS_TEXT 46	     /* the longest address, terminated */
#define ADDRESS_PORT_TEXT 54 /* "[address]:port", terminated */

struct address {
	uint8_t family;	   /* AF_INET, AF_INET6; 0 = none */
	uint8_t bytes[16]; /* network order; IPv4 in the first four, the others zero */
};

struct prefix {
	struct address address; /* bits beyond `length` are zero */
	uint8_t length;		/* in bits of its own family */
};

/* ADDR[/LEN][:PORT] as given to --remote. */
struct remote {
	struct prefix prefix;
	uint16_t port; /* 0 = any */
};

/* From the 16 bytes that the kernel side keeps, IPv4 as ::ffff:a.b.c.d. */
struct address address_from_mapped(const uint8_t bytes[16]);

/* The other way round. */
void address_to_mapped(const struct address *address, uint8_t bytes[16]);

bool address_equal(const struct address *a, const struct address *b);

/* Write the text, terminated, IPv6 as RFC 5952 has it. `out` holds ADDRESS_TEXT bytes. Returns the length; "-" for
 * none. */
size_t address_format(char *out, const struct address *address);

/* The same of the 16 bytes that the kernel side keeps. */
size_t address_format_mapped(char *out, const uint8_t bytes[16]);

/* "10.0.0.1:80" or "[2001:db8::1]:80". `out` holds ADDRESS_PORT_TEXT bytes. Returns the length. */
size_t address_port_format(char *out, const struct address *address, uint16_t port);

/* A numeric address without brackets. 0 or -EINVAL. */
int address_parse(const char *text, struct address *address);

/*
 * The parsers below return 0, or -EINVAL with one sentence in `error` that says what was wrong and what is
 * accepted; the output is set only on success.
 */

/* "10.0.0.0/8", "10.0.0.1", "2001:db8::/32", "[2001:db8::]/32", "[2001:db8::/32]". */
int prefix_parse(const char *text, struct prefix *prefix, char *error, size_t error_size);

/* A prefix, and a port: "10.0.0.0/8:80", "[v6/len]:80", "[v6]/len:80"; IPv6 without brackets has no port. */
int remote_parse(const char *text, struct remote *remote, char *error, size_t error_size);

bool prefix_contains(const struct prefix *prefix, const struct address *address);

/* As bytes and mask over 16 bytes with IPv4 as ::ffff:a.b.c.d: matches when (address & mask) == bytes. */
void prefix_to_mapped(const struct prefix *prefix, uint8_t bytes[16], uint8_t mask[16]);

#endif
