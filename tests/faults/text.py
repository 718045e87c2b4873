#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every name and text of a recording made hostile to a terminal: escape sequences, C1 controls, line breaks, characters that turn the
direction of text. No view, error message or bundle has one of them, and JSON has them escaped. Usage: text.py TOOL DIRECTORY
Prints a line a case."""
import gzip
import json
import os
import re
import subprocess
import sys
import tarfile

TOOL, DIRECTORY = sys.argv[1:3]
RECORDING = "tests/golden/shop.jsonl.gz"
HOSTILE = "\u001b[31m{}\u009b2J\u202e\n\r\u2028\u0007\u007f"
CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
JSON_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f]")
# What a view goes by; all other text is a name, or a reason.
KEPT = {"type", "time", "clock", "version", "run", "sock", "old_state", "new_state", "state", "closed_by", "end", "side", "source",
        "local_addr", "remote_addr", "addr", "attribution", "error", "code", "severity", "ways", "reserved", "blocked"}
VIEWS = ["summary", "trace", "trace --all -w -t", "top -b", "top -b -w", "top -b -w --by process,remote", "top -b -w --by pod",
         "top -b -w --by container", "top -b -w --by cgroup", "top -b -w --by unit", "top -b -w --by comm", "hist", "hist --by pod",
         "hist --heat", "leaks --older-than 0s", "leaks -w --older-than 0s", "leaks -w --older-than 0s --state TIME_WAIT,FIN_WAIT2",
         "ports -b", "ports -b --by process", "ports -b --by peer", "ports -b --by bind", "diagnose",
         "trace --all -j --cmdline", "top -j", "leaks -j --older-than 0s --cmdline", "diagnose -j --cmdline"]
FINDINGS = 3


def hostile(value, key=""):
    if isinstance(value, dict):
        return {name: hostile(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [hostile(inner, key) for inner in value]
    return HOSTILE.format(value[:6]) if isinstance(value, str) and key not in KEPT else value


def make(path):
    with gzip.open(RECORDING, "rt", encoding="utf-8") as lines, gzip.open(path, "wt", 1, encoding="utf-8") as out:
        for line in lines:
            out.write(json.dumps(hostile(json.loads(line))) + "\n")


def faults_of(data, controls):
    try:
        found = [line for line in data.decode().split("\n") if controls.search(line)]
    except UnicodeDecodeError as error:
        return str(error)
    return f"{len(found)} lines, as {found[0]!r}" if found else ""


def look(view, path):
    words = view.split()
    run = subprocess.run([TOOL, "report", path, *words], capture_output=True, timeout=60, check=False)
    if run.returncode not in (0, FINDINGS):
        return f"status {run.returncode}: {run.stderr[:200]}"
    if not run.stdout:
        return "it says nothing"
    return faults_of(run.stdout, JSON_CONTROLS if "-j" in words else CONTROLS) or faults_of(run.stderr, CONTROLS)


def look_at_bundle(path):
    archive = os.path.join(DIRECTORY, "hostile.tar.gz")
    run = subprocess.run([TOOL, "bundle", path, "-o", archive], capture_output=True, timeout=60, check=False)
    if run.returncode:
        return f"status {run.returncode}: {run.stderr[:200]}"
    with tarfile.open(archive) as files:
        for member in files.getmembers():
            if CONTROLS.search(member.name) or not member.name.startswith("tcpdwell-bundle"):
                return f"a member is called {member.name!r}"
            if member.name.endswith(".txt"):
                why = faults_of(files.extractfile(member).read(), CONTROLS)
                if why:
                    return f"{member.name}: {why}"
    return faults_of(run.stdout + run.stderr, CONTROLS)


def main():
    path = os.path.join(DIRECTORY, "hostile.rec")
    make(path)
    faults = [f"{view}: {why}" for view in VIEWS for why in [look(view, path)] if why]
    print(f"not ok hostile text, views: {'; '.join(faults)[:1200]}" if faults else "ok hostile text, views", flush=True)
    why = look_at_bundle(path)
    print(f"not ok hostile text, bundle: {why}" if why else "ok hostile text, bundle", flush=True)
    return 1 if faults or why else 0


sys.exit(main())
