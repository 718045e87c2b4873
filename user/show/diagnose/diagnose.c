// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Findings as they come, the rest at the end. */
#include "show/diagnose/diagnose.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/holes.h"
#include "event/summary.h"
#include "diagnose/words.h"
#include "show/alike.h"
#include "show/findings_ask.h"
#include "show/findings.h"

#define TICK_MS 250
#define NEWS_NS 2000000000ULL /* findings are told together for so long, so that the worst of them comes first */

struct diagnose_view {
	struct view view;
	struct diagnose_config config;
	struct output *output;
	struct diagnosis diagnosis;
	struct json json;
	struct buffer text;
	uint64_t begin_ns, told_number; /* findings up to this number were told */
	struct alike in_full, at_end; /* findings that were told there */
	struct useless_said said;
	uint64_t next_news_ns;
	bool introduced;
	bool found;
};

static int write_out(struct diagnose_view *diagnose)
{
	int err = json_error(&diagnose->json) ?: diagnose->text.error;

	if (!err)
		err = output_write(diagnose->output, diagnose->json.data, diagnose->json.size);
	if (!err)
		err = output_write(diagnose->output, diagnose->text.data, diagnose->text.size);
	json_clear(&diagnose->json);
	buffer_clear(&diagnose->text);
	return err ?: output_flush(diagnose->output);
}

static int diagnose_begin(struct view *view, const struct run *run)
{
	struct diagnose_view *diagnose = (struct diagnose_view *)view;

	diagnose->begin_ns = run->begin_ns;
	diagnosis_begin(&diagnose->diagnosis, run);
	if (diagnose->config.json)
		header_json(&diagnose->json, run);
	else
		buffer_append_string(&diagnose->text, source_note(run));
	return write_out(diagnose);
}

static int diagnose_event(struct view *view, const struct event *event)
{
	return diagnosis_event(&((struct diagnose_view *)view)->diagnosis, event);
}

static int diagnose_recount(struct view *view, bool begins)
{
	diagnosis_recount(&((struct diagnose_view *)view)->diagnosis, begins);
	return 0;
}

static struct report_clock clock_of(const struct tick *tick)
{
	return (struct report_clock){ .now_ns = tick->time_ns, .unix_ns = tick->unix_ns };
}

static struct report_style style_of(struct diagnose_view *diagnose)
{
	return (struct report_style){ .color = diagnose->config.color, .cmdline = diagnose->config.cmdline, .said = &diagnose->said };
}

/* Settings are told at the end, a line each. */
static bool is_setting(const struct told_finding *told)
{
	return told->finding.code == TD191;
}

/* Is it one more of those that were told? Findings about no process never are. */
static bool is_one_more(struct alike *alike, const struct finding *finding)
{
	return alike_one_more(alike, code_rows[finding->code].name, finding->subject.pid ? finding->subject.comm : "");
}

static void tell_in_full(struct diagnose_view *diagnose, const struct told_finding *told, const struct report_clock *clock)
{
	if (!is_setting(told) && !is_one_more(&diagnose->in_full, &told->finding))
		finding_text(&diagnose->text, told, clock, style_of(diagnose));
}

/* What has come up since the last time. */
static void tell_news(struct diagnose_view *diagnose, const struct tick *tick)
{
	struct diagnosis *diagnosis = &diagnose->diagnosis;
	struct report_clock clock = clock_of(tick);
	size_t i;

	for (i = 0; i < diagnosis->n_told; i++)
		if (diagnosis->told[i]->number > diagnose->told_number && !diagnosis->told[i]->over)
			tell_in_full(diagnose, diagnosis->told[i], &clock);
	diagnose->told_number = diagnosis->numbers;
}

static void introduce_codes(struct buffer *out, const char *head, const char *codes)
{
	buffer_append_string(out, head);
	wrap_text(out, codes, REPORT_COLUMNS, 6, strlen(head));
}

