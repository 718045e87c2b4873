// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tcpdwell bundle: what one attaches to a ticket. Each part is made by the command that shows it, in a process of its own, since
 * each gives up its rights for good.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "option_time.h"
#include "options_help.h"
#include "recording/files.h"
#include "recording/recording.h"
#include "source/wanted.h"
#include "util/archive.h"
#include "util/log.h"
#include "util/moment.h"
#include "util/stop.h"

#define DEFAULT_FOLDER "/var/lib/tcpdwell"
#define PATHS_MAX 900
#define NSEC_PER_SEC 1000000000ULL
#define AT_NS (60 * NSEC_PER_SEC)

static const char default_folder[] = DEFAULT_FOLDER;

struct bundle {
	const char *paths[PATHS_MAX + 1];
	size_t n_paths;
	const char *since, *until, *at, *output;
	struct recording_selection selection;
	uint64_t now_ns;
	int guard; /* connected to who cleans up behind us */
};

static int usage_error(const char *sentence, const char *word)
{
	log_error("%s%s%s: tcpdwell bundle [FILE|DIR…] --since 30m -o incident.tar.gz", word, *word ? ": " : "", sentence);
	return EXIT_USAGE;
}

/* "--since X", "--since=X", "-o X". 1: it was one; 0; -EINVAL: without its value. */
static int take_option(struct bundle *bundle, int argc, char **argv, int *i)
{
	const struct {
		const char *name;
		const char **value;
	} names[] = { { "--since", &bundle->since },   { "--until", &bundle->until }, { "--at", &bundle->at },
		      { "--output", &bundle->output }, { "-o", &bundle->output } };
	size_t k, size;

	for (k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
		size = strlen(names[k].name);
		if (strncmp(argv[*i], names[k].name, size) || (argv[*i][size] && argv[*i][size] != '='))
			continue;
		if (!argv[*i][size] && *i + 1 == argc)
			return usage_error("its value is missing", argv[*i]), -EINVAL;
		*names[k].value = argv[*i][size] ? argv[*i] + size + 1 : argv[++*i];
		return 1;
	}
	return 0;
}

/* Each file of the bundle is made of another reading. */
static bool is_pipe(const char *path)
{
	struct stat status;

	return !stat(path, &status) && S_ISFIFO(status.st_mode);
}

static int parse(struct bundle *bundle, int argc, char **argv)
{
	struct recording_selection *selection = &bundle->selection;
	int i, taken;

	for (i = 1; i < argc; i++) {
		taken = take_option(bundle, argc, argv, &i);
		if (taken < 0)
			return EXIT_USAGE;
		if (taken)
			continue;
		if (argv[i][0] == '-' || bundle->n_paths == PATHS_MAX)
			return usage_error(argv[i][0] == '-' ? "there is no such option" : "too many files", argv[i]);
		if (is_pipe(argv[i]))
			return usage_error("is a pipe, which can be read once only", argv[i]);
		bundle->paths[bundle->n_paths++] = argv[i];
	}
	if (!bundle->output || !*bundle->output)
		return usage_error("give the file to write", "-o");
	if (bundle->at && (bundle->since || bundle->until))
		return usage_error("is the minute that begins then; give it alone, or --since and --until", "--at");
	if (!bundle->n_paths)
		bundle->paths[bundle->n_paths++] = default_folder;
	bundle->now_ns = clock_unix_ns();
	*selection = (struct recording_selection){ .paths = bundle->paths, .count = bundle->n_paths };
	if (option_time("--since", bundle->since, bundle->now_ns, &selection->since_unix_ns) ||
	    option_time("--until", bundle->until, bundle->now_ns, &selection->until_unix_ns) ||
	    option_time("--at", bundle->at, bundle->now_ns, &selection->since_unix_ns))
		return EXIT_USAGE;
	if (bundle->at)
		selection->until_unix_ns = selection->since_unix_ns + AT_NS;
	/* Whole seconds, as report() passes them on: all parts are of the same time. */
	selection->since_unix_ns -= selection->since_unix_ns % NSEC_PER_SEC;
	selection->until_unix_ns = (selection->until_unix_ns + NSEC_PER_SEC - 1) / NSEC_PER_SEC * NSEC_PER_SEC;
	if (selection->until_unix_ns && selection->until_unix_ns <= selection->since_unix_ns)
		return usage_error("is not after --since: nothing can be between them", "--until");
	return 0;
}

/* As `tcpdwell report` would be called, with the times as they are now. */
static int report(const struct bundle *bundle, const char *view)
{
	char since[40], until[40], *argv[PATHS_MAX + 8] = { "report" };
	int argc = 1;
	size_t i;

	for (i = 0; i < bundle->n_paths; i++)
		argv[argc++] = (char *)bundle->paths[i];
	argv[argc++] = (char *)view;
	snprintf(since, sizeof(since), "--since=@%llu", (unsigned long long)(bundle->selection.since_unix_ns / NSEC_PER_SEC));
	snprintf(until, sizeof(until), "--until=@%llu", (unsigned long long)(bundle->selection.until_unix_ns / NSEC_PER_SEC));
	argv[argc++] = since;
	if (bundle->selection.until_unix_ns)
		argv[argc++] = until;
	return command_report.main(argc, argv);
}

