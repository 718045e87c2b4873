// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Options: what reaches a command's struct, and that a refusal names the option and says what to do, in one line. */
#include "unit.h"

#include <sysexits.h>
#include <unistd.h>

#include "command.h"

struct own {
	bool flag;
	const char *text;
	uint32_t u32;
	uint64_t u64, ns, count;
	enum color choice;
};

static const char *choice_name(unsigned int value)
{
	static const char *const names[] = { "red", "green", "blue" };

	return names[value];
}

#define FIELD(member) offsetof(struct own, member)

static const struct option_row rows[] = {
	{ "flag", 'f', NULL, "help", option_flag, FIELD(flag) },
	{ "text", 'x', "TEXT", "help", option_text, FIELD(text) },
	{ "size", 0, "MIB", "how large", option_u32, FIELD(u32), 1, 100, 1024 },
	{ "sizes", 0, "N", "help", option_u64, FIELD(u64), 0, 100 },
	{ "choice", 0, "COLOUR", "help", option_choice, FIELD(choice), 0, 2, .choice = choice_name },
	{ NULL, 0, "INTERVAL", NULL, option_duration, FIELD(ns), 10000000 },
	{ NULL, 0, "COUNT", NULL, option_u64, FIELD(count), 1, 9 },
	{},
};

static const struct option_set sets[] = { { rows }, {} };
static const struct own defaults = { .u32 = 7, .text = "none" };

static const struct command test_command = {
	.name = "test",
	.arguments = "[INTERVAL [COUNT]]",
	.description = "What it is for.",
	.examples = "  tcpdwell test --flag",
	.own = sets,
	.own_defaults = &defaults,
	.own_size = sizeof(defaults),
	.common = COMMON_REPLAY | COMMON_JSON,
};

static char said[4096], shown[16384];

/* What `fd` gets while a command line is parsed, in a file that `keep` names. */
static int captured(int fd, int *saved)
{
	char path[UNIT_PATH];
	int file = unit_make_file(path);

	unlink(path);
	fflush(NULL);
	*saved = dup(fd);
	dup2(file, fd);
	return file;
}

static void release(int fd, int saved, int file, char *text, size_t size)
{
	ssize_t got;

	fflush(NULL);
	dup2(saved, fd);
	close(saved);
	got = pread(file, text, size - 1, 0);
	text[got > 0 ? got : 0] = '\0';
	close(file);
}

