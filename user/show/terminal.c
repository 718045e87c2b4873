// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The terminal through ncurses. Nothing else in the program knows of ncurses. */
#include "show/terminal.h"

#include <curses.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

/* term.h makes macros of plain words. */
#undef lines
#undef columns

#define ESCAPE_DELAY_MS 25
#define RESTORE_BYTES 256

/* What a terminal says of its size is any number. ncurses takes 15 bits of it, and some 80 bytes for each cell. */
#define MOST_ROWS 1000
#define MOST_COLUMNS 2000

struct terminal {
	SCREEN *screen;
	bool color;
};

/* For the handler of deadly signals: which may only write and tcsetattr(). */
static struct termios saved_modes;
static char restore_text[RESTORE_BYTES];
static size_t restore_size;

static const int deadly_signals[] = { SIGHUP, SIGQUIT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS };

#define DEADLY_SIGNALS (sizeof(deadly_signals) / sizeof(deadly_signals[0]))

static volatile sig_atomic_t resized;

static void note_resize(int signal)
{
	(void)signal;
	resized = 1;
}

static int at_most(int number, int limit)
{
	return number < limit ? number : limit;
}

/* Zero, as serial consoles say: it stays what it is. */
static void take_size(void)
{
	struct winsize size;

	resized = 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row || !size.ws_col)
		return;
	resizeterm(at_most(size.ws_row, MOST_ROWS), at_most(size.ws_col, MOST_COLUMNS));
}

/* Before ncurses begins, so that it neither asks for the size nor takes the signal. */
static void prepare_size(void)
{
	struct sigaction action = { .sa_handler = note_resize };

	use_env(FALSE);
	sigaction(SIGWINCH, &action, NULL);
}

/* NULL: this terminal can't. */
static const char *capability(const char *name)
{
	const char *text = tigetstr((char *)name);

	return text == (const char *)-1 ? NULL : text;
}

/* Its description may be missing, as in a container made from scratch. */
bool terminal_is_usable(void)
{
	int found;

	use_env(FALSE);
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || setupterm(NULL, STDOUT_FILENO, &found) == ERR)
		return false;
	return capability("cup") && capability("clear");
}

static void restore_and_die(int signal)
{
	ssize_t ignored = write(STDOUT_FILENO, restore_text, restore_size);

	(void)ignored;
	tcsetattr(STDIN_FILENO, TCSANOW, &saved_modes);
	raise(signal); /* SA_RESETHAND: now it kills */
}

static void catch_deadly_signals(void)
{
	struct sigaction action = { .sa_handler = restore_and_die, .sa_flags = SA_RESETHAND | SA_NODEFER };
	size_t i;

	for (i = 0; i < DEADLY_SIGNALS; i++)
		sigaction(deadly_signals[i], &action, NULL);
}

static void release_deadly_signals(void)
{
	size_t i;

	for (i = 0; i < DEADLY_SIGNALS; i++)
		signal(deadly_signals[i], SIG_DFL);
}

/* What this terminal wants to hear: colours off, cursor on, keypad off, back to the first screen. */
static void prepare_restore_text(void)
{
	static const char *const names[] = { "sgr0", "op", "cnorm", "rmkx", "rmcup" };
	const char *text;
	size_t i, size;

	restore_size = 0;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		text = capability(names[i]);
		if (!text)
			continue;
		size = strcspn(text, "$"); /* what follows is a delay */
		if (restore_size + size > sizeof(restore_text))
			return;
		memcpy(restore_text + restore_size, text, size);
		restore_size += size;
	}
}

static void prepare_colors(struct terminal *terminal)
{
	if (!terminal->color || !has_colors() || start_color() == ERR) {
		terminal->color = false;
		return;
	}
	use_default_colors();
	init_pair(FRAME_TITLE, COLOR_CYAN, -1);
	init_pair(FRAME_ALERT, COLOR_RED, -1);
	init_pair(FRAME_WARNING, COLOR_YELLOW, -1);
}

struct terminal *terminal_new(bool color, const struct terminal_guard *guard)
{
	struct terminal *terminal;

	if (!terminal_is_usable() || tcgetattr(STDIN_FILENO, &saved_modes))
		return NULL;
	terminal = calloc(1, sizeof(*terminal));
	if (!terminal)
		return NULL;
	setlocale(LC_CTYPE, "");
	terminal->color = color;
	prepare_size();
	terminal->screen = newterm(NULL, stdout, stdin);
	if (!terminal->screen) {
		free(terminal);
		return NULL;
	}
	prepare_restore_text();
	catch_deadly_signals();
	cbreak();
	noecho();
	nonl();
	set_escdelay(ESCAPE_DELAY_MS);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	take_size();
	prepare_colors(terminal);
	terminal_guard_note_modes(guard);
	return terminal;
}

