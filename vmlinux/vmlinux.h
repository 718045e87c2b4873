/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel types that tcpdwell reads, and of each only the fields that it reads. Offsets are not taken from here:
 * preserve_access_index makes libbpf look each field up in the running kernel's BTF when the program is loaded.
 * What differs between kernels is marked here and handled in bpf/compat.bpf.h.
 */
#ifndef TCPDWELL_VMLINUX_H
#define TCPDWELL_VMLINUX_H
#define __VMLINUX_H__ /* tells bpf_tracing.h which register names pt_regs has */

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u16 __be16;
typedef __u16 __le16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u16 __sum16;
typedef __u32 __wsum;
typedef __u8 u8;
typedef __u16 u16;
typedef __s32 s32;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;
typedef _Bool bool;
enum { false = 0, true = 1 };

/* Interfaces that never change, not subject to relocation. */
enum tcp_state {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT,
	TCP_SYN_RECV,
	TCP_FIN_WAIT1,
	TCP_FIN_WAIT2,
	TCP_TIME_WAIT,
	TCP_CLOSE,
	TCP_CLOSE_WAIT,
	TCP_LAST_ACK,
	TCP_LISTEN,
	TCP_CLOSING,
	TCP_NEW_SYN_RECV,
};
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
};
enum { BPF_ANY = 0, BPF_NOEXIST = 1, BPF_EXIST = 2 };
enum { BPF_F_NO_PREALLOC = 1 };
enum { BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };
enum { BPF_RB_AVAIL_DATA = 0, BPF_RB_RING_SIZE = 1 };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* Values are looked up by name where the kernel has them. */
enum bpf_func_id {
	BPF_FUNC_get_current_task_btf = 158, /* 5.11 */
};

struct proc_ns_operations;

struct ns_common {
	const struct proc_ns_operations *ops;
	unsigned int inum;
};

typedef struct {
	int counter;
} atomic_t;

typedef struct refcount_struct {
	atomic_t refs;
} refcount_t;

struct hlist_nulls_node {
	struct hlist_nulls_node *next, **pprev;
};

