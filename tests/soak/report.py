# SPDX-License-Identifier: MIT
"""The figures of a run, as a table."""


class Report:

    def __init__(self, soak):
        self.soak = soak

    def table(self):
        rows = [("what", "seen"), ("---", "---"), *self.rows()]
        return "\n".join(f"| {name} | {value} |" for name, value in rows)

    def rows(self):
        soak, ledger = self.soak, self.soak.ledger
        sums, counts = ledger.sums, soak.faults.counts
        reconnects = sum(one["reconnects"] for one in ledger.per_bridge.values())
        replayed = sum(one["replayed_lines"] for one in ledger.per_bridge.values())
        lives = sum(server.lives - 1 for server in soak.world.servers.values())
        yield "minutes, build, seed", f"{soak.seconds / 60:g}, {soak.flavour.name}, {soak.seed}"
        yield "sessions", f"{sums['sessions']:,} ({sums['refused']} connects found nobody)"
        yield "told together by the log", f"{sums['folded']} ends of sessions"
        yield "lines up / down", f"{sums['lines_up']:,} / {sums['lines_down']:,}"
        yield "lost silently", str(len(ledger.failures))
        yield "lost with a word", f"{sums['told_lost']} lines of sessions that broke"
        yield "reconnects", f"{reconnects}, {replayed:,} lines sent again"
        yield "servers", f"{lives} killed, {counts['freeze_a_server']} frozen"
        yield "reloads", (f"{counts['reload'] + counts['reload_by_signal']} good, "
                          f"{counts['reload_refused']} refused")
        others = [name for name in sorted(counts)
                  if not name.startswith(("reload", "kill_a_server", "freeze_a_server"))]
        yield "other deeds", ", ".join(f"{counts[name]} {name.replace('_', ' ')}" for name in others)
        yield from self.from_start_to_end()

    def from_start_to_end(self):
        soak = self.soak
        if len(soak.rests) < 2:
            return
        (_, start, _), (_, end, cpu) = soak.rests[0], soak.rests[-1]
        readings = [one for _, one, _ in soak.rests]
        resident = " → ".join(f"{one.resident / (1 << 20):.1f}" for one in readings)
        proportional = " → ".join(f"{one.proportional / (1 << 20):.1f}" for one in readings)
        yield "descriptors, threads", (f"{start.descriptors} → {end.descriptors}, "
                                       f"{start.threads} → {end.threads}")
        yield "resident MiB at rests", resident
        yield "proportional MiB at rests", proportional
        yield "processor at rest", f"{cpu:.1%}"
        if soak.phases:
            (median, worst, _), (last_median, last_worst, _) = soak.phases[0], soak.phases[-1]
            yield "latency, median", f"{median:.2f} → {last_median:.2f} ms"
            yield "latency, 99 %", f"{worst:.1f} → {last_worst:.1f} ms"
        yield "exit status", str(getattr(soak, "status", "none"))
