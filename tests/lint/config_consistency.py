#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds the reference file, minimal.yaml, the JSON Schema and the loader together.

Scenario: somebody adds a key, or changes a default, in one of the four places only.
Method:   the keys and the defaults of each are laid side by side; what the loader knows comes out
          of `config_dump`, which links the daemon's own configuration library.
Why:      an editor that underlines a right key, or a reference that names a wrong default, is worse
          than none.
Usage:    config_consistency.py CONFIG_DUMP CONFIG_DIRECTORY
"""
import copy
import json
import pathlib
import re
import subprocess
import sys

import jsonschema
import yaml

# Without a default: each bridge must say them.
NEEDED = {"bridges.name", "bridges.listen.address", "bridges.upstream.url"}


def resolve(schema, node):
    """The node that `$ref` leads to, or the node itself."""
    while "$ref" in node:
        target = schema
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def schema_leaves(schema, node, path=""):
    """Yields (key path, its schema) of every key; lists of maps count as the map."""
    target = resolve(schema, node)
    if "items" in target:
        yield from schema_leaves(schema, target["items"], path)
    for choice in target.get("anyOf", []):
        yield from schema_leaves(schema, choice, path)
    for name, child in target.get("properties", {}).items():
        below = f"{path}.{name}" if path else name
        yield below, child
        if name != "defaults":  # the keys of a bridge once more
            yield from schema_leaves(schema, child, below)


def values(node, path=""):
    """Yields (key path, value) of every key of a loaded file; of a list of maps, the first."""
    if isinstance(node, list) and node and isinstance(node[0], dict):
        node = node[0]
    if not isinstance(node, dict) or path.endswith("headers"):
        return
    for name, child in node.items():
        below = f"{path}.{name}" if path else name
        yield below, child
        if name != "defaults":
            yield from values(child, below)


def amount(value):
    """1m and 60s are equal, as are 1MiB and 1024KiB."""
    units = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "KiB": 1 << 10, "MiB": 1 << 20}
    match = re.fullmatch(r"(\d+)([a-zA-Z]+)", str(value))
    return int(match[1]) * units[match[2]] if match and match[2] in units else value


class Consistency:
    def __init__(self, dump, directory):
        self.dump = dump
        self.directory = pathlib.Path(directory)
        self.schema = json.loads((self.directory / "wsbridged.schema.json").read_text())
        self.failures = []

    def expect(self, condition, message):
        if not condition:
            self.failures.append(message)

    def run(self, *arguments):
        return subprocess.run(
            [self.dump, *map(str, arguments)], check=True, capture_output=True, text=True
        ).stdout

    def read(self, name):
        return yaml.safe_load((self.directory / name).read_text())

    def is_valid(self, document):
        jsonschema.Draft202012Validator.check_schema(self.schema)
        return jsonschema.Draft202012Validator(self.schema).is_valid(document)

    def check_files_load(self):
        for name in ("wsbridged.yaml", "minimal.yaml"):
            printed = yaml.safe_load(self.run("print", self.directory / name))
            self.expect(self.is_valid(self.read(name)), f"{name} does not match the schema")
            self.expect(self.is_valid(printed), f"{name}, printed, does not match the schema")

    def check_keys(self):
        loader = set(self.run("keys").split())
        schema = {path for path, _ in schema_leaves(self.schema, self.schema)}
        reference = {path for path, _ in values(self.read("wsbridged.yaml"))}
        for name, keys in (("schema", schema), ("reference file", reference)):
            for path in sorted(loader - keys):
                self.expect(False, f"the {name} lacks {path}")
            for path in sorted(keys - loader):
                self.expect(False, f"the {name} has {path}, which the loader does not know")

    def check_defaults(self):
        printed = dict(values(yaml.safe_load(self.run("print", self.directory / "wsbridged.yaml"))))
        minimal = dict(values(yaml.safe_load(self.run("print", self.directory / "minimal.yaml"))))
        reference = dict(values(self.read("wsbridged.yaml")))
        for path, node in schema_leaves(self.schema, self.schema):
            is_map = isinstance(reference.get(path), (dict, list)) and reference[path]
            if path in NEEDED or path == "defaults" or is_map:
                continue
            self.expect("default" in node, f"the schema gives no default for {path}")
            for name, where in (("reference file", reference), ("loader", printed)):
                self.expect(
                    amount(where.get(path)) == amount(node.get("default")),
                    f"{path}: schema {node.get('default')!r}, {name} {where.get(path)!r}",
                )
            if path in minimal:
                self.expect(
                    minimal[path] == printed[path],
                    f"{path}: {minimal[path]!r} in minimal.yaml, default {printed[path]!r}",
                )

    def check_comments(self):
        """A sentence stands before every key of the reference file."""
        lines = (self.directory / "wsbridged.yaml").read_text().splitlines()
        for number, line in enumerate(lines):
            if re.match(r" *(- )?[a-z_0-9]+: \S", line):
                above = [text for text in lines[:number] if text.strip()]
                self.expect(
                    above and above[-1].lstrip().startswith("#"),
                    f"wsbridged.yaml:{number + 1}: no sentence above this key",
                )

    def check_refusals(self):
        """The schema notices what the loader refuses, so that the checks above mean something."""
        wrong = {
            "unknown key": lambda root: root.update(lisen=1),
            "unknown key of a bridge": lambda root: root["bridges"][0].update(proxy=1),
            "bad duration": lambda root: root["bridges"][0]["session"].update(drain_timeout=10),
            "bad word": lambda root: root["log"].update(level="loud"),
            "no bridges": lambda root: root.update(bridges=[]),
        }
        for name, spoil in wrong.items():
            document = copy.deepcopy(self.read("wsbridged.yaml"))
            spoil(document)
            self.expect(not self.is_valid(document), f"the schema accepts: {name}")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    consistency = Consistency(sys.argv[1], sys.argv[2])
    try:
        consistency.check_files_load()
        consistency.check_keys()
        consistency.check_defaults()
        consistency.check_comments()
        consistency.check_refusals()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error.cmd} failed:\n{error.stderr}")
    if consistency.failures:
        sys.exit("\n".join(consistency.failures))
    print("reference file, minimal file, schema and loader agree")


if __name__ == "__main__":
    main()
