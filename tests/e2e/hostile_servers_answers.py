# SPDX-License-Identifier: MIT
"""Servers that attack with their answer to the opening handshake: nothing is opened that should
not.

Scenario: mandatory fields that are missing, doubled or nearly right; answers meant to smuggle;
hostile Sec-WebSocket-Extensions and -Protocol; heads without end, in one piece and byte by byte.
Method: tables of answers with the words that the log must have; each is followed by a message,
which must not become a line. docs/testing.md names the flaws.
Why: who opens a tunnel after half an answer can be led to take another's bytes for the server's.
"""
import socket

from kit.attacks import BUILDS, TIMES, Cost, ServerAttackCase
from kit.case import main
from kit.survival import size
from kit.upstream import TEXT, accept_key, frame

MIB = 1 << 20
ACCEPT = b"@ACCEPT@"  # stands for the right one
UPGRADE, CONNECTION = "Upgrade: websocket", "Connection: Upgrade"
RIGHT = "Sec-WebSocket-Accept: @ACCEPT@"
MANDATORY = (UPGRADE, CONNECTION, RIGHT)
SWITCHING = "HTTP/1.1 101 Switching Protocols"
EXTENSIONS, PROTOCOL = "Sec-WebSocket-Extensions: ", "Sec-WebSocket-Protocol: "
DEFLATE = EXTENSIONS + "permessage-deflate"
NOT_SENT = "does not answer the key"
WINDOW, MALFORMED = "not 8 to 15 bits", "malformed"


def head(*lines, status=SWITCHING):
    return "\r\n".join([status, *lines, "", ""]).encode("latin-1")


def right(*more, status=SWITCHING):
    """An answer that would do, but for what else it says."""
    return head(*MANDATORY, *more, status=status)


def junk(count):
    return [f"X-{number}: y" for number in range(count)]


