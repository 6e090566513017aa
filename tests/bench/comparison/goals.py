# SPDX-License-Identifier: MIT
"""The goals of wsbridged, each with the works that it is judged by. A goal over several works is as
good as its worst."""
import dataclasses
import math

from comparison.load import Work

KIB = 1024


@dataclasses.dataclass
class Verdict:
    goal: str
    against: str
    limit: str
    measured: str
    is_met: bool | None  # None: not measured


def worst(results, works, figure, to, is_least):
    """(ratio triple, work) of what was measured; None when nothing was."""
    found = [(ratio, work) for work in works
             if (ratio := results.ratio(work, figure, to=to)) is not None]
    if not found:
        return None
    return (min if is_least else max)(found, key=lambda pair: pair[0][0])


def judge_ratio(results, goal, works, figure, limit, to="haproxy", is_least=False):
    bound = f"{'at least' if is_least else 'at most'} {limit:g}"
    found = worst(results, works, figure, to, is_least)
    if found is None:
        return Verdict(goal, to, bound, "not measured", None)
    (median, least, greatest), work = found
    where = f", {work.title()}" if len(works) > 1 else ""
    is_met = median >= limit if is_least else median <= limit
    return Verdict(goal, to, bound, f"{median:.2f} ({least:.2f} – {greatest:.2f}){where}", is_met)


def judge_memory(results, work, limit):
    goal = f"memory per idle session, {'wss' if work.with_tls else 'ws'}, {work.connections} sessions"
    measured = results.median(work, "wsbridged", "pss_session")
    bound = f"at most {limit / KIB:g} KiB"
    if measured is None:
        return Verdict(goal, "–", bound, "not measured", None)
    return Verdict(goal, "–", bound, f"{measured / KIB:.2f} KiB", measured <= limit)


def judge_growth(results, works):
    """One session against the most of them; batches differ, so a tenth is no growth."""
    goal = "CPU per line does not grow with the number of sessions"
    worst_growth, said = -math.inf, ""
    for kind in ("up", "down", "echo"):
        row = [work for work in works if work.kind == kind]
        costs = [results.median(work, "wsbridged", "cpu") for work in row]
        if row and all(costs):
            growth = max(costs[1:], default=costs[0]) / costs[0]
            said += f"{kind} " + " → ".join(f"{cost:.0f}" for cost in costs) + " ns; "
            worst_growth = max(worst_growth, growth)
    if not said:
        return Verdict(goal, "1 session", "at most 1.1", "not measured", None)
    return Verdict(goal, "1 session", "at most 1.1", f"{worst_growth:.2f}: {said.rstrip('; ')}",
                   worst_growth <= 1.1)


def judge_ageing(results, works):
    goal = "CPU per line does not grow with uptime"
    costs = [results.median(work, "wsbridged", "cpu") for work in works]
    against = f"after {works[-1].age} s"
    if not all(costs):
        return Verdict(goal, against, "at most 1.1", "not measured", None)
    return Verdict(goal, against, "at most 1.1",
                   f"{costs[1] / costs[0]:.2f}: {costs[0]:.0f} → {costs[1]:.0f} ns",
                   costs[1] / costs[0] <= 1.1)


def judge_length(results, plan):
    """Per byte, a longer line costs no more than the next shorter one."""
    goal = "CPU per byte does not grow with the line's length"
    found = []
    for kind in ("up", "down", "echo"):
        costs = [(size, results.median(Work(kind, size), "wsbridged", "cpu")) for size in plan.sizes]
        found += [(cost / size / (before_cost / before), f"{kind}, {before} B → {size} B")
                  for (before, before_cost), (size, cost) in zip(costs, costs[1:])
                  if cost and before_cost]
    if not found:
        return Verdict(goal, "the next shorter", "at most 1.1", "not measured", None)
    growth, where = max(found)
    return Verdict(goal, "the next shorter", "at most 1.1", f"{growth:.2f}, {where}", growth <= 1.1)


def judge_all(results, plan):
    long_sizes = [size for size in plan.sizes if size >= KIB]
    tls_works = [Work(kind, size, count, True) for kind in ("up", "down") for size in (64, KIB)
                 for count in plan.connections]
    rates = [Work(kind, 64, count) for kind in ("up", "down") for count in plan.connections]
    long_works = [Work(kind, size, count) for kind in ("up", "down") for size in long_sizes
                  for count in plan.connections]
    trip = [Work("round_trip", 64, 1)]
    echo = [Work("echo", 64, 1)]
    idle_ws, idle_wss = plan.idle()
    return [
        judge_ratio(results, "64 B lines, 1 connection, CPU per line up", [Work("up")], "cpu", 1.5),
        judge_ratio(results, "64 B lines, 1 connection, CPU per line down", [Work("down")], "cpu",
                    1.1),
        judge_ratio(results, "1 KiB and longer lines, CPU per byte", long_works, "cpu", 1.2),
        judge_ratio(results, "64 B lines, lines per second", rates, "rate", 0.9, is_least=True),
        judge_ratio(results, "wss, 64 B and 1 KiB lines, CPU per line", tls_works, "cpu", 1.2),
        judge_ratio(results, "round trip, one line in flight, p50", trip, "p50_ns", 1.1),
        judge_ratio(results, "round trip, one line in flight, p99", trip, "p99_ns", 1.2),
        judge_memory(results, idle_ws, 2.5 * KIB),
        judge_memory(results, idle_wss, 20 * KIB),
        judge_ratio(results, "echo of 64 B lines, lines per second", echo, "rate", 20, "websocat",
                    True),
        judge_ratio(results, "echo of 64 B lines, lines per second", echo, "rate", 20,
                    "websocketd", True),
        judge_growth(results, plan.growing()),
        judge_length(results, plan),
        judge_ageing(results, plan.ageing()),
    ]
