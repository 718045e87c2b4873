// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * x86_64: a 64-bit program may call as a 32-bit one does: int 0x80, with that architecture's numbers and pointers below 4 GiB.
 * arm64: only a 32-bit program makes such calls, so there is one, in words of machine code, that accepts and ends.
 */
#define _GNU_SOURCE 1
#include "call32.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

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

long op_call32_older(long fd, long unused1, long unused2)
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
#elif defined(__aarch64__)
#include <elf.h>
#include <fcntl.h>
#include <stddef.h>

#define LISTENER_FD 3
#define REFUSED 127
#define ADDRESS 0x10000u

static const struct program {
	Elf32_Ehdr header;
	Elf32_Phdr segment;
	uint32_t code[16];
	char name[16];
} program = {
	.header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_ARM,
		.e_version = EV_CURRENT,
		.e_entry = ADDRESS + offsetof(struct program, code),
		.e_phoff = offsetof(struct program, segment),
		.e_flags = EF_ARM_EABI_VER5,
		.e_ehsize = sizeof(Elf32_Ehdr),
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = 1,
	},
	.segment = {
		.p_type = PT_LOAD,
		.p_vaddr = ADDRESS,
		.p_filesz = sizeof(struct program),
		.p_memsz = sizeof(struct program),
		.p_flags = PF_R | PF_X,
		.p_align = 0x10000,
	},
	.code = {
		0xe59d4000, /* ldr r4, [sp]: the number of arguments */
		0xe3a0000f, /* mov r0, #PR_SET_NAME */
		0xe28f1030, /* add r1, pc, #48: name */
		0xe3a070ac, /* mov r7, #172: prctl */
		0xef000000, /* svc #0 */
		0xe3a00003, /* mov r0, #LISTENER_FD */
		0xe3a01000, /* mov r1, #0: the address of the other end is not asked for */
		0xe3a02000, /* mov r2, #0 */
		0xe3a03000, /* mov r3, #0 */
		0xe3540001, /* cmp r4, #1 */
		0x0300716e, /* movweq r7, #366: accept4 */
		0x1300711d, /* movwne r7, #285: accept */
		0xef000000, /* svc #0 */
		0xe1a00fa0, /* lsr r0, r0, #31: 1 if it failed */
		0xe3a07001, /* mov r7, #1: exit */
		0xef000000, /* svc #0 */
	},
};

static void run_program(long listener, char *const argv[])
{
	struct program named = program;
	char *const environment[] = { NULL };
	int file = fcntl(memfd_create("program32", 0), F_DUPFD_CLOEXEC, LISTENER_FD + 1);

	prctl(PR_GET_NAME, named.name);
	if (file < 0 || write(file, &named, sizeof(named)) != sizeof(named))
		_exit(REFUSED);
	if (listener < 0)
		close(LISTENER_FD);
	else if (listener != LISTENER_FD)
		dup2(listener, LISTENER_FD);
	fexecve(file, argv, environment);
	_exit(REFUSED);
}

/* 1 if it accepted nothing. Children that an actor ignores can't be waited for. */
static long program32(long listener, char *const argv[])
{
	void (*before)(int) = signal(SIGCHLD, SIG_DFL);
	pid_t pid = fork(), waited;
	int status = 0;

	if (!pid)
		run_program(listener, argv);
	waited = waitpid(pid, &status, 0);
	signal(SIGCHLD, before);
	if (pid < 0 || waited != pid)
		return -ECHILD;
	return !WIFEXITED(status) || WEXITSTATUS(status) == REFUSED ? -ENOSYS : WEXITSTATUS(status);
}

/* Without a listener it runs and accepts nothing. */
long op_call32_probe(long unused1, long unused2, long unused3)
{
	char *const argv[] = { "accept4", NULL };

	(void)unused1, (void)unused2, (void)unused3;
	return program32(-1, argv) == 1 ? 0 : -ENOSYS;
}

long op_call32_accept4(long fd, long unused1, long unused2)
{
	char *const argv[] = { "accept4", NULL };

	(void)unused1, (void)unused2;
	return program32(fd, argv) ? -EINVAL : 0;
}

long op_call32_older(long fd, long unused1, long unused2)
{
	char *const argv[] = { "accept", "older", NULL };

	(void)unused1, (void)unused2;
	return program32(fd, argv) ? -EINVAL : 0;
}
#endif
