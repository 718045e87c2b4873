// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who comes with an error message finds the codes that explain it, in --explain and in the man page. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "diagnose/codes.h"

#define MAN "tools/man/tcpdwell.8.scd"

static const char *man_page(void)
{
	static char text[200000];
	FILE *file = fopen(MAN, "re");
	char *from, *to;
	size_t n;

	if (!file)
		fail_msg("%s can't be opened: the tests run in the root of the repository", MAN);
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	for (from = to = text; *from; from++) /* scdoc's escapes */
		if (*from != '\\')
			*to++ = *from;
	*to = '\0';
	return text;
}

/* A message as each of these prints it: where one leads to a code at all, all of them do. */
static void each_language(void **state)
{
	static const char *const languages[] = { "  C", "  Java  ", "  Python  ", "Go  ", "  Node  ", "  .NET  ", "  PHP  ", "  Windows  ", "  zh-CN  " };
	static const unsigned int codes[] = { TD101, TD103, TD104, TD105, TD111, TD121, TD122, TD123, TD124, TD131,
					      TD132, TD143, TD151, TD153, TD161, TD171, TD172, TD181 };
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(codes); i++)
		for (k = 0; k < ARRAY_SIZE(languages); k++)
			if (!strstr(code_explanation(codes[i]), languages[k]))
				fail_msg("%s has no message of %s", code_rows[codes[i]].name, languages[k]);
}

static void each_phrase(void **state)
{
	const char *man = man_page();
	const char *const *phrase;
	bool codes[CODES];

	(void)state;
	for (phrase = error_phrases; *phrase; phrase++) {
		if (!codes_of_error(*phrase, codes))
			fail_msg("\"%s\" is in no explanation", *phrase);
		if (!strcasestr(man, *phrase))
			fail_msg("\"%s\" is not in the man page", *phrase);
	}
}

static void each_code_is_in_the_man_page(void **state)
{
	const char *man = man_page();
	char line[16];
	size_t code;

	(void)state;
	for (code = 0; code < CODES; code++) {
		snprintf(line, sizeof(line), "\n*%s*\n", code_rows[code].name);
		if (!strstr(man, line))
			fail_msg("%s is not in the man page", code_rows[code].name);
		if (!code_explanation(code) || strlen(code_explanation(code)) < 100)
			fail_msg("%s is not explained", code_rows[code].name);
	}
}

/* Messages with the addresses and names that people have, and the code that they must not miss. */
static void messages(void **state)
{
	static const struct {
		const char *text;
		unsigned int code;
	} rows[] = {
		{ "connect() to 10.2.3.4:8080 failed (99: Cannot assign requested address) while connecting to upstream", TD101 },
		{ "requests.exceptions.ConnectionError: HTTPConnectionPool(host='db', port=80): [Errno 99] Cannot assign requested address", TD111 },
		{ "java.net.SocketException: No buffer space available (maximum connections reached?): connect", TD101 },
		{ "Error: connect EADDRNOTAVAIL 192.168.7.9:443 - Local (0.0.0.0:0)", TD101 },
		{ "java.net.BindException: 地址已在使用", TD105 },
		{ "bind(): address already in use", TD104 },
		{ "2026/11/02 03:00:12 http: Accept error: accept tcp [::]:8080: accept4: too many open files; retrying in 1s", TD124 },
		{ "java.io.IOException: Too many open files", TD121 },
		{ "dial tcp 172.17.0.3:5432: connect: connection refused", TD153 },
		{ "Get \"http://api:80/\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)", TD151 },
		{ "dial tcp 172.17.0.3:5432: i/o timeout", TD131 },
		{ "Unable to read data: An existing connection was forcibly closed by the remote host.", TD172 },
		{ "org.apache.http.NoHttpResponseException: pay.example.org:443 failed to respond", TD122 },
		{ "javax.jms.JMSException: Cannot send, channel has already failed: tcp://10.0.0.8:61616", TD123 },
		{ "TCP: request_sock_TCP: Possible SYN flooding on port 0.0.0.0:80. Sending cookies.", TD161 },
		{ "nf_conntrack: nf_conntrack: table full, dropping packet", TD181 },
		{ "TCP: too many orphaned sockets", TD143 },
		{ "TCP: time wait bucket table overflow", TD113 },
	};
	bool codes[CODES];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		codes_of_error(rows[i].text, codes);
		if (!codes[rows[i].code])
			fail_msg("\"%s\" does not lead to %s", rows[i].text, code_rows[rows[i].code].name);
	}
	assert_int_equal(codes_of_error("segmentation fault", codes), 0);
	assert_int_equal(codes_of_error("the", codes), 0);
	assert_int_equal(codes_of_error("", codes), 0);
}

/* A number that is no code of Windows' leads to what the same message with another number leads to. */
static void numbers_that_are_no_codes(void **state)
{
	static const char *const rows[][2] = {
		{ "dial tcp 10.0.0.5:10055: connection refused", "dial tcp 10.0.0.5:8080: connection refused" },
		{ "connect ECONNREFUSED [fd00::5]:10048", "connect ECONNREFUSED [fd00::5]:8080" },
		{ "HTTPConnectionPool(host='db', port=10054): connection refused", "HTTPConnectionPool(host='db', port=80): connection refused" },
		{ "connection refused: db port 10024", "connection refused: db port 80" },
		{ "connection refused {\"port\": 10060}", "connection refused {\"port\": 80}" },
		{ "connection refused, request 3100487", "connection refused, request 7" },
		{ "connection refused, request 100481", "connection refused, request 7" },
		{ "broken pipe after 10061ms", "broken pipe after 5ms" },
		{ "broken pipe after 0.10061 s", "broken pipe after 0.5 s" },
	};
	bool codes[CODES], plain[CODES];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		codes_of_error(rows[i][0], codes);
		codes_of_error(rows[i][1], plain);
		if (memcmp(codes, plain, sizeof(codes)))
			fail_msg("\"%s\" is explained by the number in it", rows[i][0]);
	}
	assert_int_equal(codes_of_error("10.0.0.5:10055", codes), 0);
}

/* What they are in messages whose words are of a language that is not known here. */
static void numbers_that_are_codes(void **state)
{
	static const char *const rows[][2] = {
		{ "Es konnte keine Verbindung hergestellt werden. (10061)", "ECONNREFUSED" },
		{ "[WinError 10061] Es konnte keine Verbindung", "ECONNREFUSED" },
		{ "db:10061: Fehler 10055", "WSAENOBUFS" },
		{ "socket error: 10055", "WSAENOBUFS" },
		{ "错误10048，无法", "EADDRINUSE" },
		{ "10054", "ECONNRESET" },
	};
	bool codes[CODES], named[CODES];
	size_t i, code;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_true(codes_of_error(rows[i][0], codes));
		codes_of_error(rows[i][1], named);
		for (code = 0; code < CODES && !(codes[code] && named[code]); code++)
			;
		if (code == CODES)
			fail_msg("\"%s\" does not lead to what %s leads to", rows[i][0], rows[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_language),
		cmocka_unit_test(each_phrase),
		cmocka_unit_test(each_code_is_in_the_man_page),
		cmocka_unit_test(messages),
		cmocka_unit_test(numbers_that_are_no_codes),
		cmocka_unit_test(numbers_that_are_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
