# SPDX-License-Identifier: MIT
"""The ten usual failures: log, `probe` and `cat` name cause and remedy in words that need no source
code, and no secret.

Scenario: an unknown name, a closed port, a proxy without our password, three bad certificates, 401,
          404, a server of another subprotocol, and one that closes at once.
Method: a session of a bridge to each, `wsbridged probe` and `cat` of it; all must have the golden
        words. Secrets of every kind are planted, none of them may show.
Why: who runs a bridge reads this when it does not work; it must not become worse unnoticed.
"""
import json
import os
import pwd

from kit.case import E2eCase, bridge, main
from kit.daemon import write_config
from kit.process import accepts, free_ports
from kit.waiting import wait_until

TINYPROXY = """\
User {user}
Port {port}
Listen 127.0.0.1
Timeout 30
BasicAuth me s3cret
"""
# bridge: (the step that fails, words of the cause, words of the advice)
GOLDEN = {
    "dns": ("dns", "no-such-host.invalid", "check the host name in upstream.url"),
    "refused": ("tcp", "Connection refused", "check that the server runs, and host and port"),
    "proxy": ("proxy", "set a user and a password that it knows in the URL of the proxy",
              "the proxy wants a user and a password that it knows"),
    "unknown-ca": ("tls", "signed by an unknown authority (Stranger); set tls.ca_file",
                   "set tls.ca_file to a PEM file with the certificate of that authority"),
    "expired": ("tls", "certificate of localhost expired on 2024-01-01 00:00:00 UTC",
                "the server needs a new certificate: tell its operator"),
    "wrong-name": ("tls", "certificate is for other.example, not for localhost",
                   "use one of these names in upstream.url, or set tls.server_name"),
    "unauthorized": ("upgrade", "401", "the server refuses these credentials: check headers"),
    "missing": ("upgrade", "404", "no WebSocket at this path: check upstream.url"),
    "subprotocol": ("upgrade", "none of the subprotocols offered",
                    "offer in upstream.subprotocols what the server speaks"),
    "closes": ("ping", "1008", "often it wants a credential (headers, cookie_jar, on_open)"),
}
DIALS = 4  # of each bridge: two probes, a session and `cat`
COOKIES = """\
127.0.0.1\tFALSE\t/\tFALSE\t0\tsid\tmarker-cookie
localhost\tFALSE\t/\tFALSE\t0\tsid\tmarker-cookie
not a cookie\tmarker-malformed
"""


