// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The values of JSON: escaping, numbers, times. Keys, commas and braces are inline in json.h. */
#include "util/json.h"

#include <endian.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "util/utf8.h"

static const char hex_digits[] = "0123456789abcdef";

void json_init(struct json *json)
{
	memset(json, 0, sizeof(*json));
	json->second = UINT64_MAX;
}

void json_release(struct json *json)
{
	buffer_release(&json->buffer);
}

void json_clear(struct json *json)
{
	buffer_clear(&json->buffer);
}

int json_error(const struct json *json)
{
	return json->error;
}

static char *put_escape(char *at, uint32_t code)
{
	static const char short_forms[32] = {
		['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't',
	};

	*at++ = '\\';
	if (code == '"' || code == '\\') {
		*at++ = code;
	} else if (code < 32 && short_forms[code]) {
		*at++ = short_forms[code];
	} else {
		memcpy(at, "u00", 3);
		at[3] = hex_digits[code >> 4];
		at[4] = hex_digits[code & 15];
		at += 5;
	}
	return at;
}

/* DEL and the C1 controls are legal in JSON, but not harmless to a terminal. */
static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

/* One character that may need care; at most 6 bytes for each byte of it. */
static char *put_character(char *at, const char *text, size_t left, size_t *taken)
{
	uint32_t code;
	size_t size = utf8_decode(text, left, &code);

	*taken = size ? size : 1;
	if (!size) {
		memcpy(at, "\xef\xbf\xbd", 3);
		return at + 3;
	}
	if (code == '"' || code == '\\' || is_control(code))
		return put_escape(at, code);
	memcpy(at, text, size);
	return at + size;
}

static inline bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

#define EACH_BYTE(byte) (0x0101010101010101ULL * (byte))

/* Whether 8 bytes are all plain. A bit 7 is set where a byte is below 0x20, '"', '\\', or above 0x7e. */
static inline bool are_plain(uint64_t bytes)
{
	uint64_t low = bytes - EACH_BYTE(0x20), high = bytes | (bytes + EACH_BYTE(1));
	uint64_t quote = (bytes ^ EACH_BYTE('"')) - EACH_BYTE(1);
	uint64_t backslash = (bytes ^ EACH_BYTE('\\')) - EACH_BYTE(1);

	return !((low | high | quote | backslash) & EACH_BYTE(0x80));
}

/* The last bytes of a text, fewer than 8, as a word that is filled up with spaces. */
static inline uint64_t last_word(const char *text, size_t size)
{
	uint64_t word = EACH_BYTE(' ');

	for (; size; size--)
		word = word << 8 | (unsigned char)text[size - 1];
	return htole64(word);
}

/* Copies whole words as long as they need no care. Returns how many bytes. */
static inline size_t copy_plain_words(char *at, const char *text, size_t size)
{
	size_t done = 0;
	uint64_t word;

	for (; done + sizeof(word) <= size; done += sizeof(word)) {
		memcpy(&word, text + done, sizeof(word));
		if (!are_plain(word))
			break;
		memcpy(at + done, &word, sizeof(word));
	}
	if (size - done >= sizeof(word))
		return done;
	word = last_word(text + done, size - done);
	if (!are_plain(word))
		return done;
	memcpy(at + done, &word, sizeof(word));
	return size;
}

void json_put_string(struct json *json, const char *text, size_t size)
{
	char *at = size < SIZE_MAX / 8 ? buffer_reserve(&json->buffer, size * 6 + 2 + sizeof(uint64_t)) : NULL;
	size_t taken, plain;

	if (!at)
		return;
	*at++ = '"';
	plain = copy_plain_words(at, text, size);
	at += plain;
	for (size_t i = plain; i < size; i += taken) {
		taken = 1;
		if (is_plain(text[i]))
			*at++ = text[i];
		else
			at = put_character(at, text + i, size - i, &taken);
	}
	*at++ = '"';
	json->size = at - json->data;
}

void json_put_i64(struct json *json, int64_t value)
{
	if (value < 0)
		buffer_append_char(&json->buffer, '-');
	buffer_append_u64(&json->buffer, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* printf would write the decimal point of the user's language. */
static void put_scaled(struct json *json, uint64_t scaled, unsigned int decimals)
{
	char digits[U64_DIGITS];
	uint64_t scale = 1;
	size_t size;

	for (unsigned int i = 0; i < decimals; i++)
		scale *= 10;
	buffer_append_u64(&json->buffer, scaled / scale);
	if (!decimals)
		return;
	size = u64_format(digits, scaled % scale);
	buffer_append_char(&json->buffer, '.');
	buffer_append_repeated(&json->buffer, '0', decimals - size);
	buffer_append(&json->buffer, digits, size);
}

void json_put_f64(struct json *json, double value, unsigned int decimals)
{
	double scale = 1, size = value < 0 ? -value : value;

	if (!isfinite(value)) {
		buffer_append_string(&json->buffer, "null");
		return;
	}
	if (size >= 1e18) {
		buffer_printf(&json->buffer, "%.0f", value);
		return;
	}
	if (decimals > 9)
		decimals = 9;
	for (unsigned int i = 0; i < decimals; i++)
		scale *= 10;
	for (; size * scale >= 1e18; decimals--)
		scale /= 10;
	if (value < 0 && size * scale >= 0.5)
		buffer_append_char(&json->buffer, '-');
	put_scaled(json, size * scale + 0.5, decimals);
}

/* Eight digits at once, a byte for each; those above 9 are 'a' - '9' - 1 further on. */
static inline uint64_t hex_digits_of(uint32_t value)
{
	uint64_t bytes = value, letters;

	bytes = (bytes | bytes << 16) & 0x0000ffff0000ffffULL;
	bytes = (bytes | bytes << 8) & 0x00ff00ff00ff00ffULL;
	bytes = (bytes | bytes << 4) & 0x0f0f0f0f0f0f0f0fULL;
	letters = (bytes + EACH_BYTE(6)) >> 4 & EACH_BYTE(1);
	return htobe64(bytes + EACH_BYTE('0') + letters * ('a' - '9' - 1));
}

char *json_hex64_text(char *at, uint64_t value)
{
	uint64_t digits[2] = { hex_digits_of(value >> 32), hex_digits_of(value) };

	memcpy(at, digits, sizeof(digits));
	return at + sizeof(digits);
}

void json_put_hex64(struct json *json, uint64_t value)
{
	char *at = buffer_reserve(&json->buffer, JSON_HEX64 + 2);

	if (!at)
		return;
	*at++ = '"';
	at = json_hex64_text(at, value);
	*at++ = '"';
	json->size += JSON_HEX64 + 2;
}

void json_remember_second(struct json *json, uint64_t second)
{
	time_t seconds = second;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(json->second_text, sizeof(json->second_text), "%Y-%m-%dT%H:%M:%S.", &tm);
	json->second = second;
}

void json_put_time(struct json *json, uint64_t unix_ns)
{
	char *at = buffer_reserve(&json->buffer, JSON_TIME + 2);

	if (!at)
		return;
	*at++ = '"';
	at = json_time_text(json, at, unix_ns);
	*at++ = '"';
	json->size += JSON_TIME + 2;
}
