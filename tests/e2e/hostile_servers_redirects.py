# SPDX-License-Identifier: MIT
"""Redirects that want credentials, or want the daemon elsewhere: who gets what is what the rules
say.

Scenario: a bridge with every kind of credential, and servers that redirect to other paths, ports,
hosts, schemes, to nowhere and round in circles, with Locations that mean something else to a
careless reader.
Method: every credential is a marker; the request that arrives is searched for all of them.
Why: a redirect is an answer of the server's, and clients have carried tokens to whoever it named.
"""
import ssl

from kit.attacks import BUILDS, ServerAttackCase
from kit.case import bridge, main
from kit.survival import size
from kit.upstream import close_frame

TIMES = size(1, 5)  # the log folds what comes more often
APP = "app.example.test"
JAR = "".join(f"{domain}\t{below}\t/\t{secure}\t0\t{name}\tmarker-{name}\n" for domain, below,
              secure, name in (
    (APP, "FALSE", "FALSE", "host"), (".example.test", "TRUE", "FALSE", "domain"),
    ("other.test", "FALSE", "FALSE", "other"), (APP, "FALSE", "TRUE", "secure"),
    ("127.0.0.1", "FALSE", "FALSE", "address")))
# "u:marker-basic" as Base64 says nothing a marker could be found by, so it is looked for as it is.
BASIC = "dTptYXJrZXItYmFzaWM="
CREDENTIALS = {"marker-header", BASIC, "marker-host", "marker-domain", "marker-other",
               "marker-secure",
               "marker-address", "marker-origin"}
COOKIES = {"marker-host", "marker-domain"}
NOT_LISTED, NO_URL = "redirect_to does not list", "neither an http nor a ws"
NOT_UNDERSTOOD = "cannot be understood"


