// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From the message of a program to the codes that explain it. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "diagnose/codes.h"

#define SHORTEST 4 /* bytes of a text that is looked for: fewer are in every explanation */

/*
 * What messages have in common, whatever addresses and names stand beside it. The names of errno come first, then what people
 * read: a message that has several of them is explained by what any of these leads to.
 */
const char *const error_phrases[] = {
	"EADDRNOTAVAIL", "cannot assign requested address", "无法分配请求的地址", "无法指定被请求的地址",
	"EADDRINUSE", "address already in use", "10048", "only one usage of each socket address", "地址已在使用", "端口被占用",
	"通常每个套接字地址只允许使用一次",
	"WSAENOBUFS", "10055", "no buffer space available", "没有可用的缓冲区空间",
	"EMFILE", "10024", "too many open files", "too many open sockets", "打开的文件过多", "打开的文件太多",
	"channel has already failed",
	"ECONNREFUSED", "10061", "connection refused", "actively refused", "拒绝连接", "目标计算机积极拒绝",
	"ETIMEDOUT", "10060", "connection timed out", "connect timed out", "i/o timeout", "deadline exceeded", "ConnectTimeout",
	"HttpClient.Timeout", "did not properly respond", "连接超时", "连接方在一段时间后没有正确答复",
	"EHOSTUNREACH", "10065", "no route to host", "host is unreachable", "unreachable host", "没有到主机的路由", "无法连接的主机",
	"ENETUNREACH", "10051", "network is unreachable", "unreachable network", "网络不可达", "无法连接的网络",
	"ECONNRESET", "EPIPE", "10054", "connection reset", "broken pipe", "socket hang up", "forcibly closed", "ended prematurely",
	"NoHttpResponseException", "连接被对方重设", "强迫关闭了一个现有的连接", "断开的管道",
	"time wait bucket table overflow", "too many orphaned sockets", "TCP: out of memory", "table full, dropping packet",
	"possible SYN flooding", "listen queue of socket", "client prematurely closed connection",
	NULL,
};

static bool is_word_at(const char *text, const char *at, const char *word)
{
	return !strncasecmp(at, word, strlen(word)) && !isalpha((unsigned char)at[strlen(word)]) &&
	       (at == text || !isalpha((unsigned char)at[-1]));
}

static bool has_word(const char *text, const char *end, const char *word)
{
	const char *at;

	for (at = text; at < end; at++)
		if (is_word_at(text, at, word))
			return true;
	return false;
}

/* A name or a file can be in use, too. */
static bool names_port_or_address(const char *text, const char *at, size_t size)
{
	(void)at;
	(void)size;
	return has_word(text, text + strlen(text), "port") || strcasestr(text, "address") || strstr(text, "端口") || strstr(text, "地址");
}

/* A database's lock has a time limit, too. */
static bool is_no_lock(const char *text, const char *at, size_t size)
{
	(void)at;
	(void)size;
	return !strcasestr(text, "lock wait") && !strcasestr(text, "lock timeout") && !strcasestr(text, "lock request");
}

/* Files and sockets of others have permissions and arguments, too. */
static bool names_connect(const char *text, const char *at, size_t size)
{
	(void)at;
	(void)size;
	return has_word(text, text + strlen(text), "connect");
}

/* Files and texts have an end, too: the end of a connection is told at the end of the message, after what was done with it. */
static bool ends_transfer(const char *text, const char *at, size_t size)
{
	static const char *const doings[] = { "read", "get", "head", "put", "post", "patch", "delete", "dial", "http", "https", "tcp", "rpc" };
	size_t i;

	if (at[size + strspn(at + size, " \t\r\n\"')].")])
		return false;
	for (i = 0; i < sizeof(doings) / sizeof(doings[0]); i++)
		if (has_word(text, at, doings[i]))
			return true;
	return at == text;
}

