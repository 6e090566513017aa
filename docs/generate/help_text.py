# SPDX-License-Identifier: MIT
"""What `wsbridged --help` and `wsbridged VERB --help` say, as data: manual pages and completions are made
of it, so that they cannot lack a verb or an option."""
import dataclasses
import re
import subprocess

VARIABLE = re.compile(r"\bWSBRIDGED_[A-Z_]+")


@dataclasses.dataclass
class Option:
    """`names` of one option (none: a variable without one), its argument or "", and its text."""
    names: list
    argument: str
    text: str
    variable: str = ""

    @property
    def repeats(self):
        return "may be repeated" in self.text


@dataclasses.dataclass
class Verb:
    name: str
    summary: str = ""
    paragraphs: list = dataclasses.field(default_factory=list)  # before and after the lists
    usages: list = dataclasses.field(default_factory=list)  # (synopsis, comment)
    options: list = dataclasses.field(default_factory=list)
    example: list = dataclasses.field(default_factory=list)  # lines

    @property
    def actions(self):
        """The words that a verb such as `ctl` knows, with their comments: {"ps": "live sessions"}."""
        found = {}
        for synopsis, comment in self.usages:
            words = re.sub(r"\[[^]]*\]", "", synopsis).split()[2:]
            if words and re.fullmatch(r"[a-z][a-z-]*", words[0]):
                found[words[0]] = comment
        return found


def split_columns(line):
    """The columns of a line of a list: two blanks or more are between them."""
    return re.split(r" {2,}", line.strip())


def parse_usages(lines):
    usages = []
    for line in lines:
        columns = split_columns(line)
        if line.startswith("  wsbridged"):
            usages.append((columns[0], " ".join(columns[1:])))
        else:
            synopsis, comment = usages[-1]
            usages[-1] = (synopsis, f"{comment} {' '.join(columns)}".strip())
    return usages


def parse_option(columns):
    flags = columns[0]
    names = re.findall(r"(?:^|, )(-[^\s,]+)", flags)
    argument = re.sub(r"(?:^|, )-[^\s,]+", "", flags).strip()
    return Option(names, argument, " ".join(columns[1:]))


def parse_options(lines):
    options = []
    for line in lines:
        variable = ""
        columns = split_columns(line)
        if len(columns) > 1 and VARIABLE.fullmatch(columns[-1]):
            variable = columns.pop()
        if re.match(r" {2}-", line):
            options.append(parse_option(columns))
        elif variable and options[-1].variable:
            options.append(Option([], "", " ".join(columns)))
        else:
            options[-1].text = f"{options[-1].text} {' '.join(columns)}".strip()
        if variable:
            options[-1].variable = variable
    return options


def blocks(text):
    """The blocks that blank lines separate, each a list of lines."""
    return [block.splitlines() for block in re.split(r"\n{2,}", text.strip("\n"))]


def parse_verb(name, summary, text):
    verb = Verb(name, summary)
    for block in blocks(text):
        head, rest = block[0], block[1:]
        if head == "Usage:":
            verb.usages = parse_usages(rest)
        elif head.startswith("Options") and head.endswith(":"):
            verb.options += parse_options(rest)
        elif head in ("Example:", "Examples:"):
            verb.example = [line[2:] for line in rest]
        else:
            verb.paragraphs.append(" ".join(line.strip() for line in block))
    return verb


def ask(program, *arguments):
    return subprocess.run([program, *arguments, "--help"], check=True, capture_output=True,
                          text=True, encoding="utf-8").stdout


def read_program(program):
    """(what it is, [Verb]), in the order of `--help`."""
    text = ask(program)
    paragraphs = blocks(text)
    summaries = {}
    for block in paragraphs:
        if block[0] == "Usage:":
            for synopsis, comment in parse_usages(block[1:]):
                found = re.match(r"wsbridged \[?([a-z]+)\]?", synopsis)
                if found:
                    summaries.setdefault(found[1], comment)
    about = " ".join(paragraphs[0])
    return about, [parse_verb(name, summary, ask(program, name))
                   for name, summary in summaries.items()]
