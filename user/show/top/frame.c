// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is particular to `top` in its frames: title, totals, what was lost; heads and rows. */
#include <stdio.h>
#include <string.h>

#include "event/summary.h"
#include "show/top/columns.h"
#include "show/top/sentences.h"
#include "show/top/table.h"
#include "show/top/ui.h"
#include "util/tcp_state.h"

#define HEALTH_TEXT 1024
#define LINES_TEXT 512
#define SENTENCES_SHARE 3 /* of the terminal for what stands out: a third */

#define HELP \
	"What is wrong comes first. WHY has the reason, ! is bad, * is worth a look:", \
	"  no port     connect() finds no free local port: see tcpdwell ports", \
	"  no fds      no descriptor left (\"Too many open files\"), and CLOSE_WAIT", \
	"  leak        CLOSE_WAIT older than a minute, or old and growing: never closed", \
	"  queue full  clients wait to be accepted, others are dropped; drops: it was full", \
	"  no accept   three clients or more wait to be accepted for 10 s", \
	"  gave up     clients closed before the program accepted them", \
	"  no answer   connects wait in SYN_SENT, timed out or were given up", \
	"  no route    the network or the host can't be reached", \
	"  refused     nothing listens there", \
	"  unclosed    CLOSE_WAIT for more than 10 s", \
	"  half-close  FIN_WAIT2: the process at the other end does not close", \
	"  many peers  500 remote addresses or more", \
	"Columns", \
	"  TW CW       TIME_WAIT, CLOSE_WAIT: NEW since the start, /s, NOW there now", \
	"  OLDEST      of those in CLOSE_WAIT; + = older than tcpdwell, so at least", \
	"  SYN ESTAB FIN2 SYNRCV LISTEN   in this state now", \
	"  CLOSNG      wait for an answer to their FIN: FIN_WAIT1, LAST_ACK, CLOSING", \
	"  QUEUE       not accepted yet, whatever their state", \
	"  FAIL/s      connects that failed; ADDRS addresses at the other ends", \
	"  CLOSER      who closes first: here (TIME_WAIT) or the peer (CLOSE_WAIT)", \
	"  FDS         descriptors that the process has, and may have; RUNS what it runs", \
	"Keys in the list", \
	"  Enter  a row's sockets                 /  filter: name, address, port, command", \
	"  b B    group by the next key           1 to 9  by that key: 1 process, 5 remote,", \
	"  w      wide: percentiles, other end            6 port, 7 name", \
	"  D      a finding whole, again: the next  q  quit (only in the list)", \
	"  p      pause (also Space)              x  a row a network, or an address", \
	"  s S    sort by the next column         r  reverse", \
	"  d  what is wrong    t T  TIME_WAIT, /s  c C  CLOSE_WAIT, /s   o  oldest", \
	"  y  SYN_SENT         e  ESTABLISHED      f  FIN_WAIT2          l  closing", \
	"  a  accept queue     i  LISTEN           F  failures           m  addresses", \
	"  u  all sockets      n  name             (the same key again: reversed)", \
	"Keys in the sockets of a row", \
	"  o age   c state   n remote   l local port   f descriptor   t timer", \
	"  a receive queue   e send queue   u unsent   s S the next   r reverse", \
	"  / filter: state, address, port, process, command line      Esc q back", \
	"Everywhere: Up Down PgUp PgDn Home End (also k j g G), Esc one step back, h help", \
	"", \
	"unknown: no process is known. ~other: no room for it (--max-rows), or long gone.", \
	"+ at an age: at least; it was there before, counted from when tcpdwell came."

const char *const top_ui_help[] = { HELP, NULL };

const char *const top_ui_time_help[] = {
	"Keys that go through the time that was recorded",
	"  [ ]    an interval back, on (also Space)",
	"  { }    ten intervals                   ( )  sixty",
	"  N P    the next, the previous finding that begins; a key stops the search",
	"  J      go to a time: 03:12, 2026-11-28 03:12, 10m ago (before the end), +5m, -5m",
	"  ^ $    the begin, the end",
	"NEW counts from the time that the second line ends with: minutes before.",
	"Not traced: no agent ran then; what was there before may have ended in it.",
	"",
	HELP,
	NULL,
};

static struct top_ui *of(struct panel *panel)
{
	return (struct top_ui *)panel;
}

static const enum frame_style level_styles[] = {
	[LEVEL_NONE] = FRAME_PLAIN,
	[LEVEL_NOTE] = FRAME_WARNING,
	[LEVEL_WARNING] = FRAME_WARNING,
	[LEVEL_ALERT] = FRAME_ALERT,
};

/* As far as no finding says it; on a low terminal only the worst. */
static void draw_sentences(const struct top_ui *ui, struct frame *frame, size_t room)
{
	struct top_sentences sentences;
	size_t i, lines;

	top_sentences_make(&sentences, ui->model);
	for (i = 0; i < sentences.count; i++) {
		lines = strlen(sentences.text[i]) / frame->columns + 1;
		if (top_findings_tell(ui, &sentences, i))
			continue;
		if (lines > room)
			return;
		room -= lines;
		frame_sentence(frame, sentences.text[i], level_styles[sentences.level[i]]);
	}
}

