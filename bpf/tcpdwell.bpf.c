// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The list of hooks. Each fact has up to three: fentry, kprobe, tracepoint; user/attach/hooks.c says which are loaded.
 * Bodies are in the .bpf.h files, in the order of a connection's life: transition, listener, owner, time_wait, end; iterators
 * are in snapshot and sweep.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "abi.h"
#include "config.bpf.h"
#include "maps.bpf.h"
#include "bind.bpf.h"
#include "counted.bpf.h"
#include "element.bpf.h"
#include "function.bpf.h"
#include "holder.bpf.h"
#include "ports.bpf.h"
#include "present.bpf.h"
#include "segment.bpf.h"
#include "snapshot.bpf.h"
#include "softirq.bpf.h"
#include "sweep.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/*
 * State transition. The kernel skips a program that runs already on the processor, as when a softirq interrupts a task in it. So
 * there are two: this one for softirqs, which nothing but a task can be in when they come, and only while it looks whether it is
 * concerned; then the next one comes to the event's aid. The order is that in which they are attached.
 */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(transition_of_softirq, struct sock *sk, int old_state, int new_state)
{
	if (in_process_context(sk) || !transition_concerns(sk, old_state, new_state))
		return 0;
	softirq_note(sk, old_state, new_state);
	transition_watch(sk, old_state, new_state, false);
	return 0;
}

