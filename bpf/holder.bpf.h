/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who has a socket that waits, now. A connection changes hands without any event of its own: by accept() after the peer's FIN, by
 * fork, by exec, over a Unix socket, by the exit of one of several holders. So the reader now and then passes over all descriptors of
 * the machine (user/collect/holders.c says when), and this writes for each that leads to a socket of interest whose it is. A
 * connection that nobody has accepted is found through its listener: in the accept queue of that very socket, which also tells
 * apart listeners that share an address (SO_REUSEPORT).
 *
 * What forks, executes, exits, is renamed or receives a descriptor is a hint to pass sooner. Hints cost nothing else, and
 * nothing at all while nothing waits.
 */
#ifndef TCPDWELL_HOLDER_BPF_H
#define TCPDWELL_HOLDER_BPF_H

#include "identity.bpf.h"
#include "listener.bpf.h"
#include "snapshot.bpf.h"
#include "store.bpf.h"

/* Set by the reader: does any socket wait in one of holder_states? */
bool holders_matter = false;

/* Set by the reader: number of the pass, from 1, and again 1 after 255. */
__u8 holder_pass = 0;

/* Read by the reader: grows with each hint. */
__u64 holder_hints = 0;

/* Read by the reader: accept queues that were longer than the walk. */
__u64 holder_queues_cut = 0;

/* The last pass in which a process with such a number was found to hold something. Others that share the place cost a pass. */
#define HOLDER_MARKS 8192
__u8 holder_marks[HOLDER_MARKS];

/* The record that is being made, and what belongs to it. Passes do not overlap. */
#define HOLDER_IDS_ROOM 4096
_Static_assert(HOLDER_IDS_MAX < HOLDER_IDS_ROOM, "an index is masked");
struct {
	struct holder_record head;
	__u64 ids[HOLDER_IDS_ROOM];
} holder_page;

/* The owner of the connection that was noted last; start 0: not known. */
struct {
	__u64 start_ns;
	__u32 pid, ns_pid;
} holder_owner;

/* The task that holder_page.head.process is of. The reader sets it to 0 before a pass. */
__u64 holder_task = 0;
__u64 holder_task_start = 0;

static __always_inline bool is_holder_state(__u8 state)
{
	return holder_states & (1U << (state & 31));
}

/* Notes the connection of a socket. Global, so that the verifier goes through it once; hence its argument is a number. */
__noinline int holder_note(__u64 socket)
{
	struct connection *connection = socket_look((const struct sock *)socket).connection;
	__u32 count = holder_page.head.count;

	if (count >= HOLDER_IDS_MAX)
		return 0;
	if (!connection || !connection->id) {
		if (!present_wanted)
			return 0;
		holder_page.ids[count & (HOLDER_IDS_ROOM - 1)] = present_id(socket);
		holder_page.head.count = count + 1;
		holder_owner.start_ns = 0;
		return 0;
	}
	holder_page.ids[count & (HOLDER_IDS_ROOM - 1)] = connection->id;
	holder_page.head.count = count + 1;
	holder_owner.start_ns = owner_known(connection) ? connection->owner.start_ns : 0;
	holder_owner.pid = connection->owner.pid;
	holder_owner.ns_pid = connection->owner.ns_pid;
	return 0;
}

/* An accept queue is read in strides: the verifier goes through one of them, and then only counts them. */
#define QUEUE_STRIDE 64
#define QUEUE_STRIDES 256

/* A connection that waits in an accept queue. */
__noinline int queued_holder_note(__u64 address)
{
	const struct sock *child = (const struct sock *)address;

	if (child && is_holder_state(READ(child, __sk_common.skc_state)) && !READ(child, sk_socket))
		holder_note(address);
	return 0;
}

/*
 * The next requests of the queue: where it goes on, 0 at its end. It is read without its lock. A request that is taken out
 * meanwhile may be in another listener's queue by now, which its listener tells.
 */
__noinline __u64 queue_read(__u64 first, __u64 listener)
{
	struct request_sock *request = (struct request_sock *)first;
	int i;

	for (i = 0; i < QUEUE_STRIDE; i++) {
		if (!request || (__u64)READ(request, __req_common.skc_listener) != listener)
			return 0;
		queued_holder_note((__u64)READ(request, sk));
		request = READ(request, dl_next);
	}
	return (__u64)request;
}

static __always_inline void queue_note(const struct sock *listener)
{
	struct inet_connection_sock *icsk = (struct inet_connection_sock *)listener;
	__u64 request = (__u64)READ(icsk, icsk_accept_queue.rskq_accept_head);
	int i;

	for (i = 0; i < QUEUE_STRIDES && request; i++)
		request = queue_read(request, (__u64)listener);
	if (!request && holder_page.head.count < HOLDER_IDS_MAX)
		return;
	holder_queues_cut++;
	count(COUNTER_QUEUE_CUT);
}

