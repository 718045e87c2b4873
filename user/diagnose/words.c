// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "diagnose/likely.h"
#include "diagnose/services.h"
#include "util/address.h"
#include "util/text.h"

#define NAME_COLUMNS 48
#define NAME_BYTES (4 * NAME_COLUMNS)

/* What it runs says more than "python3" or "java"; a name that it has given itself says more than what it runs. */
static bool is_named_by_program(const struct process *process, const char *program)
{
	size_t size = strnlen(process->comm, COMM_BYTES);

	return size && !strncmp(process->comm, program, size);
}

static const struct process_facts *name_of(char out[NAME_BYTES], const struct scene *scene, const struct process *process)
{
	const struct process_facts *facts = scene_ask(scene, process);

	if (facts && is_named_by_program(process, facts->program))
		text_sanitise(out, NAME_BYTES, facts->program, strlen(facts->program), NAME_COLUMNS);
	else
		text_sanitise(out, NAME_BYTES, process->comm, strnlen(process->comm, COMM_BYTES), NAME_COLUMNS);
	return facts;
}

/* The number of one that has ended says nothing, and may be another's by now. */
const char *words_process(words out, const struct scene *scene, const struct process *process)
{
	const struct process_facts *facts;
	char safe[NAME_BYTES];

	if (!process || !process->start_ns) {
		snprintf(out, FINDING_NAME, "an unknown process");
		return out;
	}
	facts = name_of(safe, scene, process);
	if (facts && facts->ended)
		snprintf(out, FINDING_NAME, "%.160s (ended)", safe);
	else
		snprintf(out, FINDING_NAME, "%.160s[%u]", safe, process->pid ?: process->ns_pid);
	return out;
}

/* The narrowest that has a name. */
static const char *place_of(const struct container *container)
{
	if (container->name)
		return container->name;
	if (container->pod)
		return container->pod;
	return container->unit[0] ? container->unit : NULL;
}

static const char *add_place(words out, const struct known_process *known)
{
	const char *place = known->process.start_ns ? place_of(&known->cgroup->container) : NULL;
	size_t used = strlen(out);
	char safe[NAME_BYTES];

	if (!place)
		return out;
	text_sanitise(safe, sizeof(safe), place, strlen(place), NAME_COLUMNS);
	snprintf(out + used, FINDING_NAME - used, " of %s", safe);
	return out;
}

const char *words_known(words out, const struct scene *scene, const struct known_process *known)
{
	words_process(out, scene, &known->process);
	return add_place(out, known);
}

#define ENDED_ASKED 64 /* more are like these */

void many_add(struct many *many, const struct scene *scene, const struct process *process)
{
	const struct process_facts *facts = scene_facts(scene, process);

	many->processes++;
	if (many->asked == ENDED_ASKED)
		return;
	facts = facts ?: scene_ask(scene, process);
	many->asked++;
	many->ended += facts && facts->ended;
}

static const char *ended_words(char out[32], const struct many *many)
{
	out[0] = '\0';
	if (many->ended && many->asked < many->processes)
		snprintf(out, 32, ", %s of them ended", many->ended * 2 > many->asked ? "most" : "some");
	else if (many->ended)
		snprintf(out, 32, many->ended == many->processes ? ", all ended" : ", %u of them ended", many->ended);
	return out;
}

const char *words_many(words out, const struct scene *scene, const struct many *many)
{
	char safe[NAME_BYTES], ended[32];

	if (many->processes < 2 && !many->more)
		return many->known ? words_known(out, scene, many->known) : words_process(out, scene, many->process);
	name_of(safe, scene, many->process);
	snprintf(out, FINDING_NAME, "%.120s (%u %sprocesses%s)", safe, many->processes < 2 ? 2 : many->processes, many->more ? "or more " : "", ended_words(ended, many));
	return many->known ? add_place(out, many->known) : out;
}

const char *words_likely(words out, const struct scene *scene, const struct process *process)
{
	words name;

	words_process(name, scene, process);
	snprintf(out, FINDING_NAME, "%s%.170s", process && process->start_ns ? "probably " : "", name);
	return out;
}

const char *words_service(words out, const struct scene *scene, const struct cause *cause)
{
	const struct known_process *known = scene_process(scene, cause->key.process);
	struct many many = { .process = &known->process, .known = known };
	size_t i;

	if (!known->process.start_ns)
		return words_likely(out, scene, likely_process(scene, cause));
	for (i = 0; i < cause_processes(cause); i++)
		many_add(&many, scene, &scene_process(scene, cause_part(cause, i)->key.process)->process);
	return words_many(out, scene, &many);
}

const char *words_remote(words out, const uint8_t addr[16], uint16_t port)
{
	struct address address = address_from_mapped(addr);
	char text[ADDRESS_PORT_TEXT];

	address_port_format(text, &address, port);
	snprintf(out, FINDING_NAME, "%s", text);
	return out;
}

const char *words_address(words out, const uint8_t addr[16])
{
	char text[ADDRESS_TEXT];

	address_format_mapped(text, addr);
	snprintf(out, FINDING_NAME, "%s", text);
	return out;
}

const char *words_number(words out, double value)
{
	if (value >= 100 || value == floor(value))
		snprintf(out, FINDING_NAME, "%.0f", value);
	else
		snprintf(out, FINDING_NAME, "%.*f", value < 1 ? 2 : 1, value);
	return out;
}

const char *words_seconds(words out, double seconds)
{
	static const struct {
		double from, unit;
		const char *name;
	} steps[] = { { 172800, 86400, "day" }, { 7200, 3600, "hour" }, { 120, 60, "minute" }, { 1, 1, "second" } };
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		double value = seconds / steps[i].unit;

		if (seconds < steps[i].from)
			continue;
		snprintf(out, FINDING_NAME, "%.*f %s%s", value < 10 && value != floor(value) ? 1 : 0, value, steps[i].name,
			 value == 1 ? "" : "s");
		return out;
	}
	if (seconds >= 0.001)
		snprintf(out, FINDING_NAME, "%.0f ms", seconds * 1e3);
	else
		snprintf(out, FINDING_NAME, "%.0f us", seconds * 1e6);
	return out;
}

const char *words_states(words out, const uint32_t by_state[16])
{
	static const unsigned char order[] = { STATE_TIME_WAIT, STATE_ESTABLISHED, STATE_CLOSE_WAIT, STATE_FIN_WAIT2,
					       STATE_SYN_SENT,	STATE_FIN_WAIT1,   STATE_LAST_ACK,   STATE_CLOSING };
	size_t i, used = 0;

	out[0] = '\0';
	for (i = 0; i < sizeof(order) && used < FINDING_NAME; i++)
		if (by_state[order[i]])
			used += snprintf(out + used, FINDING_NAME - used, "%s%u %s", used ? ", " : "", by_state[order[i]],
					 tcp_state_name(order[i]));
	return out;
}
