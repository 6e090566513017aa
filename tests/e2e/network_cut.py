# SPDX-License-Identifier: MIT
"""A stream of numbered lines survives a network that is cut, loses, delays and reorders packets.

Scenario: the daemon and the Boost.Beast server are on two hosts (network namespaces). A local
program sends numbered lines; beside it another one takes lines from a second server, and is so slow
that the daemon does not read for longer than ping_interval + ping_timeout.
Method: iptables drops everything for a while, or 5 % at random; a forwarder delays packets by
100 ms each way and lets some overtake others. ./dev survive cuts for 30 s too, and sends more.
Why: a dead network says nothing: only pings find out, and they must not take a slow program for
one.
"""
import time

from kit.case import bridge, main
from kit.network import Network
from kit.survival import BINARY, IS_FULL_SIZE, Server, SurvivalCase, size
from kit.waiting import wait_until

SECONDS = size(90, 600)
PING = {"ping_interval": "500ms", "ping_timeout": "2s", "connect_timeout": "3s"}
# A ping waits behind what is on its way, and much is on its way where packets are late.
PATIENT = "20s"
RECONNECT = {"enabled": True, "initial": "100ms", "max": "500ms"}
SLOW_LINES, SLOW_MS = 24_000, 3_500  # it stops at the first and in the middle


class NetworkCut(SurvivalCase):

    def start_hosts(self, ping_timeout=PATIENT, **options):
        self.network = Network(self, **options)
        at_far = self.network.at(self.network.far)
        self.start_server(at_far, address=Network.FAR)
        self.slow_server = Server(self.directory, at_far, address=Network.FAR, send=SLOW_LINES)
        self.programs.append(self.slow_server)
        self.addCleanup(self.slow_server.end)
        self.progress = self.path("progress")
        with open(self.progress, "w", encoding="ascii") as file:
            file.write("0\n")
        resume = f"resume ${{file:{self.progress}}}"
        near = self.network.at(self.network.near)
        self.daemon = self.start(
            self.bridge_to(self.settings["port"], "main", upstream={"ping_timeout": ping_timeout}),
            self.bridge_to(self.slow_server.port, "slow", session={"buffer": "16KiB"},
                           upstream={"on_open": [resume]}),
            binary=BINARY, options={"prefix": near})

    def bridge_to(self, port, name, upstream=None, session=None):
        return bridge(f"ws://{Network.FAR}:{port}/", name=name,
                      listen=f"unix:{self.path(name)}.sock",
                      upstream={**PING, **(upstream or {})}, reconnect=RECONNECT,
                      session={"drain_timeout": "2s", **(session or {})})

    def start_clients(self, lines):
        self.slow = self.client(self.daemon.address("slow"), receive=True, progress=self.progress,
                                slow_every=SLOW_LINES // 2 + 1, slow_ms=SLOW_MS)
        self.sender = self.client(self.daemon.address("main"), send=lines)

    def finish(self, lines, what, began):
        status = self.sender.wait(SECONDS)
        self.daemon.wait_for_session_end("main", seconds=SECONDS)
        repeats = self.check_record(lines)
        self.assertEqual(status, 0, f"the local connection never broke: {self.sender.stdout()}")
        self.assertEqual(self.slow.wait(SECONDS), 0,
                         f"every line, in order, and then the end: {self.slow.stdout()}")
        self.assertIn(f'"received": {SLOW_LINES}', self.slow.stdout())
        print(f"{what}: {lines} lines, {repeats} repeats in {time.monotonic() - began:.1f} s; the "
              f"slow reader: {self.slow.stdout().strip()}; the log: "
              f"{[(one['message'], one.get('cause')) for one in self.daemon.problems()]}")

    def check_no_ping_timeouts(self):
        self.assertEqual(self.daemon.entries("ping_timeout"), [], "nobody was taken for dead")

    def cut_for(self, seconds, lines):
        self.start_hosts(ping_timeout=PING["ping_timeout"])
        began = time.monotonic()
        self.start_clients(lines)
        wait_until(lambda: self.recorded() > lines // 4, "a quarter of the lines", SECONDS)
        self.network.cut()
        time.sleep(seconds)
        self.network.heal()
        self.finish(lines, f"cut for {seconds} s", began)
        self.assertTrue(self.daemon.entries("ping_timeout"), "the cut was found out by a ping")

    def test_cut_for_5_seconds(self):
        self.cut_for(5, size(200_000, 1_000_000))

    if IS_FULL_SIZE:
        def test_cut_for_30_seconds(self):
            self.cut_for(30, 1_000_000)

    def test_loss(self):
        self.start_hosts()
        self.network.lose(0.05)
        began = time.monotonic()
        lines = size(50_000, 1_000_000)
        self.start_clients(lines)
        self.finish(lines, "5 % loss", began)
        self.check_no_ping_timeouts()

    def test_delay_and_reordering(self):
        self.start_hosts(delay={"delay": 0.1, "jitter": 0.02, "early": 0.02})
        began = time.monotonic()
        lines = size(20_000, 1_000_000)
        self.start_clients(lines)
        self.finish(lines, "200 ms delay, reordered", began)
        self.check_no_ping_timeouts()


if __name__ == "__main__":
    main()
