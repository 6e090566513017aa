# SPDX-License-Identifier: MIT
"""Each mode with a real server that echoes, the local encodings, and messages behind lengths.

Scenario: python3-websockets sends back every message as it came, text as text; in the scripted
parts a program declares lengths that it does not keep, or leaves within a message.
Method: what Python's own codecs and struct make of the same bytes must come back.
Why: the daemon's framing is tested beside a reference of ours; this one is nobody's of ours.
"""
import random
import struct

from kit.case import E2eCase, bridge, main
from kit.upstream import BINARY, TEXT, frame
from kit.websockets_server import WebsocketsServer

PART = {"drain_timeout": "100ms"}


async def echo(connection):
    async for message in connection:
        await connection.send(message)


def prefixed(*messages):
    return b"".join(struct.pack("!I", len(message)) + message for message in messages)


class Echoed(E2eCase):

    def local_of(self, **framing):
        server = WebsocketsServer(echo)
        self.addCleanup(server.close)
        daemon = self.start(bridge(server.url(), framing=framing, session=PART))
        return daemon, self.connect(daemon.address())

    def expect_back(self, local, sent, back):
        sending = self.in_background(local.send, sent)
        data = bytearray()
        while len(data) < len(back):
            part = local.read()
            self.assertTrue(part, f"end after {len(data)} of {len(back)} bytes")
            data += part
        sending.result()
        self.assertTrue(data == back, f"{bytes(data[:200])!r} is not {back[:200]!r}")

    def test_length_prefixed_messages_come_back_bit_for_bit(self):
        chance = random.Random(1)
        messages = [chance.randbytes(size) for size in (0, 1, 4, 125, 65536, 1 << 20)]
        messages += [chance.randbytes(chance.randrange(200)) for _ in range(500)]
        daemon, local = self.local_of(mode="length-prefixed")
        self.expect_back(local, prefixed(*messages), prefixed(*messages))
        local.close()
        entry = daemon.wait_for_session_end()
        self.assertEqual((entry["lines_up"], entry["lines_down"]), (506, 506))
        self.assertEqual((entry["altered_lines_up"], entry["altered_lines_down"]), (0, 0))

    def test_escaped_lines_of_any_bytes_come_back_as_they_were_sent(self):
        def escaped(data):
            for plain, written in ((b"\\", b"\\\\"), (b"\n", b"\\n"), (b"\r", b"\\r")):
                data = data.replace(plain, written)
            return data
        chance = random.Random(2)
        lines = [escaped(chance.randbytes(chance.randrange(100))) for _ in range(500)]
        _, local = self.local_of(message_type="auto", embedded_delimiter="escape")
        written = b"".join(line + b"\n" for line in lines)
        self.expect_back(local, written, written)

    def test_raw_bytes_come_back(self):
        data = random.Random(3).randbytes(300000)
        _, local = self.local_of(mode="raw")
        self.expect_back(local, data, data)

    def test_all_bytes_of_an_encoding_come_back(self):
        every = bytes(byte for byte in range(256) if byte not in b"\r\n")
        for encoding in ("iso-8859-1", "windows-1252"):
            with self.subTest(encoding):
                _, local = self.local_of(encoding=encoding)
                self.expect_back(local, every + b"\n", every + b"\n")
                _, local = self.local_of(encoding=encoding, mode="length-prefixed",
                                         message_type="text")
                self.expect_back(local, prefixed(every), prefixed(every))


class Encodings(E2eCase):

    def test_the_server_sees_the_characters_that_python_sees(self):
        for encoding, codec in (("iso-8859-1", "latin-1"), ("windows-1252", "cp1252")):
            with self.subTest(encoding):
                undefined = b"\x81\x8d\x8f\x90\x9d" if codec == "cp1252" else b""
                every = bytes(byte for byte in range(256) if byte not in b"\r\n" + undefined)
                server, daemon = self.bridge_to_server(framing={"encoding": encoding})
                local, upstream = self.session(server, daemon)
                local.send(every + b"\n")
                self.assertEqual(upstream.read_text().decode(), every.decode(codec))
                text = every.decode(codec) + "\u0416"
                upstream.send(frame(TEXT, text) + frame(BINARY, "\u00e9"))
                self.assertEqual(local.read_line(), text.encode(codec, "replace") + b"\n")
                upstream.close_with(1000)
                self.assertEqual(local.read_all(), b"w6k=\n", "binary is not converted")
                local.close()
                entry = daemon.wait_for_session_end()
                self.assertEqual((entry["altered_lines_up"], entry["altered_lines_down"]), (0, 1))

    def test_on_open_lines_are_utf8_whatever_the_encoding(self):
        server = self.server()
        daemon = self.start(bridge(server.url(), upstream={"on_open": ["h\u00e9llo"]},
                                   framing={"encoding": "iso-8859-1"}))
        local = self.connect(daemon.address())
        local.send(b"w\xf6rld\n")
        upstream = server.open()
        self.assertEqual([upstream.read_text().decode() for _ in range(2)],
                         ["h\u00e9llo", "w\u00f6rld"])


class Lengths(E2eCase):

    def bridge_of_lengths(self, **framing):
        return self.bridge_to_server(framing={"mode": "length-prefixed", **framing}, session=PART)

    def test_a_length_above_max_line_ends_the_session_at_once(self):
        server, daemon = self.bridge_of_lengths(max_line=100)
        local, upstream = self.session(server, daemon)
        local.send(prefixed(b"x" * 100) + struct.pack("!I", 101))
        self.assertEqual(upstream.read_message(), (BINARY, b"x" * 100))
        self.assertEqual(upstream.finish().close_code, 1009)
        self.assertEqual(local.read_until_end(), (b"", "reset"))
        entry = daemon.wait_for_session_end()
        self.assertIn("max_line", entry["cause"])
        self.assertIn("101 bytes, limit 100", entry["cause"])

    def test_a_program_of_lines_is_told_about_lengths(self):
        server, daemon = self.bridge_of_lengths()
        local, upstream = self.session(server, daemon)
        local.send(b"hello\n")
        self.assertEqual(upstream.finish().close_code, 1009)
        self.assertEqual(local.read_until_end(), (b"", "reset"))
        self.assertIn("framing.mode", daemon.wait_for_session_end()["advice"])

    def test_a_message_that_the_local_end_cuts_is_never_sent(self):
        for policy, level, reason, unsent in (("send", "warn", "incomplete_message", 7),
                                              ("drop", "info", "final_partial_line", 0)):
            with self.subTest(policy):
                server, daemon = self.bridge_of_lengths(final_partial_line=policy)
                local, upstream = self.session(server, daemon)
                local.send(prefixed(b"whole") + struct.pack("!I", 20) + b"par")
                local.shutdown_write()
                self.assertEqual(upstream.read_message(), (BINARY, b"whole"))
                self.assertEqual(upstream.finish().close_code, 1000, "and nothing else")
                entry = daemon.wait_for_session_end()
                self.assertEqual((entry["level"], entry["dropped_lines_up"],
                                  entry["dropped_reason"], entry["unsent_bytes_up"]),
                                 (level, 1, reason, unsent))

    def test_messages_of_both_types_are_written_alike(self):
        server, daemon = self.bridge_of_lengths()
        local, upstream = self.session(server, daemon)
        upstream.send(frame(TEXT, "a\n") + frame(BINARY, b"\0\xff") + frame(TEXT, ""))
        upstream.close_with(1000)
        self.assertEqual(local.read_all(), prefixed(b"a\n", b"\0\xff", b""))


if __name__ == "__main__":
    main()
