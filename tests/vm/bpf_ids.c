// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bpf_ids: lists every BPF object of the running kernel, one a line: "prog ID NAME INSTRUCTIONS", "map ID NAME",
 * "link ID -". INSTRUCTIONS is what the verifier processed (0 before Linux 5.16). No library: it is built static and
 * runs in a VM that has nothing else. What is there before and after a test, by id, shows what the test left behind.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct kind {
	const char *name;
	enum bpf_cmd next, open;
};

static const struct kind kinds[] = {
	{ "prog", BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID },
	{ "map", BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID },
	{ "link", BPF_LINK_GET_NEXT_ID, BPF_LINK_GET_FD_BY_ID },
};

static long bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	return syscall(__NR_bpf, command, attr, sizeof(*attr));
}

static void read_info(int fd, void *info, unsigned int size)
{
	union bpf_attr attr = { .info = { .bpf_fd = fd, .info_len = size,
					  .info = (__u64)(unsigned long)info } };

	memset(info, 0, size);
	bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
}

static void print_object(const struct kind *kind, __u32 id, int fd)
{
	struct bpf_prog_info prog;
	struct bpf_map_info map;

	switch (kind->open) {
	case BPF_PROG_GET_FD_BY_ID:
		read_info(fd, &prog, sizeof(prog));
		printf("prog %u %s %u\n", id, prog.name[0] ? prog.name : "-", prog.verified_insns);
		break;
	case BPF_MAP_GET_FD_BY_ID:
		read_info(fd, &map, sizeof(map));
		printf("map %u %s\n", id, map.name[0] ? map.name : "-");
		break;
	default:
		printf("link %u -\n", id);
	}
}

static int list_kind(const struct kind *kind)
{
	union bpf_attr attr;
	__u32 id = 0;
	int fd;

	for (;;) {
		memset(&attr, 0, sizeof(attr));
		attr.start_id = id;
		if (bpf(kind->next, &attr))
			return errno == ENOENT ? 0 : -errno;
		id = attr.next_id;
		memset(&attr, 0, sizeof(attr));
		attr.prog_id = id; /* the three ids are one field */
		fd = bpf(kind->open, &attr);
		if (fd < 0) /* gone meanwhile */
			continue;
		print_object(kind, id, fd);
		close(fd);
	}
}

int main(void)
{
	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int result = list_kind(&kinds[i]);

		if (result) {
			fprintf(stderr, "bpf_ids: %ss: %s\n", kinds[i].name, strerror(-result));
			return 1;
		}
	}
	return 0;
}
