#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs clang-tidy over every source of a compilation database, several at a time.

What was clean before, with the same tool, rules, command and contents (its headers in this project
included), is not looked at again.
"""
import argparse
import concurrent.futures
import hashlib
import json
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def own_files(entry):
    """The source and those of its headers that belong to the project."""
    command = [word for word in shlex.split(entry["command"]) if word != "-c"]
    output = command.index("-o")
    del command[output:output + 2]
    listing = subprocess.run(command + ["-MM"], cwd=entry["directory"], capture_output=True,
                             text=True, check=False)
    if listing.returncode != 0:
        return None
    names = listing.stdout.replace("\\\n", " ").split()[1:]
    paths = (pathlib.Path(entry["directory"], name).resolve() for name in names)
    return sorted({path for path in paths if path.is_relative_to(ROOT)})


def fingerprint(entry, rules):
    files = own_files(entry)
    if files is None:
        return None
    digest = hashlib.sha256((rules + entry["command"]).encode())
    for path in files:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def check(entry, arguments, rules):
    """What clang-tidy complains about, empty when the file is clean."""
    name = fingerprint(entry, rules)
    stamp = arguments.build / "clean" / (name or "none")
    if name and stamp.exists():
        return ""
    run = subprocess.run([arguments.tool, "-p", str(arguments.build), "--quiet",
                          "--extra-arg=-Wno-unknown-warning-option", entry["file"]],
                         capture_output=True, text=True, check=False)
    if run.returncode != 0:
        return run.stdout or run.stderr
    if name:
        stamp.touch()
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tool", default="clang-tidy")
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("pattern", nargs="?", default="", help="only files whose path holds this")
    arguments = parser.parse_args()
    (arguments.build / "clean").mkdir(exist_ok=True)
    version = subprocess.run([arguments.tool, "--version"], capture_output=True, text=True,
                             check=True).stdout
    rules = version + "".join(path.read_text() for path in sorted(ROOT.glob("**/.clang-tidy")))
    database = json.loads((arguments.build / "compile_commands.json").read_text())
    entries = [entry for entry in database if arguments.pattern in entry["file"]]
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        failed = 0
        for complaint in pool.map(lambda entry: check(entry, arguments, rules), entries):
            if complaint:
                failed += 1
                print(complaint, flush=True)
    print(f"clang-tidy: {len(entries) - failed} of {len(entries)} files are clean")
    return 1 if failed or not entries else 0


if __name__ == "__main__":
    sys.exit(main())
