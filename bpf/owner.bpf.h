/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who a socket belongs to. Processes are taken only where the running task is the one that acts.
 *
 * accept() has no tracepoint, and hooks that run for each read cost 3 % of keep-alive traffic. But accept() opens a file,
 * and the file keeps the credentials object of its opener (f_cred). That object is one process's own: fork copies it,
 * only threads share it, and the file's reference keeps its address from being used again. So a task whose `cred` is
 * that very object is the process that accepted, whenever and in whatever context we look.
 */
#ifndef TCPDWELL_OWNER_BPF_H
#define TCPDWELL_OWNER_BPF_H

#include "cgroup.bpf.h"
#include "compat.bpf.h"
#include "config.bpf.h"
#include "endpoint.bpf.h"
#include "maps.bpf.h"

#define PID_NAMESPACE_DEPTH_MAX 32
#define SOCK_DEAD 0 /* bit of sk_flags: closed by its last user */

static __always_inline struct upid *upid_at(struct pid *pid, __u32 level)
{
	return (void *)pid + bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid);
}

/* PID in our own PID namespace and in the process's innermost one. */
static __always_inline void pids_read(struct process *process, struct task_struct *leader)
{
	struct pid *pid = READ(leader, thread_pid);
	__u32 level = READ(pid, level), i;

	process->pid = own_pid_namespace ? 0 : READ(leader, tgid);
	if (level >= PID_NAMESPACE_DEPTH_MAX)
		return;
	process->ns_pid = READ(upid_at(pid, level), nr);
	if (!own_pid_namespace)
		return;
	for (i = 0; i < PID_NAMESPACE_DEPTH_MAX && i <= level; i++)
		if (READ(upid_at(pid, i), ns, ns.inum) == own_pid_namespace)
			process->pid = READ(upid_at(pid, i), nr);
}

static __always_inline __u64 cgroup_id_of(bool is_current, struct task_struct *task)
{
	__u64 id = is_current ? bpf_get_current_cgroup_id() : 0;

	return cgroup_is_told(id) ? id : cgroup_named((__u64)READ(task, cgroups, dfl_cgrp, kn));
}

static __always_inline __u64 credentials_of(struct task_struct *task)
{
	return (__u64)READ(task, cred);
}

static __always_inline bool is_kernel_thread(bool trusted, struct task_struct *task)
{
	return FIELD(trusted, task, flags) & PF_KTHREAD;
}

/* What of the running task is a pointer. Global functions: the verifier goes through them once and not for each way that leads here. */
__noinline __u64 current_leader(void)
{
	struct task_struct *task = compat_current_task();

	return address_of(POINTER_FIELD(CURRENT_IS_TRUSTED, task, group_leader));
}

/* 0: a kernel thread */
__noinline __u64 current_credentials(void)
{
	struct task_struct *task = compat_current_task();

	return is_kernel_thread(CURRENT_IS_TRUSTED, task) ? 0 : address_of(POINTER_FIELD(CURRENT_IS_TRUSTED, task, cred));
}

static __always_inline void comm_read(char comm[COMM_BYTES], struct task_struct *task)
{
	void *from = (void *)task + bpf_core_field_offset(struct task_struct, comm);

	if (compat_casts() == CASTS_UNTYPED) {
		((__u64 *)comm)[0] = compat_word(from);
		((__u64 *)comm)[1] = compat_word(from + 8);
	} else {
		bpf_probe_read_kernel(comm, COMM_BYTES, from);
	}
}

static __always_inline void process_of_task(bool is_current, struct process *process, struct task_struct *task)
{
	struct task_struct *leader = is_current ? (void *)current_leader() : READ(task, group_leader);

	process->start_ns = READ(leader, start_boottime);
	comm_read(process->comm, leader);
	process->cgroup_id = cgroup_id_of(is_current, task);
	if (!own_pid_namespace && READ(leader, thread_pid, level) == 0) {
		process->pid = is_current ? bpf_get_current_pid_tgid() >> 32 : READ(leader, tgid);
		process->ns_pid = process->pid;
		return;
	}
	pids_read(process, leader);
}

/*
 * Remembers whose credentials these are, so that files that it opened tell of it from any context. `task` 0: it holds
 * such a file, but has other credentials itself.
 */
static __always_inline void process_register(__u64 credentials, struct task_struct *task, const struct process *process)
{
	struct registered_process entry = {
		.process = *process,
		.task = (__u64)task,
		.seen_ns = bpf_ktime_get_ns(),
	};

	bpf_map_update_elem(&process_by_credentials, &credentials, &entry, BPF_ANY);
}

static __always_inline bool same_process(const struct process *a, const struct process *b)
{
	return a->start_ns == b->start_ns && a->pid == b->pid && a->ns_pid == b->ns_pid;
}

