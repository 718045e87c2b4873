// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The long text of each code. The errors are as programs print them, so that who searches for one finds it. */
#include "diagnose/codes.h"

#define NO_PORT_ERRORS                                                                                                          \
	"  C, Go            connect: Cannot assign requested address (EADDRNOTAVAIL, errno 99)\n"                               \
	"  Java             java.net.NoRouteToHostException: Cannot assign requested address\n"                                 \
	"                   java.net.ConnectException: Cannot assign requested address (connect failed)\n"                      \
	"                   java.net.BindException: Address already in use: connect\n"                                          \
	"  Python           OSError: [Errno 99] Cannot assign requested address\n"                                              \
	"  Node             Error: connect EADDRNOTAVAIL 10.0.0.5:443 - Local (0.0.0.0:0)\n"                                    \
	"  PHP              Warning: fsockopen(): Unable to connect (Cannot assign requested address)\n"                        \
	"  .NET             SocketException (99): Cannot assign requested address\n"                                            \
	"  Windows          No buffer space available (maximum connections reached?): connect (WSAENOBUFS, 10055)\n"            \
	"                   Only one usage of each socket address is normally permitted (WSAEADDRINUSE, 10048)\n"               \
	"                   there the settings are MaxUserPort and TcpTimedWaitDelay; they do not exist on Linux\n"             \
	"  zh-CN            无法分配请求的地址 · 地址已在使用 · 没有可用的缓冲区空间(达到最大连接数?)\n"

#define FILES_ERRORS                                                                                                            \
	"  C                accept: Too many open files (EMFILE, errno 24)\n"                                                   \
	"  Java             java.net.SocketException: Too many open files; java.io.IOException: Too many open files\n"          \
	"  Python           OSError: [Errno 24] Too many open files\n"                                                          \
	"  Go               accept4: too many open files; socket: too many open files\n"                                        \
	"  Node             Error: EMFILE: too many open files\n"                                                               \
	"  .NET             SocketException (24): Too many open files\n"                                                        \
	"  PHP              failed to open stream: Too many open files\n"                                                       \
	"  zh-CN            打开的文件过多 · 打开的文件太多\n"

#define REFUSED_ERRORS                                                                                                          \
	"  C                connect: Connection refused (ECONNREFUSED, errno 111)\n"                                            \
	"  Java             java.net.ConnectException: Connection refused (Connection refused)\n"                               \
	"  Python           ConnectionRefusedError: [Errno 111] Connection refused\n"                                           \
	"  Go               dial tcp 10.0.0.5:80: connect: connection refused\n"                                                \
	"  Node             Error: connect ECONNREFUSED 10.0.0.5:80\n"                                                          \
	"  .NET             SocketException (111): Connection refused\n"                                                        \
	"  PHP              stream_socket_client(): unable to connect (Connection refused)\n"                                   \
	"  Windows          No connection could be made because the target machine actively refused it (10061)\n"               \
	"  zh-CN            拒绝连接 · 由于目标计算机积极拒绝,无法连接\n"

#define TIMEOUT_ERRORS                                                                                                          \
	"  C                connect: Connection timed out (ETIMEDOUT, errno 110)\n"                                             \
	"  Java             java.net.SocketTimeoutException: connect timed out; Connection timed out\n"                         \
	"  Python           TimeoutError: [Errno 110] Connection timed out; requests.exceptions.ConnectTimeout\n"               \
	"  Go               dial tcp 10.0.0.5:80: i/o timeout; context deadline exceeded\n"                                     \
	"  Node             Error: connect ETIMEDOUT 10.0.0.5:80\n"                                                             \
	"  .NET             TaskCanceledException: The request was canceled due to the configured HttpClient.Timeout\n"         \
	"  PHP              cURL error 28: Connection timed out\n"                                                              \
	"  zh-CN            连接超时\n"

#define RESET_ERRORS                                                                                                            \
	"  C                Connection reset by peer (ECONNRESET, errno 104); Broken pipe (EPIPE, errno 32)\n"                  \
	"  Java             java.net.SocketException: Connection reset; java.io.IOException: Broken pipe\n"                     \
	"  Python           ConnectionResetError: [Errno 104] Connection reset by peer; BrokenPipeError\n"                      \
	"  Go               read: connection reset by peer; write: broken pipe\n"                                               \
	"  Node             Error: read ECONNRESET; Error: socket hang up\n"                                                    \
	"  .NET             The response ended prematurely; SocketException (104): Connection reset by peer\n"                  \
	"  PHP              cURL error 56: Recv failure: Connection reset by peer\n"                                            \
	"  Windows          An existing connection was forcibly closed by the remote host (10054)\n"                            \
	"  zh-CN            连接被对方重设 · 远程主机强迫关闭了一个现有的连接 · 断开的管道\n"

