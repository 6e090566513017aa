# SPDX-License-Identifier: MIT
"""What a line costs in wsbridged, and in what stands beside it: HAProxy relaying the same bytes over
TCP, socat, and the line bridges that are found on the machine.

Method:  docs/benchmarks.md. In short: the load and its peer are one process on a processor of its own,
         each relay has another one and is started anew for every measurement; in every round each
         relay has its turn; medians of the rounds, and ratios within them.
Usage:   bridge.py [--quick] [--rounds N] [--seconds S] [--only SECTION,…] LOAD WSBRIDGED
         Sections: throughput, round_trip, opens, idle, start_up, growth, instructions; and ageing,
         which takes ten minutes more and is only run when it is named.
Writes:  build/bench/results.md, results.json and charts (*.svg); the goals also on standard output.
Exit:    0 all measured goals are met, 1 not, 2 usage.
"""
import argparse
import dataclasses
import os
import signal
import sys

from comparison import goals, instructions, machine, plan as plans, relays as kinds, rounds
from comparison.load import Bench, Work
from comparison.report import Report

USUAL = ("throughput", "round_trip", "opens", "idle", "start_up", "growth", "instructions")
SECTIONS = (*USUAL, "ageing")


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench bridge")
    parser.add_argument("--quick", action="store_true", help="fewer sizes, sessions and rounds")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of each measurement")
    parser.add_argument("--only", default=",".join(USUAL), help="sections, with commas")
    parser.add_argument("--relays", default="", help="names, with commas; all that are here")
    parser.add_argument("--directory", default="build/bench")
    parser.add_argument("load")
    parser.add_argument("wsbridged")
    given = parser.parse_args()
    given.only = given.only.split(",")
    if unknown := set(given.only) - set(SECTIONS):
        parser.error(f"there is no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    return given


def chosen_plan(given):
    plan = plans.QUICK if given.quick else plans.FULL
    changes = {key: getattr(given, key) for key in ("rounds", "seconds") if getattr(given, key)}
    return dataclasses.replace(plan, **changes)


def count_instructions(bench, relays):
    counts = {}
    for work in (Work("up"), Work("down")) if instructions.is_here() else ():
        for name in ("wsbridged", "haproxy"):
            found = instructions.count(bench, work, relays[name]) if name in relays else None
            if found is not None:
                counts.setdefault(work.title(), {})[name] = found
                rounds.say(f"{work.title()}: {name} {found:.1f} instructions")
    return counts


def measure(given, plan, bench, relays):
    results = rounds.Results()
    works = {"throughput": plan.throughput(), "round_trip": plan.round_trips(),
             "opens": plan.opens(), "idle": plan.idle(), "growth": plan.growing(),
             "ageing": plan.ageing()}
    for section in (section for section in SECTIONS if section in given.only):
        wanted = [work for work in works.get(section, []) if work not in results.by_work]
        two = {name: relays[name] for name in ("wsbridged", "haproxy") if name in relays}
        if section == "ageing":
            rounds.run_works(bench, plan.ageing(), {"wsbridged": relays["wsbridged"]},
                             dataclasses.replace(plan, rounds=1), results)
        else:
            rounds.run_works(bench, wanted, two if section == "growth" else relays, plan, results)
    return results


def main():
    given = arguments()
    plan = chosen_plan(given)
    # An end that others order ends what was started, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    bench = Bench(given.load, plan.seconds)
    relays = kinds.found(given.wsbridged)
    if given.relays:
        relays = {name: relay for name, relay in relays.items() if name in given.relays.split(",")}
    versions = {name: relay.version() for name, relay in relays.items()}
    rounds.say("; ".join(versions.values()))
    results = measure(given, plan, bench, relays)
    verdicts = goals.judge_all(results, plan)
    report = Report(plan, results, verdicts, {**machine.description(), "versions": versions})
    if "start_up" in given.only:
        report.start_ups = rounds.run_start_ups(bench, relays, max(5, plan.rounds))
    if "instructions" in given.only:
        report.instructions = count_instructions(bench, relays)
    report.write(given.directory)
    for verdict in verdicts:
        said = {True: "met", False: "NOT MET", None: "–"}[verdict.is_met]
        print(f"{said:8} {verdict.goal} ({verdict.against}, {verdict.limit}): {verdict.measured}")
    warnings = len(results.warnings())
    print(f"\n{os.path.join(given.directory, 'results.md')}; {warnings} measurements are to be read"
          " with care")
    return 0 if all(verdict.is_met is not False for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