/* The acting process. False where none acts: a kernel thread closes what others left behind. */
static __always_inline bool current_process(struct process *process)
{
	struct task_struct *task = compat_current_task();

	if (is_kernel_thread(CURRENT_IS_TRUSTED, task))
		return false;
	process_of_task(true, process, task);
	return true;
}

/*
 * Our own process, as it was when it last read an iterator: its number in the machine's first PID namespace, and its name. A look at
 * all descriptors holds one file at a time. When its last user closes it just then, the kernel ends it in the task that looks.
 */
struct {
	__u64 comm[COMM_BYTES / 8];
	__u32 tgid;
} own_process;

/* In the first look at files and in each of those that go on all the time: before one is held for longer than the program runs. */
static __always_inline void own_process_learn(void)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;

	if (own_process.tgid == tgid)
		return;
	comm_read((char *)own_process.comm, (void *)current_leader());
	own_process.tgid = tgid;
}

/* Us, or another one of our kind that runs beside us. */
static __always_inline bool is_own_process(const struct process *process)
{
	const __u64 *comm = (const __u64 *)process->comm;

	return own_process.tgid && ((__u32)(bpf_get_current_pid_tgid() >> 32) == own_process.tgid ||
				    (comm[0] == own_process.comm[0] && comm[1] == own_process.comm[1]));
}

/*
 * The running process closes the socket. Then it has sent the FIN, unless it only looked at descriptors when their last user closed
 * this one: who that was nothing tells any more.
 */
static __always_inline bool is_closer(const struct connection *connection, const struct process *current)
{
	return !is_own_process(current) || same_process(&connection->owner, current);
}

static __always_inline bool cgroup_selected(struct task_struct *task)
{
	struct kernfs_node *node = READ(task, cgroups, dfl_cgrp, kn);
	__u64 id;
	int depth;

	for (depth = 0; depth < CGROUP_DEPTH_MAX && node; depth++) {
		id = READ(node, id);
		if (bpf_map_lookup_elem(&filter_cgroup_set, &id))
			return true;
		node = compat_kernfs_parent(node);
	}
	return false;
}

static __always_inline bool comm_selected(const struct process *process)
{
	int i;

	for (i = 0; i < COMM_BYTES; i++) {
		if (process->comm[i] != filter_comm_name[i])
			return false;
		if (!process->comm[i])
			break;
	}
	return true;
}

static __always_inline bool filters_processes(void)
{
	return filter_pids || filter_cgroups || filter_comm || filter_names;
}

/* Another process may have got the pid of one that was asked for. */
static __always_inline bool pid_selected(const struct process *process)
{
	__u32 pid = process->pid;
	__u64 *start = bpf_map_lookup_elem(&filter_pid_set, &pid);

	return start && (!*start || *start == process->start_ns / PROCESS_START_NS);
}

static __always_inline bool process_selected(const struct process *process, struct task_struct *task)
{
	if (!filters_processes())
		return true;
	if (filter_pids && !pid_selected(process))
		return false;
	if (filter_comm && !comm_selected(process))
		return false;
	return !filter_cgroups || cgroup_selected(task);
}

/* While the owner is not known its place says who could tell. */
static __always_inline void owner_credentials_set(struct connection *connection, __u64 credentials)
{
	connection->owner.start_ns = 0;
	connection->owner.cgroup_id = credentials;
}

static __always_inline __u64 owner_credentials(const struct connection *connection)
{
	return connection->owner.start_ns ? 0 : connection->owner.cgroup_id;
}

static __always_inline void owner_set(struct connection *connection, const struct process *process, bool selected,
				      __u8 attribution)
{
	connection->owner = *process;
	connection->attribution = attribution;
	connection->flags &= ~CONNECTION_SELECTED;
	if (selected)
		connection->flags |= CONNECTION_SELECTED;
}

/*
 * Is there, or was there, a listener whose port has this place: of an address of its own, of the wildcard? Most look-ups are in
 * vain and can be saved.
 */
#define LISTENER_PORTS 4096
bool listener_ports[2 * LISTENER_PORTS];

static __always_inline __u32 listener_port_place(__u16 port, bool wildcard)
{
	__u32 place = port % LISTENER_PORTS + (wildcard ? LISTENER_PORTS : 0);

	barrier_var(place); /* the verifier of older kernels loses the bound, so the compiler must not save the mask */
	return place & (2 * LISTENER_PORTS - 1);
}

/* Did anything ever listen there, or on a port that shares the place? */
static __always_inline bool listener_port_seen(__u16 port)
{
	return listener_ports[listener_port_place(port, false)] || listener_ports[listener_port_place(port, true)];
}

