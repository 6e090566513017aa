# SPDX-License-Identifier: MIT
"""Which programs there are, and what each conversation of theirs does; drawn from the seed."""
import random

from conversation import HOSTILE

SMALL = [10, 10, 30, 80, 80, 300]
MIXED = SMALL * 3 + [1500, 8000, 40_000]
BRISK = [0.0, 0.005, 0.02, 0.05]
CALM = [0.05, 0.2, 0.5]
# Bridges that keep the local connection while the server comes back.
RECONNECTING = {"durable", "secure", "prefixed", "moving", "socks"}
MODES = {"prefixed": "length-prefixed", "raw": "raw"}

# (bridge, kind, how many at once)
SLOTS = [
    ("plain", "churn", 4), ("plain", "closed", 2), ("plain", "visit", 1),
    ("durable", "churn", 3), ("durable", "long", 2), ("durable", "left", 1),
    ("secure", "churn", 3), ("secure", "long", 1), ("secure", "closed_back", 1),
    ("tls", "churn", 3), ("tls", "left", 1),
    ("prefixed", "churn", 2), ("prefixed", "long", 1),
    ("raw", "churn", 2),
    ("moving", "churn", 3), ("moving", "long", 1),
    ("socks", "churn", 1), ("socks", "long", 1),
    ("http", "churn", 2),
    ("hog", "slow", 4),
    ("hostile", "hostile_program", 2), ("hostile", "hostile_server", 2),
]


def churn(rng):
    return {"bursts": rng.randint(1, 8), "burst": 12, "sizes": MIXED, "pauses": BRISK,
            "is_pipelined": rng.random() < 0.4, "stall_share": 0.005,
            "ending": rng.choice(["told"] * 4 + ["half"] + ["close"] * 4)}


def long(rng):
    """Until the traffic rests."""
    return {**churn(rng), "bursts": 1_000_000, "pauses": CALM, "is_pipelined": False,
            "ending": "told"}


def visit(rng):
    """Looks whether the port is open."""
    return {**churn(rng), "bursts": 0, "ending": rng.choice(["close", "rst"])}


def left(rng):
    """Is gone in the middle of things."""
    return {**churn(rng), "is_pipelined": True, "ending": "rst"}


def closed(rng):
    """The server ends it with one of these codes, or without a word."""
    return {**churn(rng), "ending": "half",
            "wish": rng.choice(["x1000", "x1001", "x1011", "x3000", "x4999", "x1008", "k"])}


def closed_back(rng):
    """The server sends it away, and it comes back by itself."""
    return {**churn(rng), "wish": rng.choice(["x1001", "x1011", "x1012", "x1013", "k"])}


def slow(rng):
    """Asks for more than it reads for a while."""
    return {**churn(rng), "bursts": rng.randint(2, 6), "burst": 6, "pauses": CALM, "is_slow": True,
            "bulk": 100, "bulk_share": 0.4, "is_pipelined": True, "ending": "told"}


def hostile_program(rng):
    return {**churn(rng), "bursts": rng.randint(0, 3), "is_pipelined": False, "pauses": CALM,
            "hostile": rng.choice(list(HOSTILE)), "ending": "hostile"}


def hostile_server(rng):
    return {**churn(rng), "pauses": CALM, "wish": f"v{rng.randrange(12)}", "is_pipelined": False,
            "ending": "half"}


# Seconds between two conversations. Warnings that are the same come at most once a second: the log
# would tell them together (LogFolding), and each session is to be looked at by itself.
PAUSES = {kind: (0.8, 3) for kind in ("left", "closed", "closed_back", "hostile_program",
                                      "hostile_server")}

KINDS = {function.__name__: function for function in (
    churn, long, visit, left, closed, closed_back, slow, hostile_program, hostile_server)}


def script_of(bridge, kind, rng: random.Random):
    return {"bridge": bridge, "kind": kind, "seed": rng.getrandbits(30),
            "reconnects": bridge in RECONNECTING, "mode": MODES.get(bridge, "line"),
            "lose_share": 0.01 if bridge in RECONNECTING else 0.0, **KINDS[kind](rng)}
