#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Feeds coverage.py small trees, each with one thing wrong, and one with nothing wrong.

Scenario: a pattern is mistyped, and from then on tests are not seen, or nothing is missed.
Method:   every rule has a tree here that must be reported.
Why:      a checker that never complains looks like a clean project.
"""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import coverage  # noqa: E402

RSV = "X-rsv | RFC 1 | Reserved bits fail.\n"
MASK = "X-mask | RFC 2 | Frames are masked.\n"
TEST = 'TEST_CASE("frame: reserved bits fail", "[frame][X-rsv]") {\n}\n'
PYTHON = "class A:\n    # Covers: [X-mask]\n    def test_masks_differ(self):\n        pass\n"


class Coverage(unittest.TestCase):

    def problems(self, requirements, cc="", py="", page=None):
        """What is said of a tree of these, whose page is made anew unless `page` is one."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for path, text in ((coverage.LIST, "## S\n" + requirements),
                               ("tests/unit/frame_test.cc", cc), ("tests/e2e/masks.py", py)):
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text, encoding="utf-8")
            if page is None:
                coverage.check(root, write=True)
            else:
                (root / coverage.PAGE).parent.mkdir(parents=True)
                (root / coverage.PAGE).write_text(page, encoding="utf-8")
            found = coverage.check(root)
            self.page = (root / coverage.PAGE).read_text(encoding="utf-8")
            return found

    def expect(self, problem, *arguments, **options):
        found = self.problems(*arguments, **options)
        self.assertEqual(len(found), 1, found)
        self.assertIn(problem, found[0])

    def test_nothing_is_said_of_a_tree_in_order(self):
        self.assertEqual(self.problems(RSV + MASK, TEST, PYTHON), [])
        self.assertIn("| X-rsv | Reserved bits fail. | RFC 1 | "
                      "frame: reserved bits fail (`frame_test.cc`) |\n", self.page)
        self.assertIn("masks differ (`masks.py`)", self.page)

    def test_names_and_tags_may_be_broken_over_lines(self):
        broken = 'TEST_CASE("frame: reserved "\n   "bits",\n   "[frame]"\n   "[X-rsv]") {\n}\n'
        self.assertEqual(self.problems(RSV, broken), [])
        self.assertIn("frame: reserved bits (", self.page)
        py = "    # Covers: [X-mask]\n    #   [X-rsv]\n    @twice\n    def test_a(self):\n"
        self.assertEqual(self.problems(RSV + MASK, py=py), [])

    def test_a_requirement_without_a_test(self):
        self.expect("no test covers X-mask", RSV + MASK, TEST)

    def test_a_requirement_may_say_why_it_has_no_test(self):
        self.assertEqual(self.problems(RSV.strip() + " | Nobody can see it.\n"), [])
        self.expect("a reason for having none", RSV.strip() + " | Nobody can see it.\n", TEST)

    def test_an_id_that_is_not_in_the_list(self):
        self.expect("names X-rvs, which is not in", RSV, TEST + TEST.replace("X-rsv", "X-rvs"))
        self.expect("names X-mask, which is not in", RSV, TEST, PYTHON)

    def test_a_comment_without_a_test(self):
        self.expect("without a test below it", MASK, py=PYTHON + "# Covers: [X-mask]\n")

    def test_a_page_that_is_old(self):
        self.expect("run tests/conformance/coverage.py", RSV, TEST, page="old")

    def test_lines_of_the_list_that_are_none(self):
        for line in ("X-a | RFC 1\n", "X-a | | What.\n", "x-a | RFC | What.\n", "X-a|b|c|d|e\n"):
            with self.subTest(line=line):
                self.expect("not 'id | source | sentence'", RSV + line, TEST)
        self.expect("X-rsv is there twice", RSV + RSV, TEST)


if __name__ == "__main__":
    unittest.main()
