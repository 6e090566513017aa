# SPDX-License-Identifier: MIT
"""What --help says, read once more and in another way than docs/generate does: words, found by
patterns."""
import re
import subprocess


def ask(program, *verb):
    return subprocess.run([program, *verb, "--help"], check=True, capture_output=True, text=True,
                          encoding="utf-8").stdout


def verbs(program):
    """The verbs that the program's own help shows."""
    return sorted(set(re.findall(r"^  wsbridged \[?([a-z]+)\]?", ask(program), re.M)))


def options(text):
    """The options that begin a line of a list of options."""
    found = set()
    for line in re.findall(r"^  (-.*)", text, re.M):
        found.update(re.findall(r"(?:^|, )(--?[a-z][a-z-]*)", line.split("  ")[0]))
    return found


def all_options(text):
    """Everything in it that looks like an option."""
    return set(re.findall(r"(?<![\w-])(--[a-z][a-z-]*|-[a-z])(?![\w-])", text))


def variables(text):
    return set(re.findall(r"\bWSBRIDGED_[A-Z_]+\b", text))


def actions(text, verb):
    """The words of a verb such as ctl, in its usage: an example may have the name of a bridge there."""
    usage = re.search(r"^Usage:\n(.*?)\n\n", text, re.M | re.S)[1]
    return set(re.findall(rf"^  wsbridged {verb} (?:\[[^]]*\] )*([a-z][a-z-]*)(?= |$)", usage, re.M))


def takes_file(text):
    return set(re.findall(r"^  (--?[a-z][a-z-]*) FILE\b", text, re.M))
