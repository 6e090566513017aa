# SPDX-License-Identifier: MIT
"""Servers that are down: the others of `urls` take over, and nobody hammers them.

Scenario: servers that take a connection and drop it, each dial counted; programs that connect again
at once, in a tight loop, several at a time.
Method: the times of the dials, seen at the server. ./dev survive also waits until a URL has rested.
Why: a crash loop of a local program must not become an attack on the server, or on its logs.
"""
import threading
import time

from kit.case import E2eCase, bridge, main
from kit.survival import BINARY, IS_FULL_SIZE
from kit.upstream import RawServer
from kit.waiting import deadline, wait_until

REST = 30.0  # seconds that a URL which failed is not the first choice


class Dialled:
    """A server in a thread of its own: opens sessions and echoes nothing, or drops every dial."""

    def __init__(self, is_alive):
        self.is_alive, self.dials, self.sessions = is_alive, [], []
        self.server = RawServer()
        self.server.socket.settimeout(None)
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                upstream = self.server.accept()
            except OSError:
                return  # closed, or nobody came for long
            self.dials.append(time.monotonic())
            if self.is_alive:
                self.sessions.append(upstream.open())
            else:
                upstream.close()

    def url(self):
        return self.server.url()

    def close(self):
        self.server.socket.shutdown(2)  # wakes the accept
        self.server.close()
        self.thread.join(deadline())
        for session in self.sessions:
            session.close()


class DeadUpstreams(E2eCase):

    def dialled(self, is_alive):
        server = Dialled(is_alive)
        self.addCleanup(server.close)
        return server

    def crash_loop(self, address, until):
        """Connects, says something, is sent away, connects again."""
        while time.monotonic() < until:
            local = self.connect(address)
            local.socket.settimeout(deadline())
            try:
                local.send(b"hello\n")
                while local.socket.recv(1000):
                    pass
            except OSError:
                pass  # that is how it is sent away
            local.close()

    def test_crash_loop_costs_one_dial_per_5_seconds(self):
        server = self.dialled(is_alive=False)
        daemon = self.start(bridge(server.url()), binary=BINARY)
        until = time.monotonic() + 18  # three free ones, 0.1 to 3.2 s between the next, then 5 s
        loops = [self.in_background(self.crash_loop, daemon.address(), until) for _ in range(4)]
        for loop in loops:
            loop.result(60)
        gaps = [after - before for before, after in zip(server.dials, server.dials[1:])]
        print(f"{len(server.dials)} dials, {len(daemon.session_ends())} sessions; between them "
              f"{[round(gap, 2) for gap in gaps]} s")
        self.assertLessEqual(len(server.dials), 16)
        self.assertGreaterEqual(len(server.dials), 9)
        self.assertGreater(min(gaps[-2:]), 4.9, "in the end one dial in 5 s")

        server.is_alive = True
        local = self.connect(daemon.address())
        wait_until(lambda: server.sessions, "the server is found when it is back")
        local.send(b"again\n")
        self.assertEqual(server.sessions[0].read_text(), b"again")

    def start_two(self, first_alive, second_alive):
        first, second = self.dialled(first_alive), self.dialled(second_alive)
        main_bridge = bridge(None)
        main_bridge["upstream"] = {"urls": [first.url(), second.url()]}
        return first, second, self.start(main_bridge, binary=BINARY)

    def open_session(self, daemon, server):
        count = len(server.sessions)
        self.connect(daemon.address())
        wait_until(lambda: len(server.sessions) == count + 1, "an open session")

    def test_urls_are_tried_in_order_and_a_failed_one_rests(self):
        first, second, daemon = self.start_two(False, True)
        for _ in range(5):
            self.open_session(daemon, second)
        self.assertEqual(len(first.dials), 1, "the failed one is not asked again while it rests")
        first.is_alive = True
        if IS_FULL_SIZE:
            time.sleep(REST + 1)
            self.open_session(daemon, first)
        second.is_alive = False
        self.open_session(daemon, first)
        self.assertEqual(len(first.dials), 3 if IS_FULL_SIZE else 2,
                         "resting ones are still better than none")

    def test_the_first_is_preferred(self):
        first, second, daemon = self.start_two(True, True)
        for _ in range(3):
            self.open_session(daemon, first)
        self.assertEqual(second.dials, [])


if __name__ == "__main__":
    main()