class TenFailures(E2eCase):

    def server_that(self, serve, **options):
        """A server that does this with the connection of each dial."""
        server = self.server(**options)

        def serve_all():
            for _ in range(DIALS):
                try:
                    serve(server.accept())
                except (OSError, EOFError):
                    pass  # it is the client's to leave
        self.in_background(serve_all)
        return server.url()

    @staticmethod
    def refuse(status):
        def serve(upstream):
            upstream.read_request()
            upstream.send(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode("ascii"))
            upstream.close()
        return serve

    @staticmethod
    def accept_without_subprotocol(upstream):
        upstream.read_request()
        upstream.answer()
        upstream.close()

    @staticmethod
    def close_at_once(upstream):
        upstream.read_request()
        upstream.answer()
        upstream.send(bytes([0x88, 2, 0x03, 0xf0]))  # 1008
        upstream.read_end()
        upstream.close()

    @staticmethod
    def fail_handshake(upstream):
        upstream.read_request()

    def proxy(self):
        [port] = free_ports(1)
        with open(self.path("tinyproxy.conf"), "w", encoding="ascii") as file:
            file.write(TINYPROXY.format(port=port, user=pwd.getpwuid(os.getuid()).pw_name))
        self.program(["/usr/bin/tinyproxy", "-d", "-c", self.path("tinyproxy.conf")], "tinyproxy")
        wait_until(lambda: accepts(port), "tinyproxy listens")
        return f"http://me:marker-proxy@127.0.0.1:{port}"

    def bridges(self):
        ca, stranger = self.ca(), self.ca("Stranger")
        [closed] = free_ports(1)
        trust = {"tls": {"ca_file": ca.certificate}}

        def secure(context):
            return self.server_that(self.fail_handshake, tls=context)
        ways = {
            "dns": ("ws://no-such-host.invalid/", {}),
            "refused": (f"ws://127.0.0.1:{closed}/", {}),
            "proxy": ("ws://127.0.0.1:9/", {"proxy": self.proxy()}),
            "unknown-ca": (secure(stranger.server_context()), trust),
            "expired": (secure(ca.server_context(end="20240101000000Z")), trust),
            "wrong-name": (secure(ca.server_context("other.example")), trust),
            "unauthorized": (self.server_that(self.refuse("401 Unauthorized")), {}),
            "missing": (self.server_that(self.refuse("404 Not Found")), {}),
            "subprotocol": (self.server_that(self.accept_without_subprotocol),
                            {"subprotocols": ["chat.v1"]}),
            "closes": (self.server_that(self.close_at_once), {}),
        }
        with open(self.path("cookies.txt"), "w", encoding="ascii") as file:
            file.write(COOKIES)
        with open(self.path("token"), "w", encoding="ascii") as file:
            file.write("marker-file\n")
        reference = "Bearer ${file:" + self.path("token") + "}"
        secrets = {"headers": {"X-Secret": "marker-header", "X-Token": reference},
                   "cookie_jar": self.path("cookies.txt"), "on_open": ["marker-on-open"],
                   "connect_timeout": "30s"}
        return [bridge(url.replace("://", "://me:marker-userinfo@") + "?q=marker-query", name=name,
                       upstream={**secrets, **upstream})
                for name, (url, upstream) in ways.items()]

    def test_log_probe_and_cat_name_cause_and_remedy_and_no_secret(self):
        bridges = self.bridges()
        daemon = self.start(*bridges)
        path = write_config(self.directory, {"bridges": bridges}, "probed.yaml")
        status, out, err = self.run_to_end("probe", "--json", "-c", path)
        self.assertEqual(status, 1, err)
        reports = {one["bridge"]: one for one in map(json.loads, out.splitlines())}
        for name, (step, cause, advice) in GOLDEN.items():
            with self.subTest(name):
                self.expect_probe(reports[name], step, cause, advice)
                entry = self.failed_session(daemon, name)
                self.assertIn(cause, entry["cause"] + str(entry.get("close_code")))
                self.assertIn(advice, entry["advice"])
        status, text, probe_err = self.run_to_end("probe", "-c", path)
        self.assertEqual(status, 1, probe_err)
        for _, cause, advice in GOLDEN.values():
            self.assertIn(cause, text)
            self.assertIn(advice, text)
        self.assertNotIn("\x1b", text, "no colour but on a terminal")
        everything = out + err + text + probe_err + daemon.stderr() + self.check_cat(path)
        for verb in (("check", "-c", path), ("check", "-c", path, "--print")):
            status, out, err = self.run_to_end(*verb)
            self.assertEqual(status, 0, err)
            everything += out + err
        self.assertIn("cookies.txt:3:1: warning: ignored", everything)
        self.assertNotIn("marker-", everything)

    def check_cat(self, path):
        """Its stderr is the log for people."""
        told = ""
        for name, (_, cause, advice) in GOLDEN.items():
            with self.subTest(name, verb="cat"):
                with open(self.path("line"), "w+b") as line:
                    line.write(b"marker-line\n")
                    line.seek(0)
                    status, out, err = self.run_to_end("cat", "-c", path, name, stdin=line)
                self.assertEqual((status, out), (1, ""))
                self.assertIn(cause, err)
                self.assertIn(advice, err)
                told += err
        return told

    def expect_probe(self, report, step, cause, advice):
        self.assertFalse(report["ok"])
        self.assertEqual(report["steps"][step]["outcome"], "failed", report)
        if step == "tls":
            self.assertRegex(report["steps"]["tls"]["pin"], "^sha256//.{44}$")
        self.assertIn(cause, report["failure"])
        self.assertIn(advice, report["advice"])

    def failed_session(self, daemon, name):
        try:
            local = self.connect(daemon.address(name))
            local.send(b"marker-line\n")
            local.read_until_end(60)
        except (ConnectionResetError, BrokenPipeError):
            pass  # it was too late for a line
        return daemon.wait_for_session_end(name, seconds=60)


if __name__ == "__main__":
    main()
