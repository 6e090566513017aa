# SPDX-License-Identifier: MIT
"""200 sessions with traffic both ways over 20 reloads and 5 restarts: no line lost, none doubled.

Scenario: programs send lines, wait for the answers and pause now and then; the daemon is reloaded
and restarted on a socket that systemd keeps. A program that is told the end sends what was not
answered again on its next connection.
Method: the server writes down each line that it gets, and answers it before it answers a Close; the
programs write down each answer.
Why: an operator's everyday business must cost nobody a line.
"""
import signal
import socket
import threading

from kit.case import E2eCase, bridge, main
from kit.daemon import write_config
from kit.service import listening, passing
from kit.talkers import EchoServer, Talker, talk
from kit.waiting import wait_until

SESSIONS, RELOADS, RESTARTS = 200, 20, 5


class LifeCycleUnderLoad(E2eCase):

    def configure(self, server, variant):
        """Each variant differs, so that every reload replaces the bridge."""
        listeners = ["systemd:lines"] + ([f"unix:{self.path('second.sock')}"] if variant % 2 else [])
        return write_config(self.directory, {
            "log": {"format": "json", "level": "info"},
            "shutdown": {"drain_timeout": "30s", "quiet": "100ms"},
            "bridges": [bridge(server.url(), listen=listeners,
                               upstream={"headers": {"X-Variant": str(variant)}})]})

    def launch_on(self, held, variant):
        path = self.configure(self.echo.server, variant)
        daemon = self.launch("run", "-c", path, **passing(("lines", held)))
        daemon.wait_ready(1)
        return daemon

    def reload(self, daemon, variant):
        self.configure(self.echo.server, variant)
        known = len(daemon.entries("configuration reloaded"))
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: len(daemon.entries("configuration reloaded")) > known, "reloaded", 30)

    def test_reloads_and_restarts(self):
        self.echo = EchoServer()
        self.addCleanup(self.echo.close)
        held = listening(socket.AF_UNIX, self.path("lines.sock"), backlog=1024)
        self.addCleanup(held.close)
        talkers = [Talker(number, self.path("lines.sock")) for number in range(SESSIONS)]
        is_over = threading.Event()
        daemon = self.launch_on(held, 0)
        talking = self.in_background(talk, talkers, is_over)
        wait_until(lambda: all(one.answered for one in talkers), "everybody talks", 60)
        variant, entries = 0, []
        for _ in range(RESTARTS):
            for _ in range(RELOADS // RESTARTS):
                variant += 1
                before = sum(one.sent for one in talkers)
                self.reload(daemon, variant)
                wait_until(lambda before=before: sum(one.sent for one in talkers) > before + SESSIONS,
                           "traffic goes on")
            self.assertEqual(daemon.session_ends(), [], "no reload ended a session")
            daemon.signal(signal.SIGTERM)
            daemon.wait(60)
            entries += daemon.session_ends()
            daemon = self.launch_on(held, variant)
        wait_until(lambda: all(one.connections > RESTARTS for one in talkers), "all are back", 60)
        is_over.set()
        talking.result(60)
        self.check(talkers, entries)

    def check(self, talkers, entries):
        sent = self.echo.check(self, talkers)
        again = sum(one.bytes_sent_again for one in talkers)
        print(f"{sent} lines, {sum(one.connections for one in talkers)} sessions, {again} bytes were "
              "sent again after an end")
        self.assertEqual(sum(entry["unsent_bytes_up"] + entry["unsent_bytes_down"]
                             for entry in entries), 0)
        self.assertEqual(sum(entry["discarded_bytes"] for entry in entries), again,
                         "what came after an end is counted to the byte")


if __name__ == "__main__":
    main()
