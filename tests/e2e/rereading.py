# SPDX-License-Identifier: MIT
"""Credentials in files are read again for new sessions, without a reload.

Scenario: a token, a password, authorities and a client certificate are replaced: in place, by rename,
          and by a symbolic link that leads elsewhere, as certbot and Kubernetes do it; also by bad ones,
          and behind reloads, which make bridges anew or keep them.
Method: a server tells what it was shown, before and after; the log is read.
Why: a daemon that runs for a year outlives each of its credentials.
"""
import os
import shutil
import signal
import ssl

from kit.case import E2eCase, bridge, main
from kit.daemon import QUICK_SHUTDOWN, write_config
from kit.waiting import wait_until


class RereadingCase(E2eCase):

    def write(self, name, text):
        """In one step, as whoever replaces a credential should."""
        with open(self.path(name + ".new"), "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(self.path(name + ".new"), self.path(name))
        return self.path(name)

    def point(self, link, target):
        """By a symbolic link that leads elsewhere, as certbot and Kubernetes do it."""
        os.symlink(target, self.path(link + ".new"))
        os.rename(self.path(link + ".new"), self.path(link))
        return self.path(link)

    def server_for_certificates(self, **sections):
        """A server that wants a client certificate, and a bridge that shows the one of ..data."""
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
        return server, self.start(bridge(server.url(), **sections, upstream={"tls": {
            "ca_file": ca.certificate, "cert_file": self.path("..data/tls.crt"),
            "key_file": self.path("..data/tls.key")}}))

    def shown(self, server, daemon, name="main"):
        """The Authorization header of a new session."""
        local = self.connect(daemon.address(name))
        upstream = server.open()
        local.close()
        upstream.close()
        return upstream.request.get("Authorization")

    def shown_client(self, server, daemon):
        """The name in the client certificate of a new session."""
        local = self.connect(daemon.address())
        upstream = server.accept()
        name = self.shown_certificate(upstream)
        upstream.open()
        local.close()
        upstream.close()
        return name

    @staticmethod
    def reload(daemon):
        """By SIGHUP, waited for; the number of changes."""
        done = "configuration reloaded"
        before = len(daemon.entries(done))
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: len(daemon.entries(done)) > before, done)
        return daemon.entries(done)[-1]["change_count"]

    @staticmethod
    def refuse(upstream, status):
        upstream.send(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode("ascii"))
        upstream.close()

    @staticmethod
    def shown_certificate(upstream):
        [(_, name)] = upstream.socket.getpeercert()["subjectAltName"]
        return name


class Rereading(RereadingCase):

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
        server, daemon = self.server_for_certificates()
        self.assertEqual(self.shown_client(server, daemon), "one.example")
        self.point("..data", "two.example")
        self.assertEqual(self.shown_client(server, daemon), "two.example")
        shutil.copy(self.path("one.example/tls.key"), self.path("two.example/tls.key"))
        self.assertEqual(self.shown_client(server, daemon), "two.example", "a key of another certificate is not used")
        self.assertIn("does not belong", daemon.problems("not read again")[0]["cause"])


class Reconnecting(RereadingCase):
    """The same, for each attempt of a session that lives on."""
    QUICK = {"enabled": True, "initial": "10ms", "max": "100ms", "confirm_interval": "50ms"}

    def session_with_token(self):
        server = self.server()
        token = self.write("token", "first\n")
        daemon = self.start(bridge(server.url(), reconnect=self.QUICK, upstream={
            "headers": {"Authorization": f"Bearer ${{file:{token}}}"}}))
        return server, daemon, *self.session(server, daemon)

    def test_a_reference_is_read_for_each_attempt(self):
        server, daemon, local, upstream = self.session_with_token()
        self.assertEqual(upstream.request.get("Authorization"), "Bearer first")
        for text in ("second", "third"):
            self.write("token", text)
            upstream.reset()
            upstream = server.open()
            self.assertEqual(upstream.request.get("Authorization"), f"Bearer {text}")
        local.send(b"line\n")
        self.assertEqual(upstream.read_text(), b"line")

    def test_a_403_with_a_new_token_is_tried_again_at_once(self):
        server, daemon, local, upstream = self.session_with_token()
        upstream.reset()
        upstream = server.accept()
        self.assertEqual(upstream.read_request().get("Authorization"), "Bearer first")
        self.write("token", "second")
        self.refuse(upstream, "403 Forbidden")
        upstream = server.open()
        self.assertEqual(upstream.request.get("Authorization"), "Bearer second")
        local.send(b"line\n")
        self.assertEqual(upstream.read_text(), b"line")

    def test_a_403_with_the_same_token_ends_the_session(self):
        server, daemon, local, upstream = self.session_with_token()
        upstream.reset()
        upstream = server.accept()
        upstream.read_request()
        self.refuse(upstream, "403 Forbidden")
        self.assertEqual(local.read_until_end(), (b"", "reset"))
        self.assertIn("403", daemon.wait_for_session_end()["cause"])
        self.assertFalse(server.has_connection(0.2))

    def test_a_client_certificate_is_read_for_each_attempt(self):
        server, daemon = self.server_for_certificates(reconnect=self.QUICK)
        local = self.connect(daemon.address())
        for name in ("one.example", "two.example"):
            self.point("..data", name)
            upstream = server.accept()
            self.assertEqual(self.shown_certificate(upstream), name)
            upstream.open()
            local.send(b"line\n")
            self.assertEqual(upstream.read_text(), b"line")
            self.point("..data", "two.example")
            upstream.close()


