# SPDX-License-Identifier: MIT
"""Instructions per line in user space, which repeat exactly where times do not: two runs under
callgrind, one with more lines; what they differ by is the lines' own."""
import glob
import os
import re
import shutil

FEW, MANY = 100_000, 300_000
PASSES = 2  # the warm-up has as many lines as the measurement


def is_here():
    return bool(shutil.which("valgrind"))


def count(bench, work, relay):
    """Instructions of one line; None when it cannot be counted."""
    totals = [total(bench, work, relay, lines) for lines in (FEW, MANY)]
    if None in totals:
        return None
    return (totals[1] - totals[0]) / (PASSES * (MANY - FEW))


def total(bench, work, relay, lines):
    pattern = os.path.join(bench.directory.name, "callgrind.out.")
    for old in glob.glob(pattern + "*"):
        os.remove(old)
    result = bench.run(work, relay, lines, ["valgrind", "--tool=callgrind", "--quiet",
                                            f"--callgrind-out-file={pattern}%p"])
    if "error" in result:
        return None
    totals = []
    for path in glob.glob(pattern + "*"):
        with open(path, encoding="utf-8") as file:
            totals += [int(found.group(1))
                       for found in re.finditer(r"^totals: (\d+)", file.read(), re.MULTILINE)]
    return sum(totals) or None
