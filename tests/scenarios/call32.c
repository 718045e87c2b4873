// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A 64-bit program may call as a 32-bit one does: int 0x80, with that architecture's numbers and pointers below 4 GiB. */
#define _GNU_SOURCE 1
#include "call32.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

#ifdef __x86_64__
#define CALL_GETPID 20
#define CALL_SOCKETCALL 102
#define CALL_ACCEPT4 364
#define SOCKETCALL_ACCEPT 5

static sigjmp_buf refused;

/* Of a kernel without such calls. */
static void on_fault(int number)
{
	(void)number;
	siglongjmp(refused, 1);
}

static long call32(long number, long a, long b, long c, long d)
{
	struct sigaction action = { .sa_handler = on_fault }, before;
	long answer = -ENOSYS;

	sigaction(SIGSEGV, &action, &before);
	if (!sigsetjmp(refused, 1))
		__asm__ volatile("int $0x80"
				 : "=a"(answer)
				 : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d)
				 : "memory", "r8", "r9", "r10", "r11");
	sigaction(SIGSEGV, &before, NULL);
	return (int)answer;
}

long op_call32_probe(long unused1, long unused2, long unused3)
{
	(void)unused1, (void)unused2, (void)unused3;
	return call32(CALL_GETPID, 0, 0, 0, 0) > 0 ? 0 : -ENOSYS;
}

long op_call32_accept4(long fd, long unused1, long unused2)
{
	(void)unused1, (void)unused2;
	return call32(CALL_ACCEPT4, fd, 0, 0, 0);
}

long op_call32_socketcall(long fd, long unused1, long unused2)
{
	uint32_t *words = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long answer;

	(void)unused1, (void)unused2;
	if (words == MAP_FAILED)
		return -ENOMEM;
	words[0] = fd; /* the address of the other end is not asked for */
	answer = call32(CALL_SOCKETCALL, SOCKETCALL_ACCEPT, (long)words, 0, 0);
	munmap(words, 4096);
	return answer;
}
#else
long op_call32_probe(long unused1, long unused2, long unused3)
{
	(void)unused1, (void)unused2, (void)unused3;
	return -ENOSYS;
}

long op_call32_accept4(long fd, long unused1, long unused2)
{
	(void)fd, (void)unused1, (void)unused2;
	return -ENOSYS;
}

long op_call32_socketcall(long fd, long unused1, long unused2)
{
	return op_call32_accept4(fd, unused1, unused2);
}
#endif
