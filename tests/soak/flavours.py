# SPDX-License-Identifier: MIT
"""The builds that a soak can run, and what may be asked of each."""
from dataclasses import dataclass, field

MIB = 1 << 20


@dataclass(frozen=True)
class Flavour:
    name: str
    share: float          # of the programs
    unit: float           # how much longer things may take
    memory: int           # that the resident size may grow by between two rests
    rest_cpu: float       # part of a processor that one quiet session may take
    may_starve: bool      # of descriptors: UBSan takes its own want of them for a bad object
    environment: dict = field(default_factory=dict)

    def prefix(self, logs):
        if self.name != "valgrind":
            return []
        return ["valgrind", "--tool=memcheck", "--leak-check=full", "--error-exitcode=98",
                "--errors-for-leak-kinds=definite,indirect,possible", "--show-leak-kinds=definite,"
                "indirect,possible", "--num-callers=30", "--fair-sched=yes",
                f"--log-file={logs}/valgrind.log"]


# What is freed stays with ASan for a while, by this much, so that a use of it is noticed.
QUARANTINE = 16
SANITIZED = Flavour("sanitized", 1.0, 1.0, 24 * MIB, 0.15, False, {
    "ASAN_OPTIONS": f"exitcode=99:detect_leaks=1:quarantine_size_mb={QUARANTINE}:"
                    "thread_local_quarantine_size_kb=256"})
RELEASE = Flavour("release", 1.0, 1.0, 6 * MIB, 0.10, True)
VALGRIND = Flavour("valgrind", 0.3, 4.0, 48 * MIB, 0.80, False)
FLAVOURS = {one.name: one for one in (SANITIZED, RELEASE, VALGRIND)}
