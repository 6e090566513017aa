# SPDX-License-Identifier: MIT
"""The long run: everything at once, for as long as one likes, and every line accounted for.

Scenario: programs come and go on a dozen bridges (ws, wss, TCP, Unix, proxies, framing modes,
          cookies, compression, with reconnect and without) while servers are killed and frozen, the
          daemon is reloaded, tapped and frozen, files are swapped, and peers reset, dawdle and lie.
Method:   programs, servers and the daemon each tell what they have of a session; when everything
          rests (four times) all three must agree, and the daemon be as it was at the start.
Why:      what shows only after an hour, or only in company, no short test finds.

Usage: soak.py MINUTES [--seed N] [--flavour sanitized|release|valgrind] [--logs DIRECTORY]
with WSBRIDGED_DEV_BIN and WSBRIDGED_BIN as the end-to-end tests have them.
"""
import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
from faults import Faults, OperatorDeeds  # noqa: E402
from flavours import FLAVOURS  # noqa: E402
from gauges import Gauges  # noqa: E402
from kit.daemon import DEV_BINARY, RELEASE_BINARY, SANITIZER_REPORT, Daemon  # noqa: E402
from kit.process import Program  # noqa: E402
from kit.waiting import wait_until  # noqa: E402
from ledger import Ledger  # noqa: E402
from report import Report  # noqa: E402
from rests import check_metrics, compare_rests  # noqa: E402
from world import World  # noqa: E402

WARM_UP = 0.1      # of the time
PHASES = 3
BRIEF = 60         # seconds: a shorter run has fewer programs, one phase, and shorter outages
MAX_FAILURES = 20  # that are told in full


