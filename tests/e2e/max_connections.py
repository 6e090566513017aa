# SPDX-License-Identifier: MIT
"""max_connections leaves further connections in the accept queue until there is room.

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
                self.fill_and_empty(server, address)
        self.assertTrue(daemon.entries("max_connections"), "the log says why connections wait")

    def fill_and_empty(self, server, address):
        programs = {}
        for number in range(5):
            programs[b"%d" % number] = self.connect(address)
            programs[b"%d" % number].send(b"%d\n" % number)
        upstreams = [server.open() for _ in range(2)]
        served = [upstream.read_text() for upstream in upstreams]
        self.assertEqual(sorted(served), [b"0", b"1"])
        self.assertFalse(server.has_connection(0.3), "the third waits: nobody dials for it")
        self.assertTrue(programs[b"2"].is_silent(), "and is not refused")
        for number in range(5):
            upstreams.pop(0).close_with(1000)
            ended = programs[served[number]]
            self.assertEqual(ended.read_until_end(), (b"", "eof"))
            ended.close()
            if number < 3:
                upstreams.append(server.open())
                served.append(upstreams[-1].read_text())
                self.assertEqual(served[-1], b"%d" % (number + 2),
                                 "the next in the queue, with what it wrote while waiting")

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