/* ... and this one for tasks, where the kernel does not preempt tracepoint programs; on kernels that skip none it is alone. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(transition, struct sock *sk, int old_state, int new_state)
{
	if (transition_concerns(sk, old_state, new_state) && !softirq_was_noted(sk, old_state, new_state))
		transition_watch(sk, old_state, new_state, false);
	return 0;
}

/*
 * Where it does preempt them, others skip a program that a preempted task has not left yet. Only events of tasks can be preempted,
 * those of the socket that the task has locked: they have programs of their own, one more for each event that the others were
 * skipped at. So softirqs find theirs taken only by a task that was preempted while it looked whether it is concerned; the last
 * program is there for that too.
 */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(transition_of_task, struct sock *sk, int old_state, int new_state)
{
	if (in_process_context(sk) && transition_concerns(sk, old_state, new_state))
		transition_watch(sk, old_state, new_state, false);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(transition_of_task_2, struct sock *sk, int old_state, int new_state)
{
	if (in_process_context(sk) && transition_concerns(sk, old_state, new_state))
		transition_watch(sk, old_state, new_state, true);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(transition_last, struct sock *sk, int old_state, int new_state)
{
	if (transition_concerns(sk, old_state, new_state) && !softirq_was_noted(sk, old_state, new_state))
		transition_watch(sk, old_state, new_state, true);
	return 0;
}

/* TIME_WAIT socket made. The function is called inet_twsk_hashdance_schedule from 6.12 on: attach/hooks.c. */
SEC("fentry/inet_twsk_hashdance")
int BPF_PROG(made_fentry, struct inet_timewait_sock *tw, struct sock *sk)
{
	time_wait_made((__u64)tw, sk);
	return 0;
}

SEC("kprobe/inet_twsk_hashdance")
int BPF_KPROBE(made_kprobe, struct inet_timewait_sock *tw, struct sock *sk)
{
	time_wait_made((__u64)tw, sk);
	return 0;
}

/* TIME_WAIT socket ended, and why. */
SEC("fentry/inet_twsk_kill")
int BPF_PROG(killed_fentry, struct inet_timewait_sock *tw)
{
	time_wait_killed(tw);
	return 0;
}

SEC("kprobe/inet_twsk_kill")
int BPF_KPROBE(killed_kprobe, struct inet_timewait_sock *tw)
{
	time_wait_killed(tw);
	return 0;
}

SEC("tp_btf/timer_expire_entry")
int BPF_PROG(expired_tracepoint, struct timer_list *timer)
{
	if (tw_timer_function && (__u64)timer->function == tw_timer_function)
		time_wait_expired((void *)timer - bpf_core_field_offset(struct inet_timewait_sock, tw_timer));
	return 0;
}

/* FIN_WAIT2 -> TIME_WAIT inside the timewait socket: its timer is set anew. */
SEC("fentry/__inet_twsk_schedule")
int BPF_PROG(rearmed_fentry, struct inet_timewait_sock *tw, int timeout, bool rearm)
{
	if (rearm)
		time_wait_rearmed(tw);
	return 0;
}

SEC("kprobe/__inet_twsk_schedule")
int BPF_KPROBE(rearmed_kprobe, struct inet_timewait_sock *tw, int timeout, bool rearm)
{
	if (rearm)
		time_wait_rearmed(tw);
	return 0;
}

/* ... or the segment that did it is dropped, as every segment for a timewait socket is. */
SEC("tp_btf/kfree_skb")
int BPF_PROG(segment_tracepoint, struct sk_buff *skb)
{
	if (fin_wait2_timewait_sockets <= 0)
		return 0;
	compat_preempt_disable();
	segment_dropped(skb);
	compat_preempt_enable();
	return 0;
}

/* Owner by accept(): runs at its end, in the task that called it. */
SEC("fentry/security_sock_graft")
int BPF_PROG(accepted_fentry, struct sock *sk)
{
	compat_preempt_disable();
	connection_accepted(sk);
	compat_preempt_enable();
	return 0;
}

SEC("kprobe/security_sock_graft")
int BPF_KPROBE(accepted_kprobe, struct sock *sk)
{
	connection_accepted(sk);
	return 0;
}

/* ... or the end of the system call, for how long it waited. */
SEC("tp_btf/sys_exit")
int BPF_PROG(accepted_tracepoint, struct pt_regs *regs, long result)
{
	if (result >= 0) {
		compat_preempt_disable();
		accept_call_ended(regs, result);
		compat_preempt_enable();
	}
	return 0;
}

/* Closer. */
SEC("fentry/tcp_close")
int BPF_PROG(closed_fentry, struct sock *sk)
{
	compat_preempt_disable();
	connection_closed(sk);
	compat_preempt_enable();
	return 0;
}

SEC("kprobe/tcp_close")
int BPF_KPROBE(closed_kprobe, struct sock *sk)
{
	connection_closed(sk);
	return 0;
}

/* Holders: hints that one may have changed. A thread's fork, exit and name are its process's own affair. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_forks, struct task_struct *parent, struct task_struct *child)
{
	if (child->pid == child->tgid)
		holder_hint(parent);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_executes, struct task_struct *task)
{
	holder_hint(task);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exits, struct task_struct *task)
{
	int live = LOADS_POINTERS(true) ? task->signal->live.counter : READ(task, signal, live.counter);

	if (live == 0)
		holder_hint(task);
	return 0;
}

SEC("tp_btf/task_rename")
int BPF_PROG(process_is_renamed, struct task_struct *task)
{
	if (task->pid == task->tgid)
		holder_hint(task);
	return 0;
}

SEC("fentry/security_file_receive")
int BPF_PROG(received_fentry, struct file *file)
{
	holder_received(file);
	return 0;
}

SEC("kprobe/security_file_receive")
int BPF_KPROBE(received_kprobe, struct file *file)
{
	holder_received(file);
	return 0;
}

/* A connect() that finds no route: no state tells of it. */
SEC("fexit/tcp_v4_connect")
int BPF_PROG(no_route_fexit, struct sock *sk, void *address, int size, int result)
{
	if (result)
		connect_ended(sk, address, -result, false);
	return 0;
}

SEC("fexit/tcp_v6_connect")
int BPF_PROG(no_route_ipv6_fexit, struct sock *sk, void *address, int size, int result)
{
	if (result)
		connect_ended(sk, address, -result, true);
	return 0;
}

/* bind() to an address that is in use: on 5.10 the result is 1. */
SEC("fexit/inet_csk_get_port")
int BPF_PROG(bind_fexit, struct sock *sk, unsigned short port, int result)
{
	if (result)
		bind_failed(sk, port);
	return 0;
}

SEC("kprobe/inet_csk_get_port")
int BPF_KPROBE(bind_kprobe, struct sock *sk, unsigned short port)
{
	bind_called(sk, port);
	return 0;
}

SEC("kretprobe/inet_csk_get_port")
int BPF_KRETPROBE(bind_kretprobe, int result)
{
	bind_returned(result);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(bind_tracepoint, struct pt_regs *regs, long result)
{
	if (result == -EADDRINUSE)
		bind_call_failed(regs);
	return 0;
}

/*
 * Seeding: processes, descriptors, sockets. barrier_var() keeps the compiler from computing with a pointer before its
 * check for NULL, which the verifier forbids.
 */
SEC("iter/task")
int seed_processes(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task)
		return 0;
	barrier_var(task);
	snapshot_process(task);
	return 0;
}

SEC("iter/task_file")
int seed_descriptors(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;

	own_process_learn();
	if (!task || !file)
		return 0;
	barrier_var(task);
	barrier_var(file);
	snapshot_descriptor(task, file);
	return 0;
}

/* Who has which socket that waits. */
SEC("iter/task_file")
int find_holders(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;

	own_process_learn();
	if (!task || !file)
		return 0;
	barrier_var(task);
	barrier_var(file);
	holder_look(ctx->meta->seq, task, ctx->fd, file);
	return 0;
}

SEC("iter/bpf_map_elem")
int seed_sockets(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 index = element_index(ctx);

	if (index < TABLE_PAGES)
		paces(ctx->meta->seq, snapshot_share(index));
	return element_end(index, TABLE_PAGES);
}

/* A namespace's ports, on demand. */
SEC("iter/bpf_map_elem")
int list_ports(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 index = element_index(ctx);

	if (index < PORT_PAGES)
		port_page_print(ctx->meta->seq, index);
	return element_end(index, PORT_PAGES);
}

SEC("iter/task_file")
int list_bound(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;

	if (!task || !file)
		return 0;
	barrier_var(task);
	barrier_var(file);
	bound_print(ctx->meta->seq, task, file);
	return 0;
}

/* All sockets that are there. */
SEC("iter/bpf_map_elem")
int list_present(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 index = element_index(ctx);

	if (index < TABLE_PAGES)
		present_print(ctx->meta->seq, index);
	return element_end(index, TABLE_PAGES);
}

SEC("iter/bpf_map_elem")
int list_listeners(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 index = element_index(ctx);

	if (index < TABLE_PAGES)
		listeners_print(ctx->meta->seq, index);
	return element_end(index, TABLE_PAGES);
}

/* Reconciliation. */
SEC("iter/bpf_map_elem")
int sweep_time_wait(struct bpf_iter__bpf_map_elem *ctx)
{
	struct place place = { .connection = ctx->value, .way = WAY_NONE };
	struct seq_file *seq = ctx->meta->seq;
	__u64 number = ctx->meta->seq_num;

	barrier_var(seq);
	if (place.connection && sweep_time_wait_spilled(place, number))
		pace(seq);
	return 0;
}

SEC("iter/bpf_map_elem")
int sweep_time_wait_slots(struct bpf_iter__bpf_map_elem *ctx)
{
	struct connection *connection = ctx->value;
	struct seq_file *seq = ctx->meta->seq;
	__u32 *index = ctx->key;

	barrier_var(seq);
	if (index && connection && sweep_time_wait_slot(*index, connection))
		pace(seq);
	return 0;
}

SEC("iter/bpf_map_elem")
int sweep_sockets(struct bpf_iter__bpf_map_elem *ctx)
{
	struct connection *connection = ctx->value;
	struct seq_file *seq = ctx->meta->seq;
	void *key = ctx->key;

	barrier_var(seq);
	if (!key || !connection)
		return 0;
	if (sweep_element(key, connection))
		pace(seq);
	return 0;
}

/* The same where iterators over maps are refused (bpf/counted.bpf.h). */
SEC("?iter/ksym")
int sweep_time_wait_counted(struct bpf_iter__ksym *ctx)
{
	return counted_sweep(ctx, time_wait_slot_count, time_wait_slot_visit, time_wait_key_visit);
}

SEC("?iter/ksym")
int sweep_sockets_counted(struct bpf_iter__ksym *ctx)
{
	return counted_sweep(ctx, socket_bucket_count * SLOTS_PER_BUCKET, socket_slot_visit, socket_key_visit);
}