static __always_inline struct listener *listener_find(const struct listener_key *key, bool wildcard)
{
	if (!listener_ports[listener_port_place(key->port, wildcard)])
		return NULL;
	return bpf_map_lookup_elem(&listener_by_address, key);
}

/* The listener of this local end: its own address, else the wildcard. NULL = none known. */
static __always_inline struct listener *listener_of(const struct endpoint *endpoint)
{
	struct listener_key key = { .netns = endpoint->netns, .port = endpoint->local_port };
	struct listener *listener;

	__builtin_memcpy(key.addr, endpoint->local_addr, sizeof(key.addr));
	listener = listener_find(&key, false);
	if (listener)
		return listener;
	__builtin_memset(key.addr, 0, sizeof(key.addr));
	return listener_find(&key, true);
}

/* Is this registration still true: does that task still have these credentials? */
static __always_inline bool registration_holds(const struct registered_process *entry, __u64 credentials)
{
	struct task_struct *task = (struct task_struct *)entry->task;

	return credentials_of(task) == credentials &&
	       READ(task, group_leader, start_boottime) == entry->process.start_ns;
}

static __always_inline bool is_registered(const struct registered_process *entry, const struct process *process)
{
	const __u64 *a = (const __u64 *)&entry->process, *b = (const __u64 *)process;

	return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3] && a[4] == b[4];
}

/* Does the file belong to the process that is running: has it opened it? */
static __always_inline bool opened_by_current(__u64 credentials)
{
	return credentials && credentials == current_credentials();
}

/* Another process than the running one opened the socket's file: which? Else a note of its credentials for the reader. */
static __always_inline void owner_from_credentials(struct connection *connection, __u64 credentials)
{
	struct registered_process *entry = bpf_map_lookup_elem(&process_by_credentials, &credentials);

	if (entry && registration_holds(entry, credentials))
		owner_set(connection, &entry->process,
			  process_selected(&entry->process, (struct task_struct *)entry->task), ATTRIBUTION_OBSERVED);
	else
		owner_credentials_set(connection, credentials);
}

/* The running process owns this. */
static __always_inline void owner_is_current(struct connection *connection, const struct process *current)
{
	owner_set(connection, current, process_selected(current, compat_current_task()), ATTRIBUTION_OBSERVED);
}

/* The running process has these credentials: what it opens later is then known to be its own from any context. */
static __always_inline void current_register(__u64 credentials, const struct process *current)
{
	struct registered_process *entry = bpf_map_lookup_elem(&process_by_credentials, &credentials);

	if (!entry || !is_registered(entry, current))
		process_register(credentials, compat_current_task(), current);
}

static __always_inline bool owner_known(const struct connection *connection)
{
	return connection->attribution == ATTRIBUTION_OBSERVED || connection->attribution == ATTRIBUTION_SEEDED;
}

static __always_inline bool is_dead(bool trusted, const struct sock *sk)
{
	return FIELD(trusted, sk, __sk_common.skc_flags) & (1UL << SOCK_DEAD);
}

/* Nobody has accepted it yet: no struct socket, and not because its last user closed it. A socket that connects always has one. */
static __always_inline bool awaits_accept(bool trusted, const struct sock *sk)
{
	return !READ(sk, sk_socket) && !is_dead(trusted, sk);
}

static __always_inline bool is_in_accept_queue(bool trusted, const struct connection *connection, const struct sock *sk)
{
	return connection->side == SIDE_PASSIVE && awaits_accept(trusted, sk);
}

/* The credentials that opened the socket's file; 0 = it has none (any more). */
static __always_inline __u64 credentials_of_socket(const struct sock *sk)
{
	struct socket *socket = READ(sk, sk_socket);

	return socket ? (__u64)READ(socket, file, f_cred) : 0;
}

/* Nobody has accepted it: it is the listener's. */
static __always_inline void owner_from_listener(struct connection *connection, const struct endpoint *endpoint)
{
	struct listener *listener = listener_of(endpoint);

	if (listener && listener->owner.start_ns)
		owner_set(connection, &listener->owner, listener->selected, ATTRIBUTION_LISTENER);
}

/* Completes the owner of a socket of which no process was seen to connect or accept it. `queued`: it is in an accept queue. */
static __always_inline void owner_complete(struct connection *connection, const struct endpoint *endpoint, __u64 credentials,
					   bool queued)
{
	if (credentials)
		owner_from_credentials(connection, credentials);
	else if (!connection->attribution && queued)
		owner_from_listener(connection, endpoint);
}

/* The same, of a socket that is looked at. */
static __always_inline void owner_resolve(struct connection *connection, const struct sock *sk, const struct endpoint *endpoint)
{
	__u64 credentials = credentials_of_socket(sk);

	owner_complete(connection, endpoint, credentials, !credentials && is_in_accept_queue(false, connection, sk));
}

#endif
