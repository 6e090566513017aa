# SPDX-License-Identifier: MIT
"""Servers that attack with frames: each attack ends its own session and leaves the daemon as it
was.

Scenario: lengths that overflow, frames and fragments that must not be, text that is none, Close
frames and compressed streams that are broken; each right after a good message, whole and byte by
byte.
Method: tables of bytes with the close code that the server must see and the words that the log must
have; behind each a good message, which must not become a line. docs/testing.md names the flaws.
Why: these are the ways in which WebSocket clients have been broken into, hung and crashed.
"""
import struct
import zlib

from kit.attacks import BUILDS, TIMES, Cost, ServerAttackCase
from kit.case import main
from kit.upstream import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_frame, frame

MAX_MESSAGE = 70000
TOO_LONG, NO_TEXT = "longer than max_message", "not UTF-8"
DEFLATE = ("Sec-WebSocket-Extensions: permessage-deflate",)


def declared(opcode, length, fin=True):
    """A header that says so many bytes follow, in its longest form."""
    return bytes([(0x80 if fin else 0) | opcode, 127]) + struct.pack("!Q", length)


def fragments(*payloads):
    last = len(payloads) - 1
    return b"".join(frame(CONTINUATION if at else TEXT, payload, fin=at == last)
                    for at, payload in enumerate(payloads))


def deflated(data, level=9, strategy=0, dictionary=None):
    """A compressed message's payload (RFC 7692 7.2.1)."""
    settings = [level, zlib.DEFLATED, -15, 9, strategy]
    deflate = zlib.compressobj(*settings, **({"zdict": dictionary} if dictionary else {}))
    return (deflate.compress(data) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]


def compressed(payload, opcode=TEXT, fin=True):
    return frame(opcode, payload, fin=fin, reserved=4)


def lengths():
    """Lengths that turn negative, wrap around or pass a limit when something is added to them."""
    begun = frame(TEXT, "x" * 100, fin=False)
    places = {"alone": (b"", TEXT), "behind a fragment": (begun, CONTINUATION),
              "behind a fragment and a ping": (begun + frame(PING, "p"), CONTINUATION)}
    numbers = {"2^64-1": 2**64 - 1, "2^64-4": 2**64 - 4, "2^63": 2**63, "2^63-1": 2**63 - 1,
               "2^63-101": 2**63 - 101, "2^62": 2**62, "2^32": 2**32, "2^32-1": 2**32 - 1,
               "2^31+1": 2**31 + 1, "2^31": 2**31, "2^31-1": 2**31 - 1, "1 GiB": 2**30,
               "one more than max_message": MAX_MESSAGE + 1}
    for number, length in numbers.items():
        for place, (before, opcode) in places.items():
            is_negative = length >= 2**63
            yield (f"{number} declared, {place}", before + declared(opcode, length) + b"10 bytes..",
                   1002 if is_negative else 1009,
                   "most significant bit" if is_negative else TOO_LONG)


