# SPDX-License-Identifier: MIT
"""Memory per session is at most 2 x buffer + max_line + max_message plus a constant.

Scenario: 40 sessions whose local program reads nothing and sends all it can, to servers that read
nothing and send all they can; ws and wss; the largest line and message half done.
Method: the resident size of the release build, before and after nothing moves any more.
Why: one reader that stops must cost what the configuration says, not what the other side has to
say.
"""
import socket

from kit.case import E2eCase, bridge, main
from kit.daemon import RELEASE_BINARY
from kit.process import status_bytes
from kit.upstream import TEXT, frame
from kit.waiting import wait_until

KIB, MIB = 1 << 10, 1 << 20
SESSIONS = 40
BUFFER, MAX_LINE, MAX_MESSAGE = 128 * KIB, 64 * KIB, 64 * KIB
# The constant. For each session half a MiB: one read of the loop (256 KiB) that was under way when
# its buffer became full, TLS state with its read-ahead, objects, rounding of buffers that grow. For
# the process: allocator, threads, loops.
PER_SESSION, PER_PROCESS = 512 * KIB, 4 * MIB
LIMIT = SESSIONS * (2 * BUFFER + MAX_LINE + MAX_MESSAGE + PER_SESSION) + PER_PROCESS


def push(connection, data):
    """Writes data again and again until nobody takes any more of it."""
    connection.settimeout(0.05)
    stalled = 0
    while stalled < 4:
        try:
            connection.send(data)
            stalled = 0
        except (TimeoutError, socket.timeout):
            stalled += 1


class MemoryBound(E2eCase):

    def measure(self, **server_options):
        """Growth of the resident size by sessions that are full in both directions."""
        server = self.server(receive_buffer=16 * KIB, **server_options)
        trust = {"tls": {"ca_file": self.ca().certificate}} if server.tls else {}
        daemon = self.start(bridge(
            server.url(), upstream=trust, session={"buffer": BUFFER},
            framing={"max_line": MAX_LINE, "max_message": MAX_MESSAGE}), binary=RELEASE_BINARY)
        first = self.session(server, daemon)  # what the first session makes once is not counted
        before = status_bytes(daemon.pid, "VmRSS")
        sessions = [self.session(server, daemon, receive_buffer=16 * KIB) for _ in range(SESSIONS)]
        down = frame(TEXT, "d" * (MAX_MESSAGE - 1)) * 4
        up = (b"u" * (MAX_LINE - 1) + b"\n") * 4
        pushes = [self.in_background(push, side.socket, data)
                  for pair in sessions for side, data in zip(pair, (up, down))]
        for one in pushes:
            one.result(60)
        after = status_bytes(daemon.pid, "VmHWM")
        first[0].send(b"alive\n")
        self.assertEqual(first[1].read_text(), b"alive", "full sessions do not hold another one")
        return after - before

    def check(self, growth):
        print(f"{SESSIONS} full sessions: {growth >> 10} KiB, limit {LIMIT >> 10} KiB")
        self.assertLess(growth, LIMIT, "2 x buffer + max_line + max_message + constant")

    def test_ws(self):
        self.check(self.measure())

    def test_wss(self):
        self.check(self.measure(tls=self.ca().server_context()))

    def test_declared_lengths_allocate_nothing(self):
        server = self.server()
        daemon = self.start(bridge(server.url()), binary=RELEASE_BINARY)
        first = self.session(server, daemon)
        before = status_bytes(daemon.pid, "VmRSS")
        sessions = [self.session(server, daemon) for _ in range(SESSIONS)]
        for _, upstream in sessions:
            upstream.send(b"\x81\x7f" + (16 * MIB).to_bytes(8, "big") + b"only this")
        wait_until(lambda: self.answers(first), "the daemon has read them")
        self.assertLess(status_bytes(daemon.pid, "VmHWM") - before, PER_PROCESS,
                        "16 MiB were announced 40 times, and 9 bytes came")

    @staticmethod
    def answers(session):
        local, upstream = session
        local.send(b"alive\n")
        return upstream.read_text() == b"alive"


if __name__ == "__main__":
    main()
