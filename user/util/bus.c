// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "util/bus.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAPPINGS 64

static struct {
	uintptr_t begin, end;
} mappings[MAPPINGS];
static volatile sig_atomic_t count, mended;
static uintptr_t page_bytes;

static bool is_to_be_mended(uintptr_t address)
{
	int i;

	for (i = 0; i < count; i++)
		if (address >= mappings[i].begin && address < mappings[i].end)
			return true;
	return false;
}

static void on_bus(int signal, siginfo_t *info, void *context)
{
	static const char sentence[] = "tcpdwell: ended: a file that it has mapped was made shorter by somebody, or its disk fails\n";
	uintptr_t address = (uintptr_t)info->si_addr;
	struct sigaction action = {};
	int saved = errno;
	ssize_t ignored;

	(void)context;
	if (info->si_code <= 0) { /* another process sent it: no file is to blame */
		action.sa_handler = SIG_DFL;
		sigaction(signal, &action, NULL);
		raise(signal);
		return;
	}
	if (is_to_be_mended(address) && mmap((void *)(address & ~(page_bytes - 1)), page_bytes, PROT_READ | PROT_WRITE,
					     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED) {
		mended = 1;
		errno = saved;
		return;
	}
	ignored = write(STDERR_FILENO, sentence, sizeof(sentence) - 1);
	(void)ignored;
	_exit(1);
}

void bus_catch(void)
{
	struct sigaction action = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO };

	page_bytes = sysconf(_SC_PAGESIZE);
	sigaction(SIGBUS, &action, NULL);
}

bool bus_mend(void *begin, size_t size)
{
	if (is_to_be_mended((uintptr_t)begin))
		return true;
	if (count == MAPPINGS)
		return false;
	mappings[count].begin = (uintptr_t)begin;
	mappings[count].end = (uintptr_t)begin + size;
	count++;
	return true;
}

void bus_forget(void)
{
	count = 0;
}

bool bus_was_mended(void)
{
	bool was = mended;

	mended = 0;
	return was;
}
