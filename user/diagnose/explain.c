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
	"                   cURL error 7: Failed to connect to 10.0.0.5 port 80: Cannot assign requested address\n"             \
	"  .NET             SocketException (99): Cannot assign requested address\n"                                            \
	"  Windows          No buffer space available (maximum connections reached?): connect (WSAENOBUFS, 10055)\n"            \
	"                   Only one usage of each socket address is normally permitted (WSAEADDRINUSE, 10048)\n"               \
	"                   there the settings are MaxUserPort and TcpTimedWaitDelay; they do not exist on Linux\n"             \
	"  zh-CN            无法分配请求的地址 · 无法指定被请求的地址 · 地址已在使用 · 没有可用的缓冲区空间(达到最大连接数?)\n"

#define BIND_ERRORS                                                                                                             \
	"  C                bind: Address already in use (EADDRINUSE, errno 98)\n"                                             \
	"  Java             java.net.BindException: Address already in use (Bind failed)\n"                                    \
	"  Python           OSError: [Errno 98] Address already in use\n"                                                      \
	"  Go               listen tcp :40051: bind: address already in use\n"                                                 \
	"                   dial tcp 10.0.0.2:0->10.0.0.5:80: bind: address already in use\n"                                  \
	"  Node             Error: listen EADDRINUSE: address already in use :::40051; Error: bind EADDRINUSE\n"               \
	"  .NET             SocketException (98): Address already in use\n"                                                    \
	"  PHP              stream_socket_server(): Unable to connect to tcp://0.0.0.0:40051 (Address already in use)\n"       \
	"  Windows          Only one usage of each socket address is normally permitted (WSAEADDRINUSE, 10048)\n"              \
	"  zh-CN            地址已在使用 · 端口被占用 · 通常每个套接字地址只允许使用一次\n"

#define FILES_ERRORS                                                                                                            \
	"  C                accept: Too many open files (EMFILE, errno 24); Too many open files in system (ENFILE, 23)\n"       \
	"  Java             java.net.SocketException: Too many open files; java.io.IOException: Too many open files\n"          \
	"  Python           OSError: [Errno 24] Too many open files\n"                                                          \
	"  Go               accept4: too many open files; socket: too many open files\n"                                        \
	"  Node             Error: EMFILE: too many open files\n"                                                               \
	"  .NET             SocketException (24): Too many open files\n"                                                        \
	"  PHP              failed to open stream: Too many open files\n"                                                       \
	"  Windows          An operation on a socket could not be performed: Too many open sockets (WSAEMFILE, 10024)\n"       \
	"  zh-CN            打开的文件过多 · 打开的文件太多\n"

#define REFUSED_ERRORS                                                                                                          \
	"  C                connect: Connection refused (ECONNREFUSED, errno 111)\n"                                            \
	"  Java             java.net.ConnectException: Connection refused (Connection refused)\n"                               \
	"  Python           ConnectionRefusedError: [Errno 111] Connection refused\n"                                           \
	"  Go               dial tcp 10.0.0.5:80: connect: connection refused\n"                                                \
	"  Node             Error: connect ECONNREFUSED 10.0.0.5:80\n"                                                          \
	"  .NET             SocketException (111): Connection refused\n"                                                        \
	"  PHP              stream_socket_client(): unable to connect (Connection refused)\n"                                   \
	"                   cURL error 7: Failed to connect to 10.0.0.5 port 80: Connection refused\n"                          \
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
	"  Windows          A connection attempt failed because the connected party did not properly respond (10060)\n"        \
	"  zh-CN            连接超时 · 连接方在一段时间后没有正确答复\n"

