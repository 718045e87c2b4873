// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Command lines: the executable, and which of the words behind it is the script. */
#include "attribute/program.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "util/text.h"

#define NAME_BYTES 64
#define CMDLINE_COLUMNS 200

/* A word of the arguments; text NULL: there is none. */
struct word {
	const char *text;
	size_t size;
};

struct words {
	const char *at, *end;
};

static struct word word_next(struct words *words)
{
	struct word word = { words->at, words->at < words->end ? strnlen(words->at, words->end - words->at) : 0 };

	if (words->at >= words->end)
		return (struct word){};
	words->at += word.size + 1;
	return word;
}

static bool word_is(struct word word, const char *text)
{
	return word.size == strlen(text) && !memcmp(word.text, text, word.size);
}

static bool word_is_one_of(struct word word, const char *list)
{
	size_t size;

	for (; *list; list += size + (list[size] == ' ')) {
		size = strcspn(list, " ");
		if (size == word.size && !memcmp(list, word.text, size))
			return true;
	}
	return false;
}

static struct word last_component(struct word word)
{
	size_t i;

	for (i = word.size; i > 0 && word.text[i - 1] != '/'; i--)
		;
	return i ? (struct word){ word.text + i, word.size - i } : word;
}

/* "-bash" is a login shell, "nginx: worker process" a title that the process gave itself. */
static struct word executable_of(struct word word)
{
	size_t i = 0;

	if (word.size && word.text[0] == '-')
		word = (struct word){ word.text + 1, word.size - 1 };
	while (i < word.size && word.text[i] != ' ' && word.text[i] != ':')
		i++;
	word.size = i;
	return last_component(word);
}

/* Whose first plain argument is a script. */
struct interpreter {
	const char *name; /* digits and dots may follow */
	const char *with_value; /* options whose value is the next word */
	const char *script; /* option whose value is the script or module that is run; or a word before it */
	const char *code; /* options behind which there is no script, but code, or what code from standard input is given */
	bool one_dash; /* options are words behind one dash, "-Xcomp": their letters are none */
};

static const struct interpreter interpreters[] = {
	{ "python", "-W -X --check-hash-based-pycs", "-m", "-c" },
	{ "pypy", "-W -X", "-m", "-c" },
	{ "perl", "-I -M", "", "-e -E" },
	{ "ruby", "-I -r -C", "", "-e" },
	{ "node", "-r --require --import --loader", "", "-e --eval -p --print" },
	{ "nodejs", "-r --require", "", "-e --eval -p --print" },
	{ "deno", "", "run", "eval" },
	{ "bun", "", "run", "-e" },
	{ "php", "-c -d -z", "-f", "-r -B -R" },
	{ "lua", "-l", "", "-e" },
	{ "luajit", "-l", "", "-e" },
	{ "java", "-cp -classpath --class-path -p --module-path --add-opens --add-exports --add-modules", "-jar", "", true },
	{ "dotnet", "", "exec", "" },
	{ "mono", "", "", "" },
	{ "bash", "-o -O", "", "-c -s" },
	{ "sh", "-o", "", "-c -s" },
	{ "dash", "-o", "", "-c -s" },
	{ "zsh", "-o", "", "-c -s" },
	{ "ksh", "-o", "", "-c -s" },
	{ "tclsh", "", "", "" },
	{ "Rscript", "", "", "-e" },
	{},
};

static const struct interpreter *interpreter_of(struct word executable)
{
	const struct interpreter *interpreter;
	size_t size, i;

	for (interpreter = interpreters; interpreter->name; interpreter++) {
		size = strlen(interpreter->name);
		if (executable.size < size || memcmp(executable.text, interpreter->name, size))
			continue;
		for (i = size; i < executable.size && (isdigit((unsigned char)executable.text[i]) || executable.text[i] == '.'); i++)
			;
		if (i == executable.size)
			return interpreter;
	}
	return NULL;
}

/* "-c" of one letter in a list such as "-c -e". */
static bool is_letter_of(char letter, const char *list)
{
	const char option[] = { '-', letter, '\0' };

	return word_is_one_of((struct word){ option, 2 }, list);
}

/* Options of one letter may stand together, "-lc", and their value right behind them, "-Wignore". Does this word bring such? */
static bool has_letters(const struct interpreter *interpreter, struct word word)
{
	return !interpreter->one_dash && word.size >= 2 && word.text[0] == '-' && word.text[1] != '-';
}

static bool brings_code(const struct interpreter *interpreter, struct word word)
{
	size_t i;

	if (word_is_one_of(word, interpreter->code) || word_is(word, "-"))
		return true;
	if (!has_letters(interpreter, word))
		return false;
	for (i = 1; i < word.size && !is_letter_of(word.text[i], interpreter->with_value); i++)
		if (is_letter_of(word.text[i], interpreter->code))
			return true;
	return false;
}

/* The next word is the value: "-W", or "-euo" whose last letter wants one. */
static bool wants_value(const struct interpreter *interpreter, struct word word)
{
	size_t i;

	if (word_is_one_of(word, interpreter->with_value))
		return true;
	if (!has_letters(interpreter, word))
		return false;
	for (i = 1; i < word.size && !is_letter_of(word.text[i], interpreter->with_value); i++)
		;
	return i == word.size - 1;
}

/* Not what no file is called by: code may come in other ways than those that we know, and can hold secrets. */
static bool names_file(struct word word)
{
	size_t i;

	for (i = 0; i < word.size; i++)
		if ((unsigned char)word.text[i] < ' ' || word.text[i] == 127 || strchr(";|&(){}<>\"'`", word.text[i]))
			return false;
	return true;
}

static struct word script_of(const struct interpreter *interpreter, struct words *words)
{
	struct word word = word_next(words);

	while (word.text && (word.size == 0 || word.text[0] == '-' || word_is_one_of(word, interpreter->script))) {
		if (brings_code(interpreter, word))
			return (struct word){};
		if (word_is_one_of(word, interpreter->script) && word.text[0] == '-')
			return word_next(words);
		if (wants_value(interpreter, word))
			word_next(words);
		word = word_next(words);
		if (word_is(word, "--"))
			return word_next(words);
	}
	return word;
}

static void name_of(char out[NAME_BYTES], struct word word)
{
	out[0] = '\0';
	if (word.text)
		text_sanitise(out, NAME_BYTES, word.text, word.size, NAME_BYTES - 1);
}

void program_from_arguments(char out[PROGRAM_BYTES], const char *arguments, size_t size)
{
	struct words words = { arguments, arguments + size };
	struct word executable = executable_of(word_next(&words)), script = {};
	const struct interpreter *interpreter = interpreter_of(executable);
	char name[NAME_BYTES], script_name[NAME_BYTES];

	if (interpreter)
		script = script_of(interpreter, &words);
	if (!names_file(script))
		script = (struct word){};
	name_of(name, executable);
	name_of(script_name, last_component(script));
	snprintf(out, PROGRAM_BYTES, "%s%s%s", name, script_name[0] ? " " : "", script_name);
}

void cmdline_from_arguments(char out[CMDLINE_BYTES], const char *arguments, size_t size)
{
	char line[4096];
	size_t i;

	while (size && !arguments[size - 1])
		size--;
	if (size > sizeof(line))
		size = sizeof(line);
	for (i = 0; i < size; i++)
		line[i] = arguments[i] ?: ' ';
	out[0] = '\0';
	if (size)
		text_sanitise(out, CMDLINE_BYTES, line, size, CMDLINE_COLUMNS);
}
