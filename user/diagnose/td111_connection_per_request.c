// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A client opens a connection for each request: many short ones to the same address and port. */
#include "diagnose/codes.h"
#include "diagnose/crowds.h"
#include "diagnose/likely.h"
#include "diagnose/software.h"

#define STEADY_SLOTS 4 /* of two seconds: a page of a browser is loaded in less */
#define LOCAL_SHARE 0.5

static bool is_meant(const struct scene *scene, const struct flow *flow)
{
	return flow->counts[FLOW_OPENED] >= scene_threshold(scene, TD111_OPENED) &&
	       flow->counts[FLOW_ENDED] * 10 >= flow->counts[FLOW_OPENED] * 8 && flow->life_s > 0 &&
	       flow->life_s <= scene_threshold(scene, TD111_LIFE_S);
}

/* MySQL, PostgreSQL, Redis: these clients speak no HTTP. */
static bool is_database(uint16_t port)
{
	return port == 3306 || port == 5432 || port == 6379;
}

/* php-fpm behind nginx: what is for HTTP does nothing there, and each connection that is kept occupies one of its children. */
static void nginx_changes(struct finding *finding, const struct scene *scene, const struct flow *flow)
{
	static const char fastcgi[] = "\"fastcgi_keep_conn on;\" and \"keepalive N;\" in the upstream{} block, with N times worker_processes well below "
				      "pm.max_children: each kept connection occupies a child, and who finds none waits";

	if (scene_listens(scene, flow->key.remote_addr, flow->key.service_port) &&
	    software_of(likely_server(scene, flow->key.netns, flow->key.service_port)) == SOFTWARE_PHP_FPM) {
		finding_change(finding, "nginx: %s", fastcgi);
		return;
	}
	finding_change(finding, "nginx: \"keepalive 32;\" in the upstream{} block, and in its location \"proxy_http_version 1.1; "
				"proxy_set_header Connection \"\";\"");
	finding_change(finding, "where it is fastcgi_pass: %s", fastcgi);
}

static void changes(struct finding *finding, const struct scene *scene, const struct flow *flow)
{
	static const char pool[] = "a connection pool: the client takes connections from it and gives them back, instead of opening one for each request";
	static const char client[] = "use one client object for all requests: one HttpClient, requests.Session, http.Agent with keepAlive, one "
				     "http.Client whose response bodies are read to the end and closed";

	if (software_of(&flow->process) == SOFTWARE_NGINX) {
		nginx_changes(finding, scene, flow);
	} else if (software_of(&flow->process) == SOFTWARE_HAPROXY) {
		finding_change(finding, "haproxy, mode http: \"http-reuse always\" in the backend, and no \"option http-server-close\" nor \"option httpclose\"");
		finding_change(finding, "in mode tcp each client has its own: let the clients keep theirs; health checks open one each, see \"inter\"");
	} else if (is_database(flow->key.service_port)) {
		finding_change(finding, "%s", pool);
		finding_change(finding, "if it speaks HTTP: %s", client);
	} else {
		finding_change(finding, "%s; for databases a pool", client);
	}
}

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct crowd *crowd)
{
	const struct flow *flow = &crowd->flow;
	struct finding *finding = verdicts_add(verdicts, TD111, SEVERITY_NOTE);
	bool local = flow->counts[FLOW_LOCAL] >= flow->counts[FLOW_ENDED] * LOCAL_SHARE;
	double rate = flow->counts[FLOW_OPENED] / flow->seconds;
	words who, to, life, number;

	if (!finding)
		return;
	words_crowd(who, scene, crowd);
	words_remote(to, flow->key.remote_addr, flow->key.service_port);
	words_seconds(life, flow->life_s);
	finding_title(finding, "%s opens a connection for each request to %s: %s a second, half of them end within %s; %s closes first", who, to,
		      words_number(number, rate), life, local ? "it" : "the other end");
	crowd_subject(finding, scene, crowd);
	finding->weight = rate;
	finding->since_ns = flow->begin_ns;
	finding->since_at_least = scene_is_early(scene, flow->begin_ns);
	finding_evidence(finding, "rate", rate, "connections a second", "tcpdwell trace -D %u", flow->key.service_port);
	finding_evidence(finding, "median_life", flow->life_s, "s", "tcpdwell hist -D %u --state ESTABLISHED", flow->key.service_port);
	finding_evidence(finding, "opened", flow->counts[FLOW_OPENED], "connections", NULL);
	finding_evidence(finding, "closed_by_local", flow->counts[FLOW_LOCAL], "connections", NULL);
	finding_evidence(finding, "time_wait_created", flow->counts[FLOW_TIME_WAIT], "sockets", NULL);
	if (crowd->n_parts > 1)
		finding_evidence(finding, "processes", crowd->n_parts, "processes", NULL);
	if (crowd_ends(scene, crowd))
		finding_change(finding, "each process connects anew, and ends with its connections: let one that stays do the work of many; if it is not meant to end, see why it does (its log, its exit status)");
	changes(finding, scene, flow);
	if (!local)
		finding_change(finding, "let the server keep connections open (HTTP keep-alive): it closes first, perhaps because it is asked to (QUIT, Connection: close)");
	finding_useless(finding, "net.ipv4.tcp_fin_timeout", "does not touch TIME_WAIT, nor the cost of a handshake a request");
	finding_useless(finding, "net.ipv4.tcp_tw_recycle", "does not exist since Linux 4.12");
	finding_useless(finding, "nofile", "does not limit connections that end within %s", life);
}

static bool opens(const struct flow *flow, const void *context)
{
	(void)context;
	return flow->counts[FLOW_OPENED] || flow->counts[FLOW_ENDED];
}

void td111_connection_per_request(const struct scene *scene, struct verdicts *verdicts)
{
	struct crowds crowds;
	size_t i;

	crowds_find(&crowds, scene, opens, NULL);
	for (i = 0; i < crowds.count; i++) {
		const struct flow *flow = &crowds.list[i].flow;

		if (!is_meant(scene, flow))
			continue;
		if (flow->busy_slots >= STEADY_SLOTS)
			judge(scene, verdicts, &crowds.list[i]);
		else
			verdicts_wait(verdicts, TD111, (STEADY_SLOTS - flow->busy_slots) * 2);
	}
	crowds_release(&crowds);
}
