# SPDX-License-Identifier: MIT
"""SIGTERM and SIGINT drain: busy sessions finish, idle ones are told, the exit status says if all
was delivered.

Scenario: sessions that are idle, busy, stuck or never quiet when the signal comes; a second signal.
Method: a scripted server keeps a session busy and reads the close code.
Why: a restart of the daemon must not lose a line, and must not take for ever either.
"""
import signal

from kit.case import E2eCase, bridge, main
from kit.local import Local
from kit.process import is_stopped
from kit.waiting import wait_until

LONG = "60s"


class Shutdown(E2eCase):

    def start_draining_with(self, drain_timeout, quiet, **sections):
        """A daemon, a local connection and its upstream."""
        server = self.server()
        daemon = self.start(bridge(server.url(), **sections),
                            shutdown={"drain_timeout": drain_timeout, "quiet": quiet})
        return daemon, *self.session(server, daemon)

    def test_without_sessions_it_stops_at_once_with_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                server = self.server()
                daemon = self.start(bridge(server.url()),
                                    shutdown={"drain_timeout": LONG, "quiet": "30s"})
                daemon.signal(number)
                self.assertEqual(daemon.wait(), 0, "nothing to drain")

    def test_a_quiet_session_ends_with_1001_upstream_and_fin_locally(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                daemon, local, upstream = self.start_draining_with(LONG, "200ms")
                local.send(b"before the signal\n")
                self.assertEqual(upstream.read_text(), b"before the signal")
                daemon.signal(number)
                self.assertEqual(upstream.finish().close_code, 1001, "going away (RFC 6455 7.4.1)")
                self.assertEqual(local.read_until_end(), (b"", "eof"), "a stop is no error")
                local.close()
                self.assertEqual(daemon.wait(), 0)

    def test_a_busy_session_is_relayed_until_it_is_quiet(self):
        daemon, local, upstream = self.start_draining_with(LONG, "1s")
        daemon.signal()
        daemon.wait_for_entry("draining")
        for number in range(6):  # 1.8 s in all: longer than quiet, each pause is shorter
            upstream.delay(0.3)
            upstream.send_text(f"down {number}")
            self.assertEqual(local.read_line(), b"down %d\n" % number)
            local.send(b"up %d\n" % number)
            self.assertEqual(upstream.read_text(), b"up %d" % number)
        self.assertEqual(upstream.finish().close_code, 1001)
        self.assertEqual(local.read_until_end(), (b"", "eof"))
        local.close()
        self.assertEqual(daemon.wait(), 0)

    def test_nobody_is_accepted_while_draining(self):
        path = self.path("drain.sock")
        for listen in ("127.0.0.1:0", f"unix:{path}"):
            with self.subTest(listen):
                daemon, _, _ = self.start_draining_with("3s", "30s", listen=listen)
                address = daemon.address()
                daemon.signal()
                wait_until(lambda: self.is_refused(address), "connections are refused")
                daemon.signal()
                self.assertEqual(daemon.wait(), 0)

    def test_who_was_connected_before_the_signal_is_served(self):
        server, path = self.server(), self.path("queue.sock")
        tcp = {"address": "127.0.0.1:0", "backlog": 1024}  # and more than are accepted in a turn
        daemon = self.start(bridge(server.url(), listen=[tcp, f"unix:{path}"]),
                            bridge(server.url(), "proxied", listen={
                                "address": "127.0.0.1:0",
                                "proxy_protocol": {"from": ["127.0.0.0/8"]}}),
                            shutdown={"drain_timeout": LONG, "quiet": "1s"})
        daemon.signal(signal.SIGSTOP)
        wait_until(lambda: is_stopped(daemon.pid), "it has stopped")
        addresses = [*[daemon.address()] * 200, *[f"unix:{path}"] * 20, daemon.address("proxied")]
        waiting = [self.connect(address) for address in addresses]
        for number, local in enumerate(waiting):
            header = b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" if local is waiting[-1] else b""
            local.send(header + b"line %d\n" % number)
        daemon.signal(signal.SIGTERM)
        daemon.signal(signal.SIGCONT)
        lines = {server.open().read_text() for _ in waiting}
        self.assertEqual(lines, {b"line %d" % number for number in range(len(waiting))})
        for local in waiting:
            self.assertEqual(local.read_until_end(), (b"", "eof"))
            local.close()
        self.assertEqual(daemon.wait(), 0)

    def test_who_waits_for_a_full_bridge_is_counted(self):
        server = self.server()
        daemon = self.start(bridge(server.url(), session={"max_connections": 1}))
        self.session(server, daemon)
        daemon.wait_for_entry("limit reached")
        waiting = [self.connect(daemon.address()) for _ in range(3)]
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait_for_entry("turned away")["connections"], len(waiting))

    @staticmethod
    def is_refused(address):
        try:
            Local(address).close()
        except (ConnectionRefusedError, FileNotFoundError):
            return True
        except ConnectionResetError:  # it was in the accept queue that was just closed: ask again
            return False
        return False

    def test_after_drain_timeout_the_rest_is_closed(self):
        daemon, local, upstream = self.start_draining_with("1s", "10s")
        local.send(b"sent before\n")
        self.assertEqual(upstream.read_text(), b"sent before")
        daemon.signal()
        self.assertEqual(upstream.finish().close_code, 1001)
        self.assertEqual(local.read_until_end(), (b"", "eof"))
        local.close()
        self.assertEqual(daemon.wait(), 0, "nothing was discarded: a clean stop")

    def fill_local(self, upstream):
        """Sends until nobody takes anything any more."""
        upstream.socket.settimeout(1)
        try:
            while True:
                upstream.send_text("x" * 10000)
        except OSError:
            pass

    def test_bytes_discarded_at_the_stop_make_the_status_1(self):
        daemon, _, upstream = self.start_draining_with("500ms", "50ms")
        self.fill_local(upstream)  # the local program reads nothing
        daemon.signal()
        self.assertEqual(daemon.wait(), 1, "bytes were discarded")
        self.assertGreater(daemon.session_ends()[0]["unsent_bytes_down"], 0, "and counted")

    def test_a_second_signal_ends_at_once(self):
        for first, second in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGTERM, signal.SIGINT)):
            with self.subTest(first=first, second=second):
                daemon, local, upstream = self.start_draining_with(LONG, "30s")
                self.fill_local(upstream)
                daemon.signal(first)
                daemon.wait_for_entry("draining")
                daemon.signal(second)
                self.assertEqual(daemon.wait(5), 1, "at once, and bytes were discarded")
                self.assertEqual(daemon.session_ends()[0]["close_code"], 1006, "it was open")
                local.close()

    def test_further_signals_change_nothing(self):
        daemon, local, upstream = self.start_draining_with(LONG, "30s")
        self.fill_local(upstream)
        daemon.signal()
        daemon.wait_for_entry("draining")
        while daemon.is_running():
            daemon.signal()
        self.assertEqual(daemon.wait(5), 1, "the status of the second; no signal killed it")
        local.close()

    def test_a_dial_in_progress_does_not_hold_the_stop(self):
        server = self.server()
        daemon = self.start(bridge(server.url()),
                            shutdown={"drain_timeout": "500ms", "quiet": "50ms"})
        self.connect(daemon.address())
        server.accept().read_request()  # and never answers
        daemon.signal()
        self.assertEqual(daemon.wait(), 0)


if __name__ == "__main__":
    main()