static const char *const explanations[CODES] = {
	[TD101] = "connect() needs a local port that is free for this local address, remote address and remote port. All that there are\n"
		  "are taken: by connections in TIME_WAIT (each for 60 s after its end, on the side that closed first), by open ones, or by\n"
		  "ones that their program forgot to close (CLOSE_WAIT). Another destination has ports of its own, so other services may be\n"
		  "reached well; and the process that fails need not be the one that holds the ports.\n\n"
		  "A destination bears (ports of the range) / (60 s + time a connection is open) connections a second for ever: 470 with\n"
		  "Linux's own range. A pool or keep-alive removes the limit; a wider range, one more address, or tcp_tw_reuse=1 moves it.\n\n"
		  "Errors that lead here:\n" NO_PORT_ERRORS,
	[TD102] = "connect() looks for a free local port among those of one parity first, and among the others when none of these is free.\n"
		  "From half of the range on each connect() walks through all of the used half: hundreds of microseconds of CPU in place of\n"
		  "a few, for every process that connects there. It is the first sign that ports are going to run out (TD101, TD103).\n",
	[TD103] = "Connections to this destination are opened faster than their ports come back. The forecast takes the rate of the last ten\n"
		  "seconds, the time until each port in TIME_WAIT is free again, and the connections that stay open.\n\n"
		  "What happens then is TD101. Errors that lead here:\n" NO_PORT_ERRORS,
	[TD111] = "A process opens many short connections to the same address and port. Each costs a round trip (three with TLS), and, where\n"
		  "it closes first, a local port for 60 s more. The reason is nearly always a client object that is made for each request: a\n"
		  "new HttpClient (Java, .NET), requests.get() without a Session (Python), an http.Agent without keepAlive (Node), a\n"
		  "response body that is not read to the end and closed (Go, Java), curl_init() a request (PHP), a database without a pool.\n\n"
		  "Errors that follow when it gets faster:\n" NO_PORT_ERRORS,
	[TD112] = "Who closes first has the TIME_WAIT. On the side that accepted the connection it holds no local port and no descriptor; a\n"
		  "thousand take about 250 KiB. There is nothing to repair unless tcp_max_tw_buckets is near. HTTP servers close first without\n"
		  "keep-alive, when its timeout is over, or after so many requests a connection.\n",
	[TD121] = "CLOSE_WAIT: the peer has closed, and the kernel waits for the program to close its side. Nothing else ends this state: no\n"
		  "timeout, no setting. Sockets come all the time and none leaves, so the program lost them: an error path without close(), a\n"
		  "response that is not closed, a connection that a pool forgot. Each keeps a descriptor, memory and, in a client, a local port.\n"
		  "\"leaks\" lists them with descriptors and ages.\n\n"
		  "With SO_KEEPALIVE the kernel ends it once the peer's end is gone and a probe is answered by a reset; the descriptor stays.\n\n"
		  "Errors that lead here:\n" FILES_ERRORS "  Java (JMS)       Cannot send, channel has already failed\n" NO_PORT_ERRORS,
	[TD122] = "A pool keeps idle connections. Their peers have closed them (idle timeout, restart), and the pool does not look before the\n"
		  "next use: they stay in CLOSE_WAIT, as many as there were. It is no leak, but the next request over one of them fails.\n\n"
		  "Errors that lead here:\n" RESET_ERRORS
		  "  Java             org.apache.http.NoHttpResponseException: failed to respond\n",
	[TD124] = "A process may have only so many descriptors (nofile). At the limit accept(), socket() and open() fail. See first what they\n"
		  "are: connections in CLOSE_WAIT are a leak (TD121), and a higher limit only makes it take longer.\n\n"
		  "Errors that lead here:\n" FILES_ERRORS,
	[TD132] = "The kernel finishes handshakes by itself and queues the connections until the program calls accept(). These clients have\n"
		  "closed while they waited: the program accepts more slowly than clients come, or is stuck. They are in CLOSE_WAIT and belong\n"
		  "to no process yet; when the program accepts one, it finds a request and nobody to answer to.\n\n"
		  "What the clients saw:\n" TIMEOUT_ERRORS,
	[TD141] = "FIN_WAIT2: this side has closed or shut down, the peer acknowledged and does not close. A socket that a process still has\n"
		  "(shutdown() without close()) stays so for ever; tcp_fin_timeout ends only those that no process has. The cause is at the\n"
		  "peer: there the same connection is in CLOSE_WAIT.\n",
	[TD142] = "FIN_WAIT1, LAST_ACK and CLOSING wait for the peer's host to acknowledge our end of the connection. Many that are older than a\n"
		  "few seconds mean that this host is gone or filtered, or that the peer does not read and its window is closed. The kernel\n"
		  "sends again for minutes (tcp_orphan_retries for sockets without a process), then gives up.\n",
	[TD151] = "SYN_SENT: connect() was called and nothing came back, not even a refusal. The host is down, the address wrong, or a packet\n"
		  "filter drops what goes there; or its accept queue is full, so that it drops SYNs. By default the kernel tries for 127 s\n"
		  "(tcp_syn_retries 6).\n\nErrors that lead here:\n" TIMEOUT_ERRORS,
	[TD152] = "One process connects to very many different addresses or ports in a few seconds, as a scanner does; so do crawlers,\n"
		  "monitoring, and peer-to-peer programs. If nobody knows the program, find out who started it.\n",
	[TD153] = "The other host answers each SYN with a reset: nothing listens on that port, or a packet filter rejects.\n\n"
		  "Errors that lead here:\n" REFUSED_ERRORS,
	[TD162] = "Most connections to a service come from one address: a load balancer, a proxy or NAT that opens one for each request. Its\n"
		  "ports towards this service are limited as in TD101. TIME_WAIT here does not refuse its next connection from the same port\n"
		  "(a newer sequence number or timestamp takes it over), so nothing fails here. It is no flood.\n",
	[TD172] = "A connection that is closed while data that came was not read, or with SO_LINGER and 0 seconds, ends with a reset in place of\n"
		  "FIN. The peer gets an error, and loses what was on its way. There is no TIME_WAIT then, which is why some programs do it.\n\n"
		  "What the peer sees:\n" RESET_ERRORS,
};

const char *code_explanation(unsigned int code)
{
	return explanations[code];
}
