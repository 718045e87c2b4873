// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Some instructions depend on the kernel in ways that libbpf does not deal with. Calls of kernel functions have to be by number:
 * by name libbpf would search every module for them on kernels that lack them, and that takes CAP_SYS_ADMIN.
 */
#include "attach/instructions.h"

#include <elf.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "attach/kernel.h"

static bool is_atomic_with_result(const struct bpf_insn *insn)
{
	return (insn->code == (BPF_STX | BPF_ATOMIC | BPF_DW) || insn->code == (BPF_STX | BPF_ATOMIC | BPF_W)) &&
	       insn->imm != BPF_ADD;
}

/*
 * Kernels before 5.12 refuse an atomic instruction that they don't know even where it can't be reached: it becomes a no-op. Not an
 * addition, which some compilers take for one whose result nobody asks for: it becomes the one without.
 */
static void take_result_away(struct bpf_insn *insn)
{
	if (insn->imm == (BPF_ADD | BPF_FETCH))
		insn->imm = BPF_ADD;
	else
		*insn = (struct bpf_insn){ .code = BPF_JMP | BPF_JA };
}

/* A call of a kernel function; without one the number stays, in code that is not reached then. */
static void point_call(struct bpf_insn *insn, int function)
{
	if (!function)
		return;
	insn->src_reg = BPF_PSEUDO_KFUNC_CALL;
	insn->imm = function;
}

static void put_in_call(struct bpf_insn *insn, const struct kernel *kernel)
{
	switch (insn->imm) {
	case CALL_PREEMPT_DISABLE:
		point_call(insn, kernel->preempt_disable);
		break;
	case CALL_PREEMPT_ENABLE:
		point_call(insn, kernel->preempt_enable);
		break;
	case CALL_RDONLY_CAST:
		point_call(insn, kernel->rdonly_cast);
		break;
	}
}

static void put_in(struct bpf_insn *insn, const struct kernel *kernel)
{
	if (insn->code == (BPF_JMP | BPF_CALL) && !insn->src_reg)
		put_in_call(insn, kernel);
	else if (insn->code == (BPF_ALU64 | BPF_MOV | BPF_K) && insn->imm == CONSTANT_CASTS && kernel->casts)
		insn->imm = kernel->casts;
	else if (insn->code == (BPF_ALU64 | BPF_AND | BPF_K) && insn->imm == CONSTANT_CAST_TYPES)
		insn->imm = kernel->casts == CASTS_TYPED ? -1 : 0;
	else if (!kernel->has_atomics && is_atomic_with_result(insn))
		take_result_away(insn);
}

void *instructions_put_in(const void *object, size_t size, const struct kernel *kernel)
{
	char *copy = malloc(size);
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)copy;
	const Elf64_Shdr *section;
	struct bpf_insn *insn, *end;
	int i;

	if (!copy)
		return NULL;
	memcpy(copy, object, size);
	section = (const Elf64_Shdr *)(copy + header->e_shoff);
	for (i = 0; i < header->e_shnum; i++, section++) {
		if (section->sh_type != SHT_PROGBITS || !(section->sh_flags & SHF_EXECINSTR))
			continue;
		insn = (struct bpf_insn *)(copy + section->sh_offset);
		end = insn + section->sh_size / sizeof(*insn);
		for (; insn < end; insn++)
			put_in(insn, kernel);
	}
	return copy;
}
