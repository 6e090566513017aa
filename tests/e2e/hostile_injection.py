# SPDX-License-Identifier: MIT
"""What a local peer or the configuration can influence never becomes another line of a request.

Scenario: CR, LF and NUL in every key that ends up in a request, written out, from a variable and
from a file, also from one that changes while the daemon runs; proxies that announce peers with
them; programs whose first lines are requests and frames.
Method: `check` must refuse them at their place, without showing them; what the server reads is
compared byte for byte.
Why: a line break in a header is a second header, or a second request (CVE-2026-1527).
"""
import bisect
import os
import re
import struct

from kit.attacks import ServerAttackCase
from kit.case import E2eCase, bridge, main
from kit.daemon import DEV_BINARY, write_config
from kit.upstream import BINARY

BREAKS = {"CR": "\r", "LF": "\n", "CRLF": "\r\nX-Injected: 1"}
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
URL = "ws://127.0.0.1:1/"


def places(text):
    """(key, the keys of upstream) for all that goes into a request, to a server or a proxy."""
    return [
        ("url", {"url": f"ws://127.0.0.1:1/a{text}b"}),
        ("url", {"url": f"ws://127.0.0.1:1/?a{text}b"}),
        ("url", {"url": f"ws://127.0.0.1{text}.x:1/"}),
        ("url", {"url": f"ws://u{text}:p@127.0.0.1:1/"}),
        ("headers", {"headers": {"X-A": f"a{text}b"}}),
        ("headers", {"headers": {f"X-A{text}": "a"}}),
        ("headers", {"headers": {"Host": f"a{text}b"}}),
        ("headers", {"headers": {"Cookie": f"a=b{text}"}}),
        ("origin", {"origin": f"https://example.com{text}"}),
        ("subprotocols", {"subprotocols": [f"chat{text}"]}),
        ("user", {"basic_auth": {"user": f"u{text}", "password": "p"}}),
        ("password", {"basic_auth": {"user": "u", "password": f"p{text}"}}),
        ("proxy", {"proxy": f"http://u{text}:p@127.0.0.1:1"}),
        ("proxy", {"proxy": f"http://127.0.0.1{text}:1"}),
        ("server_name", {"url": "wss://127.0.0.1:1/", "tls": {"server_name": f"a{text}b"}}),
        ("resolve", {"resolve": {f"a{text}b:1": "127.0.0.1"}}),
        ("redirect_to", {"redirect_to": [f"ws://a{text}b:1"]}),
    ]


class Configuration(E2eCase):

    def check_each(self, written, env=None):
        """Each of these bridges is refused at its place for this key; the messages, a line each."""
        bridges = [bridge(URL, name=f"b{number}", listen=f"unix:{self.path(str(number))}",
                          upstream=upstream)
                   for number, (_, upstream) in enumerate(written)]
        path = write_config(self.directory, {"bridges": bridges}, "hostile.yaml")
        status, out, err = self.run_to_end("check", "-c", path, env=env)
        self.assertEqual((status, out), (2, ""), err)
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
        begins = [number for number,
                  line in enumerate(lines, 1) if '"name": "b' in line] + [len(lines) + 1]
        errors = {}
        for error in err.split("\n")[:-1]:
            found = re.match(r".*hostile\.yaml:(\d+):\d+: (.*)", error)
            self.assertTrue(found and error.isprintable(), repr(error))
            at = bisect.bisect_right(begins, int(found[1])) - 1
            errors.setdefault(at, []).append(found[2])
        for number, (key, upstream) in enumerate(written):
            self.assertIn(key, " ".join(errors.get(number, [])), f"{upstream} is refused")
        return err

    def test_line_breaks_are_refused_wherever_they_are_written(self):
        for what, text in BREAKS.items():
            with self.subTest(what):
                self.check_each(places(text))

    def test_line_breaks_of_variables_and_files_are_refused_and_not_shown(self):
        path = self.path("value")
        for what, text in BREAKS.items():
            with self.subTest(what), open(path, "w", encoding="ascii", newline="") as file:
                file.write(f"marker{text}marker\n")
            for reference in ("${file:%s}" % path, "${env:HOSTILE}"):
                with self.subTest(what, reference=reference):
                    err = self.check_each(places(reference), {"HOSTILE": f"marker{text}marker"})
                    self.assertNotIn("marker", err, "expanded text is never shown")

    def test_line_breaks_in_percent_do_not_reach_a_proxy_s_header(self):
        self.check_each([("proxy", {"proxy": f"{scheme}://u{text}:p{text}@127.0.0.1:1"})
                         for scheme in ("http", "socks5") for text in ("%0d%0a", "%0A", "%00")])