#define UNREACHABLE_ERRORS                                                                                                      \
	"  C                connect: No route to host (EHOSTUNREACH, errno 113); Network is unreachable (ENETUNREACH, 101)\n"  \
	"  Java             java.net.NoRouteToHostException: No route to host (Host unreachable)\n"                            \
	"                   java.net.ConnectException: Network is unreachable (connect failed)\n"                              \
	"  Python           OSError: [Errno 113] No route to host; OSError: [Errno 101] Network is unreachable\n"              \
	"  Go               dial tcp 10.0.0.5:80: connect: no route to host; connect: network is unreachable\n"                \
	"  Node             Error: connect EHOSTUNREACH 10.0.0.5:80; Error: connect ENETUNREACH 10.0.0.5:80\n"                 \
	"  .NET             SocketException (113): No route to host; SocketException (101): Network is unreachable\n"          \
	"  PHP              stream_socket_client(): unable to connect (No route to host)\n"                                    \
	"  Windows          A socket operation was attempted to an unreachable host (10065), to an unreachable network (10051)\n" \
	"                   Host is unreachable is what other systems say in place of No route to host\n"                      \
	"  zh-CN            没有到主机的路由 · 网络不可达 · 套接字操作尝试一个无法连接的主机 · 向一个无法连接的网络尝试了一个套接字操作\n"

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
	[TD104] = "A socket that is bound to an address and port 0 before connect() takes a port that no other socket on that address has: one pool\n"
		  "for all destinations together, while connect() alone needs a port that is free for one destination. And each such port is\n"
		  "blocked for every other connect(). Programs do it to choose their local address. IP_BIND_ADDRESS_NO_PORT leaves the choice\n"
		  "of the port to connect().\n\nErrors that lead here:\n" BIND_ERRORS,
	[TD105] = "Ports of the range (ip_local_port_range) are chosen for outgoing connections. When a service whose port lies in it is down for a\n"
		  "moment, a connection can get that port, and keeps it as long as it lives, TIME_WAIT included. Reserve the port.\n\n"
		  "Errors that lead here:\n" BIND_ERRORS,
	[TD111] = "A process opens many short connections to the same address and port. Each costs a round trip (three with TLS), and, where\n"
		  "it closes first, a local port for 60 s more. The reason is nearly always a client object that is made for each request: a\n"
		  "new HttpClient (Java, .NET), requests.get() without a Session (Python), an http.Agent without keepAlive (Node), a\n"
		  "response body that is not read to the end and closed (Go, Java), curl_init() a request (PHP), a database without a pool.\n\n"
		  "Errors that follow when it gets faster:\n" NO_PORT_ERRORS,
	[TD112] = "Who closes first has the TIME_WAIT. On the side that accepted the connection it holds no local port and no descriptor; a\n"
		  "thousand take about 250 KiB. There is nothing to repair unless tcp_max_tw_buckets is near. HTTP servers close first without\n"
		  "keep-alive, when its timeout is over, or after so many requests a connection.\n",
	[TD113] = "A network namespace may have so many sockets in TIME_WAIT. Beyond that connections end without one: a late segment of the old\n"
		  "connection can then reach a new one with the same ports, and a peer whose last segment was lost gets a reset. The kernel logs\n"
		  "\"TCP: time wait bucket table overflow\".\n",
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
	[TD123] = "Connections on which data waits that the program does not read, and connections that it does not accept: it is busy, blocked or\n"
		  "dead. CLOSE_WAIT comes then from clients that gave up. It is no leak: the program would close them if it went on. Look at\n"
		  "its threads: a lock, a database that does not answer, garbage collection, a full disk.\n\nWhat clients see:\n" TIMEOUT_ERRORS
		  "  Java (JMS)       Cannot send, channel has already failed\n",
	[TD124] = "A process may have only so many descriptors (nofile). At the limit accept(), socket() and open() fail. See first what they\n"
		  "are: connections in CLOSE_WAIT are a leak (TD121), and a higher limit only makes it take longer.\n\n"
		  "Errors that lead here:\n" FILES_ERRORS,
	[TD131] = "The kernel finishes handshakes by itself and queues the connections until the program calls accept(). The queue holds as many as\n"
		  "listen() asked for, capped by net.core.somaxconn at that time. When it is full, SYNs and the last segments of handshakes are\n"
		  "dropped: clients try again after a second, two, four, and see a slow connect or a timeout. A program that\n"
		  "hangs, or all of whose workers are busy, may never fill it: its clients wait, connected, for an answer that does not come.\n\n"
		  "What clients see:\n" TIMEOUT_ERRORS RESET_ERRORS "What the service logs:\n  uWSGI            listen queue of socket \"127.0.0.1:3031\" full\n",
	[TD132] = "The kernel finishes handshakes by itself and queues the connections until the program calls accept(). These clients have\n"
		  "closed while they waited: the program accepts more slowly than clients come, or is stuck. They are in CLOSE_WAIT and belong\n"
		  "to no process yet; when the program accepts one, it finds a request and nobody to answer to.\n\n"
		  "What the clients saw:\n" TIMEOUT_ERRORS
		  "What a service logs that accepts them late:\n  nginx            client prematurely closed connection (status 499)\n",
	[TD141] = "FIN_WAIT2: this side has closed or shut down, the peer acknowledged and does not close. A socket that a process still has\n"
		  "(shutdown() without close()) stays so for ever; tcp_fin_timeout ends only those that no process has. The cause is at the\n"
		  "peer: there the same connection is in CLOSE_WAIT.\n",
	[TD142] = "FIN_WAIT1, LAST_ACK and CLOSING wait for the peer's host to acknowledge our end of the connection. Many that are older than a\n"
		  "few seconds mean that this host is gone or filtered, or that the peer does not read and its window is closed. The kernel\n"
		  "sends again for minutes (tcp_orphan_retries for sockets without a process), then gives up.\n",
	[TD143] = "Orphans are sockets that no process has and that still have something to send or to hear. There may be tcp_max_orphans of them on\n"
		  "the whole machine; and all queues of TCP together may take tcp_mem pages. Near the limits the kernel resets connections and\n"
		  "logs \"TCP: too many orphaned sockets\" or \"TCP: out of memory\".\n\nErrors that lead here:\n" RESET_ERRORS,
	[TD151] = "SYN_SENT: connect() was called and nothing came back, not even a refusal. The host is down, the address wrong, or a packet\n"
		  "filter drops what goes there; or its accept queue is full, so that it drops SYNs. By default the kernel tries for 127 s\n"
		  "(tcp_syn_retries 6). One that waits for long is told as a note: a service with one connection to its broker or database\n"
		  "has no second one to show. Or the network says that it can't be reached (EHOSTUNREACH): nobody has that address, or a\n"
		  "router or packet filter rejects.\n\n"
		  "A route of this machine refuses at once: ENETUNREACH (there is none), EHOSTUNREACH (unreachable), EACCES, Permission denied\n"
		  "(prohibit), EINVAL, Invalid argument (blackhole). Such a connect() enters no state. It is seen only where a function hook\n"
		  "tells of it (\"no route\" of tcpdwell check); \"ip route get ADDRESS\" always says it.\n\n"
		  "Errors that lead here:\n" TIMEOUT_ERRORS UNREACHABLE_ERRORS,
	[TD152] = "One process connects to very many different addresses or ports in a few seconds, as a scanner does; so do crawlers,\n"
		  "monitoring, and peer-to-peer programs. If nobody knows the program, find out who started it.\n",
	[TD153] = "The other host answers each SYN with a reset: nothing listens on that port, or a packet filter rejects.\n\n"
		  "Errors that lead here:\n" REFUSED_ERRORS,
	[TD161] = "SYNs come and their handshakes are not finished: a SYN flood, or clients whose answers get lost (a route or packet filter for one\n"
		  "direction only). With SYN cookies real clients still get through. The kernel logs \"Possible SYN flooding on port\".\n"
		  "Many clients that finish their handshakes are load, not a flood.\n\nWhat clients see:\n" TIMEOUT_ERRORS,
	[TD162] = "Most connections to a service come from one address: a client without a pool, a load balancer, a proxy or NAT that opens\n"
		  "one for each request. Its ports towards this service are limited as in TD101. TIME_WAIT here does not refuse its next\n"
		  "connection from the same port (a newer sequence number or timestamp takes it over), so nothing fails here. It is no flood.\n",
	[TD171] = "A connection on which nothing moves looks the same whether its peer is there or not: a host that lost its power says nothing, a\n"
		  "packet filter forgets. Only keepalive or a timeout of the program finds out. Without either, descriptors stay open for ever\n"
		  "and the first request after a long pause fails.\n\nErrors that lead here:\n" RESET_ERRORS TIMEOUT_ERRORS,
	[TD172] = "A connection that is closed while data that came was not read, or with SO_LINGER and 0 seconds, ends with a reset in place of\n"
		  "FIN. The peer gets an error, and loses what was on its way. There is no TIME_WAIT then, which is why some programs do it.\n\n"
		  "What the peer sees:\n" RESET_ERRORS,
	[TD181] = "With NAT or a stateful packet filter the kernel tracks each connection, also for a while after its end. When the table is full\n"
		  "packets of new connections are dropped, and it logs \"nf_conntrack: table full, dropping packet\". Clients see timeouts.\n\n"
		  "What clients see:\n" TIMEOUT_ERRORS,
	[TD191] = "Settings that are often advised, where they differ from Linux's own: what each does on this kernel and what it does not.\n\n"
		  "  tcp_tw_recycle        gone since Linux 4.12; before, it broke clients behind NAT\n"
		  "  tcp_tw_reuse          for connections that this machine opens; 2, the default, on loopback alone\n"
		  "  tcp_fin_timeout       FIN_WAIT2 of closed sockets; never TIME_WAIT, which lasts 60 s\n"
		  "  tcp_max_tw_buckets    lowered it hides TIME_WAIT and takes the protection away\n"
		  "  tcp_keepalive_*       sockets with SO_KEEPALIVE alone; a leaked CLOSE_WAIT only once the peer's end is gone\n"
		  "  nofile                descriptors (\"Too many open files\"), not ports\n"
		  "  somaxconn             the largest backlog that listen() gets, when it is called\n"
		  "  tcp_max_syn_backlog   handshakes that are not finished; not CLOSE_WAIT\n"
		  "  MaxUserPort, TcpTimedWaitDelay   are of Windows\n",
};

const char *code_explanation(unsigned int code)
{
	return explanations[code];
}
