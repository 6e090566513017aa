# SPDX-License-Identifier: MIT
"""Several bridges and several listeners in one daemon, each with its own settings.

Scenario: three bridges to three servers, one of them with three listeners.
Method: a line through each listener must reach the server of its bridge, framed as it says.
Why: settings that leak from one bridge into another are hard to see from inside.
"""
from kit.case import E2eCase, bridge, main
from kit.daemon import write_config


class SeveralBridges(E2eCase):

    def test_each_listener_leads_to_its_own_server_with_its_own_framing(self):
        servers = [self.server() for _ in range(3)]
        daemon = self.start(
            bridge(servers[0].url("/a"), name="alpha", listen=[
                "127.0.0.1:0", f"unix:{self.path('alpha.sock')}", "127.0.0.1:0"]),
            bridge(servers[1].url("/b"), name="beta", framing={"delimiter": "\0"},
                   upstream={"headers": {"X-Bridge": "beta"}}),
            bridge(servers[2].url("/c"), name="gamma", framing={"mode": "raw"}))
        self.assertEqual([len(daemon.addresses(name)) for name in ("alpha", "beta", "gamma")],
                         [3, 1, 1], "a ready line for each listener")
        rows = [("alpha", servers[0], "/a", b"alpha\n", (1, b"alpha"))] * 3
        rows += [("beta", servers[1], "/b", b"be\nta\0", (1, b"be\nta")),
                 ("gamma", servers[2], "/c", b"gam\nma", (2, b"gam\nma"))]
        addresses = [address for name in ("alpha", "beta", "gamma")
                     for address in daemon.addresses(name)]
        for (name, server, target, written, expected), address in zip(rows, addresses):
            with self.subTest(bridge=name, address=address):
                local = self.connect(address)
                upstream = server.open()
                self.assertEqual(upstream.request.target, target)
                self.assertEqual(upstream.request.all("X-Bridge"),
                                 ["beta"] if name == "beta" else [])
                local.send(written)
                self.assertEqual(upstream.read_message(), expected)

    def test_a_session_that_ends_badly_is_logged_for_its_bridge_only(self):
        server = self.server()
        daemon = self.start(bridge(server.url(), name="good"), bridge(server.url(), name="bad"))
        good = self.session(server, daemon, "good")
        local, upstream = self.session(server, daemon, "bad")
        upstream.close_with(1011)
        local.read_until_end()
        self.assertEqual([entry["bridge"] for entry in
                          [daemon.wait_for_session_end(), *daemon.problems()]], ["bad", "bad"])
        good[0].send(b"unharmed\n")
        self.assertEqual(good[1].read_text(), b"unharmed")

    def test_one_bridge_that_cannot_be_bound_stops_all_before_anything_is_ready(self):
        taken = self.server()
        config = {"bridges": [bridge(taken.url(), name="fine"), bridge(
            taken.url(), name="taken", listen=f"127.0.0.1:{taken.port}")]}
        daemon = self.launch("run", "-c", write_config(self.directory, config))
        self.assertEqual((daemon.wait(), daemon.stdout()), (1, ""))
        self.assertIn("taken", daemon.stderr())


if __name__ == "__main__":
    main()