class AfterReloads(RereadingCase):
    """A bridge that a reload made, or kept, follows its files as the first one does."""
    JAR = "# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tk\t{}\n"

    def test_references_are_followed_behind_each_reload(self):
        server = self.server()
        token, password = self.write("token", "0"), self.write("password", "one\n")
        daemon = self.start(
            bridge(server.url(), upstream={"headers": {"Authorization": f"Bearer ${{file:{token}}}"}}),
            bridge(server.url(), name="basic", upstream={
                "basic_auth": {"user": "me", "password": "${credential:password}"}}),
            options={"env": {"CREDENTIALS_DIRECTORY": self.directory}})
        for text in ("1", "2", "3"):
            self.assertEqual(self.reload(daemon), 0 if text == "1" else 1, "what was rotated")
            self.write("token", text)
            self.assertEqual(self.shown(server, daemon), f"Bearer {text}")
        self.write("password", "two\n")
        self.assertEqual(self.shown(server, daemon, "basic"), "Basic bWU6dHdv")

    def test_the_files_of_the_new_configuration_are_followed_and_those_of_before_are_not(self):
        server = self.server()
        token, other = self.write("token", "same"), self.write("other", "same")
        def bridge_of(file):
            return bridge(server.url(), upstream={
                "headers": {"Authorization": f"Bearer ${{file:{file}}}"}})
        daemon = self.start(bridge_of(token))
        write_config(self.directory, {"log": {"format": "json"}, "shutdown": QUICK_SHUTDOWN,
                                      "bridges": [bridge_of(other)]})
        self.assertEqual(self.reload(daemon), 0, "the value is the same")
        self.write("other", "new")
        self.write("token", "old")
        self.assertEqual(self.shown(server, daemon), "Bearer new")

    def test_a_bridge_of_flags(self):
        server = self.server()
        token = self.write("token", "first")
        daemon = self.launch("run", "--listen", "127.0.0.1:0", "--upstream", server.url(),
                             "--header", f"Authorization: Bearer ${{file:{token}}}")
        daemon.wait_ready(1)
        for text in ("second", "third"):
            self.reload(daemon)
            self.write("token", text)
            self.assertEqual(self.shown(server, daemon), f"Bearer {text}")

    def test_a_403_with_a_new_token_is_tried_again(self):
        server = self.server()
        token = self.write("token", "first")
        daemon = self.start(bridge(server.url(), reconnect=Reconnecting.QUICK, upstream={
            "headers": {"Authorization": f"Bearer ${{file:{token}}}"}}))
        self.reload(daemon)
        self.connect(daemon.address())
        upstream = server.accept()
        self.assertEqual(upstream.read_request().get("Authorization"), "Bearer first")
        self.write("token", "second")
        self.refuse(upstream, "403 Forbidden")
        self.assertEqual(server.open().request.get("Authorization"), "Bearer second")

    def test_a_cookie_jar(self):
        server = self.server()
        daemon = self.start(bridge(server.url(), upstream={
            "cookie_jar": self.write("jar", self.JAR.format("one"))}))
        for value in ("two", "three"):
            self.reload(daemon)
            self.write("jar", self.JAR.format(value))
            local, upstream = self.session(server, daemon)
            self.assertEqual(upstream.request.get("Cookie"), f"k={value}")
            local.close()

    def test_a_client_certificate(self):
        server, daemon = self.server_for_certificates()
        for name in ("two.example", "one.example"):
            self.reload(daemon)
            self.point("..data", name)
            self.assertEqual(self.shown_client(server, daemon), name)


if __name__ == "__main__":
    main()
