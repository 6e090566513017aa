# SPDX-License-Identifier: MIT
"""Flags, environment variables, exit statuses and the `ready:` lines.

Scenario: the daemon without any file, as in a container; contradictory and unknown arguments.
Method: the command is run; what it prints, where it listens and how it exits is compared.
Why: scripts and supervisors depend on exactly this.
"""
import re
import socket

from kit.case import E2eCase, bridge, main
from kit.daemon import write_config


class QuickBridge(E2eCase):

    def expect_session(self, daemon, server, line=b"hello"):
        """A line goes through the one bridge; returns the request that opened it."""
        local, upstream = self.session(server, daemon)
        local.send(line + b"\n")
        self.assertEqual(upstream.read_text(), line)
        return upstream.request

    def test_flags_alone(self):
        server = self.server()
        with open(self.path("jar"), "w", encoding="ascii") as jar:
            jar.write("127.0.0.1\tFALSE\t/\tFALSE\t0\tname\tvalue\n")
        daemon = self.launch(
            "run", "--listen", "127.0.0.1:0", "--upstream", server.url("/a?b=c"), "--subprotocol",
            "chat.v2", "--subprotocol", "chat.v1", "--cookie-jar", self.path("jar"), "--header",
            "X-One: 1", "--header", "X-Two: 2")
        daemon.wait_ready(1)
        self.assertRegex(daemon.stdout(), r"\Aready: main on 127\.0\.0\.1:[1-9]\d*\n\Z",
                         "one line on stdout, with the port really bound")
        self.connect(daemon.address())
        request = server.open("Sec-WebSocket-Protocol: chat.v2").request
        self.assertEqual((request.method, request.target, request.version),
                         ("GET", "/a?b=c", "HTTP/1.1"))
        for name, value in {"Sec-WebSocket-Protocol": "chat.v2, chat.v1", "Cookie": "name=value",
                            "X-One": "1", "X-Two": "2", "Sec-WebSocket-Version": "13",
                            "Host": f"127.0.0.1:{server.port}"}.items():
            self.assertEqual(request.all(name), [value], f"{name} of the handshake")

    def test_the_verb_run_is_the_default(self):
        server = self.server()
        daemon = self.launch("--listen", "127.0.0.1:0", "--upstream", server.url())
        daemon.wait_ready(1)
        self.expect_session(daemon, server)

    def test_the_environment_alone(self):
        server = self.server()
        daemon = self.launch("run", env={
            "WSBRIDGED_LISTEN": "127.0.0.1:0", "WSBRIDGED_UPSTREAM": server.url(),
            "WSBRIDGED_HEADER": "X-One: 1\nX-Two: 2", "WSBRIDGED_COOKIE_JAR": ""})
        daemon.wait_ready(1)
        request = self.expect_session(daemon, server)
        self.assertEqual((request.get("X-One"), request.get("X-Two")), ("1", "2"),
                         "lists are newline-separated, empty is unset")

    def test_a_flag_beats_the_environment(self):
        server = self.server()
        daemon = self.launch("run", "--upstream", server.url(), env={
            "WSBRIDGED_LISTEN": "127.0.0.1:0", "WSBRIDGED_UPSTREAM": "ws://127.0.0.1:9/"})
        daemon.wait_ready(1)
        self.expect_session(daemon, server)

    def test_a_whole_file_in_the_environment(self):
        server = self.server()
        yaml = ("bridges:\n  - name: main\n    listen: 127.0.0.1:0\n"
                f"    upstream: {{ url: \"{server.url()}\" }}\n")
        daemon = self.launch("run", env={"WSBRIDGED_CONFIG_YAML": yaml})
        daemon.wait_ready(1)
        self.expect_session(daemon, server)

    def test_a_file_named_by_the_environment(self):
        server = self.server()
        path = write_config(self.directory, {"bridges": [bridge(server.url())]})
        daemon = self.launch("run", env={"WSBRIDGED_CONFIG": path})
        daemon.wait_ready(1)
        self.expect_session(daemon, server)

    def test_an_unknown_variable_only_warns(self):
        server = self.server()
        daemon = self.launch("run", "--listen", "127.0.0.1:0", "--upstream", server.url(),
                             env={"WSBRIDGED_PORT_80_TCP": "tcp://10.0.0.1:80"})
        daemon.wait_ready(1)
        daemon.wait_for_entry("WSBRIDGED_PORT_80_TCP")
        self.expect_session(daemon, server)