/* Other words for the same, of libraries and translations: asked only where a message has none of the phrases. */
const struct error_alias error_aliases[] = {
	{ "can't assign requested address", "EADDRNOTAVAIL" },
	{ "address not available", "EADDRNOTAVAIL" },
	{ "AddrNotAvailable", "EADDRNOTAVAIL" },
	{ "no free ports", "EADDRNOTAVAIL" },
	{ "source address before connect", "EADDRNOTAVAIL" },
	{ "不能分配请求的地址", "EADDRNOTAVAIL" },
	{ "already in use", "EADDRINUSE", names_port_or_address },
	{ "address in use", "EADDRINUSE" },
	{ "AddrInUse", "EADDRINUSE" },
	{ "被占用", "EADDRINUSE", names_port_or_address },
	{ "已被使用", "EADDRINUSE", names_port_or_address },
	{ "已经在使用", "EADDRINUSE", names_port_or_address },
	{ "lacked sufficient buffer space", "WSAENOBUFS" },
	{ "系统缓冲区空间不足", "WSAENOBUFS" },
	{ "ENFILE", "EMFILE" },
	{ "file table overflow", "EMFILE" },
	{ "file-max limit", "EMFILE" },
	{ "no file descriptors available", "EMFILE" },
	{ "打开文件过多", "EMFILE" },
	{ "套接字太多", "EMFILE" },
	{ "refused", "ECONNREFUSED" },
	{ "被拒绝", "ECONNREFUSED" },
	{ "timed out", "ETIMEDOUT", is_no_lock },
	{ "timed_out", "ETIMEDOUT" },
	{ "timedout", "ETIMEDOUT" },
	{ "timeout", "ETIMEDOUT", is_no_lock },
	{ "超时", "ETIMEDOUT" },
	{ "cURL error 28", "ETIMEDOUT" },
	{ "curl: (28)", "ETIMEDOUT" },
	{ "host unreachable", "EHOSTUNREACH" },
	{ "HostUnreachable", "EHOSTUNREACH" },
	{ "network unreachable", "ENETUNREACH" },
	{ "NetworkUnreachable", "ENETUNREACH" },
	{ "ADDRESS_UNREACHABLE", "EHOSTUNREACH" },
	{ "网络不可访问", "ENETUNREACH" },
	/* A route can prohibit, or be a black hole. */
	{ "permission denied", "EHOSTUNREACH", names_connect },
	{ "EACCES", "EHOSTUNREACH", names_connect },
	{ "invalid argument", "EHOSTUNREACH", names_connect },
	{ "EINVAL", "EHOSTUNREACH", names_connect },
	{ "ECONNABORTED", "ECONNRESET" },
	{ "connection abort", "ECONNRESET" },
	{ "connection_reset", "ECONNRESET" },
	{ "ConnectionReset", "ECONNRESET" },
	{ "connection without response", "ECONNRESET" },
	{ "empty reply from server", "ECONNRESET" },
	{ "closed idle connection", "ECONNRESET" },
	{ "prematurely closed connection", "ECONNRESET" },
	{ "connection has been closed", "ECONNRESET" },
	{ "communications link failure", "ECONNRESET" },
	{ "last packet successfully received", "ECONNRESET" },
	{ "server has gone away", "ECONNRESET" },
	{ "shut down incorrectly", "ECONNRESET" },
	{ "unexpected EOF", "ECONNRESET", ends_transfer },
	{ ": EOF", "ECONNRESET", ends_transfer },
	{ "被对端重置", "ECONNRESET" },
	{ "被对方重置", "ECONNRESET" },
	{ "连接被重置", "ECONNRESET" },
	{ "中止了一个已建立的连接", "ECONNRESET" },
	{ "由软件导致的连接断开", "ECONNRESET" },
	{ "cURL error 56", "ECONNRESET" },
	{ "curl: (56)", "ECONNRESET" },
	/* Of each connect() that failed, whatever the reason. */
	{ "cURL error 7", "ECONNREFUSED" },
	{ "cURL error 7", "ETIMEDOUT" },
	{ "cURL error 7", "EADDRNOTAVAIL" },
	{ "curl: (7)", "ECONNREFUSED" },
	{ "curl: (7)", "ETIMEDOUT" },
	{ "curl: (7)", "EADDRNOTAVAIL" },
	{ NULL, NULL },
};

