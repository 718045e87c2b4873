// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A plain line stays where it is, with a NUL in place of each closing quote; fields are found by a hash of their keys. */
#include "recording/fields.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "recording/reserve.h"

#define FIELDS_MAX 96 /* of a plain line; ours have half as many */
#define SLOTS 256
#define DIGITS_MAX 18 /* fit into 64 bits, whatever they are */
#define REAL_BYTES 40

struct field {
	const char *key, *text; /* text: of a number too */
	int64_t integer;
	uint32_t key_size;
	enum field_kind kind;
};

struct fields {
	json_t *tree; /* NULL: it is a plain line */
	unsigned int count;
	uint8_t slots[SLOTS]; /* number of a field, from 1; 0 = none */
	struct field fields[FIELDS_MAX];
	char line[];
};

/* What is left of a plain line. */
struct cursor {
	char *at, *end;
};

static unsigned int slot_of(const char *key, size_t size)
{
	return size ? (size * 37 + (uint8_t)key[0] * 5 + (uint8_t)key[size / 2] * 3 + (uint8_t)key[size - 1] * 11) % SLOTS : 0;
}

/* The number of the field, or of the slot where it would be told from. */
static unsigned int find_slot(const struct fields *fields, const char *key, size_t size)
{
	unsigned int slot = slot_of(key, size);

	while (fields->slots[slot]) {
		const struct field *field = &fields->fields[fields->slots[slot] - 1];

		if (field->key_size == size && !memcmp(field->key, key, size))
			break;
		slot = (slot + 1) % SLOTS;
	}
	return slot;
}

static const struct field *find(const struct fields *fields, const char *key)
{
	unsigned int number = fields->slots[find_slot(fields, key, strlen(key))];

	return number ? &fields->fields[number - 1] : NULL;
}

/* One that comes again takes the place of the one before. */
static struct field *put(struct fields *fields, const char *key, size_t size)
{
	unsigned int slot = find_slot(fields, key, size);
	struct field *field;

	if (!fields->slots[slot]) {
		if (fields->count == FIELDS_MAX)
			return NULL;
		fields->slots[slot] = ++fields->count;
	}
	field = &fields->fields[fields->slots[slot] - 1];
	field->key = key;
	field->key_size = size;
	return field;
}

static void skip_space(struct cursor *cursor)
{
	while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t' || *cursor->at == '\r' || *cursor->at == '\n'))
		cursor->at++;
}

static bool take(struct cursor *cursor, char wanted)
{
	skip_space(cursor);
	if (cursor->at == cursor->end || *cursor->at != wanted)
		return false;
	cursor->at++;
	return true;
}

/* ASCII that nothing has to be done for. */
static bool is_plain(unsigned char byte)
{
	return byte >= ' ' && byte < 0x80 && byte != '"' && byte != '\\';
}

/* Up to its closing quote, which is overwritten. The opening one was taken. */
static const char *take_text(struct cursor *cursor, size_t *size)
{
	char *begin = cursor->at;

	while (cursor->at < cursor->end && is_plain(*cursor->at))
		cursor->at++;
	if (cursor->at == cursor->end || *cursor->at != '"')
		return NULL;
	*size = cursor->at - begin;
	*cursor->at++ = '\0';
	return begin;
}

static size_t count_digits(const struct cursor *cursor)
{
	const char *at = cursor->at;

	while (at < cursor->end && *at >= '0' && *at <= '9')
		at++;
	return at - cursor->at;
}

static bool take_number(struct cursor *cursor, struct field *field)
{
	bool is_negative = cursor->at < cursor->end && *cursor->at == '-';
	size_t digits, i;
	int64_t value = 0;

	field->text = cursor->at;
	cursor->at += is_negative;
	digits = count_digits(cursor);
	if (!digits || digits > DIGITS_MAX || (digits > 1 && *cursor->at == '0'))
		return false;
	for (i = 0; i < digits; i++)
		value = value * 10 + (*cursor->at++ - '0');
	field->integer = is_negative ? -value : value;
	field->kind = FIELD_INTEGER;
	if (cursor->at == cursor->end || *cursor->at != '.')
		return true;
	cursor->at++;
	digits = count_digits(cursor);
	cursor->at += digits;
	field->kind = FIELD_REAL;
	return digits && cursor->at - field->text <= REAL_BYTES;
}

static bool take_word(struct cursor *cursor, struct field *field)
{
	static const struct {
		const char *word;
		enum field_kind kind;
	} words[] = { { "null", FIELD_NULL }, { "true", FIELD_TRUE }, { "false", FIELD_FALSE } };
	size_t i, size;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size = strlen(words[i].word);
		if ((size_t)(cursor->end - cursor->at) < size || memcmp(cursor->at, words[i].word, size))
			continue;
		cursor->at += size;
		field->kind = words[i].kind;
		return true;
	}
	return false;
}

