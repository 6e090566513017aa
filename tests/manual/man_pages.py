# SPDX-License-Identifier: MIT
"""The manual pages know every command, option, variable, exit status and configuration key.

Scenario: somebody adds a verb, an option, a variable or a key.
Method:   the pages are made with the built program; what they hold is laid beside --help, the sources'
          names of variables, the exit statuses and the JSON Schema.
Why:      a manual that lacks something is worse than a long one.
Usage:    man_pages.py PROGRAM
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import help_words

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = sys.argv.pop(1)


def make():
    """{name: text} of the pages; what is escaped for groff is plain again."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-B", ROOT / "docs/generate/man_pages.py", PROGRAM, folder],
                       check=True)
        pages = {path.name: path.read_text() for path in pathlib.Path(folder).iterdir()}
    replacements = ((r"\-", "-"), (r"\(aq", "'"), (r"\(dq", '"'), (r"\&", ""))
    for name, text in pages.items():
        for escaped, plain in replacements:
            text = text.replace(escaped, plain)
        pages[name] = text
    return pages


PAGES = make()
MAIN, CONFIGURATION = PAGES["wsbridged.8"], PAGES["wsbridged.yaml.5"]


def section(title, page=MAIN):
    found = re.search(rf"^\.Sh {title}\n(.*?)(?=^\.Sh |\Z)", page, re.M | re.S)
    return found[1]


def tags(text):
    """The names of a list's items."""
    return re.findall(r"^\.It \\fB(.*?)\\fR$", text, re.M)


def schema_keys(schema, node, path=""):
    """Every key path; lists of maps count as the map."""
    while "$ref" in node:
        target = schema
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    items = [node["items"]] if "items" in node else []
    for below in items + node.get("anyOf", []):
        yield from schema_keys(schema, below, path)
    for name, child in node.get("properties", {}).items():
        yield (key := f"{path}.{name}" if path else name)
        if name != "defaults":
            yield from schema_keys(schema, child, key)


class Commands(unittest.TestCase):
    maxDiff = 3000

    def test_every_verb_has_its_options(self):
        verbs = help_words.verbs(PROGRAM)
        self.assertGreaterEqual(set(verbs), {"run", "check", "demo"})
        for verb in verbs:
            with self.subTest(verb):
                text = help_words.ask(PROGRAM, verb)
                part = re.search(rf"^\.Ss wsbridged {verb}\n(.*?)(?=^\.Ss |^\.Sh )", MAIN, re.M | re.S)
                self.assertTrue(part, "it has a section")
                listed = {word.split(" ")[0] for tag in tags(part[1]) for word in tag.split(", ")
                          if word.startswith("-")}
                self.assertEqual(listed, help_words.options(text))
                for action in help_words.actions(text, verb):
                    self.assertRegex(section("SYNOPSIS"), rf"{verb} .*\b{action}\b")

    def test_no_option_is_invented(self):
        known = set().union(*(help_words.all_options(help_words.ask(PROGRAM, *verb))
                              for verb in [(), *((one,) for one in help_words.verbs(PROGRAM))]))
        text = re.sub(r"\.Fl \\?-", ".Fl --", section("COMMANDS") + section("SYNOPSIS"))
        self.assertEqual(help_words.all_options(text) - known, set())

    def test_every_variable_is_there(self):
        source = (ROOT / "daemon/cli_source.h").read_text()
        known = help_words.variables(source)
        self.assertIn("WSBRIDGED_CONFIG_YAML", known)
        self.assertEqual(set(tags(section("ENVIRONMENT"))), known)

    def test_every_exit_status_is_there(self):
        source = "".join(path.read_text() for path in (ROOT / "daemon").glob("*.h"))
        statuses = re.search(r"enum ExitStatus : int \{(.*?)\}", source, re.S)[1]
        self.assertEqual(re.findall(r"= (\d+)", statuses),
                         re.findall(r"^\.It (\d+)$", section("EXIT STATUS"), re.M))


class Configuration(unittest.TestCase):

    def test_every_key_is_there(self):
        schema = json.loads((ROOT / "config/wsbridged.schema.json").read_text())
        wanted = set(schema_keys(schema, schema))
        self.assertIn("bridges.upstream.tls.ca_file", wanted)
        pages = {"TOP LEVEL": "", "KEYS OF A BRIDGE": "bridges."}
        there = {prefix + tag.split(":")[0] for title, prefix in pages.items()
                 for tag in tags(section(title, CONFIGURATION))}
        inner = {path.rpartition(".")[0] for path in wanted}  # maps need no text of their own
        self.assertEqual(sorted(wanted - inner - there), [])
        # The names of headers and of addresses to resolve are the user's.
        self.assertEqual(sorted(key for key in there - wanted if key.rpartition(".")[0] in inner), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
