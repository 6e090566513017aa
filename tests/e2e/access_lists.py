# SPDX-License-Identifier: MIT
"""Access lists: whoever is not listed gets nothing upstream, and the log says why.

Scenario: other users, groups and addresses than the listed ones connect, singly and in a flood.
Method: a child process takes on the ids and hands its connection over; TCP peers come from
        127.0.0.2. The server behind the bridge tells whether it was dialled.
Why: a list that lets one through, or dials before it judges, protects nothing.
"""
import os
import unittest

from kit.case import E2eCase, bridge, main
from kit.identity import connect_as, connect_from
from kit.waiting import wait_until

ONLY_ROOT = unittest.skipUnless(os.getuid() == 0, "only root can become another user")
STRANGER = 65534


class AccessCase(E2eCase):

    def setUp(self):
        super().setUp()
        self.upstream_server = self.server()
        self.refused_before = 0
        os.chmod(self.directory, 0o755)

    def start_unix(self, listen=None, **access):
        listen = listen or {"address": f"unix:{self.path('lines.sock')}", "mode": "0666"}
        return self.start(bridge(self.upstream_server.url(), listen=listen, access=access))

    def own(self, local):
        self.addCleanup(local.close)
        return local

    def expect_admitted(self, local):
        self.own(local)
        upstream = self.upstream_server.open()
        local.send(b"hello\n")
        self.assertEqual(upstream.read_text(), b"hello")
        upstream.close_with(1000)
        local.close()

    def expect_refused(self, daemon, local, rule):
        self.own(local)
        try:
            self.assertEqual(local.read_all(), b"")
        except ConnectionError:
            pass  # ended all the same
        entry = wait_until(lambda: daemon.entries("connection refused")[self.refused_before:],
                           f"an entry about {rule}")[0]
        self.refused_before += 1
        self.assertEqual((entry["level"], entry["rule"], entry["bridge"]), ("warn", rule, "main"))
        self.assertFalse(self.upstream_server.has_connection(0.2), "it was never dialled for")
        return entry


@ONLY_ROOT
class Users(AccessCase):

    def test_a_listed_uid_is_admitted_and_another_gets_nothing(self):
        daemon = self.start_unix(allow_uids=[4242, "root"])
        address = daemon.address()
        self.expect_admitted(connect_as(address, 4242))
        self.expect_admitted(connect_as(address, 0))
        entry = self.expect_refused(daemon, connect_as(address, STRANGER, 4242), "allow_uids")
        self.assertIn("uid 65534", entry["peer"])
        self.expect_admitted(connect_as(address, 4242))

    def test_groups_count_with_the_supplementary_ones(self):
        daemon = self.start_unix(allow_gids=[4243])
        address = daemon.address()
        self.expect_admitted(connect_as(address, STRANGER, 4243))
        self.expect_admitted(connect_as(address, STRANGER, 1, [7, 4243, 9]))
        self.expect_refused(daemon, connect_as(address, 4243, 1, [7, 9]), "allow_gids")
        self.expect_refused(daemon, connect_as(address, 0, 0), "allow_gids")

    def test_either_a_uid_or_a_gid_admits(self):
        daemon = self.start_unix(allow_uids=[4242], allow_gids=[4243])
        address = daemon.address()
        self.expect_admitted(connect_as(address, 4242, 1))
        self.expect_admitted(connect_as(address, 1, 1, [4243]))
        self.expect_refused(daemon, connect_as(address, 1, 1), "allow_uids, allow_gids")

    def test_on_an_abstract_socket_the_list_decides_when_there_is_one(self):
        name = f"unix:@wsbridged-e2e-{os.getpid()}-access"
        daemon = self.start_unix(listen=name, allow_uids=[4242])
        self.expect_admitted(connect_as(daemon.address(), 4242))
        self.expect_refused(daemon, connect_as(daemon.address(), 0), "allow_uids")

    def test_an_abstract_socket_without_a_list_admits_its_own_user_and_root(self):
        name = f"unix:@wsbridged-e2e-{os.getpid()}-own"
        daemon = self.start_unix(listen=name)
        self.expect_refused(daemon, connect_as(daemon.address(), 4242), "access")
        self.expect_admitted(connect_as(daemon.address(), 0))


class Addresses(AccessCase):

    def start_tcp(self, *cidrs):
        return self.start(bridge(self.upstream_server.url(), access={"allow_cidrs": list(cidrs)}))

    def test_a_listed_address_is_admitted_and_another_gets_nothing(self):
        daemon = self.start_tcp("127.0.0.1", "10.0.0.0/8")
        self.expect_admitted(connect_from("127.0.0.1", daemon.address()))
        entry = self.expect_refused(daemon, connect_from("127.0.0.2", daemon.address()),
                                    "allow_cidrs")
        self.assertTrue(entry["peer"].startswith("127.0.0.2:"), entry)
        self.assertIn("127.0.0.2", entry["cause"])

    def test_a_flood_of_refused_ones_neither_fills_the_log_nor_keeps_others_out(self):
        daemon = self.start_tcp("127.0.0.1")
        for _ in range(300):
            connect_from("127.0.0.2", daemon.address()).close()
        self.expect_admitted(connect_from("127.0.0.1", daemon.address()))
        self.assertLessEqual(len(daemon.entries("connection refused")), 20)
        summary = daemon.wait_for_entry("not told one by one", seconds=40)
        self.assertGreater(summary["count"], 200)
        self.assertFalse(self.upstream_server.has_connection(0.1))


class Errors(E2eCase):

    def test_a_rule_that_cannot_hold_and_unknown_names_are_errors_at_their_place(self):
        config = self.path("wrong.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("bridges:\n"
                       "- name: a\n"
                       "  listen: 127.0.0.1:7001\n"
                       "  upstream: {url: 'ws://localhost/{peer.uid}'}\n"
                       "  access: {allow_uids: [root], allow_cidrs: [10.1.0.0/8]}\n"
                       "- name: b\n"
                       "  listen: unix:/tmp/never-bound.sock\n"
                       "  upstream: {url: ws://localhost/}\n"
                       "  access: {allow_gids: [nobody-is-there]}\n")
        status, out, err = self.run_to_end("check", "-c", config)
        self.assertEqual((status, out), (2, ""))
        for expected in (":4:19: url holds {peer.uid}", ":5:24: allow_uids is for Unix sockets",
                         "did you mean '10.0.0.0/8'?", ":9:24: allow_gids: 'nobody-is-there'"):
            self.assertIn(expected, err)


if __name__ == "__main__":
    main()