static bool take_value(struct cursor *cursor, struct field *field)
{
	size_t size;

	if (take(cursor, '"')) {
		field->kind = FIELD_TEXT;
		field->text = take_text(cursor, &size);
		return field->text;
	}
	return take_word(cursor, field) || take_number(cursor, field);
}

static bool take_field(struct cursor *cursor, struct fields *fields)
{
	struct field *field;
	const char *key;
	size_t size;

	if (!take(cursor, '"') || !(key = take_text(cursor, &size)) || !take(cursor, ':'))
		return false;
	field = put(fields, key, size);
	return field && take_value(cursor, field);
}

/* False: it is no plain line, or none at all. */
static bool read_plain(struct fields *fields, size_t size)
{
	struct cursor cursor = { fields->line, fields->line + size };

	if (!take(&cursor, '{'))
		return false;
	if (!take(&cursor, '}')) {
		do
			if (!take_field(&cursor, fields))
				return false;
		while (take(&cursor, ','));
		if (!take(&cursor, '}'))
			return false;
	}
	skip_space(&cursor);
	return cursor.at == cursor.end;
}

static int read_by_library(struct fields *fields, const char *text, size_t size)
{
	reserve_begin();
	fields->tree = json_loadb(text, size, 0, NULL);
	if (reserve_was_needed())
		return -ENOMEM;
	return json_is_object(fields->tree) ? 0 : -EINVAL;
}

int fields_new(struct fields **ret, const char *text, size_t size, enum fields_way way)
{
	struct fields *fields = malloc(sizeof(*fields) + size + 1);
	int err = 0;

	if (!fields)
		return -ENOMEM;
	fields->tree = NULL;
	fields->count = 0;
	memset(fields->slots, 0, sizeof(fields->slots));
	memcpy(fields->line, text, size);
	fields->line[size] = '\0';
	if (way == FIELDS_BY_LIBRARY || !read_plain(fields, size))
		err = read_by_library(fields, text, size);
	if (err) {
		fields_free(fields);
		return err;
	}
	*ret = fields;
	return 0;
}

struct fields *fields_of(json_t *object)
{
	struct fields *fields = malloc(sizeof(*fields));

	if (fields)
		fields->tree = json_incref(object);
	return fields;
}

void fields_free(struct fields *fields)
{
	if (!fields)
		return;
	json_decref(fields->tree);
	free(fields);
}

static bool is_of_kind(const json_t *json, enum field_kind kind)
{
	switch (kind) {
	case FIELD_TEXT:
		return json_is_string(json);
	case FIELD_INTEGER:
		return json_is_integer(json);
	case FIELD_REAL:
		return json_is_real(json);
	case FIELD_TRUE:
		return json_is_true(json);
	case FIELD_FALSE:
		return json_is_false(json);
	case FIELD_NULL:
		return json_is_null(json);
	}
	return false;
}

bool fields_is(const struct fields *fields, const char *key, enum field_kind kind)
{
	const struct field *field;

	if (fields->tree)
		return is_of_kind(json_object_get(fields->tree, key), kind);
	field = find(fields, key);
	return field && field->kind == kind;
}

const char *fields_text(const struct fields *fields, const char *key)
{
	const struct field *field;

	if (fields->tree)
		return json_string_value(json_object_get(fields->tree, key));
	field = find(fields, key);
	return field && field->kind == FIELD_TEXT ? field->text : NULL;
}

int64_t fields_integer(const struct fields *fields, const char *key)
{
	const struct field *field;

	if (fields->tree)
		return json_integer_value(json_object_get(fields->tree, key));
	field = find(fields, key);
	return field && field->kind == FIELD_INTEGER ? field->integer : 0;
}

double fields_number(const struct fields *fields, const char *key)
{
	const struct field *field;

	if (fields->tree)
		return json_number_value(json_object_get(fields->tree, key));
	field = find(fields, key);
	if (field && field->kind == FIELD_REAL)
		return strtod(field->text, NULL);
	return field && field->kind == FIELD_INTEGER ? field->integer : 0;
}

json_t *fields_tree(const struct fields *fields, const char *key)
{
	json_t *json = fields->tree ? json_object_get(fields->tree, key) : NULL;

	return json_is_object(json) || json_is_array(json) ? json : NULL;
}

uint64_t recorded_number(const struct fields *fields, const char *key, uint64_t max)
{
	int64_t number = fields_integer(fields, key);

	return number > 0 && (uint64_t)number <= max ? (uint64_t)number : 0;
}
