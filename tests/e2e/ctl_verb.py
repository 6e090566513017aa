# SPDX-License-Identifier: MIT
"""`wsbridged ctl` and `wsbridged healthcheck` against a running daemon.

Scenario: an operator lists sessions, watches one, ends one, changes the log level, drains.
Method:   the built binary as both ends; output, exit status and what the sessions see of it.
Why:      these are used when something is wrong already: they must be right, and say what is not.
"""
import json
import os
import re
import threading

from kit.case import E2eCase, bridge, main
from kit.waiting import wait_until


class CtlVerb(E2eCase):

    def start_with_admin(self, *bridges, **options):
        socket = f"unix:{self.path('admin.sock')}"
        self.admin = {"env": {"WSBRIDGED_ADMIN": socket}}
        return self.start(*bridges, options=self.admin, **options)

    def ctl(self, *words, status=0):
        """What it printed, on stdout or, when it failed, on stderr."""
        code, stdout, stderr = self.run_to_end("ctl", *words, **self.admin)
        self.assertEqual(code, status, stdout + stderr)
        return stderr if status else stdout

    def test_ps_lists_sessions_as_a_table_and_as_json(self):
        server = self.server()
        daemon = self.start_with_admin(bridge(server.url()))
        local, upstream = self.session(server, daemon)
        local.send(b"one\ntwo\n")
        upstream.read_text()
        upstream.read_text()
        head, row = self.ctl("ps").splitlines()
        self.assertRegex(head, r"^SESSION +BRIDGE +PEER .* BUFFERED +RTT$")
        self.assertRegex(row, r"^\d+ +main +127\.0\.0\.1:\d+ +127\.0\.0\.1:\d+ +open .* 2 +0 ")
        session = json.loads(self.ctl("--json", "ps"))["sessions"][0]
        self.assertEqual(session["up"]["lines"], 2)

    def test_kill_ends_one_session_as_a_shutdown_does(self):
        server = self.server()
        daemon = self.start_with_admin(bridge(server.url()))
        local, upstream = self.session(server, daemon)
        other, other_upstream = self.session(server, daemon)
        sessions = json.loads(self.ctl("ps", "--json"))["sessions"]
        self.assertIn("is ending", self.ctl("kill", str(sessions[0]["id"])))
        self.assertEqual(upstream.finish().close_code, 1001)
        self.assertEqual(local.read_until_end(), (b"", "eof"))
        local.close()
        self.assertIn("ctl kill", daemon.wait_for_session_end()["cause"])
        other.send(b"still here\n")
        self.assertEqual(other_upstream.read_text(), b"still here")
        self.assertIn("no live session 4711", self.ctl("kill", "4711", status=1))

    def test_sessions_of_programs_that_do_not_read_end_in_bounded_time(self):
        """By ctl kill and by idle_timeout; the server's Close is behind what nobody takes."""
        server = self.server()
        daemon = self.start_with_admin(
            bridge(server.url()),
            bridge(server.url(), name="idle", listen=f"unix:{self.path('idle.sock')}",
                   session={"idle_timeout": "3s"}))
        sessions = [self.session(server, daemon, name) for name in ("main", "idle")]
        for _, upstream in sessions:
            self.in_background(self.flood, upstream)
        shown = wait_until(self.stalled_sessions, "both programs are behind")
        ids = {session["bridge"]: str(session["id"]) for session in shown}
        self.assertIn("is ending", self.ctl("kill", ids["main"]))
        causes = {name: daemon.wait_for_session_end(name, seconds=40.0) for name in ids}
        self.assertIn("ctl kill", causes["main"]["cause"])
        self.assertIn("idle_timeout", causes["idle"]["cause"])
        for entry in causes.values():
            self.assertEqual(entry["close_code"], 1006, "no Close was seen")
            self.assertGreater(entry["unsent_bytes_down"], 0)

    @staticmethod
    def flood(upstream):
        try:
            for _ in range(6000):
                upstream.send_text(b"y" * 2000)
        except OSError:
            pass  # it was cut

    def stalled_sessions(self):
        sessions = json.loads(self.ctl("ps", "--json"))["sessions"]
        stalled = [session for session in sessions if session["down"]["buffered_bytes"] > 0]
        return sessions if len(stalled) == len(sessions) == 2 else None

    def test_tap_shows_lines_both_ways_until_the_session_ends(self):
        server = self.server()
        daemon = self.start_with_admin(bridge(server.url()))
        local, upstream = self.session(server, daemon)
        session = json.loads(self.ctl("ps", "--json"))["sessions"][0]["id"]
        tap = self.launch("ctl", "tap", str(session), **self.admin)
        daemon.wait_for_entry("lines of a session are shown")

        def says(pattern):
            return re.search(pattern, tap.stdout(), re.MULTILINE)

        def talk_until_seen():
            local.send(b"hello \x1b[31m\n")
            upstream.read_text()
            return says(r" > hello \\x1b\[31m$")
        wait_until(talk_until_seen, "the line up")
        # One more, whose reader leaves while no line comes.
        ours, theirs = os.pipe()
        other = self.launch("ctl", "tap", str(session), terminal=theirs, **self.admin)
        os.close(theirs)
        wait_until(lambda: len(daemon.entries("lines of a session are shown")) == 2, "two taps")
        os.close(ours)
        self.assertEqual(other.wait(), 0)
        upstream.send_text("a reply")
        wait_until(lambda: says(r"^\d\d:\d\d:\d\d\.\d{3} < a reply$"), "the line down")
        upstream.close_with(1000)
        self.assertEqual(tap.wait(), 0)
        self.assertTrue(says(r"^-- the session has ended: upstream closed with 1000"))
        self.assertIn("no live session", self.ctl("tap", str(session), status=1))

    def test_a_stalled_tap_holds_nobody(self):
        server = self.server()
        daemon = self.start_with_admin(bridge(server.url()))
        local, upstream = self.session(server, daemon)
        session = json.loads(self.ctl("ps", "--json"))["sessions"][0]["id"]
        ours, theirs = os.pipe()  # that nobody reads
        tap = self.launch("ctl", "tap", str(session), terminal=theirs, **self.admin)
        os.close(theirs)
        daemon.wait_for_entry("lines of a session are shown")
        line = b"x" * 1000 + b"\n"
        sender = threading.Thread(target=lambda: [local.send(line) for _ in range(5000)])
        sender.start()
        for _ in range(5000):
            self.assertEqual(len(upstream.read_text()), 1000)
        sender.join()
        os.close(ours)
        self.assertEqual(tap.wait(), 0, "its reader has left")

    def test_log_level_and_drain(self):
        server = self.server()
        daemon = self.start_with_admin(bridge(server.url()),
                                       shutdown={"drain_timeout": "60s", "quiet": "10ms"})
        self.assertIn("the log level is error", self.ctl("log-level", "error"))
        entry = daemon.wait_for_entry("log level set")
        self.assertEqual(entry["log_level"], "error")
        self.assertTrue(entry["peer"])
        self.session(server, daemon)[1].close_with(1011)
        wait_until(lambda: not json.loads(self.ctl("ps", "--json"))["sessions"], "it has ended")
        self.assertFalse(daemon.entries("1011"), "a warning is not logged any more")
        self.assertIn("draining", self.ctl("drain"))
        self.assertEqual(daemon.wait(), 0)

    def test_healthcheck_says_why_not(self):
        server = self.server()
        daemon = self.start_with_admin(bridge(server.url()),
                                       shutdown={"drain_timeout": "60s", "quiet": "60s"})
        for words, said in (((), "ready\n"), (("--live",), "live\n")):
            self.assertEqual(self.run_to_end("healthcheck", *words, **self.admin)[:2], (0, said))
        self.session(server, daemon)
        daemon.signal()
        daemon.wait_for_entry("draining")
        status, stdout, stderr = self.run_to_end("healthcheck", **self.admin)
        self.assertEqual((status, stdout, stderr), (1, "", "wsbridged: not ready: draining\n"))
        self.assertEqual(self.run_to_end("healthcheck", "--live", **self.admin)[0], 0)
        daemon.signal()
        daemon.wait()
        status, _, stderr = self.run_to_end("healthcheck", **self.admin)
        self.assertEqual(status, 1)
        self.assertIn("is wsbridged running", stderr)
        self.assertEqual(stderr.count("\n"), 1, "one line")

    def test_the_address_comes_from_flag_variable_or_configuration(self):
        admin = {"listen": f"unix:{self.path('configured.sock')}"}
        self.start(bridge("ws://127.0.0.1:1/"), admin=admin)
        config = self.path("wsbridged.yaml")
        nowhere = {"WSBRIDGED_ADMIN": f"unix:{self.path('nowhere.sock')}"}
        for arguments, env, status in (
                (["-c", config], {}, 0),
                ([], {"WSBRIDGED_CONFIG": config}, 0),
                (["-c", config], nowhere, 1),
                (["-c", config, "--admin", admin["listen"]], nowhere, 0),
                (["-c", self.path("absent.yaml")], {}, 1)):
            self.assertEqual(self.run_to_end("healthcheck", *arguments, env=env)[0], status)
        with open(self.path("broken.yaml"), "w", encoding="ascii") as file:
            file.write("admin: {listen: nowhere}\n")
        with open(self.path("elsewhere.yaml"), "w", encoding="ascii") as file:
            file.write(f"admin: {{listen: \"{admin['listen']}\"}}\nbridges: wrong\n")
        for name, status, said in (("absent", 2, "cannot be read"), ("broken", 2, ":1:17: listen"),
                                   ("elsewhere", 0, "")):
            for arguments, env in ((["-c", self.path(f"{name}.yaml")], {}),
                                   ([], {"WSBRIDGED_CONFIG": self.path(f"{name}.yaml")})):
                code, _, stderr = self.run_to_end("ctl", "ps", *arguments, env=env)
                self.assertEqual(code, status, stderr)
                self.assertIn(said, stderr)
        status, _, stderr = self.run_to_end("ctl", "--admin", "nonsense", "ps")
        self.assertEqual(status, 2)
        self.assertIn("--admin: listen", stderr)
        self.assertEqual(self.run_to_end("ctl", "jump")[0], 2)


if __name__ == "__main__":
    main()
