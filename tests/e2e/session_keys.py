# SPDX-License-Identifier: MIT
"""session.open, idle_timeout and error_line.

Scenario: port probes, programs that fall silent, upstreams that fail in every way.
Method: both sides are played by the test.
Why: a probe must cost the server nothing, a forgotten connection must end, and a program that
     speaks lines must be told in a line why it is cut.
"""
import socket
import time

from kit.case import E2eCase, bridge, main
from kit.upstream import PING, frame
from kit.waiting import deadline


class FirstByte(E2eCase):

    def setUp(self):
        super().setUp()
        self.upstream_server = self.server()

    def start_waiting(self, listen="127.0.0.1:0", **session):
        return self.start(bridge(self.upstream_server.url(), listen=listen,
                                 session={"open": "first_byte", **session}))

    def test_the_upstream_is_dialled_when_the_first_byte_comes(self):
        daemon = self.start_waiting()
        local = self.connect(daemon.address())
        self.assertFalse(self.upstream_server.has_connection(0.3))
        local.send(b"h")
        upstream = self.upstream_server.open()
        local.send(b"ello\nworld\n")
        self.assertEqual([upstream.read_text(), upstream.read_text()], [b"hello", b"world"])
        upstream.send_text(b"reply")
        self.assertEqual(local.read_line(), b"reply\n")

    def test_a_probe_costs_no_dial(self):
        for listen in ("127.0.0.1:0", f"unix:{self.path('p.sock')}"):
            daemon = self.start_waiting(listen)
            for leave in ("close", "half-close", "reset"):
                with self.subTest((listen, leave)):
                    before = len(daemon.session_ends())
                    local = self.connect(daemon.address())
                    if leave == "half-close":
                        local.shutdown_write()
                        self.assertEqual(local.read_until_end(), (b"", "eof"))
                    elif leave == "reset" and not listen.startswith("unix"):
                        local.reset()
                    else:
                        local.close()
                    end = daemon.wait_for_session_end(count=before + 1)
                    self.assertEqual((end["level"], end["by"]), ("info", "local"), end)
            self.assertFalse(self.upstream_server.has_connection(0.1))
            daemon.stop()

    def test_a_stop_does_not_wait_for_the_first_byte(self):
        daemon = self.start_waiting()
        local = self.connect(daemon.address())
        local.is_silent(0.1)
        daemon.signal()
        self.assertEqual(local.read_until_end(), (b"", "eof"))
        local.close()
        self.assertEqual(daemon.wait(), 0)

    def test_silence_before_the_first_byte_is_idle(self):
        daemon = self.start_waiting(idle_timeout="300ms")
        local = self.connect(daemon.address())
        self.assertEqual(local.read_until_end(), (b"", "eof"))
        local.close()
        self.assertIn("idle_timeout", daemon.wait_for_session_end()["cause"])
        self.assertFalse(self.upstream_server.has_connection(0.1))


class IdleTimeout(E2eCase):

    def test_silence_ends_the_session_as_an_end(self):
        server, daemon = self.bridge_to_server(session={"idle_timeout": "300ms"})
        local, upstream = self.session(server, daemon)
        local.send(b"line\n")
        upstream.read_text()
        self.assertEqual(upstream.finish().close_code, 1000)
        self.assertEqual(local.read_until_end(), (b"", "eof"))
        local.close()
        end = daemon.wait_for_session_end()
        self.assertEqual((end["level"], end["by"], end["close_code"]), ("info", "bridge", 1000))
        self.assertIn("idle_timeout (300 ms)", end["cause"])

    def test_lines_and_messages_keep_it_alive_and_pings_do_not(self):
        server, daemon = self.bridge_to_server(session={"idle_timeout": "3s"})
        local, upstream = self.session(server, daemon)
        start = time.monotonic()
        while time.monotonic() - start < 4.5:
            local.send(b"up\n")
            self.assertEqual(upstream.read_text(), b"up")
            local.delay(0.4)
            upstream.send_text(b"down")
            self.assertEqual(local.read_line(), b"down\n")
        silent_since = time.monotonic()
        while local.is_silent(0.1):
            upstream.send(frame(PING))
            self.assertLess(time.monotonic() - silent_since, deadline(), "pings are no messages")
        self.assertEqual(local.read_until_end(), (b"", "eof"))


class ErrorLine(E2eCase):
    ERROR = {"error_line": "ERR {reason}"}

    def refused_port(self):
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            return holder.getsockname()[1]

    def test_a_failed_dial_is_told_in_a_line(self):
        daemon = self.start(bridge(f"ws://127.0.0.1:{self.refused_port()}/", session=self.ERROR))
        local = self.connect(daemon.address())
        self.assertEqual(local.read_until_end(), (b"ERR upstream not reachable\n", "reset"))

    def test_it_ends_with_the_delimiter_and_raw_mode_adds_nothing(self):
        url = f"ws://127.0.0.1:{self.refused_port()}/"
        session = {**self.ERROR, "on_upstream_error": "close"}
        for framing, expected in (({"delimiter": "\r\n"}, b"ERR upstream not reachable\r\n"),
                                  ({"mode": "raw"}, b"ERR upstream not reachable")):
            daemon = self.start(bridge(url, session=session, framing=framing))
            local = self.connect(daemon.address())
            self.assertEqual(local.read_until_end(), (expected, "eof"))
            daemon.stop()

    def test_nothing_of_the_server_s_words_is_in_it(self):
        server, daemon = self.bridge_to_server(session=self.ERROR)
        local, upstream = self.session(server, daemon)
        upstream.send_text(b"message")
        upstream.close_with(1011, b"evil\nPRIVMSG")
        self.assertEqual(local.read_until_end(),
                         (b"message\nERR upstream closed with an error\n", "reset"))
        local = self.connect(daemon.address())
        upstream = server.accept()
        upstream.read_request()
        upstream.send(b"HTTP/1.1 403 evil\r\nContent-Length: 4\r\n\r\nevil")
        self.assertEqual(local.read_until_end(),
                         (b"ERR upstream refused the connection\n", "reset"))

    def test_our_own_limits_are_told_and_an_end_is_not(self):
        server = self.server()
        daemon = self.start(bridge(server.url(), session=self.ERROR, framing={"max_line": 10}))
        local, upstream = self.session(server, daemon)
        local.send(b"x" * 11 + b"\n")
        self.assertEqual(upstream.finish().close_code, 1009)
        self.assertEqual(local.read_until_end(), (b"ERR line too long\n", "reset"))
        local, upstream = self.session(server, daemon)
        upstream.close_with(1000)
        self.assertEqual(local.read_until_end(), (b"", "eof"))

    def test_one_that_holds_the_delimiter_is_an_error_of_the_configuration(self):
        for delimiter, line in (("\n", "a\\nb"), (" ", "{reason}")):
            config = self.path("wrong.yaml")
            with open(config, "w", encoding="utf-8") as file:
                file.write("bridges:\n- name: main\n  listen: 127.0.0.1:7001\n"
                           "  upstream: {url: ws://localhost/}\n"
                           f"  framing: {{delimiter: {delimiter!r}, embedded_delimiter: keep}}\n"
                           .replace("'\\n'", '"\\n"') +
                           f"  session: {{error_line: \"{line}\"}}\n")
            status, _, err = self.run_to_end("check", "-c", config)
            self.assertEqual(status, 2)
            self.assertIn(":6:25: error_line: holds the delimiter", err)


if __name__ == "__main__":
    main()
