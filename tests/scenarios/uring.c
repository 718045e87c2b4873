// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The smallest io_uring: one ring of four entries for one operation, then gone. Raw system calls, so that the
 * static test program needs no library.
 */
#define _GNU_SOURCE 1
#include "uring.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENTRIES 4

struct ring {
	int fd;
	struct io_uring_params params;
	char *sq, *cq;
	struct io_uring_sqe *sqes;
	size_t sq_bytes, cq_bytes;
};

static void *ring_map(const struct ring *r, size_t bytes, off_t offset)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd, offset);
}

static void ring_free(struct ring *r)
{
	if (r->sqes && r->sqes != MAP_FAILED)
		munmap(r->sqes, ENTRIES * sizeof(*r->sqes));
	if (r->cq && r->cq != MAP_FAILED)
		munmap(r->cq, r->cq_bytes);
	if (r->sq && r->sq != MAP_FAILED)
		munmap(r->sq, r->sq_bytes);
	close(r->fd);
}

static long ring_new(struct ring *r)
{
	memset(r, 0, sizeof(*r));
	r->fd = syscall(SYS_io_uring_setup, ENTRIES, &r->params);
	if (r->fd < 0)
		return -errno;
	r->sq_bytes = r->params.sq_off.array + r->params.sq_entries * sizeof(unsigned int);
	r->cq_bytes = r->params.cq_off.cqes + r->params.cq_entries * sizeof(struct io_uring_cqe);
	r->sq = ring_map(r, r->sq_bytes, IORING_OFF_SQ_RING);
	r->cq = ring_map(r, r->cq_bytes, IORING_OFF_CQ_RING);
	r->sqes = ring_map(r, ENTRIES * sizeof(*r->sqes), IORING_OFF_SQES);
	if (r->sq != MAP_FAILED && r->cq != MAP_FAILED && r->sqes != MAP_FAILED)
		return 0;
	ring_free(r);
	return -ENOMEM;
}

static unsigned int *ring_word(char *base, unsigned int offset)
{
	return (unsigned int *)(base + offset);
}

/* Submits one entry and waits for its completion: the operation's own result. */
static long ring_perform(int opcode, int fd)
{
	const struct io_uring_cqe *done;
	struct ring r;
	long answer = ring_new(&r);

	if (answer)
		return answer;
	memset(&r.sqes[0], 0, sizeof(r.sqes[0]));
	r.sqes[0].opcode = opcode;
	r.sqes[0].fd = fd;
	*ring_word(r.sq, r.params.sq_off.array) = 0;
	__atomic_store_n(ring_word(r.sq, r.params.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, r.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0) {
		answer = -errno;
	} else {
		done = (const struct io_uring_cqe *)(r.cq + r.params.cq_off.cqes);
		answer = done->res;
	}
	ring_free(&r);
	return answer;
}

long op_uring_probe(long unused1, long unused2, long unused3)
{
	(void)unused1, (void)unused2, (void)unused3;
	return ring_perform(IORING_OP_NOP, -1);
}

long op_uring_accept(long fd, long unused1, long unused2)
{
	(void)unused1, (void)unused2;
	return ring_perform(IORING_OP_ACCEPT, fd);
}

long op_uring_close(long fd, long unused1, long unused2)
{
	(void)unused1, (void)unused2;
	return ring_perform(IORING_OP_CLOSE, fd);
}
