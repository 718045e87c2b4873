// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The index of the kernel's types and the excerpt that libbpf gets, against what libbpf says of all of them. */
#include "unit.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "attach/types.h"

#define EACH 53 /* a prime: not in step with anything */
#define DEEPEST 32

static struct btf *all; /* the running kernel's, by libbpf; NULL: it shows none */

static int read_all(void **state)
{
	(void)state;
	all = btf__load_vmlinux_btf();
	if (libbpf_get_error(all))
		all = NULL;
	return 0;
}

static int free_all(void **state)
{
	(void)state;
	btf__free(all);
	return 0;
}

static bool is_asked_for(const struct btf_type *type)
{
	return btf_is_struct(type) || btf_is_union(type) || btf_is_any_enum(type) || btf_is_typedef(type) || btf_is_func(type) ||
	       btf_is_int(type);
}

static void found_as_libbpf_does(void **state)
{
	const struct btf_type *type;
	struct types *types;
	const char *name;
	uint32_t id;

	(void)state;
	if (!all)
		skip_because("the kernel shows no BTF");
	assert_int_equal(types_read(&types), 0);
	for (id = 1; id < btf__type_cnt(all); id += EACH) {
		type = btf__type_by_id(all, id);
		name = btf__name_by_offset(all, type->name_off);
		if (is_asked_for(type) && *name)
			assert_int_equal(types_find(types, name, btf_kind(type)), btf__find_by_name_kind(all, name, btf_kind(type)));
	}
	assert_int_equal(types_find(types, "sock", BTF_KIND_FUNC), -ENOENT);
	assert_int_equal(types_find(types, "no_such_thing", BTF_KIND_STRUCT), -ENOENT);
	assert_int_equal(types_find(types, "", BTF_KIND_STRUCT), -ENOENT);
	assert_true(types_has_member(types, "sock_common", "skc_state"));
	assert_true(types_has_member(types, "list_head", "prev"));
	assert_false(types_has_member(types, "list_head", "pre"));
	assert_false(types_has_member(types, "no_such_thing", "prev"));
	types_free(types);
}

static const struct btf_type *itself(const struct btf *btf, uint32_t *id)
{
	const struct btf_type *type = btf__type_by_id(btf, *id);

	while (btf_is_mod(type) || btf_is_typedef(type)) {
		*id = type->type;
		type = btf__type_by_id(btf, *id);
	}
	return type;
}

static void same_type(const struct btf *one, uint32_t a, const struct btf *two, uint32_t b, int depth);

static void same_members(const struct btf *one, const struct btf_type *a, const struct btf *two, const struct btf_type *b, int depth)
{
	int i;

	for (i = 0; i < btf_vlen(a); i++) {
		const struct btf_member *first = btf_members(a) + i, *second = btf_members(b) + i;

		assert_string_equal(btf__name_by_offset(one, first->name_off), btf__name_by_offset(two, second->name_off));
		assert_int_equal(first->offset, second->offset);
		same_type(one, first->type, two, second->type, depth + 1);
	}
}

/* Enumerators of 64 bits have a word more. */
static void same_enumerators(const struct btf *one, const struct btf_type *a, const struct btf *two, const struct btf_type *b)
{
	const uint32_t words = btf_kind(a) == BTF_KIND_ENUM ? 2 : 3, *first = (const uint32_t *)(a + 1), *second = (const uint32_t *)(b + 1);
	uint32_t i;

	for (i = 0; i < words * btf_vlen(a); i++) {
		if (i % words)
			assert_int_equal(first[i], second[i]);
		else
			assert_string_equal(btf__name_by_offset(one, first[i]), btf__name_by_offset(two, second[i]));
	}
}