/* Parses words with blanks between. */
static int parse(struct options *options, const struct command *command, const char *line)
{
	static char words[512];
	char *argv[32], *word;
	int argc = 0, err, out, error, saved_out, saved_error;

	snprintf(words, sizeof(words), "%s %s", command->name, line);
	for (word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	out = captured(STDOUT_FILENO, &saved_out);
	error = captured(STDERR_FILENO, &saved_error);
	err = options_parse(options, command, argc, argv);
	release(STDERR_FILENO, saved_error, error, said, sizeof(said));
	release(STDOUT_FILENO, saved_out, out, shown, sizeof(shown));
	return err;
}

static void values_reach_the_struct(void **state)
{
	struct options options;
	const struct own *own;

	(void)state;
	assert_int_equal(parse(&options, &test_command, ""), 0);
	own = options.own;
	assert_int_equal(own->u32, 7);
	assert_string_equal(own->text, "none");
	assert_true(options.run.seconds < 0);
	assert_true(options.run.filter.recorded);
	options_release(&options);

	assert_int_equal(parse(&options, &test_command,
			       "-fxword --size=3 500ms --sizes 0 --choice blue -j -vv -d 1m --local-port 80 9"), 0);
	own = options.own;
	assert_true(own->flag);
	assert_string_equal(own->text, "word");
	assert_int_equal(own->u32, 3 * 1024);
	assert_int_equal(own->u64, 0);
	assert_int_equal(own->choice, 2);
	assert_int_equal(own->ns, 500000000);
	assert_int_equal(own->count, 9);
	assert_true(options.json && options.run.for_programs);
	assert_int_equal(options.verbosity, 2);
	assert_true(options.run.seconds == 60);
	assert_int_equal(options.run.filter.local_ports[0], 80);
	options_release(&options);
	assert_int_equal(defaults.u32, 7);

	assert_int_equal(parse(&options, &test_command, "--cho red --fla -- 1"), 0);
	assert_true(((struct own *)options.own)->flag);
	options_release(&options);
}

struct refusal {
	const char *line, *begin, *part;
};

static void assert_refused(const struct command *command, const struct refusal *refusal)
{
	char begin[64];
	struct options options;

	assert_int_equal(parse(&options, command, refusal->line), EX_USAGE);
	options_release(&options);
	snprintf(begin, sizeof(begin), "tcpdwell: %s", refusal->begin);
	if (strncmp(said, begin, strlen(begin)) || !strstr(said, refusal->part) || strchr(said, '\n') != said + strlen(said) - 1)
		fail_msg("%s: \"%s\" does not begin with \"%s\", or lacks \"%s\"", refusal->line, said, begin, refusal->part);
	assert_string_equal(shown, "");
}

static void a_refusal_names_the_option_and_what_to_do(void **state)
{
	static const struct refusal refusals[] = {
		{ "--bogus", "--bogus: ", "tcpdwell test --help" },
		{ "--bogus=5 3", "--bogus: ", "tcpdwell test --help" },
		{ "--bogus 5 3", "--bogus: ", "tcpdwell test --help" },
		{ "3 --bogus 5", "--bogus: ", "tcpdwell test --help" },
		{ "-Z", "-Z: ", "tcpdwell test --help" },
		{ "-fZ", "-Z: ", "tcpdwell test --help" },
		{ "-f -Z 3", "-Z: ", "tcpdwell test --help" },
		{ "--hooks=fentry", "--hooks: ", "tcpdwell test --help" }, /* not of a replay */
		{ "--siz 3", "--siz: ", "--size, --sizes" },
		{ "--flag=yes", "--flag: ", "no value" },
		{ "--size", "--size: ", "--size=MIB (how large)" },
		{ "-f 3 -x", "-x: ", "-x TEXT" },
		{ "--size 0", "--size: \"0\"", "from 1 to 100" },
		{ "--size=101", "--size: \"101\"", "from 1 to 100" },
		{ "--size -5", "--size: \"-5\"", "from 1 to 100" },
		{ "--size 5x", "--size: \"5x\"", "from 1 to 100" },
		{ "--choice pink", "--choice: \"pink\"", "red, green, blue" },
		{ "-d soon", "-d: \"soon\"", "500ms" },
		{ "--duration soon", "-d: \"soon\"", "500ms" },
		{ "1ms", "INTERVAL: \"1ms\"", "at least 10ms" },
		{ "often", "INTERVAL: \"often\"", "seconds" },
		{ "1 0", "COUNT: \"0\"", "from 1 to 9" },
		{ "1 2 3", "\"3\"", "tcpdwell test [OPTIONS] [INTERVAL [COUNT]]" },
		{ "-4 -6", "-4 and -6", "one of them" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		assert_refused(&test_command, &refusals[i]);
}

static void help_comes_whatever_else_is_wrong(void **state)
{
	static const char *const lines[] = { "--help", "-h", "-?", "--bogus --help", "--help --size 0", "-fh", "--hel" };
	struct options options;
	const char *flag, *examples, *pid;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_int_equal(parse(&options, &test_command, lines[i]), -1);
		options_release(&options);
		assert_string_equal(said, "");
		flag = strstr(shown, "  -f, --flag  ");
		examples = strstr(shown, "tcpdwell test --flag");
		pid = strstr(shown, "  -p, --pid=PID,");
		assert_true(flag && examples && pid && flag < examples && examples < pid);
		assert_null(strstr(shown, "--hooks"));
		assert_null(strstr(shown, "(null)"));
	}
}

static const struct command *const all_commands[] = {
	&command_trace, &command_top, &command_hist, &command_leaks, &command_record, &command_check,
};

/* Rows of a command, own and shared; NULL after the last. */
static const struct option_row *next_row(const struct command *command, unsigned int *set, unsigned int *at)
{
	const struct option_row *row, *tables[8] = {};
	unsigned int count = 0;

	for (const struct option_set *own = command->own; own && own->rows; own++)
		tables[count++] = own->rows;
	tables[count++] = filter_rows;
	tables[count++] = common_rows;
	for (; *set < count; (*set)++, *at = 0)
		while (tables[*set][*at].parse) {
			row = &tables[*set][(*at)++];
			if (!row->commands || row->commands & command->common)
				return row;
		}
	return NULL;
}

/* Every option of every command: twice the same name or letter is a mistake, and each refuses what it can't take. */
static void every_option_of_every_command(void **state)
{
	unsigned int set = 0, at = 0, seen = 0;
	const struct option_row *row;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all_commands); i++, set = at = 0) {
		char letters[64] = "h", names[2048] = " help ", word[64], name[48];

		while ((row = next_row(all_commands[i], &set, &at))) {
			if (!row->name)
				continue;
			seen++;
			snprintf(name, sizeof(name), " %s ", row->name);
			assert_null(strstr(names, name));
			strcat(names, name);
			assert_true(!row->letter || !strchr(letters, row->letter));
			strncat(letters, &row->letter, 1);
			assert_true(row->help && row->help[0]);
			snprintf(name, sizeof(name), "--%s: ", row->name);
			snprintf(word, sizeof(word), row->argument ? "--%s" : "--%s=5", row->name);
			assert_refused(all_commands[i], &(struct refusal){ word, name, row->argument ?: "no value" });
		}
	}
	assert_true(seen > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_reach_the_struct),
		cmocka_unit_test(a_refusal_names_the_option_and_what_to_do),
		cmocka_unit_test(help_comes_whatever_else_is_wrong),
		cmocka_unit_test(every_option_of_every_command),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