class Usage(E2eCase):

    def test_bad_usage_is_2_with_a_message(self):
        path = write_config(self.directory, {"bridges": [bridge("ws://127.0.0.1:9/")]})
        both = ["--listen", "127.0.0.1:0", "--upstream", "ws://127.0.0.1:9/"]
        cases = {
            "upstream and file": ["run", "-c", path, *both],
            "listen without upstream": ["run", "--listen", "127.0.0.1:0"],
            "upstream without listen": ["run", "--upstream", "ws://127.0.0.1:9/"],
            "unknown flag": ["run", "--no-such-flag"],
            "unknown verb": ["frobnicate"],
            "no such file": ["run", "-c", self.path("absent.yaml")],
            "a URL that is none": ["run", "--listen", "127.0.0.1:0", "--upstream", "nonsense"],
            "an address that is none": ["run", "--listen", "nonsense", *both[2:]],
            "a header that is none": ["run", *both, "--header", "nonsense"],
        }
        for what, arguments in cases.items():
            with self.subTest(what):
                status, out, err = self.run_to_end(*arguments)
                self.assertEqual((status, out), (2, ""), f"{what}: {err}")
                self.assertTrue(err.strip(), "a message says what to do")

    def test_version_and_help_are_0_on_stdout(self):
        for arguments, expected in ((["--version"], r"\Awsbridged \d+\.\d+\.\d+\n\Z"),
                                    (["--help"], r"(?s)run.*check.*demo")):
            with self.subTest(arguments):
                status, out, err = self.run_to_end(*arguments)
                self.assertEqual((status, err), (0, ""))
                self.assertRegex(out, expected)


class Listening(E2eCase):

    def test_localhost_binds_every_address_with_one_port(self):
        server = self.server()
        daemon = self.launch("run", "--listen", "localhost:0", "--upstream", server.url())
        addresses = {info[4][0] for info in
                     socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)}
        daemon.wait_ready(len(addresses))
        ports = {address.rsplit(":", 1)[1] for address in daemon.addresses()}
        self.assertEqual((len(daemon.addresses()), len(ports)), (len(addresses), 1))
        for address in daemon.addresses():
            self.connect(address)
            server.open()

    def test_a_port_in_use_is_1_and_says_which(self):
        taken = self.server()
        status, out, err = self.run_to_end("run", "--listen", f"127.0.0.1:{taken.port}",
                                           "--upstream", "ws://127.0.0.1:9/")
        self.assertEqual((status, out), (1, ""))
        self.assertIn(str(taken.port), err)
        self.assertRegex(err, re.compile("in use", re.IGNORECASE))

    def test_remote_addresses_are_refused_unless_allowed(self):
        for listen in ("0.0.0.0:0", ":0", "[::]:0"):
            with self.subTest(listen):
                quick = ["run", "--listen", listen, "--upstream", "ws://127.0.0.1:9/"]
                status, out, err = self.run_to_end(*quick)
                self.assertEqual((status, out), (2, ""), "refused before anything is started")
                self.assertIn("allow", err, "the message says how to allow it")
                self.assertIn("remote", err)
        server = self.server()
        daemon = self.launch("run", "--listen", "0.0.0.0:0", "--upstream", server.url(),
                             "--allow-remote")
        daemon.wait_ready(1)
        port = daemon.address().rsplit(":", 1)[1]
        self.connect(f"127.0.0.1:{port}")
        server.open()


if __name__ == "__main__":
    main()