void terminal_free(struct terminal *terminal)
{
	if (!terminal)
		return;
	endwin();
	delscreen(terminal->screen);
	release_deadly_signals();
	free(terminal);
}

struct key_name {
	int curses, ours;
};

static const struct key_name special_keys[] = {
	{ KEY_UP, TERMINAL_UP }, { KEY_DOWN, TERMINAL_DOWN }, { KEY_LEFT, TERMINAL_LEFT },
	{ KEY_RIGHT, TERMINAL_RIGHT }, { KEY_PPAGE, TERMINAL_PAGE_UP }, { KEY_NPAGE, TERMINAL_PAGE_DOWN },
	{ KEY_HOME, TERMINAL_HOME }, { KEY_END, TERMINAL_END }, { KEY_ENTER, TERMINAL_ENTER },
	{ KEY_BACKSPACE, TERMINAL_BACKSPACE }, { KEY_F(1), TERMINAL_HELP },
};

static int special_key(wint_t key)
{
	size_t i;

	for (i = 0; i < sizeof(special_keys) / sizeof(special_keys[0]); i++)
		if ((int)key == special_keys[i].curses)
			return special_keys[i].ours;
	return TERMINAL_OTHER;
}

static int plain_key(wint_t key)
{
	switch (key) {
	case '\r':
	case '\n':
		return TERMINAL_ENTER;
	case '\b':
	case 0x7f:
		return TERMINAL_BACKSPACE;
	case 0x1b:
		return TERMINAL_ESCAPE;
	}
	return key < ' ' || key >= TERMINAL_UP ? TERMINAL_OTHER : (int)key;
}

int terminal_wait(int ms)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	if (poll(&input, 1, ms) != 1)
		return 0;
	return input.revents & (POLLHUP | POLLERR | POLLNVAL) ? -1 : 1;
}

int terminal_key(struct terminal *terminal)
{
	wint_t key;

	(void)terminal;
	if (resized) {
		take_size();
		return TERMINAL_RESIZED;
	}
	switch (get_wch(&key)) {
	case OK:
		return plain_key(key);
	case KEY_CODE_YES:
		return special_key(key);
	}
	return TERMINAL_NOTHING;
}

void terminal_size(const struct terminal *terminal, unsigned int *rows, unsigned int *columns)
{
	(void)terminal;
	*rows = getmaxy(stdscr);
	*columns = getmaxx(stdscr);
}

/* Without colour a style is still told by bold and reverse. */
static attr_t attributes_of(const struct terminal *terminal, enum frame_style style)
{
	switch (style) {
	case FRAME_TITLE:
		return A_BOLD | (terminal->color ? COLOR_PAIR(FRAME_TITLE) : 0);
	case FRAME_ALERT:
		return A_BOLD | (terminal->color ? COLOR_PAIR(FRAME_ALERT) : 0);
	case FRAME_WARNING:
		return terminal->color ? COLOR_PAIR(FRAME_WARNING) : A_NORMAL;
	case FRAME_SORTED:
		return A_REVERSE | A_BOLD | A_UNDERLINE;
	case FRAME_HEAD:
	case FRAME_SELECTED:
		return A_REVERSE;
	case FRAME_KEYS:
		return A_BOLD;
	default:
		return A_NORMAL;
	}
}

static void paint_line(const struct terminal *terminal, const struct frame *frame, unsigned int row)
{
	bool filled = frame->lines[row].style == FRAME_HEAD || frame->lines[row].style == FRAME_SELECTED;

	attrset(attributes_of(terminal, frame->lines[row].style));
	if (filled)
		mvhline(row, 0, ' ', frame->columns);
	mvaddstr(row, 0, frame_text(frame, row));
	attrset(A_NORMAL);
}

/* In the selected line and in heads the background stays what it is. */
static void paint_mark(const struct terminal *terminal, const struct frame *frame, const struct frame_mark *mark)
{
	attr_t attributes = attributes_of(terminal, mark->style);

	if (mark->line >= frame->used)
		return;
	if (frame->lines[mark->line].style == FRAME_SELECTED)
		attributes |= A_REVERSE;
	mvchgat(mark->line, mark->begin, mark->end - mark->begin, attributes & ~A_COLOR, PAIR_NUMBER(attributes), NULL);
}

void terminal_paint(struct terminal *terminal, const struct frame *frame)
{
	unsigned int row;
	size_t i;

	erase();
	for (row = 0; row < frame->used; row++)
		paint_line(terminal, frame, row);
	for (i = 0; i < frame->n_marks; i++)
		paint_mark(terminal, frame, &frame->marks[i]);
	if (frame->cursor_row >= 0)
		move(frame->cursor_row, frame->cursor_column);
	curs_set(frame->cursor_row >= 0);
	refresh();
}
