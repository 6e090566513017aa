# SPDX-License-Identifier: MIT
"""The ways to a server through the configuration, past programs that other people wrote.

Scenario: tinyproxy and microsocks with passwords, the environment's proxies, a TLS server that wants
          client certificates, pins, Basic authentication, redirects, given addresses, compression.
Method: a bridge for each case; lines go through it, or the one log line says what to do.
Why: each of these fails in its own way, and an operator sees nothing but that line.
"""
import ssl

from kit.case import E2eCase, bridge, main
from kit.process import free_ports
from kit.proxies import Proxies
from kit.websockets_server import WebsocketsServer, negotiated, request_headers


async def echo(connection):
    async for message in connection:
        await connection.send(message)


async def tell_headers(connection):
    headers = request_headers(connection)
    await connection.send(str(headers.get("Authorization")))


class UpstreamOptions(Proxies, E2eCase):

    def serve(self, handler=echo, tls=None, **options):
        server = WebsocketsServer(handler, tls=tls, **{"compression": None, "is_named": True, **options})
        self.addCleanup(server.close)
        return server

    def assert_echoes(self, daemon, name):
        local = self.connect(daemon.address(name))
        local.send(b"hello\n")
        self.assertEqual(local.read_line(), b"hello\n", name)
        local.close()

    def assert_fails(self, daemon, name, cause, advice):
        """The local side is reset; the one log line of that bridge says why and what to do."""
        try:
            end = self.connect(daemon.address(name)).read_until_end()
        except ConnectionResetError:
            end = (b"", "reset")
        self.assertEqual(end, (b"", "reset"), name)
        daemon.wait_for_session_end(name)
        [entry] = [one for one in daemon.problems() if one.get("bridge") == name]
        self.assertIn(cause, entry["cause"])
        self.assertIn(advice, entry["advice"])
        for secret in ("s3cret", "wr0ng"):
            self.assertNotIn(secret, daemon.stderr(), "passwords are never logged")
        return entry

    def test_proxies_with_passwords(self):
        ca = self.ca()
        plain, secure = self.serve(), self.serve(tls=ca.server_context())
        url = f"ws://localhost:{plain.port}/"
        http = self.http_proxy(f"{plain.port}\nConnectPort {secure.port}")
        socks = self.socks_proxy()
        [closed] = free_ports(1)
        other = self.server()
        def greet():
            upstream = other.accept()
            upstream.send(b"SSH-2.0-OpenSSH_9.2p1\r\n")
            upstream.read_end()
        greeted = self.in_background(greet)
        def to(name, address, proxy, **upstream):
            return bridge(address, name=name, upstream={"proxy": proxy, **upstream})
        daemon = self.start(
            to("http", url, f"http://me:s3cret@127.0.0.1:{http}"),
            to("http-tls", secure.url(), f"http://me:s3cret@127.0.0.1:{http}",
               tls={"ca_file": ca.certificate}),
            to("socks-tls", secure.url(), f"socks5://me:s3cret@127.0.0.1:{socks}",
               tls={"ca_file": ca.certificate}),
            bridge(url, name="from-environment"),
            to("none", url, "none"),
            to("http-anonymous", url, f"127.0.0.1:{http}"),
            to("http-forbidden", "ws://localhost:9/", f"http://me:s3cret@127.0.0.1:{http}"),
            to("socks-wrong", url, f"socks5://me:wr0ng@127.0.0.1:{socks}"),
            to("socks-refused", f"ws://127.0.0.1:{closed}/", f"socks5://me:s3cret@127.0.0.1:{socks}"),
            to("no-proxy-there", url, f"http://127.0.0.1:{closed}"),
            to("not-a-proxy", url, f"socks5://127.0.0.1:{other.port}"),
            options={"env": {"http_proxy": f"socks5h://me:s3cret@127.0.0.1:{socks}"}})
        for name in ("http", "http-tls", "socks-tls", "from-environment", "none"):
            with self.subTest(name):
                self.assert_echoes(daemon, name)
        address = {entry["bridge"]: entry["address"].replace("[::1]", "127.0.0.1")
                   for entry in daemon.entries("session opened")}
        self.assertEqual(address, {
            "http": f"127.0.0.1:{http}", "http-tls": f"127.0.0.1:{http}",
            "socks-tls": f"127.0.0.1:{socks}", "from-environment": f"127.0.0.1:{socks}",
            "none": f"127.0.0.1:{plain.port}"})
        for name, cause, advice in (
                ("http-anonymous", "answered 407", "http://user:password@"),
                ("http-forbidden", "answered 403", "rules"),
                ("socks-wrong", "refused the user or the password", "password"),
                ("socks-refused", "connection refused", "rules"),
                ("no-proxy-there", "refused", "upstream.proxy"),
                ("not-a-proxy", "SOCKS5", "no such proxy")):
            with self.subTest(name):
                self.assert_fails(daemon, name, cause, advice)
        greeted.result()

    def test_client_certificates_and_pins(self):
        ca = self.ca()
        certificate, key = ca.issue("client.example")
        trust = {"ca_file": ca.certificate}
        bundle = self.path("both.pem")
        with open(bundle, "w", encoding="ascii") as both:
            for part in (certificate, key):
                with open(part, encoding="ascii") as file:
                    both.write(file.read())
        context = ca.server_context()
        context.load_verify_locations(ca.certificate)
        context.verify_mode = ssl.CERT_REQUIRED
        closed = self.serve(tls=context)
        opened = self.serve(tls=ca.server_context())
        wrong_pin = "sha256//" + "A" * 43 + "="
        def to(name, server, **tls):
            return bridge(server.url(), name=name, upstream={"tls": {**trust, **tls}})
        daemon = self.start(
            to("certificate", closed, cert_file=certificate, key_file=key),
            to("in-one-file", closed, cert_file=bundle),
            to("pinned", opened, pin_sha256=[wrong_pin]))
        for name in ("certificate", "in-one-file"):
            with self.subTest(name):
                self.assert_echoes(daemon, name)
        entry = self.assert_fails(daemon, "pinned", "has the pin sha256//", "put this pin into")
        pin = entry["cause"].split("has the pin ")[1].split(",")[0]
        daemon.stop()
        daemon = self.start(to("right", opened, pin_sha256=[wrong_pin, pin]))
        self.assert_echoes(daemon, "right")

    def test_a_certificate_that_the_server_demands_is_told(self):
        server = self.server(tls=self.demanding_context())
        daemon = self.start(bridge(server.url(), name="nobody", upstream={
            "tls": {"ca_file": self.ca().certificate}}))
        def handshake():
            with self.assertRaises((ssl.SSLError, EOFError, OSError)):
                server.accept().read_request()
        served = self.in_background(handshake)
        self.assert_fails(daemon, "nobody", "client certificate", "tls.key_file")
        served.result()

    def demanding_context(self):
        context = self.ca().server_context()
        context.load_verify_locations(self.ca().certificate)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def test_basic_auth_resolve_and_redirects(self):
        ca = self.ca()
        chat = self.serve(tell_headers, tls=ca.server_context("chat.example"))
        first, other = self.server(), self.serve()
        resolve = {f"chat.example:{chat.port}": "127.0.0.1"}
        upstream = {"tls": {"ca_file": ca.certificate}, "resolve": resolve,
                    "basic_auth": {"user": "me", "password": "s3cret"}}
        allowed = {"follow_redirects": 1, "redirect_to": [f"http://127.0.0.1:{other.port}"]}
        daemon = self.start(
            bridge(f"wss://chat.example:{chat.port}/", name="named", upstream=upstream),
            bridge(first.url(), name="followed", upstream=allowed),
            bridge(first.url(), name="not-listed", upstream={"follow_redirects": 1}),
            bridge(first.url(), name="not-followed"))
        local = self.connect(daemon.address("named"))
        self.assertEqual(local.read_line(), b"Basic bWU6czNjcmV0\n", "RFC 7617")
        local.close()
        def redirect():
            upstream = first.accept()
            upstream.read_request()
            upstream.send(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n"
                          % other.url().encode("ascii"))
            upstream.read_end()
        served = self.in_background(redirect)
        self.assert_echoes(daemon, "followed")
        served.result()
        for name, cause, advice in (("not-listed", "redirect_to does not list", "redirect_to"),
                                    ("not-followed", "302", "follow_redirects")):
            with self.subTest(name):
                served = self.in_background(redirect)
                self.assert_fails(daemon, name, cause, advice)
                served.result()

    def test_compression_and_its_bound(self):
        async def converse(connection):
            await connection.send(",".join(each.name for each in negotiated(connection)))
            async for message in connection:
                await connection.send(message if message != "bomb" else "x" * 3_000_000)
        server = self.serve(converse, compression="deflate")
        daemon = self.start(bridge(server.url(), upstream={"compression": True},
                                   framing={"max_message": "2MiB"}))
        local = self.connect(daemon.address())
        self.assertEqual(local.read_line(), b"permessage-deflate\n")
        lines = [b"%d %s" % (size, b"line " * size) for size in (0, 1, 100, 10000, 200000)]
        sending = self.in_background(local.send, b"".join(line + b"\n" for line in lines))
        for line in lines:
            self.assertTrue(local.read_line() == line + b"\n", f"{len(line)} bytes come back")
        sending.result()
        local.send(b"bomb\n")
        self.assertEqual(local.read_until_end()[0], b"", "nothing of what is over the limit")
        self.assertEqual(daemon.wait_for_session_end()["close_code"], 1009,
                         "max_message counts inflated bytes")


if __name__ == "__main__":
    main()
