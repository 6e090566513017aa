# SPDX-License-Identifier: MIT
"""Lines and messages at the lengths where frames and limits change, and one byte beyond.

Scenario: 65,535 to 65,537 bytes and 1 MiB pass; 1 MiB + 1 ends the session with close 1009.
Method: a scripted server compares every byte and reads the close code; the log names the limit.
Why: a limit tested only from below is no limit, and a truncated line is worse than a lost session.
"""
from kit.case import E2eCase, main
from kit.upstream import CONTINUATION, TEXT, frame

MIB = 1 << 20
LENGTHS = [0, 1, 125, 126, 127, 65534, 65535, 65536, 65537, MIB - 1, MIB]


def text_of(length):
    pattern = "".join(chr(ord("!") + number % 90) for number in range(8190)).encode()
    return (pattern * (length // len(pattern) + 1))[:length]


class LineLimits(E2eCase):

    def test_lines_up_to_max_line_pass_in_both_directions(self):
        server, daemon = self.bridge_to_server()
        local, upstream = self.session(server, daemon)
        for length in LENGTHS:
            with self.subTest(length=length):
                text = text_of(length)
                sending = self.in_background(local.send, text + b"\n")
                self.assertEqual(upstream.read_text(), text, "up: every byte, one message")
                sending.result()
                sending = self.in_background(upstream.send, frame(TEXT, text))
                self.assertEqual(local.read_line(), text + b"\n", "down: every byte, one line")
                sending.result()

    def expect_1009(self, server, daemon, written):
        """The log entry of a session that ended because of what the local side wrote."""
        local, upstream = self.session(server, daemon)
        local.send(b"good\n")
        self.assertEqual(upstream.read_text(), b"good", "the line before it is sent")

        def write():
            """Whether it was this that met the reset: the kernel tells it once, to whoever comes first."""
            try:
                local.send(written)
            except ConnectionResetError:
                return True
            except BrokenPipeError:
                pass  # the daemon ended the connection before it was all written
            return False
        sending = self.in_background(write)
        self.assertEqual(upstream.finish().close_code, 1009, "the server sees 1009, no part of it")
        data, end = local.read_until_end()
        self.assertEqual((data, sending.result() or end == "reset"), (b"", True))
        return daemon.wait_for_session_end()

    def test_one_byte_more_than_max_line_closes_with_1009_and_tells_both_lengths(self):
        server, daemon = self.bridge_to_server()
        entry = self.expect_1009(server, daemon, text_of(MIB + 1) + b"\n")
        self.assertIn("max_line", str(entry), "the log names the limit")
        self.assertIn(str(MIB), str(entry), "its value")
        self.assertIn(str(MIB + 1), str(entry), "and how long the line was")
        self.assertNotEqual(entry["level"], "info")

    def test_an_endless_line_is_refused_without_keeping_it(self):
        server, daemon = self.bridge_to_server(framing={"max_line": "64KiB"})
        entry = self.expect_1009(server, daemon, b"x" * (8 * MIB))
        self.assertIn("max_line", str(entry))

    def test_a_carriage_return_does_not_count(self):
        server, daemon = self.bridge_to_server(framing={"max_line": 100})
        local, upstream = self.session(server, daemon)
        local.send(b"x" * 100 + b"\r\n")
        self.assertEqual(upstream.read_text(), b"x" * 100, "max_line is without delimiter and \\r")
        entry = self.expect_1009(server, daemon, b"x" * 101 + b"\n")
        self.assertIn("101", str(entry))

    def test_messages_up_to_max_message_pass_and_longer_ones_close_with_1009(self):
        server, daemon = self.bridge_to_server(framing={"max_message": 65536})
        local, upstream = self.session(server, daemon)
        upstream.send(frame(TEXT, text_of(65536)))
        self.assertEqual(local.read_line(), text_of(65536) + b"\n")
        fragments = [frame(TEXT if at == 0 else CONTINUATION, text_of(1024), fin=at == 63)
                     for at in range(64)]
        upstream.send(b"".join(fragments))
        self.assertEqual(local.read_line(), text_of(1024) * 64 + b"\n", "in fragments, too")
        sending = self.in_background(upstream.send, frame(TEXT, text_of(65537)))
        self.assertEqual(upstream.read_close().close_code, 1009)
        sending.result()
        upstream.close()
        self.assertEqual(local.read_until_end(), (b"", "reset"))
        entry = daemon.wait_for_session_end()
        self.assertIn("65536", str(entry), "the log names the limit")
        self.assertIn("max_message", str(entry))


if __name__ == "__main__":
    main()