/* All that CO-RE asks: names, kinds, sizes, places, of all that it contains. */
static void same_type(const struct btf *one, uint32_t a, const struct btf *two, uint32_t b, int depth)
{
	const struct btf_type *first = itself(one, &a), *second = itself(two, &b);

	assert_true(depth < DEEPEST);
	assert_int_equal(btf_kind(first), btf_kind(second));
	if (!btf_is_ptr(first))
		assert_string_equal(btf__name_by_offset(one, first->name_off), btf__name_by_offset(two, second->name_off));
	if (!btf_is_array(first))
		assert_int_equal(first->info, second->info);
	if (btf_is_array(first)) {
		assert_int_equal(btf_array(first)->nelems, btf_array(second)->nelems);
		same_type(one, btf_array(first)->type, two, btf_array(second)->type, depth + 1);
	} else if (btf_is_composite(first)) {
		assert_int_equal(first->size, second->size);
		same_members(one, first, two, second, depth);
	} else if (btf_is_any_enum(first)) {
		assert_int_equal(first->size, second->size);
		same_enumerators(one, first, two, second);
	} else if (btf_is_int(first)) {
		assert_int_equal(first->size, second->size);
		assert_int_equal(*(const uint32_t *)(first + 1), *(const uint32_t *)(second + 1));
	}
}

static struct btf *excerpt_of(const struct types *types, const struct btf *wanted)
{
	int fd = memfd_create("excerpt", MFD_CLOEXEC);
	struct btf *btf;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(types_excerpt(types, wanted, fd), 0);
	btf = btf__parse(path, NULL);
	assert_false(libbpf_get_error(btf));
	close(fd);
	return btf;
}

static int count_named(const struct btf *btf, const char *name, uint32_t kind)
{
	const struct btf_type *type;
	int count = 0;
	uint32_t id;

	for (id = 1; id < btf__type_cnt(btf); id++) {
		type = btf__type_by_id(btf, id);
		count += btf_kind(type) == kind && !strcmp(btf__name_by_offset(btf, type->name_off), name);
	}
	return count;
}

static void excerpt_has_what_is_wanted(void **state)
{
	static const char *const names[] = { "task_struct", "sock", "tcp_sock", "net", "inet_timewait_sock", "sk_buff" };
	struct btf *wanted, *excerpt;
	struct types *types;
	char name[64];
	uint32_t size;
	size_t i;

	(void)state;
	if (!all)
		skip_because("the kernel shows no BTF");
	wanted = btf__new_empty();
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(name, sizeof(name), i % 2 ? "%s" : "%s___older_than_ours", names[i]);
		assert_true(btf__add_struct(wanted, name, 8) > 0);
	}
	assert_true(btf__add_enum(wanted, "bpf_func_id", 4) > 0);
	assert_int_equal(types_read(&types), 0);
	excerpt = excerpt_of(types, wanted);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(count_named(excerpt, names[i], BTF_KIND_STRUCT), count_named(all, names[i], BTF_KIND_STRUCT));
		same_type(all, btf__find_by_name_kind(all, names[i], BTF_KIND_STRUCT), excerpt,
			  btf__find_by_name_kind(excerpt, names[i], BTF_KIND_STRUCT), 0);
	}
	same_type(all, btf__find_by_name_kind(all, "bpf_func_id", BTF_KIND_ENUM), excerpt,
		  btf__find_by_name_kind(excerpt, "bpf_func_id", BTF_KIND_ENUM), 0);
	assert_true(btf__type_cnt(excerpt) < btf__type_cnt(all) / 8);
	btf__raw_data(excerpt, &size);
	assert_in_range(size, 1000, 1 << 20);
	btf__free(excerpt);
	btf__free(wanted);
	types_free(types);
}

/* Two of one name, a field of bits, qualifiers and a typedef around what is contained, a pointer to what is not, both widths of enums. */
static struct btf *made(void)
{
	struct btf *btf = btf__new_empty();
	int number = btf__add_int(btf, "unsigned int", 4, 0), inner, outer, pointer, array, either, volatile_inner, typed;

