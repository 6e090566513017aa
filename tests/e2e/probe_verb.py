# SPDX-License-Identifier: MIT
"""`wsbridged probe` dials step by step and tells how each went.

Scenario: servers in which all goes well, with TLS, cookies, subprotocols and pins; terminals.
Method: the command is run; its JSON, its text and what the server was sent are compared.
Why: it is the first thing that somebody runs when a bridge does not work.
"""
import json
import os
import pty

from kit.case import E2eCase, bridge, main
from kit.daemon import write_config
from kit.websockets_server import WebsocketsServer, request_headers

COOKIES = """\
localhost\tFALSE\t/\tTRUE\t0\tsid\tmarker-sid
localhost\tFALSE\t/admin\tTRUE\t0\tadmin\tmarker-admin
localhost\tFALSE\t/\tTRUE\t1\told\tmarker-old
other.example\tTRUE\t/\tFALSE\t0\tforeign\tmarker-foreign
"""


class ProbeVerb(E2eCase):

    def setUp(self):
        super().setUp()
        self.seen = []

    async def note(self, connection):
        self.seen.append(request_headers(connection).get("Cookie"))
        async for message in connection:
            self.seen.append(message)

    def serve(self, **options):
        server = WebsocketsServer(self.note, **{"compression": None, **options})
        self.addCleanup(server.close)
        return server

    def probe(self, *arguments, status=0, **options):
        ended, out, err = self.run_to_end("probe", *arguments, **options)
        self.assertEqual(ended, status, out + err)
        return out

    def test_every_step_of_a_probe_in_which_all_goes_well(self):
        ca = self.ca()
        server = self.serve(tls=ca.server_context(), subprotocols=["chat.v1"],
                            compression="deflate")
        jar = self.path("cookies.txt")
        with open(jar, "w", encoding="ascii") as file:
            file.write(COOKIES)
        os.chmod(jar, 0o600)
        upstream = {"tls": {"ca_file": ca.certificate}, "subprotocols": ["chat.v2", "chat.v1"],
                    "cookie_jar": jar, "compression": True, "on_open": ["not sent by a probe"]}
        path = write_config(self.directory, {"bridges": [
            bridge(server.url(), name="chat", upstream=upstream)]})
        report = json.loads(self.probe("--json", "-c", path, "chat"))
        self.assertTrue(report["ok"])
        self.assertEqual({name: step["outcome"] for name, step in report["steps"].items()},
                         {"options": "ok", "dns": "ok", "tcp": "ok", "proxy": "not needed",
                          "tls": "ok", "upgrade": "ok", "ping": "ok", "close": "ok"})
        steps = report["steps"]
        self.assertTrue(steps["tls"]["verified"])
        self.assertIn("localhost", steps["tls"]["chain"][0]["names"])
        self.assertEqual(steps["upgrade"]["status"], 101)
        self.assertEqual(steps["upgrade"]["subprotocol"], "chat.v1")
        self.assertIn("permessage-deflate", steps["upgrade"]["extensions"])
        self.assertEqual(steps["close"]["code"], 1000)
        cookies = {one["name"]: one.get("why", "sent") for one in report["cookies"]}
        self.assertEqual(cookies, {
            "sid": "sent", "admin": "is for paths below /admin",
            "old": "expired on 1970-01-01 00:00:01 UTC",
            "foreign": "is for the domain other.example"})
        self.assertEqual(self.seen, ["sid=marker-sid"], "this cookie, and no line")
        text = self.probe("-c", path)
        self.assertIn("all went well", text)
        self.assertNotIn("marker-", text + json.dumps(report))
        self.check_pin(path, upstream, steps["tls"]["pin"], server.url())

    def check_pin(self, path, upstream, pin, url):
        """The pin that it prints can be pasted; another one is told with what to do."""
        self.assertRegex(pin, "^sha256//.{44}$")
        for wanted, status in ((pin, 0), ("sha256//" + "A" * 43 + "=", 1)):
            upstream["tls"]["pin_sha256"] = [wanted]
            path = write_config(self.directory, {"bridges": [
                bridge(url, name="chat", upstream=upstream)]})
            report = json.loads(self.probe("--json", "-c", path, status=status))
            self.assertEqual(report["steps"]["tls"]["pin"], pin)
            if status:
                self.assertIn(pin, report["failure"])
                self.assertIn("tls.pin_sha256", report["advice"])

    def test_without_a_name_all_bridges_are_probed_and_one_failure_is_enough(self):
        server = self.serve()
        path = write_config(self.directory, {"bridges": [
            bridge(server.url(), name="good"),
            bridge("ws://no-such-host.invalid/", name="bad"),
            bridge(server.url(), name="last")]})
        reports = [json.loads(line) for line in
                   self.probe("--json", "-c", path, status=1).splitlines()]
        self.assertEqual([(one["bridge"], one["ok"]) for one in reports],
                         [("good", True), ("bad", False), ("last", True)])
        self.assertIn("all went well", self.probe("-c", path, "last"))
        self.probe("-c", path, "absent", status=2)
        _, _, err = self.run_to_end("probe", "-c", path, "absent")
        self.assertIn("no bridge of that name; it has good, bad, last", err)

    def test_a_url_needs_no_configuration(self):
        server = self.serve()
        report = json.loads(self.probe("--json", server.url() + "p?key=marker-query"))
        self.assertTrue(report["ok"])
        self.assertNotIn("marker", json.dumps(report))
        status, out, err = self.run_to_end("probe", "ws://:1/")
        self.assertEqual((status, out), (2, ""))
        self.assertIn("URL", err)

    def on_a_terminal(self, *arguments, env=None):
        ours, theirs = pty.openpty()
        daemon = self.launch(*arguments, env={"TERM": "xterm", **(env or {})}, terminal=theirs)
        os.close(theirs)
        text = b""
        try:
            while piece := os.read(ours, 65536):
                text += piece
        except OSError:
            pass  # EIO is the end of a terminal
        os.close(ours)
        self.assertEqual(daemon.wait(), 0)
        return text.decode()

    def test_colours_are_for_terminals(self):
        url = self.serve().url()
        self.assertIn("\x1b[32mok", self.on_a_terminal("probe", url))
        self.assertNotIn("\x1b", self.on_a_terminal("probe", url, env={"NO_COLOR": "1"}))
        self.assertNotIn("\x1b", self.on_a_terminal("probe", "--json", url))
        self.assertNotIn("\x1b", self.probe(url, env={"TERM": "xterm"}))


if __name__ == "__main__":
    main()
