# SPDX-License-Identifier: MIT
"""`listen: systemd:NAME`: sockets that systemd made, by name.

Scenario: TCP, IPv6 and Unix sockets are passed, under one name or several, right and wrong ones.
Method: a launcher passes descriptors as sd_listen_fds(3) describes it.
Why: systemd keeps such sockets over a restart, so that no connection is refused.
"""
import os
import signal
import socket
import threading

from kit.case import E2eCase, bridge, main
from kit.daemon import QUICK_SHUTDOWN, write_config
from kit.service import listening, passing
from kit.waiting import wait_until


class SocketActivation(E2eCase):

    def made(self, *arguments, **options):
        one = listening(*arguments, **options)
        self.addCleanup(one.close)
        return one

    def tcp(self, host="127.0.0.1"):
        return self.made(socket.AF_INET6 if ":" in host else socket.AF_INET, (host, 0))

    def refusal(self, listen, *passed, status=1):
        """What the daemon says when it does not start with these sockets."""
        server = self.server()
        path = write_config(self.directory, {"log": {"format": "json"},
                                             "bridges": [bridge(server.url(), listen=listen)]})
        options = passing(*passed) if passed else {}
        daemon = self.launch("run", "-c", path, **options)
        self.assertEqual(daemon.wait(), status, daemon.stderr())
        return daemon.stderr()

    def test_sockets_of_every_kind_under_their_names(self):
        server, path = self.server(), self.path("passed.sock")
        v4, v6 = self.tcp(), self.tcp("::1")
        by_path = self.made(socket.AF_UNIX, path)
        abstract = self.made(socket.AF_UNIX, "\0" + path)
        daemon = self.start(
            bridge(server.url("/chat"), "chat", listen="systemd:chat"),
            bridge(server.url("/feed"), "feed", listen=["systemd:a.socket", "systemd:feed"]),
            options=passing(("chat", v4), ("feed", by_path), ("chat", v6), ("a.socket", abstract)))
        wait_until(lambda: len(daemon.addresses("chat")) + len(daemon.addresses("feed")) == 4,
                   "a ready line for each socket")
        self.assertEqual(daemon.addresses("chat"), [f"127.0.0.1:{v4.getsockname()[1]}",
                                                    f"[::1]:{v6.getsockname()[1]}"])
        self.assertEqual(daemon.addresses("feed"), [f"unix:@{path}", f"unix:{path}"])
        for name in ("chat", "feed"):
            for address in daemon.addresses(name):
                with self.subTest(address):
                    local = self.connect(address)
                    upstream = server.open()
                    self.assertEqual(upstream.request.target, "/" + name)
                    local.send(b"through\n")
                    self.assertEqual(upstream.read_text(), b"through")
                    is_unix = address.startswith("unix")
                    peer = f"uid {os.getuid()} pid {os.getpid()}" if is_unix else "127.0.0.1:"
                    if is_unix or address.startswith("127"):
                        daemon.wait_for_entry("session opened", peer)
        daemon.stop()
        self.assertTrue(os.path.exists(path), "not ours to remove")

    def test_a_name_that_was_not_passed(self):
        said = self.refusal("systemd:chta", ("chat", self.tcp()), ("feed", self.tcp()))
        self.assertIn("systemd:chta", said)
        self.assertIn("chat, feed", said)
        self.assertIn("systemd passed no socket", self.refusal("systemd:chat"))

    def test_sockets_that_cannot_be_listened_on(self):
        datagram = self.made(socket.AF_INET, ("127.0.0.1", 0), kind=socket.SOCK_DGRAM)
        self.assertIn("ListenStream=", self.refusal("systemd:a", ("a", datagram)))
        one, other = socket.socketpair()
        self.addCleanup(one.close)
        self.addCleanup(other.close)
        self.assertIn("Accept=no", self.refusal("systemd:a", ("a", one)))
        with open("/dev/null", encoding="ascii") as null:
            self.assertIn("not a socket", self.refusal("systemd:a", ("a", null)))

    def test_the_real_address_decides_whether_it_is_remote(self):
        everywhere = self.tcp("0.0.0.0")
        self.assertIn("allow_remote", self.refusal("systemd:a", ("good", self.tcp()),
                                                   ("a", everywhere)))
        server = self.server()
        daemon = self.start(bridge(server.url(), listen={"address": "systemd:a",
                                                         "allow_remote": True}),
                            options=passing(("a", everywhere)))
        self.connect(f"127.0.0.1:{daemon.address().rsplit(':', 1)[1]}")
        server.open()

    def test_an_ipv4_peer_of_a_socket_for_both_families_has_its_plain_address(self):
        both = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.addCleanup(both.close)
        server = self.server()
        daemon = self.start(bridge(server.url(), listen={"address": "systemd:a",
                                                         "allow_remote": True}),
                            options=passing(("a", both)))
        self.connect(f"127.0.0.1:{both.getsockname()[1]}")
        server.open()
        self.assertTrue(daemon.wait_for_entry("session opened")["peer"].startswith("127.0.0.1:"))

    def test_what_nobody_uses_is_closed_and_told(self):
        server, spare = self.server(), self.tcp()
        daemon = self.start(bridge(server.url(), listen="systemd:a"),
                            options=passing(("a", self.tcp()), ("spare", spare)))
        port = spare.getsockname()[1]
        self.assertTrue(daemon.problems("used by no bridge", f"spare on 127.0.0.1:{port}"))
        spare.close()
        with self.assertRaises(ConnectionRefusedError):
            self.connect(f"127.0.0.1:{port}")

    def test_keys_that_the_socket_unit_decides_are_errors(self):
        said = self.refusal({"address": "systemd:a", "mode": "0600", "backlog": 5}, status=2)
        self.assertIn("SocketMode=", said)
        self.assertIn("Backlog=", said)

    def test_sockets_for_another_process_are_none(self):
        one = self.tcp()
        options = passing(("a", one))
        options["prefix"] += ["/usr/bin/env", "LISTEN_PID=1"]
        server = self.server()
        path = write_config(self.directory, {"bridges": [bridge(server.url(), listen="systemd:a")]})
        daemon = self.launch("run", "-c", path, **options)
        self.assertEqual(daemon.wait(), 1)
        self.assertIn("systemd passed no socket", daemon.stderr())

    def test_nobody_is_refused_while_it_is_restarted(self):
        server, held = self.server(), self.tcp()  # nobody answers there: no session ends by itself
        address = f"127.0.0.1:{held.getsockname()[1]}"
        one = bridge(server.url(), listen="systemd:a")
        daemon = self.start(one, options=passing(("a", held)))
        failures, connected, is_over = [], [], threading.Event()

        def connect_on_and_on():
            while not is_over.is_set() and len(connected) < 400:
                try:
                    connected.append(self.connect(address))
                except OSError as failure:
                    failures.append(failure)
                is_over.wait(0.01)
        connecting = self.in_background(connect_on_and_on)
        for _ in range(3):
            known = len(connected)
            daemon.stop()
            daemon = self.start(one, options=passing(("a", held)))
            wait_until(lambda known=known: len(connected) > known + 5, "connections go on")
        is_over.set()
        connecting.result(30)
        self.assertEqual(failures, [])
        for local in connected:
            local.close()

    def test_a_name_that_a_reload_leaves_out_is_as_it_was_for_the_next_start(self):
        server, held, path = self.server(), self.tcp(), self.path("kept.sock")
        by_path = self.made(socket.AF_UNIX, path)
        passed = passing(("a", held), ("b", by_path))
        addresses = [f"127.0.0.1:{held.getsockname()[1]}", f"unix:{path}"]
        with_them = bridge(server.url(), listen=["systemd:a", "systemd:b", "127.0.0.1:0"])
        daemon = self.start(with_them, options=passed)
        write_config(self.directory, {"log": {"format": "json"}, "shutdown": QUICK_SHUTDOWN,
                                      "bridges": [bridge(server.url())]})
        daemon.signal(signal.SIGHUP)
        daemon.wait_for_entry("configuration reloaded")
        waiting = [self.connect(address) for address in addresses]
        for local in waiting:
            local.send(b"I waited\n")
        self.assertEqual(daemon.stop(), 0)
        waiting += [self.connect(address) for address in addresses]
        for local in waiting[len(addresses):]:
            local.send(b"I waited\n")
        daemon = self.start(with_them, options=passed)
        for _ in waiting:
            self.assertEqual(server.open().read_text(), b"I waited")


if __name__ == "__main__":
    main()
