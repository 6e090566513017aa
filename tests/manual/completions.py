# SPDX-License-Identifier: MIT
"""The completions know what --help knows, and bash completes.

Scenario: a verb or an option is added; somebody presses the tabulator key.
Method:   the completions are made with the built program. Bash loads its one and is asked as the key
          asks it; the other two are compared as text (./dev package asks those shells).
Why:      a completion that lacks an option says that there is none.
Usage:    completions.py PROGRAM
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import help_words

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = sys.argv.pop(1)
VERBS = help_words.verbs(PROGRAM)
ASK = """source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_wsbridged
printf '%s\\n' "${COMPREPLY[@]}"
"""


class Completions(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        subprocess.run([sys.executable, "-B", ROOT / "docs/generate/completions.py", PROGRAM,
                        folder.name], check=True)
        cls.texts = {path.name: path.read_text() for path in cls.folder.iterdir()}

    def complete(self, *words, cwd=None):
        """What bash offers for the last of these words."""
        run = subprocess.run(["bash", "-uc", ASK, "ask", self.folder / "wsbridged.bash", "wsbridged",
                              *words], capture_output=True, text=True, check=False, cwd=cwd)
        self.assertEqual((run.returncode, run.stderr), (0, ""), words)
        return set(run.stdout.split())

    def test_bash_offers_verbs_and_the_options_of_run_first(self):
        run = help_words.options(help_words.ask(PROGRAM, "run"))
        self.assertEqual(self.complete(""), {*VERBS, *run, "--version"})
        self.assertEqual(self.complete("che"), {"check"})
        self.assertEqual(self.complete("--ups"), {"--upstream"})
        self.assertEqual(self.complete("--listen", "127.0.0.1:0", "--ups"), {"--upstream"})

    def test_bash_offers_what_each_verb_knows(self):
        for verb in VERBS:
            with self.subTest(verb):
                text = help_words.ask(PROGRAM, verb)
                known = help_words.options(text)
                self.assertEqual(self.complete(verb, ""), known | help_words.actions(text, verb))
                self.assertEqual(self.complete(verb, "-"), known)
                for action in help_words.actions(text, verb):
                    self.assertEqual(self.complete(verb, action, "-"), known)
                    self.assertNotIn(action, self.complete(verb, action, ""))

    def test_bash_offers_files_where_a_file_is_wanted_and_nothing_for_other_values(self):
        files = self.folder / "files"
        files.mkdir()
        (files / "chat.yaml").touch()
        for verb in VERBS:
            text = help_words.ask(PROGRAM, verb)
            for option in help_words.takes_file(text):
                with self.subTest(verb=verb, option=option):
                    self.assertEqual(self.complete(verb, option, "ch", cwd=files), {"chat.yaml"})
        self.assertEqual(self.complete("run", "--listen", ""), set())

    def test_zsh_and_fish_have_the_same(self):
        zsh, fish = self.texts["_wsbridged"], self.texts["wsbridged.fish"]
        for verb in VERBS:
            with self.subTest(verb):
                text = help_words.ask(PROGRAM, verb)
                part = re.search(rf"^    {verb}\)\n(.*?);;", zsh, re.M | re.S)[1]
                offered = set(re.findall(r"'(?:\*)?(?:\([^)]*\))?(--?[a-z-]+)\[", part))
                self.assertEqual(offered, help_words.options(text))
                lines = [line for line in fish.splitlines()
                         if re.search(rf"__fish_seen_subcommand_from {verb}[';]", line)]
                offered = {"--" + name for line in lines for name in re.findall(r" -l (\S+)", line)}
                offered |= {"-" + name for line in lines for name in re.findall(r" -s (\S+)", line)}
                self.assertEqual(offered, help_words.options(text))
                for action in help_words.actions(text, verb):
                    self.assertIn(action + r"\:", part)
                    self.assertTrue(any(f" -a {action} " in line for line in lines), action)


if __name__ == "__main__":
    unittest.main(verbosity=2)
