# SPDX-License-Identifier: MIT
"""How the release binary is built: what makes a bug in it hard to use.

Method: readelf's view of the file.
Why: flags get lost in build systems without anybody's noticing.
"""
import os
import re
import subprocess
import unittest

from kit.case import main
from kit.daemon import RELEASE_BINARY


def readelf(*options):
    done = subprocess.run(["readelf", "--wide", *options, RELEASE_BINARY], capture_output=True,
                          text=True, check=True, env={**os.environ, "LC_ALL": "C"})
    return done.stdout


class Hardening(unittest.TestCase):

    def test_its_place_in_memory_is_random(self):
        self.assertRegex(readelf("--file-header"), r"Type: +DYN ")
        self.assertRegex(readelf("--dynamic"), r"FLAGS_1\).*\bPIE\b")

    def test_its_tables_of_functions_are_read_only(self):
        self.assertIn("GNU_RELRO", readelf("--program-headers"))
        self.assertRegex(readelf("--dynamic"), r"\bBIND_NOW\b|FLAGS_1\).*\bNOW\b")

    def test_no_memory_is_both_written_and_executed(self):
        headers = readelf("--program-headers")
        self.assertRegex(headers, r"GNU_STACK +\S+ +\S+ +\S+ +\S+ +\S+ +RW ")
        self.assertNotRegex(headers, r"LOAD .* RWE ")
        self.assertNotIn("TEXTREL", readelf("--dynamic"))

    def test_stack_and_buffers_are_watched(self):
        symbols = readelf("--dyn-syms")
        self.assertIn("__stack_chk_fail", symbols)
        checked = set(re.findall(r"\b__\w+_chk\b", symbols)) - {"__stack_chk_fail"}
        self.assertGreater(len(checked), 2, checked)

    def test_no_library_is_looked_for_in_unusual_places(self):
        self.assertNotRegex(readelf("--dynamic"), r"RPATH|RUNPATH")


if __name__ == "__main__":
    main()
