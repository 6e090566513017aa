# SPDX-License-Identifier: MIT
"""What the admin listener costs the lines: off, on, and on and scraped each second.

Method:  the daemon runs under callgrind, which counts every instruction of all its threads. 200
         sessions are open; lines go up in batches, one batch standing for what one thread relays in a
         second of moderate load, and behind each batch /metrics is fetched once. What the daemon
         costs without lines is subtracted.
Why:     instructions are the same on a busy machine and on a quiet one.
Target:  within 2 % of off.
Usage:   admin.py WSBRIDGED (./dev bench admin)
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))

from kit.admin import ask  # noqa: E402
from kit.local import Local  # noqa: E402
from kit.upstream import RawServer  # noqa: E402

SESSIONS = 200
BATCH = 50_000  # lines a second: a twentieth of what a worker relays
SECONDS = 4
LINE = b"x" * 63 + b"\n"
FRAME = 2 + 4 + 63
TARGET = 1.02


class Daemon:
    """wsbridged under callgrind, with one worker."""

    def __init__(self, binary, folder, server, admin):
        self.folder = folder
        bridge = {"name": "main", "listen": "127.0.0.1:0", "upstream": {"url": server.url()}}
        config = {"log": {"level": "error"}, "threads": 1, "bridges": [bridge], "admin": admin,
                  "shutdown": {"drain_timeout": "1s", "quiet": "0s"}}
        path = os.path.join(folder, "wsbridged.yaml")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        self.child = subprocess.Popen(
            ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={folder}/out",
             binary, "run", "-c", path], stdout=subprocess.PIPE, text=True)
        self.addresses = {}
        while len(self.addresses) < 1 + bool(admin):
            _, name, _, address = self.child.stdout.readline().split()
            self.addresses[name] = address

    def stop(self):
        """Instructions of its whole life."""
        self.child.terminate()
        self.child.wait()
        self.child.stdout.close()
        with open(f"{self.folder}/out", encoding="utf-8") as file:
            return int(re.search(r"^(?:summary|totals): (\d+)", file.read(), re.MULTILINE)[1])


def relay(local, upstream, lines):
    """All lines through the bridge, in pieces that fit into the kernel's buffers."""
    piece = 500
    for _ in range(lines // piece):
        local.send(LINE * piece)
        left = FRAME * piece
        while left > 0:
            left -= len(upstream.socket.recv(left))


def measure(binary, admin, scrapes, batches):
    with tempfile.TemporaryDirectory(prefix="wsbridged-bench-") as folder:
        server = RawServer()
        daemon = Daemon(binary, folder, server, admin)
        sessions = []
        for _ in range(SESSIONS):
            local = Local(daemon.addresses["main"])
            sessions.append((local, server.open()))
        for batch in range(batches):
            relay(*sessions[batch], BATCH)
            if scrapes:
                ask(daemon.addresses["admin"], "/metrics")
        for local, upstream in sessions:
            upstream.close()
            local.close()
        server.close()
        return daemon.stop()


def main():
    binary = sys.argv[1]
    metrics = {"metrics": "127.0.0.1:0"}
    rows = {"off": ({}, False), "on": (metrics, False), "on and scraped": (metrics, True)}
    per_line = {}
    for name, (admin, scrapes) in rows.items():
        idle = measure(binary, admin, False, 0)
        busy = measure(binary, admin, scrapes, SECONDS)
        per_line[name] = (busy - idle) / (SECONDS * BATCH)
        print(f"admin {name:15} {per_line[name]:8.1f} instructions a line, "
              f"{per_line[name] / per_line['off']:.4f} of off", flush=True)
    is_met = per_line["on and scraped"] <= TARGET * per_line["off"]
    print(f"target: at most {TARGET} of off: {'met' if is_met else 'MISSED'}")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
