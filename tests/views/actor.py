#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A process whose descriptors are moved by command, as servers do it: it listens, accepts, forks, passes on, renames itself,
executes, exits. Commands are lines of JSON on an abstract UNIX socket named after its pid; each is answered when it is done.

Usage: actor.py [SOCKETS], the names and descriptors that it has from before an exec, as JSON. Says its pid when it is ready.
"""
import array
import ctypes
import json
import os
import resource
import socket
import sys
import threading


def address(pid):
    return f"\0tcpdwell-actor-{pid}"


class Actor:
    def __init__(self, kept):
        self.sockets = {name: socket.socket(fileno=fd) for name, fd in kept.items()}
        self.serve()

    def serve(self):
        self.control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control.bind(address(os.getpid()))
        self.control.listen(8)

    def run(self):
        while True:
            peer, _ = self.control.accept()
            with peer:
                text, rights, _, _ = peer.recvmsg(4096, socket.CMSG_SPACE(4))
                if not text:
                    continue
                command = json.loads(text)
                passed = array.array("i", rights[0][2])[0] if rights else None
                answer = getattr(self, "do_" + command.pop("do"))(**command, **({"fd": passed} if rights else {}))
                peer.send(json.dumps(answer or {}).encode())

    def do_listen(self, name, port, backlog=64, reuse=False):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(backlog)
        self.sockets[name] = listener

    def do_connect(self, name, port):
        self.sockets[name] = socket.create_connection(("127.0.0.1", port))

    def do_accept(self, listener, name):
        self.sockets[name] = self.sockets[listener].accept()[0]
        return {"fd": self.sockets[name].fileno()}

    def do_accept_all(self, listener, name):
        """As many as descriptors allow."""
        count = 0
        self.sockets[listener].settimeout(0.5)
        try:
            while True:
                self.sockets[f"{name}{count}"] = self.sockets[listener].accept()[0]
                count += 1
        except OSError:
            pass
        return {"count": count}

    def do_read(self, name):
        """All of it, to the end of stream."""
        while self.sockets[name].recv(1000):
            pass

    def do_shutdown(self, name):
        self.sockets[name].shutdown(socket.SHUT_WR)

    def do_close(self, name):
        self.sockets.pop(name).close()

    def do_dup(self, name, to):
        self.sockets[to] = self.sockets[name].dup()
        return {"fd": self.sockets[to].fileno()}

    def do_fork(self):
        """The child is an actor too, and has all that we have."""
        ready, done = os.pipe()
        pid = os.fork()
        if pid:
            os.close(done)
            os.read(ready, 1)
            os.close(ready)
            return {"pid": pid}
        self.control.close()
        self.serve()
        os.close(ready)
        os.write(done, b"x")
        os.close(done)
        self.run()

    def do_send(self, name, to):
        """Passes it on; it stays open here."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as peer:
            peer.connect(address(to))
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [self.sockets[name].fileno()]))]
            peer.sendmsg([json.dumps({"do": "receive", "name": name}).encode()], rights)
            peer.recv(100)

    def do_receive(self, name, fd):
        self.sockets[name] = socket.socket(fileno=fd)

    def do_send_to_nobody(self, name):
        """Passes it on where nobody takes it: it is in flight, and no process has it."""
        self.flight = socket.socketpair()
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [self.sockets[name].fileno()]))]
        self.flight[0].sendmsg([b"x"], rights)
        self.do_close(name)

    def do_accept_in_thread(self, listener, name, comm):
        """In a thread that has a name of its own."""
        def accept():
            self.do_rename(comm)
            self.do_accept(listener, name)
        thread = threading.Thread(target=accept)
        thread.start()
        thread.join()

    def do_rename(self, comm):
        ctypes.CDLL(None).prctl(15, comm.encode())

    def do_limit(self, descriptors):
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

    def do_exec(self, comm, keep):
        """Another program of this name goes on with the sockets to keep; the others are closed by the exec."""
        kept = {name: self.sockets[name].fileno() for name in keep}
        for fd in kept.values():
            os.set_inheritable(fd, True)
        link = f"/tmp/tcpdwell-actor-{os.getpid()}"
        os.mkdir(link)
        os.symlink(sys.executable, f"{link}/{comm}")
        self.control.close()
        os.execv(f"{link}/{comm}", [comm, os.path.abspath(__file__), json.dumps(kept), link])

    def do_exit(self):
        os._exit(0)


def main():
    if len(sys.argv) > 2:  # what exec needed
        os.unlink(os.path.join(sys.argv[2], os.listdir(sys.argv[2])[0]))
        os.rmdir(sys.argv[2])
    actor = Actor(json.loads(sys.argv[1]) if len(sys.argv) > 1 else {})
    if len(sys.argv) < 2:
        print(os.getpid(), flush=True)
    actor.run()


if __name__ == "__main__":
    main()
