# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The agent's metrics against the truth of a workload and of ss; its HTTP server against clients that mean it no good; a real
Prometheus that scrapes it, evaluates the rules and runs every query of the dashboard; a real Alertmanager that tells who is on call."""
import atexit
import errno
import http.client
import http.server
import json
import os
import re
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

TOOL = os.environ.get("TCPDWELL", "build/tcpdwell")
PORT, PROMETHEUS, ALERTMANAGER = 9669, 9090, 9093
NAME = "orders-api"
status = 0
folder = tempfile.mkdtemp(prefix="tcpdwell-export-")
running = []


def ok(name, reason=None):
    global status
    if reason:
        status = 1
        print(f"not ok export/{name}: {str(reason)[:600]}", flush=True)
    else:
        print(f"ok export/{name}", flush=True)


def check(name):
    """Decorator: runs the test at once; what it raises is the reason of its failure."""

    def run(test):
        try:
            test()
            ok(name)
        except (Exception, AssertionError) as error:  # noqa: a test that breaks has failed
            ok(name, f"{type(error).__name__}: {error}")

    return run


def skip(name, reason):
    print(f"skip export/{name}: {reason}", flush=True)


def until(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


def equal(what, found, expected):
    assert found == expected, f"{what}: {found} is not {expected}"


def start(*arguments, **more):
    process = subprocess.Popen(arguments, **more)
    running.append(process)
    return process


def get(path="/metrics", port=PORT, headers=None, method="GET", timeout=20):
    """(status, headers, text)"""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()
    finally:
        connection.close()


def answers(path="/readyz", port=PORT):
    try:
        return get(path, port)[0] == 200
    except OSError:
        return False


def start_agent(listen=f"127.0.0.1:{PORT}", wait=True, *more):
    agent = start(TOOL, "agent", "-n", "self", "--listen", listen, *more, stderr=open(f"{folder}/agent.log", "a"))
    if wait:
        until(lambda: answers() or agent.poll() is not None, "the agent traces")
        with open(f"{folder}/agent.log") as log:
            assert agent.poll() is None, f"the agent ended with {agent.returncode}: {log.read()}"
    return agent


def samples(text):
    """{(metric, frozenset of labels): value}"""
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        match = re.fullmatch(r'([a-z_]+)(?:\{(.*)\})? (\S+)', line)
        assert match, f"not a sample: {line}"
        labels = frozenset(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or ""))
        assert (match[1], labels) not in found, f"twice: {line}"
        found[match[1], labels] = float(match[3])
    return found


def total(found, metric, **labels):
    wanted = set(labels.items())
    return sum(value for (name, have), value in found.items() if name == metric and wanted <= have)


def scrape():
    code, _, text = get()
    equal("status", code, 200)
    return samples(text)


def server_of(agent):
    """The process that serves."""
    with open(f"/proc/{agent.pid}/task/{agent.pid}/children") as children:
        return int(children.read().split()[0])


def is_there(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def resident(pid):
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def ss_count(state):
    lines = subprocess.run(["ss", "-Htn", "state", state], capture_output=True, text=True, check=True).stdout.splitlines()
    return sum(1 for line in lines if not re.search(rf":({PORT}|{PROMETHEUS})\b", line))


def raw(text, wait=5):
    """What comes back for these bytes, until the end."""
    with socket.create_connection(("127.0.0.1", PORT), timeout=wait) as client:
        client.sendall(text)
        answer = b""
        while True:
            part = client.recv(65536)
            if not part:
                return answer
            answer += part


def clean_up():
    for process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.wait()
    shutil.rmtree(folder, ignore_errors=True)

# Whatever ends it, nothing that it started stays.
atexit.register(clean_up)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def prometheus_get(path, **query):
    code, _, text = get(f"/api/v1/{path}?{urllib.parse.urlencode(query)}", PROMETHEUS)
    answer = json.loads(text)
    assert code == 200 and answer["status"] == "success", text
    return answer["data"]


def start_prometheus():
    with open("tools/monitoring/prometheus.yaml") as source:
        text = source.read()
    assert "scrape_interval: 15s" in text
    with open(f"{folder}/prometheus.yaml", "w") as out:
        out.write(text.replace("scrape_interval: 15s", "scrape_interval: 1s\n  evaluation_interval: 1s"))
        out.write(f"alerting: {{ alertmanagers: [ {{ static_configs: [ {{ targets: ['127.0.0.1:{ALERTMANAGER}'] }} ] }} ] }}\n")
    shutil.copy("tools/monitoring/rules.yaml", folder)
    return start("prometheus", f"--config.file={folder}/prometheus.yaml", f"--storage.tsdb.path={folder}/tsdb",
                 f"--web.listen-address=127.0.0.1:{PROMETHEUS}", stderr=open(f"{folder}/prometheus.log", "w"))


told = []  # alerts, as whoever is on call gets them


class OnCall(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        told.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["alerts"])
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def start_alertmanager():
    on_call = http.server.ThreadingHTTPServer(("127.0.0.1", 0), OnCall)
    threading.Thread(target=on_call.serve_forever, daemon=True).start()
    with open(f"{folder}/alertmanager.yaml", "w") as out:
        out.write(f"route: {{ receiver: on-call, group_wait: 0s, group_by: [alertname] }}\nreceivers: [ {{ name: on-call, webhook_configs: "
                  f"[ {{ url: 'http://127.0.0.1:{on_call.server_port}/' }} ] }} ]\n")
    return start("prometheus-alertmanager", f"--config.file={folder}/alertmanager.yaml", f"--storage.path={folder}/alertmanager",
                 f"--web.listen-address=127.0.0.1:{ALERTMANAGER}", "--cluster.listen-address=", stdout=subprocess.DEVNULL,
                 stderr=open(f"{folder}/alertmanager.log", "w"))


def find_no_port():
    """connect() that may use one local port, which is in use. False: this kernel can't be asked for that."""
    taken, client, server = socket.socket(), socket.socket(), socket.create_server(("127.0.0.1", 0))
    taken.bind(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    taken.connect(server.getsockname())
    try:
        client.setsockopt(socket.IPPROTO_IP, 51, (port | port << 16).to_bytes(4, sys.byteorder))  # IP_LOCAL_PORT_RANGE, since Linux 6.3
        client.connect(server.getsockname())
    except OSError as error:
        return error.errno == errno.EADDRNOTAVAIL
    finally:
        for each in taken, client, server:
            each.close()
    return False


agent = start_agent()
begin = time.monotonic()
workload = start(sys.executable, "tests/export/workload.py", NAME, "600", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
assert workload.stdout.readline() == "ready\n"
has_prometheus = shutil.which("prometheus") and shutil.which("promtool")
prometheus = start_prometheus() if has_prometheus else None
has_alertmanager = has_prometheus and shutil.which("prometheus-alertmanager")
if has_alertmanager:
    start_alertmanager()
    has_failed = find_no_port()


@check("probes")
def _():
    equal("/healthz", get("/healthz")[::2], (200, "ok\n"))
    equal("/readyz", get("/readyz")[::2], (200, "ok\n"))
    equal("/", get("/")[0], 200)


@check("requests-that-are-refused")
def _():
    equal("an unknown path", get("/etc/passwd")[0], 404)
    for method in "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE":
        code, headers, _ = get("/metrics", method=method)
        equal(method, (code, headers["Allow"]), (405, "GET"))
    for host, code in {"evil.example": 421, "evil.example:9669": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example": 421,
                       "localhost": 200, "LOCALHOST:9669": 200, "127.0.0.1:9669": 200, "[::1]:9669": 200, "10.1.2.3": 200,
                       socket.gethostname(): 200}.items():
        equal(f"Host: {host}", get("/metrics", headers={"Host": host})[0], code)
    assert b" 400 " in raw(b"GET /metrics HTTP/1.1\r\n\r\n") or b" 421 " in raw(b"GET /metrics HTTP/1.1\r\n\r\n"), "no Host"
    assert b" 421 " in raw(b"GET http://evil.example/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"), "absolute form"
    for hostile in b"\0" * 300 + b"\r\n\r\n", b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n", \
            b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 5000 + b"\r\n", b"GET /metrics HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n":
        try:
            answer = raw(hostile)
            assert b"tcpdwell_" not in answer and b" 200 " not in answer, answer[:200]
        except ConnectionError:
            pass
    assert answers(), "still answers"


@check("content-types")
def _():
    code, headers, text = get("/metrics")
    equal("text", headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
    assert not text.endswith("# EOF\n")
    code, headers, text = get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"})
    equal("openmetrics", headers["Content-Type"], "application/openmetrics-text; version=1.0.0; charset=utf-8")
    assert text.endswith("\n# EOF\n") and "# TYPE tcpdwell_time_wait_entered counter\n" in text
    equal("nosniff", headers["X-Content-Type-Options"], "nosniff")


@check("the-server-has-no-rights")
def _():
    with open(f"/proc/{server_of(agent)}/status") as text:
        facts = dict(line.split(":\t", 1) for line in text.read().splitlines())
    for row in "CapEff", "CapPrm", "CapInh", "CapAmb":
        equal(row, int(facts[row], 16), 0)
    equal("seccomp, no new privileges", (facts["Seccomp"], facts["NoNewPrivs"]), ("2", "1"))
    descriptors = [os.readlink(f"/proc/{server_of(agent)}/fd/{fd}") for fd in os.listdir(f"/proc/{server_of(agent)}/fd")]
    strangers = [path for path in descriptors if not re.match(r"socket:|anon_inode:\[event|/dev/null|pipe:|.*agent\.log", path)]
    assert not [path for path in strangers if "bpf" in path or "/proc" in path], strangers


def slow_clients(stop, cut):
    """Half of them send a byte now and then, half of them ask and take nothing."""
    clients = {}
    for number in range(200):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.connect(("127.0.0.1", PORT))
        if number % 2:
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        clients[client] = number % 2
    while clients and not stop.is_set():
        for client, reads in list(clients.items()):
            try:
                if reads:
                    gone = select.select([], [], [client], 0)[2]
                else:
                    client.sendall(b"X")
                    gone = select.select([client], [], [], 0)[0] and not client.recv(100)
                if gone:
                    raise ConnectionError
            except OSError:
                del clients[client]
                cut.append(client)
        time.sleep(0.5)
    for client in clients:
        client.close()


@check("a-thousand-clients-while-tracing-loses-nothing")
def _():
    before, server = scrape(), server_of(agent)
    begun = time.monotonic()
    results, stop, cut = [], threading.Event(), []
    slow = threading.Thread(target=slow_clients, args=(stop, cut))
    slow.start()

    def ask():
        try:
            results.append(get(timeout=30)[0])
        except OSError as error:
            results.append(repr(error))

    load = start(sys.executable, "-c", """
import socket
open("/proc/self/comm", "w").write("load-maker")
server = socket.socket(); server.bind(("127.0.0.1", 0)); server.listen(64)
for _ in range(5000):
    client = socket.create_connection(server.getsockname()); accepted, _ = server.accept(); client.close(); accepted.close()
""")
    threads = [threading.Thread(target=ask) for _ in range(1000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal("load", load.wait(30), 0)
    stop.set()
    slow.join()
    bad = [result for result in results if result != 200]
    equal("answers", len(results), 1000)
    assert not bad, f"{len(bad)} of 1000 failed: {bad[:3]}"
    after = scrape()
    equal("lost", total(after, "tcpdwell_records_lost_total"), 0)
    equal("server", server_of(agent), server)
    assert resident(server) < 32 << 20, f"the server has {resident(server) >> 20} MiB"
    assert total(after, "process_cpu_seconds_total") - total(before, "process_cpu_seconds_total") < 3 + (time.monotonic() - begun) / 2


@check("slow-clients-are-cut")
def _():
    stop, cut = threading.Event(), []
    slow = threading.Thread(target=slow_clients, args=(stop, cut))
    slow.start()
    until(lambda: len(cut) >= 100, "all that send a byte now and then are cut", 40)
    stop.set()
    slow.join()
    assert answers()


@check("socket-of-a-path")
def _():
    path = f"{folder}/agent.socket"
    for _ in range(2):  # the second finds what the first, killed, left
        other = start_agent(path, False)
        until(lambda: os.path.exists(path) and subprocess.run(
            ["curl", "-sf", "--unix-socket", path, "http://any.name/readyz"], capture_output=True, text=True).stdout == "ok\n", "readyz")
        equal("mode", os.stat(path).st_mode & 0o777, 0o600)
        server = server_of(other)
        other.kill()
        other.wait()
        until(lambda: not is_there(server), "the server ends with the tracing process", 3)
    other = start_agent(path, False)
    until(lambda: subprocess.run(["curl", "-sf", "--unix-socket", path, "http://any.name/readyz"], capture_output=True).returncode == 0, "ready")
    other.terminate()
    equal("exit code", other.wait(5), 0)


@check("a-taken-port-and-a-bad-address")
def _():
    for listen, words, code in ((f"127.0.0.1:{PORT}", "another program listens there", 1), ("127.0.0.1", "ADDRESS:PORT", 64),
                                ("nonsense:1", "ADDRESS:PORT", 64), ("127.0.0.1:99999", "ADDRESS:PORT", 64)):
        other = subprocess.run([TOOL, "agent", "--listen", listen, "-d", "1"], capture_output=True, text=True, timeout=10)
        assert other.returncode == code and words in other.stderr, f"{listen}: {other.returncode}: {other.stderr}"


@check("a-server-that-died-ends-the-agent")
def _():
    path = f"{folder}/other.socket"
    other = start_agent(path, False)
    until(lambda: subprocess.run(["curl", "-sf", "--unix-socket", path, "http://a/readyz"], capture_output=True).returncode == 0, "ready")
    os.kill(server_of(other), signal.SIGKILL)
    equal("exit code", other.wait(5), 1)


blocked_begin = time.monotonic()
blocked_path = f"{folder}/blocked.socket"
blocked = start_agent(blocked_path, False)


def ask_blocked(page):
    return subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", blocked_path, f"http://a/{page}"],
                          capture_output=True, text=True).stdout


@check("a-blocked-agent-is-not-healthy")
def _():
    until(lambda: ask_blocked("readyz") == "200", "ready")
    blocked.send_signal(signal.SIGSTOP)
    time.sleep(1.2)  # what was rendered just before is served for a second
    equal("metrics", ask_blocked("metrics"), "503")
    until(lambda: ask_blocked("healthz") == "503", "healthz", 12)
    blocked.send_signal(signal.SIGCONT)
    until(lambda: ask_blocked("healthz") == "200", "healthz again")
    equal("metrics again", ask_blocked("metrics"), "200")
    blocked.terminate()
    equal("exit code", blocked.wait(5), 0)


def made_under_load():
    return total(scrape(), "tcpdwell_time_wait_entered_total", comm="load-maker")


@check("figures-are-true")
def _():
    until(lambda: total(scrape(), "tcpdwell_sockets", comm=NAME, state="CLOSE_WAIT"), "the workload is old enough to be told", 40)
    found = scrape()
    equal("CLOSE_WAIT", total(found, "tcpdwell_sockets", comm=NAME, state="CLOSE_WAIT"), 30)
    equal("CLOSE_WAIT in all, ss", total(found, "tcpdwell_sockets", state="CLOSE_WAIT"), ss_count("close-wait"))
    age = time.monotonic() - begin
    oldest = total(found, "tcpdwell_close_wait_oldest_seconds", comm=NAME)
    assert age - 3 < oldest < age + 1, f"oldest {oldest}, started {age} ago"
    equal("a finding", total(found, "tcpdwell_findings", code="TD121") >= 1, True)
    codes = {dict(labels)["code"] for name, labels in found if name == "tcpdwell_findings"}
    equal("findings that the agent looks for", {"TD101", "TD121", "TD151"} - codes, set())
    equal("findings of listening sockets and of the kernel's counters", {"TD113", "TD131", "TD161", "TD181"} - codes, set())
    equal("findings that it can't look for", {"TD105", "TD123", "TD171", "TD191"} & codes, set())
    equal("a listening socket's backlog", total(found, "tcpdwell_accept_queue_limit", comm=NAME), 64)
    equal("dropped", total(found, "tcpdwell_accept_queue_drops_total", comm=NAME), 0)
    assert total(found, "tcpdwell_descriptors", comm=NAME) >= 30 and total(found, "tcpdwell_descriptors_limit", comm=NAME) > 0
    entered = total(found, "tcpdwell_time_wait_entered_total", comm=NAME, closed_by="local")
    made = total(found, "tcpdwell_close_wait_entered_total", comm=NAME) - 230
    assert abs(entered - 200 - made) <= 1, f"TIME_WAIT {entered}, connections since {made}"
    assert made > 100, made
    refused = total(found, "tcpdwell_connect_failures_total", comm=NAME, reason="refused")
    assert abs(refused - 5 - made // 10) <= 1, f"refused {refused}, connections since {made}"
    # Its sockets may be gone by now: the counter stays.
    until(made_under_load, "what was made under load is told", 40)
    # One whose event was interrupted is found by a sweep, seconds later.
    end = time.monotonic() + 20
    while made_under_load() < 5000 and time.monotonic() < end:
        time.sleep(0.1)
    unknown = total(scrape(), "tcpdwell_time_wait_entered_total", comm="~unknown")
    equal(f"made while a thousand clients asked ({unknown} are of nobody who is known)", made_under_load(), 5000)


MODULES = "build/cache/duckdb"


def has_duckdb():
    """What is missing; None: nothing."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "node and npm are not installed"
    if os.path.exists(f"{MODULES}/complete"):
        return None
    return "npm install @duckdb/node-api failed"


def fleet():
    """Two machines that differ in their names alone: what one statement says of each is the same, and the truth."""
    recorders = [start("unshare", "-u", "sh", "-c", f"hostname {host}; exec {TOOL} record -n self -o {folder}/{host}.rec",
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for host in ("web1", "web2")]
    for host in "web1", "web2":
        until(lambda: os.path.exists(f"{folder}/{host}.rec") and os.path.getsize(f"{folder}/{host}.rec") > 200, "it records", 20)
    time.sleep(0.5)
    shop = start(sys.executable, "tests/export/workload.py", "shop", "2", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert shop.stdout.readline() == "ready\n"
    made = int(shop.stdout.readline())
    time.sleep(0.5)
    for recorder in recorders:
        recorder.terminate()
        equal("record", recorder.wait(10), 0)
    result = subprocess.run(["node", "tests/export/fleet.mjs", "tools/examples/fleet.sql", f"{folder}/*.rec", MODULES], capture_output=True, text=True)
    equal("node", (result.returncode, result.stderr), (0, ""))
    tables = [[row for row in json.loads(line) if row["comm"] == "shop"] for line in result.stdout.splitlines()]
    equal("statements", len(tables), 4)

    def by_host(table, key):
        sums = {}
        for row in table:
            sums[row["host"]] = sums.get(row["host"], 0) + int(row[key])
        return sums

    equal("TIME_WAIT", by_host(tables[0], "entered"), {"web1": 200 + made, "web2": 200 + made})
    equal("left open", by_host(tables[1], "left_open"), {"web1": 30, "web2": 30})
    equal("of the fleet", [(row["hosts"], int(row["sockets"])) for row in tables[2]], [("2", 2 * (200 + made))])
    refused = 5 + made // 10
    equal("failures", by_host(tables[3], "failures"), {"web1": refused, "web2": refused})
    equal("why", {row["error"] for row in tables[3]}, {"ECONNREFUSED"})


missing = has_duckdb()
if missing:
    skip("fleet.sql", missing)
else:
    check("fleet.sql")(fleet)

if not has_prometheus:
    skip("prometheus", "no prometheus, or no promtool")
else:
    @check("promtool-takes-both")
    def _():
        result = subprocess.run(["promtool", "check", "metrics"], input=get()[2], capture_output=True, text=True)
        equal("promtool check metrics", (result.returncode, result.stderr), (0, ""))

    @check("alert-rules")
    def _():
        result = subprocess.run(["promtool", "test", "rules", "tests/export/rules_test.yaml"], capture_output=True, text=True)
        equal("promtool test rules", (result.returncode, "FAILED" in result.stdout + result.stderr), (0, False))

    def told_of_rules(change, name):
        """What promtool says where each rule's expression is another."""
        os.makedirs(f"{folder}/{name}/tests/export", exist_ok=True)
        os.makedirs(f"{folder}/{name}/tools/monitoring", exist_ok=True)
        with open("tools/monitoring/rules.yaml") as rules, open(f"{folder}/{name}/tools/monitoring/rules.yaml", "w") as out:
            out.write(change(rules.read()))
        shutil.copy("tests/export/rules_test.yaml", f"{folder}/{name}/tests/export")
        result = subprocess.run(["promtool", "test", "rules", f"{folder}/{name}/tests/export/rules_test.yaml"], capture_output=True, text=True)
        return re.sub(r"\s+", " ", result.stdout + result.stderr)

    @check("each-alert-has-a-case-that-fires-and-one-that-does-not")
    def _():
        with open("tools/monitoring/rules.yaml") as rules, open("tests/export/rules_test.yaml") as cases:
            alerts, cases = re.findall(r"alert: (\w+)", rules.read()), cases.read()
        assert len(alerts) >= 12, alerts
        expression = r"(?m)^( +)expr: (?:>-\n(?:\1  .*\n)+|.*\n)"
        never = told_of_rules(lambda text: re.sub(expression, r"\1expr: vector(0) > 1\n", text), "never")
        always = told_of_rules(lambda text: re.sub(r"(?m)^ +for: .*\n", "", re.sub(expression, r"\1expr: vector(1)\n", text)), "always")
        for alert in alerts:
            assert re.search(rf"alertname: {alert}\n +exp_alerts:\n", cases), f"{alert} has no case that fires"
            assert re.search(rf"alertname: {alert}\n +exp_alerts: \[\]\n", cases), f"{alert} has no case that stays silent"
            assert re.search(rf"alertname: ?{alert}, time: \w+, exp: ?\[ ?[^ \]](?:(?!alertname: ).)*got: ?\[\]", never), f"{alert}: no case notices that it never fires"
            assert re.search(rf"alertname: ?{alert}, time: \w+, exp: ?\[ ?\], got: ?\[ ?[^ \]]", always), f"{alert}: no case notices that it fires always"

    @check("prometheus-scrapes")
    def _():
        targets = until(lambda: prometheus_get("targets")["activeTargets"], "a target")
        equal("health", [(target["health"], target["lastError"]) for target in targets], [("up", "")])

        def scraped_as_served():
            count = sum(1 for line in get()[2].splitlines() if not line.startswith("#"))
            assert count <= 2000, f"{count} samples are served"
            scraped = float(prometheus_get("query", query="scrape_samples_scraped")["result"][0]["value"][1])
            return abs(scraped - count) < 60

        until(scraped_as_served, "a scrape of as many samples as are served")  # the last one is from before what came since
        for group in prometheus_get("rules")["groups"]:
            for rule in group["rules"]:
                equal(rule["name"], (rule["health"], rule.get("lastError", "")), ("ok", ""))

    if not has_alertmanager:
        skip("alertmanager", "no prometheus-alertmanager")
    elif not has_failed:
        skip("alertmanager", "connect() can't be made to find no port: no IP_LOCAL_PORT_RANGE before Linux 6.3")
    else:
        @check("alertmanager-tells-who-is-on-call")
        def _():
            alert = until(lambda: [each for each in told if each["labels"]["alertname"] == "TcpdwellConnectFindsNoPort"], "the alert", 60)[0]
            equal("alert", (alert["status"], alert["labels"]["severity"], alert["labels"]["job"]), ("firing", "critical", "tcpdwell"))
            assert "no free local port (EADDRNOTAVAIL)" in alert["annotations"]["summary"], alert
            assert alert["annotations"]["action"].startswith("tcpdwell ports"), alert

    @check("every-query-of-the-dashboard-returns-series")
    def _():
        with open("tools/monitoring/dashboard.json") as source:
            dashboard = json.load(source)
        queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
        assert len(queries) > 20, len(queries)

        def empty():
            return [query for query in queries if not prometheus_get("query", query=query.replace("$instance", ".*").replace(
                "$__rate_interval", "30s"))["result"]]

        end = time.monotonic() + 10
        while empty() and time.monotonic() < end:
            time.sleep(1)
        assert not empty(), empty()


@check("it-ends")
def _():
    server = server_of(agent)
    agent.terminate()
    equal("exit code", agent.wait(5), 0)
    until(lambda: not is_there(server), "the server ends too", 3)
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", PORT))


sys.exit(status)
