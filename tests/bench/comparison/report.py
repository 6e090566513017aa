# SPDX-License-Identifier: MIT
"""The results as Markdown, JSON and charts."""
import json
import os
import statistics

from comparison import charts
from comparison.load import Work
from comparison.plan import DIRECTIONS
from comparison.rounds import DIRECT


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows] + [""]


def spread(results, work, name, figure, form="{:,.0f}"):
    """Median and, in brackets, least and greatest."""
    error = results.error(work, name)
    if error:
        return "failed: " + error.splitlines()[-1].replace("|", "/")[:80]
    values = results.values(work, name, figure)
    if not values:
        return "–"
    said = [form.format(value) for value in (statistics.median(values), min(values), max(values))]
    return f"{said[0]} ({said[1]} – {said[2]})"


class Report:
    """Everything that a run found out; `about` is what was run, where."""

    def __init__(self, plan, results, verdicts, about):
        self.plan, self.results, self.verdicts, self.about = plan, results, verdicts, about
        self.start_ups = {}
        self.instructions = {}

    def write(self, directory):
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, "results.json"), "w", encoding="utf-8") as file:
            json.dump(self.as_json(), file, indent=1)
        with open(os.path.join(directory, "results.md"), "w", encoding="utf-8") as file:
            file.write(self.as_markdown())
        for name, chart in self.charts().items():
            if chart:
                with open(os.path.join(directory, name + ".svg"), "w", encoding="utf-8") as file:
                    file.write(chart)

    def as_json(self):
        return {"about": self.about, "plan": vars(self.plan),
                "goals": [vars(verdict) for verdict in self.verdicts],
                "measurements": self.results.as_json(), "start_up": self.start_ups,
                "instructions": self.instructions, "warnings": self.results.warnings()}

    def as_markdown(self):
        parts = ["# wsbridged against what stands beside it", "", *self._about(), *self._goals(),
                 *self._throughput(), *self._instructions(), *self._round_trips(), *self._opens(),
                 *self._idle(), *self._start_ups(), *self._warnings()]
        return "\n".join(parts)

    def _about(self):
        said = [f"{key}: {value}" for key, value in self.about.items() if key != "versions"]
        said += list(self.about["versions"].values())
        return ["; ".join(said) + ".", "",
                f"{self.plan.rounds} rounds; a number is the median of them, with the least and the"
                " greatest in brackets. Ratios are the median of the rounds' own ratios.", ""]

    def _goals(self):
        rows = [(verdict.goal, verdict.against, verdict.limit, verdict.measured,
                 {True: "met", False: "NOT MET", None: "–"}[verdict.is_met])
                for verdict in self.verdicts]
        return ["## Goals", "", *table(("work", "against", "goal", "wsbridged", ""), rows)]

    def _relays(self, works):
        names = dict.fromkeys(name for work in works for name in self.results.by_work.get(work, {}))
        return [name for name in names if name != DIRECT] + ([DIRECT] if DIRECT in names else [])

    def _throughput(self):
        parts = []
        for with_tls in (False, True):
            for kind in DIRECTIONS:
                works = [work for work in dict.fromkeys(
                    [*self.plan.throughput(), *self.plan.growing()])
                    if work.kind == kind and work.with_tls == with_tls
                    and work in self.results.by_work]
                if works:
                    parts += [f"## Lines {kind}, {'wss' if with_tls else 'ws'}", "",
                              *self._lines_table(works)]
        return parts

    def _lines_table(self, works):
        rows = []
        for work in works:
            for name in self.results.by_work[work]:
                ratio = self.results.ratio(work, "cpu", name) if name != DIRECT else None
                rows.append((
                    f"{work.size} B", str(work.connections), name,
                    spread(self.results, work, name, "rate"),
                    spread(self.results, work, name, "cpu") if name != DIRECT else "–",
                    f"{ratio[0]:.2f}" if ratio else "–",
                    spread(self.results, work, name, "load_share", "{:.0%}")))
        return table(("line", "connections", "relay", "lines/s", "CPU per line, ns", "to HAProxy's",
                      "the load's share of its processor"), rows)

    def _instructions(self):
        if not self.instructions:
            return []
        rows = [(title, name, f"{count:,.1f}") for title, counts in self.instructions.items()
                for name, count in counts.items()]
        return ["## Instructions per line", "", "In user space, counted by callgrind.", "",
                *table(("work", "relay", "instructions"), rows)]

    def _round_trips(self):
        rows = [("wss" if work.with_tls else "ws", name,
                 *(spread(self.results, work, name, figure)
                   for figure in ("p50_ns", "p99_ns", "p999_ns", "cpu")))
                for work in self.plan.round_trips() for name in self._relays([work])]
        return ["## Round trip of a 64 B line, one in flight, ns", "",
                *table(("", "relay", "p50", "p99", "p99.9", "CPU"), rows)] if rows else []

    def _opens(self):
        rows = []
        for work in self.plan.opens():
            for name in self._relays([work]):
                lines, resumed = (self.results.median(work, name, figure)
                                  for figure in ("lines", "resumed"))
                share = "–" if lines is None else f"{min(1.0, resumed / lines):.0%}"
                rows.append((work.title().removeprefix("opens "), name,
                             spread(self.results, work, name, "rate"),
                             spread(self.results, work, name, "cpu"), share))
        return ["## Sessions opened, one line and its echo in each", "",
                *table(("", "relay", "sessions/s", "CPU per session, ns", "resumed"), rows)] \
            if rows else []

    def _idle(self):
        rows = [("wss" if work.with_tls else "ws", name,
                 *(spread(self.results, work, name, figure)
                   for figure in ("rss_session", "pss_session")))
                for work in self.plan.idle() for name in self._relays([work])]
        return [f"## Memory of an idle session, bytes, {self.plan.idle_sessions} sessions", "",
                "Of the process; the kernel's socket buffers are not in it.", "",
                *table(("", "relay", "Rss", "Pss"), rows)] if rows else []

    def _start_ups(self):
        rows = []
        for name, times in self.start_ups.items():
            seconds = [result["seconds"] for result in times if "seconds" in result]
            rows.append((name, f"{statistics.median(seconds) * 1000:.0f}" if seconds else "failed"))
        return ["## Start-up until the first echo, ms", "", *table(("relay", "ms"), rows)] \
            if rows else []

    def _warnings(self):
        warnings = self.results.warnings()
        return ["## To be read with care", "", *(f"- {warning}" for warning in warnings), ""] \
            if warnings else []

    def charts(self):
        found = {}
        for with_tls, kind in ((with_tls, kind) for with_tls in (False, True) for kind in DIRECTIONS):
            series = {}
            for size in self.plan.sizes:
                work = Work(kind, size, 1, with_tls)
                for name in self._relays([work]):
                    cpu = self.results.median(work, name, "cpu")
                    if cpu and name != DIRECT:
                        series.setdefault(name, {})[size] = cpu
            tls = "wss" if with_tls else "ws"
            found[f"cpu-{kind}-{tls}"] = charts.line_chart(
                f"CPU per line {kind}, {tls}, 1 connection", "bytes of a line", "ns", series)
        echo = Work("echo", 64, 1)
        found["echo-64"] = charts.bar_chart(
            "Echo of 64 B lines, 1 connection", "lines per second",
            {name: self.results.median(echo, name, "rate") for name in self._relays([echo])
             if name != DIRECT})
        trip = Work("round_trip", 64, 1)
        found["round-trip"] = charts.bar_chart(
            "Round trip of a 64 B line, p99", "ns",
            {name: self.results.median(trip, name, "p99_ns") for name in self._relays([trip])})
        return found
