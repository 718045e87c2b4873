# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the cases have in common: the table of them, clients, servers, and hosts that do not answer."""
import socket
import threading
import time

from world import ADDRESS, run, unshare_net

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def connected(port, address=ADDRESS, source=ADDRESS, own_port=0):
    client = socket.socket()
    client.setsockopt(socket.SOL_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
    client.bind((source, own_port))
    client.connect((address, port))
    return client


def until(what, seconds=10):
    """Waits for the kernel to say so."""
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise RuntimeError("it did not come about")
        time.sleep(0.02)


def settled(what):
    """The most that two looks after another agree on, or that was there before."""
    most, before = 0, None
    while (now := what()) != before:
        most, before = max(most, now), now
        time.sleep(0.05)
    return most


def paced(rate, seconds, what):
    """Calls what() so often a second."""
    begin = time.monotonic()
    for i in range(int(rate * seconds)):
        left = begin + i / rate - time.monotonic()
        if left > 0:
            time.sleep(left)
        what()


def steady(rate, seconds, what):
    """Calls what() no more often than so a second, in no stretch of time: what was missed is not made up for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        what()
        time.sleep(1 / rate)


def fails(what):
    try:
        what().close()
    except OSError as error:
        return error.errno
    return 0


def kept(connection):
    return connection


def closed(connection):
    connection.close()


def answered(connection):
    """An HTTP server with keep-alive, as far as it goes: a byte for each byte, closed when the client does."""
    def serve():
        try:
            while connection.recv(1):
                connection.send(b"x")
        except ConnectionError:
            pass  # the case is over, and its clients with it
        connection.close()

    threading.Thread(target=serve, daemon=True).start()


def forget(address, device):
    """From now on what goes to this host reaches nobody."""
    run("ip", "neighbour", "replace", address, "lladdr", "02:00:00:00:00:99", "dev", device, "nud", "permanent")


def gone_host():
    """10.9.9.0/24 is a network whose hosts take everything and answer nothing."""
    run("ip", "link", "add", "gone", "type", "veth", "peer", "name", "nowhere")
    run("ip", "address", "add", "10.9.9.1/24", "dev", "gone")
    run("ip", "link", "set", "nowhere", "up")
    run("ip", "link", "set", "gone", "up")
    forget("10.9.9.9", "gone")


def accept_for_good(say, count, port, backlog, address=ADDRESS, until_told=lambda: None):
    """A server that listens, and when it is told to accepts so many, and then does nothing with them. Says when it listens and when it has them."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(backlog)
    say()
    until_told()
    accepted = [listener.accept() for _ in range(count)]
    say()
    time.sleep(600)
    del accepted


def with_peer(world, count):
    """Two namespaces with a cable; the peer at 10.8.8.2 accepts so many connections and does nothing with them."""
    def peer(say, go):
        unshare_net()
        say()
        go()
        run("ip", "address", "add", "10.8.8.2/24", "dev", "v1")
        run("ip", "link", "set", "v1", "up")
        accept_for_good(say, count, 80, 4096, "10.8.8.2")

    other = world.spawn("peer", peer)
    other.wait()
    run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", str(other.pid))
    run("ip", "address", "add", "10.8.8.1/24", "dev", "v0")
    run("ip", "link", "set", "v0", "up")
    other.on()
    other.wait()
    return other


def refused(count):
    def body(say, _):
        say()
        for _ in range(count):
            fails(lambda: connected(9999))
        time.sleep(600)
    return body
