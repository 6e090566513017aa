# SPDX-License-Identifier: MIT
"""The configurations and commands in the documentation work.

Scenario: somebody copies a recipe, or a block of the manual.
Method:   every configuration in docs/recipes, README.md and docs/*.md is given to `wsbridged check`, with
          the files, variables and credentials that it names; commands are compared with --help.
Why:      what is copied and does not work is the first thing that a user sees.
Usage:    recipes.py PROGRAM
"""
import configparser
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import jsonschema
import yaml

import help_words

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = sys.argv.pop(1)
RECIPES = ROOT / "docs/recipes"
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
COOKIES = "# Netscape HTTP Cookie File\n"


def fenced(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.M | re.S)


def is_configuration(text):
    return bool(re.search(r"^bridges:", text, re.M))


def documents(name):
    return [one for one in yaml.safe_load_all((RECIPES / name).read_text()) if one]


def recipe_configurations():
    """(where it stands, the configuration)"""
    compose = documents("compose.yaml")[0]
    variables = compose["services"]["wsbridged"]["environment"]
    yield "compose.yaml", variables["WSBRIDGED_CONFIG_YAML"].replace("$$", "$")
    for name in ("kubernetes-sidecar.yaml", "kubernetes-daemonset.yaml"):
        for document in documents(name):
            if document["kind"] == "ConfigMap":
                yield name, document["data"]["wsbridged.yaml"]
    yield "wsbridged-container.yaml", (RECIPES / "wsbridged-container.yaml").read_text()


def page_configurations():
    for page in PAGES:
        for block in fenced(page, "yaml"):
            if is_configuration(block):
                yield page.name, block


class World:
    """What a configuration refers to, made in a folder: files, variables, credentials."""

    def __init__(self, folder, certificate, key):
        self.folder, self.certificate, self.key = pathlib.Path(folder), certificate, key
        self.credentials = self.folder / "credentials"
        self.credentials.mkdir()
        self.variables = {"CREDENTIALS_DIRECTORY": str(self.credentials)}

    def file(self, content):
        path = self.folder / f"file{len(list(self.folder.iterdir()))}"
        path.write_text(content)
        return str(path)

    def furnish(self, text):
        """The configuration, its files in this folder."""
        for name in re.findall(r"\$\{env:(\w+)\}", text):
            self.variables[name] = "value"
        for name in re.findall(r"\$\{credential:([\w.-]+)\}", text):
            (self.credentials / name).write_text("secret")
        text = re.sub(r"\$\{file:[^}]+\}", lambda _: f"${{file:{self.file('secret')}}}", text)
        text = re.sub(r"(cookie_jar: )(/[^\s,}{]+)(?=[\s,}])",
                      lambda found: found[1] + self.file(COOKIES), text)
        text = re.sub(r"((?:ca|cert)_file: )(/[^\s,}]+)", lambda found: found[1] + self.certificate, text)
        return re.sub(r"(key_file: )(/[^\s,}]+)", lambda found: found[1] + self.key, text)


class Configurations(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.schema = json.loads((ROOT / "config/wsbridged.schema.json").read_text())
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.pair = [f"{folder.name}/certificate.pem", f"{folder.name}/key.pem"]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=test", "-days", "1",
                        "-out", cls.pair[0], "-keyout", cls.pair[1]], check=True, capture_output=True)

    def check(self, where, text):
        with self.subTest(where, text=text), tempfile.TemporaryDirectory() as folder:
            world = World(folder, *self.pair)
            path = world.file(world.furnish(text))
            environment = {**os.environ, **world.variables}
            run = subprocess.run([PROGRAM, "check", "-c", path], capture_output=True, text=True,
                                 check=False, env=environment)
            self.assertEqual(run.returncode, 0, run.stderr)
            jsonschema.validate(yaml.safe_load(text), self.schema)

    def test_every_configuration_in_a_recipe_is_valid(self):
        found = list(recipe_configurations())
        self.assertGreaterEqual({where for where, _ in found},
                                {path.name for path in RECIPES.glob("*.yaml")})
        for where, text in found:
            self.check(where, text)

    def test_every_configuration_in_the_manual_is_valid(self):
        found = list(page_configurations())
        self.assertGreaterEqual(len(found), 5)
        for where, text in found:
            self.check(where, text)