	inner = btf__add_struct(btf, "inner", 8);
	btf__add_field(btf, "low", number, 0, 3);
	btf__add_field(btf, "high", number, 32, 0);
	btf__add_struct(btf, "elsewhere", 4);
	pointer = btf__add_ptr(btf, btf__type_cnt(btf) - 1);
	volatile_inner = btf__add_volatile(btf, btf__add_const(btf, inner));
	typed = btf__add_typedef(btf, "inner_t", volatile_inner);
	array = btf__add_array(btf, number, typed, 5);
	either = btf__add_union(btf, NULL, 8);
	btf__add_field(btf, "word", number, 0, 0);
	outer = btf__add_struct(btf, "outer", 64);
	btf__add_field(btf, "all", array, 0, 0);
	btf__add_field(btf, "where", pointer, 320, 0);
	btf__add_field(btf, "", either, 384, 0);
	btf__add_struct(btf, "outer", 4);
	btf__add_field(btf, "other", number, 0, 0);
	btf__add_enum(btf, "width", 4);
	btf__add_enum_value(btf, "NARROW", 1);
	btf__add_enum64(btf, "width", 8, false);
	btf__add_enum64_value(btf, "WIDE", 1ULL << 40);
	btf__add_func(btf, "outer", BTF_FUNC_STATIC, btf__add_func_proto(btf, number));
	assert_true(outer > 0);
	return btf;
}

static struct types *parsed(const struct btf *btf)
{
	struct types *types;
	const void *data;
	uint32_t size;

	data = btf__raw_data(btf, &size);
	assert_int_equal(types_parse(&types, data, size), 0);
	return types;
}

static void excerpt_of_made_types(void **state)
{
	struct btf *btf = made(), *wanted = btf__new_empty(), *excerpt;
	struct types *types = parsed(btf);
	int outer = btf__find_by_name_kind(btf, "outer", BTF_KIND_STRUCT);

	(void)state;
	btf__add_struct(wanted, "outer___5_10", 4);
	btf__add_enum(wanted, "width", 4);
	btf__add_struct(wanted, "absent", 4);
	excerpt = excerpt_of(types, wanted);
	assert_int_equal(count_named(excerpt, "outer", BTF_KIND_STRUCT), 2);
	assert_int_equal(count_named(excerpt, "outer", BTF_KIND_FUNC), 0);
	assert_int_equal(count_named(excerpt, "width", BTF_KIND_ENUM), 1);
	assert_int_equal(count_named(excerpt, "width", BTF_KIND_ENUM64), 1);
	assert_int_equal(count_named(excerpt, "inner", BTF_KIND_STRUCT), 1);
	assert_int_equal(count_named(excerpt, "elsewhere", BTF_KIND_STRUCT), 0);
	same_type(btf, outer, excerpt, btf__find_by_name_kind(excerpt, "outer", BTF_KIND_STRUCT), 0);
	same_type(btf, btf__find_by_name_kind(btf, "width", BTF_KIND_ENUM64), excerpt,
		  btf__find_by_name_kind(excerpt, "width", BTF_KIND_ENUM64), 0);
	btf__free(excerpt);
	btf__free(wanted);
	types_free(types);
	btf__free(btf);
}

/* Whatever is cut off or changed: an error, or types, and nothing that is read beyond its end. */
static void damaged_is_refused(void **state)
{
	struct btf *btf = made(), *wanted = btf__new_empty();
	struct types *types;
	uint64_t random = 1;
	const char *data;
	uint32_t size, i;
	char *copy;
	int fd = memfd_create("excerpt", MFD_CLOEXEC);

	(void)state;
	btf__add_struct(wanted, "outer", 4);
	data = btf__raw_data(btf, &size);
	for (i = 0; i < size; i++) {
		copy = malloc(i + 1);
		memcpy(copy, data, i);
		assert_int_equal(types_parse(&types, copy, i), -EPROTO);
		free(copy);
	}
	copy = malloc(size);
	for (i = 0; i < 4000; i++) {
		memcpy(copy, data, size);
		copy[unit_random(&random) % size] ^= unit_random(&random);
		copy[unit_random(&random) % size] ^= unit_random(&random);
		if (types_parse(&types, copy, size))
			continue;
		types_find(types, "outer", BTF_KIND_STRUCT);
		types_has_member(types, "outer", "no_such_member");
		types_has_number(types, "outer", "all", 4);
		types_has_number(types, "outer", "where", 4);
		types_excerpt(types, wanted, fd);
		assert_int_equal(ftruncate(fd, 0), 0);
		types_free(types);
	}
	free(copy);
	close(fd);
	btf__free(wanted);
	btf__free(btf);
}

