#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds the list of requirements, the tests and docs/libws/conformance.md together.

Scenario: a requirement that no test covers, a test that names one which is not in the list, a page
          that tells what was true last month.
Method:   the text of requirements.list and of the tests is read; nothing is compiled or run. What
          a test covers is in its Catch2 tags ("[RFC6455-5.2-rsv]") or, in Python, in a comment
          "# Covers: [RFC6455-5.2-rsv]" above the test. coverage_test.py shows that each rule bites.
Why:      a table of conformance that is kept by hand is soon a wish.
Usage:    coverage.py [--write] [ROOT]      --write makes the page anew
"""
import pathlib
import re
import sys
from dataclasses import dataclass, field

LIST = "tests/conformance/requirements.list"
PAGE = "docs/libws/conformance.md"

STRING = r'"(?:[^"\\]|\\.)*"'
TEST_CASE = re.compile(rf"^TEST_CASE\(\s*((?:{STRING}\s*)+)(?:,\s*((?:{STRING}\s*)+))?\)", re.M)
COVERS = re.compile(r"^ *# Covers: (.*(?:\n *# +\[.*)*)\n(?: *@.*\n)*(?: *def (\w+))?", re.M)
# Other tags are written in small letters.
ID = re.compile(r"\[([A-Z][\w.-]*)\]")

INTRODUCTION = """\
# Conformance of libws

What a WebSocket client owes its peer and its user, and the tests that show it: the duties of RFC
6455 and RFC 7692, the rules that experience added, the groups of the Autobahn test suite, and what
went wrong in other libraries. Made by `tests/conformance/coverage.py --write` from
`tests/conformance/requirements.list` and the tests; a check of every build holds the three together.

A C++ test runs by its requirement: `build/dev/bin/unit_protocol "[RFC6455-5.2-rsv]"`.

`tests/conformance/break_duties.py` shows that the tests bite: in a copy of the tree it breaks one
duty after the other on purpose, and reports which tests of that duty notice. It is a command for
people and no part of the tests, as it builds for each of them.

The files `conformance_*.py` are runs of one client, `tests/peers/conformance_client.cc`, against
servers on python3-websockets, python3-wsproto, libwebsockets and Boost.Beast, each with and without
compression. Two of these servers have faults of their own, which the tests go around:
libwebsockets 4.1.6 aborts when it is to compress an empty message, and Boost.Beast 1.74 takes a
compressed message of one byte more than its buffer for incomplete.
"""


@dataclass
class Requirement:
    id: str
    source: str
    sentence: str
    reason: str = ""  # why no test covers it
    tests: list = field(default_factory=list)


@dataclass
class Test:
    path: str
    name: str
    ids: list


def read_list(text):
    """([(section title, [Requirement])], [problem])"""
    sections, problems, seen = [], [], set()
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{LIST}:{number}"
        if line.startswith("## "):
            sections.append((line[3:], []))
        elif line and not line.startswith("#"):
            parts = [part.strip() for part in line.split("|")]
            if len(parts) not in (3, 4) or not all(parts) or not ID.fullmatch(f"[{parts[0]}]"):
                problems.append(f"{where}: not 'id | source | sentence', or with a reason behind")
            elif not sections:
                problems.append(f"{where}: before the first section")
            elif parts[0] in seen:
                problems.append(f"{where}: {parts[0]} is there twice")
            else:
                seen.add(parts[0])
                sections[-1][1].append(Requirement(*parts))
    return sections, problems


def literal(text):
    return "".join(part[1:-1] for part in re.findall(STRING, text or "")).replace('\\"', '"')


def tests_of(path, text):
    """The tests of a file that name requirements."""
    if path.endswith(".cc"):
        for found in TEST_CASE.finditer(text):
            ids = ID.findall(literal(found[2]))
            if ids:
                yield Test(path, literal(found[1]), ids)
    else:
        for found in COVERS.finditer(text):
            name = (found[2] or "").removeprefix("test_").replace("_", " ")
            yield Test(path, name, ID.findall(found[1]))


def read_tests(root):
    for folder in ("unit", "integration", "e2e"):
        for path in sorted((root / "tests" / folder).rglob("*")):
            if path.suffix in (".cc", ".py"):
                name = path.relative_to(root).as_posix()
                yield from tests_of(name, path.read_text(encoding="utf-8"))


def assign(sections, tests):
    """Gives the requirements their tests; the problems of that."""
    by_id = {one.id: one for _, requirements in sections for one in requirements}
    problems = []
    for test in tests:
        if not test.ids or not test.name:
            problems.append(f"{test.path}: 'Covers' without an id, or without a test below it")
        for name in test.ids:
            if name in by_id:
                by_id[name].tests.append(test)
            else:
                problems.append(f"{test.path}: '{test.name}' names {name}, which is not in {LIST}")
    for one in by_id.values():
        if not one.tests and not one.reason:
            problems.append(f"{LIST}: no test covers {one.id}")
        if one.tests and one.reason:
            problems.append(f"{LIST}: {one.id} has a test, and a reason for having none")
    return problems


def row(one):
    tests = [f"{test.name} (`{test.path.rsplit('/', 1)[1]}`)" for test in one.tests]
    cells = [one.id, one.sentence, one.source, "<br>".join(tests) or f"*none:* {one.reason}"]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def page_of(sections):
    parts = [INTRODUCTION]
    for title, requirements in sections:
        parts.append(f"\n## {title}\n\n| id | what holds | from | tests |\n|---|---|---|---|\n")
        parts.extend(row(one) for one in requirements)
    return "".join(parts)


def check(root, write=False):
    """All problems of the tree below `root`, one line each."""
    root = pathlib.Path(root)
    sections, problems = read_list((root / LIST).read_text(encoding="utf-8"))
    problems += assign(sections, read_tests(root))
    page, expected = root / PAGE, page_of(sections)
    if write:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(expected, encoding="utf-8")
    elif not page.exists() or page.read_text(encoding="utf-8") != expected:
        problems.append(f"{PAGE}: is not what the list and the tests say: "
                        "run tests/conformance/coverage.py --write")
    return problems


def main():
    arguments = [one for one in sys.argv[1:] if one != "--write"]
    root = arguments[0] if arguments else pathlib.Path(__file__).resolve().parents[2]
    problems = check(root, write="--write" in sys.argv)
    print("\n".join(problems) if problems else "every requirement has its tests")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
