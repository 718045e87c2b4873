/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Numbers and names between people and the program: durations, counts and sizes that fit a narrow column,
 * names made safe for a terminal, and the reading of numbers in options.
 */
#ifndef UTIL_TEXT_H
#define UTIL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for any of the formatted numbers, with the terminating zero. */
#define TEXT_NUMBER 8

/*
 * Three significant digits, cut, not rounded: "950ns" "13us" "1.25ms" "60.9s" "2m05s" "2h14m" "3d04h" "213d".
 * At most 7 columns. Returns the length.
 */
size_t text_duration(char out[TEXT_NUMBER], uint64_t ns);

/* "0" "9999" "12.3k" "4.56M" "18.4E": at most 6 columns, powers of 1000, cut. Returns the length. */
size_t text_count(char out[TEXT_NUMBER], uint64_t count);

/* "512B" "1.25KiB" "1023KiB" "15.9EiB": at most 7 columns, powers of 1024, cut. Returns the length. */
size_t text_bytes(char out[TEXT_NUMBER], uint64_t bytes);

/*
 * Copy a name of at most `in_size` bytes (it ends at a zero byte) so that it can't upset a terminal: control,
 * invisible and invalid bytes become '?'. At most `columns` wide and `size` bytes with its terminating zero; a name
 * that is longer is cut. East Asian wide characters take two columns. Returns the columns used.
 */
size_t text_sanitise(char *out, size_t size, const char *in, size_t in_size, size_t columns);

/*
 * A decimal number without sign or space that takes all of `text`. 0, -EINVAL not a number, -ERANGE more than
 * `max`; *value is set only on success.
 */
int text_parse_u64(const char *text, uint64_t max, uint64_t *value);

/* 1 to 65535. Errors as above. */
int text_parse_port(const char *text, uint16_t *port);

/*
 * "10s", "2m", "1h30m", "1d", "250ms", "0.5s" or plain seconds ("10", "0.5"); units d h m s ms us ns, each at
 * most once and falling, a fraction only in the last part. 0, -EINVAL or -ERANGE (more than 2^63 ns).
 */
int text_parse_duration(const char *text, uint64_t *ns);

/* "256MiB", "2GiB", "500MB", "64K" (of 1024), or plain bytes. 0, -EINVAL or -ERANGE. */
int text_parse_bytes(const char *text, uint64_t *bytes);

/*
 * The next item of a comma-separated list into `item`; *cursor moves on, and is NULL after the last. Returns 1,
 * 0 at the end, -EINVAL for an empty item, -E2BIG for one that does not fit (item then holds what does).
 */
int text_list_next(const char **cursor, char *item, size_t size);

/* Is the word, of at most 63 bytes, an item of the list? */
bool text_list_has(const char *list, const char *word);

#endif
