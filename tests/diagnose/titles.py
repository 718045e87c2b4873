# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The titles of findings and the numbers in them. A case compares each number with the kernel's own, or with what the scenario did:
one that it leaves out is an error, as is a title that has another shape. {#count} is a number, {~age} a time; the rest are names."""
import os
import re

TITLES = {
    "TD101": ["{who} cannot connect to {to} from {from}: all {#capacity} local ports are used, {#held} by {holder} in {state}"],
    "TD102": ["connect() to {to} takes up to {~now} to find a free local port ({~before} at best): {#used} of {#capacity} are used, "
              "{#held} by {holder} in {state}"],
    "TD103": ["local ports to {to} run out in {~wall}: {who} opens {#rate} connections a second, {#capacity} ports bear {#sustainable}",
              "local ports to {to} run out in {~wall}: {who} and {#others} others open {#rate} connections a second, {#capacity} ports bear "
              "{#sustainable}"],
    "TD104": ["{who} calls bind() before connect(): its connections block {#blocked} of {#range} local ports for every destination",
              "{who} calls bind() before connect(): all {#capacity} ports of {address} are used, so bind() to port 0 there fails with "
              "\"Address already in use\", whatever the destination"],
    "TD105": ["port {#port}, on which {service} listened, is taken by an outgoing connection of {who} to {to} ({state}, {~age}): "
              "the service gets \"Address already in use\""],
    "TD111": ["{who} opens a connection for each request to {to}: {#rate} a second, half of them end within {~life}; {closer} closes first"],
    "TD112": ["{who} closes connections to its port {#port} first: {#count} TIME_WAIT here, about {#kib} KiB; mostly harmless"],
    "TD113": ["net.ipv4.tcp_max_tw_buckets ({#limit}) is reached: {#overflows} connections ended without TIME_WAIT in the last seconds; "
              "most are made by {who}"],
    "TD121": ["{who} leaks {what}: {#count} in CLOSE_WAIT, {#rate} more a second, the oldest for {~age}",
              "{who} leaks {what}: {#count} in CLOSE_WAIT, and no descriptor is left, {#open} of {#limit} are open: \"Too many open files\"",
              "{who} leaks {what}: {#count} in CLOSE_WAIT, and {#left} descriptors are left, {#open} of {#limit} are open: \"Too many open files\"",
              "{who} has {#count} {what} in CLOSE_WAIT: their peers have closed, it has not"],
    "TD122": ["{who} keeps {#count} idle {what} that the other end has closed, for {~age}: an idle pool, it does not grow"],
    "TD123": ["{who} is stuck: it has not read {#bytes} bytes on {#unread} connections ({#closed} closed by their peers), and {#queued} wait to be "
              "accepted; for up to {~age}"],
    "TD124": ["{who} has {#open} of {#limit} descriptors open: {#sockets} are TCP sockets, {#established} ESTABLISHED",
              "{who} has {#open} of {#limit} descriptors open, and gets \"Too many open files\": {#sockets} are TCP sockets, {#established} ESTABLISHED",
              "{who} has {#open} of {#limit} descriptors open, and gets \"Too many open files\": {#sockets} are TCP sockets, {#close_wait} CLOSE_WAIT"],
    "TD131": ["the accept queue of {who} on port {#port} is full: {#depth} connections wait, {#backlog} may, the first for {~age}",
              "the accept queue of {who} on port {#port} is nearly full: {#depth} of {#backlog} connections wait, the first for {~age}",
              "clients of {who} on port {#port} wait to be accepted: {#depth} connections, the first for {~age}; the queue has room for {#backlog}"],
    "TD132": ["{#count} clients of port {#port} gave up before {who} accepted them; the first closed {~age} ago"],
    "TD141": ["{who} has shut down {#count} {what} and waits in FIN_WAIT2 for up to {~age}: {other} does not close"],
    "TD142": ["{#count} {what} that {who} closed are in FIN_WAIT1 for up to {~age}: the other host does not acknowledge the end"],
    "TD143": ["{#count} of {#limit} closed sockets that still have data to send (tcp_max_orphans) are there, most from {who}: at the limit the "
              "kernel resets them"],
    "TD151": ["{who} gets no answer from {to}: {#count} connects wait, the first for {~age}; none was answered in the last 10 seconds",
              "{who} gets no answer from {to}: 1 connect waits for {~age}",
              "{who} gets no answer from {to}: {#count} connects ended without one, none was answered in the last {~window}",
              "{who} cannot reach {to}: {#count} connects ended with EHOSTUNREACH (host unreachable), none was answered in the last {~window}"],
    "TD152": ["{who} connects to {#ends} different ports of {to} within 10 seconds; {#failed} of {#connects} connects failed: a scan, if it is not meant to"],
    "TD153": ["{who} is refused by {to}: {#count} connects in the last {~window}, none got through; nothing listens there"],
    "TD161": ["port {#port} of {who} gets more SYNs than handshakes are finished: {#half_open} are half-open (backlog {#backlog}), {#cookies} answered "
              "with SYN cookies, {#dropped} dropped in the last seconds: a flood from outside"],
    "TD162": ["{from} makes {#share}% of the connections to port {#port} here and uses {#ports} of its ports for them: a client without a pool, a balancer or NAT"],
    "TD171": ["{who} has {#count} connections on which nothing moved for {~limit} or longer (up to {~longest}) and that have no keepalive: if their "
              "peers are gone, it never learns it"],
    "TD172": ["{who} ends connections to its port {#port} with a reset: {#resets} of {#ended}, {#rate} a second"],
    "TD181": ["the table of tracked connections is nearly full: {#count} of {#limit} (nf_conntrack_max); when it is full packets of new connections "
              "are dropped"],
    "TD191": ["net.ipv4.tcp_fin_timeout is {#value} (Linux's own: {#own}): closed sockets whose peer does not close are given up after {~seconds} in "
              "FIN_WAIT2; TIME_WAIT still lasts {~time_wait}, and sockets that a process holds are not touched",
              "net.ipv4.tcp_max_tw_buckets is {#value}: no more than {#limit} sockets may be in TIME_WAIT ({#count} are), what is beyond ends without: "
              "that hides the symptom and takes the protection against old segments",
              "net.core.somaxconn is {#value} (Linux's own: {#own}): listen() may ask for accept queues of {#limit} at most; {#asking} of {#listeners} "
              "listeners here ask for as many, the others for fewer; those that listen already keep what they have",
              "net.ipv4.tcp_keepalive_time is {#value} (Linux's own: {#own}): a peer that is gone is noticed after {~noticed} at most, by sockets with "
              "SO_KEEPALIVE alone ({#keepalive} of {#sockets} here); no socket in CLOSE_WAIT whose peer's end is still there is ended"],
}

UNITS = {"us": 1e-6, "ms": 1e-3, "second": 1, "minute": 60, "hour": 3600, "day": 86400}
SHAPES = {"#": r"[\d.]+", "~": r"(?:at least )?[\d.]+ (?:us|ms|(?:second|minute|hour|day)s?)"}
NAMES = {"what": r"connections(?: to (?:its port \d+|\S+))?", "closer": "it|the other end"}
NAME = r"(?!\d+ )[^,;()]+?(?: \((?:ended|\d+ processes[^()]*)\))?(?: of [^,;()]+?)?"
COMPARED = os.environ.get("TCPDWELL_COMPARED")  # a folder: a file for each code whose title was compared


def pattern(title):
    parts = re.split(r"\{([#~]?)(\w+)\}", title)
    out = [re.escape(parts[0])]
    for kind, name, text in zip(parts[1::3], parts[2::3], parts[3::3]):
        out.append(f"(?P<{name}_>{SHAPES[kind]})" if kind else f"(?:{NAMES.get(name, NAME)})")
        out.append(re.escape(text))
    return re.compile("".join(out))


def value_of(text):
    """Times in seconds."""
    words = text.removeprefix("at least ").split()
    return float(words[0]) * (UNITS[words[1].rstrip("s") if words[1] not in UNITS else words[1]] if len(words) > 1 else 1)


def mark(code):
    if COMPARED:
        with open(os.path.join(COMPARED, code), "a", encoding="ascii"):
            pass


def difference(name, text, expected):
    """`expected`: the number itself, or (least, most); what is rounded may be as far away as rounding takes it. None: it is as expected."""
    least, most = expected if isinstance(expected, tuple) else (expected, expected)
    value = value_of(text)
    slack = 0.0 if text.isdigit() and not isinstance(expected, tuple) else 0.07 * value + (0.06 if " second" in text else 0)
    return None if least - slack <= value <= most + slack else f"{name} is {text}, not {expected}"


def compare(finding, numbers):
    """The differences, each in words."""
    title = finding["title"]
    match = next((found for shape in TITLES[finding["code"]] if (found := pattern(shape).fullmatch(title))), None)
    if not match:
        return [f"no title of this shape is known: {title}"]
    told = {name[:-1]: text for name, text in match.groupdict().items()}
    if set(told) != set(numbers):
        return [f"numbers that are not compared, or not told: {sorted(set(told) ^ set(numbers))} in {title}"]
    mark(finding["code"])
    return [f"{words} in {title}" for name in told if (words := difference(name, told[name], numbers[name]))]