static int make_summary(const struct bundle *bundle, const char *path)
{
	(void)path;
	return report(bundle, "summary");
}

static int make_diagnosis(const struct bundle *bundle, const char *path)
{
	int code = report(bundle, "diagnose");

	(void)path;
	return code == EXIT_FINDINGS ? EXIT_FINE : code;
}

static int make_check(const struct bundle *bundle, const char *path)
{
	char *argv[] = { "check", NULL };
	struct options options;

	(void)bundle, (void)path;
	if (!options_parse(&options, &command_check, 1, argv))
		command_check.run(&options);
	return EXIT_FINE; /* what is missing here is what it tells */
}

static int make_events(const struct bundle *bundle, const char *path)
{
	const struct recording_config config = { .file = path, .copies = true };
	const struct run_needs needs = wanted_all();
	struct run_options options;
	struct view *recording;
	char error[768] = "";
	int err = recording_view_new(&recording, &config, error, sizeof(error));

	if (err)
		return run_result(err, error);
	run_options_init(&options);
	options.recordings = &bundle->selection;
	log_set_verbosity(-1); /* the summary has said what is missing */
	err = recording_run(&options, &needs, recording, error, sizeof(error));
	recording_view_free(recording);
	return run_result(err == -EPERM ? -EACCES : err, error);
}

static const struct part {
	const char *name;
	int (*make)(const struct bundle *bundle, const char *path);
} parts[] = {
	{ "summary.txt", make_summary },
	{ "diagnose.txt", make_diagnosis },
	{ "events.rec", make_events },
	{ "check.txt", make_check },
};

/* In a process of its own, its output into the file. Returns its exit code. */
static int run_part(const struct bundle *bundle, const struct part *part, const char *path, int fd)
{
	int status = 0;
	pid_t child, parent = getpid();

	fflush(stdout);
	child = fork();
	if (!child) {
		/* It ends with us; until then the guard, which it is connected to as well, waits. */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
			_exit(EXIT_FAILED);
		dup2(fd, STDOUT_FILENO);
		stop_catch_signals();
		status = part->make(bundle, path);
		fflush(stdout);
		_exit(status);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0) {
		log_error("%s: no process can be started to make it: %s", part->name, strerror(errno));
		return EXIT_FAILED;
	}
	if (!WIFEXITED(status)) {
		log_error("%s: who made it was ended by signal %d (%s)", part->name, WTERMSIG(status), strsignal(WTERMSIG(status)));
		return EXIT_FAILED;
	}
	return WEXITSTATUS(status);
}

static int add_part(const struct bundle *bundle, struct archive *archive, const struct part *part, const char *folder)
{
	char path[4096], name[128];
	int fd, code, err;

	snprintf(path, sizeof(path), "%s/%s", folder, part->name);
	fd = part->make == make_events ? STDOUT_FILENO : open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		log_error("%s: %s", path, strerror(errno));
		return EXIT_FAILED;
	}
	code = run_part(bundle, part, path, fd);
	if (part->make == make_events)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(name, sizeof(name), "tcpdwell-bundle/%s", part->name);
	err = !code && fd >= 0 ? archive_add(archive, name, fd, bundle->now_ns) : 0;
	if (fd >= 0)
		close(fd);
	unlink(path);
	if (err)
		log_error("%s: %s", bundle->output, strerror(-err));
	return err ? EXIT_FAILED : code;
}

static int make_bundle(const struct bundle *bundle, const char *folder)
{
	struct archive *archive;
	int err = archive_new(&archive, bundle->output), code = EXIT_FINE;
	size_t i;

	if (err) {
		log_error("%s: %s", bundle->output,
			  err == -EEXIST ? "is there already and stays as it is; choose another name" :
			  err == -ELOOP	 ? "a link on the way to it is of somebody else's making, or leads in a circle" :
					   strerror(-err));
		return EXIT_FAILED;
	}
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]) && !code; i++)
		code = add_part(bundle, archive, &parts[i], folder);
	if (code) {
		archive_discard(archive);
		return code;
	}
	err = archive_finish(archive);
	if (err)
		log_error("%s: %s", bundle->output, strerror(-err));
	return err ? EXIT_FAILED : EXIT_FINE;
}

/* The guard's first words. */
struct folder {
	int err; /* negative errno: there is none */
	char path[4000];
};

static struct folder make_folder(void)
{
	const char *temporary = secure_getenv("TMPDIR"); /* not of someone with fewer rights than we have */
	struct folder folder = {};

	snprintf(folder.path, sizeof(folder.path), "%s/tcpdwell-XXXXXX", temporary && *temporary ? temporary : "/tmp");
	folder.err = mkdtemp(folder.path) ? 0 : -errno;
	return folder;
}