class Containers(unittest.TestCase):
    """What no validator of Debian knows: the shape of the recipes themselves."""

    def pods(self):
        for name in ("kubernetes-sidecar.yaml", "kubernetes-daemonset.yaml"):
            for document in documents(name):
                if document["kind"] in ("Deployment", "DaemonSet"):
                    yield name, document["spec"]["template"]["spec"]

    def ours(self, pod):
        everyone = pod.get("initContainers", []) + pod["containers"]
        return next(one for one in everyone if one["name"] == "wsbridged")

    def known_command(self, words):
        self.assertEqual(words[0], "/wsbridged")
        options = {word for word in words[2:] if word.startswith("-")}
        known = help_words.options(help_words.ask(PROGRAM, words[1]))
        self.assertLessEqual(options, known)

    def test_a_pod_mounts_what_it_names_and_probes_what_there_is(self):
        for name, pod in self.pods():
            with self.subTest(name):
                container = self.ours(pod)
                volumes = {volume["name"] for volume in pod["volumes"]}
                mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
                self.assertLessEqual(set(mounts), volumes)
                self.assertIn("/run/wsbridged", mounts.values(), "the admin socket needs a place")
                self.assertTrue(container["securityContext"]["readOnlyRootFilesystem"])
                for probe in ("readinessProbe", "livenessProbe"):
                    self.known_command(container[probe]["exec"]["command"])
                text = [text for where, text in recipe_configurations() if where == name][0]
                drain = int(yaml.safe_load(text)["shutdown"]["drain_timeout"].rstrip("s"))
                self.assertGreater(pod["terminationGracePeriodSeconds"], drain)
                for path in re.findall(r"\$\{file:([^}]+)\}", text):
                    self.assertTrue(any(path.startswith(where + "/") for where in mounts.values()), path)

    def test_the_native_sidecar_restarts_always(self):
        sidecar = documents("kubernetes-sidecar.yaml")[-1]["spec"]["template"]["spec"]
        self.assertEqual(self.ours(sidecar)["restartPolicy"], "Always")
        self.assertIn("startupProbe", self.ours(sidecar))

    def test_compose_shares_the_network_and_the_secret(self):
        compose = documents("compose.yaml")[0]
        service = compose["services"]["wsbridged"]
        self.assertIn(service["network_mode"].removeprefix("service:"), compose["services"])
        self.assertLessEqual(set(service["secrets"]), set(compose["secrets"]))

    def test_the_quadlet_is_read_as_systemd_reads_it(self):
        unit = configparser.RawConfigParser(strict=False, comment_prefixes=("#",))
        unit.optionxform = str
        unit.read(RECIPES / "wsbridged.container")
        self.assertEqual(unit.sections(), ["Unit", "Container", "Service", "Install"])
        self.known_command(json.loads(unit["Container"]["HealthCmd"]))


class Commands(unittest.TestCase):

    def test_commands_in_the_manual_are_known(self):
        verbs = set(help_words.verbs(PROGRAM))
        commands = 0
        for page in PAGES:
            text = "\n".join(fenced(page, "sh")) + "\n".join(re.findall(r"`(wsbridged [^`]+)`",
                                                                        page.read_text()))
            text = text.replace("\\\n", " ")
            for verb, rest in re.findall(r"(?<![\w/.@-])wsbridged ([a-z]+)\b([^\n|&;]*)", text):
                if verb not in verbs:
                    continue  # the name of a unit or a package in another command
                commands += 1
                with self.subTest(page.name, command=f"{verb}{rest}"):
                    unknown = help_words.all_options(rest) - help_words.options(
                        help_words.ask(PROGRAM, verb))
                    self.assertEqual(unknown, set())
        self.assertGreater(commands, 5)


if __name__ == "__main__":
    unittest.main(verbosity=2)
