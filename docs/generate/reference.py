# SPDX-License-Identifier: MIT
"""The keys of the commented reference file, config/wsbridged.yaml, as data. It is read as text, since the
comments are what is wanted; its layout is one key a line, comments above the key."""
import dataclasses
import re

KEY = re.compile(r"^( *)(- )?([a-z_0-9]+):(?: (.*))?$")


@dataclasses.dataclass
class Key:
    path: str  # such as bridges.upstream.url
    value: str  # as it is written there; "" of a map
    text: str  # the comment above


def comment_text(lines):
    return " ".join(line.strip().lstrip("#").strip() for line in lines)


def read_preface(lines):
    """The paragraphs of comments at the top of the file, and how many lines they take."""
    end = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    paragraphs = [[]]
    for line in lines[:end]:
        if line.strip() == "#":
            paragraphs.append([])
        else:
            paragraphs[-1].append(line)
    return [comment_text(paragraph) for paragraph in paragraphs], end


def read_reference(path):
    """(paragraphs of the preface, [Key])"""
    lines = path.read_text(encoding="utf-8").splitlines()
    preface, start = read_preface(lines)
    keys, above, names = [], [], []  # names: (indentation, name) from the outside in
    for line in lines[start:]:
        found = KEY.match(line)
        if line.lstrip().startswith("#"):
            above.append(line)
        elif found:
            indentation = len(found[1]) + len(found[2] or "")
            while names and names[-1][0] >= indentation:
                names.pop()
            names.append((indentation, found[3]))
            keys.append(Key(".".join(name for _, name in names), (found[4] or "").strip(),
                            comment_text(above)))
            above = []
        elif line.strip():
            raise ValueError(f"{path}: neither a comment nor a key: {line!r}")
    return preface, keys
