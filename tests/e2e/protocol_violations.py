# SPDX-License-Identifier: MIT
"""A server that breaks the WebSocket protocol ends its own session, and no other.

Scenario: masked, reserved, badly fragmented, oversized and cut frames, right after a good message.
Method: a scripted server sends the literal bytes and reads the close code that it gets for them.
Why: RFC 6455 tells for each violation how the connection is to fail; half a frame is no message.
"""
from kit.case import E2eCase, bridge, main
from kit.upstream import BINARY, CONTINUATION, PING, TEXT, close_frame, frame

MAX_MESSAGE = 70000
# what: (bytes, close code that the server must see)
VIOLATIONS = {
    "a masked frame (RFC 6455 5.1)": (frame(TEXT, "hello", masked=True), 1002),
    "reserved bit 1 without an extension (5.2)": (frame(TEXT, "hello", reserved=4), 1002),
    "reserved bit 2 (5.2)": (frame(TEXT, "hello", reserved=2), 1002),
    "reserved bit 3 (5.2)": (frame(TEXT, "hello", reserved=1), 1002),
    "reserved opcode 3 (5.2)": (frame(3, "hello"), 1002),
    "reserved opcode 11 (5.2)": (frame(11, "hello"), 1002),
    "a fragmented ping (5.5)": (frame(PING, "hello", fin=False), 1002),
    "a ping of 126 bytes (5.5)": (frame(PING, "x" * 126), 1002),
    "a continuation of nothing (5.4)": (frame(CONTINUATION, "hello"), 1002),
    "a new message inside another (5.4)": (frame(TEXT, "a", fin=False) + frame(BINARY, "b"), 1002),
    "a length not in its shortest form (5.2)": (b"\x81\x7e\x00\x05hello", 1002),
    "a length of 2^63 (5.2)": (b"\x82\x7f\x80\0\0\0\0\0\0\0", 1002),
    "a Close of one byte (5.5.1)": (b"\x88\x01\x03", 1002),
    "a Close with code 1005 (7.4.1)": (close_frame(1005), 1002),
    "a Close whose reason is not UTF-8 (5.5.1)": (close_frame(1000, b"\xff"), 1007),
    "text that is not UTF-8 (8.1)": (frame(TEXT, b"caf\xe9"), 1007),
    "text cut inside a character (8.1)": (frame(TEXT, b"\xe2\x82"), 1007),
    "a frame over max_message": (frame(TEXT, "x" * (MAX_MESSAGE + 1)), 1009),
    "fragments over max_message": (frame(TEXT, "x" * MAX_MESSAGE, fin=False)
                                   + frame(CONTINUATION, "x"), 1009),
    "a declared length of 2^62, with nothing behind it": (b"\x82\x7f\x40\0\0\0\0\0\0\0", 1009),
}


class ProtocolViolations(E2eCase):

    def setUp(self):
        super().setUp()
        framing = {"max_message": MAX_MESSAGE}
        self.upstream_server = self.server()
        self.daemon = self.start(bridge(self.upstream_server.url(), framing=framing))
        self.healthy = self.session(self.upstream_server, self.daemon)

    def check_healthy(self):
        local, upstream = self.healthy
        local.send(b"still\n")
        self.assertEqual(upstream.read_text(), b"still", "another session is untouched, upwards")
        upstream.send_text("here")
        self.assertEqual(local.read_line(), b"here\n", "another session is untouched, downwards")

    def check_one_problem(self, count):
        """One log line more, for the session that ended."""
        self.daemon.wait_for_session_end(count=count)
        problems = self.daemon.problems()
        self.assertEqual(len(problems), count, f"one log line for each: {problems[-2:]}")
        return problems[-1]

    def test_each_violation_fails_its_session_with_the_right_code(self):
        for number, (what, (data, code)) in enumerate(VIOLATIONS.items(), 1):
            with self.subTest(what):
                local, upstream = self.session(self.upstream_server, self.daemon)
                upstream.send(frame(TEXT, "good") + data)
                self.assertEqual(upstream.read_close().close_code, code, "the close code")
                upstream.close()
                self.assertEqual(local.read_until_end(), (b"good\n", "reset"),
                                 "what was whole before it arrives, then the reset")
                self.assertEqual(self.check_one_problem(number)["close_code"], code)
                self.check_healthy()

    def test_a_disconnect_inside_a_frame_delivers_no_part_of_it(self):
        cuts = {"inside a header": b"\x81\x7e\x01", "inside a payload": b"\x81\x05hel",
                "between fragments": frame(TEXT, "hel", fin=False)}
        for number, (what, data) in enumerate(cuts.items(), 1):
            with self.subTest(what):
                local, upstream = self.session(self.upstream_server, self.daemon)
                upstream.send(frame(TEXT, "good") + data)
                upstream.close()
                self.assertEqual(local.read_until_end(), (b"good\n", "reset"))
                self.check_one_problem(number)
                self.check_healthy()


class ClientFrames(E2eCase):

    def test_every_frame_of_ours_is_masked_with_a_fresh_key(self):
        server, daemon = self.bridge_to_server()
        local, upstream = self.session(server, daemon)
        local.send(b"x\n" * 100)
        keys = set()
        for _ in range(100):
            head = upstream.receive(7)  # two bytes, the mask, one byte of payload
            self.assertEqual(head[:2], b"\x81\x81", "a masked text frame of one byte")
            keys.add(head[2:6])
        self.assertGreater(len(keys), 95, "masks are unpredictable (RFC 6455 5.3)")

    def test_a_ping_is_answered_with_its_payload(self):
        server, daemon = self.bridge_to_server()
        _, upstream = self.session(server, daemon)
        upstream.send(frame(PING, b"\x00\xff" * 62))
        pong = upstream.read_frame()
        self.assertEqual((pong.opcode, pong.payload), (0xA, b"\x00\xff" * 62), "RFC 6455 5.5.3")

    def test_silence_is_pinged_and_no_answer_ends_the_session(self):
        server, daemon = self.bridge_to_server(
            upstream={"ping_interval": "300ms", "ping_timeout": "500ms"})
        local, upstream = self.session(server, daemon)
        self.assertEqual(upstream.read_frame().opcode, PING, "silence is pinged")
        self.assertEqual(local.read_until_end()[1], "reset", "no sign of life ends the session")
        daemon.wait_for_session_end()
        self.assertEqual(len(daemon.problems()), 1, "one log line")


if __name__ == "__main__":
    main()
