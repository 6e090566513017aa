# SPDX-License-Identifier: MIT
"""max_connections leaves further connections in the accept queue, and takes them when there is room.

Scenario: two sessions are allowed, five programs connect.
Method: the scripted server counts dials; queued programs have already written their first line.
Why: refusing would make every client need a retry; accepting would hold what nobody can serve.
"""
from kit.case import E2eCase, bridge, main


class MaxConnections(E2eCase):

    def test_further_ones_wait_in_the_queue_in_order(self):
        server = self.server()
        listen = ["127.0.0.1:0", f"unix:{self.path('max.sock')}"]
        daemon = self.start(bridge(server.url(), listen=listen, session={"max_connections": 2}))
        for address in daemon.addresses():
            with self.subTest(address):
                locals_ = [self.connect(address) for _ in range(5)]
                for number, local in enumerate(locals_):
                    local.send(b"%d\n" % number)
                upstreams = [server.open() for _ in range(2)]
                self.assertEqual(sorted(upstream.read_text() for upstream in upstreams),
                                 [b"0", b"1"])
                self.assertFalse(server.has_connection(0.3), "the third waits: nobody dials for it")
                self.assertTrue(locals_[2].is_silent(), "and is not refused")
                for number in range(2, 5):
                    upstreams.pop(0).close_with(1000)
                    upstreams.append(server.open())
                    self.assertEqual(upstreams[-1].read_text(), b"%d" % number,
                                     "the next in the queue, with what it wrote while waiting")
                for upstream in upstreams:
                    upstream.close_with(1000)
                for local in locals_:
                    self.assertEqual(local.read_until_end(), (b"", "eof"))
                    local.close()
        self.assertTrue(daemon.entries("max_connections"), "the log says why connections wait")

    def test_a_full_bridge_does_not_hold_another(self):
        server = self.server()
        daemon = self.start(bridge(server.url(), name="full", session={"max_connections": 1}),
                            bridge(server.url(), name="free"))
        self.session(server, daemon, "full")
        self.connect(daemon.address("full"))
        local, upstream = self.session(server, daemon, "free")
        local.send(b"hello\n")
        self.assertEqual(upstream.read_text(), b"hello")


if __name__ == "__main__":
    main()
