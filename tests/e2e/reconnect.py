# SPDX-License-Identifier: MIT
"""With reconnect.enabled the local program does not notice that its server went away and came back,
and no line is lost.

Scenario: connections that break before, while and after they open, in the middle of everything; local
programs that leave meanwhile; servers that stay away.
Method: a scripted server decides what it reads, which ping it answers, and when it disconnects.
Why: a lost line is worse than a line that comes twice, and a hole in the order worse than both.
"""
import threading

from kit.case import E2eCase, bridge, main
from kit.upstream import BINARY, PING, PONG, TEXT, frame

QUICK = {"enabled": True, "initial": "10ms", "max": "100ms", "confirm_interval": "50ms"}
UNCONFIRMED = {**QUICK, "confirm_interval": "1h"}


def read_texts(upstream, count):
    return [upstream.read_text() for _ in range(count)]


def read_without_pong(upstream):
    """The next text message; pings before it are left unanswered."""
    while (part := upstream.read_frame()).opcode == PING:
        pass
    assert part.opcode == TEXT, f"expected text, got {part}"
    return part.payload


class ReconnectCase(E2eCase):

    def bridge_that_reconnects(self, reconnect=None, **sections):
        return self.bridge_to_server(reconnect=reconnect or QUICK, **sections)

    def refuse(self, server, answer):
        upstream = server.accept()
        upstream.read_request()
        upstream.send(answer.encode("latin-1") + b"\r\nContent-Length: 0\r\n\r\n")
        upstream.close()


