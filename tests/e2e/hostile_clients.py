# SPDX-License-Identifier: MIT
"""Local programs that write what nobody asked for, without end, or leave in the worst moment.

Scenario: garbage of every kind in every framing mode; lines, prefixes and delimiters that do not
end; resets while dialling, before the open, within a line, while replies come, in the drain, after
the end.
Method: what comes back, or what the log says, against a few lines that know the rules by
themselves; memory, processor time and descriptors before and after each.
Why: a program that has gone wrong must cost its own session, and no other's.
"""
import contextlib
import random
import ssl
import struct

from kit.attacks import BUILDS, KIB, MIB, TIMES, AttackCase, Cost
from kit.case import bridge, main
from kit.daemon import RELEASE_BINARY
from kit.survival import SEED, size
from kit.upstream import TEXT, frame
from kit.waiting import wait_until

MAX_LINE = 64 * KIB
DELIMITER = "a" * 15 + "b"
TOO_LONG, NO_TEXT = "line longer than max_line", "is not valid UTF-8"
HTTP = b"POST /admin HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\nhello"


def client_hello():
    """What a TLS client begins with."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    try:
        session.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError("nobody has answered")


def garbage():
    rng = random.Random(SEED)
    return {"random bytes": rng.randbytes(300 * KIB), "a few random bytes": rng.randbytes(50),
            "NULs": bytes(100 * KIB), "0xff": b"\xff" * 100 * KIB,
            "bytes that are no text": b"ok\ncaf\xe9\nlater\n",
            "a TLS ClientHello": client_hello(), "an HTTP request": HTTP,
            "line ends": b"\n" * 20 * KIB,
            "CR and LF": b"\r\n" * 10 * KIB + b"\r" * 100,
            "a WebSocket's frame": b"\x81\x85\x01\x02\x03\x04hello\n",
            "a PROXY header": b"PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\nline\n",
            "the largest length": b"\xff\xff\xff\xff" + b"x" * 1000,
            "one more than the limit": struct.pack(
                "!I", MAX_LINE + 1) + b"x" * 1000, "a length cut short": b"\0\0\1",
            "a message cut short": b"\0\0\1\0hello",
            "terminal's language": b"\x1b[2J\x1b]0;x\x07\n"}


def is_text(data):
    try:
        data.decode("utf-8")
        return True
    except UnicodeDecodeError:
        return False


def cut_lines(data, kind):
    """What comes back for it, and why the session fails, if it does."""
    back = b""
    *lines, rest = data.split(b"\n")
    for line in lines + ([rest] if rest else []):
        line = line[:-1] if line.endswith(b"\r") and line is not rest else line
        if len(line) > MAX_LINE:
            return back, TOO_LONG
        if kind == "text" and not is_text(line):
            return back, NO_TEXT
        back += line + b"\n"
    return back, None


def cut_prefixed(data):
    back = b""
    while len(data) >= 4:
        length, = struct.unpack("!I", data[:4])
        if length > MAX_LINE:
            return back, TOO_LONG
        if len(data) < 4 + length:
            break
        back, data = back + data[:4 + length], data[4 + length:]
    return back, "incomplete_message" if data else None


# name: (keys of framing, what a reader of the rules expects)
MODES = {
    "main": ({}, lambda data: cut_lines(data, "text")),
    "binary": ({"message_type": "binary", "binary_messages": "raw", "embedded_delimiter": "keep"},
               lambda data: cut_lines(data, "binary")),
    "prefixed": ({"mode": "length-prefixed"}, cut_prefixed),
    "raw": ({"mode": "raw"}, lambda data: (data, None)),
}


class HostileClients(AttackCase):

    def start_attacked(self, binary):
        self.silent = self.server()
        peer = self.beast_peer(echo=1)
        session = {"drain_timeout": "300ms"}
        limits = {"max_line": MAX_LINE}
        bridges = [bridge(peer.url(), name=name, session=session,
                          framing={**({} if name == "raw" else limits), **framing})
                   for name, (framing, _) in MODES.items()]
        bridges += [
            bridge(peer.url(), name="unix", listen=f"unix:{self.path(f'{peer.pid}.sock')}",
                   session=session),
            bridge(peer.url(), name="delimited", session=session,
                   framing={**limits, "delimiter": DELIMITER}),
            bridge(self.silent.url(), name="scripted", framing=limits),
            bridge(self.silent.url(), name="first-byte", session={"open": "first_byte"}),
            bridge(self.silent.url(), name="proxied", listen={
                "address": "127.0.0.1:0", "proxy_protocol": {"from": ["127.0.0.1"]}})]
        daemon = self.start(*bridges, binary=binary,
                            admin={"listen": f"unix:{self.path(f'{peer.pid}.admin')}"})
        self.defend(daemon, self.serve_clean_session)

    def serve_clean_session(self):
        local = self.connect(self.daemon.address("unix"))
        local.send(b"clean\n")
        self.assertEqual(local.read_line(), b"clean\n", "a clean session is served")
        local.close()

    def write(self, name, data):
        """Writes it and ends; what came back, and how it ended: who is sent away may not get to
        write it all."""
        local = self.connect(self.daemon.address(name))

        def send():
            try:
                local.send(data)
                local.shutdown_write()
                return "eof"
            except OSError:
                return "reset"
        sending = self.in_background(send)
        back, ending = local.read_until_end()
        sent = sending.result()
        local.close()
        return back, "reset" if "reset" in (sent, ending) else ending

    def check_garbage(self):
        """Four kinds at a time in all modes: most of it is waiting for what the drain may bring."""
        kinds = list(garbage().items())
        for at in range(0, len(kinds), 4):
            cases = [(name, data, *expect(data)) for _, data in kinds[at:at + 4]
                     for name, (_, expect) in MODES.items()]
            what = ", ".join(kind for kind, _ in kinds[at:at + 4])
            with self.attack(f"{what}, in every mode", times=TIMES * len(cases)):
                for _ in range(TIMES):
                    results = [self.in_background(self.write, name, data) for name, data,
                               *_ in cases]
                    for (name, _, *expected), result in zip(cases, results):
                        self.check_one(name, result.result(), *expected)
                for name, _, _, words in cases:
                    self.log.wait_for(f'"bridge": "{name}"', *filter(None, [words]))

    def check_one(self, name, result, expected, words):
        back, ending = result
        if words in (TOO_LONG, NO_TEXT):
            # The echoes of what was good race with the end; more than those there cannot be.
            self.assertEqual(ending, "reset", name)
            self.assertTrue(expected.startswith(back),
                            f"{name}: {back[:100]!r} is no part of what was good")
        else:
            self.assertEqual((len(back), ending), (len(expected), "eof"), name)
            self.assertTrue(back == expected,
                            f"{name}: all that was whole comes back, byte for byte")

    def test_garbage_ends_its_own_session_or_comes_back_as_it_was(self):
        for binary in BUILDS:
            self.start_attacked(binary)
            self.check_garbage()
            self.check_resets()
            self.check_flat()

    def test_what_does_not_end_is_refused_at_the_limit(self):
        self.start_attacked(RELEASE_BINARY)
        count = size(16, 256) * MIB
        # All is read to its end, as RFC 1122 has it: what is discarded costs a read each 256 KiB.
        cost = Cost(cpu=0.3 + count / MIB * 0.003)
        prefix = struct.pack("!I", 0xffffffff)
        for what, name, data in (("a line", "main", b"x"), ("a line of NULs", "main", b"\0"),
                                 ("a line of CRs", "main", b"\r"),
                                 ("a binary line", "binary", b"\xff"),
                                 ("nearly a delimiter", "delimited",
                                  DELIMITER[:-1].encode() + b"c"),
                                 ("the begin of a delimiter", "delimited", b"a"),
                                 ("a length of 2^32-1", "prefixed", prefix)):
            with self.attack(f"without end: {what}", TOO_LONG, cost=cost):
                back, ending = self.write(name, data * (count // len(data)))
                self.assertEqual((back, ending), (b"", "reset"))
        with self.attack("a line byte by byte", cost=Cost(cpu=2)):
            local = self.connect(self.daemon.address())
            for _ in range(20_000):
                local.send(b"x")
            local.send(b"\n")
            self.assertEqual(local.read_line(), b"x" * 20_000 + b"\n")
            local.close()
        self.check_flat()

    # Resets

    def reset_at(self, what, words, play):
        with self.attack(f"a reset {what}", *words, times=TIMES):
            for number in range(TIMES):
                play()
                wait_until(lambda count=number + 1: self.count_ends() >= count,
                           "the session's end in the log")

    def count_ends(self):
        """Without those of clean sessions."""
        return sum(entry["bridge"] != "unix" for entry in self.log.ends())

    def open_scripted(self):
        local = self.connect(self.daemon.address("scripted"))
        upstream = self.silent.open()
        upstream.send_text("good")
        self.assertEqual(local.read_line(), b"good\n")
        return local, upstream

    def check_resets(self):
        reset = "connection reset by peer"
        self.reset_at("during the dial", [reset], self.during_dial)
        self.reset_at("before the open, with a line", [reset], self.before_open)
        self.reset_at("within a line", [reset, '"unsent_bytes_up": 4'], self.within_line)
        self.reset_at("while replies come", ['"by": "local"'], self.while_replies_come)
        self.reset_at("in the drain", ['"by": "local"'], self.in_drain)
        self.reset_at("behind the upstream's end", ['"by": "upstream"'], self.behind_upstream_end)
        self.reset_at("behind both ends", ['"bytes_down": 600004'], self.behind_both_ends)
        self.reset_at("before the first byte", ['"by": "local"'], self.before_first_byte)
        with self.attack("a reset within a PROXY header", times=TIMES):
            for _ in range(TIMES):
                local = self.connect(self.daemon.address("proxied"))
                local.send(b"PROXY TCP4 192.0.2.7")
                local.reset()
        with self.attack("resets within admin requests", times=TIMES):
            for _ in range(TIMES):
                for part in (b"", b"GET /met",
                             b"POST /ctl/reload HTTP/1.1\r\nContent-Length: 100\r\n\r\nx"):
                    admin = self.connect(self.daemon.address("admin"))
                    admin.send(part)
                    admin.close()
        self.check_reset_while_stopping()

    def during_dial(self):
        local = self.connect(self.daemon.address("scripted"))
        upstream = self.silent.accept()
        upstream.read_request()
        local.reset()
        self.assertIn(upstream.read_end(), ("eof", "reset"), "nobody waits for its answer")
        upstream.close()

    def before_open(self):
        local = self.connect(self.daemon.address("scripted"))
        local.send(b"a line\n")
        upstream = self.silent.accept()
        upstream.read_request()
        local.reset()
        upstream.answer()
        self.read_to_close(upstream)

    def read_to_close(self, upstream):
        """The texts up to the client's Close, which is answered if there is one."""
        texts = []
        try:
            while (part := upstream.read_frame()).opcode == TEXT:
                texts.append(bytes(part.payload))
            upstream.send(frame(part.opcode, part.payload))
        except (EOFError, ConnectionError):
            pass
        upstream.close()
        return texts

    def within_line(self):
        local, upstream = self.open_scripted()
        local.send(b"one\npart")
        self.assertEqual(upstream.read_text(), b"one")
        local.reset()
        self.assertEqual(upstream.finish().close_code, 1000)

    def while_replies_come(self):
        local, upstream = self.open_scripted()

        def send():
            try:
                while True:
                    upstream.send(frame(TEXT, "r" * 60000))
            except OSError:
                pass
        sending = self.in_background(send)
        local.send(b"more\n")
        self.assertEqual(upstream.read_text(), b"more")
        local.reset()
        self.assertEqual(upstream.read_close().close_code, 1000)
        upstream.socket.shutdown(2)
        sending.result()
        upstream.close()

    def in_drain(self):
        local, upstream = self.open_scripted()
        local.send(b"last")
        local.shutdown_write()
        self.assertEqual(upstream.read_text(), b"last")
        upstream.send_text("reply")
        self.assertEqual(local.read_line(), b"reply\n")
        local.reset()
        self.read_until_left(upstream)

    def read_until_left(self, upstream):
        """Replies go on until somebody notices that nobody is there."""
        def answer():
            try:
                upstream.send_text("reply")
                return False
            except OSError:
                return True
        reading = self.in_background(self.read_to_close, upstream)
        wait_until(answer, "the reset is noticed")
        reading.result()

    def behind_upstream_end(self):
        local, upstream = self.open_scripted()
        upstream.close_with(1000)
        self.assertEqual(local.read(), b"")
        local.send(b"late\n")
        local.reset()

    def behind_both_ends(self):
        local, upstream = self.open_scripted()
        local.shutdown_write()
        upstream.send(frame(TEXT, "r" * 60000) * 10)
        upstream.close_with(1000)
        local.reset()

    def before_first_byte(self):
        local = self.connect(self.daemon.address("first-byte"))
        local.reset()

    def check_reset_while_stopping(self):
        """Another daemon, as this one is needed."""
        server = self.server()
        daemon = self.start(bridge(server.url()), binary=self.daemon.child.args[0],
                            shutdown={"drain_timeout": "20s", "quiet": "10s"})
        pairs = [self.session(server, daemon) for _ in range(20)]
        daemon.signal()
        daemon.wait_for_entry("draining")
        for local, _ in pairs:
            local.reset()
        for _, upstream in pairs:
            # The program does not wait for servers once no session is left: its end may come first.
            with contextlib.suppress(ConnectionResetError):
                self.assertEqual(upstream.finish().close_code, 1000)
        self.assertEqual(daemon.wait(), 0, "nothing is left to wait for, nothing was lost")


if __name__ == "__main__":
    main()
