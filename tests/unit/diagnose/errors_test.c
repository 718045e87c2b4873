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

/* Each stands for a phrase, and for none that a message would be found by anyway. */
static void each_alias(void **state)
{
	const struct error_alias *alias;
	const char *const *phrase;

	(void)state;
	for (alias = error_aliases; alias->words; alias++) {
		for (phrase = error_phrases; *phrase && strcmp(*phrase, alias->phrase); phrase++)
			;
		if (!*phrase)
			fail_msg("\"%s\" stands for \"%s\", which is no phrase", alias->words, alias->phrase);
		for (phrase = error_phrases; *phrase; phrase++)
			if (strcasestr(alias->words, *phrase))
				fail_msg("\"%s\" has the phrase \"%s\" in it", alias->words, *phrase);
	}
}

/* Numbers that are no number of an error, and words that are no message of one. */
static void nothing_to_explain(void **state)
{
	static const char *const texts[] = { "segmentation fault", "the", "", "listening on port 99", "100% failed", "error 404", "exit status 111",
					     "took 110 ms", "error 99.5", "error 9", "failed 1040 times", "[Errno 2] No such file or directory",
					     "cURL error 77: error setting certificate verify locations", "curl: (77) error setting certificate",
					     "Query failed: 24 rows affected", "job failed 32 times", "failed: 98 of 100", "error: 32 warnings",
					     "HTTP error 110", "error 110 in line 5", "Dependency failed [24/100]", "Terror 98 x", "Terror 98",
					     "Conflict. The container name /web is already in use by container", "report.txt is already in use",
					     "文件被占用", "JSON parse error: EOF", "unexpected EOF while looking for matching `\"'",
					     "http.conf: unexpected EOF in line 3", "Lock wait timeout exceeded; try restarting transaction",
					     "canceling statement due to lock timeout", "Lock request timed out", "open config: Permission denied",
					     "EACCES: permission denied, open '/etc/shadow'", "mount: invalid argument" };
	bool codes[CODES];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		if (codes_of_error(texts[i], codes))
			fail_msg("\"%s\" leads to a code", texts[i]);
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
		{ "java.net.NoRouteToHostException: Cannot assign requested address (Address not available)", TD101 },
		{ "java.net.NoRouteToHostException: Cannot assign requested address", TD101 },
		{ "java.net.ConnectException: Cannot assign requested address: connect", TD101 },
		{ "java.net.BindException: Cannot assign requested address: connect", TD101 },
		{ "dial tcp 10.0.0.5:443: connect: cannot assign requested address", TD101 },
		{ "OSError: [Errno 99] Cannot assign requested address", TD101 },
		{ "[Errno 99] Address not available", TD101 },
		{ "Error: connect EADDRNOTAVAIL 127.0.0.1:8000 - Local (127.0.0.1:0)", TD101 },
		{ "System.Net.Sockets.SocketException (99): Cannot assign requested address", TD101 },
		{ "System.Net.Http.HttpRequestException: Cannot assign requested address (10.0.0.5:443)", TD101 },
		{ "cURL error 7: Failed to connect to 10.0.0.5 port 80: Cannot assign requested address", TD101 },
		{ "SQLSTATE[HY000] [2002] Cannot assign requested address", TD101 },
		{ "SocketException (99)", TD101 },
		{ "errno: 99", TD101 },
		{ "errno=99", TD101 },
		{ "[Errno 99]", TD101 },
		{ "WSAENOBUFS 10055", TD101 },
		{ "java.net.SocketException: No buffer space available (maximum connections reached?): connect", TD101 },
		{ "System.Net.Sockets.SocketException (10055): An operation on a socket could not be performed because the system lacked sufficient buffer space or because a queue was full.", TD101 },
		{ "An operation on a socket could not be performed because the system lacked sufficient buffer space or because a queue was full", TD101 },
		{ "由于系统缓冲区空间不足或队列已满，不能执行套接字上的操作。", TD101 },
		{ "Only one usage of each socket address (protocol/network address/port) is normally permitted", TD101 },
		{ "[WinError 10048] Only one usage of each socket address (protocol/network address/port) is normally permitted", TD101 },
		{ "无法分配请求的地址", TD101 },
		{ "java.net.NoRouteToHostException: 无法指定被请求的地址", TD101 },
		{ "无法指定被请求的地址 (connect failed)", TD101 },
		{ "不能分配请求的地址", TD101 },
		{ "can't assign requested address", TD101 },
		{ "connect: can't assign requested address", TD101 },
		{ "nc: connect: Address not available", TD101 },
		{ "RuntimeError: Address not available", TD101 },
		{ "redis.exceptions.ConnectionError: Error 99 connecting to localhost:6379. Cannot assign requested address.", TD101 },
		{ "[crit] 12#12: *5 connect() to 127.0.0.1:9000 failed (99: Address not available) while connecting to upstream", TD101 },
		{ "Os { code: 99, kind: AddrNotAvailable, message: \"Cannot assign requested address\" }", TD101 },
		{ "haproxy: Connect() failed for backend app: no free ports.", TD101 },
		{ "Server app is DOWN, cannot bind to source address before connect() for backend app. Aborting.", TD101 },
		{ "dial tcp 10.0.0.2:0->10.0.0.5:80: bind: address already in use", TD104 },
		{ "bind failed with errno 98: Address already in use", TD104 },
		{ "java.net.BindException: Address already in use", TD105 },
		{ "java.net.BindException: Address already in use: bind", TD105 },
		{ "java.net.BindException: Address already in use: JVM_Bind", TD105 },
		{ "listen tcp :8080: bind: address already in use", TD105 },
		{ "OSError: [Errno 98] Address already in use", TD105 },
		{ "[Errno 98]", TD105 },
		{ "OSError: [Errno 98] error while attempting to bind on address ('0.0.0.0', 8000): address already in use", TD105 },
		{ "Error: listen EADDRINUSE: address already in use :::3000", TD105 },
		{ "[emerg] 1#1: bind() to 0.0.0.0:80 failed (98: Address already in use)", TD105 },
		{ "(98)Address already in use: AH00072: make_sock: could not bind to address [::]:80", TD105 },
		{ "System.IO.IOException: Failed to bind to address http://127.0.0.1:5000: address already in use.", TD105 },
		{ "SocketException (98): Address already in use", TD105 },
		{ "stream_socket_server(): Unable to connect to tcp://0.0.0.0:40051 (Address already in use)", TD105 },
		{ "Web server failed to start. Port 8080 was already in use.", TD105 },
		{ "Port 8080 is already in use", TD105 },
		{ "Address in use (os error 98)", TD105 },
		{ "address in use", TD105 },
		{ "地址已在使用", TD105 },
		{ "java.net.BindException: 地址已在使用", TD105 },
		{ "端口8080被占用", TD105 },
		{ "端口被占用", TD105 },
		{ "地址已被使用", TD105 },
		{ "该地址已经在使用", TD105 },
		{ "Could not bind TCP port 6379: bind: Address already in use", TD105 },
		{ "could not bind IPv4 address \"127.0.0.1\": Address already in use", TD105 },
		{ "java.net.SocketException: Too many open files", TD124 },
		{ "java.net.SocketException: Too many open files (Accept failed)", TD124 },
		{ "OSError: [Errno 24] Too many open files", TD124 },
		{ "[Errno 24]", TD124 },
		{ "socket: too many open files", TD124 },
		{ "accept tcp [::]:8080: accept4: too many open files; retrying in 5ms", TD124 },
		{ "Error: EMFILE: too many open files, open '/x'", TD124 },
		{ "SocketException (24): Too many open files", TD124 },
		{ "[alert] 20#20: accept4() failed (24: Too many open files)", TD124 },
		{ "too many open files in system", TD124 },
		{ "Error: ENFILE: file table overflow, open '/x'", TD124 },
		{ "[Errno 23] Too many open files in system", TD124 },
		{ "打开的文件过多", TD124 },
		{ "打开的文件太多", TD124 },
		{ "java.net.SocketException: 打开的文件过多", TD124 },
		{ "打开文件过多", TD124 },
		{ "WSAEMFILE 10024", TD124 },
		{ "Too many open sockets", TD124 },
		{ "打开的套接字太多", TD124 },
		{ "socket(): Too many open files", TD124 },
		{ "VFS: file-max limit 65536 reached", TD124 },
		{ "accept: No file descriptors available", TD124 },
		{ "No file descriptors available", TD124 },
		{ "java.net.ConnectException: Connection refused", TD153 },
		{ "java.net.ConnectException: Connection refused (Connection refused)", TD153 },
		{ "java.net.ConnectException: Connection refused: connect", TD153 },
		{ "java.net.ConnectException: 拒绝连接", TD153 },
		{ "java.net.ConnectException: 连接被拒绝", TD153 },
		{ "连接被拒绝 (Connection refused)", TD153 },
		{ "ConnectionRefusedError: [Errno 111] Connection refused", TD153 },
		{ "[Errno 111]", TD153 },
		{ "errno 111", TD153 },
		{ "dial tcp 127.0.0.1:5432: connect: connection refused", TD153 },
		{ "Error: connect ECONNREFUSED 127.0.0.1:6379", TD153 },
		{ "SocketException (111): Connection refused", TD153 },
		{ "System.Net.Http.HttpRequestException: No connection could be made because the target machine actively refused it.", TD153 },
		{ "[WinError 10061] No connection could be made because the target machine actively refused it", TD153 },
		{ "cURL error 7: Failed to connect to localhost port 80: Connection refused (see https://curl.haxx.se/libcurl/c/libcurl-errors.html)", TD153 },
		{ "cURL error 7: Failed to connect to localhost port 8080 after 0 ms: Couldn't connect to server", TD153 },
		{ "curl: (7) Failed to connect to localhost port 8080 after 0 ms: Couldn't connect to server", TD153 },
		{ "cURL error 7", TD153 },
		{ "connect failed (111)", TD153 },
		{ "connect failed (111: xyz)", TD153 },
		{ "connect: error 111.", TD153 },
		{ "error code [111]", TD153 },
		{ "cURL error 77, then cURL error 7", TD153 },
		{ "SQLSTATE[HY000] [2002] Connection refused", TD153 },
		{ "由于目标计算机积极拒绝，无法连接。", TD153 },
		{ "Could not connect to Redis at 127.0.0.1:6379: Connection refused", TD153 },
		{ "connect() failed (111: Connection refused) while connecting to upstream", TD153 },
		{ "Connection to db:5432 refused. Check that the hostname and port are correct and that the postmaster is accepting TCP/IP connections.", TD153 },
		{ "net::ERR_CONNECTION_REFUSED", TD153 },
		{ "java.net.SocketTimeoutException: connect timed out", TD151 },
		{ "java.net.SocketTimeoutException: Connect timed out", TD151 },
		{ "java.net.ConnectException: Connection timed out", TD151 },
		{ "java.net.ConnectException: Connection timed out: connect", TD151 },
		{ "java.net.ConnectException: Connection timed out (Connection timed out)", TD151 },
		{ "org.apache.http.conn.ConnectTimeoutException: Connect to db:5432 [db/10.0.0.5] failed: connect timed out", TD151 },
		{ "io.netty.channel.ConnectTimeoutException: connection timed out: db/10.0.0.5:5432", TD151 },
		{ "java.net.http.HttpConnectTimeoutException: HTTP connect timed out", TD151 },
		{ "TimeoutError: [Errno 110] Connection timed out", TD151 },
		{ "[Errno 110]", TD151 },
		{ "socket.timeout: timed out", TD151 },
		{ "TimeoutError: timed out", TD151 },
		{ "requests.exceptions.ConnectTimeout: HTTPConnectionPool(host='10.0.0.5', port=80): Max retries exceeded with url: / (Caused by ConnectTimeoutError(<urllib3.connection.HTTPConnection object at 0x7f>, 'Connection to 10.0.0.5 timed out. (connect timeout=3)'))", TD151 },
		{ "dial tcp 10.0.0.5:80: i/o timeout", TD151 },
		{ "dial tcp 10.0.0.5:80: connect: connection timed out", TD151 },
		{ "context deadline exceeded", TD151 },
		{ "net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)", TD151 },
		{ "Error: connect ETIMEDOUT 10.0.0.5:443", TD151 },
		{ "AxiosError: timeout of 1000ms exceeded", TD151 },
		{ "ConnectTimeoutError: Connect Timeout Error (attempted address: 10.0.0.5:443, timeout: 10000ms)", TD151 },
		{ "UND_ERR_CONNECT_TIMEOUT", TD151 },
		{ "FetchError: request to http://10.0.0.5/ failed, reason: connect ETIMEDOUT 10.0.0.5:80", TD151 },
		{ "ESOCKETTIMEDOUT", TD151 },
		{ "The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing.", TD151 },
		{ "SocketException (110): Connection timed out", TD151 },
		{ "SocketException (10060): A connection attempt failed because the connected party did not properly respond after a period of time, or established connection failed because connected host has failed to respond.", TD151 },
		{ "cURL error 28: Connection timed out after 1001 milliseconds", TD151 },
		{ "cURL error 28: Failed to connect to 10.0.0.5 port 80 after 3001 ms: Timeout was reached", TD151 },
		{ "cURL error 28: Operation timed out after 3000 milliseconds with 0 bytes received", TD151 },
		{ "curl: (28) Failed to connect to 10.0.0.5 port 80 after 134 ms: Couldn't connect to server", TD151 },
		{ "upstream timed out (110: Connection timed out) while connecting to upstream", TD151 },
		{ "Operation timed out", TD151 },
		{ "连接超时", TD151 },
		{ "java.net.ConnectException: 连接超时", TD151 },
		{ "由于连接方在一段时间后没有正确答复或连接的主机没有反应，连接尝试失败。", TD151 },
		{ "net::ERR_CONNECTION_TIMED_OUT", TD151 },
		{ "SQLSTATE[HY000] [2002] Connection timed out", TD151 },
		{ "java.net.NoRouteToHostException: No route to host (Host unreachable)", TD151 },
		{ "java.net.ConnectException: Network is unreachable (connect failed)", TD151 },
		{ "OSError: [Errno 113] No route to host", TD151 },
		{ "[Errno 101]", TD151 },
		{ "dial tcp 10.0.0.5:80: connect: no route to host", TD151 },
		{ "dial tcp 10.0.0.5:80: connect: network is unreachable", TD151 },
		{ "dial tcp 10.0.0.5:80: connect: permission denied", TD151 },
		{ "dial tcp 10.0.0.5:80: connect: invalid argument", TD151 },
		{ "Error: connect EHOSTUNREACH 10.0.0.5:80", TD151 },
		{ "connect() failed (113: Host is unreachable) while connecting to upstream", TD151 },
		{ "connect() to 10.0.0.5:80 failed (101: Network is unreachable)", TD151 },
		{ "[WinError 10065] A socket operation was attempted to an unreachable host", TD151 },
		{ "[WinError 10051] A socket operation was attempted to an unreachable network", TD151 },
		{ "Os { code: 101, kind: NetworkUnreachable, message: \"Network is unreachable\" }", TD151 },
		{ "net::ERR_ADDRESS_UNREACHABLE", TD151 },
		{ "没有到主机的路由", TD151 },
		{ "网络不可达", TD151 },
		{ "java.net.SocketException: Connection reset", TD172 },
		{ "java.net.SocketException: Connection reset by peer", TD172 },
		{ "java.io.IOException: Connection reset by peer", TD172 },
		{ "java.io.IOException: Broken pipe", TD172 },
		{ "java.net.SocketException: Broken pipe (Write failed)", TD172 },
		{ "java.net.SocketException: Software caused connection abort: recv failed", TD172 },
		{ "ConnectionResetError: [Errno 104] Connection reset by peer", TD172 },
		{ "[Errno 104]", TD172 },
		{ "BrokenPipeError: [Errno 32] Broken pipe", TD172 },
		{ "('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))", TD172 },
		{ "http.client.RemoteDisconnected: Remote end closed connection without response", TD172 },
		{ "read tcp 10.0.0.2:1->10.0.0.5:80: read: connection reset by peer", TD172 },
		{ "write: broken pipe", TD172 },
		{ "Error: read ECONNRESET", TD172 },
		{ "Error: socket hang up", TD172 },
		{ "Error: write EPIPE", TD172 },
		{ "SocketException (104): Connection reset by peer", TD172 },
		{ "The response ended prematurely.", TD172 },
		{ "Unable to read data from the transport connection: Connection reset by peer.", TD172 },
		{ "Unable to read data from the transport connection: An existing connection was forcibly closed by the remote host.", TD172 },
		{ "[WinError 10054] An existing connection was forcibly closed by the remote host", TD172 },
		{ "cURL error 56: Recv failure: Connection reset by peer", TD172 },
		{ "recv() failed (104: Connection reset by peer) while reading response header from upstream", TD172 },
		{ "连接被对方重设", TD172 },
		{ "java.net.SocketException: 连接被对端重置", TD172 },
		{ "连接被对方重置", TD172 },
		{ "连接被重置", TD172 },
		{ "断开的管道", TD172 },
		{ "你的主机中的软件中止了一个已建立的连接。", TD172 },
		{ "远程主机强迫关闭了一个现有的连接。", TD172 },
		{ "net::ERR_CONNECTION_RESET", TD172 },
		{ "Get \"http://db/\": EOF", TD172 },
		{ "read tcp 10.0.0.2:1->10.0.0.5:80: unexpected EOF", TD172 },
		{ "unexpected EOF", TD172 },
		{ "cURL error 52: Empty reply from server", TD122 },
		{ "curl: (52) Empty reply from server", TD122 },
		{ "http: server closed idle connection", TD122 },
		{ "upstream prematurely closed connection while reading response header from upstream", TD122 },
		{ "org.apache.http.NoHttpResponseException: db:80 failed to respond", TD122 },
		{ "com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure", TD122 },
		{ "The last packet successfully received from the server was 3,600,000 milliseconds ago.", TD122 },
		{ "HikariPool-1 - Failed to validate connection (This connection has been closed.)", TD122 },
		{ "MySQL server has gone away", TD122 },
		{ "java.io.EOFException: SSL peer shut down incorrectly", TD122 },
		{ "Cannot send, channel has already failed: tcp://10.0.0.8:61616", TD123 },
		{ "HikariPool-1 - Connection is not available, request timed out after 30000ms.", TD123 },
		{ "java.net.SocketTimeoutException: Read timed out", TD131 },
		{ "read ETIMEDOUT", TD131 },
		{ "upstream timed out (110: Connection timed out) while reading response header from upstream", TD131 },
		{ "uWSGI listen queue of socket \"127.0.0.1:3031\" (fd: 3) full !!! (101/100)", TD131 },
		{ "client prematurely closed connection", TD132 },
		{ "TCP: out of memory -- consider tuning tcp_mem", TD143 },
		{ "TCP: too many orphaned sockets", TD143 },
		{ "TCP: request_sock_TCP: Possible SYN flooding on port 0.0.0.0:80. Sending cookies.", TD161 },
		{ "possible SYN flooding on port 80", TD161 },
		{ "nf_conntrack: nf_conntrack: table full, dropping packet", TD181 },
		{ "ip_conntrack: table full, dropping packet", TD181 },
		{ "nf_conntrack: table full", TD181 },
	};
	bool codes[CODES];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		codes_of_error(rows[i].text, codes);
		if (!codes[rows[i].code])
			fail_msg("\"%s\" does not lead to %s", rows[i].text, code_rows[rows[i].code].name);
	}
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
		cmocka_unit_test(each_alias),
		cmocka_unit_test(nothing_to_explain),
		cmocka_unit_test(each_code_is_in_the_man_page),
		cmocka_unit_test(messages),
		cmocka_unit_test(numbers_that_are_no_codes),
		cmocka_unit_test(numbers_that_are_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
