# SPDX-License-Identifier: MIT
"""What a message costs: the same echo client on libws, on Boost.Beast, on libwebsockets, and on none.

Method:  64-byte text messages without deflate, one server process for all, the clients one after
         another in every round (A B C A B C …). CPU time is user and system time of the client, by
         getrusage() after a warm-up; medians of the rounds and their ratios are printed. With two
         processors the server has one and the client the other.
Floor:   the client without a library makes the three system calls of a turn (wait, receive, send) and
         nothing else. Where the kernel's share alone is more than the target, no library can meet it:
         that is said, with what each adds to the floor.
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
CLIENTS = ("floor", *LIBRARIES)
# (what it shows, server, arguments of the server, messages, under way)
MODES = (
    ("ping-pong: 1 under way, server answers one by one", "beast_peer", ["echo"], 20_000, 1),
    ("window: 64 under way, server answers one by one", "beast_peer", ["echo"], 100_000, 64),
    ("stream: 64 under way, server answers in batches", "echo_server", [], 200_000, 64),
)
# Of libws to another library.
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


def measure(binaries, client, port, count, window):
    done = subprocess.run([f"{binaries}/echo_{client}", str(port), str(count), str(window)],
                          stdout=subprocess.PIPE, text=True, timeout=300, check=True, **pinned(0))
    return json.loads(done.stdout)


def run_mode(binaries, mode, rounds):
    """The median CPU time per message of each client, in nanoseconds."""
    title, server, arguments, count, window = mode
    costs = {client: [] for client in CLIENTS}
    with Server(f"{binaries}/{server}", arguments) as running:
        for _ in range(rounds):
            for client in CLIENTS:
                costs[client].append(measure(binaries, client, running.port, count, window))
    print(f"\n{title} ({count} messages, {rounds} rounds)")
    print(f"  {'':14} {'CPU/message':>12} {'from – to':>19} {'wall/message':>13}   libws is")
    medians = {name: statistics.median(cost["cpu"] for cost in costs[name]) for name in CLIENTS}
    for name in CLIENTS:
        cpu = [cost["cpu"] for cost in costs[name]]
        wall = statistics.median(cost["wall"] for cost in costs[name])
        ratio = "" if name == "libws" else f"{medians['libws'] / medians[name]:.2f} of it"
        print(f"  {name:14} {medians[name]:9.0f} ns {min(cpu):8.0f} – {max(cpu):5.0f} ns"
              f" {wall:10.0f} ns   {ratio}", flush=True)
    return medians


def judge(mode, medians):
    """Says how libws stands in this mode; False when a target is missed that can be met."""
    title = mode[0].split(":")[0] + ":"
    is_met = True
    for name, target in TARGETS.items():
        ratio = medians["libws"] / medians[name]
        floor = medians["floor"] / medians[name]
        said = "met" if ratio <= target else "MISSED"
        if ratio > target and floor > target:
            said = (f"out of reach, the floor alone is {floor:.2f}; above it libws spends"
                    f" {medians['libws'] - medians['floor']:.0f} ns, {name}"
                    f" {medians[name] - medians['floor']:.0f} ns")
        is_met &= said != "MISSED"
        print(f"{title:10} libws / {name:13} {ratio:5.2f}  target at most {target:.2f}: {said}")
    return is_met


def main():
    binaries = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    measured = [(mode, run_mode(binaries, mode, rounds)) for mode in MODES]
    print()
    return 0 if all([judge(mode, medians) for mode, medians in measured]) else 1


if __name__ == "__main__":
    sys.exit(main())
