# SPDX-License-Identifier: MIT
"""What becomes of lines that are no text, messages that are no line, and unusual delimiters.

Scenario: each policy of `framing` in a bridge of its own.
Method: tables of what goes in on one side and must come out on the other.
Why: these are the corners where line bridges silently change or lose data.
"""
from kit.case import E2eCase, bridge, main
from kit.upstream import BINARY, TEXT, frame

# framing, (opcode, payload) from the server, what the local program reads
DOWN = [
    ({}, (TEXT, "a\nb\n"), b"a b \n"),
    ({}, (TEXT, ""), b"\n"),
    ({"embedded_delimiter": "escape"}, (TEXT, "a\nb\\c\rd"), b"a\\nb\\\\c\\rd\n"),
    ({"embedded_delimiter": "split"}, (TEXT, "a\nb"), b"a\nb\n"),
    ({"embedded_delimiter": "keep"}, (TEXT, "a\nb"), b"a\nb\n"),
    ({}, (BINARY, b"\x00\xff\n"), b"AP8K\n"),
    ({"binary_messages": "base64"}, (BINARY, b""), b"\n"),
    ({"binary_messages": "hex"}, (BINARY, b"\x00\xff\n"), b"00ff0a\n"),
    ({"binary_messages": "raw"}, (BINARY, b"\x00\xff"), b"\x00\xff\n"),
    ({"message_type": "binary"}, (BINARY, b"\x00\xff"), b"\x00\xff\n"),
    ({"message_type": "auto"}, (BINARY, b"\x00\xff"), b"\x00\xff\n"),
    ({"mode": "raw"}, (BINARY, b"a\n\x00"), b"a\n\x00"),
    ({"mode": "length-prefixed"}, (TEXT, "a\nb"), b"\0\0\0\3a\nb"),
    ({"delimiter": "\0"}, (TEXT, "a\nb"), b"a\nb\0"),
    ({"delimiter": "\r\n"}, (TEXT, "a\nb\r\nc"), b"a\nb c\r\n"),
    ({"delimiter": "<END>"}, (TEXT, "caf\u00e9"), b"caf\xc3\xa9<END>"),
    ({"delimiter": "0123456789abcdef"}, (TEXT, "x"), b"x0123456789abcdef"),
]
# framing, what the local program writes, the messages that the server gets
UP = [
    ({}, b"a\n\nb\r\nc\rd\n", [(TEXT, b"a"), (TEXT, b""), (TEXT, b"b"), (TEXT, b"c\rd")]),
    ({"keep_cr": True}, b"a\r\n\r\n", [(TEXT, b"a\r"), (TEXT, b"\r")]),
    ({"embedded_delimiter": "escape"}, b"a\\nb\\\\c\\rd\\x00\n", [(TEXT, b"a\nb\\c\rd\x00")]),
    ({"message_type": "binary"}, b"\xff\x00\n", [(BINARY, b"\xff\x00")]),
    ({"message_type": "auto"}, b"\xff\ncaf\xc3\xa9\n", [(BINARY, b"\xff"), (TEXT, b"caf\xc3\xa9")]),
    ({"invalid_utf8": "replace"}, b"a\xffb\n", [(TEXT, b"a\xef\xbf\xbdb")]),
    ({"invalid_utf8": "binary"}, b"a\xff\nb\n", [(BINARY, b"a\xff"), (TEXT, b"b")]),
    ({"delimiter": "\0"}, b"a\nb\0c\0", [(TEXT, b"a\nb"), (TEXT, b"c")]),
    ({"delimiter": "\r\n"}, b"a\nb\rc\r\n\r\n", [(TEXT, b"a\nb\rc"), (TEXT, b"")]),
    ({"delimiter": "aab"}, b"aaab-aab", [(TEXT, b"a"), (TEXT, b"-")]),
    ({"mode": "raw"}, b"a\nb\r\n", [(BINARY, b"a\nb\r\n")]),
    ({"mode": "raw", "message_type": "text"}, b"a\nb", [(TEXT, b"a\nb")]),
    ({"mode": "length-prefixed", "message_type": "auto", "invalid_utf8": "replace"},
     b"\0\0\0\1\xff\0\0\0\0", [(BINARY, b"\xff"), (TEXT, b"")]),
    ({"encoding": "iso-8859-1", "delimiter": "\u00a7"}, b"\xe9\xa7", [(TEXT, b"\xc3\xa9")]),
]


class Policies(E2eCase):

    def start_table(self, table):
        """A server, and a daemon with a bridge for each row of the table."""
        server = self.server()
        return server, self.start(*(bridge(server.url(), name=f"row-{number}", framing=row[0])
                                    for number, row in enumerate(table)))

    def test_messages_become_lines(self):
        server, daemon = self.start_table(DOWN)
        for number, (framing, message, expected) in enumerate(DOWN):
            with self.subTest(framing=framing, message=message):
                local, upstream = self.session(server, daemon, f"row-{number}")
                upstream.send(frame(*message))
                upstream.close_with(1000)
                self.assertEqual(local.read_all(), expected)

    def test_lines_become_messages(self):
        server, daemon = self.start_table(UP)
        for number, (framing, written, expected) in enumerate(UP):
            with self.subTest(framing=framing, written=written):
                local, upstream = self.session(server, daemon, f"row-{number}")
                local.send(written)
                self.assertEqual([upstream.read_message() for _ in expected], expected)

    def test_alterations_are_counted(self):
        server, daemon = self.bridge_to_server(framing={"invalid_utf8": "replace"})
        local, upstream = self.session(server, daemon)
        local.send(b"\xff\nfine\n")
        upstream.read_text()
        upstream.read_text()
        upstream.send(frame(TEXT, "a\nb") + frame(TEXT, "fine"))
        upstream.close_with(1000)
        local.read_all()
        local.close()
        entry = daemon.wait_for_session_end()
        self.assertEqual((entry["altered_lines_up"], entry["altered_lines_down"]), (1, 1))
        self.assertEqual((entry["lines_up"], entry["lines_down"]), (2, 2))


