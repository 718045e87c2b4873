// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Loads a BPF object, attaches its programs, says so, and holds them until stdin ends. With --stats
 * it instead makes the kernel time every BPF program for as long as it lives (the descriptor ends
 * it; no sysctl is written).
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static int attach(struct bpf_object *object)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) if (!bpf_program__attach(program)) return -errno;
	return 0;
}

static void wait_for_end(void)
{
	char c;

	printf("ready\n");
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
}

static int hold_stats(void)
{
	int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);

	if (fd < 0)
		return fd;
	wait_for_end();
	close(fd);
	return 0;
}

static int hold_object(const char *path)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	int err;

	if (!object)
		return -errno;
	err = bpf_object__load(object);
	if (!err)
		err = attach(object);
	if (!err)
		wait_for_end();
	bpf_object__close(object);
	return err;
}

int main(int argc, char **argv)
{
	int err;

	if (argc != 2) {
		fprintf(stderr, "usage: hold OBJECT|--stats\n");
		return 64;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	err = strcmp(argv[1], "--stats") ? hold_object(argv[1]) : hold_stats();
	if (err)
		fprintf(stderr, "hold: %s: %s\n", argv[1], strerror(-err));
	return err ? 1 : 0;
}
