# SPDX-License-Identifier: MIT
"""SIGHUP and the clients of the very moment: at an address that changes, at one that goes.

Scenario: clients connect on and on, or wait at a full bridge, while the listeners change.
Method: every connection asks for an answer; files that fail in their last bridge.
Why: a client that connects must come to the old configuration or to the new one.
"""
import os
import socket
import stat
import threading

from kit.case import bridge, main
from kit.local import Local
from kit.reloading import FAILED, ReloadCase
from kit.talkers import EchoServer


class ReloadListeners(ReloadCase):

    def test_who_waits_for_a_full_bridge_that_goes_is_counted(self):
        server, path = self.server(), self.path("full.sock")
        daemon = self.start(bridge(server.url(), session={"max_connections": 1},
                                   listen=["127.0.0.1:0", f"unix:{path}"]),
                            bridge(server.url(), "stays"))
        local, upstream = self.session(server, daemon)
        daemon.wait_for_entry("limit reached")
        for address in daemon.addresses() * 2:
            self.connect(address).send(b"I wait\n")
        self.reload(daemon, bridge(server.url(), "stays"))
        told = daemon.problems("turned away")
        self.assertEqual([(entry["bridge"], entry["connections"]) for entry in told], [("main", 4)])
        self.check_relays(local, upstream)

    def call_on_and_on(self, address):
        """One connection after the other; what is returned ends that, and tells how many it were."""
        is_over = threading.Event()

        def call():
            count = 0
            while not is_over.is_set():
                local = Local(address)
                local.send(b"%d\n" % count)
                self.assertEqual(local.read_line(), b"re %d\n" % count)
                local.close()
                count += 1
            return count
        calls = self.in_background(call)
        self.addCleanup(is_over.set)

        def end():
            is_over.set()
            return calls.result(30)
        return end

    def test_an_address_grows_and_shrinks_and_nobody_is_refused_meanwhile(self):
        echo = EchoServer()
        self.addCleanup(echo.close)
        url = echo.server.url()
        daemon = self.start(bridge(url))
        port = daemon.address().rsplit(":", 1)[1]
        calls = self.call_on_and_on(f"127.0.0.1:{port}")
        for place in ("127.0.0.1", "0.0.0.0", "", "localhost", "127.0.0.1") * 2:
            self.reload(daemon, bridge(url, listen={"address": f"{place}:{port}",
                                                    "allow_remote": True}))
        print(calls(), "calls")
        with self.assertRaises(OSError, msg="nobody else can share the port afterwards"):
            socket.create_server(("127.0.0.1", int(port)), reuse_port=False)

    def test_a_reload_that_fails_takes_nobody_from_what_is_served(self):
        echo = EchoServer()
        self.addCleanup(echo.close)
        url, path = echo.server.url(), self.path("as-before.sock")

        def bridges(host, mode):
            return bridge(url, listen=[{"address": f"{host}:{port}", "allow_remote": True},
                                       {"address": f"unix:{path}", "mode": mode}])
        port = 0
        daemon = self.start(bridges("0.0.0.0", "0600"))
        port = daemon.address().rsplit(":", 1)[1]
        self.reload(daemon, bridges("0.0.0.0", "0600"))
        calls = self.call_on_and_on(f"127.0.0.1:{port}")
        with socket.create_server(("127.0.0.1", 0)) as holder:
            later = [bridge(url, f"later{number}") for number in range(40)]
            last = bridge(url, "last", listen=f"127.0.0.1:{holder.getsockname()[1]}")
            for _ in range(5):
                self.reload(daemon, bridges("127.0.0.1", "0666"), *later, last, outcome=FAILED)
        self.assertTrue(daemon.problems("another program listens there"))
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.reload(daemon, bridges("127.0.0.1", "0666"), *later)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o666)
        print(calls(), "calls")


if __name__ == "__main__":
    main()
