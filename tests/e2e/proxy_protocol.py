# SPDX-License-Identifier: MIT
"""The PROXY protocol: believed from listed proxies, never from anybody else.

Scenario: proxies announce peers in both versions, broken, slow, hostile or not at all; a client
          that is not listed tries to announce somebody.
Method: headers are written by hand, in one piece and byte by byte; the server behind the bridge
        sees the announced address through a template, and exactly the lines behind the header.
Why: an address that anybody can claim opens every access list, and a header that is read as a
     line, or a line as a header, corrupts the stream.
"""
import socket
import struct

from kit.case import E2eCase, bridge, main
from kit.identity import connect_from
from kit.waiting import wait_until

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
V1 = b"PROXY TCP4 192.0.2.7 127.0.0.1 4711 7001\r\n"


def v2(command=1, family=0x11, rest=None):
    if rest is None:
        rest = socket.inet_aton("192.0.2.7") + socket.inet_aton("127.0.0.1") + struct.pack(
            "!HH", 4711, 7001)
    return SIGNATURE + bytes([0x20 | command, family]) + struct.pack("!H", len(rest)) + rest


V6 = v2(family=0x21, rest=socket.inet_pton(socket.AF_INET6, "2001:db8::7") + bytes(16) +
        struct.pack("!HH", 4711, 7001))


class ProxyCase(E2eCase):

    def setUp(self):
        super().setUp()
        self.upstream_server = self.server()

    def start_proxied(self, url_target="/{peer.addr}", listen=None, headers=None, **sections):
        listen = listen or {"address": "127.0.0.1:0", "proxy_protocol": {"from": ["127.0.0.1"]}}
        headers = headers or {"X-Peer": "{peer.addr} {peer.port}"}
        return self.start(bridge(self.upstream_server.url(url_target), listen=listen,
                                 upstream={"headers": headers}, **sections))

    def proxy(self, daemon, *pieces):
        local = self.connect(daemon.address())
        for piece in pieces:
            local.send(piece)
        return local

    @staticmethod
    def end(local, upstream):
        upstream.close_with(1000)
        local.close()

    def expect_refused(self, daemon, local, rule, *words):
        try:
            self.assertEqual(local.read_all(), b"")
        except ConnectionError:
            pass  # ended all the same
        entry = daemon.wait_for_entry("connection refused", *words)
        self.assertEqual((entry["level"], entry["rule"]), ("warn", rule))
        self.assertFalse(self.upstream_server.has_connection(0.1), "it was never dialled for")
        return entry


class Announced(ProxyCase):

    def test_both_versions_announce_the_peer_and_the_rest_are_lines(self):
        daemon = self.start_proxied()
        cases = ((V1, "192.0.2.7", "/192.0.2.7"), (v2(), "192.0.2.7", "/192.0.2.7"),
                 (V6, "2001:db8::7", "/2001%3Adb8%3A%3A7"))
        for number, (header, address, target) in enumerate(cases, 1):
            with self.subTest(header):
                local = self.proxy(daemon, header + b"first\nsecond\n")
                upstream = self.upstream_server.open()
                self.assertEqual(upstream.request.target, target)
                self.assertEqual(upstream.request.get("X-Peer"), f"{address} 4711")
                self.assertEqual([upstream.read_text(), upstream.read_text()],
                                 [b"first", b"second"])
                upstream.send_text(b"reply")
                self.assertEqual(local.read_line(), b"reply\n")
                self.end(local, upstream)
                end = daemon.wait_for_session_end(count=number)
                self.assertIn(f"{address}", end["peer"])
                self.assertTrue(end["peer"].endswith(":4711"), end)

    def test_a_header_may_come_in_any_pieces(self):
        daemon = self.start_proxied()
        for header in (V1, v2()):
            local = self.proxy(daemon, *[header[i:i + 1] for i in range(len(header))], b"line\n")
            upstream = self.upstream_server.open()
            self.assertEqual(upstream.request.get("X-Peer"), "192.0.2.7 4711")
            self.assertEqual(upstream.read_text(), b"line")
            self.end(local, upstream)

    def test_a_proxy_that_speaks_for_itself_is_the_peer(self):
        daemon = self.start_proxied()
        for header in (b"PROXY UNKNOWN\r\n", v2(command=0), v2(command=0, family=0, rest=b""),
                       v2(family=0, rest=b"")):
            with self.subTest(header):
                local = self.proxy(daemon, header + b"line\n")
                upstream = self.upstream_server.open()
                self.assertTrue(upstream.request.get("X-Peer").startswith("127.0.0.1 "))
                self.assertEqual(upstream.read_text(), b"line")
                self.end(local, upstream)

    def test_over_a_unix_socket_everyone_is_a_proxy_when_told(self):
        listen = {"address": f"unix:{self.path('p.sock')}", "proxy_protocol": {"from": ["unix"]}}
        daemon = self.start_proxied(listen=listen, url_target="/{peer.uid}/{peer.addr}")
        self.proxy(daemon, V1 + b"line\n")
        upstream = self.upstream_server.open()
        self.assertTrue(upstream.request.target.endswith("/192.0.2.7"), upstream.request.target)
        self.assertEqual(upstream.read_text(), b"line")
        # One that names nobody leaves {peer.addr} without a value: refused, not sent as it stands.
        local = self.proxy(daemon, b"PROXY UNKNOWN\r\nline\n")
        self.assertEqual(local.read_until_end()[0], b"")
        entry = daemon.wait_for_session_end(count=1)
        self.assertIn("{peer.addr} is not known", entry["cause"])
        self.assertFalse(self.upstream_server.has_connection(0.1))


