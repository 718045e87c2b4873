#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Each command line that README, the man page, --help and the examples show is one that tcpdwell takes: run without privileges, where it
ends before it traces, in a folder where the recordings are that it names. What is wrong with a command line is exit status 64."""
import concurrent.futures
import glob
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
TOOL = os.path.abspath(os.environ.get("TCPDWELL", os.path.join(ROOT, "build/tcpdwell")))
COMMANDS = ("trace", "top", "hist", "leaks", "ports", "diagnose", "record", "report", "bundle", "agent", "check")
USAGE = 64
LEAST = 60  # fewer: they are not found any more

found = re.compile(rf"\btcpdwell ((?:{'|'.join(COMMANDS)})\b[^`|;&#]*)")
# A synopsis, a sentence, a name that is to be put in.
no_command = re.compile(r"[\[…*(]|_[A-Z]+_|\.\.\.|\b(?:FILE|DIR|FOLDER|TIME|PORT|ADDR|CODE|N)\b")


def texts():
    """(where it stands, its command lines)"""
    for name in ["README.md", "tools/man/tcpdwell.8.scd", *glob.glob("tools/examples/*.txt", root_dir=ROOT),
                 *glob.glob("tools/monitoring/*.md", root_dir=ROOT), *glob.glob("tools/**/*.service", root_dir=ROOT, recursive=True)]:
        with open(os.path.join(ROOT, name), encoding="utf-8") as file:
            text, in_code = file.read(), False
        for line in text.splitlines():
            if line.lstrip().startswith("```"):
                in_code = not in_code
            elif in_code or line.startswith(("    ", "\t", "ExecStart")):
                yield name, line
            else:  # the name of a command alone is none
                for inline in re.findall(r"`(tcpdwell \w+ [^`]*)`", line):
                    yield name, inline
    for command in COMMANDS:
        text = subprocess.run([TOOL, command, "--help"], capture_output=True, text=True, check=True).stdout
        for line in text.splitlines():
            if line.startswith("  tcpdwell "):
                yield command + " --help", line


def command_lines():
    lines = {}
    for where, text in texts():
        for words in found.findall(text):
            words = re.sub(r"\s*\d?[<>].*", "", words).strip()
            if no_command.search(words):
                continue
            try:
                lines.setdefault(tuple(shlex.split(words.replace("-p 4711", f"-p {os.getpid()}"))), where)
            except ValueError:  # half of a quotation: it was of another line
                pass
    return lines


def fault(words):
    """What is wrong with a command line; None: nothing."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        for word in words:
            if re.fullmatch(r"[\w-]+\.(rec|gz)", word):
                shutil.copy(os.path.join(ROOT, "tests/golden/shop.jsonl.gz"), os.path.join(folder, word))
                os.chmod(os.path.join(folder, word), 0o644)
        drop = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] if not os.geteuid() else []
        try:
            done = subprocess.run([*drop, TOOL, *words], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, text=True, timeout=3, check=False)
        except subprocess.TimeoutExpired:
            return None  # it has begun
    return done.stderr.strip() if done.returncode == USAGE else f"status {done.returncode}" if done.returncode < 0 else None


def main():
    lines = command_lines()
    if "-v" in sys.argv:
        print(*(f"{where}: {shlex.join(words)}" for words, where in lines.items()), sep="\n")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        faults = [f"{lines[words]}: tcpdwell {shlex.join(words)}: {text}" for words, text in zip(lines, pool.map(fault, lines)) if text]
    if not fault(("top", "--nonsense")):
        faults.append("what is wrong with a command line is not told any more")
    if len(lines) < LEAST:
        faults.append(f"only {len(lines)} command lines were found")
    print(f"not ok golden/documented: {'; '.join(faults)}" if faults else "ok golden/documented")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
