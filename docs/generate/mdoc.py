# SPDX-License-Identifier: MIT
"""Text as mdoc source: escaped, one sentence a line, never longer than what mandoc likes."""
import re
import textwrap

WIDTH = 78
REPLACEMENTS = {"\\": r"\e", "…": "...", "–": r"\(en", "→": r"\(->", "×": r"\(mu", "~": r"\(ti",
                "^": r"\(ha"}
# What is to be typed as it stands: options, variables of the shell, backquoted words.
CODE = re.compile(r"`([^`]+)`")


def escape(text):
    return "".join(REPLACEMENTS.get(character, character) for character in text)


def literal(text):
    """Text to be typed: a hyphen stays one."""
    return escape(text).replace("-", r"\-").replace("'", r"\(aq").replace('"', r"\(dq")


def guarded(line):
    """A line that begins like a request is none."""
    return r"\&" + line if line[:1] in (".", "'") else line


def prose(text):
    """Lines of running text. Options and paths keep their hyphens."""
    lines = []
    for sentence in re.split(r"(?<=[.:?!])\s+(?=\S)", text.strip()):
        wrapped = textwrap.wrap(sentence, WIDTH - 8, break_long_words=False,
                                break_on_hyphens=False)
        lines += [guarded(prose_line(line)) for line in wrapped]
    return lines


def prose_line(line):
    line = escape(line)
    line = re.sub(r"(?<![\w-])--?[a-z][a-z-]*", lambda found: found[0].replace("-", r"\-"), line)
    return CODE.sub(lambda found: r"\fB" + found[1].replace("-", r"\-") + r"\fR", line)


def block(lines):
    """Lines shown as they are."""
    return [".Bd -literal -offset indent", *(guarded(literal(line)) for line in lines), ".Ed"]


def tag(text):
    return rf".It \fB{literal(text)}\fR"


def listing(items):
    """A list of (tag, [lines])."""
    lines = [".Bl -tag -width 4n"]
    for name, text in items:
        lines += [tag(name), *text]
    return [*lines, ".El"]