/* The descriptors of a process come one after the other. Its number is marked. */
static __always_inline void holder_process(struct task_struct *task)
{
	struct process *process = &holder_page.head.process;
	__u64 address = address_of(task);

	if (holder_task == address && holder_task_start == task->start_boottime)
		return;
	__builtin_memset(process, 0, sizeof(*process));
	process_of_task(false, process, task);
	holder_marks[(__u32)task->tgid % HOLDER_MARKS] = holder_pass;
	holder_task = address;
	holder_task_start = task->start_boottime;
}

/* Did this process call listen()? */
static __always_inline bool holder_listens(const struct sock *listener)
{
	struct connection *connection = socket_look(listener).connection;

	return connection && same_process(&connection->owner, &holder_page.head.process);
}

/*
 * Is it the owner of the connection that was noted? Where no event told of the owner yet, as when it accepted since the last, its
 * credentials do: they opened the file. Then it is remembered, as it may be gone at the next event.
 */
static __always_inline bool holder_is_owner(const struct sock *sk, struct task_struct *task, struct file *file)
{
	const struct process *process = &holder_page.head.process;
	struct connection *connection;

	if (holder_owner.start_ns)
		return holder_owner.start_ns == process->start_ns && holder_owner.pid == process->pid &&
		       holder_owner.ns_pid == process->ns_pid;
	if (credentials_of(task) != (__u64)READ(file, f_cred))
		return false;
	connection = socket_look(sk).connection;
	if (connection)
		owner_set(connection, process, process_selected(process, task), ATTRIBUTION_OBSERVED);
	return true;
}

/* Threads share their process's descriptors; kernels before 5.11 show them again for each thread. */
static __always_inline bool is_shown_by_leader(struct task_struct *task)
{
	struct task_struct *leader;

	if (CURRENT_IS_TRUSTED)
		return false;
	leader = READ(task, group_leader);
	return leader != task && READ(leader, files) == READ(task, files);
}

/* Does this process hold anything of interest, by the last pass or the one that is on? */
static __always_inline bool holds_something(struct task_struct *task)
{
	__u8 mark = holder_marks[(__u32)task->tgid % HOLDER_MARKS];

	return mark && (__u8)(holder_pass - mark) <= 1;
}

/* A process does something that may change who holds what, or how holders are called. */
static __always_inline void holder_hint(struct task_struct *task)
{
	if (holders_matter && holds_something(task))
		atomic_add(&holder_hints, 1);
}

/* A process receives a descriptor. A listener brings its accept queue with it. */
static __always_inline void holder_received(struct file *file)
{
	struct sock *sk = holders_matter ? sock_of_file(file) : NULL;
	__u8 state = sk ? READ(sk, __sk_common.skc_state) : 0;

	if (state && (state == TCP_LISTEN || is_holder_state(state)))
		atomic_add(&holder_hints, 1);
}

/* The record of a descriptor, as far as it leads to anything. */
static __always_inline void holder_write(struct seq_file *seq)
{
	__u32 ids = holder_page.head.count;

	if (!ids)
		return;
	barrier_var(ids);
	if (ids <= HOLDER_IDS_MAX)
		bpf_seq_write(seq, &holder_page, sizeof(holder_page.head) + ids * sizeof(__u64));
}

/* The listening socket itself, which looks at all sockets tell of. */
static __always_inline void holder_of_listener(struct seq_file *seq, const struct sock *sk)
{
	holder_page.ids[0] = listener_id((__u64)sk);
	holder_page.head.count = 1;
	holder_page.head.flags = holder_listens(sk) ? HOLDER_IS_OWNER : 0;
	holder_write(seq);
}

/* iter/task_file */
static __always_inline void holder_look(struct seq_file *seq, struct task_struct *task, __u32 fd, struct file *file)
{
	struct holder_record *head = &holder_page.head;
	struct sock *sk = (file->f_inode->i_mode & S_IFMT) == S_IFSOCK ? sock_of_file(file) : NULL;
	__u8 state = sk ? READ(sk, __sk_common.skc_state) : 0;

	head->count = 0;
	if (state == TCP_LISTEN)
		queue_note(sk);
	else if (state && is_holder_state(state))
		holder_note((__u64)sk);
	if ((!head->count && !(present_wanted && state == TCP_LISTEN)) || is_shown_by_leader(task))
		return;
	holder_process(task);
	head->fd = fd;
	if (state == TCP_LISTEN)
		head->flags = HOLDER_QUEUED | (holder_listens(sk) ? HOLDER_IS_OWNER : 0);
	else
		head->flags = holder_is_owner(sk, task, file) ? HOLDER_IS_OWNER : 0;
	holder_write(seq);
	if (present_wanted && state == TCP_LISTEN)
		holder_of_listener(seq, sk);
}

#endif