static void types_that_there_are_not(void **state)
{
	struct btf *btf = btf__new_empty(), *wanted = btf__new_empty();
	struct types *types;
	int fd = memfd_create("excerpt", MFD_CLOEXEC);

	(void)state;
	btf__add_struct(btf, "outer", 4);
	btf__add_field(btf, "beyond", 77, 0, 0);
	btf__add_struct(wanted, "outer", 4);
	types = parsed(btf);
	assert_int_equal(types_excerpt(types, wanted, fd), -EPROTO);
	types_free(types);
	close(fd);
	btf__free(wanted);
	btf__free(btf);
}

/* As struct net and its net_cookie are (u64 since 5.12), were (atomic64_t), and could be: what our programs can read is one of eight bytes. */
static void numbers_of_a_struct(void **state)
{
	struct btf *btf = btf__new_empty();
	int wide = btf__add_int(btf, "long long unsigned int", 8, 0), narrow = btf__add_int(btf, "unsigned int", 4, 0);
	int u64 = btf__add_typedef(btf, "u64", btf__add_typedef(btf, "__u64", wide)), in_struct, circle, atomic, pointer;
	struct types *types;

	(void)state;
	in_struct = btf__add_struct(btf, NULL, 8);
	btf__add_field(btf, "counter", wide, 0, 0);
	circle = btf__add_typedef(btf, "circle", btf__type_cnt(btf));
	atomic = btf__add_typedef(btf, "atomic64_t", in_struct);
	u64 = btf__add_const(btf, u64);
	pointer = btf__add_ptr(btf, wide);
	btf__add_struct(btf, "net", 64);
	btf__add_field(btf, "net_cookie", u64, 0, 0);
	btf__add_field(btf, "plain", wide, 64, 0);
	btf__add_field(btf, "atomic", atomic, 128, 0);
	btf__add_field(btf, "narrow", narrow, 192, 0);
	btf__add_field(btf, "pointer", pointer, 256, 0);
	btf__add_field(btf, "circle", circle, 320, 0);
	btf__add_field(btf, "beyond", 1000, 384, 0);
	types = parsed(btf);
	assert_true(types_has_number(types, "net", "net_cookie", 8));
	assert_true(types_has_number(types, "net", "plain", 8));
	assert_false(types_has_number(types, "net", "atomic", 8));
	assert_false(types_has_number(types, "net", "narrow", 8));
	assert_false(types_has_number(types, "net", "pointer", 8));
	assert_false(types_has_number(types, "net", "circle", 8));
	assert_false(types_has_number(types, "net", "beyond", 8));
	assert_false(types_has_number(types, "net", "absent", 8));
	assert_false(types_has_number(types, "no_such_thing", "net_cookie", 8));
	assert_true(types_has_member(types, "net", "atomic"));
	types_free(types);
	btf__free(btf);
}

/* The kernel's header may be shorter than that of the build, and longer. */
static void headers_of_other_sizes(void **state)
{
	static const uint32_t sizes[] = { 24, 32, 40 };
	struct btf *btf = btf__new_empty();
	uint32_t whole, old, i;
	const char *data;

	(void)state;
	assert_true(btf__add_int(btf, "int", 4, BTF_INT_SIGNED) > 0);
	data = btf__raw_data(btf, &whole);
	old = ((const struct btf_header *)data)->hdr_len;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		const uint32_t size = whole - old + sizes[i];
		char *copy = calloc(1, size);
		struct types *types = NULL;

		memcpy(copy, data, sizes[i] < old ? sizes[i] : old);
		memcpy(copy + sizes[i], data + old, whole - old);
		((struct btf_header *)copy)->hdr_len = sizes[i];
		assert_int_equal(types_parse(&types, copy, size), 0);
		assert_int_equal(types_find(types, "int", BTF_KIND_INT), 1);
		types_free(types);
		free(copy);
	}
	btf__free(btf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_as_libbpf_does),	 cmocka_unit_test(excerpt_has_what_is_wanted),
		cmocka_unit_test(excerpt_of_made_types), cmocka_unit_test(damaged_is_refused),
		cmocka_unit_test(types_that_there_are_not), cmocka_unit_test(headers_of_other_sizes),
		cmocka_unit_test(numbers_of_a_struct),
	};

	return cmocka_run_group_tests(tests, read_all, free_all);
}
