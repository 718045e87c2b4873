// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a command line tells of the program, and what it must not tell; and the same of this process. */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attribute/holders.h"
#include "attribute/program.h"
#include "attribute/programs.h"

/* Words are separated by '|' here. */
static size_t arguments_of(char *out, const char *text)
{
	size_t size = strlen(text) + 1;

	memcpy(out, text, size);
	for (size_t i = 0; i < size; i++)
		if (out[i] == '|')
			out[i] = '\0';
	return size;
}

static void programs(void **state)
{
	static const struct {
		const char *arguments, *program;
	} cases[] = {
		{ "/usr/sbin/nginx|-g|daemon off;", "nginx" },
		{ "nginx: worker process", "nginx" },
		{ "postgres: checkpointer ", "postgres" },
		{ "-bash", "bash" },
		{ "sshd: root@pts/0", "sshd" },
		{ "redis-server 127.0.0.1:6379", "redis-server" },
		{ "python3|/srv/webapp.py|--password|secret", "python3 webapp.py" },
		{ "/usr/bin/python3.11|-u|-X|dev|app.py", "python3.11 app.py" },
		{ "python3|-W|ignore|-m|http.server|8080", "python3 http.server" },
		{ "python3|-c|import secret; secret.key('1234')", "python3" },
		{ "python3|-|secret", "python3" }, /* the script comes from standard input */
		{ "python3|-Ic|import os\nprint('secret')|secret", "python3" },
		{ "python3|-cprint('secret')|secret", "python3" },
		{ "python3|-Wignore|app.py", "python3 app.py" },
		{ "bash|-lc|export TOKEN=secret\nexec /opt/run", "bash" },
		{ "bash|-euo|pipefail|-c|curl secret", "bash" },
		{ "bash|-euo|pipefail|/usr/local/bin/job.sh", "bash job.sh" },
		{ "sh|-s|--|secret", "sh" },
		{ "perl|-lane|print secret", "perl" },
		{ "perl|-Mstrict|-e|secret", "perl" },
		{ "ruby|-rjson|-ne|secret", "ruby" },
		{ "node|-pe|secret", "node" },
		{ "tclsh|puts secret; exit|x", "tclsh" }, /* no file is called so */
		{ "perl|-w|-I|lib|bin/job.pl|--token=1", "perl job.pl" },
		{ "ruby|-e|puts 'secret'", "ruby" },
		{ "node|--require|./trace.js|server.js|secret", "node server.js" },
		{ "node|-e|secret()", "node" },
		{ "nodejs|/srv/app/index.js", "nodejs index.js" },
		{ "java|-Xmx1g|-cp|/a:/b|-Dpassword=secret|org.apache.catalina.startup.Bootstrap|start",
		  "java org.apache.catalina.startup.Bootstrap" },
		{ "java|-jar|/opt/shop/shop.jar|--key=secret", "java shop.jar" },
		{ "java|-Xcomp|org.shop.Main|secret", "java org.shop.Main" }, /* no "-p" in it, of which the next word were the value */
		{ "/bin/sh|-c|curl -u user:secret host", "sh" },
		{ "bash|-e|/usr/local/bin/backup.sh", "bash backup.sh" },
		{ "php|-f|worker.php", "php worker.php" },
		{ "php-fpm: pool www", "php-fpm" },
		{ "deno|run|-A|main.ts|secret", "deno main.ts" },
		{ "dotnet|exec|shop.dll", "dotnet shop.dll" },
		{ "javac|Secret.java", "javac" },
		{ "pythonish|secret", "pythonish" },
		{ "python3|-x|--|file.py", "python3 file.py" },
		{ "python3|", "python3" },
		{ "/opt/My Program/bin/run|secret", "My" },
		{ "evil\033[31m|x", "evil?[31m" },
		{ "", "" },
		{ "||", "" },
	};
	char arguments[256], program[PROGRAM_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		program_from_arguments(program, arguments, arguments_of(arguments, cases[i].arguments));
		assert_string_equal(program, cases[i].program);
	}
	program_from_arguments(program, NULL, 0);
	assert_string_equal(program, "");
	program_from_arguments(program, "python3", 7); /* cut, without its end */
	assert_string_equal(program, "python3");
}

static void long_and_wild_arguments(void **state)
{
	char arguments[5000], program[PROGRAM_BYTES], line[CMDLINE_BYTES];
	uint64_t random = 4711;

	(void)state;
	memset(arguments, 'a', sizeof(arguments));
	program_from_arguments(program, arguments, sizeof(arguments));
	assert_true(strlen(program) < PROGRAM_BYTES);
	cmdline_from_arguments(line, arguments, sizeof(arguments));
	assert_int_equal(strlen(line), 200);
	for (int round = 0; round < 20000; round++) {
		size_t size = unit_random(&random) % 80;

		for (size_t i = 0; i < size; i++)
			arguments[i] = unit_random(&random) % 3 ? "python3 -m-c/.x"[unit_random(&random) % 15] : (char)unit_random(&random);
		program_from_arguments(program, arguments, size);
		cmdline_from_arguments(line, arguments, size);
		for (const char *at = line; *at; at++)
			assert_false((unsigned char)*at < 0x20 || *at == 0x7f);
	}
}