class HostileRedirects(ServerAttackCase):

    def setUp(self):
        super().setUp()
        self.upstream_server, self.second = self.server(), self.server()
        ca = self.ca()
        certificate, key = ca.issue("client.example")
        self.secure = self.server(tls=ca.server_context(APP))
        asking = ca.server_context(APP)
        asking.load_verify_locations(ca.certificate)
        asking.verify_mode = ssl.CERT_OPTIONAL
        self.asking = self.server(tls=asking)
        self.trust = {"ca_file": ca.certificate, "cert_file": certificate, "key_file": key}
        with open(self.path("jar"), "w", encoding="ascii") as file:
            file.write(JAR)

    def bridges(self):
        ports = [server.port
                 for server in (self.upstream_server, self.second, self.secure, self.asking)]
        first, second, secure, asking = ports
        upstream = {
            "headers": {"X-Token": "marker-header", "User-Agent": "a/1"}, "follow_redirects": 3,
            "basic_auth": {"user": "u", "password": "marker-basic"}, "cookie_jar": self.path("jar"),
            "resolve": {f"*:{port}": "127.0.0.1" for port in ports},
            "redirect_to": [f"ws://{APP}:{second}", f"ws://sub.{APP}:{second}",
                            f"ws://other.test:{second}",
                            f"ws://{APP}:{first}", f"wss://{APP}:{asking}"]}
        return [bridge(f"ws://{APP}:{first}/start", upstream=upstream),
                bridge(f"wss://{APP}:{secure}/start", name="secure",
                       upstream={**upstream, "tls": self.trust})]

    def server_behind(self, name):
        return self.secure if name == "secure" else self.upstream_server

    def redirect(self, server, *locations, status="302 Found", fields=()):
        """Answers the next request so; the request."""
        upstream = server.accept()
        request = upstream.read_request()
        lines = [f"HTTP/1.1 {status}", "Content-Length: 0", *fields,
                 *(f"Location: {where}" for where in locations)]
        upstream.send("\r\n".join([*lines, "", ""]).encode("latin-1"))
        upstream.read_end()
        upstream.close()
        return request

    def credentials_of(self, request):
        text = " ".join([request.target, *(value for _, value in request.headers)])
        return {marker for marker in CREDENTIALS if marker in text}

    def follow(self, what, location, server, expected, path, name="main", **answer):
        """Is followed there with these credentials and this path, into an ordinary session."""
        self.attacked = name
        with self.attack(f"to {what}", times=TIMES):
            for _ in range(TIMES):
                local = self.connect(self.daemon.address(name))
                own = self.redirect(self.server_behind(name), location, **answer)
                self.assertIn(BASIC, self.credentials_of(own),
                              "the first server gets what is meant for it")
                upstream = server.open()
                self.assertEqual(self.credentials_of(upstream.request), expected)
                self.assertEqual(upstream.request.target, path)
                self.assertEqual(upstream.request.all("X-Injected"), [])
                upstream.send(close_frame(1000))
                upstream.read_close()
                upstream.close()
                self.assertEqual(local.read_until_end(), (b"", "eof"))
                local.close()

    def refuse(self, what, locations, words, name="main", **answer):
        self.attacked = name
        with self.attack(f"to {what}", words, times=TIMES):
            for _ in range(TIMES):
                local = self.connect(self.daemon.address(name))
                self.redirect(self.server_behind(name), *locations, **answer)
                self.assertEqual(local.read_until_end(), (b"", "reset"))
                local.close()
                for server in (self.upstream_server, self.second, self.secure, self.asking):
                    self.assertFalse(server.has_connection(0.001), "nobody else is asked")
                self.serve_clean()
            self.assertTrue(self.log.wait_for(words)["advice"])

    def check_followed(self):
        first, second = self.upstream_server.port, self.second.port
        everything = COOKIES | {"marker-header", BASIC}
        self.follow("another path", "/next?a=b", self.upstream_server, everything, "/next?a=b")
        self.follow("a path beside", "next", self.upstream_server, everything, "/next")
        self.follow("the same by http", f"http://{APP}:{first}/next", self.upstream_server,
                    everything, "/next")
        self.follow("the same in capitals", f"WS://APP.Example.TEST:{first}/n",
                    self.upstream_server, everything, "/n")
        self.follow("above the root", "/../../etc/passwd", self.upstream_server, everything,
                    "/etc/passwd")
        self.follow("a path with CRLF in percent", "/a%0d%0aX-Injected:%201", self.upstream_server,
                    everything,
                    "/a%0d%0aX-Injected:%201")
        self.follow("another port", f"ws://{APP}:{second}/x", self.second, COOKIES, "/x")
        self.follow("a host below", f"ws://sub.{APP}:{second}/x", self.second, {"marker-domain"},
                    "/x")
        self.follow("another host", f"ws://other.test:{second}/x", self.second, {"marker-other"},
                    "/x")
        self.follow("another host, with a cookie for it", f"ws://other.test:{second}/x",
                    self.second,
                    {"marker-other"}, "/x",
                    fields=["Set-Cookie: t=marker-origin; Domain=other.test",
                                                   "Set-Cookie: t=marker-origin; Domain=test",
                                                   "Set-Cookie: t=marker-origin"])
        self.follow("another port, with a dot behind the name", f"ws://{APP}.:{second}/x",
                    self.second, COOKIES, "/x")
        self.follow("another port with TLS", f"wss://{APP}:{self.asking.port}/x", self.asking,
                    COOKIES | {"marker-secure"}, "/x", name="secure")
        self.assertFalse(self.asked_for_certificate,
                         "the client certificate is not for another origin")

    @property
    def asked_for_certificate(self):
        return any(self.peer_certificates)

    def check_way_back(self):
        with self.attack("another port and back"):
            local = self.connect(self.daemon.address())
            self.redirect(self.upstream_server, f"ws://{APP}:{self.second.port}/x")
            self.redirect(self.second, f"ws://{APP}:{self.upstream_server.port}/back")
            upstream = self.upstream_server.open()
            self.assertEqual(self.credentials_of(upstream.request), COOKIES,
                             "what was dropped stays dropped")
            upstream.close_with(1000)
            self.assertEqual(local.read_until_end(), (b"", "eof"))

    def check_refused(self):
        first, second = self.upstream_server.port, self.second.port
        for what, where in (
                ("a host that is not listed", f"ws://evil.test:{second}/"),
                ("a host that is not listed, without a scheme", f"//evil.test:{second}/"),
                ("a host below", f"ws://x.sub.{APP}:{second}/"),
                ("the address of a listed one", f"ws://127.0.0.1:{second}/"),
                ("another port", f"ws://{APP}:{self.secure.port}/"),
                ("another host before a fragment", f"ws://evil.test:{second}#@{APP}:{first}/"),
                ("another host before a query", f"ws://evil.test:{second}?@{APP}:{first}/"),
                ("TLS where it is not listed", f"wss://{APP}:{second}/")):
            self.refuse(what, [where], NOT_LISTED)
        for what, where in (("a file", "file:///etc/passwd"), ("a script", "javascript:alert(1)"),
                            ("data", "data:text/plain,x"),
                            ("a Unix socket", "unix:/run/docker.sock"),
                            ("FTP", f"ftp://{APP}/"), ("a mail", "mailto:root@example.test")):
            self.refuse(what, [where], NO_URL)
        for what, where in (("a backslash", f"ws://{APP}:{first}\\@evil.test/"),
                            ("no host", "ws:///x"),
                            ("three slashes", "///evil.test/"), ("a space", "/a b"),
                            ("a host in percent", f"ws://{APP}%2eevil.test:{second}/"),
                            ("9 KiB", "/" + "x" * 9000), ("port 0", f"ws://{APP}:0/"),
                            ("port 65536", f"ws://{APP}:65536/"),
                            ("bytes beyond ASCII", "/caf\xe9")):
            self.refuse(what, [where], NOT_UNDERSTOOD)
        self.refuse("a user", [f"ws://me:pw@{APP}:{first}/"], "holds a user")
        self.refuse("another host behind a user", [f"ws://{APP}:80@evil.test:{second}/"],
                    "holds a user")
        self.refuse("nowhere", [], "no Location")
        self.refuse("two places", ["/a", "/b"], "more than one Location")
        self.refuse("without TLS", [f"ws://{APP}:{first}/"], "from wss to ws", name="secure")
        self.refuse("without TLS, by http", [f"http://{APP}:{second}/"], "from wss to ws",
                    name="secure")
        self.refuse("a control character", ["/\x01"], "control character")
        self.refuse("a bare CR", ["/a\rX-Injected: 1"], "CR without LF")
        self.refuse("300, which leaves a choice", ["/a"], "answered 300",
                    status="300 Multiple Choices")
        self.refuse("304", ["/a"], "answered 304", status="304 Not Modified")
        self.refuse("399", ["/a"], "answered 399", status="399 Unknown")

    def check_hops(self):
        with self.attack("itself", "round in circles"):
            local = self.connect(self.daemon.address())
            for _ in range(2):
                self.redirect(self.upstream_server, "/start")
            self.assertEqual(local.read_until_end(), (b"", "reset"))
        with self.attack("one place after the other", "there were 3 before it"):
            local = self.connect(self.daemon.address())
            for number in range(4):
                self.redirect(self.upstream_server, f"/{number}")
            self.assertEqual(local.read_until_end(), (b"", "reset"))

    def test_credentials_go_to_their_own_server_alone(self):
        for binary in BUILDS:
            self.peer_certificates = []
            self.asking.on_accept = lambda upstream: (
                self.addCleanup(upstream.close),
                self.peer_certificates.append(upstream.socket.getpeercert()))
            self.defend_from_server(binary, *self.bridges())
            self.check_followed()
            self.check_way_back()
            self.check_refused()
            self.check_hops()
            self.check_flat()


if __name__ == "__main__":
    main()
