# SPDX-License-Identifier: MIT
"""No secret is shown anywhere: markers are planted wherever one can stand, and looked for.

Scenario: passwords, tokens, cookies, header values and lines pass through every place that knows
          them, in sessions that work and that fail, at the most talkative log level.
Method:   each marker is a word of its own; log, metrics, status, page, `check --print`, error
          messages and /proc are read for all of them.
Why:      logs are sent to other machines and pasted into tickets.
"""
from kit.admin import ask
from kit.case import E2eCase, bridge, main
from kit.process import free_ports
from kit.waiting import wait_until


class NoSecrets(E2eCase):

    def setUp(self):
        super().setUp()
        self.markers = []

    def marker(self, name):
        word = f"SECRET-{name}-b7d1"
        self.markers.append(word)
        return word

    def check_text(self, where, text):
        for word in self.markers:
            self.assertNotIn(word, text, f"{word} in {where}")

    def cookie_jar(self):
        path = self.path("cookies.txt")
        with open(path, "w", encoding="ascii") as file:
            file.write("# Netscape HTTP Cookie File\n"
                       f"127.0.0.1\tFALSE\t/\tFALSE\t4102444800\tsid\t{self.marker('cookie')}\n"
                       f"127.0.0.1\tFALSE\t/\tbroken\t{self.marker('broken-cookie')}\n")
        return path

    def secret_bridges(self, server):
        header = self.path("header")
        with open(header, "w", encoding="ascii") as file:
            file.write(self.marker("header-file"))
        url = server.url(f"/socket?key={self.marker('query')}")
        url = url.replace("ws://", f"ws://{self.marker('user')}:{self.marker('password')}@")
        upstream = {
            "headers": {"X-Token": self.marker("header"), "X-File": f"${{file:{header}}}"},
            "cookie_jar": self.cookie_jar(), "on_open": [f"login {self.marker('on-open')}"],
        }
        dead = url.replace(str(server.port), str(free_ports(1)[0]))
        proxy = f"http://{self.marker('proxy-user')}:{self.marker('proxy-password')}@127.0.0.1:1"
        through_proxy = bridge("ws://127.0.0.1:1/", name="proxied",
                               listen=f"unix:{self.path('proxied.sock')}", upstream={
                                   "proxy": proxy, "basic_auth": {
                                       "user": self.marker("basic-user"),
                                       "password": self.marker("basic-password")}})
        away = bridge("", name="away", listen=f"unix:{self.path('away.sock')}",
                      reconnect={"enabled": True, "initial": "10ms", "max": "50ms"})
        away["upstream"] = {"urls": [dead, dead.replace("/socket", "/other")]}
        return [bridge(url, upstream=upstream, framing={"max_line": 100}),
                bridge(dead, name="dead", listen=f"unix:{self.path('dead.sock')}",
                       upstream=upstream), through_proxy, away]

    def test_markers_are_nowhere(self):
        server = self.server()
        token = self.path("token")
        with open(token, "w", encoding="ascii") as file:
            file.write(self.marker("admin-token") + "-long-enough")
        daemon = self.start(*self.secret_bridges(server), log={"level": "debug", "format": "json"},
                            admin={"listen": "127.0.0.1:0", "token_file": token})
        admin = daemon.address("admin")
        away = self.connect(daemon.address("away"))
        away.send(self.marker("held-line").encode() + b"\n")
        self.connect(daemon.address("proxied")).read_until_end()
        local = self.connect(daemon.address())
        upstream = server.accept()
        upstream.read_request()
        upstream.answer(f"Set-Cookie: other={self.marker('set-cookie')}",
                        f"X-Answer: {self.marker('response-header')}")
        self.assertIn(b"login", upstream.read_text())
        local.send(self.marker("line-up").encode() + b"\n")
        upstream.read_text()
        upstream.send_text(self.marker("line-down"))
        local.read_line()
        self.check_answers(admin)
        local.send(self.marker("long-line").encode() * 10 + b"\n")
        upstream.finish()
        self.connect(daemon.address("dead")).read_until_end()
        self.refuse_a_dial(server, daemon)
        ask(admin, f"/ctl/kill/{self.marker('path')}", "POST",
            Authorization=f"Bearer {self.marker('wrong-token')}")
        self.markers.remove("SECRET-path-b7d1")  # a path is no secret, and may be told
        wait_until(lambda: len(ask(admin, "/status").json()["errors"]) >= 3, "all errors are told")
        self.check_answers(admin)
        self.check_ctl(admin)
        away.close()
        daemon.stop()
        self.check_text("the log", daemon.stderr())
        self.check_text("stdout", daemon.stdout())
        self.check_probe_and_cat()
        self.check_print()

    def check_probe_and_cat(self):
        for name in ("dead", "proxied"):
            for verb in (("probe",), ("probe", "--json"), ("cat",)):
                status, out, err = self.run_to_end(*verb, "-c", self.path("wsbridged.yaml"), name)
                self.assertEqual(status, 1, out + err)
                self.check_text(" ".join(verb), out + err)

    def refuse_a_dial(self, server, daemon):
        """A server that says no, with secrets in head and body."""
        local = self.connect(daemon.address())
        upstream = server.accept()
        upstream.read_request()
        body = self.marker("body").encode()
        # A phrase is a peer's text: of it 200 bytes may be told.
        phrase = "x" * 200 + self.marker("phrase")
        upstream.send(b"HTTP/1.1 401 " + phrase.encode() + b"\r\nWWW-Authenticate: Basic realm=\"" +
                      self.marker("realm").encode() + b"\"\r\nContent-Length: %d\r\n\r\n" %
                      len(body) + body)
        local.read_until_end()

    def check_ctl(self, admin):
        """What ctl prints, also of a reload that changes secrets and of one that fails."""
        config = self.path("wsbridged.yaml")
        with open(config, encoding="utf-8") as file:
            text = file.read()
        changed = text.replace("-b7d1", "-b7d2")
        self.markers += [word.replace("-b7d1", "-b7d2") for word in self.markers]
        for status, verb, content in ((0, "ps", text), (0, "reload", changed),
                                      (1, "reload", changed.replace('"headers"', '"haeders"')),
                                      (0, "reload", text)):
            with open(config, "w", encoding="utf-8") as file:
                file.write(content)
            for more in ((), ("--json",)):
                done = self.run_to_end("ctl", "-c", config, "--admin", admin, verb, *more)
                self.assertEqual(done[0], status, done)
                self.check_text(f"ctl {verb}", done[1] + done[2])

    def check_answers(self, admin):
        for path in ("/metrics", "/status", "/", "/readyz", "/livez"):
            answer = ask(admin, path)
            self.assertEqual(answer.status, 200)
            self.check_text(path, answer.text())

    def check_print(self):
        config = self.path("wsbridged.yaml")
        for arguments in (["check", "-c", config, "--print"], ["check", "-c", config]):
            status, stdout, stderr = self.run_to_end(*arguments)
            self.assertEqual(status, 0)
            self.check_text(" ".join(arguments), stdout + stderr)
        with open(config, encoding="utf-8") as file:
            broken = file.read().replace('"headers"', '"haeders"')
        with open(config, "w", encoding="utf-8") as file:
            file.write(broken)
        status, stdout, stderr = self.run_to_end("check", "-c", config)
        self.assertEqual(status, 2)
        self.check_text("the errors of a broken file", stdout + stderr)


if __name__ == "__main__":
    main()
