# SPDX-License-Identifier: MIT
"""Alert rules and what is said about them.

Where:   docs/monitoring/alerts.yaml, docs/monitoring.md.
Checked: each alert has a description and a row in the table of monitoring.md, and no row is without
         its alert; metrics that the rules name are in the table of metrics.
"""
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    guide = (ROOT / "docs/monitoring.md").read_text(encoding="utf-8")
    with open(ROOT / "docs/monitoring/alerts.yaml", encoding="utf-8") as file:
        groups = yaml.safe_load(file)["groups"]
    rules = {rule["alert"]: rule for group in groups for rule in group["rules"]}
    told = set(re.findall(r"^\| `(Wsbridged\w+)` \| \S", guide, re.MULTILINE))
    problems = [f"{name}: not in both alerts.yaml and monitoring.md"
                for name in sorted(told ^ set(rules))]
    for name, rule in rules.items():
        if not rule["annotations"].get("description"):
            problems.append(f"{name}: has no description")
        problems += [f"{name}: monitoring.md knows no {metric}"
                     for metric in re.findall(r"wsbridged_\w+", rule["expr"]) if metric not in guide]
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