# (what, answer, words of the log)
MISSING = [
    ("no Upgrade", head(CONNECTION, RIGHT), "Upgrade header"),
    ("no Connection", head(UPGRADE, RIGHT), "Connection header"),
    ("no Sec-WebSocket-Accept", head(UPGRADE, CONNECTION), "no Sec-WebSocket-Accept"),
    ("none at all", head(), "Upgrade header"),
    ("an empty Upgrade", head("Upgrade:", CONNECTION, RIGHT), "Upgrade header"),
    ("an empty Connection", head(UPGRADE, "Connection: ", RIGHT), "Connection header"),
    ("an empty Accept", head(UPGRADE, CONNECTION, "Sec-WebSocket-Accept:"), NOT_SENT),
    ("Upgrade and another", head("Upgrade: websocket, h2c", CONNECTION, RIGHT), "Upgrade header"),
    ("Upgrade twice", head(UPGRADE, UPGRADE, CONNECTION, RIGHT), "Upgrade header"),
    ("Upgrade of something longer", head("Upgrade: websocket2", CONNECTION, RIGHT),
     "Upgrade header"),
    ("Connection: close", head(UPGRADE, "Connection: close", RIGHT), "Connection header"),
    ("Connection: not-upgrade", head(UPGRADE, "Connection: keep-alive, not-upgrade", RIGHT),
     "Connection header"),
    ("Accept twice", right(RIGHT), "more than one Sec-WebSocket-Accept"),
    ("the Accept of RFC 6455's example",
     head(UPGRADE, CONNECTION, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), NOT_SENT),
    ("the right Accept and more", head(UPGRADE, CONNECTION, RIGHT + "A"), NOT_SENT),
    ("the right Accept in quotes",
     head(UPGRADE, CONNECTION, 'Sec-WebSocket-Accept: "@ACCEPT@"'), NOT_SENT),
    ("129 fields", right(*junk(126)), "more than 128"),
    ("the mandatory ones behind 128 others", head(*junk(128), *MANDATORY), "more than 128"),
    ("5,000 fields", right(*junk(5000)), "more than 128"),
]
SMUGGLING = [
    ("101 of HTTP/1.0", right(status="HTTP/1.0 101 Switching Protocols"), "101 of HTTP/1.0"),
    ("101 of HTTP/1.2", right(status="HTTP/1.2 101 Switching Protocols"), "malformed status line"),
    ("101 of HTTP/2", right(status="HTTP/2 101 Switching Protocols"), "not HTTP/1"),
    ("HTTP/2's first frame", b"\0\0\x12\4\0\0\0\0\0\0\3\0\0\0\x80\0\4\0\1\0\0\0\5\0\xff\xff\xff",
     "NUL in the response head"),
    ("a TLS record", b"\x15\x03\x01\0\2\2\x28", "not HTTP/1"),
    ("200 with all of a 101", right(status="HTTP/1.1 200 OK"), "answered 200"),
    ("200, and a 101 in its body",
     head("Content-Length: 5", status="HTTP/1.1 200 OK") + b"hello" + right(), "answered 200"),
    ("426 with Upgrade", right(status="HTTP/1.1 426 Upgrade Required"), "answered 426"),
    ("204 with Upgrade", right(status="HTTP/1.1 204 No Content"), "answered 204"),
    ("304 with Upgrade", right(status="HTTP/1.1 304 Not Modified"), "answered 304"),
    ("101 with a body of 5", right("Content-Length: 5") + b"hello", "RSV"),
    ("101 with chunks", right("Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n", "RSV"),
    ("101 twice", right() + right(), "RSV"),
    ("101 inside an interim response", head(status="HTTP/1.1 100 Continue") * 9 + right(),
     "more than 8 interim"),
    ("frames before the 101", frame(TEXT, "early") + right(), "not HTTP/1"),
    ("1010", right(status="HTTP/1.1 1010 X"), "malformed status"),
    ("+101", right(status="HTTP/1.1 +101 X"), "malformed status"),
    ("two spaces", right(status="HTTP/1.1  101 X"), "malformed status"),
    ("099", right(status="HTTP/1.1 099 X"), "malformed status"),
    ("a NUL in the status line", right(status="HTTP/1.1 101 Switch\0ing"), "NUL"),
    ("a control character in the phrase", right(status="HTTP/1.1 101 \x1b[2J"),
     "control character"),
    ("a field folded over lines", head("Upgrade:\r\n websocket", CONNECTION, RIGHT), "folded"),
    ("a space before the colon", head("Upgrade : websocket", CONNECTION, RIGHT),
     "before the colon"),
    ("a line without a colon", right("GET / HTTP/1.1"), "without a colon"),
    ("a field without a name", right(": x"), "not a token"),
    ("a NUL in a field", right("X-A: b\0c"), "NUL"),
    ("a bare CR", right("X-A: b\rUpgrade: h2c"), "CR without LF"),
    ("a bare LF", right("X-A: b\nUpgrade: h2c"), "LF without CR"),
    ("LF everywhere", right().replace(b"\r\n", b"\n"), "LF without CR"),
    ("a bell in a field", right("X-A: \x07"), "control character"),
]
PROTOCOLS = [
    ("a subprotocol that was not offered", right(PROTOCOL + "chat"), "not offered"),
    ("an empty subprotocol", right(PROTOCOL), "not offered"),
    ("two subprotocols", right(PROTOCOL + "a", PROTOCOL + "b"),
     "more than one Sec-WebSocket-Protocol"),
    ("60,000 spaces in a subprotocol", right(PROTOCOL + "a" + " " * 60000 + "b"), "not offered"),
    ("60,000 commas for a subprotocol", right(PROTOCOL + "," * 60000), "not offered"),
    ("permessage-deflate unasked", right(DEFLATE), "extension that was not offered"),
    ("an unknown extension", right(EXTENSIONS + "x-webkit-deflate-frame"),
     "extension that was not"),
    *((f"60,000 times {text!r} in the extensions",
       right(EXTENSIONS + "x" + text * (60000 // len(text)) + "z"),
       "Sec-WebSocket-Extensions header is malformed")
      for text in (" ", "\t", "; ", '"', "\\", "=")),
    ("a quoted value that does not end", right(EXTENSIONS + 'a; b="' + "\\\\" * 20000), MALFORMED),
    ("30,000 extensions", right(EXTENSIONS + "a," * 30000), "extension that was not offered"),
    ("30,000 parameters", right(EXTENSIONS + "a" + ";b" * 30000), "extension that was not offered"),
]
DEFLATES = [
    *((f"server_max_window_bits={bits}", right(f"{DEFLATE}; server_max_window_bits={bits}"), WINDOW)
      for bits in ("0", "7", "16", "08", "015", "999", "-15", "+15", "1e1", "0x0f", "15.0", "a",
                   "99999999999999999999", "4294967311", '"16"', '"08"', "15a")),
    ("server_max_window_bits without a value", right(DEFLATE + "; server_max_window_bits"), WINDOW),
    ("client_max_window_bits=16", right(DEFLATE + "; client_max_window_bits=16"), WINDOW),
    ("client_max_window_bits=7", right(DEFLATE + "; client_max_window_bits=7"), WINDOW),
    *((f"a value of {value!r}", right(f"{DEFLATE}; server_max_window_bits={value}"), MALFORMED)
      for value in ("", '"', '""', '"15', "15 15", '"1;5"', '"1,5"', "\\15")),
    ("a parameter twice", right(DEFLATE + "; server_max_window_bits=15; server_max_window_bits=15"),
     "parameter twice"),
    ("a flag twice", right(DEFLATE + "; server_no_context_takeover" * 2), "parameter twice"),
    ("a flag with a value", right(DEFLATE + "; server_no_context_takeover=1"), "has a value"),
    ("an unknown parameter", right(DEFLATE + "; mystery=1"), "parameter that was not offered"),
    ("another case", right(EXTENSIONS + "Permessage-Deflate"), "extension that was not offered"),
    ("the extension twice", right(DEFLATE, DEFLATE), "permessage-deflate twice"),
    ("the extension twice in one field", right(DEFLATE + ", permessage-deflate"), "twice"),
    ("another one beside it", right(DEFLATE + ", mystery"), "extension that was not offered"),
    ("a semicolon at the end", right(DEFLATE + ";"), MALFORMED),
    ("an empty parameter", right(DEFLATE + "; ; server_no_context_takeover"), MALFORMED),
    ("a parameter without a name", right(DEFLATE + "; =15"), MALFORMED),
    ("an extension without a name", right(EXTENSIONS + "; server_max_window_bits=15"), MALFORMED),
]
# What RFC 6455 and 7692 allow, though it looks odd.
ALLOWED = [
    ("128 fields", right(*junk(125)), ()),
    ("60,000 commas before the one protocol",
     head("Upgrade: " + "," * 60000 + "websocket", CONNECTION,
                                                   RIGHT), ()),
    ("other letters and more tokens",
     head("uPGRADE: WebSocket", "Connection: keep-alive, UPGRADE", RIGHT),
     ()),
    ("eight interim responses", head(status="HTTP/1.1 103 Early Hints") * 8 + right(), ()),
    ("no phrase", right(status="HTTP/1.1 101"), ()),
]


class HostileAnswers(ServerAttackCase):

    def setUp(self):
        super().setUp()
        self.upstream_server = self.server()

    def start_attacked(self, binary):
        self.defend_from_server(binary, *self.equal_bridges("main"),
                                *self.equal_bridges("deflate", upstream={"compression": True}))

    def give(self, answer, send=None):
        """Answers the next opening so, with a message behind it, and disconnects; what the local
        program got."""
        local = self.connect(self.daemon.address(self.attacked))
        upstream = self.upstream_server.accept()
        key = upstream.read_request().get("Sec-WebSocket-Key")
        self.assertEqual(upstream.request.get("Sec-WebSocket-Extensions") is None,
                         self.attacked.startswith("main"),
                         "without compression: true none is offered")
        try:
            (send or type(upstream).send)(upstream,
                                          answer.replace(ACCEPT, accept_key(key).encode()) +
                                          frame(TEXT, "never"))
            upstream.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it had heard enough
        upstream.read_end()
        upstream.close()
        result = local.read_until_end()
        local.close()
        return result

    def run_table(self, table, name="main"):
        for what, answer, words in table:
            ways = {"whole": None,
                    **({"byte by byte": self.send_bytewise} if len(answer) < 400 else {})}
            for way, send in ways.items():
                self.next_bridge(name)
                with self.attack(f"{what}, {way}", words, times=TIMES):
                    for _ in range(TIMES):
                        self.assertEqual(self.give(answer, send), (b"", "reset"), "no line")
                        self.serve_clean()  # without it further dials would wait for turns
                    entry = self.log.wait_for(words)
                    self.assertTrue(entry["advice"], "the log says what to do")

    def check_allowed(self):
        self.next_bridge("main")
        for what, answer, _ in ALLOWED:
            with self.attack(what, "connection ended without a Close"):
                self.assertEqual(self.give(answer), (b"never\n", "reset"), "an open session")
        for parameters in ("", "; server_max_window_bits=8", '; server_max_window_bits="10"',
                           " ;\tclient_no_context_takeover ; server_no_context_takeover",
                           "; client_max_window_bits=9"):
            with self.attack(f"permessage-deflate{parameters}"):
                self.serve_clean_session(self.next_bridge("deflate"), [DEFLATE + parameters])

    def test_each_answer_is_refused_in_words_and_nothing_of_it_becomes_a_line(self):
        for binary in BUILDS:
            self.start_attacked(binary)
            for table in (MISSING, SMUGGLING, PROTOCOLS):
                self.run_table(table)
            self.run_table(DEFLATES, "deflate")
            self.check_allowed()
            self.check_endless()
            self.check_flat()

    def check_endless(self):
        """Heads and bodies that do not end: read to the limit of 64 KiB, in time that grows with
        them."""
        self.next_bridge("main")
        length = size(2, 20) * MIB
        begin = (SWITCHING + "\r\n").encode()
        endless = {
            "a status line": (b"HTTP/1.1 101 " + b"x" * length, "longer than max_header"),
            "a field's name": (begin + b"x" * length, "longer than max_header"),
            "a field's value": (begin + b"X: " + b"x" * length, "longer than max_header"),
            "a field's value of spaces": (begin + b"X: " + b" " * length, "longer than max_header"),
            "long fields": (begin + (b"X: " + b"x" * 4000 + b"\r\n") * (length // 4005),
                            "longer than max_header"),
            "a refusal's body": (head(status="HTTP/1.1 403 No") + b"x" * length, "answered 403"),
            "a refusal's body of 2^63 bytes": (head(f"Content-Length: {2**63}",
                                                    status="HTTP/1.1 403 No") +
                                               b"x" * length, "answered 403"),
            "chunks of one byte": (head("Transfer-Encoding: chunked", status="HTTP/1.1 403 No") +
                                   b"1\r\nx\r\n" * (length // 6), "answered 403"),
            "a chunk of 2^64 bytes": (head("Transfer-Encoding: chunked", status="HTTP/1.1 403 No") +
                                      b"10000000000000000\r\n" + b"x" * length, "answered 403"),
        }
        for what, (answer, words) in endless.items():
            with self.attack(f"without end: {what}", words):
                self.assertEqual(self.give(answer), (b"", "reset"))
        for what in ("a field's value", "a refusal's body"):
            # A read for each byte costs what a read costs, whatever has been read before.
            with self.attack(f"without end, a byte at a time: {what}", endless[what][1],
                             cost=Cost(cpu=2)):
                self.assertEqual(self.give(endless[what][0], send=self.send_bytewise),
                                 (b"", "reset"))


if __name__ == "__main__":
    main()
