# SPDX-License-Identifier: MIT
"""Numbered lines both ways at once: the line client, the daemon and the Boost.Beast server."""
from kit.case import E2eCase, bridge

SMALL_BUFFER = 16384  # of a slow reader's socket, so that backpressure reaches the daemon


class LineExchangeCase(E2eCase):
    """What the tests with many lines share."""

    def exchange(self, scheme, listener, count, client=None, server=None, **options):
        """Sends `count` lines each way, checks both sides; (daemon, the client's result)."""
        trust = {}
        settings = {"receive": count, "send": count, **(server or {})}
        if scheme == "wss":
            ca = self.ca()
            settings["certificate"], settings["key"] = ca.issue()
            trust = {"tls": {"ca_file": ca.certificate}}
        peer = self.beast_peer(**settings)
        listen = "127.0.0.1:0" if listener == "tcp" else f"unix:{self.path(f'{peer.pid}.sock')}"
        seconds = options.pop("seconds", 60)
        daemon = self.start(bridge(peer.url(), listen=listen, upstream=trust,
                                   session={"buffer": "64KiB"}), **options)
        program = self.line_client(daemon.address(), send=count, **(client or {}))
        result = program.result(seconds)
        self.check(count, result, peer.wait_for_ends(1)[0])
        self.check_counters(daemon, count)
        return daemon, result

    def check(self, count, result, end):
        self.assertEqual((result["received"], result["end"]), (count, "eof"),
                         f"the program gets every line and the end: {result}")
        self.assertTrue(result["ok"], f"every byte is the expected one: {result}")
        self.assertEqual((end["received"], end["wrong"], end["error"]), (count, 0, ""),
                         f"the server gets every line, every byte: {end}")
        self.assertEqual(end["close_code"], 1000, "and its Close is answered with its code")

    def check_counters(self, daemon, count):
        entry = daemon.wait_for_session_end()
        self.assertEqual((entry["lines_up"], entry["lines_down"]), (count, count),
                         "the log counts the same lines")
        self.assertEqual((entry["unsent_bytes_up"], entry["unsent_bytes_down"]), (0, 0))
