# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Cases of diagnose: what is healthy."""
import contextlib
import http.client
import os
import shutil
import subprocess
import tempfile
import time

from traffic import answered, case, connected, kept, paced, refused, steady, until
from world import ADDRESS, TOOL, Diagnosis, Skip, ss, start


# What is healthy

@case
def healthy_at_rest(world):
    diagnosis = Diagnosis(2).finish()
    world.expect(diagnosis)
    world.check("not examined", set(diagnosis.not_examined) >= {"TD121"}, diagnosis.not_examined)


@case
def healthy_keep_alive_under_load(world):
    """Forty clients, each with a connection of its own that it uses as fast as it can, and asks for another one now and then."""
    world.server(8080, answered)
    diagnosis = Diagnosis(21)

    def body(say, _):
        say()
        clients = [connected(8080) for _ in range(40)]
        end, turn = time.monotonic() + 22, 0
        while time.monotonic() < end:
            for client in clients:
                client.send(b"x")
            for client in clients:
                client.recv(1)
            turn += 1
            if not turn % 20:
                clients.pop(0).close()
                clients.append(connected(8080))
            time.sleep(0.02)

    world.spawn("client", body).wait()
    world.expect(diagnosis.finish())


@case
def healthy_build_and_pool(world):
    """A build that fetches a file with each of its processes, a page that a browser loads, and a pool that changes a connection now and then."""
    world.server(8080, answered)
    diagnosis = Diagnosis(12)

    def fetch():
        client = connected(8080)
        client.send(b"x")
        client.recv(1)
        client.close()

    def build(say, _):
        for _ in range(30):
            pid = os.fork()
            if not pid:
                fetch()
                os._exit(0)
            os.waitpid(pid, 0)
        say()
        time.sleep(600)

    def browser(say, _):
        for _ in range(40):
            fetch()
        say()
        time.sleep(600)

    def pool(say, _):
        clients = [connected(8080) for _ in range(10)]

        def change():
            for client in clients:
                client.send(b"x")
                client.recv(1)
            clients.pop(0).close()
            clients.append(connected(8080))

        say()
        paced(2, 13, change)
        time.sleep(600)

    for name, body in ("make", build), ("browser", browser), ("pool", pool):
        world.spawn(name, body).wait()
    world.expect(diagnosis.finish())


@case
def healthy_node(world):
    """What a node has when all is well: a pool to a cache, web sockets that are idle, probes of many services, and the rest of a load test."""
    services = [world.server(9000 + i, answered, name="pod") for i in range(10)]
    world.server(6379, answered, name="cache")
    world.server(8443, kept, name="chat")

    def ask(client):
        client.send(b"x")
        client.recv(1)

    def load_test(say, _):
        for _ in range(600):
            client = connected(6379)
            ask(client)
            client.close()
        say()
        time.sleep(600)

    def browsers(say, _):
        mine = [connected(8443) for _ in range(400)]
        say()
        time.sleep(600)
        del mine

    def pool(say, _):
        clients = [connected(6379) for _ in range(50)]
        say()
        while True:
            for client in clients:
                ask(client)
            time.sleep(0.2)

    def kubelet(say, _):
        say()

        def probe():
            for i in range(len(services)):
                client = connected(9000 + i)
                ask(client)
                client.close()

        steady(1, 600, probe)

    world.spawn("load-test", load_test).wait()
    diagnosis = Diagnosis(11)
    for name, body in ("browsers", browsers), ("pool", pool), ("kubelet", kubelet):
        world.spawn(name, body).wait()
    diagnosis.finish(after=11)
    world.expect(diagnosis)
    world.check("idle", len(ss("state", "established", "dport", "=", ":8443")) == 400)


NGINX = """daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
	access_log off;
	client_body_temp_path {folder}/body;
	proxy_temp_path {folder}/proxy;
	fastcgi_temp_path {folder}/fastcgi;
	uwsgi_temp_path {folder}/uwsgi;
	scgi_temp_path {folder}/scgi;
	upstream service {{ server {address}:8081; keepalive 16; }}
	server {{ listen {address}:8081; location / {{ return 200 "served"; }} }}
	server {{
		listen {address}:8080;
		location / {{ proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection ""; }}
	}}
}}
"""


@contextlib.contextmanager
def nginx():
    """A proxy at port 8080 with a pool of connections to the server at 8081, which is nginx as well."""
    if not shutil.which("nginx"):
        raise Skip("no nginx")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        with open(folder + "/nginx.conf", "w", encoding="ascii") as file:
            file.write(NGINX.format(folder=folder, address=ADDRESS))
        server = start("nginx", "-c", folder + "/nginx.conf", "-e", folder + "/error.log")
        try:
            until(lambda: server.poll() is not None or len(ss("state", "listening")) == 2)
            yield
        finally:
            server.terminate()
            server.wait()


@case
def healthy_nginx_keepalive(world):
    """Twenty clients of a proxy, each with a connection of its own; one of them changes it now and then."""
    def client(say, _):
        clients = [http.client.HTTPConnection(ADDRESS, 8080) for _ in range(20)]

        def ask():
            one = clients.pop(0)
            one.request("GET", "/")
            if one.getresponse().read() != b"served":
                os._exit(1)
            clients.append(one)
            ask.turn += 1
            if not ask.turn % 40:
                clients.pop(0).close()
                clients.append(http.client.HTTPConnection(ADDRESS, 8080))

        ask.turn = 0
        for _ in clients:
            ask()
        say()
        paced(100, 7, ask)
        say()
        time.sleep(600)

    with nginx():
        diagnosis = Diagnosis(7)
        shop = world.spawn("shop", client)
        shop.wait()
        world.check("pool", ss("state", "established", "dport", "=", ":8081"))
        diagnosis.finish()
        shop.wait()  # it was answered to the end
        world.expect(diagnosis)


@case
def hostile_name(world):
    """What a process is called can't upset a terminal, nor a line of JSON."""
    plain = start(TOOL, "diagnose", "-n", "self", "-d", "4", stdout=subprocess.PIPE)
    diagnosis = Diagnosis(2)
    world.spawn(b"\x1b[31m\r\n\x9b\"'x", refused(4)).wait()
    found = world.expect(diagnosis.finish(), "TD153").found.get("TD153")
    if found:
        text = found["title"] + found["subject"]["comm"] + "".join(found["change"])
        world.check("title", text.isprintable(), repr(text))
    out = plain.communicate()[0].decode()  # whatever it saw of it: text is for terminals
    world.check("text", all(line.isprintable() for line in out.splitlines()), repr(out))
