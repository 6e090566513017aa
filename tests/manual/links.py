# SPDX-License-Identifier: MIT
"""Every link between the documents leads to a file that is there, and to a heading in it.

Scenario: a document or a heading gets another name.
Method:   the relative links of README.md, CHANGELOG.md, CONTRIBUTING.md and docs/ are followed.
Why:      who looks for help and finds nothing does not look again.
"""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NOT_GENERATED = "build/"  # what ./dev docs makes is not there yet


def without_code(page):
    return re.sub(r"^```.*?^```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)


def links(page):
    return re.findall(r"\]\(([^)\s]+)\)", without_code(page))


def anchors(page):
    """The headings as GitHub names them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    names = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", name.lower()).replace(" ", "-") for name in names}


class Links(unittest.TestCase):

    def test_every_link_leads_somewhere(self):
        followed = 0
        for page in PAGES:
            for link in links(page):
                if re.match(r"[a-z]+:", link) or NOT_GENERATED in link:
                    continue
                followed += 1
                path, _, anchor = link.partition("#")
                target = (page.parent / path).resolve() if path else page
                with self.subTest(page=str(page.relative_to(ROOT)), link=link):
                    self.assertTrue(target.exists())
                    if anchor:
                        self.assertIn(anchor, anchors(target))
        self.assertGreater(followed, 50)

    def test_the_manual_leads_to_every_document_for_operators(self):
        pages = {path.name for path in (ROOT / "docs").glob("*.md")}
        for_developers = {"architecture.md", "life-of-a-line.md", "testing.md", "benchmarks.md",
                          "manual.md"}
        there = {link.partition("#")[0] for link in links(ROOT / "docs/manual.md")}
        self.assertEqual(pages - for_developers - there, set())


if __name__ == "__main__":
    unittest.main(verbosity=2)
