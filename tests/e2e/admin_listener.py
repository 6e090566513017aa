# SPDX-License-Identifier: MIT
"""The admin listener of a running daemon: what it shows is true, and hostile requests get nothing.

Scenario: sessions that talk, fail and end are looked at over the Unix socket and over TCP; other web
          sites, slow and oversized requests and wrong tokens try theirs meanwhile.
Method:   a scripted server; requests byte for byte; a strict reader of the metrics' text format.
Why:      metrics that lie are worse than none, and an admin port is what an attacker looks for.
"""
import base64
import hashlib
import os
import re
import stat

from kit.admin import Metrics, ask, dial, exchange, read_to_end
from kit.case import E2eCase, bridge, main
from kit.identity import connect_as
from kit.waiting import wait_until

TOKEN = "a-token-of-some-length"


class AdminListener(E2eCase):

    def start_with_admin(self, *bridges, listen=None, **options):
        """The daemon, and the addresses of admin.listen and admin.metrics."""
        token = self.path("token")
        with open(token, "w", encoding="ascii") as file:
            file.write(TOKEN + "\n")
        admin = {"listen": listen or f"unix:{self.path('admin.sock')}", "metrics": "127.0.0.1:0"}
        if not admin["listen"].startswith("unix:"):
            admin["token_file"] = token
        daemon = self.start(*bridges, admin=admin, **options)
        wait_until(lambda: len(daemon.addresses("admin")) == 2, "ready lines of the admin listener")
        return daemon, *daemon.addresses("admin")

    def metrics(self, address):
        answer = ask(address, "/metrics")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.fields["content-type"], "text/plain; version=0.0.4; charset=utf-8")
        return Metrics(answer.text())

    def wait_for_value(self, address, expected, name, **labels):
        wait_until(lambda: self.metrics(address).total(name, **labels) == expected,
                   f"{name}{labels} is {expected}")

    def test_metrics_count_what_happened(self):
        server = self.server()
        daemon, _, address = self.start_with_admin(
            bridge(server.url(), framing={"max_line": 10}), bridge("ws://127.0.0.1:1/", name="dead", listen=f"unix:{self.path('dead.sock')}"))
        local, upstream = self.session(server, daemon)
        local.send(b"one\ntwo\n")
        self.assertEqual([upstream.read_text(), upstream.read_text()], [b"one", b"two"])
        upstream.send_text("a\nb")
        self.assertEqual(local.read_line(), b"a b\n")
        at_work = self.metrics(address)
        main_up = {"bridge": "main", "direction": "up"}
        main_down = {"bridge": "main", "direction": "down"}
        self.assertEqual(at_work.value("wsbridged_sessions", bridge="main"), 1)
        self.assertEqual(at_work.value("wsbridged_lines_total", **main_up), 2)
        self.assertEqual(at_work.value("wsbridged_bytes_total", **main_up), 6)
        self.assertEqual(at_work.value("wsbridged_lines_total", **main_down), 1)
        self.assertEqual(
            at_work.value("wsbridged_altered_lines_total", **main_down, reason="space"), 1)
        self.assertEqual(at_work.value("wsbridged_dials_total", bridge="main", result="ok"), 1)
        self.assertEqual(
            at_work.value("wsbridged_open_seconds_count", bridge="main", phase="http"), 1)
        self.assertEqual(at_work.total("wsbridged_build_info"), 1)
        local.send(b"much longer than ten bytes\n")
        upstream.finish()
        self.wait_for_value(address, 1, "wsbridged_closes_total", bridge="main", by="bridge",
                            code="1009")
        ended = self.metrics(address)
        self.assertEqual(
            ended.value("wsbridged_dropped_lines_total", **main_up, reason="max_line"), 1)
        self.assertEqual(ended.value("wsbridged_sessions", bridge="main"), 0)
        self.assertEqual(ended.value("wsbridged_sessions_total", bridge="main"), 1)
        self.assertEqual(ended.value("wsbridged_session_seconds_count", bridge="main"), 1)
        self.assertEqual(ended.value("wsbridged_lines_total", **main_up), 2, "no line counts twice")
        self.connect(daemon.address("dead")).read_until_end()
        self.wait_for_value(address, 1, "wsbridged_dials_total", bridge="dead", result="tcp")

    def test_round_trips_of_pings_are_measured(self):
        server = self.server()
        daemon, address, metrics = self.start_with_admin(
            bridge(server.url(), upstream={"ping_interval": "20ms", "ping_timeout": "20s"}))
        local, upstream = self.session(server, daemon)

        def is_measured():
            local.send(b"a line\n")
            upstream.read_text()  # which answers pings on its way
            return self.metrics(metrics).value("wsbridged_ping_rtt_seconds_count", bridge="main")
        wait_until(is_measured, "a round trip")
        self.assertGreater(ask(address, "/status").json()["sessions"][0]["ping_rtt_ms"], 0)

    def test_status_shows_sessions_and_errors_with_advice(self):
        server = self.server()
        daemon, address, _ = self.start_with_admin(
            bridge(server.url("/path?token=hidden")), bridge("ws://127.0.0.1:1/", name="dead", listen=f"unix:{self.path('dead.sock')}"))
        local, upstream = self.session(server, daemon)
        local.send(b"hello\n")
        upstream.read_text()
        self.connect(daemon.address("dead")).read_until_end()
        wait_until(lambda: ask(address, "/status").json()["errors"], "an error is listed")
        status = ask(address, "/status").json()
        self.assertTrue(status["ready"])
        chat, dead = status["bridges"]
        self.assertEqual(chat["listeners"], daemon.addresses())
        self.assertEqual(chat["upstreams"],
                         [{"url": server.url("/path"), "rest_seconds": None}])
        self.assertEqual(status["sessions"][0]["upstream"], server.url("/path"))
        self.assertEqual(dead["dials"]["tcp"], 1)
        session = status["sessions"][0]
        self.assertEqual((session["bridge"], session["state"]), ("main", "open"))
        self.assertEqual((session["up"]["lines"], session["up"]["bytes"]), (1, 5))
        self.assertEqual(session["address"], f"127.0.0.1:{server.port}")
        opened = daemon.entries("session opened")[0]
        self.assertEqual(session["id"], opened["session"], "log and status share the id")
        error = status["errors"][0]
        self.assertEqual(error["bridge"], "dead")
        self.assertIn("refused", error["cause"].lower())
        self.assertTrue(error["advice"])
        self.check_page_reads(status, ask(address, "/"))

    def check_page_reads(self, status, page):
        """What the page's script takes from /status is there, and the page needs nobody else."""
        text = page.text()
        self.assertEqual(page.status, 200)
        policy = page.fields["content-security-policy"]
        self.assertIn("default-src 'none'", policy)
        parts = [re.search(rf"<{name}>(.*?)</{name}>", text, re.DOTALL)[1]
                 for name in ("style", "script")]
        for part in parts:
            digest = base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()
            self.assertIn(f"'sha256-{digest}'", policy)
        self.assertNotIn("unsafe", policy)
        self.assertNotRegex(text, r"(src|href)=\"(?!data:|#)", "no external request")
        self.assertNotRegex(text, r"\s(style|on[a-z]+)=\"", "nothing that the policy stops")
        read = {
            "status": status, "bridge": status["bridges"][0], "error": status["errors"][0],
            "session": status["sessions"][0], "s": status["sessions"][0],
        }
        for name, value in read.items():
            for key in set(re.findall(rf"\b{name}\.([a-z_]+)\b(?!\()", text)):
                self.assertIn(key, {**value, "reason": "", "where": ""}, f"{name}.{key}")

    def test_readiness_ends_with_the_drain_and_verbs_are_not_got(self):
        server = self.server()
        daemon, address, metrics = self.start_with_admin(
            bridge(server.url()), shutdown={"drain_timeout": "60s", "quiet": "60s"})
        self.session(server, daemon)
        self.assertEqual(ask(metrics, "/readyz").json(), {"ready": True})
        self.assertEqual(ask(metrics, "/livez").json(), {"live": True})
        for method in ("GET", "HEAD", "PUT"):
            answer = ask(address, "/ctl/drain", method)
            self.assertEqual((answer.status, answer.fields["allow"]), (405, "POST"))
        self.assertEqual(ask(metrics, "/ctl/drain", "POST").status, 404)
        self.assertEqual(ask(metrics, "/status").status, 404)
        self.assertTrue(ask(metrics, "/readyz").json()["ready"], "nothing of this did anything")
        self.assertEqual(ask(address, "/ctl/drain", "POST").status, 202)
        answer = wait_until(lambda: (ask(metrics, "/readyz").status == 503) and
                            ask(metrics, "/readyz"), "not ready")
        self.assertEqual(answer.json(), {"ready": False, "reason": "draining"})
        self.assertEqual(ask(address, "/ctl/drain", "POST").status, 202)
        self.assertTrue(daemon.is_running(), "asked twice it still drains")
        daemon.signal()

    def test_a_token_that_has_become_unusable_is_told_to_the_operator_alone(self):
        server = self.server()
        daemon, address, _ = self.start_with_admin(bridge(server.url()), listen="127.0.0.1:0")
        os.chmod(self.path("token"), 0o666)
        answer = ask(address, "/ctl/drain", "POST", Authorization=f"Bearer {TOKEN}")
        self.assertEqual(answer.status, 503)
        self.assertNotIn(self.path("token"), answer.text())
        self.assertIn("chmod go-w", daemon.wait_for_entry("cannot be served")["cause"])

    def test_tcp_wants_the_token_and_shows_no_lines(self):
        server = self.server()
        daemon, address, _ = self.start_with_admin(bridge(server.url()), listen="127.0.0.1:0")
        _, upstream = self.session(server, daemon)
        session = ask(address, "/status").json()["sessions"][0]["id"]
        kill = f"/ctl/kill/{session}"
        for fields in ({}, {"Authorization": "Bearer wrong-token-of-length"},
                       {"Authorization": f"Basic {TOKEN}"}):
            self.assertEqual(ask(address, kill, "POST", **fields).status, 401)
        refused = daemon.entries("request refused", "token_file")
        self.assertEqual([entry["level"] for entry in refused], ["warn"] * 3)
        self.assertTrue(refused[0]["peer"].startswith("127.0.0.1:"))
        right = {"Authorization": f"Bearer {TOKEN}"}
        self.assertEqual(ask(address, f"/ctl/tap/{session}", "POST", **right).status, 403)
        self.assertEqual(ask(address, kill, "POST", Origin="http://evil.example",
                             **right).status, 403)
        self.assertEqual(len(ask(address, "/status").json()["sessions"]), 1, "it lives on")
        self.assertEqual(ask(address, kill, "POST", **right).status, 202)
        self.assertEqual(upstream.finish().close_code, 1001)
        self.assertNotIn(TOKEN, daemon.stderr())

    def test_hostile_requests_get_nothing_and_harm_nothing(self):
        server = self.server()
        daemon, address, metrics = self.start_with_admin(bridge(server.url()))
        local, upstream = self.session(server, daemon)
        for door in (address, metrics):
            for host in ("evil.example", "localhost.evil.example", "127.0.0.1.nip.example", ""):
                self.assertEqual(ask(door, "/metrics", host=host).status, 421, host)
            for origin in ("http://evil.example", "null", "https://localhost"):
                answer = ask(door, "/metrics", Origin=origin)
                self.assertEqual((answer.status, b"wsbridged_" in answer.body), (403, False))
            answer = ask(door, "/metrics", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors")
            self.assertEqual((answer.status, b"wsbridged_" in answer.body), (403, False))
            self.assertEqual(exchange(door, b"x" * 9000).status, 431)
            self.assertEqual(exchange(
                door, b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 65537\r\n\r\n"
            ).status, 413)
            self.assertEqual(exchange(door, b"GET /metrics HTTP/1.1\r\n\r\n").status, 400)
        idle = [dial(metrics) for _ in range(64)]
        for client in idle:
            self.addCleanup(client.close)
        late = dial(metrics)
        self.addCleanup(late.close)
        late.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        late.settimeout(0.3)
        self.assertRaises(TimeoutError, late.recv, 1)
        self.assertEqual(ask(address, "/readyz").status, 200, "the other listener has its places")
        local.send(b"still here\n")
        self.assertEqual(upstream.read_text(), b"still here")
        idle[0].settimeout(30)
        self.assertIn(b" 408 ", read_to_end(idle[0]), "10 s for all of a request")
        late.settimeout(30)
        self.assertIn(b" 200 ", read_to_end(late))

    def test_the_socket_is_the_owners_alone_and_goes_with_the_daemon(self):
        daemon, address, _ = self.start_with_admin(bridge("ws://127.0.0.1:1/"))
        path = address.removeprefix("unix:")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(daemon.stop(), 0)
        self.assertFalse(os.path.exists(path))

    def test_an_abstract_socket_admits_its_own_user_and_root_only(self):
        address = f"unix:@{self.path('admin')}"
        daemon, _, _ = self.start_with_admin(bridge("ws://127.0.0.1:1/"), listen=address)
        for _ in range(12):
            stranger = connect_as(address, 65534)
            self.addCleanup(stranger.close)
            self.assertEqual(stranger.read_until_end()[0], b"")
        self.assertEqual(ask(address, "/readyz").status, 200)
        refused = daemon.entries("connection refused", "own user only")
        self.assertEqual([entry["bridge"] for entry in refused], ["admin"] * 10, "the log is kept")

    def test_a_listener_that_cannot_be_bound_is_told(self):
        _, _, metrics = self.start_with_admin(bridge("ws://127.0.0.1:1/"))
        config = self.path("second.yaml")
        with open(config, "w", encoding="ascii") as file:
            file.write(f"admin: {{metrics: \"{metrics}\"}}\nbridges: [{{name: a, listen: "
                       "\"127.0.0.1:0\", upstream: {url: \"ws://127.0.0.1:1/\"}}]\n")
        status, stdout, stderr = self.run_to_end("run", "-c", config)
        self.assertEqual((status, stdout), (1, ""))
        self.assertIn("admin: cannot listen on " + metrics, stderr)


if __name__ == "__main__":
    main()
