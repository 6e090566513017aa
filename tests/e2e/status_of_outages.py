# SPDX-License-Identifier: MIT
"""/status and `ctl ps` when things are not well: who waits for what, which URL is in use, and what
keeps lines, dials, cookies and programs back.

Scenario: servers that go away and come back, several URLs, refused programs, a full memory limit, a
          cookie file that cannot be written.
Method:   a scripted server; /status is read while each lasts and when it is over.
Why:      that is when people look.
"""
import json
import os
import signal

from kit.admin import ask
from kit.case import E2eCase, bridge, main
from kit.process import free_ports
from kit.waiting import wait_until

BACK = {"enabled": True, "initial": "10ms", "max": "50ms", "confirm_interval": "1h"}


class StatusOfOutages(E2eCase):

    def start_shown(self, *bridges, **options):
        self.admin = f"unix:{self.path('admin.sock')}"
        return self.start(*bridges, admin={"listen": self.admin}, **options)

    def status(self):
        return ask(self.admin, "/status").json()

    def wait_for_session(self, **wanted):
        """The only session, when it is as wanted."""
        def found():
            sessions = self.status()["sessions"]
            fits = len(sessions) == 1 and all(sessions[0][key] == value
                                              for key, value in wanted.items())
            return fits and sessions[0]
        return wait_until(found, f"a session with {wanted}")

    def wait_for_bridge(self, condition, what):
        return wait_until(lambda: condition(self.status()["bridges"][0]), what)

    def test_a_session_goes_through_its_states(self):
        server = self.server()
        daemon = self.start_shown(bridge(server.url("/s?secret=1"), session={"open": "first_byte"},
                                         reconnect=BACK))
        local = self.connect(daemon.address())
        self.wait_for_session(state="waiting", upstream="", address="")
        local.send(b"one\n")
        upstream = server.accept()
        self.wait_for_session(state="connecting", upstream=server.url("/s"))
        upstream.open()
        self.assertEqual(upstream.read_text(), b"one")
        self.wait_for_session(state="open", unconfirmed_bytes=3,
                              address=f"127.0.0.1:{server.port}")
        upstream.reset()
        upstream = server.accept()
        lost = self.wait_for_session(state="reconnecting", reconnects=0, unconfirmed_bytes=3)
        self.assertEqual(lost["upstream"], server.url("/s"))
        code, table, _ = self.run_to_end("ctl", "--admin", self.admin, "ps")
        self.assertEqual(code, 0)
        self.assertIn("reconnecting", table)
        upstream.open()
        self.wait_for_session(state="open", reconnects=1, replayed_lines=1)
        self.assertEqual(upstream.read_text(), b"one")
        local.reset()
        self.wait_for_session(state="closing")
        upstream.finish()
        wait_until(lambda: not self.status()["sessions"], "it has ended")
        self.assertEqual(self.status()["bridges"][0]["replayed_lines"], 1)

    def test_the_url_in_use_and_those_that_rest(self):
        dead, server = f"ws://127.0.0.1:{free_ports(1)[0]}/", self.server()
        both = bridge("", upstream={})
        both["upstream"] = {"urls": [dead, server.url("/?key=1")]}
        daemon = self.start_shown(both)
        self.session(server, daemon)
        first, second = self.status()["bridges"][0]["upstreams"]
        self.assertEqual((first["url"], second["url"]), (dead, server.url()))
        self.assertTrue(0 < first["rest_seconds"] <= 30, first)
        self.assertIsNone(second["rest_seconds"])
        self.wait_for_session(state="open", upstream=server.url())

    def test_dials_that_wait_for_turns(self):
        port = free_ports(1)[0]
        daemon = self.start_shown(bridge(f"ws://127.0.0.1:{port}/",
                                         reconnect={**BACK, "max": "10ms"}))
        self.assertEqual(self.status()["bridges"][0]["dial_interval_seconds"], 0)
        self.connect(daemon.address())
        self.wait_for_bridge(lambda shown: shown["dial_interval_seconds"] >= 0.1, "turns")
        self.wait_for_session(state="reconnecting")

    def test_a_server_that_is_away_is_an_error_with_advice_while_the_session_lives(self):
        port = free_ports(1)[0]
        daemon = self.start_shown(bridge(f"ws://127.0.0.1:{port}/", reconnect=BACK))
        self.connect(daemon.address())
        error, = wait_until(lambda: [error for error in self.status()["errors"]
                                     if error["count"] > 1], "one entry for all attempts")
        self.assertEqual((error["bridge"], len(self.status()["sessions"])), ("main", 1))
        self.assertIn("refused", error["cause"])
        self.assertIn("check that the server runs", error["advice"])

    def test_a_failed_reload_is_an_error_until_it_is_mended(self):
        daemon = self.start_shown(bridge("ws://127.0.0.1:1/"))
        config = self.path("wsbridged.yaml")
        with open(config, encoding="utf-8") as file:
            good = file.read()
        for text, success, count in ((good.replace('"upstream"', '"upstraem"'), False, 1),
                                     (good, True, 1)):
            with open(config, "w", encoding="utf-8") as file:
                file.write(text)
            daemon.signal(signal.SIGHUP)
            wait_until(lambda: self.status()["config_last_reload"]["success"] is success,
                       "the reload is over")
            error, = self.status()["errors"]
            self.assertEqual((error["count"], error["bridge"]), (count, ""))
            self.assertIn(f"{config}:", error["cause"])
            self.assertIn("wsbridged check", error["advice"])

    def test_a_file_that_cannot_be_read_again_is_an_error_with_its_cause(self):
        jar, header = self.path("cookies.txt"), self.path("header")
        for path, text in ((jar, "# Netscape HTTP Cookie File\n"), (header, "value")):
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
        server = self.server()
        daemon = self.start_shown(bridge(server.url(), upstream={
            "cookie_jar": jar, "headers": {"X-A": f"${{file:{header}}}"}}))
        self.session(server, daemon)
        for path in (jar, header):
            os.remove(path)
            os.mkdir(path)
        self.session(server, daemon)
        errors = wait_until(lambda: len(self.status()["errors"]) == 2 and self.status()["errors"],
                            "both are told")
        causes = " ".join(sorted(error["cause"] for error in errors))
        self.assertRegex(causes, "cookie jar not read.*references.*stays")
        self.assertTrue(all(error["advice"] for error in errors))

    def test_refused_programs_are_counted(self):
        daemon = self.start_shown(bridge("ws://127.0.0.1:1/",
                                         access={"allow_cidrs": ["192.0.2.0/24"]}))
        for _ in range(3):
            self.connect(daemon.address()).read_until_end()
        self.wait_for_bridge(lambda shown: shown["refused_connections"] == 3, "three refusals")
        self.assertEqual(self.status()["bridges"][0]["sessions_total"], 0)

    def test_the_memory_limit_and_what_is_held_of_it(self):
        server = self.server()
        daemon = self.start_shown(bridge(server.url()), limits={"memory": "1MiB"})
        self.assertEqual(self.status()["memory"]["limit_bytes"], 1 << 20)
        _, upstream = self.session(server, daemon)
        upstream.send_text("x" * 4_000_000)
        held = wait_until(lambda: self.status()["memory"]["held_bytes"], "something is held")
        self.assertGreaterEqual(self.status()["memory"]["peak_bytes"], held)

    def test_a_cookie_file_that_cannot_be_written_is_named_until_it_can(self):
        folder = self.path("jars")
        os.mkdir(folder)
        jar = f"{folder}/cookies.txt"
        with open(jar, "w", encoding="ascii") as file:
            file.write("# Netscape HTTP Cookie File\n")
        server = self.server()
        daemon = self.start_shown(bridge(server.url(), upstream={"cookie_jar": jar,
                                                                 "store_cookies": True}))
        self.assertEqual(self.status()["cookie_faults"], [])
        lock = f"{folder}/.cookies.txt.lock"
        os.mkdir(lock)  # no file can have this name now
        self.connect(daemon.address())
        server.open("Set-Cookie: a=secret-value; Max-Age=1000")
        fault, = wait_until(lambda: self.status()["cookie_faults"], "a fault")
        self.assertEqual(fault["cookie_jar"], jar)
        self.assertTrue(fault["cause"])
        self.assertNotIn("secret-value", json.dumps(self.status()))
        os.rmdir(lock)
        self.connect(daemon.address())
        server.open("Set-Cookie: b=secret-value; Max-Age=1000")
        wait_until(lambda: not self.status()["cookie_faults"], "stored again")


if __name__ == "__main__":
    main()