class NotBelieved(ProxyCase):

    def test_a_client_that_is_not_listed_cannot_announce_anybody(self):
        daemon = self.start_proxied()
        local = connect_from("127.0.0.2", daemon.address())
        self.addCleanup(local.close)
        local.send(V1 + b"line\n")
        upstream = self.upstream_server.open()
        self.assertTrue(upstream.request.get("X-Peer").startswith("127.0.0.2 "))
        self.assertEqual([upstream.read_text(), upstream.read_text()], [V1[:-2], b"line"])

    def test_a_second_header_is_a_line(self):
        daemon = self.start_proxied()
        self.proxy(daemon, V1 + V1.replace(b"192.0.2.7", b"198.51.100.1"))
        upstream = self.upstream_server.open()
        self.assertEqual(upstream.request.get("X-Peer"), "192.0.2.7 4711")
        self.assertEqual(upstream.read_text(), V1[:-2].replace(b"192.0.2.7", b"198.51.100.1"))

    def test_hostile_headers_are_refused(self):
        daemon = self.start_proxied(headers={"X-Peer": "{peer.addr}"})
        hostile = [
            b"hello\n",
            b"GET / HTTP/1.1\r\n\r\n",
            b"PROXY TCP4 192.0.2.7 127.0.0.1 1\r\n",
            b"PROXY TCP4 ../../etc 127.0.0.1 1 2\r\n",
            b"PROXY TCP4 192.0.2.7\nCookie:x 127.0.0.1 1 2\r\n",
            b"PROXY TCP6 fe80::1%x/..?#\r\n",
            b"PROXY TCP4 " + b"1" * 200,
            v2(command=2),
            v2(family=0x12),
            v2(rest=b"short"),
            v2(rest=b"\0" * 5000),
        ]
        for number, header in enumerate(hostile, 1):
            with self.subTest(header):
                local = self.proxy(daemon, header)
                wait_until(lambda: len(daemon.entries("connection refused")) >= min(number, 10),
                           "an entry")
                self.expect_refused(daemon, local, "proxy_protocol")

    def test_a_connection_that_ends_within_its_header_is_refused_and_a_probe_is_not_told(self):
        daemon = self.start_proxied()
        self.proxy(daemon).close()
        local = self.proxy(daemon, V1[:20])
        local.shutdown_write()
        entry = self.expect_refused(daemon, local, "proxy_protocol", "ended within")
        self.assertEqual(entry["refused"], 1)

    def test_without_a_header_nobody_waits_long_and_nobody_else_waits_for_them(self):
        daemon = self.start_proxied()
        silent = [self.proxy(daemon) for _ in range(129)]
        # One more than may wait: the oldest goes.
        self.expect_refused(daemon, silent[0], "proxy_protocol", "too many others")
        self.proxy(daemon, V1)
        self.assertEqual(self.upstream_server.open().request.get("X-Peer"), "192.0.2.7 4711")
        self.expect_refused(daemon, silent[128], "proxy_protocol", "within 5 s")


class BothAreJudged(ProxyCase):

    def test_the_proxy_and_the_announced_peer_must_both_be_listed(self):
        listen = {"address": "127.0.0.1:0",
                  "proxy_protocol": {"from": ["127.0.0.1", "127.0.0.3"]}}
        daemon = self.start_proxied(
            listen=listen, access={"allow_cidrs": ["127.0.0.1", "192.0.2.0/24", "2001:db8::/32"]})
        for header in (V1, V6):
            self.proxy(daemon, header)
            self.upstream_server.open()
        stranger = V1.replace(b"192.0.2.7", b"198.51.100.1")
        entry = self.expect_refused(daemon, self.proxy(daemon, stranger), "allow_cidrs",
                                    "198.51.100.1")
        self.assertEqual(entry["peer"], "198.51.100.1:4711")
        self.assertTrue(entry["socket_peer"].startswith("127.0.0.1:"), entry)
        other_proxy = connect_from("127.0.0.3", daemon.address())
        self.addCleanup(other_proxy.close)
        self.expect_refused(daemon, other_proxy, "allow_cidrs", "127.0.0.3")
        unix_peer = v2(family=0x31, rest=b"/tmp/x".ljust(216, b"\0"))
        self.expect_refused(daemon, self.proxy(daemon, unix_peer), "allow_cidrs", "not known")


if __name__ == "__main__":
    main()