class Reconnect(ReconnectCase):

    def test_unconfirmed_lines_are_sent_again_after_on_open_and_before_new_ones(self):
        server, daemon = self.bridge_that_reconnects(upstream={"on_open": ["hello", "subscribe"]})
        local, upstream = self.session(server, daemon)
        local.send(b"one\ntwo\n")
        for line in (b"hello", b"subscribe", b"one", b"two"):
            self.assertEqual(read_without_pong(upstream), line)
        upstream.reset()
        daemon.wait_for_entry("upstream lost")
        local.send(b"three\n")
        upstream = server.open()
        self.assertEqual(read_texts(upstream, 5),
                         [b"hello", b"subscribe", b"one", b"two", b"three"])
        upstream.send_text("welcome")
        self.assertEqual(local.read_line(), b"welcome\n")
        local.shutdown_write()
        upstream.close_with(1000)
        self.assertEqual(local.read_all(), b"")
        entry = daemon.wait_for_session_end()
        self.assertEqual({key: entry[key] for key in ("reconnects", "replayed_lines", "lines_up",
                                                      "unsent_bytes_up", "level")},
                         {"reconnects": 1, "replayed_lines": 2, "lines_up": 7,
                          "unsent_bytes_up": 0, "level": "info"})
        self.assertEqual(len(daemon.problems("lost")), 1, "one entry for each loss")

    def test_confirmed_lines_are_not_sent_again(self):
        server, daemon = self.bridge_that_reconnects()
        local, upstream = self.session(server, daemon)
        local.send(b"old\n")
        self.confirm(local, upstream)
        local.send(b"new\n")
        self.assertEqual(read_without_pong(upstream), b"new")
        upstream.reset()
        self.assertEqual(server.open().read_text(), b"new")

    def test_connections_that_break_before_they_open_are_tried_again(self):
        server, daemon = self.bridge_that_reconnects()
        local = self.connect(daemon.address())
        local.send(b"patience\n")
        server.accept().reset()
        upstream = server.accept()
        upstream.read_request()
        upstream.reset()
        self.refuse(server, "HTTP/1.1 503 Service Unavailable")
        upstream = server.accept()
        upstream.read_request()
        upstream.send(b"HTTP/1.1 101 Swit")
        upstream.close()
        self.assertEqual(server.open().read_text(), b"patience")

    def test_connections_that_break_during_on_open_and_replay_start_all_over(self):
        lines = [b"line %d" % number for number in range(100)]
        server, daemon = self.bridge_that_reconnects(UNCONFIRMED, upstream={"on_open": ["a", "b"]})
        local, upstream = self.session(server, daemon)
        read_texts(upstream, 2)
        local.send(b"\n".join(lines) + b"\n")
        self.assertEqual(read_texts(upstream, 100), lines)
        upstream.reset()
        upstream = server.open()
        self.assertEqual(upstream.read_text(), b"a")
        upstream.reset()
        upstream = server.open()
        self.assertEqual(read_texts(upstream, 42), [b"a", b"b", *lines[:40]])
        upstream.reset()
        self.assertEqual(read_texts(server.open(), 102), [b"a", b"b", *lines])

    def test_a_part_of_a_message_is_discarded_and_counted(self):
        server, daemon = self.bridge_that_reconnects()
        local, upstream = self.session(server, daemon)
        upstream.send_text("whole")
        upstream.send(frame(TEXT, "torn", fin=False) + frame(0, "x" * 1000)[:500])
        self.assertEqual(local.read_line(), b"whole\n")
        upstream.reset()
        upstream = server.open()
        upstream.send_text("again")
        self.assertEqual(local.read_line(), b"again\n")
        upstream.close_with(1000)
        entry = daemon.wait_for_session_end()
        self.assertEqual((entry["partial_messages"], entry["lines_down"]), (1, 2))

    def test_messages_already_received_are_delivered_before_the_next_connection(self):
        server, daemon = self.bridge_that_reconnects(session={"buffer": "64KiB"})
        local, upstream = self.session(server, daemon, receive_buffer=65536)
        upstream.send(b"".join(frame(TEXT, f"{number:0100d}") for number in range(20000)))
        upstream.close()
        upstream = self.in_background(server.open)
        self.assertTrue(local.read_lines(20000) ==
                        [b"%0100d\n" % number for number in range(20000)])
        upstream.result().send_text("next")
        self.assertEqual(local.read_line(), b"next\n")

    def test_what_each_close_code_means(self):
        server, daemon = self.bridge_that_reconnects()
        for code in (1001, 1011, 1012, 1013, 1014):
            with self.subTest(code):
                local, upstream = self.session(server, daemon)
                local.send(b"kept\n")
                self.assertEqual(read_without_pong(upstream), b"kept")
                self.assertEqual(upstream.close_with(code).close_code, code)
                upstream = server.open()
                self.assertEqual(upstream.read_text(), b"kept")
                upstream.close_with(1000)
                self.assertEqual(local.read_until_end(), (b"", "eof"))
        for code, fate in ((1000, "eof"), (None, "eof"), (1002, "reset"), (1008, "reset"),
                           (3000, "reset"), (4999, "reset")):
            with self.subTest(code):
                local, upstream = self.session(server, daemon)
                upstream.close_with(code)
                self.assertEqual(local.read_until_end(), (b"", fate))
        self.assertFalse(server.has_connection(0.3))

    def test_a_full_replay_queue_pauses_the_program_until_a_pong(self):
        server, daemon = self.bridge_that_reconnects({**UNCONFIRMED, "replay": "64KiB"},
                                                     framing={"max_line": "8KiB"})
        local, upstream = self.session(server, daemon)
        sending = self.in_background(local.send, b"".join(b"%0999d\n" % n for n in range(20000)))
        size, pings = 0, []
        upstream.socket.settimeout(2)
        try:
            while True:
                part = upstream.read_frame()
                if part.opcode == PING:
                    pings.append(part)
                else:
                    self.assertEqual(int(part.payload), size // 999)
                    size += len(part.payload)
        except TimeoutError:
            pass
        self.assertLessEqual(size + 16 * (size // 999), 65536)
        self.assertGreater(size, 40000, "most of the queue is used")
        self.assertEqual(len(pings), 1, "one ping at a time")
        upstream.socket.settimeout(30)
        upstream.send(frame(PONG, pings[0].payload))
        for number in range(size // 999, 20000):
            self.assertEqual(int(upstream.read_text()), number)
        sending.result()

    def test_a_read_in_mode_raw_stays_one_message_however_full_the_replay_queue_is(self):
        server, daemon = self.bridge_that_reconnects(
            {**UNCONFIRMED, "replay": "64KiB"}, framing={"mode": "raw"})
        local, upstream = self.session(server, daemon)
        kept = []
        for number in range(60):
            read = b"%03d" % number * 1000
            local.send(read)
            if number == 21:  # 21 of 3,016 bytes fill the queue: this one waits
                self.assertTrue(kept)
                upstream.send(frame(PONG, kept.pop()))
            while (part := upstream.read_frame()).opcode == PING:
                if number < 21:
                    kept.append(part.payload)
                else:
                    upstream.send(frame(PONG, part.payload))
            self.assertEqual((part.opcode, part.payload == read), (BINARY, True), number)

    def test_a_slow_program_causes_no_false_ping_timeout(self):
        server, daemon = self.bridge_that_reconnects(
            upstream={"ping_interval": "100ms", "ping_timeout": "1s"},
            session={"buffer": "64KiB"})
        local, upstream = self.session(server, daemon, receive_buffer=65536)
        turn = threading.Lock()  # of the two threads that write

        def answer():
            while (part := upstream.read_frame()).opcode == PING:
                with turn:  # behind the data, as the pongs of every server are
                    upstream.send(frame(PONG, part.payload))
            return part.payload

        def talk():
            for number in range(8000):
                with turn:
                    upstream.send_text(b"%0999d" % number)
        local.send(b"unconfirmed\n")
        self.assertEqual(read_without_pong(upstream), b"unconfirmed")
        answering, talking = self.in_background(answer), self.in_background(talk)
        for first in (0, 4000):
            local.delay(2.5)  # longer than ping_interval and ping_timeout
            self.assertTrue(local.read_lines(4000) ==
                            [b"%0999d\n" % number for number in range(first, first + 4000)])
        talking.result()
        local.send(b"end\n")
        self.assertEqual(answering.result(), b"end")
        self.assertEqual(daemon.problems(), [])


class LocalEndsMeanwhile(ReconnectCase):

    def test_lines_of_a_program_that_ended_while_the_server_was_away_are_delivered(self):
        server, daemon = self.bridge_that_reconnects()
        local, upstream = self.session(server, daemon)
        local.send(b"kept\n")
        self.assertEqual(read_without_pong(upstream), b"kept")
        upstream.reset()
        local.send(b"written while it was away\nand without delimiter")
        local.shutdown_write()
        upstream = server.open()
        self.assertEqual(read_texts(upstream, 3), [b"kept", b"written while it was away",
                                                   b"and without delimiter"])
        upstream.send_text("reply")
        upstream.close_with(1000)
        self.assertEqual(local.read_all(), b"reply\n")

    def test_lines_of_a_unix_program_that_hung_up_are_delivered(self):
        server = self.server()
        daemon = self.start(bridge(server.url(), listen=f"unix:{self.path('l')}", reconnect=QUICK))
        local, upstream = self.session(server, daemon)
        local.send(b"kept\n")
        self.assertEqual(read_without_pong(upstream), b"kept")
        upstream.reset()
        local.send(b"last words\npart")
        local.close()
        upstream = server.open()
        self.assertEqual(read_texts(upstream, 3), [b"kept", b"last words", b"part"])
        self.assertEqual(upstream.finish().close_code, 1000)
        entry = daemon.wait_for_session_end()
        self.assertEqual((entry["level"], entry["unsent_bytes_up"], entry["unconfirmed_lines"]),
                         ("info", 0, 0))

    def test_a_connection_that_breaks_within_the_closing_handshake_delivers_again(self):
        server, daemon = self.bridge_that_reconnects(UNCONFIRMED)
        local, upstream = self.session(server, daemon)
        local.send(b"precious\n")
        self.assertEqual(upstream.read_text(), b"precious")
        local.reset()
        self.assertEqual(upstream.read_close().close_code, 1000)
        upstream.reset()
        upstream = server.open()
        self.assertEqual(upstream.read_text(), b"precious")
        self.assertEqual(upstream.finish().close_code, 1000)
        self.assertEqual(daemon.wait_for_session_end()["unconfirmed_lines"], 0)

    def test_a_program_that_leaves_with_nothing_unconfirmed_ends_at_once(self):
        server, daemon = self.bridge_that_reconnects()
        local, upstream = self.session(server, daemon)
        local.send(b"line\n")
        self.confirm(local, upstream)
        server.socket.close()
        upstream.reset()
        daemon.wait_for_entry("upstream lost")
        local.reset()
        entry = daemon.wait_for_session_end(seconds=10)
        self.assertEqual((entry["by"], entry["unsent_bytes_up"]), ("local", 0))

    def test_drain_timeout_bounds_the_reconnecting_after_local_eof(self):
        server, daemon = self.bridge_that_reconnects(UNCONFIRMED, session={"drain_timeout": "500ms"})
        local, upstream = self.session(server, daemon)
        local.send(b"nobody takes this\n")
        self.assertEqual(upstream.read_text(), b"nobody takes this")
        server.socket.close()
        upstream.reset()
        daemon.wait_for_entry("upstream lost")
        local.send(b"nor that\n")
        local.shutdown_write()
        self.assertEqual(local.read_until_end(), (b"", "reset"))
        entry = daemon.wait_for_session_end()
        self.assertEqual((entry["unconfirmed_lines"], entry["unsent_bytes_up"], entry["level"]),
                         (1, 17 + 9, "warn"))
        self.assertIn("drain_timeout", entry["cause"])

    def test_a_stop_gives_up_what_is_not_confirmed_and_says_so(self):
        server, daemon = self.bridge_that_reconnects(UNCONFIRMED)
        local, upstream = self.session(server, daemon)
        local.send(b"nobody takes this\n")
        self.assertEqual(upstream.read_text(), b"nobody takes this")
        server.socket.close()
        upstream.reset()
        daemon.wait_for_entry("upstream lost")
        daemon.signal()
        self.assertEqual(daemon.wait(), 1)
        self.assertEqual(daemon.session_ends()[0]["unsent_bytes_up"], 17)


class ServersThatStayAway(ReconnectCase):

    def test_max_elapsed_ends_an_outage(self):
        server, daemon = self.bridge_that_reconnects({**QUICK, "max_elapsed": "400ms"})
        local, upstream = self.session(server, daemon)
        server.socket.close()
        upstream.reset()
        self.assertEqual(local.read_until_end(), (b"", "reset"))
        entry = daemon.wait_for_session_end()
        self.assertIn("refused", entry["cause"])
        self.assertIn("max_elapsed", entry["cause"])
        self.assertEqual(len(daemon.problems("upstream lost")), 1, "one entry, however often")

    def test_a_permanent_failure_ends_the_session(self):
        server, daemon = self.bridge_that_reconnects()
        local, upstream = self.session(server, daemon)
        upstream.reset()
        self.refuse(server, "HTTP/1.1 404 Not Found")
        self.assertEqual(local.read_until_end(), (b"", "reset"))
        self.assertIn("404", daemon.wait_for_session_end()["cause"])

    def test_retry_after_is_honoured(self):
        server, daemon = self.bridge_that_reconnects()
        local = self.connect(daemon.address())
        self.refuse(server, "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1")
        self.assertFalse(server.has_connection(0.6))
        server.open().send_text("now")
        self.assertEqual(local.read_line(), b"now\n")

    def test_a_refusal_with_new_credentials_is_tried_again_once(self):
        jar = self.path("cookies.txt")

        def bake(value):
            with open(jar, "w", encoding="ascii") as file:
                file.write(f"127.0.0.1\tFALSE\t/\tFALSE\t0\ttoken\t{value}\n")
        bake("old")
        server, daemon = self.bridge_that_reconnects(upstream={"cookie_jar": jar})
        local = self.connect(daemon.address())
        upstream = server.accept()
        self.assertEqual(upstream.read_request().get("Cookie"), "token=old")
        bake("brand-new")
        upstream.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        upstream = server.accept()
        self.assertEqual(upstream.read_request().get("Cookie"), "token=brand-new")
        upstream.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        self.assertEqual(local.read_until_end(), (b"", "reset"))
        self.assertFalse(server.has_connection(0.3))


if __name__ == "__main__":
    main()