class AtWork(ServerAttackCase):

    def setUp(self):
        super().setUp()
        self.upstream_server = self.server()

    def request_of(self, daemon, *lines, name="main"):
        """The request's head byte for byte, and the session."""
        local = self.connect(daemon.address(name))
        for line in lines:
            local.send(line)
        upstream = self.upstream_server.accept()
        request = upstream.read_request()
        self.assertEqual(upstream.pending, b"",
                         "nothing is behind the request before it is answered")
        return local, upstream, request

    def test_values_that_change_at_work_are_refused_and_the_ones_of_before_stay(self):
        value, jar = self.path("value"), self.path("jar")
        good = "127.0.0.1\tFALSE\t/\tFALSE\t0\tsid\tgood\n"
        self.replace(value, "good\n")
        self.replace(jar, good)
        daemon = self.start(bridge(self.upstream_server.url(), upstream={
            "headers": {"X-Token": "${file:%s}" % value}, "origin": "https://example.com",
            "cookie_jar": jar}))
        for text in ("bad\r\nX-Injected: 1", "bad\rX-Injected: 1", "bad\nX-Injected: 1", "bad\0"):
            with self.subTest(repr(text)):
                self.replace(value, text + "\n")
                self.replace(jar,
                             good +
                             f"127.0.0.1\tFALSE\t/\tFALSE\t0\tx\t{text}\n".replace("\n", "\x0b", 1))
                local, upstream, request = self.request_of(daemon)
                self.assertEqual(request.get("X-Token"), "good")
                self.assertEqual(request.get("Cookie"), "sid=good")
                self.assertEqual(request.all("X-Injected"), [])
                upstream.answer()
                upstream.close_with(1000)
                local.close()
        self.assertTrue(daemon.problems("references not read again"), "it is told")

    def replace(self, path, text):
        with open(path + ".new", "w", encoding="ascii", newline="") as file:
            file.write(text)
        os.rename(path + ".new", path)

    def test_a_proxy_cannot_announce_more_than_an_address(self):
        templates = {"headers": {"X-Peer": "{peer.addr}:{peer.port}"},
                     "on_open": ["hello {peer.addr}"]}
        self.defend_from_server(
            DEV_BINARY, bridge(self.upstream_server.url(), name="clean"),
            bridge(self.upstream_server.url("/{peer.addr}/?p={peer.port}"), upstream=templates,
                   listen={"address": "127.0.0.1:0", "proxy_protocol": {"from": ["127.0.0.1"]}}))
        for line in (b"PROXY TCP4 192.0.2.7\rX-Injected:1 127.0.0.1 1 2\r\n",
                     b"PROXY TCP4 192.0.2.7\0 127.0.0.1 1 2\r\n",
                     b"PROXY TCP4 192.0.2.7%0d%0a 127.0.0.1 1 2\r\n",
                     b"PROXY TCP4 192.0.2.7/../ 127.0.0.1 1 2\r\n",
                     b"PROXY TCP4 {peer.addr} 127.0.0.1 1 2\r\n",
                     b"PROXY TCP4 192.0.2.7 127.0.0.1 1\tX 2\r\n",
                     b"PROXY TCP4 192.0.2.7 127.0.0.1 65536 2\r\n",
                     b"PROXY TCP4 192.0.2.7 127.0.0.1 -1 2\r\n",
                     b"PROXY TCP6 fe80::1%lo 127.0.0.1 1 2\r\n",
                     b"PROXY  TCP4 192.0.2.7 127.0.0.1 1 2\r\n"):  # further ones are folded
            with self.attack(f"announced: {line!r}", "connection refused", "proxy_protocol"):
                local = self.connect(self.daemon.address())
                local.send(line + b"line\n")
                self.assertEqual(local.read_until_end()[0], b"")
                local.close()
                self.assertFalse(self.upstream_server.has_connection(0.01),
                                 "nobody is dialled for it")

    def test_what_a_header_of_version_2_carries_beside_the_address_stays_out(self):
        daemon = self.start(bridge(
            self.upstream_server.url("/{peer.addr}"),
            upstream={"headers": {"X-Peer": "{peer.addr}:{peer.port}"}},
            listen={"address": "127.0.0.1:0", "proxy_protocol": {"from": ["127.0.0.1"]}}))
        extra = b"".join(struct.pack("!BH", kind, len(text)) + text for kind, text in (
            (1, b"h2\r\nX-Injected: 1"), (2, b"evil\r\n\r\nGET / HTTP/1.1\r\n"), (5, b"\r\n" * 60)))
        rest = b"\xc0\0\2\7\x7f\0\0\1" + struct.pack("!HH", 4711, 1) + extra
        header = SIGNATURE + b"\x21\x11" + struct.pack("!H", len(rest)) + rest
        _, _, request = self.request_of(daemon, header)
        self.assertEqual((request.target, request.get("X-Peer")), ("/192.0.2.7", "192.0.2.7:4711"))
        self.assertEqual(request.all("X-Injected"), [])

    def test_lines_that_look_like_requests_or_frames_are_payload(self):
        daemon = self.start(bridge(self.upstream_server.url()),
                            bridge(self.upstream_server.url(), name="raw", framing={"mode": "raw"}))
        evil = [b"GET /evil HTTP/1.1", b"Host: evil.test", b"Upgrade: websocket", b"",
                b"\x01\x7fhello"]
        local, upstream, _ = self.request_of(daemon, b"\n".join(evil) + b"\n")
        upstream.answer()
        self.assertEqual([upstream.read_text() for _ in evil], evil)
        upstream.close_with(1000)
        local.close()
        frames = b"\x88\x82\0\0\0\0\x03\xe8" + b"\x81\x85\0\0\0\0hello"
        frames += b"\r\n\r\nHTTP/1.1 101\r\n\r\n"
        local, upstream, _ = self.request_of(daemon, frames, name="raw")
        upstream.answer()
        received = b""
        while len(received) < len(frames):
            part = upstream.read_frame()
            self.assertEqual((part.opcode, part.masked), (BINARY, True))
            received += part.payload
        self.assertEqual(received, frames)


if __name__ == "__main__":
    main()