/*
 * Makes the folder, so that there is none without a guard. Then it waits until it is told that all is well, or until we and who makes
 * a part for us are dead: then it removes what we left in there.
 */
static void guard(int told)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct folder folder;
	int folder_fd;
	ssize_t got;
	char byte;
	size_t i;

	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	folder = make_folder();
	folder_fd = folder.err ? -1 : open(folder.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (!folder.err && folder_fd < 0) {
		folder.err = -errno;
		rmdir(folder.path);
	}
	if (send(told, &folder, sizeof(folder), MSG_NOSIGNAL) != sizeof(folder) && !folder.err) { /* who waits for it finds that we are gone */
		rmdir(folder.path);
		folder.err = -errno;
	}
	if (folder.err)
		_exit(EXIT_FAILED);
	do /* ECONNRESET: we were killed before we had read which folder it is; then the end comes */
		got = read(told, &byte, 1);
	while (got < 0 && (errno == EINTR || errno == ECONNRESET));
	/* Who can't be told that all is well takes it for the end: better a bundle that fails than a folder that stays. */
	for (i = 0; got <= 0 && i < sizeof(parts) / sizeof(parts[0]); i++)
		unlinkat(folder_fd, parts[i].name, 0);
	if (got <= 0)
		rmdir(folder.path);
	_exit(EXIT_FINE);
}

/* Its process; bundle->guard is our end of what connects us. Negative errno; then folder->path may say which folder can't be made. */
static pid_t guard_new(struct bundle *bundle, struct folder *folder)
{
	int ends[2];
	ssize_t got;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	pid = fork();
	if (!pid) {
		close(ends[1]);
		guard(ends[0]);
	}
	folder->err = pid < 0 ? -errno : 0;
	close(ends[0]);
	do
		got = pid < 0 ? 0 : recv(ends[1], folder, sizeof(*folder), 0);
	while (got < 0 && errno == EINTR);
	if (got != sizeof(*folder) && !folder->err)
		folder->err = got < 0 ? -errno : -ESRCH;
	bundle->guard = ends[1];
	if (!folder->err)
		return pid;
	close(ends[1]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return folder->err;
}

/* Where the folder could not be removed it tries once more. Somebody may have killed it. */
static void guard_free(struct bundle *bundle, pid_t pid, bool folder_is_gone)
{
	if (folder_is_gone)
		send(bundle->guard, "", 1, MSG_NOSIGNAL);
	close(bundle->guard);
	waitpid(pid, NULL, 0);
}

static int bundle_main(int argc, char **argv)
{
	struct bundle bundle = {};
	struct folder folder = {};
	pid_t pid;
	int code;

	if (options_ask_for_help(argc, argv)) {
		command_help(&command_bundle);
		return EXIT_FINE;
	}
	code = parse(&bundle, argc, argv);
	if (code)
		return code;
	if (bundle.paths[0] == default_folder && access(default_folder, F_OK)) {
		log_error("%s: no history there: name a recording or the agent's folder", default_folder);
		return EXIT_FAILED;
	}
	pid = guard_new(&bundle, &folder);
	if (pid < 0) {
		log_error("%s: %s", *folder.path ? folder.path : "no process can be started", strerror(-pid));
		return EXIT_FAILED;
	}
	code = make_bundle(&bundle, folder.path);
	guard_free(&bundle, pid, !rmdir(folder.path));
	if (rmdir(folder.path) && errno != ENOENT)
		log_warn("%s: this temporary folder stays, remove it: %s", folder.path, strerror(errno));
	if (!code)
		printf("%s: %s\n", bundle.output, "summary.txt, diagnose.txt, events.rec (tcpdwell report shows it), check.txt");
	return code;
}

/* For help: take_option() takes them. */
static const struct option_row bundle_rows[] = {
	{ "output", 'o', "FILE", "write this new archive", option_text },
	{ "since", 0, "TIME", "from then on: 30m, 03:12, yesterday 03:12, 2026-11-28 03:12", option_text },
	{ "until", 0, "TIME", "up to then", option_text },
	{ "at", 0, "TIME", "the minute that begins then", option_text },
	{},
};

static const struct option_set bundle_options[] = { { bundle_rows }, {} };

const struct command command_bundle = {
	.name = "bundle",
	.summary = "what happened at a time, in one archive for a ticket",
	.arguments = "[FILE|DIR…]",
	.description = "Writes an archive of what recordings or the agent's history (" DEFAULT_FOLDER ", where nothing is named) tell of\n"
		       "a time: the summary, the findings of diagnose, the events themselves as a recording, and what check says of this\n"
		       "machine. Addresses, names of processes, containers and units are in it; command lines and contents are not.",
	.examples = "  tcpdwell bundle --since 30m -o incident.tar.gz\n"
		    "  tcpdwell bundle friday.rec* --at \"2026-11-28 03:12\" -o incident.tar.gz",
	.own = bundle_options,
	.main = bundle_main,
};
