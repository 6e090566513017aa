# SPDX-License-Identifier: MIT
"""What the daemon takes of the machine, and how long the quiet session waits for its answers."""
import os
import statistics
import time

from following import Tail
from kit.admin import Metrics, ask
from kit.process import cpu_seconds, descriptor_count, status_bytes
from kit.waiting import wait_until


def thread_count(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("Threads:"))


def proportional_bytes(pid):
    """0 where only root may look."""
    if not os.access(f"/proc/{pid}/smaps_rollup", os.R_OK):
        return 0
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
        return next(int(line.split()[1]) * 1024 for line in rollup if line.startswith("Pss:"))


class Reading:
    """One look at the process."""

    def __init__(self, pid):
        self.time = time.monotonic()
        self.descriptors, self.threads = descriptor_count(pid), thread_count(pid)
        self.resident, self.cpu = status_bytes(pid, "VmRSS"), cpu_seconds(pid)
        self.proportional = 0  # looked at when everything rests: it takes its time


class Gauges:

    def __init__(self, pid, admin, talker_path):
        self.pid, self.admin = pid, admin
        self.latencies = Tail(talker_path)
        self.readings = []
        self.trips = []     # (when it began, seconds)
        self.freezes = []   # (from, to) in which the daemon was stopped by us
        self.scrapes = 0

    def read(self):
        self.readings.append(Reading(self.pid))
        self.trips += [tuple(map(float, line.split())) for line in self.latencies.lines()]
        return self.readings[-1]

    def metrics(self):
        self.scrapes += 1
        answer = ask(self.admin, "/metrics")
        if answer.status != 200:
            raise AssertionError(f"/metrics answers {answer.status}")
        return Metrics(answer.text())

    # At rest

    def wait_for_rest(self, seconds):
        """Until nothing but the quiet session is there, and nothing is in buffers."""
        def is_at_rest():
            time.sleep(0.2)
            metrics = self.metrics()
            return (metrics.total("wsbridged_sessions") == 1
                    and metrics.total("wsbridged_buffered_bytes") == 0
                    and metrics.total("wsbridged_unconfirmed_bytes") == 0)
        wait_until(is_at_rest, "one session, and nothing in buffers", seconds)

    def rest(self, seconds):
        """(reading, part of a processor that it takes) over so long."""
        before = self.read()
        time.sleep(seconds)
        after = self.read()
        after.proportional = proportional_bytes(self.pid)
        return after, (after.cpu - before.cpu) / (after.time - before.time)

    # Latency

    def latency(self, begin, end):
        """(median, 99th percentile) in milliseconds of the round trips that began then."""
        trips = sorted(1000 * seconds for began, seconds in self.trips
                       if begin <= began < end and not self._was_frozen(began, began + seconds))
        if len(trips) < 2:
            return 0.0, 0.0, len(trips)
        return statistics.median(trips), trips[int(len(trips) * 0.99)], len(trips)

    def _was_frozen(self, begin, end):
        return any(begin < until and since < end for since, until in self.freezes)
