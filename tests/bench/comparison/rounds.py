# SPDX-License-Identifier: MIT
"""Runs a plan: in every round each relay has its turn, so that what disturbs the machine for a while
disturbs them all; medians and spread of the rounds."""
import statistics
import sys

from comparison.plan import DIRECTIONS, takes_part

# What is kept of a measurement, and compared.
FIGURES = ("rate", "cpu", "load_cpu", "load_share", "disturbed", "busy", "p50_ns", "p99_ns", "p999_ns",
           "rss_session", "pss_session", "resumed", "lines", "seconds")
DIRECT = "no relay"
# Less than that of a processor is left to the load: it may be what is measured.
NEAR_CEILING = 0.9
DISTURBED = 0.1
# Lines that are to flow keep somebody busy; else the kernel's windows were closed.
BUSY = 0.5


class Results:
    """All measurements of a run, by work and relay."""

    def __init__(self):
        self.by_work = {}

    def add(self, work, name, result):
        self.by_work.setdefault(work, {}).setdefault(name, []).append(result)

    def error(self, work, name):
        return next((result["error"] for result in self.by_work.get(work, {}).get(name, [])
                     if "error" in result), "")

    def values(self, work, name, figure):
        """One for each round, in order; empty when one is missing."""
        results = self.by_work.get(work, {}).get(name, [])
        if any(figure not in result for result in results):
            return []
        return [result[figure] for result in results]

    def median(self, work, name, figure):
        values = self.values(work, name, figure)
        return statistics.median(values) if values else None

    def ratio(self, work, figure, name="wsbridged", to="haproxy"):
        """(median, least, greatest) of the rounds' own ratios; None when there is none."""
        ours, theirs = self.values(work, name, figure), self.values(work, to, figure)
        ratios = [a / b for a, b in zip(ours, theirs) if b]
        return (statistics.median(ratios), min(ratios), max(ratios)) if ratios else None

    def warnings(self):
        """What may have spoiled the numbers."""
        found = []
        for work, relays in self.by_work.items():
            for name in relays:
                share = self.median(work, name, "load_share")
                disturbed = self.median(work, name, "disturbed")
                busy = self.median(work, name, "busy")
                if share and name != DIRECT and share > NEAR_CEILING:
                    found.append(f"{work.title()}, {name}: the load is near its ceiling, it had"
                                 f" {share:.0%} of a processor")
                if disturbed and name != DIRECT and disturbed > DISTURBED:
                    found.append(f"{work.title()}, {name}: relay and load waited {disturbed:.0%} of"
                                 " the time for a processor that others had")
                if busy and work.kind in DIRECTIONS and busy < BUSY:
                    found.append(f"{work.title()}, {name}: neither relay nor load had anything to do"
                                 f" for {1 - busy:.0%} of the time: lines per second mean little")
        return found

    def as_json(self):
        return [{"work": vars(work), "relay": name,
                 "rounds": [{key: result[key] for key in (*FIGURES, "error") if key in result}
                            for result in results]}
                for work, relays in self.by_work.items() for name, results in relays.items()]


def say(text):
    print(text, file=sys.stderr, flush=True)


def run_works(bench, works, relays, plan, results):
    """`relays` by name; the load alone takes part, too, where something flows."""
    for work in works:
        partners = [(name, relay) for name, relay in relays.items()
                    if takes_part(relay, work, plan)]
        if work.kind != "idle" and not work.age:
            partners.append((DIRECT, None))
        for _ in range(plan.rounds):
            for name, relay in partners:
                # What failed once is not tried again in every round.
                if not results.error(work, name):
                    results.add(work, name, bench.run(work, relay))
        say_results(work, results)


def say_results(work, results):
    said = []
    for name in results.by_work[work]:
        error = results.error(work, name)
        rate, cpu = (results.median(work, name, figure) for figure in ("rate", "cpu"))
        if error:
            said.append(f"{name}: {error.splitlines()[-1][:60]}")
        elif work.kind == "idle":
            said.append(f"{name} {results.median(work, name, 'pss_session'):.0f} B/session")
        elif work.kind == "round_trip":
            said.append(f"{name} {results.median(work, name, 'p50_ns') / 1000:.1f} us")
        else:
            said.append(f"{name} {rate:,.0f}/s {cpu:,.0f} ns")
    say(f"{work.title():38} " + " | ".join(said))


def run_start_ups(bench, relays, rounds):
    """Seconds until the first echo, by relay."""
    times = {}
    for _ in range(rounds):
        for name, relay in relays.items():
            if relay.local == "lines" and "error" not in times.get(name, [{}])[-1]:
                times.setdefault(name, []).append(bench.start_up(relay))
    for name, results in times.items():
        say(f"start-up {name}: " + ", ".join(
            f"{result['seconds'] * 1000:.0f} ms" if "seconds" in result else result["error"]
            for result in results))
    return times

