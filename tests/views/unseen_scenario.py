#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The kernel skips a program that it interrupted in the middle, for all that the interrupt does: ends are not told, and another
connection begins in the same memory. What is recorded then is written here by hand, into the map of sockets from before."""
import ctypes
import os
import platform
import socket
import struct
import subprocess
import sys

import scenario
from scenario import Tool, check, differ, until

SYSCALL = {"x86_64": 321, "aarch64": 280}[platform.machine()]
LOOKUP, UPDATE, NEXT_KEY, FD_BY_ID, INFO = 1, 2, 4, 14, 15
VALUE = 160
ENDPOINT, STATE = 112, 156 # of bpf/abi.h, struct connection; its id comes first
LOCAL_PORT, REMOTE_PORT = ENDPOINT + 32, ENDPOINT + 34
FIN_WAIT1, CLOSE_WAIT = 4, 8
NO_SOCKET = 16 # an address where none is

libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, attributes):
    buffer = ctypes.create_string_buffer(attributes.ljust(128, b"\0"), 128)
    return libc.syscall(SYSCALL, command, buffer, 128)


class Sockets:
    """The map connection_by_socket of a process."""

    def __init__(self, pid):
        self.fd = next(fd for fd in map(self.opened, self.ids(pid)) if self.name(fd) == b"connection_by_s")

    @staticmethod
    def ids(pid):
        for fd in os.listdir(f"/proc/{pid}/fdinfo"):
            with open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as lines:
                yield from (int(line.split()[1]) for line in lines if line.startswith("map_id:"))

    @staticmethod
    def opened(number):
        return bpf(FD_BY_ID, struct.pack("I", number))

    @staticmethod
    def name(fd):
        info = ctypes.create_string_buffer(256)
        bpf(INFO, struct.pack("IIQ", fd, 256, ctypes.addressof(info)))
        return info.raw[24:40].rstrip(b"\0")

    def element(self, command, key, value):
        return bpf(command, struct.pack("IIQQQ", self.fd, 0, ctypes.addressof(key), ctypes.addressof(value), 0))

    def find(self, local_port):
        key, following = ctypes.c_uint64(0), ctypes.c_uint64(0)
        value = ctypes.create_string_buffer(VALUE)
        while self.element(NEXT_KEY, key, following) == 0:
            key.value = following.value
            if self.element(LOOKUP, key, value) == 0 and struct.unpack_from("H", value, LOCAL_PORT)[0] == local_port:
                return key.value, bytearray(value.raw)
        return None

    def write(self, key, value):
        self.element(UPDATE, ctypes.c_uint64(key), ctypes.create_string_buffer(bytes(value), VALUE))


def is_line(line, **members):
    return bool(line) and line["type"] == "transition" and all(line[name] == value for name, value in members.items())


def lines_of(tool, *wanted):
    """The first line with each of these members, in whatever order they come; None for one that does not come."""
    found = [None] * len(wanted)

    def take(line):
        for i, members in enumerate(wanted):
            if not found[i] and is_line(line, **members):
                found[i] = line
        return all(found)

    tool.wait_for(take)
    return found


# A listener of a namespace of its own; prints the port.
ELSEWHERE = """
import socket, subprocess, sys
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
sys.stdin.read()
"""


class Elsewhere:
    """The address of a socket of another namespace."""

    def __init__(self):
        self.child = subprocess.Popen(["unshare", "-n", sys.executable, "-c", ELSEWHERE], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      text=True)
        port = int(self.child.stdout.readline())
        tool = subprocess.Popen([sys.argv[1], "trace", "--all", "-n", str(self.child.pid)], stdout=subprocess.PIPE)
        tool.stdout.readline()
        sockets = Sockets(tool.pid)
        found = until(lambda: sockets.find(port), 0.01)
        tool.terminate()
        tool.communicate()
        self.address = found and found[0]

    def end(self):
        self.child.stdin.close()
        self.child.wait()


def timewait_of_lost(sockets, tool, planted):
    """A connection whose end nothing told of, whose memory is another namespace's now, and whose timewait socket is there."""
    elsewhere = Elsewhere()
    if not elsewhere.address:
        return ["no socket of another namespace was found"]
    planted[0] ^= 8
    planted[STATE] = FIN_WAIT1
    sockets.write(elsewhere.address, planted)
    port = struct.unpack_from("H", planted, LOCAL_PORT)[0]
    _, rest = tool.end()  # all is swept then
    elsewhere.end()
    states = [(line["old_state"], line["new_state"]) for line in rest if is_line(line, local_port=port) and line.get("healed")]
    return [differ("what is told of it", states, [("FIN_WAIT1", "FIN_WAIT2"), ("FIN_WAIT2", "TIME_WAIT")])]


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    # More than are used: a map whose entries are all told to have gone is not looked at, and what is planted was never told to be there.
    clients = [socket.create_connection(listener.getsockname()) for _ in range(8)]
    servers = [listener.accept()[0] for _ in clients]
    ports = [client.getsockname()[1] for client in clients]
    tool = Tool(sys.argv[1], "trace", "--all")
    sockets = Sockets(tool.process.pid)
    # The header comes before the sockets.
    found = until(lambda: tool.process.poll() is not None or (sockets.find(ports[0]) and sockets.find(ports[1])), 0.01)
    if not isinstance(found, tuple):
        check("sockets from before", [f"they are not in the map; exit status {tool.process.poll()}"])
        tool.end()
        return

    # Sockets from before are looked at once soon after the start: the second is found by what goes on.
    for port in 1, 2:
        planted = bytearray(found[1])
        planted[0] ^= port
        struct.pack_into("H", planted, LOCAL_PORT, port)
        sockets.write(NO_SOCKET, planted)
        line = tool.wait_for(lambda it, port=port: is_line(it, local_port=port))
        check(f"end {port} that nothing told of",
              ["" if is_line(line, local_port=port, new_state="CLOSE", healed=True) else f"{line}"])

    key, another = sockets.find(ports[1])
    another[0] ^= 4
    another[STATE] = CLOSE_WAIT
    struct.pack_into("H", another, REMOTE_PORT, 2)
    sockets.write(key, another)
    clients[1].close()
    # It can be found to be gone before the other's event comes.
    line, others = lines_of(tool, {"local_port": ports[1], "remote_port": listener.getsockname()[1]}, {"remote_port": 2})
    check("a connection in the memory of another",
          ["" if is_line(line, old_state="ESTABLISHED", new_state="FIN_WAIT1") else f"{line}"])
    check("the other's end", ["" if is_line(others, old_state="CLOSE_WAIT", new_state="CLOSE", healed=True) else f"{others}"])

    lost = sockets.find(ports[0])[1]
    clients[0].close()
    servers[0].close()
    check("the timewait socket of one whose memory is another namespace's",
          ["" if is_line(tool.wait_for(lambda it: is_line(it, local_port=ports[0], new_state="TIME_WAIT")), new_state="TIME_WAIT") else "none",
           *timewait_of_lost(sockets, tool, lost)])
    for server in servers:
        server.close()


subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
main()
sys.exit(1 if scenario.failures else 0)
