// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Loading by libbpf, and what it does in silence where its own look at what the kernel can do failed. */
#include "attach/skeleton_load.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "attach/kernel.h"
#include "tcpdwell.skel.h"

/* The object that is being loaded, as libbpf's messages have no context, and what is known of its types in the kernel. */
static struct bpf_object *loading;
static enum { TYPES_UNTOLD, TYPES_LOADED, TYPES_MISSING } loaded_types;

/* The object's types as they are in the kernel. NULL: they can't be read. By descriptor, which asks for no right. */
static struct btf *types_loaded(int fd)
{
	struct bpf_btf_info info = {};
	uint32_t size = sizeof(info);
	struct btf *types = NULL;
	void *bytes;

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return NULL;
	bytes = malloc(info.btf_size);
	info = (struct bpf_btf_info){ .btf = (uintptr_t)bytes, .btf_size = info.btf_size };
	size = sizeof(info);
	if (bytes && !bpf_obj_get_info_by_fd(fd, &info, &size))
		types = btf__new(bytes, info.btf_size);
	free(bytes);
	return types;
}

/* libbpf loads them without global functions, or not at all, where its own look at what the kernel can do failed. */
static bool lacks_types(const struct bpf_object *object)
{
	const int fd = btf__fd(bpf_object__btf(object));
	struct btf *types;
	bool lacks;
	int id;

	if (fd < 0)
		return true;
	types = types_loaded(fd);
	if (!types)
		return false; /* not known */
	id = btf__find_by_name_kind(types, "socket_way", BTF_KIND_FUNC);
	lacks = id < 0 || btf_vlen(btf__type_by_id(types, id)) != BTF_FUNC_GLOBAL;
	btf__free(types);
	return lacks;
}

static void load_no_program(void)
{
	struct bpf_program *program;

	loaded_types = TYPES_MISSING;
	bpf_object__for_each_program(program, loading)
		bpf_program__set_autoload(program, false);
}

/*
 * Without the types of global functions the kernel goes through each once for each call, and gives up after minutes. libbpf tells of each
 * map that it created, which is after the types and before the programs: of these none is loaded then.
 */
static int load_message(enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (loaded_types == TYPES_UNTOLD && strstr(format, "created successfully")) {
		loaded_types = TYPES_LOADED; /* what is asked has messages, too */
		if (lacks_types(loading))
			load_no_program();
	}
	return kernel_libbpf_log(level, format, arguments);
}

int skeleton_load(struct tcpdwell *skeleton, char *error, size_t error_size)
{
	libbpf_print_fn_t before;
	int err;

	loading = skeleton->obj;
	loaded_types = TYPES_UNTOLD;
	before = libbpf_set_print(load_message);
	err = tcpdwell__load(skeleton);
	libbpf_set_print(before);
	loading = NULL;
	/* libbpf leaves these maps out, in silence, where its own look at what the kernel can do failed. */
	if (loaded_types == TYPES_MISSING || (!err && !(skeleton->data && skeleton->bss && skeleton->rodata))) {
		snprintf(error, error_size, "the kernel refused %s, or what libbpf asked to know if it can have them: memory or a right is missing",
			 loaded_types == TYPES_MISSING ? "the types of the BPF programs" : "maps");
		return -ENOMEM;
	}
	return err;
}
