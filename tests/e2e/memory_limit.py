# SPDX-License-Identifier: MIT
"""limits.memory: 2,000 sessions with full buffers stay below it, and others still get through.

Scenario: half of them have a server that sends all it can to a program that reads nothing, the
other half a program that sends all it can to a server that reads nothing. Alone, each would hold
256 KiB: half a GiB together.
Method: the resident size of the release build before and after, and its own account in the entry
at its stop.
Why: many slow readers must not end a daemon that has a memory limit, nor starve those that read.
"""
import resource
import selectors
import time

from kit.case import E2eCase, bridge, main
from kit.daemon import RELEASE_BINARY
from kit.process import status_bytes
from kit.upstream import TEXT, frame

KIB, MIB = 1 << 10, 1 << 20
SESSIONS = 2000
LIMIT = 96 * MIB
# What is not buffers: the allocator's rounding, bookkeeping of sessions that carry bytes.
OVERHEAD = 24 * MIB
SMALL_BUFFER = 16 * KIB  # of the sockets, so that the kernel holds little
LINE = b"l" * 1000


class MemoryLimit(E2eCase):

    def setUp(self):
        super().setUp()
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def test_two_thousand_full_sessions(self):
        server = self.server(receive_buffer=SMALL_BUFFER, backlog=512)
        # The servers here answer no pings.
        daemon = self.start(bridge(server.url(), listen=f"unix:{self.path('main')}",
                                   upstream={"ping_interval": "0s"}),
                            binary=RELEASE_BINARY, limits={"memory": LIMIT})
        sessions = [self.session(server, daemon) for _ in range(SESSIONS)]
        idle = status_bytes(daemon.pid, "VmRSS")
        pushers = [pair[number % 2].socket for number, pair in enumerate(sessions)]
        self.push(pushers, (LINE + b"\n") * 60, frame(TEXT, LINE) * 60)
        full = status_bytes(daemon.pid, "VmHWM")
        print(f"{SESSIONS} full sessions: {(full - idle) >> 10} KiB more than idle ones, limit "
              f"{LIMIT >> 10} KiB")
        self.assertLess(full - idle, LIMIT + OVERHEAD)
        self.assertTrue(daemon.problems("limits.memory"), "it is told")
        self.check_others(server, daemon)
        self.check_release(sessions)
        for local, upstream in sessions:
            local.close()
            upstream.close()
        daemon.stop()
        self.check_account(daemon)

    def push(self, sockets, lines, frames, quiet=1.0):
        """Gives each all it takes, until none takes more for a while."""
        with selectors.DefaultSelector() as selector:
            for number, one in enumerate(sockets):
                one.setblocking(False)
                selector.register(one, selectors.EVENT_WRITE, [lines, frames][number % 2])
            taken_at, total, done = time.monotonic(), 0, dict.fromkeys(sockets, 0)
            while time.monotonic() - taken_at < quiet:
                for key, _ in selector.select(0.1):
                    sent = key.fileobj.send(key.data[done[key.fileobj]:])
                    done[key.fileobj] = (done[key.fileobj] + sent) % len(key.data)
                    total += sent
                    taken_at = time.monotonic()
                self.assertLess(total, 8 << 30, "somebody reads it all")
        print(f"{total >> 20} MiB were taken")
        self.assertGreater(total, 2 * LIMIT, "far more was on its way than the limit")

    def check_others(self, server, daemon):
        began = time.monotonic()
        for number in range(20):
            local, upstream = self.session(server, daemon)
            for size in (10, 3000, 100_000):
                text = b"%d " % number + b"x" * size
                local.send(text + b"\n")
                self.assertEqual(upstream.read_text(), text, "up")
                upstream.send_text(text.decode())
                self.assertEqual(local.read_line(), text + b"\n", "down")
            local.close()
        print(f"20 others: {time.monotonic() - began:.1f} s")

    def check_release(self, sessions):
        """Those that begin to read get on, whatever the rest does."""
        for number, (local, upstream) in enumerate(sessions[:20]):
            reader = local.socket if number % 2 else upstream.socket
            reader.settimeout(20)
            received = 0
            while received < 40 * KIB:
                part = reader.recv(1 << 16)
                self.assertTrue(part, "the session lives")
                received += len(part)

    def check_account(self, daemon):
        entry = daemon.wait_for_entry("stopped")
        print(f"its own account: at most {entry['peak_buffered_bytes'] >> 10} KiB")
        self.assertLess(entry["peak_buffered_bytes"], LIMIT + MIB)
        self.assertGreater(entry["peak_buffered_bytes"], LIMIT // 2, "and it was used")


if __name__ == "__main__":
    main()
