// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The findings above the table of the interactive `top`: a line each, or one of them whole. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "show/findings.h"
#include "show/top/ui.h"

#define TABLE_ROWS 6 /* are left for the table, whatever is opened */

static const enum frame_style styles[SEVERITIES] = { FRAME_ALERT, FRAME_WARNING, FRAME_PLAIN };

/* What holds now and is certain enough. Settings are for diagnose: they are there all the time. */
static bool is_shown(const struct told_finding *told)
{
	return !told->over && told->finding.code != TD191 && told->finding.confidence != CONFIDENCE_TOO_EARLY;
}

static const struct told_finding *find(const struct diagnosis *diagnosis, uint64_t number)
{
	size_t i;

	for (i = 0; number && i < diagnosis->n_told; i++)
		if (diagnosis->told[i]->number == number)
			return diagnosis->told[i];
	return NULL;
}

/* A line for each line of the text, as far as there is room. */
static size_t draw_whole(const struct top_ui *ui, const struct told_finding *told, struct frame *frame)
{
	const struct report_clock clock = { .now_ns = ui->model->time_ns, .unix_ns = ui->model->unix_ns };
	const struct report_style style = { .columns = frame->columns };
	struct buffer text;
	size_t lines = 0, at = 0;

	buffer_init(&text);
	finding_text(&text, told, &clock, style);
	while (at < text.size && frame->used + TABLE_ROWS < frame->rows) {
		const char *end = memchr(text.data + at, '\n', text.size - at);
		size_t size = end ? (size_t)(end - text.data) - at : text.size - at;

		buffer_append(&frame->line, text.data + at, size);
		frame_end_line(frame, lines ? FRAME_PLAIN : styles[told_severity(told)]);
		lines++;
		at += size + 1;
	}
	buffer_release(&text);
	return lines;
}

static size_t draw_lines(const struct diagnosis *diagnosis, struct frame *frame)
{
	char text[FINDING_TITLE + 16];
	size_t i, lines = 0, most = frame->rows / 4;

	for (i = 0; i < diagnosis->n_told && lines < most; i++) {
		const struct told_finding *told = diagnosis->told[i];

		if (!is_shown(told))
			continue;
		snprintf(text, sizeof(text), "%s %s", code_rows[told->finding.code].name, told->finding.title);
		lines += frame_sentence(frame, text, styles[told_severity(told)]);
	}
	return lines;
}

/*
 * Which findings tell of a kind of trouble: a group of codes that are about the same (TD10x: 10), or one code. A destination that
 * refuses says nothing of one that does not answer; a scan (TD152) is either.
 */
static const uint8_t codes_of[TROUBLES][3] = {
	[TROUBLE_CROWD] = { 16 },	     [TROUBLE_HALF_CLOSED] = { 14 }, [TROUBLE_CLOSE_WAIT] = { 12 },
	[TROUBLE_REFUSED] = { 153, 152 },    [TROUBLE_UNREACHABLE] = { 151, 152 }, [TROUBLE_NO_ANSWER] = { 151, 152 },
	[TROUBLE_GAVE_UP] = { 13, 12 },
	[TROUBLE_QUEUE_WAITS] = { 13, 12 },
	[TROUBLE_QUEUE_DROPS] = { 13, 12 },  [TROUBLE_QUEUE_FULL] = { 13, 12 }, [TROUBLE_LEAK] = { 12 },
	[TROUBLE_NO_DESCRIPTOR] = { 12 },    [TROUBLE_NO_PORT] = { 10 },
};

/* By the "[4711]" at the end of its label; what is told of several processes, or of those that have ended, has none, but their name. */
static bool is_of(const struct finding *finding, const char *label)
{
	const struct subject *subject = &finding->subject;
	const char *pid = strrchr(label, '[');
	size_t size = pid ? (size_t)(pid - label) : 0;

	if (!pid || strstr(finding->title, pid))
		return true;
	return (subject->processes || subject->ended) && strlen(subject->comm) == size && !memcmp(subject->comm, label, size);
}

static bool is_about(const struct finding *finding, unsigned int kind, const char *label)
{
	unsigned int code = strtoul(code_rows[finding->code].name + 2, NULL, 10), i;

	for (i = 0; i < 3 && codes_of[kind][i]; i++)
		if (codes_of[kind][i] == code || codes_of[kind][i] == code / 10)
			return is_of(finding, label);
	return false;
}

bool top_findings_tell(const struct top_ui *ui, const struct top_sentences *sentences, size_t sentence)
{
	/* Of groups that are no processes the kind decides. */
	const char *label = sentences->group[sentence]->label;
	size_t i;

	for (i = 0; ui->diagnosis && i < ui->diagnosis->n_told; i++)
		if (is_shown(ui->diagnosis->told[i]) &&
		    is_about(&ui->diagnosis->told[i]->finding, sentences->kind[sentence], label))
			return true;
	return false;
}

size_t top_findings_draw(struct top_ui *ui, struct frame *frame)
{
	const struct told_finding *opened = ui->diagnosis ? find(ui->diagnosis, ui->opened) : NULL;

	if (!ui->diagnosis)
		return 0;
	return opened ? draw_whole(ui, opened, frame) : draw_lines(ui->diagnosis, frame);
}

/* After the last one, none. */
void top_findings_open_next(struct top_ui *ui)
{
	const struct diagnosis *diagnosis = ui->diagnosis;
	bool passed = !ui->opened;
	size_t i;

	for (i = 0; diagnosis && i < diagnosis->n_told; i++) {
		if (passed && is_shown(diagnosis->told[i])) {
			ui->opened = diagnosis->told[i]->number;
			return;
		}
		passed |= diagnosis->told[i]->number == ui->opened;
	}
	ui->opened = 0;
}

bool top_findings_take_new(struct top_ui *ui)
{
	bool is_new = false;
	uint64_t number;
	size_t i;

	for (i = 0; ui->diagnosis && i < ui->diagnosis->n_told; i++) {
		number = ui->diagnosis->told[i]->number;
		if (!is_shown(ui->diagnosis->told[i]) || ui->taken[number % TOP_FINDINGS_TAKEN] == number)
			continue;
		ui->taken[number % TOP_FINDINGS_TAKEN] = number;
		is_new = true;
	}
	return is_new;
}