static void introduce(struct diagnose_view *diagnose)
{
	double left_s = diagnose->config.seconds - diagnose->diagnosis.scene.watched_s;
	struct buffer waits, too_short;
	double longest_s;

	diagnose->introduced = true;
	buffer_init(&waits);
	buffer_init(&too_short);
	longest_s = waits_text(&waits, &too_short, &diagnose->diagnosis, left_s > 0 ? left_s : INFINITY);
	if (left_s > 0)
		buffer_printf(&diagnose->text, "watching for %.0f s more (Ctrl-C ends it with what is known)\n", left_s);
	else
		buffer_append_string(&diagnose->text, "watching until Ctrl-C\n");
	buffer_append_char(&waits, '\0');
	if (waits.size > 1)
		introduce_codes(&diagnose->text, "still to come: ", waits.data);
	if (too_short.size) {
		buffer_printf(&too_short, ": -d %.0f", ceil(diagnose->diagnosis.scene.watched_s + longest_s));
		buffer_append_char(&too_short, '\0');
		introduce_codes(&diagnose->text, "too short for: ", too_short.data);
	}
	buffer_append_char(&diagnose->text, '\n');
	buffer_release(&waits);
	buffer_release(&too_short);
}

/* A recording goes by in an instant: it is told of at the end alone. */
static int diagnose_tick(struct view *view, const struct tick *tick)
{
	struct diagnose_view *diagnose = (struct diagnose_view *)view;
	int ran = diagnosis_tick(&diagnose->diagnosis, tick, false);

	view->tick_ms = TICK_MS;
	if (ran <= 0 || diagnose->config.json || diagnose->diagnosis.scene.recorded || tick->time_ns < diagnose->next_news_ns)
		return ran < 0 ? ran : 0;
	diagnose->next_news_ns = tick->time_ns + NEWS_NS;
	tell_news(diagnose, tick);
	if (!diagnose->introduced)
		introduce(diagnose);
	return write_out(diagnose);
}

static bool is_told(const struct diagnose_view *diagnose, const struct told_finding *told)
{
	return told->number <= diagnose->told_number;
}

struct counts {
	unsigned int all, severities[SEVERITIES], over;
};

static struct counts count(const struct diagnosis *diagnosis)
{
	struct counts counts = {};
	size_t i;

	for (i = 0; i < diagnosis->n_told; i++) {
		counts.all++;
		counts.severities[told_severity(diagnosis->told[i])]++;
		counts.over += diagnosis->told[i]->over;
	}
	return counts;
}

/*
 * A line each, as it is now: of what was told before, and of several that are told now, whose texts are long. Settings are told
 * nowhere else.
 */
static void end_list(struct diagnose_view *diagnose, const struct report_clock *clock)
{
	struct diagnosis *diagnosis = &diagnose->diagnosis;
	unsigned int findings = 0;
	bool was_told = false;
	size_t i;

	for (i = 0; i < diagnosis->n_told; i++) {
		findings += !is_setting(diagnosis->told[i]);
		was_told |= !is_setting(diagnosis->told[i]) && is_told(diagnose, diagnosis->told[i]);
	}
	if (was_told || findings > 1)
		buffer_append_string(&diagnose->text, was_told ? "At the end:\n" : "In short:\n");
	for (i = 0; i < diagnosis->n_told; i++)
		if ((was_told || findings > 1 || is_setting(diagnosis->told[i])) && !is_one_more(&diagnose->at_end, &diagnosis->told[i]->finding)) {
			finding_headline(&diagnose->text, diagnosis->told[i], style_of(diagnose));
			finding_forecast(&diagnose->text, diagnosis->told[i], clock);
		}
	alike_text(&diagnose->text, &diagnose->at_end);
}

static void end_text(struct diagnose_view *diagnose, const struct tick *last)
{
	struct diagnosis *diagnosis = &diagnose->diagnosis;
	struct report_clock clock = clock_of(last);
	struct counts counts = count(diagnosis);
	unsigned int code;
	char summary[1024], over[32] = "";
	size_t i;

	for (i = 0; i < diagnosis->n_told; i++)
		if (!is_told(diagnose, diagnosis->told[i]))
			tell_in_full(diagnose, diagnosis->told[i], &clock);
	end_list(diagnose, &clock);
	for (code = 0; code < CODES; code++)
		if (diagnosis->more[code])
			buffer_printf(&diagnose->text, "and %u more like these: %s, %s\n", diagnosis->more[code], code_rows[code].name,
				      code_rows[code].title);
	if (counts.over)
		snprintf(over, sizeof(over), " (%u over)", counts.over);
	if (counts.all)
		buffer_printf(&diagnose->text, "%u finding%s: %u now, %u soon, %u to note%s. ", counts.all, plural(counts.all),
			      counts.severities[SEVERITY_NOW], counts.severities[SEVERITY_SOON], counts.severities[SEVERITY_NOTE], over);
	else
		buffer_append_string(&diagnose->text, "Nothing found. ");
	figures_text(&diagnose->text, diagnosis);
	not_examined_text(&diagnose->text, diagnosis);
	if (health_text(summary, sizeof(summary), last->health))
		buffer_printf(&diagnose->text, "%s\n", summary);
}

