# SPDX-License-Identifier: MIT
"""The program whose latency is watched: one line, its answer, a pause, all along, over one session.

Argument: the address. Each line of stdout is TIME SECONDS: when a round trip began (monotonic
clock) and how long it took. It ends with its session, or on SIGTERM."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import lines  # noqa: E402
from kit.local import Local  # noqa: E402

PAUSE = 0.05
CONVERSATION = 1 << 40  # no program of the traffic has this number


def talk(address):
    local = Local(address)
    local.socket.settimeout(120)
    number = 0
    while True:
        number += 1
        began = time.monotonic()
        local.send(lines.up(CONVERSATION, number, b"", 40) + b"\n")
        answer = local.read_line()
        if answer == b"":
            return
        if answer != lines.answer(CONVERSATION, number) + b"\n":
            sys.exit(f"a wrong answer to line {number}: {answer[:100]!r}")
        print(f"{began:.6f} {time.monotonic() - began:.6f}", flush=True)
        time.sleep(PAUSE)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    talk(sys.argv[1])
