# SPDX-License-Identifier: MIT
"""Credentials in files are read again for new sessions, without a reload.

Scenario: a token, a password, authorities and a client certificate are replaced: in place, by rename,
          and by a symbolic link that leads elsewhere, as certbot and Kubernetes do it; also by bad ones.
Method: a server tells what it was shown, before and after; the log is read.
Why: a daemon that runs for a year outlives each of its credentials.
"""
import os
import shutil
import ssl

from kit.case import E2eCase, bridge, main


class Rereading(E2eCase):

    def write(self, name, text):
        """In one step, as whoever replaces a credential should."""
        with open(self.path(name + ".new"), "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(self.path(name + ".new"), self.path(name))
        return self.path(name)

    def point(self, link, target):
        os.symlink(target, self.path(link + ".new"))
        os.rename(self.path(link + ".new"), self.path(link))
        return self.path(link)

    def shown(self, server, daemon, name="main"):
        """The Authorization header of a new session."""
        local = self.connect(daemon.address(name))
        upstream = server.open()
        local.close()
        upstream.close()
        return upstream.request.get("Authorization")

    def test_references_of_headers_and_passwords(self):
        server = self.server()
        token = self.write("token", "first\n")
        password = self.write("password", "one\n")
        daemon = self.start(
            bridge(server.url(), upstream={"headers": {"Authorization": f"Bearer ${{file:{token}}}"}}),
            bridge(server.url(), name="basic", upstream={
                "basic_auth": {"user": "me", "password": "${credential:password}"}}),
            options={"env": {"CREDENTIALS_DIRECTORY": self.directory}})
        self.assertEqual(self.shown(server, daemon), "Bearer first")
        self.assertEqual(self.shown(server, daemon, "basic"), "Basic bWU6b25l")
        self.assertEqual(daemon.entries("read again"), [], "nothing has changed yet")
        self.write("token", "second\n")
        self.assertEqual(self.shown(server, daemon), "Bearer second", "by rename")
        with open(token, "w", encoding="ascii") as file:
            file.write("third")
        self.assertEqual(self.shown(server, daemon), "Bearer third", "in place")
        self.write("real", "fourth")
        self.point("token", "real")
        self.assertEqual(self.shown(server, daemon), "Bearer fourth", "by a symbolic link")
        self.write("password", "two\n")
        self.assertEqual(self.shown(server, daemon, "basic"), "Basic bWU6dHdv")
        for text in ("bad\r\nX-Injected: 1", "\x01", "x" * 70_000):
            self.write("token", text)
            self.assertEqual(self.shown(server, daemon), "Bearer fourth", "the value of before stays")
        os.unlink(token)
        self.assertEqual(self.shown(server, daemon), "Bearer fourth")
        self.assertEqual(self.shown(server, daemon), "Bearer fourth")
        self.write("token", "fifth")
        self.assertEqual(self.shown(server, daemon), "Bearer fifth")
        problems = [entry["cause"] for entry in daemon.problems("references not read again")]
        self.assertEqual(len(problems), 3, "each reason once")
        for cause, words in zip(problems, ("control characters", "64 KiB", "No such file")):
            self.assertIn(words, cause)
        self.assertNotRegex(daemon.stderr(), "second|third|fourth|fifth|Injected")

    def test_a_bridge_of_flags(self):
        server = self.server()
        token = self.write("token", "first")
        daemon = self.launch("run", "--listen", "127.0.0.1:0", "--upstream", server.url(),
                             "--header", f"Authorization: Bearer ${{file:{token}}}")
        daemon.wait_ready(1)
        self.assertEqual(self.shown(server, daemon), "Bearer first")
        self.write("token", "second")
        self.assertEqual(self.shown(server, daemon), "Bearer second")

    def test_authorities(self):
        old, new = self.ca("Old CA"), self.ca("New CA")
        server = self.server(tls=new.server_context())
        trusted = self.point("ca.pem", old.certificate)
        daemon = self.start(bridge(server.url(), upstream={"tls": {"ca_file": trusted}}))
        def refuse():
            with self.assertRaises((ssl.SSLError, OSError, EOFError)):
                server.accept().read_request()
        served = self.in_background(refuse)
        self.connect(daemon.address())
        self.assertIn("unknown authority", daemon.wait_for_session_end()["cause"])
        served.result()
        self.point("ca.pem", new.certificate)
        self.assertIsNone(self.shown(server, daemon), "the new authority is trusted")
        self.write("ca.pem", "no certificate\n")
        self.assertIsNone(self.shown(server, daemon), "a bad file changes nothing")
        self.assertIsNone(self.shown(server, daemon))
        told = daemon.problems("certificates not read again")
        self.assertEqual([entry["bridge"] for entry in told], ["main"], "it is told once")
        self.assertIn("not a PEM file", told[0]["cause"])

    def test_a_client_certificate_behind_kubernetes_links(self):
        ca = self.ca()
        context = ca.server_context()
        context.load_verify_locations(ca.certificate)
        context.verify_mode = ssl.CERT_REQUIRED
        server = self.server(tls=context)
        for name in ("one.example", "two.example"):
            os.mkdir(self.path(name))
            for source, target in zip(ca.issue(name), ("tls.crt", "tls.key")):
                shutil.copy(source, self.path(f"{name}/{target}"))
        self.point("..data", "one.example")
        daemon = self.start(bridge(server.url(), upstream={"tls": {
            "ca_file": ca.certificate, "cert_file": self.path("..data/tls.crt"),
            "key_file": self.path("..data/tls.key")}}))
        def shown():
            local = self.connect(daemon.address())
            upstream = server.accept()
            names = upstream.socket.getpeercert()["subjectAltName"]
            upstream.open()
            local.close()
            upstream.close()
            return names[0][1]
        self.assertEqual(shown(), "one.example")
        self.point("..data", "two.example")
        self.assertEqual(shown(), "two.example")
        shutil.copy(self.path("one.example/tls.key"), self.path("two.example/tls.key"))
        self.assertEqual(shown(), "two.example", "a key of another certificate is not used")
        self.assertIn("does not belong", daemon.problems("not read again")[0]["cause"])


if __name__ == "__main__":
    main()
