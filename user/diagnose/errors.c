// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From the message of a program to the codes that explain it. */
#include <ctype.h>
#include <string.h>

#include "diagnose/codes.h"

#define SHORTEST 4 /* bytes of a text that is looked for: fewer are in every explanation */

/*
 * What messages have in common, whatever addresses and names stand beside it. The names of errno come first, then what people
 * read: a message that has several of them is explained by what any of these leads to.
 */
const char *const error_phrases[] = {
	"EADDRNOTAVAIL", "cannot assign requested address", "无法分配请求的地址",
	"EADDRINUSE", "address already in use", "10048", "only one usage of each socket address", "地址已在使用", "端口被占用",
	"通常每个套接字地址只允许使用一次",
	"WSAENOBUFS", "10055", "no buffer space available", "没有可用的缓冲区空间",
	"EMFILE", "10024", "too many open files", "too many open sockets", "打开的文件过多", "打开的文件太多",
	"channel has already failed",
	"ECONNREFUSED", "10061", "connection refused", "actively refused", "拒绝连接", "目标计算机积极拒绝",
	"ETIMEDOUT", "10060", "connection timed out", "connect timed out", "i/o timeout", "deadline exceeded", "ConnectTimeout",
	"HttpClient.Timeout", "did not properly respond", "连接超时", "连接方在一段时间后没有正确答复",
	"ECONNRESET", "EPIPE", "10054", "connection reset", "broken pipe", "socket hang up", "forcibly closed", "ended prematurely",
	"NoHttpResponseException", "连接被对方重设", "强迫关闭了一个现有的连接", "断开的管道",
	"time wait bucket table overflow", "too many orphaned sockets", "table full, dropping packet", "possible SYN flooding",
	NULL,
};

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* "port 10055", "port=10055", "port": 10055. */
static bool follows_port(const char *text, const char *at)
{
	while (at > text && strchr(" =:\"'", at[-1]))
		at--;
	return at - text >= 4 && !strncasecmp(at - 4, "port", 4);
}

/* Windows' codes are numbers that a port ("10.0.0.5:10055"), a time ("10055ms", "0.10055") or a part of a longer number can be, too. */
static bool is_code(const char *text, const char *at, size_t size)
{
	if (at > text && (is_digit(at[-1]) || at[-1] == ':' || at[-1] == '.'))
		return false;
	return !isalnum((unsigned char)at[size]) && !follows_port(text, at);
}

static bool has(const char *text, const char *phrase)
{
	const char *at = strcasestr(text, phrase);

	while (at && is_digit(*phrase) && !is_code(text, at, strlen(phrase)))
		at = strcasestr(at + 1, phrase);
	return at;
}

static size_t explaining(const char *phrase, bool codes[CODES])
{
	size_t code, count = 0;

	for (code = 0; code < CODES; code++)
		if (has(code_explanation(code), phrase))
			codes[code] = true;
	for (code = 0; code < CODES; code++)
		count += codes[code];
	return count;
}

size_t codes_of_error(const char *text, bool codes[CODES])
{
	const char *const *phrase;
	size_t count = 0;

	memset(codes, 0, CODES * sizeof(*codes));
	if (strlen(text) < SHORTEST)
		return 0;
	for (phrase = error_phrases; *phrase; phrase++)
		if (has(text, *phrase))
			count = explaining(*phrase, codes);
	return count ?: explaining(text, codes);
}
