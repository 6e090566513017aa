# SPDX-License-Identifier: MIT
"""Lines and frames cut at every read boundary come out whole.

Scenario: delimiters, \\r\\n, UTF-8 sequences and frame headers arrive byte by byte, and in two
parts for every place of the cut.
Method: after each part an exchange in the other direction proves that the daemon went through a
turn of its loop, so that it has read the part alone; no pause is needed.
Why: read() returns what happens to be there; a splitter that forgets this works until it is busy.
"""
from kit.case import E2eCase, main
from kit.upstream import CONTINUATION, TEXT, frame

CASES = [
    # framing, bytes from the local program, messages
    ({}, "h\u00e9llo\r\n\u20ac\r\n\r\nx\ry\n\U0001F680\n".encode(),
     ["h\u00e9llo", "\u20ac", "", "x\ry", "\U0001F680"]),
    ({"keep_cr": True}, b"a\r\nb\n", ["a\r", "b"]),
    ({"delimiter": "\r\n"}, b"a\rb\r\n\nc\r\r\n", ["a\rb", "\nc\r"]),
    ({"delimiter": "abcabd"}, b"abcabcabdxabcabd", ["abc", "x"]),
    ({"embedded_delimiter": "escape"}, b"a\\nb\\\\\\x41\n", ["a\nb\\A"]),
]
FRAMES = (frame(TEXT, "h\u00e9llo") + frame(TEXT, "") + frame(0x9, "ping") + frame(TEXT, "x" * 126)
          + frame(TEXT, b"\xe2", fin=False) + frame(CONTINUATION, b"\x82", fin=False)
          + frame(CONTINUATION, b"\xac") + frame(TEXT, "\U0001F680"))
LINES = ("h\u00e9llo\n\n" + "x" * 126 + "\n\u20ac\n\U0001F680\n").encode()


class LocalBoundaries(E2eCase):

    def turn(self, local, upstream, delimiter):
        """A message down and read: what was written before it has been read by then."""
        upstream.send_text("turn")
        self.assertEqual(local.read_line(delimiter), b"turn" + delimiter)

    def send_parts(self, local, upstream, parts, delimiter):
        for part in parts:
            local.send(part)
            self.turn(local, upstream, delimiter)

    def test_byte_by_byte_and_in_every_two_parts(self):
        for framing, written, expected in CASES:
            with self.subTest(framing=framing):
                server, daemon = self.bridge_to_server(framing=framing)
                local, upstream = self.session(server, daemon)
                delimiter = framing.get("delimiter", "\n").encode()
                splits = [[written[:at], written[at:]] for at in range(1, len(written))]
                for parts in [[bytes([byte]) for byte in written], *splits]:
                    self.send_parts(local, upstream, parts, delimiter)
                    self.assertEqual([upstream.read_text().decode() for _ in expected], expected,
                                     f"cut as {parts}")


class UpstreamBoundaries(E2eCase):

    def turn(self, local, upstream):
        """A line up and read; the frames that come back before it are the pong."""
        local.send(b"turn\n")
        while (part := upstream.read_frame()).opcode != TEXT:
            self.assertEqual((part.opcode, part.payload), (0xA, b"ping"))

    def test_byte_by_byte_and_in_every_two_parts(self):
        server, daemon = self.bridge_to_server()
        local, upstream = self.session(server, daemon)
        splits = [[FRAMES[:at], FRAMES[at:]] for at in range(1, len(FRAMES))]
        for parts in [[bytes([byte]) for byte in FRAMES], *splits]:
            for part in parts:
                upstream.send(part)
                self.turn(local, upstream)
            self.assertEqual(b"".join(local.read_lines(5)), LINES, f"cut as {parts}")

    def test_the_handshake_response_byte_by_byte_with_a_frame_behind_it(self):
        server, daemon = self.bridge_to_server()
        local = self.connect(daemon.address())
        upstream = server.accept()
        upstream.read_request()
        sent = []
        upstream.send, send = sent.append, upstream.send
        upstream.answer("X-Long: " + "y" * 200)
        for byte in sent[0] + frame(TEXT, "right behind the head"):
            send(bytes([byte]))
        self.assertEqual(local.read_line(), b"right behind the head\n")


if __name__ == "__main__":
    main()
