#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Lays the metrics of a daemon at work before promtool, and the dashboard beside them.

Scenario: sessions talk and fail; /metrics is fetched.
Method:   `promtool check metrics` reads it; every metric that dashboard and rules name must be in it.
Why:      a family without samples, or a panel for a metric that was renamed, shows nothing.
Usage:    metrics_check.py WSBRIDGED (./dev metrics-check)
"""
import asyncio
import pathlib
import re
import subprocess
import sys
import urllib.request

from load import Load

MONITORING = pathlib.Path(__file__).parents[2] / "docs" / "monitoring"


async def fetch(binary):
    async with Load(binary) as load:
        await load.fail()
        await asyncio.sleep(3)
        return await asyncio.to_thread(
            lambda: urllib.request.urlopen(load.page + "metrics").read().decode())


def main():
    text = asyncio.run(fetch(sys.argv[1]))
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, check=False)
    known = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    missing = []
    for page in ("dashboard.json", "alerts.yaml"):
        for name in re.findall(r"\b((?:wsbridged|process)_[a-z_]+)", (MONITORING / page).read_text()):
            if re.sub(r"_(bucket|sum|count)$", "", name) not in known and name not in known:
                missing.append(f"{page}: there is no metric {name}")
    print("\n".join(sorted(set(missing))) or "dashboard and rules name metrics that exist")
    print(f"{len(known)} metrics, {len(text.splitlines())} lines")
    return 1 if missing else checked.returncode


if __name__ == "__main__":
    sys.exit(main())
