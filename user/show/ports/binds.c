// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* "Address already in use": which, whose bind() failed, who has it, what would help. */
#include "show/ports/binds.h"

#include "show/ports/names.h"
#include "util/address.h"
#include "util/number.h"
#include "util/text.h"

#define NSEC_PER_SEC 1000000000ULL

const char ports_bind_head[] = "FAILS  FAIL/s   AGO ADDRESS: who failed; who has it";

static const struct {
	const char *name, *advice;
} reasons[BIND_REASONS] = {
	[BIND_POOL] = { "pool", "no bind() before connect(), or IP_BIND_ADDRESS_NO_PORT; a wider net.ipv4.ip_local_port_range; one "
				"more local address" },
	[BIND_LISTENER] = { "listener", "one of the two needs another port; SO_REUSEPORT in both where they are one service" },
	[BIND_BOUND] = { "bound", NULL },
	[BIND_CONNECTION] = { "connection", NULL },
	[BIND_OLD_CONNECTION] = { "old_connection", "SO_REUSEADDR before bind(): the service need not wait for them" },
	[BIND_UNKNOWN] = { "unknown", NULL },
};

const char *ports_bind_reason_name(enum bind_reason reason)
{
	return reasons[reason].name;
}

enum bind_reason ports_bind_reason(const struct bind_failure *bind)
{
	if (!bind->key.port)
		return BIND_POOL;
	if (!bind->found)
		return BIND_UNKNOWN;
	if (bind->holder.state == STATE_LISTEN)
		return BIND_LISTENER;
	if (bind->holder.state == STATE_CLOSE)
		return BIND_BOUND;
	return bind->holder.active ? BIND_CONNECTION : BIND_OLD_CONNECTION;
}

static void put_process(struct buffer *out, const struct ports_model *model, const struct process *process)
{
	const struct told_process told = { .process = process, .cgroup_id = process->cgroup_id };

	ports_process_name(out, processes_get(&model->books->processes, &told, model->time_ns));
}

static void put_address(struct buffer *out, const struct bind_key *key)
{
	struct address address = address_from_mapped(key->addr);
	char text[ADDRESS_PORT_TEXT];

	address_port_format(text, &address, key->port);
	if (key->port) {
		buffer_append_string(out, text);
		return;
	}
	address_format_mapped(text, key->addr);
	buffer_printf(out, "any port of %s", text);
}

static void put_victims(struct buffer *out, const struct ports_model *model, const struct bind_failure *bind)
{
	const struct port_victim *victim = bind->victims;

	for (; victim < bind->victims + bind->n_victims; victim++) {
		if (victim > bind->victims)
			buffer_append_string(out, ", ");
		put_process(out, model, &victim->process);
		if (victim->more)
			buffer_append_string(out, " and others of its name");
	}
	if (bind->other_victims)
		buffer_append_string(out, " and others");
}

static void put_duration(struct buffer *out, uint64_t since_ns, uint64_t now_ns)
{
	char text[TEXT_NUMBER];

	text_duration(text, elapsed_ns(now_ns, since_ns));
	buffer_append_string(out, text);
}

static void put_connection(struct buffer *out, const struct ports_model *model, const struct bind_failure *bind)
{
	const struct bind_use *holder = &bind->holder;

	put_process(out, model, &holder->process);
	buffer_printf(out, " has %s in %s", holder->active ? "an outgoing connection there" : "connections of a service there",
		      tcp_state_name(holder->state));
	if (bind->sockets > 1)
		buffer_printf(out, ", %u in all", bind->sockets);
	if (!holder->since_ns || !bind->sockets)
		return;
	buffer_append_string(out, ", since ");
	put_duration(out, holder->since_ns, model->time_ns);
}

static void put_pool(struct buffer *out, const struct ports_model *model, const struct bind_key *key)
{
	struct local_key local = { .netns = key->netns };
	const struct local_pool *pool;

	memcpy(local.addr, key->addr, sizeof(local.addr));
	HASH_FIND(hh, model->pools.by_key, &local, sizeof(local), pool);
	buffer_append_string(out, "no port was free for this address");
	if (pool && pool->known)
		buffer_printf(out, "; %u of %u are now", pool->pool.usable, pool->pool.capacity);
	if (!pool || !pool->holders.used)
		return;
	buffer_append_string(out, "; most are used by ");
	ports_process_name(out, ports_model_process(model, pool->holders.list[0].process));
	buffer_printf(out, ": %u %s", pool->holders.list[0].count, ports_state_name(pool->holders.list[0].state));
}

static void put_holder(struct buffer *out, const struct ports_model *model, const struct bind_failure *bind)
{
	switch (ports_bind_reason(bind)) {
	case BIND_POOL:
		put_pool(out, model, &bind->key);
		return;
	case BIND_UNKNOWN:
		buffer_append_string(out, "nobody was found that has it");
		return;
	case BIND_LISTENER:
		put_process(out, model, &bind->holder.process);
		buffer_append_string(out, " listens there");
		break;
	case BIND_BOUND:
		put_process(out, model, &bind->holder.process);
		buffer_append_string(out, " is bound to it");
		break;
	default:
		put_connection(out, model, bind);
	}
	if (!bind->sockets)
		buffer_append_string(out, "; free by now");
}

void ports_bind_row(struct buffer *out, const struct ports_model *model, const struct bind_failure *bind)
{
	char count[TEXT_NUMBER], rate[16], ago[TEXT_NUMBER];

	text_count(count, bind->failures);
	ports_rate_text(rate, bind->rate);
	text_duration(ago, elapsed_ns(model->time_ns, bind->last_ns));
	buffer_printf(out, "%5s %7s %5s ", count, rate, ago);
	put_address(out, &bind->key);
	buffer_append_string(out, ": ");
	put_victims(out, model, bind);
	buffer_append_string(out, "; ");
	put_holder(out, model, bind);
}

/* A connection is on the port since it lies in the range that connect() chooses from. */
static void put_advice(struct buffer *out, const struct ports_model *model, const struct bind_failure *bind)
{
	const struct port_namespace *namespace = port_namespaces_find(&model->namespaces, bind->key.netns);
	enum bind_reason reason = ports_bind_reason(bind);

	if (reason == BIND_CONNECTION && namespace && port_space_half(&namespace->space, bind->key.port) >= 0)
		buffer_printf(out, "  helps    net.ipv4.ip_local_reserved_ports=%u (beside those that are there): connect() leaves it out\n",
			      bind->key.port);
	else if (reasons[reason].advice)
		buffer_printf(out, "  helps    %s\n", reasons[reason].advice);
}

void ports_bind_details(struct buffer *out, const struct ports_model *model, const struct bind_failure *bind)
{
	char count[TEXT_NUMBER];

	text_count(count, bind->failures);
	put_address(out, &bind->key);
	buffer_append_string(out, ": bind() says \"Address already in use\"\n  fails    ");
	put_victims(out, model, bind);
	buffer_printf(out, ", %s %s, the last one ", count, bind->failures == 1 ? "time" : "times");
	put_duration(out, bind->last_ns, model->time_ns);
	buffer_append_string(out, " ago\n  held by  ");
	put_holder(out, model, bind);
	buffer_append_char(out, '\n');
	put_advice(out, model, bind);
}
