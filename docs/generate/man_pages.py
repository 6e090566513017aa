#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes wsbridged(8) and wsbridged.yaml(5) of docs/man/*.in, of what the program's --help says and of the
commented reference file.

Usage:  man_pages.py PROGRAM FOLDER
"""
import pathlib
import sys

import mdoc
from help_text import read_program
from reference import read_reference

ROOT = pathlib.Path(__file__).resolve().parents[2]


def synopsis(verbs):
    lines = []
    for verb in verbs:
        for usage, _ in verb.usages:
            lines += [".Nm", r"\fB" + mdoc.literal(usage).replace("wsbridged ", "", 1) + r"\fR"]
    return lines


def option_items(verb):
    for option in verb.options:
        name = ", ".join(option.names) or option.variable
        text = mdoc.prose(option.text)
        if option.names and option.variable:
            text += [".br" if text else r"\&", rf"Variable: \fB{mdoc.literal(option.variable)}\fR"]
        yield f"{name} {option.argument}".strip(), text


def usage_items(verb):
    """The usages that say something: those of a verb with actions."""
    for usage, comment in verb.usages:
        if comment:
            yield usage, mdoc.prose(comment)


def command(verb):
    lines = [rf".Ss wsbridged {mdoc.literal(verb.name)}"]
    for number, paragraph in enumerate(verb.paragraphs):
        lines += [*([".Pp"] if number else []), *mdoc.prose(paragraph)]
    for items in (list(usage_items(verb)), list(option_items(verb))):
        lines += mdoc.listing(items) if items else []
    if verb.example:
        lines += [".Pp", "For example:", *mdoc.block(verb.example)]
    return lines


def variables(verbs):
    """Each variable once, with the option that it stands for."""
    items = {}
    for verb in verbs:
        for option in verb.options:
            if option.variable and option.variable not in items:
                meaning = f"{option.names[-1]}: " if option.names else ""
                items[option.variable] = mdoc.prose(meaning + option.text)
    return mdoc.listing(items.items())


def main_page(program):
    _, verbs = read_program(program)
    commands = [line for verb in verbs for line in command(verb)]
    return {"SYNOPSIS": synopsis(verbs), "COMMANDS": commands, "VARIABLES": variables(verbs)}


def key_item(key, prefix):
    name = key.path.removeprefix(prefix)
    if not key.value:
        return f"{name}:", mdoc.prose(key.text)
    needed = "Needed" in key.text
    return f"{name}: {key.value}", [*mdoc.prose(key.text), *(["There is no default."] if needed else [])]


def configuration_page():
    preface, keys = read_reference(ROOT / "config/wsbridged.yaml")
    told = [key for key in keys if key.value or key.text]
    top = [key_item(key, "") for key in told if not key.path.startswith("bridges.")]
    bridge = [key_item(key, "bridges.") for key in told if key.path.startswith("bridges.")]
    # The first paragraph speaks of the file itself.
    values = [line for paragraph in preface[1:] for line in [".Pp", *mdoc.prose(paragraph)]]
    minimal = (ROOT / "config/minimal.yaml").read_text(encoding="utf-8").splitlines()
    return {"VALUES": values[1:], "TOP": mdoc.listing(top), "BRIDGE": mdoc.listing(bridge),
            "MINIMAL": mdoc.block(line for line in minimal if not line.startswith("#"))}


def fill(template, parts):
    """The template, each line @NAME@ replaced by the lines of that part."""
    lines = []
    for line in template.read_text(encoding="utf-8").splitlines():
        name = line.strip("@")
        lines += parts[name] if line == f"@{name}@" else [line]
    return "\n".join(lines) + "\n"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    pages = {"wsbridged.8": main_page(program), "wsbridged.yaml.5": configuration_page()}
    for name, parts in pages.items():
        text = fill(ROOT / "docs/man" / f"{name}.in", parts)
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
