# SPDX-License-Identifier: MIT
"""A daemon's log read entry by entry, each once, however long it becomes."""
import json

from kit.waiting import wait_until


class LogTail:
    """Has what is logged from now on."""

    def __init__(self, daemon):
        self.entries = []
        self.file = open(daemon.stderr_path, "rb")
        self.rest = b""
        self.skip()

    def skip(self):
        """Forgets what there is so far."""
        self.read()
        self.entries = []

    def read(self):
        """All entries since the last skip(); a line that is not a JSON object fails the test."""
        *lines, self.rest = (self.rest + self.file.read()).split(b"\n")
        self.entries += [json.loads(line) for line in lines if line]
        return self.entries

    def matching(self, *words):
        """Those that hold all these words anywhere, without case."""
        return [entry for entry in self.read()
                if all(word.lower() in json.dumps(entry, ensure_ascii=False).lower()
                       for word in words)]

    def problems(self):
        return [entry for entry in self.read() if entry["level"] in ("warn", "error")]

    def ends(self):
        """The one entry of each session's end."""
        return [entry for entry in self.read() if "duration_ms" in entry]

    def wait_for(self, *words, seconds=20.0):
        return wait_until(lambda: self.matching(*words), f"log entry with {words}", seconds)[-1]

    def wait_for_ends(self, count, seconds=20.0):
        wait_until(lambda: len(self.ends()) >= count, f"{count} entries of sessions' ends", seconds)
        return self.ends()

    def close(self):
        self.file.close()
