# SPDX-License-Identifier: MIT
"""Servers that send more than they should, or less: memory and processor time stay flat.

Scenario: 1 GiB declared and 10 bytes sent; millions of fragments, empty messages and pings; bombs
of compressed zeros, in tiny frames too; bytes that trickle in one at a time; everything half done.
Method: the release build; its peak of memory and its processor time during each attack, with bounds
that follow from the configuration. ./dev hostile runs the large sizes.
Why: each of these has taken a client's memory or processor with a few bytes.
"""
import os
import struct
import time
import zlib

from kit.attacks import KIB, MIB, Cost, ServerAttackCase
from kit.case import bridge, main
from kit.daemon import RELEASE_BINARY
from kit.process import cpu_seconds
from kit.survival import size
from kit.upstream import CONTINUATION, PING, PONG, TEXT, frame

MAX_MESSAGE = 1 * MIB
BUFFER = 256 * KIB
DEFLATE = ("Sec-WebSocket-Extensions: permessage-deflate",)
# A message that is put together in a buffer that doubles, beside it its line and a read.
ONE_MESSAGE = 3 * MAX_MESSAGE + 2 * BUFFER + 2 * MIB
# What may wait for a program that does not read: a buffer, a batch of messages, a read.
ONE_BUFFER = 2 * BUFFER + 2 * MIB
FRAGMENTS = size(200_000, 1_000_000)
PINGS = size(500_000, 10_000_000)


