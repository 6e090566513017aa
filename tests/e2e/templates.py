# SPDX-License-Identifier: MIT
"""Templates: each session dials with its own peer's values, and no value becomes more than one.

Scenario: users with cookies of their own, addresses, secrets that look like templates.
Method: connections by other users; the server behind the bridge sees request, cookies and lines.
Why: a value that ends up as another path, header, file or line is an injection.
"""
import os
import unittest

from kit.case import E2eCase, bridge, main
from kit.identity import connect_as


class Templates(E2eCase):

    def setUp(self):
        super().setUp()
        self.upstream_server = self.server()
        os.chmod(self.directory, 0o755)

    def start_unix(self, target, **upstream):
        listen = {"address": f"unix:{self.path('t.sock')}", "mode": "0666"}
        return self.start(bridge(self.upstream_server.url(target), listen=listen,
                                 upstream=upstream))

    def write_jar(self, name, value):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"127.0.0.1\tFALSE\t/\tFALSE\t0\tuser\t{value}\n")
        return path

    def test_what_a_unix_peer_is_stands_in_url_header_and_first_line(self):
        daemon = self.start_unix("/u/{peer.uid}/{bridge}?pid={peer.pid}",
                                 headers={"X-Ids": "{peer.uid}:{peer.gid}:{session}"},
                                 on_open=['{"user":{peer.uid},"bridge":"{bridge}"}'])
        self.connect(daemon.address())
        upstream = self.upstream_server.open()
        uid = os.getuid()
        self.assertEqual(upstream.request.target, f"/u/{uid}/main?pid={os.getpid()}")
        self.assertEqual(upstream.request.get("X-Ids"), f"{uid}:{os.getgid()}:1")
        self.assertEqual(upstream.read_text(), f'{{"user":{uid},"bridge":"main"}}'.encode())
        opened = daemon.wait_for_entry("session opened")
        self.assertTrue(opened["upstream"].endswith(f"/u/{uid}/main"), opened)
        self.assertNotIn("pid=", opened["upstream"])

    @unittest.skipUnless(os.getuid() == 0, "only root can become another user")
    def test_each_user_has_a_cookie_file_of_its_own(self):
        for uid in (4242, 4243):
            self.write_jar(f"{uid}.txt", f"u{uid}")
        daemon = self.start_unix("/", cookie_jar=self.path("{peer.uid}.txt"))
        for uid, cookie in ((4242, "user=u4242"), (4243, "user=u4243"), (4242, "user=u4242")):
            local = connect_as(daemon.address(), uid)
            upstream = self.upstream_server.open()
            self.assertEqual(upstream.request.get("Cookie"), cookie)
            upstream.close_with(1000)
            local.close()
        self.addCleanup(connect_as(daemon.address(), 4244).close)
        self.assertIsNone(self.upstream_server.open().request.get("Cookie"))
        self.assertTrue(daemon.problems("cookie jar not read"))

    @unittest.skipUnless(os.getuid() == 0, "only root can become another user")
    def test_more_cookie_files_than_are_kept_are_read_anew(self):
        for uid in range(5000, 5070):
            self.write_jar(f"{uid}.txt", f"u{uid}")
        daemon = self.start_unix("/", cookie_jar=self.path("{peer.uid}.txt"))
        for uid in [*range(5000, 5070), 5000]:
            local = connect_as(daemon.address(), uid)
            upstream = self.upstream_server.open()
            self.assertEqual(upstream.request.get("Cookie"), f"user=u{uid}")
            upstream.close_with(1000)
            local.close()

    def test_a_bridge_s_own_cookie_file_is_looked_for_at_the_start(self):
        self.write_jar("main.txt", "shared")
        daemon = self.start_unix("/", cookie_jar=self.path("{bridge}.txt"))
        self.connect(daemon.address())
        self.assertEqual(self.upstream_server.open().request.get("Cookie"), "user=shared")
        daemon.stop()
        for jar in ("no-{bridge}.txt", "none/{peer.uid}.txt"):
            config = self.path("wrong.yaml")
            with open(config, "w", encoding="utf-8") as file:
                file.write("bridges:\n- name: main\n  listen: unix:/tmp/never-bound.sock\n"
                           f"  upstream: {{url: ws://h, cookie_jar: '{self.path(jar)}'}}\n")
            status, _, err = self.run_to_end("check", "-c", config)
            self.assertEqual(status, 2)
            self.assertIn(":4:39: cookie_jar: ", err)

    def test_an_address_is_percent_encoded_in_the_url(self):
        daemon = self.start(bridge(self.upstream_server.url("/{peer.addr}?a={peer.addr}"),
                                   listen="[::1]:0",
                                   upstream={"headers": {"X-Addr": "{peer.addr}"}}))
        self.connect(daemon.address())
        request = self.upstream_server.open().request
        self.assertEqual(request.target, "/%3A%3A1?a=%3A%3A1")
        self.assertEqual(request.get("X-Addr"), "::1")

    def test_doubled_braces_other_braces_and_secrets_are_literal(self):
        secret = self.path("secret")
        with open(secret, "w", encoding="utf-8") as file:
            file.write("{peer.addr}{bridge}\n")
        daemon = self.start(bridge(
            self.upstream_server.url("/"),
            upstream={"headers": {"X-A": "{{bridge}} {other} {", "X-B": "${file:%s}" % secret,
                                  "X-C": "{bri${env:REST}", "X-D": "{bridge}"},
                      "on_open": ["${file:%s}{session}" % secret]}),
            options={"env": {"REST": "dge}"}})
        self.connect(daemon.address())
        upstream = self.upstream_server.open()
        self.assertEqual([upstream.request.get(name) for name in ("X-A", "X-B", "X-C", "X-D")],
                         ["{bridge} {other} {", "{peer.addr}{bridge}", "{bridge}", "main"])
        self.assertEqual(upstream.read_text(), b"{peer.addr}{bridge}1")


if __name__ == "__main__":
    main()
