# SPDX-License-Identifier: MIT
"""Where a source can be changed so that its meaning changes: one operator, number, condition or call
at a time. The text must be formatted as the project's is: a binary operator stands between blanks,
which is what tells it from a template's bracket or a reference."""
import dataclasses
import re

# What replaces what; the first that fits at a place.
OPERATORS = {
    " < ": " <= ", " <= ": " < ", " > ": " >= ", " >= ": " > ", " == ": " != ", " != ": " == ",
    " && ": " || ", " || ": " && ", " + ": " - ", " - ": " + ", " * ": " + ", " += ": " -= ",
    " -= ": " += ", " & ": " | ", " | ": " & ", " ^ ": " & ", " << ": " >> ", " >> ": " << ",
    " % ": " + ",
}
PATTERNS = (
    (re.compile(r"(?<=return )true(?=;)"), lambda _: "false"),
    (re.compile(r"(?<=return )false(?=;)"), lambda _: "true"),
    (re.compile(r"(?<=[( ])!(?=[\w(])"), lambda _: ""),
    (re.compile(r"(?<![\w.'])\d+(?![\w.'])"), lambda found: str(int(found.group()) + 1)),
    (re.compile(r"(?<=^)( +)(break|continue);(?=$)", re.MULTILINE), lambda found: found.group(1) + ";"),
    # A call for its effect, whole on its line.
    (re.compile(r"(?<=^)( +)(?!return\b)[\w.:>-]+\([^;{}\n]*\);(?=$)", re.MULTILINE),
     lambda found: found.group(1) + ";"),
)
NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"\(.*?\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|^ *#[^\n]*'
    r"|static_assert\([^;]*;|^ *(?:using|template|namespace|friend|class|struct)\b[^\n{;]*|= delete|= 0;",
    re.DOTALL | re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Site:
    path: str
    begin: int
    end: int
    before: str
    after: str
    line: int

    def __str__(self):
        what = f"'{self.before.strip()}' → '{self.after.strip()}'"
        return f"{self.path}:{self.line}: {what}"

    def apply(self, text):
        return text[:self.begin] + self.after + text[self.end:]


def code_of(text):
    """The text with blanks instead of what is no code; everything stays where it is."""
    def blank(found):
        return re.sub(r"[^\n]", "\0", found.group())
    return NOT_CODE.sub(blank, text)


def sites_in(path, text):
    code = code_of(text)
    found = []

    def add(begin, end, after):
        found.append(Site(path, begin, end, text[begin:end], after, text.count("\n", 0, begin) + 1))
    for operator, after in OPERATORS.items():
        for match in re.finditer(re.escape(operator), code):
            add(match.start(), match.end(), after)
    for pattern, replacement in PATTERNS:
        for match in pattern.finditer(code):
            add(match.start(), match.end(), replacement(match))
    return found
