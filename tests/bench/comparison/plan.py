# SPDX-License-Identifier: MIT
"""Which works go through which relays, in the quick and in the full mode."""
import dataclasses

from comparison.load import Work

DIRECTIONS = ("up", "down", "echo")
OPENING = 16  # sessions that are opened at the same time


@dataclasses.dataclass(frozen=True)
class Plan:
    sizes: tuple
    other_sizes: tuple  # for the other line bridges
    connections: tuple
    growth: tuple  # numbers of sessions between which the cost of a line is compared
    idle_sessions: int
    rounds: int
    seconds: float
    age: int = 600  # seconds

    def throughput(self):
        return [Work(kind, size, connections, with_tls)
                for with_tls in (False, True) for connections in self.connections
                for size in self.sizes for kind in DIRECTIONS]

    def round_trips(self):
        return [Work("round_trip", 64, 1, with_tls) for with_tls in (False, True)]

    def opens(self):
        return [Work("opens", 64, OPENING), Work("opens", 64, OPENING, True, False),
                Work("opens", 64, OPENING, True, True)]

    def idle(self):
        return [Work("idle", 64, self.idle_sessions, with_tls) for with_tls in (False, True)]

    def growing(self):
        return [Work(kind, 64, count) for count in self.growth for kind in DIRECTIONS]

    def ageing(self):
        return [Work("echo", age=age) for age in (0, self.age)]


FULL = Plan(sizes=(16, 64, 256, 1024, 16384, 65536), other_sizes=(64, 1024), connections=(1, 100),
            growth=(1, 100, 1000, 8000), idle_sessions=8000, rounds=5, seconds=0.8)
QUICK = Plan(sizes=(64, 1024), other_sizes=(64,), connections=(1, 100), growth=(1, 1000),
             idle_sessions=2000, rounds=3, seconds=0.25, age=10)


def takes_part(relay, work, plan):
    """Does this relay have this work? The yardstick has all of it; the slow ones have what shows how
    slow they are, and nobody has what he cannot do."""
    if not relay.peer_kind(work.with_tls):
        return False
    if relay.name in ("wsbridged", "haproxy"):
        return True
    if relay.local == "ws" and work.kind not in ("echo", "round_trip"):
        return False
    if work.kind in ("idle", "opens"):
        # A process for each session is not opened 8,000 times.
        return work.kind == "opens" and relay.name not in ("socat", "websocat")
    if relay.name == "socat":
        return True
    return work.kind == "round_trip" or (work.connections == 1 and work.size in plan.other_sizes)
