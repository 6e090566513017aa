# SPDX-License-Identifier: MIT
"""Every C++ block of docs/libws is a part of an example that is compiled, and every error is told.

Scenario: an example changes and the page that shows it does not, or the reverse.
Method:   a block follows a line `<!-- FILE#PART -->`; it equals what stands between `// [PART]` and
          `// [/PART]` in FILE. With --write the blocks are filled in.
Why:      code in a page is not compiled, so it is wrong as soon as the API moves.
Usage:    guide_blocks.py [--write]
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs/libws").glob("*.md"))
BLOCK = re.compile(r"(?:<!-- (\S+)#(\w+) -->\n)?```cpp\n(.*?)```\n", re.DOTALL)


def part_of(file, part):
    """The lines of that part, or None."""
    try:
        text = (ROOT / file).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    found = re.search(rf"^// \[{part}\]\n(.*?)^// \[/{part}\]\n", text, re.DOTALL | re.MULTILINE)
    return found[1] if found else None


def check_page(page):
    text = page.read_text(encoding="utf-8")
    for file, part, code in BLOCK.findall(text):
        where = f"{page.relative_to(ROOT)}: block '{code.strip().partition(chr(10))[0]}'"
        if not file:
            yield f"{where} is not said to be part of an example"
        elif part_of(file, part) is None:
            yield f"{where}: there is no part {part} in {file}"
        elif part_of(file, part) != code:
            yield f"{where} differs from {file}#{part}: run tests/lint/guide_blocks.py --write"


def check_errors():
    """errors.md has a row for each phase and code."""
    rows = set(re.findall(r"^\| `(\w+)`", (ROOT / "docs/libws/errors.md").read_text("utf-8"), re.M))
    names = (ROOT / "libws/protocol/error.cc").read_text(encoding="utf-8")
    for name in re.findall(r'return "(\w+)";', names):
        if name not in rows | {"unknown"}:
            yield f"docs/libws/errors.md: no row for {name}"


def write(page):
    def filled(found):
        code = part_of(found[1], found[2]) if found[1] else None
        if code is None:
            return found[0]
        return f"<!-- {found[1]}#{found[2]} -->\n```cpp\n{code}```\n"
    page.write_text(BLOCK.sub(filled, page.read_text(encoding="utf-8")), encoding="utf-8")


def main():
    if sys.argv[1:] == ["--write"]:
        for page in PAGES:
            write(page)
    problems = [problem for page in PAGES for problem in check_page(page)] + list(check_errors())
    print("\n".join(problems) if problems else "the pages show what is compiled")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
