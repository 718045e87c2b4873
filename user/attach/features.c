// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "attach/features.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attach/kernel.h"

#define RING_BYTES 65536 /* a multiple of every page size */

/* return 0 */
static const struct bpf_insn nothing[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

static int closed(int fd)
{
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int features_try_program(void)
{
	return closed(bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "probe", "GPL", nothing, 2, NULL));
}

int features_try_memory_read(void)
{
	static const struct bpf_insn read[] = {
		{ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1, .imm = -8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_kernel },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return closed(bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "probe", "GPL", read, sizeof(read) / sizeof(read[0]), NULL));
}

static bool has_ring_buffers(const struct kernel *kernel)
{
	(void)kernel;
	return !closed(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "probe", 0, 0, RING_BYTES, NULL));
}

static bool loads_tracing(const struct kernel *kernel, enum bpf_attach_type type, const char *target, uint32_t kind)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = type);

	options.attach_btf_id = kernel_type(kernel, target, kind);
	return options.attach_btf_id && !closed(bpf_prog_load(BPF_PROG_TYPE_TRACING, "probe", "GPL", nothing, 2, &options));
}

static bool has_typed_tracepoints(const struct kernel *kernel)
{
	return loads_tracing(kernel, BPF_TRACE_RAW_TP, "btf_trace_inet_sock_set_state", BTF_KIND_TYPEDEF);
}

static bool loads_iterator(const struct kernel *kernel, const char *target)
{
	return loads_tracing(kernel, BPF_TRACE_ITER, target, BTF_KIND_FUNC);
}

bool features_iterate_maps(const struct kernel *kernel)
{
	return loads_iterator(kernel, "bpf_iter_bpf_map_elem");
}

bool features_iterate_symbols(const struct kernel *kernel)
{
	return loads_iterator(kernel, "bpf_iter_ksym");
}

static bool has_iterators(const struct kernel *kernel)
{
	return loads_iterator(kernel, "bpf_iter_task_file") && (features_iterate_maps(kernel) || features_iterate_symbols(kernel));
}

static const struct {
	const char *name;
	bool (*is_there)(const struct kernel *kernel);
} features[] = {
	{ "ring buffers", has_ring_buffers },
	{ "typed tracepoints", has_typed_tracepoints },
	{ "iterators", has_iterators },
};

#define FEATURES (sizeof(features) / sizeof(features[0]))

void features_missing(const struct kernel *kernel, char *text, size_t size)
{
	const char *names[FEATURES];
	size_t i, count = 0, used = 0;

	for (i = 0; i < FEATURES; i++)
		if (!features[i].is_there(kernel))
			names[count++] = features[i].name;
	if (size)
		text[0] = '\0';
	for (i = 0; i < count && used < size; i++)
		used += snprintf(text + used, size - used, "%s%s", !i ? "" : i + 1 < count ? ", " : " and ", names[i]);
}