static void cmdlines(void **state)
{
	char arguments[256], line[CMDLINE_BYTES];

	(void)state;
	cmdline_from_arguments(line, arguments, arguments_of(arguments, "python3|/srv/webapp.py|--port|80\n80"));
	assert_string_equal(line, "python3 /srv/webapp.py --port 80?80");
	cmdline_from_arguments(line, NULL, 0);
	assert_string_equal(line, "");
}

/* This process, before and after it opened some files; and none that has its pid but another start. */
static void of_this_process(void **state)
{
	struct rlimit limit;
	struct process self;
	uint64_t before, after, most;
	char program[PROGRAM_BYTES], line[CMDLINE_BYTES];
	int fds[3];

	(void)state;
	assert_true(holder_process_read("/proc", getpid(), &self));
	program_read(program, NULL, &self);
	cmdline_read(line, NULL, &self);
	assert_string_equal(program, "program_test");
	unit_assert_contains(line, "program_test");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(process_descriptors(NULL, &self, &before, &most));
	assert_int_equal(most, limit.rlim_cur);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = open("/dev/null", O_RDONLY);
	assert_true(process_descriptors(NULL, &self, &after, &most));
	assert_int_equal(after, before + 3);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	self.start_ns += 1000000000;
	program_read(program, NULL, &self);
	assert_string_equal(program, "");
	assert_false(process_descriptors(NULL, &self, &after, &most));
}

/* What a recording tells: asked of nobody, made safe, shared by who needs it longer. */
static void told_programs(void **state)
{
	const struct process app = { .pid = 7, .start_ns = 70000000, .comm = "python3" }, other = { .pid = 8, .start_ns = 80000000, .comm = "java" };
	struct programs *programs = programs_told_new(), *share;
	uint64_t open, limit;

	(void)state;
	assert_non_null(programs);
	assert_true(programs_are_told(programs));
	programs_learn(programs, &app, "python3 app.py");
	programs_learn(programs, &app, NULL);
	programs_learn(programs, &other, "java evil\033[2J\n.jar");
	share = programs_share(programs);
	programs_free(programs);
	assert_string_equal(programs_find(share, &app), "python3 app.py");
	assert_string_equal(programs_find(share, &other), "java evil?[2J?.jar");
	programs_learn(share, &app, "python3 new.py");
	assert_string_equal(programs_find(share, &app), "python3 new.py");
	assert_null(programs_find(share, &(struct process){ .pid = 1, .start_ns = 1, .comm = "init" }));
	assert_false(programs_descriptors(share, &app, &open, &limit));
	programs_free(share);
}

/* One meaning for all who say that descriptors are used up. */
static void descriptors_used_up(void **state)
{
	(void)state;
	assert_int_equal(descriptors_left(200, 256), 56);
	assert_int_equal(descriptors_left(256, 256), 0);
	assert_int_equal(descriptors_left(300, 256), 0); /* the limit was lowered */
	assert_int_equal(descriptors_left(300, UINT64_MAX), UINT64_MAX);
	assert_false(descriptors_are_full(253, 256));
	assert_true(descriptors_are_full(254, 256) && descriptors_are_full(256, 256) && descriptors_are_full(300, 256));
	assert_true(descriptors_are_full(0, 0));
	assert_false(descriptors_are_full(UINT64_MAX - 1, UINT64_MAX));
}

/* One that lives, one that waits for its parent to ask how it ended, one that is gone, and those of whom nothing can be known. */
static void ended(void **state)
{
	struct process child = {}, other;
	siginfo_t info;

	(void)state;
	child.pid = fork();
	if (!child.pid) {
		pause();
		_exit(0);
	}
	assert_true(holder_process_read("/proc", child.pid, &child));
	assert_false(process_has_ended(NULL, &child));
	other = child;
	other.start_ns -= 1000000000;
	assert_true(process_has_ended(NULL, &other)); /* the pid is another's now */
	other.pid = 0;
	assert_false(process_has_ended(NULL, &other)); /* of a namespace that is not seen */
	assert_false(process_has_ended(NULL, &(struct process){ .pid = child.pid }));
	assert_false(process_has_ended("/nonexistent", &child)); /* others are hidden */
	kill(child.pid, SIGKILL);
	assert_int_equal(waitid(P_PID, child.pid, &info, WEXITED | WNOWAIT), 0);
	assert_true(process_has_ended(NULL, &child));
	waitpid(child.pid, NULL, 0);
	assert_true(process_has_ended(NULL, &child));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs),
		cmocka_unit_test(long_and_wild_arguments),
		cmocka_unit_test(cmdlines),
		cmocka_unit_test(of_this_process),
		cmocka_unit_test(told_programs),
		cmocka_unit_test(descriptors_used_up),
		cmocka_unit_test(ended),
	};

	return cmocka_run_group_tests_name("program", tests, NULL, NULL);
}
