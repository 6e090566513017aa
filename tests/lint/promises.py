# SPDX-License-Identifier: MIT
"""Every promise of docs/threat-model.md names a test, and each test named there exists.

Method: the tables below "## Promises": the last cell of a row must name at least one test, as
        `E2E file.test`, `E2E file`, `UNIT file`, `FUZZ target` or a path; the files are looked into.
Why:    a promise whose test was renamed or removed is only a wish.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/threat-model.md"
NAME = re.compile(r"`(?:(E2E|UNIT|FUZZ) ([\w.]+)|(tests/[\w/.]+))`")


def is_there(kind, name):
    if kind == "E2E":
        file, _, test = name.partition(".")
        path = ROOT / "tests/e2e" / f"{file}.py"
        return path.is_file() and (not test or f"def {test}(" in path.read_text(encoding="utf-8"))
    if kind == "UNIT":
        return any(any((ROOT / "tests" / level).rglob(name)) for level in ("unit", "integration"))
    if kind == "FUZZ":
        return (ROOT / "tests/fuzz" / f"{name}.cc").is_file()
    return (ROOT / name).exists()


def problems(text):
    promises = text.partition("## Promises")[2].partition("\n## ")[0]
    rows = [line for line in promises.splitlines()
            if line.startswith("| ") and not line.startswith("| promise ")]
    if not rows:
        yield "there is no promise"
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        names = NAME.findall(cells[-1])
        if not names:
            yield f"no test: {cells[0]}"
        for kind, name, path in names:
            if not is_there(kind, name or path):
                yield f"there is no {kind} {name or path}: {cells[0]}"


def main():
    found = list(problems(PAGE.read_text(encoding="utf-8")))
    for problem in found:
        print(f"docs/threat-model.md: {problem}", file=sys.stderr)
    bad = "## Promises\n| promise | test |\n|---|---|\n| p | `E2E no_such.test` |\n| q | – |\n"
    if len(list(problems(bad))) != 2:
        print("promises.py: sees no missing test", file=sys.stderr)
        return 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