class Refusals(E2eCase):

    def test_what_is_rejected_ends_the_session_after_what_came_before(self):
        rows = [({"embedded_delimiter": "reject"}, (TEXT, "a\nb")),
                ({"binary_messages": "reject"}, (BINARY, b"a"))]
        for framing, message in rows:
            with self.subTest(framing):
                server, daemon = self.bridge_to_server(framing=framing)
                local, upstream = self.session(server, daemon)
                upstream.send(frame(TEXT, "good") + frame(*message) + frame(TEXT, "too late"))
                upstream.read_close()
                upstream.send(b"\x88\x00")
                upstream.close()
                self.assertEqual(local.read_until_end(), (b"good\n", "reset"))
                entry = daemon.wait_for_session_end()
                self.assertIn(next(iter(framing)), str(entry), "the log names the policy")
                self.assertGreaterEqual(entry["dropped_lines_down"], 1, "and counts the message")

    def test_a_local_line_that_is_not_utf8_closes_with_1007(self):
        server, daemon = self.bridge_to_server()
        local, upstream = self.session(server, daemon)
        local.send(b"good\nb\xe9d\nnever sent\n")
        self.assertEqual(upstream.read_text(), b"good", "lines before it are sent")
        self.assertEqual(upstream.finish().close_code, 1007)
        self.assertEqual(local.read_until_end(), (b"", "reset"))
        self.assertIn("utf-8", str(daemon.wait_for_session_end()).lower())

    def test_a_refused_line_among_many_is_told_by_its_number(self):
        # As many lines as are sent together, one less and one more; and what is refused.
        server, daemon = self.bridge_to_server(framing={"max_line": "64"})
        sessions = 0
        for good in (0, 1, 64, 65, 66, 130):
            for bad, code, cause in ((b"b\xe9d", 1007, f"local line {good + 1} is not valid UTF-8"),
                                     (b"x" * 65, 1009, "longer than max_line: at least 65 bytes")):
                with self.subTest(good=good, cause=cause):
                    local, upstream = self.session(server, daemon)
                    sessions += 1
                    lines = [b"line %d" % number for number in range(good)]
                    local.send(b"".join(line + b"\n" for line in [*lines, bad, b"never", b"sent"]))
                    self.assertEqual([upstream.read_text() for _ in lines], lines)
                    self.assertEqual(upstream.finish().close_code, code)
                    self.assertEqual(local.read_until_end(), (b"", "reset"))
                    local.close()
                    entry = daemon.wait_for_session_end(count=sessions)
                    self.assertIn(cause, entry["cause"])
                    self.assertEqual((entry["lines_up"], entry["dropped_lines_up"]), (good, 1))
                    self.assertEqual(entry["bytes_up"], sum(map(len, lines)))
                    self.assertEqual(entry["discarded_bytes"], len(b"never\nsent\n"))

    def test_altered_lines_among_many_keep_their_place(self):
        for policy, expected in (("replace", (TEXT, b"a\xef\xbf\xbd")),
                                 ("binary", (BINARY, b"a\xff"))):
            with self.subTest(policy):
                server, daemon = self.bridge_to_server(framing={"invalid_utf8": policy})
                local, upstream = self.session(server, daemon)
                written, messages = [], []
                for number in range(150):
                    is_bad = number in (0, 63, 64, 65, 100, 101, 149)
                    written.append(b"a\xff" if is_bad else b"%d" % number)
                    messages.append(expected if is_bad else (TEXT, b"%d" % number))
                local.send(b"".join(line + b"\n" for line in written))
                self.assertEqual([upstream.read_message() for _ in messages], messages)
                upstream.close_with(1000)
                local.read_all()
                local.close()
                self.assertEqual(daemon.wait_for_session_end()["lines_up"], 150)

    def test_final_partial_line(self):
        for policy, expected in (("send", [b"whole", b"par\xc3\xa9"]), ("drop", [b"whole"])):
            with self.subTest(policy):
                server, daemon = self.bridge_to_server(
                    framing={"final_partial_line": policy}, session={"drain_timeout": "100ms"})
                local, upstream = self.session(server, daemon)
                local.send(b"whole\npar\xc3\xa9")
                local.shutdown_write()
                self.assertEqual([upstream.read_text() for _ in expected], expected)
                self.assertEqual(upstream.finish().close_code, 1000, "and nothing else")


class OnOpen(E2eCase):

    def test_on_open_lines_go_first(self):
        server = self.server()
        daemon = self.start(bridge(server.url(), upstream={"on_open": ["LOGIN me", "JOIN #here"]}))
        local = self.connect(daemon.address())
        local.send(b"mine\n")
        upstream = server.open()
        self.assertEqual([upstream.read_text() for _ in range(3)],
                         [b"LOGIN me", b"JOIN #here", b"mine"])


if __name__ == "__main__":
    main()