static void draw_time(const struct timeline *timeline, struct frame *frame)
{
	timeline_text(&frame->line, timeline);
	frame_end_line(frame, FRAME_PLAIN);
	if (timeline->holes[0])
		frame_sentence(frame, timeline->holes, FRAME_WARNING);
	if (!timeline->note[0])
		return;
	buffer_append_string(&frame->line, timeline->note);
	frame_end_line(frame, FRAME_WARNING);
}

/* What the line holds, in as many lines as it takes: a number that is cut is another number. */
static void end_lines(struct frame *frame, enum frame_style style)
{
	char text[LINES_TEXT];

	snprintf(text, sizeof(text), "%.*s", (int)frame->line.size, frame->line.size ? frame->line.data : "");
	buffer_clear(&frame->line);
	frame_sentence(frame, text, style);
}

void top_ui_draw_top(struct panel *panel, struct frame *frame)
{
	const struct top_model *model = of(panel)->model;
	char health[HEALTH_TEXT];
	size_t lines;

	buffer_append_string(&frame->line, "tcpdwell  ");
	top_title_text(&frame->line, model);
	if (panel->paused)
		buffer_append_string(&frame->line, "  PAUSED");
	frame_end_line(frame, FRAME_TITLE);
	if (of(panel)->timeline)
		draw_time(of(panel)->timeline, frame);
	top_totals_text(&frame->line, model);
	end_lines(frame, FRAME_PLAIN);
	if (top_states_text(&frame->line, model) || top_missing_text(&frame->line, model))
		end_lines(frame, FRAME_PLAIN);
	if (!panel->help && panel->mode == PANEL_LIST) {
		lines = top_findings_draw(of(panel), frame);
		if (!of(panel)->opened && lines < frame->rows / SENTENCES_SHARE)
			draw_sentences(of(panel), frame, frame->rows / SENTENCES_SHARE - lines);
	}
	if (health_text(health, sizeof(health), &model->health)) {
		buffer_append_string(&frame->line, health);
		frame_end_line(frame, FRAME_ALERT);
	}
}

void top_ui_draw_head(struct panel *panel, struct frame *frame)
{
	struct top_ui *ui = of(panel);

	top_layout_choose(&ui->layout, ui->model, frame->columns, panel->max_rows);
	top_head_draw(frame, ui->model, &ui->layout);
}

enum frame_style top_ui_draw_row(struct panel *panel, size_t row, struct frame *frame)
{
	const struct top_ui *ui = of(panel);

	top_row_draw(frame, ui->model, &ui->layout, &ui->model->ranking.rows[row]);
	return FRAME_PLAIN;
}

void top_ui_draw_sockets_top(struct panel *panel, struct frame *frame)
{
	const struct top_ui *ui = of(panel);
	size_t sorted[2];

	buffer_printf(&frame->line, "%zu %s: %s, sorted by %s%s", ui->sockets.count,
		      ui->sockets.count == 1 ? "socket" : "sockets", ui->drilled_label,
		      top_socket_sort_name(ui->sockets.sort), ui->sockets.reverse ? " (reversed)" : "");
	frame_end_line(frame, FRAME_TITLE);
	top_sockets_head_text(&frame->line, &ui->sockets, frame->columns, sorted);
	frame_mark(frame, sorted[0], sorted[1], FRAME_SORTED);
	frame_end_line(frame, FRAME_HEAD);
}

enum frame_style top_ui_draw_socket(struct panel *panel, size_t socket, struct frame *frame)
{
	const struct top_ui *ui = of(panel);

	const struct top_socket *it = &ui->sockets.rows[socket];
	bool old = it->base.state == STATE_CLOSE_WAIT && it->base.since_ns &&
		   ui->model->time_ns >= it->base.since_ns + TROUBLE_OLD_NS;

	top_socket_text(&frame->line, ui->model->books, it, ui->model->time_ns, frame->columns);
	return old ? FRAME_ALERT : FRAME_PLAIN;
}

void top_ui_draw_socket_foot(struct panel *panel, size_t socket, struct frame *frame)
{
	const struct top_ui *ui = of(panel);
	struct buffer text;
	unsigned int line;

	buffer_init(&text);
	for (line = 0; line < TOP_SOCKET_DETAILS; line++) {
		buffer_clear(&text);
		top_socket_details_text(&text, ui->model->books, &ui->sockets.rows[socket], ui->sockets.programs, ui->model->time_ns,
					line);
		buffer_append_char(&text, '\0');
		if (!text.data || !frame_sentence(frame, text.data, FRAME_TITLE))
			frame_end_line(frame, FRAME_TITLE);
	}
	buffer_release(&text);
}