static void end_json(struct diagnose_view *diagnose, const struct tick *last)
{
	struct diagnosis *diagnosis = &diagnose->diagnosis;
	struct report_clock clock = clock_of(last);
	struct counts counts = count(diagnosis);
	struct json *json = &diagnose->json;
	uint64_t more = 0;
	size_t i;

	for (i = 0; i < diagnosis->n_told; i++)
		finding_json(json, diagnosis->told[i], &clock, style_of(diagnose));
	not_examined_json(json, diagnosis);
	for (i = 0; i < CODES; i++)
		more += diagnosis->more[i];
	json_object_begin(json, NULL);
	json_string(json, "type", "summary");
	json_u64(json, "findings", counts.all);
	for (i = 0; i < SEVERITIES; i++)
		json_u64(json, severity_name(i), counts.severities[i]);
	json_u64(json, "over", counts.over);
	json_u64(json, "more", more);
	json_f64(json, "watched_s", diagnosis->scene.watched_s, 3);
	json_u64(json, "sockets", diagnosis->figures.sockets);
	json_u64(json, "processes", diagnosis->figures.processes);
	json_u64(json, "destinations", diagnosis->figures.destinations);
	json_f64(json, "fullest_share", diagnosis->figures.fullest_share < 0 ? 0.0 / 0.0 : diagnosis->figures.fullest_share, 4);
	health_json(json, last->health);
	totals_json(json, last->totals);
	if (last->holes)
		holes_json(json, last->holes);
	json_object_end(json);
	json_end_line(json);
}

static int diagnose_end(struct view *view, const struct tick *last)
{
	struct diagnose_view *diagnose = (struct diagnose_view *)view;
	struct counts counts;
	int err = diagnosis_tick(&diagnose->diagnosis, last, true);

	if (err < 0)
		return err;
	counts = count(&diagnose->diagnosis);
	diagnose->found = counts.severities[SEVERITY_NOW] || counts.severities[SEVERITY_SOON];
	if (diagnose->config.json)
		end_json(diagnose, last);
	else
		end_text(diagnose, last);
	return write_out(diagnose);
}

struct view *diagnose_view_new(const struct diagnose_config *config, struct output *output)
{
	const struct diagnosis_config diagnosis = {
		.thresholds = config->thresholds,
		.filter = config->filter,
		.max_sockets = config->max_sockets,
		.ask = config->live ? findings_ask_process : NULL,
		.cpu_ns = config->live ? clock_cpu_ns : NULL,
	};
	struct diagnose_view *diagnose = calloc(1, sizeof(*diagnose));

	if (!diagnose)
		return NULL;
	diagnose->view = (struct view){
		.begin = diagnose_begin,
		.event = diagnose_event,
		.recount = diagnose_recount,
		.tick = diagnose_tick,
		.end = diagnose_end,
		.tick_ms = TICK_MS,
		.tells_at_end = true,
	};
	diagnose->config = *config;
	diagnose->output = output;
	json_init(&diagnose->json);
	buffer_init(&diagnose->text);
	if (!diagnosis_init(&diagnose->diagnosis, &diagnosis))
		return &diagnose->view;
	diagnose_view_free(&diagnose->view);
	return NULL;
}

void diagnose_view_free(struct view *view)
{
	struct diagnose_view *diagnose = (struct diagnose_view *)view;

	if (!diagnose)
		return;
	diagnosis_release(&diagnose->diagnosis);
	json_release(&diagnose->json);
	buffer_release(&diagnose->text);
	free(diagnose);
}

bool diagnose_view_found(const struct view *view)
{
	return ((const struct diagnose_view *)view)->found;
}
