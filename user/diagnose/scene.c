// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/scene.h"

#include <stdio.h>
#include <string.h>

#include "util/hash.h"
#include "util/text.h"

const struct process_facts *scene_facts(const struct scene *scene, const struct process *process)
{
	return scene->facts && process->start_ns ? scene->facts(scene->context, process) : NULL;
}

const struct process_facts *scene_ask(const struct scene *scene, const struct process *process)
{
	return scene->ask && process->start_ns ? scene->ask(scene->context, process) : scene_facts(scene, process);
}

bool scene_ended(const struct scene *scene, const struct process *process)
{
	const struct process_facts *facts = scene_ask(scene, process);

	return facts && facts->ended;
}

static const struct known_process *known_of(const struct scene *scene, const struct process *process)
{
	const struct told_process told = { .process = process, .cgroup_id = process->cgroup_id };

	return processes_get(&scene->ports->books->processes, &told, scene->now_ns);
}

bool scene_selects(const struct scene *scene, const struct process *process)
{
	return !scene->selects || scene->selects(scene->context, known_of(scene, process));
}

void finding_touches(struct finding *finding, const struct scene *scene, const struct process *process)
{
	if (scene->selects && process && process->start_ns && !finding->concerns_asked)
		finding->concerns_asked = scene_selects(scene, process);
}

void finding_touches_known(struct finding *finding, const struct scene *scene, const struct known_process *known)
{
	if (scene->selects && !finding->concerns_asked)
		finding->concerns_asked = scene->selects(scene->context, known);
}

static bool is_any(const uint8_t addr[16])
{
	static const uint8_t any4[16] = { [10] = 0xff, [11] = 0xff }, any6[16];

	return !memcmp(addr, any4, 16) || !memcmp(addr, any6, 16);
}

struct listening_walk {
	size_t cursor;
	bool looks_are_through;
	struct live_end room;
};

/* The ends of all that listens, by looks and then by events; one can come twice. NULL: there is no more. */
static const struct endpoint *listening_next(const struct model *model, struct listening_walk *walk)
{
	const struct listening_socket *listener = walk->looks_are_through ? NULL : model_listener_next(model, &walk->cursor, NULL);
	const struct live_socket *socket;
	const struct live_end *end;

	if (listener)
		return &listener->base.endpoint;
	if (!walk->looks_are_through)
		walk->cursor = 0;
	walk->looks_are_through = true;
	while ((socket = live_sockets_next(&model->sockets, &walk->cursor, NULL))) {
		end = socket->state == STATE_LISTEN ? live_socket_end(&model->sockets, socket, &walk->room) : NULL;
		if (end)
			return &end->endpoint;
	}
	return NULL;
}

void scene_listened(const struct scene *scene, struct port_set *ports)
{
	struct listening_walk walk = {};
	const struct endpoint *listening;

	while ((listening = listening_next(scene_model(scene), &walk)))
		port_set_add(ports, listening->local_port);
}

bool scene_listens(const struct scene *scene, const uint8_t addr[16], uint16_t port)
{
	struct listening_walk walk = {};
	const struct endpoint *listening;

	while ((listening = listening_next(scene_model(scene), &walk)))
		if (listening->local_port == port && (is_any(listening->local_addr) || !memcmp(listening->local_addr, addr, 16)))
			return true;
	return false;
}

static void safe_copy(char *out, size_t size, const char *text)
{
	text_sanitise(out, size, text, strlen(text), size / 2);
}

void finding_about(struct finding *finding, const struct scene *scene, const struct process *process,
		   const struct known_cgroup *cgroup)
{
	const struct process_facts *facts = process && process->start_ns ? scene_ask(scene, process) : NULL;
	struct subject *subject = &finding->subject;
	const struct container *container = cgroup ? &cgroup->container : NULL;

	if (process && process->start_ns) {
		subject->start_ns = process->start_ns;
		subject->pid = process->pid ?: process->ns_pid;
		subject->ended = facts && facts->ended;
		text_sanitise(subject->comm, sizeof(subject->comm), process->comm, strnlen(process->comm, COMM_BYTES), COMM_BYTES);
	}
	finding_concerns(finding, process);
	if (facts) {
		snprintf(subject->program, sizeof(subject->program), "%s", facts->program);
		snprintf(subject->cmdline, sizeof(subject->cmdline), "%s", facts->cmdline);
	}
	if (!container)
		return;
	safe_copy(subject->unit, sizeof(subject->unit), container->unit);
	safe_copy(subject->container, sizeof(subject->container), container->name ?: container->id);
}

uint32_t process_kind(const struct process *process)
{
	struct {
		uint64_t cgroup_id;
		char comm[COMM_BYTES];
	} name = { .cgroup_id = process->cgroup_id };

	memcpy(name.comm, process->comm, strnlen(process->comm, COMM_BYTES));
	return hash_bytes(&name, sizeof(name)) ?: 1;
}

void finding_of_program(struct finding *finding, const struct process *process, uint32_t processes)
{
	struct subject *subject = &finding->subject;

	if (!process->start_ns)
		return;
	subject->kind = process_kind(process);
	subject->of_program = true;
	if (processes < 2)
		return;
	subject->processes = processes;
	subject->start_ns = subject->pid = 0;
	subject->ended = false;
	subject->cmdline[0] = '\0';
}

void finding_about_known(struct finding *finding, const struct scene *scene, const struct known_process *known)
{
	finding_about(finding, scene, &known->process, known->cgroup);
}