class Soak:

    def __init__(self, options, directory):
        self.flavour = FLAVOURS[options.flavour]
        self.seconds, self.seed, self.logs = options.minutes * 60, options.seed, options.logs
        self.unit, self.is_brief = self.flavour.unit, self.seconds < BRIEF
        self.binary = DEV_BINARY if options.flavour == "sanitized" else RELEASE_BINARY
        self.directory, self.world = directory, None
        self.rests, self.phases, self.told = [], [], 0
        self.daemon = self.traffic = self.talker = self.report = None

    # Its parts

    def start(self):
        self.world = World(self.directory, self.logs, self.unit, self.is_brief)
        path = self.world.write_config()
        self.daemon = Daemon(self.logs, ["run", "-c", path], self.binary, self.flavour.environment,
                             self.flavour.prefix(self.logs))
        listeners = sum(len(listen) if isinstance(listen, list) else 1
                        for _, listen, _, _ in self.world.bridges())
        wait_until(lambda: self.has_begun(listeners), "the daemon is ready", 60 * self.unit)
        addresses = self.world.write_addresses(self.daemon.stdout())
        self.talker = Program([sys.executable, "-B", f"{HERE}/quiet_talker.py",
                               addresses["quiet"][0]], self.logs, "quiet_talker")
        self.traffic = Program(
            [sys.executable, "-B", f"{HERE}/traffic.py", str(self.seed),
             self.world.path("addresses.json"),
             str(self.flavour.share * (0.4 if self.is_brief else 1))],
            self.logs, "traffic", stdin=subprocess.PIPE)
        journals = [server.journal for server in self.world.servers.values()]
        self.ledger = Ledger(self.traffic.stdout_path, self.daemon.stderr_path, journals)
        self.gauges = Gauges(self.daemon.pid, self.world.admin, self.talker.stdout_path)
        operator = OperatorDeeds(self.world, self.daemon, self.ledger, self.gauges, self.binary,
                                 self.flavour.may_starve)
        self.faults = Faults(self.seed, self.world, operator)
        self.report = Report(self)
        wait_until(lambda: self.gauges.read() and len(self.gauges.trips) > 5,
                   "the quiet session talks", 60 * self.unit)

    def has_begun(self, listeners):
        if not self.daemon.is_running():
            raise AssertionError(f"the daemon ended:\n{self.daemon.stderr()}")
        return self.daemon.stdout().count("ready: ") >= listeners

    def tell_traffic(self, text):
        self.traffic.child.stdin.write(text.encode() + b"\n")
        self.traffic.child.stdin.flush()

    # Its course

    def run(self):
        self.start()
        self.note_rest("start", is_first=True)
        self.phase("warm-up", self.seconds * WARM_UP, is_adapting=True)
        phases = 1 if self.is_brief else PHASES
        for number in range(phases):
            self.phase(f"part {number + 1}", self.seconds * (1 - WARM_UP) / phases)
        compare_rests(self.rests, self.phases, self.flavour, self.ledger.fail)
        self.stop_under_load()

    def phase(self, name, seconds, is_adapting=False):
        began = time.monotonic()
        self.tell_traffic("go")
        self.faults.begin(hurry=max(1.0, 30 / seconds))
        while time.monotonic() < began + seconds:
            self.watch()
            if is_adapting:
                self.adapt()
        self.faults.rest()
        ended = time.monotonic()
        self.come_to_rest()
        if not is_adapting:
            self.phases.append(self.gauges.latency(began, ended))
        self.note_rest(name)

    def watch(self):
        """A second of the run; whatever ends it early is an exception."""
        time.sleep(1)
        self.ledger.read()
        self.gauges.read()
        for program in (self.daemon, self.traffic, self.talker):
            if not program.is_running():
                raise AssertionError(f"{program.name} has ended with {program.child.returncode}:\n"
                                     f"{program.stderr()[-3000:]}")
        if len(self.ledger.failures) + len(self.faults.failures) > MAX_FAILURES:
            raise AssertionError("too much is wrong to go on")

    def adapt(self):
        """Pauses of the programs, so that the daemon has some two thirds of a processor to do."""
        readings = self.gauges.readings[-3:]
        spent = readings[-1].time - readings[0].time
        busy = (readings[-1].cpu - readings[0].cpu) / spent if spent > 0.5 else 0.5
        factor = 1.4 if busy > 0.8 else 0.8 if busy < 0.4 else 1.0
        self.pace = min(20.0, max(0.5, getattr(self, "pace", 1.0) * factor))
        self.tell_traffic(f"pace {self.pace:.2f}")

    def wait_for_programs(self):
        def is_idle():
            time.sleep(0.1)
            self.ledger.read()
            return self.ledger.is_idle
        wait_until(is_idle, "all programs come to their end", 400 * self.unit)

    def come_to_rest(self):
        self.ledger.is_idle = False
        self.tell_traffic("rest")
        self.wait_for_programs()
        self.gauges.wait_for_rest(60 * self.unit)
        wait_until(self.has_read_everything, "the servers have ended all connections",
                   30 * self.unit)
        self.ledger.judge()
        check_metrics(self.gauges.metrics(), self.ledger, self.ledger.fail)

    def has_read_everything(self):
        """Every end is in the log, and nothing more comes in the journals."""
        self.ledger.read()
        total = self.gauges.metrics().total("wsbridged_sessions_total") - 1
        ends = sum(sums["ends"] for sums in self.ledger.per_bridge.values())
        before = self.ledger.journaled()
        time.sleep(0.5)
        self.ledger.read()
        return ends >= total and before == self.ledger.journaled()

    def note_rest(self, name, is_first=False):
        reading, cpu = self.gauges.rest(0.5 if self.is_brief else 2.0)
        self.rests.append((name, reading, cpu))
        sums = self.ledger.sums
        print(f"{name}: {sums['sessions']} sessions, {sums['lines_up']} lines up, "
              f"{sums['lines_down']} down, {len(self.ledger.failures)} failures; "
              f"{reading.descriptors} descriptors, {reading.threads} threads, "
              f"{reading.resident >> 20} MiB, {cpu:.1%} of a processor at rest", flush=True)
        self.tell_failures()

    def tell_failures(self, more=()):
        """Those that have not been told yet, up to a number."""
        failures = [*self.ledger.failures, *self.faults.failures, *more]
        for failure in failures[self.told:MAX_FAILURES]:
            print(f"FAILED: {failure}", flush=True)
        self.told = len(failures)
        return self.told

    def stop_under_load(self):
        """SIGTERM while everybody talks: what is discarded then is told, and the status says so."""
        self.tell_traffic("go")
        time.sleep(min(2.0, self.seconds / 10) * self.unit)
        self.ledger.is_idle = False
        self.daemon.signal(signal.SIGTERM)
        self.tell_traffic("rest")
        self.talker.child.terminate()
        self.status = self.daemon.wait(400 * self.unit)
        self.wait_for_programs()
        time.sleep(0.5)
        self.ledger.read()
        discarded = sum(entry["discarded_bytes"] + entry["unsent_bytes_up"]
                        + entry["unsent_bytes_down"] for entry in self.ledger.ends.values()
                        if entry["cause"].startswith("shutting down"))
        self.ledger.judge(is_stopping=True)
        if self.status not in (0, 1) or (self.status == 0 and discarded > 0):
            self.ledger.fail(f"the daemon ended with {self.status}, {discarded} bytes discarded")

    # Its end

    def check_end(self):
        report = SANITIZER_REPORT.search(self.daemon.stderr())
        if report:
            self.ledger.fail(self.daemon.stderr()[report.start():][:6000])
        cookies = self.world.stored_cookies()
        if self.ledger.per_bridge["secure"]["ends"] > 50 and len(cookies) < 20:
            self.ledger.fail(f"of the servers' 20 cookies the file has {cookies}")
        for entry in self.ledger.problems:
            self.ledger.fail(f"in the log: {entry}")
        path = f"{self.logs}/valgrind.log"
        if os.path.exists(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                summary = re.findall(r"ERROR SUMMARY: (\d+) errors", file.read())
            if summary[-1:] != ["0"]:
                self.ledger.fail(f"valgrind: {summary} errors, see {path}")

    def end(self):
        for one in (self.daemon, self.traffic, self.talker):
            if one is not None:
                one.end()
        if self.world is not None:
            self.world.end()


def parse_options():
    parser = argparse.ArgumentParser(prog="./dev soak")
    parser.add_argument("minutes", type=float, nargs="?", default=10)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--flavour", choices=list(FLAVOURS), default="sanitized")
    parser.add_argument("--logs", default="build/soak")
    return parser.parse_args()


def main():
    options = parse_options()
    options.logs = os.path.abspath(f"{options.logs}/{options.flavour}")
    shutil.rmtree(options.logs, ignore_errors=True)
    os.makedirs(options.logs)
    print(f"soak: {options.minutes:g} minutes, {options.flavour}, seed {options.seed}", flush=True)
    with contextlib.ExitStack() as stack:
        directory = tempfile.mkdtemp(prefix="wsbridged-soak-")
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        soak = Soak(options, directory)
        stack.callback(soak.end)
        early_end = []
        try:
            soak.run()
            soak.check_end()
        except (AssertionError, OSError, ValueError) as failure:
            early_end.append(f"it ended early: {failure}")
        if soak.report is None:
            sys.exit(f"FAILED: {early_end}")
        print(soak.report.table())
        count = soak.tell_failures(early_end)
    if count:
        print(f"soak: {count} failures with seed {options.seed}; the logs are in {options.logs}")
    sys.exit(1 if count else 0)


if __name__ == "__main__":
    main()
