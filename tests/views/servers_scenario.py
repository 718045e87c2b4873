#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A real server with a trouble that this scenario makes, and top in a terminal of 80x24: without a key the server's row has the reason,
and what stands out says it in words. nginx has an upstream where nothing listens; redis does not run for a while, so that its accept
queue is full; the workers of a prefork server (gunicorn) are all busy, so that clients wait to be accepted.
"""
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
from scenario import check, until  # noqa: E402
import scenario  # noqa: E402

TOOL = os.path.abspath(sys.argv[1])
LOOK_S = 0.3 # between two looks at a screen: each is a process, and the servers' scenarios run at once
PORT = 8080
PR_SET_CHILD_SUBREAPER = 36
kept = []


def connect():
    client = socket.socket()
    client.settimeout(5)
    client.connect(("127.0.0.1", PORT))
    return client


def answers():
    try:
        connect().close()
        return True
    except OSError:
        return False


def crowd(count):
    """Clients that wait, connected or not."""
    for _ in range(count):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(("127.0.0.1", PORT))
        kept.append(client)


def queue_is_full():
    text = subprocess.run(["ss", "-ltnH", "sport", "=", f":{PORT}"], capture_output=True, text=True, check=True).stdout
    waiting, backlog = map(int, text.split()[1:3])
    return waiting > backlog


def started(*words):
    """In a process group of its own, which ends as a whole."""
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def full_words(name):
    """As a row's sentence, or as the finding that takes its place."""
    return rf"{name}\[\d+\].*accept queue of port {PORT} is full|accept queue of {name}\[\d+\] on port {PORT} is full"


class Nginx:
    row, words = r"^nginx\b.* refused", r"nginx.*refused"
    log = b""

    def start(self, folder):
        with open(f"{folder}/conf", "w", encoding="ascii") as file:
            file.write(f"daemon off; pid {folder}/pid; error_log {folder}/log; worker_processes 1; events {{ }}\n"
                       f"http {{ access_log off; server {{ listen 127.0.0.1:{PORT}; location / {{ proxy_pass http://127.0.0.1:9; }} }} }}\n")
        return started("nginx", "-e", f"{folder}/log", "-c", f"{folder}/conf", "-p", folder)

    def trouble(self, process):
        """Requests until the scenario ends, each answered 502."""
        def ask():
            while not self.over.wait(0.05):
                try:
                    with connect() as client:
                        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
                        self.log = client.recv(100)
                except OSError:
                    pass

        self.over = threading.Event()
        self.asking = threading.Thread(target=ask)
        self.asking.start()
        return until(lambda: b" 502 " in self.log)

    def end(self, process):
        self.over.set()
        self.asking.join()


class Redis:
    row, words = r"^redis-server\b.* queue full", full_words("redis-server")

    def start(self, folder):
        return started("redis-server", "--port", str(PORT), "--bind", "127.0.0.1", "--tcp-backlog", "3", "--save", "", "--dir", folder)

    def trouble(self, process):
        process.send_signal(signal.SIGSTOP)
        crowd(8)
        return until(queue_is_full)

    def end(self, process):
        process.send_signal(signal.SIGCONT)


class Gunicorn:
    row, words = r"^gunicorn\b.* queue full", full_words("gunicorn")

    def start(self, folder):
        with open(f"{folder}/busy.py", "w", encoding="ascii") as file:
            file.write("import os, time\ndef app(environ, start_response):\n"
                       f"    open(f'{folder}/working.{{os.getpid()}}', 'w').close()\n    time.sleep(600)\n")
        self.folder = folder
        return started("gunicorn", "--workers", "2", "--backlog", "3", "--bind", f"127.0.0.1:{PORT}", "--graceful-timeout", "1", "--timeout", "0",
                       "--chdir", folder, "busy:app")

    def trouble(self, process):
        for _ in range(2):
            kept.append(connect())
            kept[-1].sendall(b"GET / HTTP/1.0\r\n\r\n")
        until(lambda: len([name for name in os.listdir(self.folder) if name.startswith("working.")]) == 2)
        crowd(8)
        return until(queue_is_full)

    def end(self, process):
        pass


class Screen:
    def __init__(self, folder):
        self.socket = f"{folder}/tmux"
        self.tmux("new-session", "-d", "-x", "80", "-y", "24", f"exec env TERM=screen LC_ALL=C.UTF-8 {TOOL} top -n self")

    def tmux(self, *words):
        return subprocess.run(["tmux", "-S", self.socket, "-f", "/dev/null", *words], capture_output=True, text=True).stdout

    def text(self):
        return self.tmux("capture-pane", "-p")

    def says(self, pattern):
        """A sentence, which may be broken into lines."""
        return re.search(pattern, " ".join(self.text().split()))

    def has(self, pattern):
        return re.search(pattern, self.text(), re.MULTILINE)

    def end(self):
        self.tmux("send-keys", "q")
        self.tmux("kill-server")


def main():
    name = sys.argv[2]
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    server = {"nginx": Nginx, "redis-server": Redis, "gunicorn": Gunicorn}[name]()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    folder = tempfile.mkdtemp()
    os.chmod(folder, 0o755)
    process = server.start(folder)
    screen = None
    try:
        if not until(answers):
            check(name, ["the server does not answer"])
            return True
        screen = Screen(folder)
        troubled = server.trouble(process)
        found = until(lambda: screen.has(server.row), LOOK_S)
        check(f"{name}-row", ["" if troubled else "the trouble did not come", "" if found else "no row says so:\n" + screen.text()])
        check(f"{name}-words", ["" if until(lambda: screen.says(server.words), LOOK_S) else "what stands out does not say so:\n" + screen.text()])
    finally:
        if screen:
            screen.end()
        server.end(process)
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        try:
            os.killpg(process.pid, signal.SIGKILL)
            while True:  # workers that lost their master are ours
                os.waitpid(-process.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        shutil.rmtree(folder, ignore_errors=True)
    return scenario.failures > 0


if __name__ == "__main__":
    sys.exit(main())
