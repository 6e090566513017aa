# SPDX-License-Identifier: MIT
"""Several URLs and dead servers: the order in which they are tried, who rests, and how rarely a
server that is down is dialled.

Scenario: servers that refuse, close and come back; local programs that try again and again.
Method: scripted servers count who dials them.
Why: a bridge must neither stick to a dead server nor hammer it.
"""
import threading
import time

from kit.case import E2eCase, bridge, main

UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
QUICK = {"enabled": True, "initial": "10ms", "max": "100ms", "confirm_interval": "50ms"}


def refuse(server, answer=UNAVAILABLE):
    upstream = server.accept()
    upstream.read_request()
    upstream.send(answer)
    upstream.close()


class Failover(E2eCase):

    def start_with(self, servers, **sections):
        one = bridge("", **sections)
        del one["upstream"]["url"]
        one["upstream"]["urls"] = [server.url() for server in servers]
        return self.start(one)

    def test_urls_are_tried_in_order_and_the_failed_one_rests(self):
        first, second, third = servers = [self.server() for _ in range(3)]
        daemon = self.start_with(servers)
        local = self.connect(daemon.address())
        refuse(first)
        refuse(second, b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        third.open().send_text("third")
        self.assertEqual(local.read_line(), b"third\n")
        for _ in range(2):
            local = self.connect(daemon.address())
            third.open().send_text("straight to it")
            self.assertEqual(local.read_line(), b"straight to it\n")
        local = self.connect(daemon.address())
        refuse(third)  # now all of them rest: the one that failed first is asked first
        first.open().send_text("first")
        self.assertEqual(local.read_line(), b"first\n")
        local = self.connect(daemon.address())
        first.open().send_text("first again, in its place")
        self.assertEqual(local.read_line(), b"first again, in its place\n")
        self.assertEqual(len(daemon.problems("rests")), 3)

    def test_a_dial_fails_when_every_url_has_failed(self):
        first, second = servers = [self.server(), self.server()]
        daemon = self.start_with(servers)
        local = self.connect(daemon.address())
        refuse(first)
        refuse(second)
        self.assertEqual(local.read_until_end(), (b"", "reset"))

    def test_a_server_that_is_going_away_is_left_for_the_next(self):
        first, second = servers = [self.server(), self.server()]
        daemon = self.start_with(servers, reconnect=QUICK)
        local = self.connect(daemon.address())
        upstream = first.open()
        local.send(b"line\n")
        self.assertEqual(upstream.read_frame().payload, b"line")
        upstream.close_with(1012)
        self.assertEqual(second.open().read_text(), b"line")
        self.assertFalse(first.has_connection(0.3))


class Damping(E2eCase):

    def test_a_program_in_a_tight_loop_costs_a_dead_upstream_few_dials(self):
        server, daemon = self.bridge_to_server()
        dials, is_over = [], threading.Event()

        def serve():
            while not is_over.is_set():
                refuse(server)
                dials.append(time.monotonic())
        serving = self.in_background(serve)
        end = time.monotonic() + 4
        while time.monotonic() < end:
            local = self.connect(daemon.address())
            try:
                local.send(b"hello?\n")
            except ConnectionResetError:
                continue  # refused before it could say so
            self.assertEqual(local.read_until_end(), (b"", "reset"))
        is_over.set()
        # Three, then after 0.1, 0.3, 0.7, 1.5, 3.1 and 6.3 s; a slow machine makes them fewer.
        self.assertLessEqual(len(dials), 3 + 6)
        self.assertEqual(len(daemon.problems("wait for turns")), 1)
        first = self.connect(daemon.address())
        serving.result()
        second = self.connect(daemon.address())
        server.open().send_text("back")
        try:
            line = first.read_line()
        except ConnectionResetError:  # it was the one that serve() was still waiting for
            line = second.read_line()
        self.assertEqual(line, b"back\n")
        daemon.wait_for_entry("dials succeed again")


if __name__ == "__main__":
    main()
