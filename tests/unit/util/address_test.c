// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Addresses against the C library, prefixes against tables. */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

#include "util/address.h"

static void like_the_c_library(void **state)
{
	uint64_t seed = 8;

	(void)state;
	for (int round = 0; round < 100000; round++) {
		struct address address = {.family = round % 4 ? AF_INET6 : AF_INET}, again;
		char text[ADDRESS_TEXT], truth[INET6_ADDRSTRLEN];
		uint8_t mapped[16];

		/* Many zero groups, so that every run of them appears; not ::a.b.c.d, where styles differ. */
		for (int i = 0; i < (round % 4 ? 16 : 4); i++)
			address.bytes[i] = unit_random(&seed) % 3 ? 0 : unit_random(&seed);
		address.bytes[0] |= 0x20;
		inet_ntop(address.family, address.bytes, truth, sizeof(truth));
		assert_int_equal(address_format(text, &address), strlen(truth));
		assert_string_equal(text, truth);
		address_to_mapped(&address, mapped);
		assert_int_equal(address_format_mapped(text, mapped), strlen(truth));
		assert_string_equal(text, truth);
		assert_int_equal(address_parse(text, &again), 0);
		assert_true(address_equal(&address, &again));
	}
}

static void known_texts(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"0.0.0.0", "0.0.0.0"},
		{"255.255.255.255", "255.255.255.255"},
		{"::", "::"},
		{"::1", "::1"},
		{"1::", "1::"},
		{"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
		{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
		{"0:0:0:0:0:0:0:ffff", "::ffff"},
		{"::ffff:10.0.0.1", "10.0.0.1"},
		{"::ffff:a00:1", "10.0.0.1"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	};
	static const char *const bad[] = {
		"", "10.0.0", "10.0.0.256", "10.0.0.1 ", "::g", "1:2:3", "localhost", "fe80::1%eth0", ":::",
	};
	struct address address = {.family = 77}, none = {};
	char text[ADDRESS_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(address_parse(bad[i], &address), -EINVAL);
	assert_int_equal(address.family, 77);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(address_parse(cases[i].in, &address), 0);
		address_format(text, &address);
		assert_string_equal(text, cases[i].out);
	}
	assert_int_equal(address_format(text, &none), 1);
	assert_string_equal(text, "-");
}

static void with_port(void **state)
{
	char text[ADDRESS_PORT_TEXT];
	struct address address;

	(void)state;
	assert_int_equal(address_parse("10.0.0.1", &address), 0);
	assert_int_equal(address_port_format(text, &address, 0), strlen("10.0.0.1:0"));
	assert_string_equal(text, "10.0.0.1:0");
	assert_int_equal(address_parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", &address), 0);
	address_port_format(text, &address, 65535);
	assert_string_equal(text, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

static void mapped_bytes(void **state)
{
	static const uint8_t ipv4[16] = {[10] = 255, [11] = 255, [12] = 10, [15] = 1};
	static const uint8_t ipv6[16] = {0x20, 0x01, [15] = 1};
	struct address address;
	uint8_t back[16];

	(void)state;
	address = address_from_mapped(ipv4);
	assert_int_equal(address.family, AF_INET);
	assert_memory_equal(address.bytes, ipv4 + 12, 4);
	address_to_mapped(&address, back);
	assert_memory_equal(back, ipv4, 16);
	address = address_from_mapped(ipv6);
	assert_int_equal(address.family, AF_INET6);
	address_to_mapped(&address, back);
	assert_memory_equal(back, ipv6, 16);
}

static void remotes(void **state)
{
	static const struct {
		const char *text, *address;
		int length, port;
	} cases[] = {
		{"10.0.0.1", "10.0.0.1", 32, 0},
		{"10.1.2.3:443", "10.1.2.3", 32, 443},
		{"10.1.2.3/8", "10.0.0.0", 8, 0},
		{"10.1.2.3/9:65535", "10.0.0.0", 9, 65535},
		{"10.255.2.3/9", "10.128.0.0", 9, 0},
		{"1.2.3.4/0", "0.0.0.0", 0, 0},
		{"2001:db8::1", "2001:db8::1", 128, 0},
		{"2001:db8:ffff::/33", "2001:db8:8000::", 33, 0},
		{"[2001:db8::1]", "2001:db8::1", 128, 0},
		{"[2001:db8::1]:80", "2001:db8::1", 128, 80},
		{"[2001:db8::1/32]:80", "2001:db8::", 32, 80},
		{"[2001:db8::1]/32:80", "2001:db8::", 32, 80},
		{"[2001:db8::1]/32", "2001:db8::", 32, 0},
		{"[2001:db8::1/32]", "2001:db8::", 32, 0},
		{"::/0", "::", 0, 0},
		{"::1", "::1", 128, 0},
		{"::ffff:10.1.2.3", "10.1.2.3", 32, 0},
		{"[::ffff:10.1.2.3/104]:80", "10.0.0.0", 8, 80},
		{"::ffff:10.1.2.3/96", "0.0.0.0", 0, 0},
		{"::ffff:10.1.2.3/95", "::fffe:0:0", 95, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[ADDRESS_TEXT], error[256] = "";
		struct remote remote;

		if (remote_parse(cases[i].text, &remote, error, sizeof(error)))
			fail_msg("%s: %s", cases[i].text, error);
		address_format(text, &remote.prefix.address);
		assert_string_equal(text, cases[i].address);
		assert_int_equal(remote.prefix.length, cases[i].length);
		assert_int_equal(remote.port, cases[i].port);
	}
}

static void bad_remotes(void **state)
{
	static const struct {
		const char *text, *names;
	} cases[] = {
		{"", "\"\""},
		{"nonsense", "\"nonsense\""},
		{"10.0.0.300", "\"10.0.0.300\""},
		{":80", "not an IP address"},
		{"10.0.0.1:", "not a port"},
		{"10.0.0.1:0", "\"0\" is not a port"},
		{"10.0.0.1:65536", "1 to 65535"},
		{"10.0.0.1:http", "\"http\""},
		{"10.0.0.1/33", "IPv4 prefix has 0 to 32 bits"},
		{"10.0.0.1/", "\"/\" is not a prefix length"},
		{"10.0.0.1/-1", "\"/-1\""},
		{"10.0.0.1/8/8", "\"/8/8\""},
		{"2001:db8::/129", "IPv6 prefix has 0 to 128 bits"},
		{"2001:db8::/32:80", "\"/32:80\""},
		{"[2001:db8::1", "not a remote endpoint"},
		{"[2001:db8::1]x", "not a remote endpoint"},
		{"[2001:db8::1/32]/32", "not a remote endpoint"},
		{"[10.0.0.1]:80", "not an IPv6 address"},
		{"[]:80", "not an IPv6 address"},
		{"10.0.0.1:80:90", "not an IP address"},
	};
	char error[256], huge[4096];
	struct remote remote = {.port = 4711};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(remote_parse(cases[i].text, &remote, error, sizeof(error)), -EINVAL);
		unit_assert_contains(error, cases[i].names);
	}
	memset(huge, '1', sizeof(huge));
	huge[sizeof(huge) - 1] = 0;
	assert_int_equal(remote_parse(huge, &remote, error, sizeof(error)), -EINVAL);
	assert_int_equal(remote.port, 4711);
}

static void prefixes_have_no_port(void **state)
{
	struct prefix prefix = {};
	char error[256], text[ADDRESS_TEXT];

	(void)state;
	assert_int_equal(prefix_parse("10.0.0.0/8:80", &prefix, error, sizeof(error)), -EINVAL);
	unit_assert_contains(error, "ADDR[/LEN]");
	assert_int_equal(prefix.address.family, 0);
	assert_int_equal(prefix_parse("[2001:db8::]/32", &prefix, error, sizeof(error)), 0);
	address_format(text, &prefix.address);
	assert_string_equal(text, "2001:db8::");
	assert_int_equal(prefix.length, 32);
}

/* The two ways to ask, by address and by the kernel's bytes, give the same answer. */
static void membership(void **state)
{
	static const struct {
		const char *prefix, *address;
		bool inside;
	} cases[] = {
		{"10.0.0.0/8", "10.255.255.255", true},
		{"10.0.0.0/8", "11.0.0.0", false},
		{"10.0.0.0/31", "10.0.0.1", true},
		{"10.0.0.0/31", "10.0.0.2", false},
		{"10.0.0.0/32", "10.0.0.0", true},
		{"0.0.0.0/0", "255.1.2.3", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"2001:db8::/33", "2001:db8:7fff::1", true},
		{"2001:db8::/33", "2001:db8:8000::1", false},
		{"::1/128", "::1", true},
		{"::1/128", "::2", false},
		{"2000::/3", "10.0.0.1", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t bytes[16], mask[16], address_bytes[16];
		struct prefix prefix;
		struct address address;
		bool matches = true;
		char error[256];

		assert_int_equal(prefix_parse(cases[i].prefix, &prefix, error, sizeof(error)), 0);
		assert_int_equal(address_parse(cases[i].address, &address), 0);
		assert_int_equal(prefix_contains(&prefix, &address), cases[i].inside);
		prefix_to_mapped(&prefix, bytes, mask);
		address_to_mapped(&address, address_bytes);
		for (int b = 0; b < 16; b++)
			matches = matches && (address_bytes[b] & mask[b]) == bytes[b];
		assert_int_equal(matches, cases[i].inside);
	}
}

/* A sentence never runs over its buffer. */
static void short_error_buffers(void **state)
{
	struct remote remote;

	(void)state;
	for (size_t size = 1; size < 40; size++) {
		char *error = malloc(size);

		assert_int_equal(remote_parse("10.0.0.1/99", &remote, error, size), -EINVAL);
		assert_true(strlen(error) < size);
		free(error);
	}
	assert_int_equal(remote_parse("x", &remote, NULL, 0), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(like_the_c_library),
		cmocka_unit_test(known_texts),
		cmocka_unit_test(with_port),
		cmocka_unit_test(mapped_bytes),
		cmocka_unit_test(remotes),
		cmocka_unit_test(bad_remotes),
		cmocka_unit_test(prefixes_have_no_port),
		cmocka_unit_test(membership),
		cmocka_unit_test(short_error_buffers),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