/* Linux's numbers, where a message says that it is one: "[Errno 99]", "errno=99", "os error 98", "SocketException (104)", "failed (111:". */
static const struct {
	int number;
	const char *name;
} errnos[] = {
	{ 23, "EMFILE" },      { 24, "EMFILE" },       { 32, "EPIPE" },	       { 98, "EADDRINUSE" },
	{ 99, "EADDRNOTAVAIL" }, { 101, "ENETUNREACH" }, { 104, "ECONNRESET" }, { 110, "ETIMEDOUT" },
	{ 111, "ECONNREFUSED" }, { 113, "EHOSTUNREACH" },
};

/* Prose has numbers behind some of them ("failed 32 times"): there it is one in brackets, or in front of a colon in them, or ends the text. */
static const struct {
	const char *word;
	bool prose;
} errno_words[] = {
	{ "errno", false }, { "os error", false }, { "SocketException", false }, { "failed", true }, { "error code", true }, { "error", true },
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

/* A phrase of digits is a code, and one that ends with a digit ends there: "cURL error 7" is not in "cURL error 77". */
static bool stands_alone(const char *text, const char *at, const char *phrase)
{
	size_t size = strlen(phrase);

	if (is_digit(*phrase))
		return is_code(text, at, size);
	return !is_digit(phrase[size - 1]) || !is_digit(at[size]);
}

static bool has(const char *text, const char *phrase)
{
	const char *at = strcasestr(text, phrase);

	while (at && !stands_alone(text, at, phrase))
		at = strcasestr(at + 1, phrase);
	return at;
}

/* Its words, and what else is to be true of the text around them. */
static bool has_alias(const char *text, const struct error_alias *alias)
{
	size_t size = strlen(alias->words);
	const char *at;

	for (at = strcasestr(text, alias->words); at; at = strcasestr(at + 1, alias->words))
		if (stands_alone(text, at, alias->words) && (!alias->holds || alias->holds(text, at, size)))
			return true;
	return false;
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

/* "(111)", "(111:", "[110]", or the end of the text. */
static bool is_set_apart(const char *text, const char *word, const char *digits, const char *end)
{
	char open = digits[-1];

	if (word > text && isalpha((unsigned char)word[-1]))
		return false;
	if (word - text >= 5 && is_word_at(text, word - 5, "http")) /* its numbers are others */
		return false;
	if (open == '(' || open == '[')
		return *end == (open == '(' ? ')' : ']') || *end == ':';
	return !end[strspn(end, " \t\r\n.")];
}

/* Behind the word, with what may stand between them. -1: none. */
static int number_behind(const char *text, const char *word, size_t size, bool prose)
{
	const char *digits = word + size + strspn(word + size, " =:([");
	char *end;
	long number;

	if (!is_digit(*digits))
		return -1;
	number = strtol(digits, &end, 10);
	if (isalnum((unsigned char)*end) || (*end == '.' && is_digit(end[1])) || number > 1000)
		return -1;
	return !prose || is_set_apart(text, word, digits, end) ? (int)number : -1;
}

static size_t explaining_number(const char *text, const char *word, bool prose, bool codes[CODES])
{
	const char *at;
	size_t i, count = 0;

	for (at = strcasestr(text, word); at; at = strcasestr(at + 1, word)) {
		int number = number_behind(text, at, strlen(word), prose);

		for (i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++)
			if (errnos[i].number == number)
				count = explaining(errnos[i].name, codes);
	}
	return count;
}

/* By other words, and by the number alone. */
static size_t explaining_alias(const char *text, bool codes[CODES])
{
	const struct error_alias *alias;
	size_t i, count = 0;

	for (alias = error_aliases; alias->words; alias++)
		if (has_alias(text, alias))
			count = explaining(alias->phrase, codes);
	for (i = 0; !count && i < sizeof(errno_words) / sizeof(errno_words[0]); i++)
		count = explaining_number(text, errno_words[i].word, errno_words[i].prose, codes);
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
	return count ?: explaining_alias(text, codes) ?: explaining(text, codes);
}
