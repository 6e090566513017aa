# SPDX-License-Identifier: MIT
"""The units run the program, and read the file, where the README puts them.

Where:   systemd/*.service, the README's section "Install".
Checked: every program and every configuration file that a unit names is the target of an `install`
         line there, and every file of ours that such a line copies exists.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def installed():
    """The README's install lines as {target: source}."""
    lines = re.findall(r"^install (.+?)(?: &&.*)?$", (ROOT / "README.md").read_text(), re.M)
    return {words[-1]: words[-2] for words in (line.split() for line in lines)}


def used(unit):
    """What the unit runs, and what it gives it to read."""
    for command in re.findall(r"^Exec\w+=[-@:+!]*(.+)$", unit.read_text(), re.M):
        words = command.split()
        if words[0].endswith("/wsbridged"):
            yield words[0]
            yield from (after for word, after in zip(words, words[1:]) if word == "-c")


def main():
    targets = installed()
    problems = [f"README.md: there is no {source} to install" for source in targets.values()
                if not source.startswith("build/") and not (ROOT / source).exists()]
    units = [unit for unit in (ROOT / "systemd").glob("*.service") if "@" not in unit.name]
    for unit in units:
        missing = sorted(set(used(unit)) - set(targets))
        problems += [f"{unit.name} uses {path}: README.md installs nothing there" for path in missing]
    if not units or "/usr/bin/wsbridged" not in targets:
        problems.append("no unit, or no program in README.md: this test checks nothing")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