# (what, bytes, close code that the server must see, words of the log)
LENGTHS = [
    *lengths(),
    ("pings between the fragments of a message too long",
     frame(TEXT, "x" * 1000, fin=False) +
     (frame(PING, "p" * 125) + frame(CONTINUATION, "x" * 1000, fin=False)) * 70, 1009, TOO_LONG),
    ("a ping of 2^63-1 bytes", declared(PING, 2**63 - 1), 1002, "longer than 125"),
    ("a ping of 126 bytes", frame(PING, "p" * 126), 1002, "longer than 125"),
    ("a Close of 65,536 bytes", frame(CLOSE, b"\x03\xe8" + b"r" * 65534), 1002, "longer than 125"),
    ("5 bytes with a length of 16 bits", b"\x81\x7e\0\5hello", 1002, "shortest form"),
    ("5 bytes with a length of 64 bits", declared(TEXT, 5) + b"hello", 1002, "shortest form"),
    ("65,535 bytes with a length of 64 bits", declared(TEXT, 65535), 1002, "shortest form"),
]
FRAMES = [
    ("a masked frame", frame(TEXT, "hello", masked=True), 1002, "masked frame"),
    ("a masked ping", frame(PING, "hello", masked=True), 1002, "masked frame"),
    *((f"reserved bits {bits}", frame(TEXT, "hello", reserved=bits), 1002, "RSV")
      for bits in range(1, 8)),
    ("a reserved bit on a ping", frame(PING, "hello", reserved=4), 1002, "RSV"),
    *((f"opcode {opcode}", frame(opcode, "hello"), 1002, "reserved opcode")
      for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)),
    ("a fragmented ping", frame(PING, "hello", fin=False), 1002, "fragmented control"),
    ("a fragmented pong", frame(PONG, "hello", fin=False), 1002, "fragmented control"),
    ("a fragmented Close", frame(CLOSE, b"\x03\xe8", fin=False), 1002, "fragmented control"),
    ("a continuation of nothing", frame(CONTINUATION, "hello"), 1002, "continuation without"),
    ("a continuation behind the last one",
     fragments("a", "b")[:-3] + frame(CONTINUATION, "c", fin=False) +
     frame(TEXT, "new"), 1002, "new message inside"),
    ("a text inside a binary message", frame(BINARY, "a", fin=False) + frame(TEXT, "b"), 1002,
     "new message inside"),
    ("1,025 empty fragments", frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) * 1025, 1009,
     "empty fragments"),
    ("empty fragments between others", frame(TEXT, "x", fin=False) +
     (frame(CONTINUATION, fin=False) + frame(CONTINUATION, "x", fin=False)) * 1025, 1009,
     "empty fragments"),
]
TEXTS = [
    *((f"{what} in a text", frame(TEXT, b"ok " + text), 1007, NO_TEXT) for what, text in {
        "a lone continuation byte": b"\x80", "an overlong slash": b"\xc0\xaf",
        "an overlong slash of 3 bytes": b"\xe0\x80\xaf", "an overlong NUL": b"\xf0\x80\x80\x80",
        "a surrogate": b"\xed\xa0\x80", "a character beyond the last": b"\xf4\x90\x80\x80",
        "a form of 5 bytes": b"\xf8\x88\x80\x80\x80", "0xfe": b"\xfe", "0xff": b"\xff",
        "half a character": b"\xe2\x82"}.items()),
    ("half a character before the end of fragments", fragments(b"\xe2", b"\x82"), 1007, NO_TEXT),
    ("a bad byte at the begin of 70,000 bytes that do not come",
     declared(TEXT, MAX_MESSAGE) + b"\xff", 1007, NO_TEXT),
]
CLOSES = [
    ("a Close of one byte", frame(CLOSE, b"\x03"), 1002, "half a code"),
    *((f"a Close with {code}", close_frame(code), 1002, "must not be sent")
      for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)),
    ("a Close whose reason is no text", close_frame(1000, b"\xff" * 123), 1007,
     "reason is not UTF-8"),
    ("a Close whose reason ends in half a character", close_frame(1000, b"r" * 121 + b"\xe2\x82"),
     1007,
     "reason is not UTF-8"),
]
COMPRESSED = [
    ("a block of an unknown type", compressed(b"\x06\xff\xff"), 1007, "does not inflate"),
    ("a stored block whose length is wrong", compressed(b"\x00\x05\x00\x00\x00hello"), 1007,
     "does not inflate"),
    ("a reference to before the begin",
     compressed(deflated(b"dictionary" * 9, dictionary=b"dictionary" * 100)), 1007,
     "does not inflate"),
    ("codes that are no tree", compressed(b"\x04" + b"\xff" * 40), 1007, "does not inflate"),
    ("random bytes", compressed(bytes((at * 167 + at // 7) % 256 for at in range(5000))), 1007,
     "does not inflate"),
    ("text that inflates to none", compressed(deflated(b"caf\xe9")), 1007, NO_TEXT),
    ("text that inflates to half a character", compressed(deflated(b"\xe2\x82")), 1007, NO_TEXT),
    ("a bomb", compressed(deflated(b"\0" * (64 << 20)), BINARY), 1009, TOO_LONG),
    ("a bomb of text", compressed(deflated(b"x" * (64 << 20))), 1009, TOO_LONG),
    ("one byte too much", compressed(deflated(b"x" * (MAX_MESSAGE + 1))), 1009, TOO_LONG),
    ("a continuation that says it begins a compressed message",
     compressed(deflated(b"hello"), fin=False) + compressed(b"", CONTINUATION), 1002, "RSV1"),
    ("a compressed ping", compressed(b"hello", PING), 1002, "RSV1"),
    ("reserved bit 2 beside compression", frame(TEXT, "hello", reserved=6), 1002, "RSV"),
    ("2^63-1 compressed bytes declared, and a bomb", b"\xc1\x7f" + struct.pack("!Q", 2**63 - 1) +
     deflated(b"x" * (64 << 20)), 1009, TOO_LONG),
    ("2^64-1 compressed bytes declared", b"\xc1\x7f" + b"\xff" * 8, 1002, "most significant bit"),
]
TERMINAL = "\x1b[2J\x1b]0;owned\x07\r\n{\"level\":\"error\",\"message\":\"forged\"}\n\u202egnp.exe"


class HostileFrames(ServerAttackCase):

    def setUp(self):
        super().setUp()
        self.upstream_server = self.server()

    def start_attacked(self, binary):
        framing = {"max_message": MAX_MESSAGE}
        self.defend_from_server(
            binary, *self.equal_bridges("main", framing=framing),
            *self.equal_bridges("deflate", framing=framing, upstream={"compression": True}))

    def run_table(self, table, name="main", headers=(), cost=Cost()):
        for what, data, code, words in table:
            ways = {"whole": lambda upstream, data: upstream.send(data)}
            if len(data) < 300:
                ways["byte by byte"] = self.send_bytewise
            for way, send in ways.items():
                self.next_bridge(name)
                with self.attack(f"{what}, {way}", words, cost=cost, times=TIMES):
                    for _ in range(TIMES):
                        local, upstream = self.open_pair(headers=headers)
                        send(upstream, data + frame(TEXT, "never"))
                        reason = self.expect_failed(local, upstream, code)
                        entry = self.log.wait_for(words)
                        self.assertIn(reason, entry["cause"])
                        self.assertTrue(entry["advice"], "the log says what to do")

    def test_each_attack_ends_its_session_alone(self):
        for binary in BUILDS:
            self.start_attacked(binary)
            for table in (LENGTHS, FRAMES, TEXTS, CLOSES):
                self.run_table(table)
            # An inflater costs memory of its own; 64 MiB of which 70,000 bytes are inflated do not.
            self.run_table(COMPRESSED, "deflate", DEFLATE)
            self.check_ends_within_a_message()
            self.check_text_of_a_reason_is_escaped()
            self.check_flat()

    def check_ends_within_a_message(self):
        cuts = {"inside a header": b"\x81\x7e\x01", "inside a payload": b"\x81\x05hel",
                "between fragments": frame(TEXT, "hel", fin=False), "inside a mask": b"\x81"}
        for what, data in cuts.items():
            for ending in ("close", "reset"):
                self.next_bridge("main")
                words = "middle of a message" if ending == "close" else "connection"
                with self.attack(f"{ending} {what}", words, times=TIMES):
                    for _ in range(TIMES):
                        local, upstream = self.open_pair()
                        upstream.send(data)
                        getattr(upstream, ending)()
                        self.assertEqual(local.read_until_end(), (b"", "reset"))

    def check_text_of_a_reason_is_escaped(self):
        """Every entry stays one line of JSON, which LogTail reads; the program gets none of it."""
        reasons = {"terminal's and log's language": TERMINAL.encode(), "the longest": b"r" * 123,
                   "the longest of 3 bytes each": "\u20ac".encode() * 41}
        for what, reason in reasons.items():
            self.next_bridge("main")
            with self.attack(f"a reason of {what}", "closed with 1008", times=TIMES):
                for _ in range(TIMES):
                    local, upstream = self.open_pair()
                    answer = upstream.close_with(1008, reason)
                    self.assertEqual(answer.payload, b"\x03\xf0", "the code and no text goes back")
                    self.assertEqual(local.read_until_end(), (b"", "reset"))
                entry = self.log.wait_for("closed with 1008")
                self.assertTrue(entry["close_reason"].isprintable(), entry)
                self.assertLessEqual(len(entry["close_reason"].encode()), 250)
                self.assertNotIn(entry["close_reason"], entry["cause"] + entry["advice"])


if __name__ == "__main__":
    main()
