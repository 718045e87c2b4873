/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Socket operations that an actor performs, each with the same shape, so that a director can have any
 * process of its life perform any of them: long op(long, long, long), a negative errno on failure.
 * Pointers (addresses as text) stay valid across fork.
 */
#ifndef SCENARIOS_NET_H
#define SCENARIOS_NET_H

#include <stdbool.h>
#include <stddef.h>

/* Raises `lo` in the caller's network namespace. */
int net_lo_up(void);
/*
 * From now on each `lo` that is raised is a network that is far and bad: netem delays by 10 ms, loses 2 %, sends 2 % twice and 10 % ahead
 * of those before. -errno where the kernel has no netem, of the caller's own `lo`, which it tries it with.
 */
int net_make_bad(void);
bool net_is_bad(void);
/* Packets over the caller's `lo` are so late, and nothing else: an interrupt brings them. -errno where the kernel has no netem. */
int net_make_late(long us);
/* Gives `lo` an address of its own, and routes one that no one owns over it (network byte order). */
int net_route_peer(unsigned int own_be, unsigned int peer_be);
/* Writes /proc/sys/net/ipv4/NAME of the caller's network namespace. -ENOENT: this kernel lacks it. */
int net_sysctl(const char *name, const char *value);
/* Reads one, without its newline. */
int net_sysctl_read(const char *name, char *value, size_t size);
/* The inode number of a process's network namespace, 0 on failure. */
unsigned long net_inode(int pid);

/* (const char *addr, port, backlog) -> descriptor. "::" takes IPv4 as well. */
long op_listen(long addr, long port, long backlog);
/* The same with SO_REUSEPORT. */
long op_listen_shared(long addr, long port, long backlog);
/* (const char *addr, port, source port or 0) -> descriptor, connected. */
long op_connect(long addr, long port, long source_port);
/* As op_connect, and does not wait for the handshake. */
long op_connect_start(long addr, long port, long source_port);
/* -> descriptor of an IPv4 socket that is bound to nothing */
long op_socket(long unused1, long unused2, long unused3);
/* (descriptor, const char *addr, port) */
long op_connect_again(long fd, long addr, long port);
/* (listener) -> descriptor */
long op_accept(long fd, long unused1, long unused2);
/* (descriptor, bytes): all of them, or -errno */
long op_send(long fd, long bytes, long unused);
/* (descriptor, bytes): reads until so many came; 0 bytes wanted: until EOF. -> bytes read */
long op_recv(long fd, long bytes, long unused);
/* Waits until there is something to read, and leaves it there. */
long op_wait_readable(long fd, long unused1, long unused2);
long op_shutdown_write(long fd, long unused1, long unused2);
/* Is there something to read, or a connection to accept? 1 or 0 */
long op_is_readable(long fd, long unused1, long unused2);
/* -> the lowest free descriptor */
long op_dup(long fd, long unused1, long unused2);
long op_keep_on_exec(long fd, long unused1, long unused2);
long op_close(long fd, long unused1, long unused2);
/* connect(AF_UNSPEC) */
long op_disconnect(long fd, long unused1, long unused2);
/* SO_LINGER { 1, 0 }: the next close is an abort */
long op_linger_zero(long fd, long unused1, long unused2);
/* (descriptor, TCP option, int value) */
long op_tcp_option(long fd, long option, long value);
/* -> the socket's own port */
long op_port(long fd, long unused1, long unused2);
/* -> the state in TCP_INFO */
long op_tcp_state(long fd, long unused1, long unused2);
/* Destroys a socket as an administrator would: (local port, remote port, TCP state), 127.0.0.1 both ends. */
long op_sock_destroy(long local_port, long remote_port, long state);

/*
 * Descriptors over a pair of Unix sockets: () -> both ends in one number, the second << 16; (end, descriptor); (end) ->
 * descriptor
 */
long op_socketpair(long unused1, long unused2, long unused3);
long op_send_fd(long channel, long fd, long unused);
long op_receive_fd(long channel, long unused1, long unused2);

#endif