struct hlist_nulls_head {
	struct hlist_nulls_node *first;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

struct list_head {
	struct list_head *next, *prev;
};

struct inet_ehash_bucket {
	struct hlist_nulls_head chain;
};

struct net;

typedef struct {
	struct net *net;
} possible_net_t;

/* What binds a port in a namespace. fastreuse and fastreuseport are -1 where only connect() has chosen it. */
struct inet_bind_bucket {
	possible_net_t ib_net;
	int l3mdev;
	unsigned short port;
	signed char fastreuse;
	signed char fastreuseport;
	struct hlist_node node;
};

struct inet_bind_hashbucket {
	struct hlist_head chain;
};

struct inet_hashinfo {
	struct inet_ehash_bucket *ehash;
	unsigned int ehash_mask;
	struct inet_bind_hashbucket *bhash;
	unsigned int bhash_size;
	unsigned int lhash2_mask;
	struct inet_listen_hashbucket *lhash2;
	bool pernet; /* since 6.1, when a namespace may have one of its own */
};

/* Listening sockets by address and port. */
struct inet_listen_hashbucket {
	struct hlist_nulls_head nulls_head; /* of sockets' icsk_listen_portaddr_node before 5.19, of their skc_nulls_node since */
};

/* tw_refcount (timewait sockets + 1) from 5.17 on; before, tw_count (timewait sockets). */
struct inet_timewait_death_row {
	refcount_t tw_refcount;
	struct inet_hashinfo *hashinfo;
	int sysctl_max_tw_buckets;
};

struct inet_timewait_death_row___5_10 {
	atomic_t tw_count;
};

/* One number from 6.8 on, high << 16 | low; two before. */
struct local_ports {
	u32 range;
};

struct local_ports___5_10 {
	int range[2];
};

/* tcp_death_row is a pointer in some kernels around 5.18-6.0. */
struct netns_ipv4 {
	struct inet_timewait_death_row tcp_death_row;
	struct local_ports ip_local_ports;
	u8 sysctl_tcp_tw_reuse; /* ints before 5.11; their first byte is what we read */
	u8 sysctl_tcp_timestamps;
	unsigned int sysctl_tcp_tw_reuse_delay; /* 6.14 */
	int sysctl_tcp_fin_timeout;
	u32 sysctl_ip_local_port_step_width; /* 7.x */
	unsigned long *sysctl_local_reserved_ports;
};

struct netns_core {
	int sysctl_somaxconn;
};

struct net {
	u32 hash_mix;
	struct netns_core core;
	struct list_head list;
	u64 net_cookie; /* 5.12; another type before, and given only to those that were asked for it */
	struct ns_common ns;
	struct netns_ipv4 ipv4;
};

struct in6_addr {
	union {
		__u8 u6_addr8[16];
		__be32 u6_addr32[4];
	} in6_u;
};

struct sock;

struct sock_common {
	union {
		u64 skc_addrpair;
		struct {
			__be32 skc_daddr;
			__be32 skc_rcv_saddr;
		};
	};
	union {
		unsigned int skc_hash;
	};
	union {
		u32 skc_portpair;
		struct {
			__be16 skc_dport;
			__u16 skc_num;
		};
	};
	unsigned short skc_family;
	volatile unsigned char skc_state;
	unsigned char skc_reuse: 4;
	unsigned char skc_reuseport: 1;
	int skc_bound_dev_if;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	union {
		unsigned long skc_flags;
		struct sock *skc_listener; /* of a request */
	};
	union {
		struct hlist_nulls_node skc_nulls_node;
	};
};

struct kernfs_node {
	struct kernfs_node *parent; /* __parent from 6.15 on */
	const char *name;
	u64 id;
};

struct kernfs_node___6_15 {
	struct kernfs_node *__parent;
};

struct cgroup {
	struct kernfs_node *kn;
};

/* cgroup from 5.15 on; before, a tagged u64 val. */
struct sock_cgroup_data {
	struct cgroup *cgroup;
};

struct sock_cgroup_data___5_10 {
	u64 val;
};

typedef struct {
	int owned;
} socket_lock_t;

struct cred {
	void *security;
};

struct inode {
	unsigned short i_mode;
};

struct file {
	void *private_data;
	struct inode *f_inode;
	const struct cred *f_cred;
};

struct socket {
	struct file *file;
	struct sock *sk;
};

struct timer_list {
	struct hlist_node entry;
	unsigned long expires;
	void (*function)(struct timer_list *);
};

struct sock {
	struct sock_common __sk_common;
	int sk_err;
	struct socket *sk_socket;
	socket_lock_t sk_lock;
	u16 sk_protocol;
	u8 sk_shutdown;
	u8 sk_userlocks : 4; /* a byte of its own from 6.18 on */
	unsigned long sk_lingertime;
	struct timer_list sk_timer; /* keepalive; of retransmissions in 7.x, see inet_connection_sock___7 */
	atomic_t sk_drops;
	u32 sk_ack_backlog, sk_max_ack_backlog;
	struct sock_cgroup_data sk_cgrp_data;
};

struct inet_sock {
	struct sock sk;
	__be32 inet_saddr;
	__be16 inet_sport;
	u32 local_port_range; /* last << 16 | first, from 6.8 on */
};

struct inet_sock___6_3 {
	struct {
		__u16 lo, hi;
	} local_port_range;
};

struct request_sock {
	struct sock_common __req_common;
	struct request_sock *dl_next;
	struct sock *sk;
};

struct request_sock_queue {
	atomic_t qlen;
	struct request_sock *rskq_accept_head;
};

struct tcp_request_sock {
	u64 snt_synack; /* microseconds; 0 = the SYN was answered by a cookie */
};

struct inet_connection_sock {
	struct request_sock_queue icsk_accept_queue;
	struct inet_bind_bucket *icsk_bind_hash;
	__u8 icsk_retransmits;
	__u8 icsk_pending;
	__u8 icsk_probes_out;
	struct {
		__u32 lrcvtime;
	} icsk_ack;
};

struct inet_connection_sock___7 {
	struct timer_list icsk_keepalive_timer;
};

/* Before 5.19. */
struct inet_connection_sock___5_10 {
	struct hlist_node icsk_listen_portaddr_node;
};

struct tcp_sock {
	int linger2;
	u32 copied_seq, rcv_nxt;
	u32 write_seq, snd_nxt, snd_una;
	u32 lsndtime;
	u32 packets_out;
	u64 tcp_wstamp_ns;
	u32 total_retrans;
	u8 fastopen_connect : 1;
};

struct inet_timewait_sock {
	struct sock_common __tw_common;
	volatile unsigned char tw_substate;
	__be16 tw_sport;
	unsigned int tw_connect_bind : 1; /* 6.18 */
	struct inet_bind_bucket *tw_tb;
	struct timer_list tw_timer;
};

struct tcp_timewait_sock {
	struct inet_timewait_sock tw_sk;
	int tw_ts_recent_stamp; /* a long in older kernels, of which these are the lower bytes */
};

struct pid_namespace {
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
	int next_fd;
};

struct signal_struct {
	atomic_t live;
};

struct nsproxy {
	struct net *net_ns;
};

struct task_struct {
	unsigned int flags;
	int pid;
	int tgid;
	u64 start_boottime; /* real_start_time before 5.5 */
	struct task_struct *group_leader;
	struct pid *thread_pid;
	const struct cred *cred;
	char comm[16];
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct css_set *cgroups;
};

struct linux_binprm;

struct net_device {
	possible_net_t nd_net;
};

struct sk_buff {
	struct net_device *dev;
	__be16 protocol;
	__u16 transport_header;
	__u16 network_header;
	unsigned char *head;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 seq_num;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	u32 fd;
	struct file *file;
};

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
};

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	void *key;
	void *value;
};

struct kallsym_iter {
	__s64 pos;
};

struct bpf_iter__ksym {
	struct bpf_iter_meta *meta;
	struct kallsym_iter *ksym;
};

#pragma clang attribute pop

/* Program contexts that only the BPF_KPROBE macros look into; laid out by the architecture's ABI. */
#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di;
	unsigned long orig_ax, ip, cs, flags, sp, ss;
};
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
	__u64 regs[31], sp, pc, pstate;
};
struct pt_regs {
	struct user_pt_regs user_regs;
};
#endif

#endif
