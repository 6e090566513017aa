# SPDX-License-Identifier: MIT
"""What a message costs: the same echo client on libws, on Boost.Beast and on libwebsockets.

Method:  64-byte text messages without deflate, one server process for all, the clients one after
         another in every round (A B C A B C …). CPU time is user and system time of the client, by
         getrusage() after a warm-up; medians of the rounds and their ratios are printed. With two
         processors the server has one and the client the other.
Modes:   one message under way, and 64; against a server that answers each message with a write of its
         own (Boost.Beast), and against one that answers all of a read with one write.
Usage:   libws.py BINARY_DIRECTORY [ROUNDS]
"""
import json
import os
import statistics
import subprocess
import sys

LIBRARIES = ("libws", "beast", "libwebsockets")
# (what it shows, server, arguments of the server, messages, under way)
MODES = (
    ("ping-pong: 1 under way, server answers one by one", "beast_peer", ["echo"], 20_000, 1),
    ("window: 64 under way, server answers one by one", "beast_peer", ["echo"], 100_000, 64),
    ("stream: 64 under way, server answers in batches", "echo_server", [], 200_000, 64),
)
# Of libws to another library in the last mode, where the libraries and not their waiting is measured.
TARGETS = {"beast": 1.0, "libwebsockets": 0.5}


def pinned(processor):
    """Arguments of Popen that keep a program on one of two processors."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        return {}
    return {"preexec_fn": lambda: os.sched_setaffinity(0, {usable[processor]})}


class Server:
    """One of the servers, until the block ends."""

    def __init__(self, path, arguments):
        self.child = subprocess.Popen([path, *arguments], stdout=subprocess.PIPE, text=True,
                                      **pinned(1))
        line = self.child.stdout.readline()
        self.port = json.loads(line)["port"] if line.startswith("{") else int(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        self.child.stdout.close()


def measure(binaries, library, port, count, window):
    done = subprocess.run([f"{binaries}/echo_{library}", str(port), str(count), str(window)],
                          stdout=subprocess.PIPE, text=True, timeout=300, check=True, **pinned(0))
    return json.loads(done.stdout)


def run_mode(binaries, mode, rounds):
    """The median CPU time per message of each library, in nanoseconds."""
    title, server, arguments, count, window = mode
    costs = {library: [] for library in LIBRARIES}
    with Server(f"{binaries}/{server}", arguments) as running:
        for _ in range(rounds):
            for library in LIBRARIES:
                costs[library].append(measure(binaries, library, running.port, count, window))
    print(f"\n{title} ({count} messages, {rounds} rounds)")
    print(f"  {'':14} {'CPU/message':>12} {'from – to':>19} {'wall/message':>13}   libws is")
    medians = {name: statistics.median(cost["cpu"] for cost in costs[name]) for name in LIBRARIES}
    for name in LIBRARIES:
        cpu = [cost["cpu"] for cost in costs[name]]
        wall = statistics.median(cost["wall"] for cost in costs[name])
        ratio = "" if name == "libws" else f"{medians['libws'] / medians[name]:.2f} of it"
        print(f"  {name:14} {medians[name]:9.0f} ns {min(cpu):8.0f} – {max(cpu):5.0f} ns"
              f" {wall:10.0f} ns   {ratio}", flush=True)
    return medians


def main():
    binaries = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    for mode in MODES:
        medians = run_mode(binaries, mode, rounds)
    missed = False
    print()
    for name, target in TARGETS.items():
        ratio = medians["libws"] / medians[name]
        missed |= ratio > target
        print(f"stream: libws / {name} = {ratio:.2f}, target at most {target:.2f}:",
              "met" if ratio <= target else "MISSED")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