def bomb(length):
    """A compressed message's payload: so many bytes of the same letter."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = b"".join(deflate.compress(b"x" * MIB) for _ in range(length // MIB))
    return (data + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]


class HostileFloods(ServerAttackCase):

    def setUp(self):
        super().setUp()
        server = self.upstream_server = self.server(receive_buffer=16 * KIB)
        session = {"buffer": BUFFER}
        self.defend_from_server(
            RELEASE_BINARY,
            bridge(server.url(), session=session, framing={"max_message": MAX_MESSAGE}),
            bridge(server.url(), name="deflate", session=session, upstream={"compression": True},
                   framing={"max_message": MAX_MESSAGE}),
            bridge(server.url(), name="largest", framing={"max_message": "1GiB"}))

    def send_all(self, upstream, data):
        """In the background, as far as the daemon takes it."""
        def send():
            try:
                upstream.send(data)
            except OSError:
                pass  # it has ended the connection, as it should
        return self.in_background(send)

    def expect_stopped(self, name, headers, data, code):
        local, upstream = self.open_pair(name, headers)
        sending = self.send_all(upstream, data)
        self.assertEqual(upstream.read_close().close_code, code)
        upstream.socket.shutdown(2)
        sending.result()
        upstream.close()
        self.assertEqual(local.read_until_end(), (b"", "reset"), "nothing of it becomes a line")

    def expect_line(self, name, headers, data, line):
        """Legal, however odd: one line comes out, in a session that goes on."""
        local, upstream = self.open_pair(name, headers)
        sending = self.send_all(upstream, data + frame(TEXT, "next"))
        self.assertTrue(local.read_line() == line + b"\n", "the whole line")
        self.assertEqual(local.read_line(), b"next\n")
        sending.result()
        upstream.close_with(1000)
        local.close()

    def test_declared_lengths_allocate_nothing(self):
        header = b"\x81\x7f" + struct.pack("!Q", 1 << 30)
        with self.attack("1 GiB declared, 10 bytes sent", "middle of a message"):
            local, upstream = self.open_pair("largest")
            upstream.send(header + b"10 bytes..")
            upstream.wait_until_taken()
            upstream.close()
            self.assertEqual(local.read_until_end(), (b"", "reset"))
        with self.attack("1 GiB declared in a second fragment, 10 bytes sent",
                         "longer than max_message"):
            local, upstream = self.open_pair("largest")
            upstream.send(frame(TEXT, "x", fin=False) + b"\x80" + header[1:] + b"10 bytes..")
            self.expect_failed(local, upstream, 1009)
        with self.attack("1 GiB declared 100 times", "middle of a message", times=100):
            pairs = [self.open_pair("largest") for _ in range(100)]
            for _, upstream in pairs:
                upstream.send(header + b"10 bytes..")
            for local, upstream in pairs:
                upstream.close()
                self.assertEqual(local.read_until_end(), (b"", "reset"))
        self.check_flat()

    def test_fragments_and_messages_without_end(self):
        first = frame(TEXT, fin=False)
        empty, small = frame(CONTINUATION, fin=False), frame(CONTINUATION, "x", fin=False)
        with self.attack(f"{FRAGMENTS} empty fragments", "too many empty fragments"):
            self.expect_stopped("main", (), first + empty * FRAGMENTS, 1009)
        with self.attack(f"{FRAGMENTS} fragments, each second one empty",
                         "too many empty fragments"):
            self.expect_stopped("main", (), first + (empty + small) * (FRAGMENTS // 2), 1009)
        cost = Cost(cpu=0.5, memory=ONE_MESSAGE)
        with self.attack(f"{FRAGMENTS} fragments of one byte", cost=cost):
            self.expect_line("main", (), first + small * FRAGMENTS + frame(CONTINUATION),
                             b"x" * FRAGMENTS)
        with self.attack("fragments of one byte beyond max_message", "longer than max_message",
                         cost=cost):
            self.expect_stopped("main", (), first + small * (MAX_MESSAGE + 1), 1009)
        with self.attack(f"{FRAGMENTS} empty messages to a program that does not read",
                         cost=Cost(cpu=1, memory=ONE_BUFFER)):
            local, upstream = self.open_pair()
            sending = self.send_all(upstream, frame(TEXT) * FRAGMENTS)
            local.delay(0.2)
            lines = bytearray()
            while len(lines) < FRAGMENTS:
                lines += local.read()
            self.assertTrue(lines == b"\n" * FRAGMENTS, "an empty line for each")
            sending.result()
            upstream.close_with(1000)
            local.close()
        self.check_flat()

    def test_bombs_stop_at_the_limit(self):
        data = bomb(size(64, 1024) * MIB)
        tiny = b"".join(frame(CONTINUATION if at else TEXT, data[at:at + 1], fin=False,
                              reserved=0 if at else 4) for at in range(len(data)))
        cost = Cost(cpu=0.5, memory=ONE_MESSAGE)
        for what, sent in (("in one frame", frame(TEXT, data, reserved=4)),
                           ("in frames of a byte", tiny)):
            with self.attack(f"a bomb of {len(data)} bytes {what}", "longer than max_message",
                             cost=cost):
                self.expect_stopped("deflate", DEFLATE, sent, 1009)
        largest = bomb(MAX_MESSAGE)
        count = size(20, 1000)
        with self.attack(f"{count} times just max_message, to a program that does not read",
                         cost=Cost(cpu=0.02 * count + 0.5, memory=ONE_MESSAGE + ONE_BUFFER)):
            local, upstream = self.open_pair("deflate", DEFLATE)
            sending = self.send_all(upstream, frame(TEXT, largest, reserved=4) * count)
            local.delay(0.2)
            for _ in range(count):
                self.assertEqual(len(local.read_line()), MAX_MESSAGE + 1)
            sending.result()
            upstream.close_with(1000)
            local.close()
        self.check_flat()

    def test_pings_without_end(self):
        """A server that reads no pong until it has sent all pings; then it is served as before."""
        for what, ping, count in (("empty pings", frame(PING), PINGS),
                                  ("pings of 125 bytes", frame(PING, "p" * 125), PINGS // 10)):
            with self.attack(f"{count} {what}",
                             cost=Cost(cpu=count * 1e-6 + 0.5, memory=ONE_BUFFER)):
                local, upstream = self.open_pair()
                for _ in range(10):
                    upstream.send(ping * (count // 10))
                upstream.send_text("behind")
                self.assertEqual(local.read_line(), b"behind\n")
                upstream.send(frame(PING, "last"))
                self.assertLess(self.read_pongs(upstream, b"last"), count, "not all are answered")
                local.send(b"up\n")
                self.assertEqual(upstream.read_text(), b"up")
                upstream.close_with(1000)
                local.close()
        self.check_flat()

    def read_pongs(self, upstream, last):
        """Those up to that of this payload."""
        count = 0
        while True:
            part = upstream.read_frame()
            self.assertEqual(part.opcode, PONG)
            count += 1
            if part.payload == last:
                return count

    def test_what_trickles_in_costs_a_read_each(self):
        message = frame(TEXT, "x" * 126) + frame(TEXT, "y", fin=False) + frame(PING, "p") + frame(
            CONTINUATION, "z")
        rounds = size(20, 500)
        with self.attack("frames byte by byte", cost=Cost(cpu=0.5 + rounds * 0.01)):
            local, upstream = self.open_pair()
            for _ in range(rounds):
                self.send_bytewise(upstream, message)
                self.assertEqual(local.read_lines(2), [b"x" * 126 + b"\n", b"yz\n"])
            upstream.close_with(1000)
            local.close()
        self.check_flat()

    def test_what_is_half_done_costs_nothing(self):
        """curl's CVE-2025-5399: an endless loop over what is not yet a frame."""
        ca = self.ca()
        secure = self.server(tls=ca.server_context())
        daemon = self.start(
            bridge(self.upstream_server.url()), bridge(secure.url(), name="tls", upstream={"tls": {
                "ca_file": ca.certificate}}),
            bridge(self.upstream_server.url(), name="deflate", upstream={"compression": True}),
            binary=RELEASE_BINARY)
        parts = [b"\x81", b"\x81\x7e\x01", b"\x81\x05hel", frame(TEXT, "hel", fin=False),
                 b"\x89\x05pi"]
        for part in parts:
            for name, server, headers in (("main", self.upstream_server, ()), ("tls", secure, ()),
                                          ("deflate", self.upstream_server, DEFLATE)):
                local = self.connect(daemon.address(name))
                local.send(b"half a line")
                server.open(*headers).send(part)
        local = self.connect(daemon.address("deflate"))
        self.upstream_server.open(*
                                  DEFLATE).send(frame(TEXT, bomb(MIB)[:100], fin=False, reserved=4))
        for name, server, data in (("main", self.upstream_server, b"H"),
                                   ("tls", secure, b"HTTP/1.1 101 S")):
            local = self.connect(daemon.address(name))
            upstream = server.accept()
            upstream.read_request()
            upstream.send(data)
        self.connect(daemon.address("tls"))
        # Five bytes of a TLS record's header and one of the record, past Python's TLS.
        os.write(secure.open().socket.fileno(), b"\x17\x03\x03\x40\x00\x01")
        before = cpu_seconds(daemon.pid)
        time.sleep(1)  # the time that is measured
        self.assertLess(cpu_seconds(daemon.pid) - before, 0.1, "nothing spins")


if __name__ == "__main__":
    main()
