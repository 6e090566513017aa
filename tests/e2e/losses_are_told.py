# SPDX-License-Identifier: MIT
"""Nothing is lost silently: what a slow side delays still arrives, and what cannot is counted.

Scenario: one side stops reading for a while, or for good, around the end of a session; lines and
messages that a limit or a policy refuses.
Method: scripted servers and programs that pause; the counters of the session's log entry.
Why: an end is where bridges lose bytes, and a log that says 0 then is worse than none.
"""
from kit.case import E2eCase, bridge, main
from kit.upstream import TEXT, close_frame, frame

MIB = 1 << 20
LINE = b"x" * 999 + b"\n"


class LossesAreTold(E2eCase):

    def listen_on_unix(self, **sections):
        server = self.server()
        return server, self.start(bridge(server.url(), listen=f"unix:{self.path('l')}", **sections))

    def ended(self, daemon, **expected):
        """The entry of the only session, which holds these values."""
        entry = daemon.wait_for_session_end()
        self.assertEqual({key: entry[key] for key in expected}, expected)
        return entry

    def test_a_slow_server_gets_every_line_of_a_program_that_hung_up(self):
        server, daemon = self.listen_on_unix(session={"buffer": "4MiB"})
        local, upstream = self.session(server, daemon)
        local.send(LINE * 6000)
        local.close()
        upstream.delay(12)  # longer than the limits for a peer that has nothing left to get
        for _ in range(6000):
            self.assertEqual(upstream.read_text(), LINE[:-1])
        self.assertEqual(upstream.finish().close_code, 1000)
        self.ended(daemon, lines_up=6000, unsent_bytes_up=0, level="info")

    def test_a_server_that_closes_and_reads_no_more_leaves_a_count(self):
        server, daemon = self.bridge_to_server(session={"buffer": "8MiB"})
        local, upstream = self.session(server, daemon)
        local.send(LINE * 6000)
        upstream.send(close_frame(1000))
        self.assertEqual(local.read_all(), b"")
        entry = self.ended(daemon, close_code=1000, level="warn")
        self.assertGreater(entry["unsent_bytes_up"], 0)

    def test_a_program_that_reads_slowly_gets_every_reply(self):
        server, daemon = self.bridge_to_server(session={"drain_timeout": "300ms"})
        local, upstream = self.session(server, daemon, receive_buffer=65536)
        local.send(b"subscribe\n")
        self.assertEqual(upstream.read_text(), b"subscribe")
        local.shutdown_write()
        sending = self.in_background(lambda: [upstream.send_text(LINE[:-1]) for _ in range(20000)])
        upstream.delay(2)  # the program's slowness is no silence of the server's
        self.assertTrue(local.read_lines(20000) == [LINE] * 20000)
        sending.result()
        self.assertEqual(upstream.finish().close_code, 1000)
        self.ended(daemon, lines_down=20000, unsent_bytes_down=0, level="info")

    def test_drain_timeout_does_not_cut_what_the_server_sent_before_its_end(self):
        server, daemon = self.bridge_to_server(session={"drain_timeout": "0s", "buffer": "8MiB"})
        local, upstream = self.session(server, daemon, receive_buffer=65536)
        upstream.send(b"".join([b"\x81\x7e\x03\xe7" + LINE[:-1]] * 6000) + close_frame(1000))
        upstream.delay(2)
        self.assertTrue(local.read_all() == LINE * 6000)
        self.ended(daemon, lines_down=6000, unsent_bytes_down=0)

    def test_a_reset_counts_what_it_destroys(self):
        server, daemon = self.bridge_to_server()
        local, upstream = self.session(server, daemon, receive_buffer=65536)
        upstream.send(b"".join([b"\x81\x7e\x03\xe7" + LINE[:-1]] * 300) + close_frame(4000))
        entry = self.ended(daemon, lines_down=300)  # after 5 s, as nobody reads
        self.assertEqual(local.read_until_end()[1], "reset")
        self.assertGreater(entry["unsent_bytes_down"], 0)

    def test_a_refused_line_and_what_came_with_it_are_counted(self):
        server, daemon = self.bridge_to_server(framing={"max_line": 10})
        local, upstream = self.session(server, daemon)
        local.send(b"good\n" + b"x" * 11 + b"\nrest\n")
        self.assertEqual(upstream.read_text(), b"good")
        self.assertEqual(upstream.finish().close_code, 1009)
        self.ended(daemon, lines_up=1, dropped_lines_up=1, dropped_reason="max_line",
                   discarded_bytes=len(b"rest\n"))

    def test_a_refused_message_is_counted(self):
        server, daemon = self.bridge_to_server(framing={"max_message": 10})
        local, upstream = self.session(server, daemon)
        upstream.send_text("x" * 11)
        self.assertEqual(upstream.read_close().close_code, 1009)
        self.ended(daemon, dropped_lines_down=1, dropped_reason="max_message")

    def test_a_refused_message_among_many_of_one_read_drops_those_behind_it(self):
        server, daemon = self.bridge_to_server(framing={"embedded_delimiter": "reject"})
        local, upstream = self.session(server, daemon)
        good = frame(TEXT, "good")
        upstream.send(good * 70 + frame(TEXT, "a\nb") + good * 59)
        self.assertEqual(upstream.read_close().close_code, 1008)
        upstream.send(close_frame(1008))
        upstream.close()
        self.assertEqual(local.read_until_end(), (b"good\n" * 70, "reset"))
        self.ended(daemon, lines_down=70, dropped_lines_down=60,
                   dropped_reason="embedded_delimiter")

    def test_a_dropped_partial_line_is_counted_and_no_failure(self):
        server, daemon = self.bridge_to_server(framing={"final_partial_line": "drop"},
                                               session={"on_local_eof": "close"})
        local, upstream = self.session(server, daemon)
        local.send(b"whole\npart")
        local.shutdown_write()
        self.assertEqual(upstream.read_text(), b"whole")
        self.assertEqual(upstream.finish().close_code, 1000)
        self.ended(daemon, lines_up=1, dropped_lines_up=1, dropped_reason="final_partial_line",
                   level="info")

    def test_a_partial_line_before_a_reset_is_counted_once(self):
        server, daemon = self.bridge_to_server()
        local, upstream = self.session(server, daemon)
        local.send(b"one\npart")
        self.assertEqual(upstream.read_text(), b"one")
        local.reset()
        self.assertEqual(upstream.finish().close_code, 1000)
        self.ended(daemon, lines_up=1, unsent_bytes_up=len(b"part"))

    def test_a_line_that_replacing_makes_longer_is_sent_whole(self):
        server, daemon = self.bridge_to_server(
            framing={"invalid_utf8": "replace", "max_line": "8MiB", "max_message": "32MiB"})
        local, upstream = self.session(server, daemon)
        sending = self.in_background(local.send, b"a\n" + b"\xff" * (8 * MIB) + b"\nb\n")
        self.assertEqual(upstream.read_text(), b"a")
        self.assertEqual(upstream.read_text(), "\ufffd".encode() * (8 * MIB))
        self.assertEqual(upstream.read_text(), b"b")
        sending.result()

    def test_a_unix_program_that_half_closed_early_gets_its_replies(self):
        server, daemon = self.listen_on_unix(upstream={"on_open": ["subscribe"]})
        local = self.connect(daemon.address())
        local.shutdown_write()
        upstream = server.accept()
        upstream.read_request()
        upstream.delay(0.3)
        upstream.answer()
        self.assertEqual(upstream.read_text(), b"subscribe")
        upstream.send_text("reply")
        self.assertEqual(upstream.close_with(1000).close_code, 1000)
        self.assertEqual(local.read_all(), b"reply\n")

    def test_lines_discarded_at_the_stop_make_the_status_1(self):
        server = self.server()
        daemon = self.start(bridge(server.url()),
                            shutdown={"drain_timeout": "300ms", "quiet": "200ms"})
        local, upstream = self.session(server, daemon)
        local.send(b"first\n")
        self.assertEqual(upstream.read_text(), b"first")

        def chatter():
            try:
                while True:
                    local.send(b"again\n" * 100)
            except OSError:
                pass
        sending = self.in_background(chatter)
        drained = self.in_background(upstream.read_end)
        daemon.signal()
        self.assertEqual(daemon.wait(), 1, "what the program still wrote was discarded")
        sending.result()
        drained.result()
        self.assertGreater(daemon.session_ends()[0]["discarded_bytes"], 0)


if __name__ == "__main__":
    main()
