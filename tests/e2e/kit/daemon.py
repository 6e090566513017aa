# SPDX-License-Identifier: MIT
"""wsbridged as a child process: started with a configuration, observed from outside only."""
import json
import os
import re
import signal

from kit.process import Program
from kit.waiting import deadline, wait_until

DEV_BINARY = os.environ.get("WSBRIDGED_DEV_BIN", "build/dev/bin/wsbridged")
RELEASE_BINARY = os.environ.get("WSBRIDGED_BIN", "build/release/bin/wsbridged")
READY = re.compile(r"^ready: (\S+) on (\S+)$", re.MULTILINE)
SANITIZER_REPORT = re.compile(
    r"(ERROR: (Address|Leak|Memory)Sanitizer|WARNING: ThreadSanitizer|runtime error:)")
SANITIZER_EXIT = 99
# Short, so that ending a test is quick; tests about shutdown give their own.
QUICK_SHUTDOWN = {"drain_timeout": "1s", "quiet": "50ms"}


def environment(extra=None):
    """The environment of a child: no WSBRIDGED_* of ours, sanitizers made to fail loudly."""
    child = {key: value for key, value in os.environ.items()
             if key == "WSBRIDGED_NO_LANDLOCK"  # of ./dev coverage
             or not key.startswith("WSBRIDGED_") and not key.lower().endswith("_proxy")}
    options = f"exitcode={SANITIZER_EXIT}"
    child["ASAN_OPTIONS"] = options + ":detect_leaks=1"
    child["UBSAN_OPTIONS"] = options + ":print_stacktrace=1"
    child["TSAN_OPTIONS"] = options + ":second_deadlock_stack=1"
    child.update(extra or {})
    return child


def write_config(directory, config, name="wsbridged.yaml"):
    """The configuration as a file; every JSON text is YAML."""
    path = os.path.join(directory, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(config if isinstance(config, str) else json.dumps(config, indent=1))
    return path


class Daemon(Program):
    """A running wsbridged. Use E2eCase.start(), which also ends it and looks at what it left."""

    def __init__(self, directory, arguments, binary=None, env=None, prefix=(), **options):
        """`prefix` is a command that becomes the daemon by exec."""
        command = [*prefix, binary or DEV_BINARY, *arguments]
        super().__init__(command, directory, "daemon", env=environment(env), **options)

    def wait_ready(self, listener_count):
        """One `ready: NAME on ADDR` line for each listener, on stdout (SPEC, Command line)."""
        def ready():
            found = READY.findall(self.stdout())
            if len(found) < listener_count and not self.is_running():
                raise AssertionError(
                    f"wsbridged ended with {self.child.returncode} instead of getting ready:\n"
                    f"{self.stderr()}")
            return len(found) >= listener_count
        wait_until(ready, f"{listener_count} ready lines of wsbridged", 30)

    def addresses(self, bridge="main"):
        return [address for name, address in READY.findall(self.stdout()) if name == bridge]

    def address(self, bridge="main", index=0):
        return self.addresses(bridge)[index]

    def log(self):
        """Every entry so far; a line that is not a JSON object fails the test."""
        lines = self.stderr().split("\n")[:-1]  # what has no newline yet is still being written
        return [json.loads(line) for line in lines if line]

    def entries(self, *words):
        """Entries that hold all these words anywhere (key, value or message), without case."""
        return [entry for entry in self.log()
                if all(word.lower() in json.dumps(entry, ensure_ascii=False).lower()
                       for word in words)]

    def problems(self, *words):
        """The entries of level warn or error."""
        return [entry for entry in self.entries(*words) if entry["level"] in ("warn", "error")]

    def wait_for_entry(self, *words, seconds=20.0):
        return wait_until(lambda: self.entries(*words), f"log entry with {words}", seconds)[-1]

    def session_ends(self, bridge=None):
        """The one entry of each session's end (SPEC, Data path)."""
        return [entry for entry in self.log()
                if "duration_ms" in entry and bridge in (None, entry["bridge"])]

    def wait_for_session_end(self, bridge=None, count=1, seconds=20.0):
        return wait_until(lambda: len(self.session_ends(bridge)) >= count and
                          self.session_ends(bridge), "log entry of a session's end", seconds)[-1]

    def signal(self, number=signal.SIGTERM):
        self.child.send_signal(number)

    def stop(self):
        """SIGTERM, then a second one when draining takes too long; the exit status."""
        if self.is_running():
            self.signal()
            try:
                wait_until(lambda: not self.is_running(), "drained", 10)
            except AssertionError:
                self.signal()
        return self.wait(30)

    def check_exit(self):
        """A crash, a sanitizer's report or an exit status that the contract does not know."""
        report = SANITIZER_REPORT.search(self.stderr())
        if report:
            raise AssertionError(f"{report.group(0)}\n{self.stderr()[report.start():][:20000]}")
        if self.child.returncode not in (0, 1, 2):
            raise AssertionError(f"wsbridged exited with {self.child.returncode}; its log ends "
                                 f"with\n{self.stderr()[-4000:]}")

    def kill_if_running(self):
        if self.is_running():
            self.child.kill()
            self.child.wait(deadline())
