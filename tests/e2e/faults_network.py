# SPDX-License-Identifier: MIT
"""Networks that part, heal, or carry short packets only: each line is accounted for by its number.

Scenario: bridges over ws and wss, with and without `reconnect`; local programs that send numbered
          lines all the time. Nothing passes between daemon and server, or nothing one way, for
          shorter and for longer than ping_timeout, and then everything again. A link with an MTU of
          296 or 576 bytes; one behind a router whose ICMP is lost (a path-MTU black hole).
Method:   network namespaces; the server is a thread of this test, on the far host's sockets.
Why:      the network is what fails most often, and the lines on their way are what is at stake.
          Loss, delay and reordering are in network_cut.py.
"""
import time

from kit.case import E2eCase, bridge, main
from kit.daemon import RELEASE_BINARY
from kit.network import BOTH_WAYS, FROM_FAR, TO_FAR, Network, on_host
from kit.numbered_server import NumberedServer
from kit.numbered_talk import ERROR_LINE, Talk
from kit.routed_network import RoutedNetwork
from kit.survival import IS_FULL_SIZE, size

PING = {"ping_interval": "300ms", "ping_timeout": "1500ms", "connect_timeout": "2s"}
RECONNECT = {"enabled": True, "initial": "100ms", "max": "300ms"}
SHORT_CUT, LONG_CUT = 0.7, size(2.5, 8.0)
LINES = size(2_000, 20_000)


class NetworkFaults(E2eCase):

    def servers(self, network):
        """ws and wss, on the far host."""
        secret = self.ca().server_context("far.test")
        made = [on_host(network.far, lambda tls=tls: NumberedServer(
            tls=tls, address=network.FAR)) for tls in (None, secret)]
        for server in made:
            self.addCleanup(server.close)
        return made

    def start_bridges(self, network, **changes):
        self.network = network
        settings = {**PING, **changes}
        self.plain, self.secure = self.servers(network)
        trust = {"tls": {"ca_file": self.ca().certificate, "server_name": "far.test"}}

        def one(name, server, upstream=None, **sections):
            scheme = "ws" if server is self.plain else "wss"
            return bridge(f"{scheme}://{network.FAR}:{server.port}/", name,
                          f"unix:{self.path(name)}", upstream={**settings, **(upstream or {})},
                          session={"error_line": ERROR_LINE, "drain_timeout": "20s"}, **sections)
        self.daemon = self.start(
            one("ws", self.plain), one("wss", self.secure, trust),
            one("ws-again", self.plain, reconnect=RECONNECT),
            one("wss-again", self.secure, trust, reconnect=RECONNECT),
            binary=RELEASE_BINARY, options={"prefix": network.at(network.near)},
            shutdown={"drain_timeout": "2s", "quiet": "50ms"})

    def server_of(self, name):
        return self.plain if name.startswith("ws-") or name == "ws" else self.secure

    def begin_talks(self, seconds, names=("ws", "wss", "ws-again", "wss-again")):
        """Lines for so many seconds; where it reconnects, downwards nothing that could be lost
        with the server's kernel."""
        portions = 50
        return {name: self.in_background(
            Talk(f"{name}-{self.id()}-{time.monotonic()}", LINES,
                 0 if name.endswith("again") else "echo", portions, seconds / portions).run,
            self.daemon.address(name)) for name in names}

    def end_talks(self, talks, what, must_complete):
        """Every line accounted for; those of `must_complete` have all of them."""
        report = []
        for name, future in talks.items():
            talk = future.result(90)
            server = self.server_of(name)
            numbers = server.numbers(talk.token)
            again = name.endswith("again")
            self.assertEqual(talk.check(numbers, may_repeat=again), "", f"{what}: {name}")
            self.assertEqual(server.wrong, [])
            if name in must_complete:
                self.assertTrue(talk.is_complete(numbers) and not talk.was_told(),
                                f"{what}: {name}: {len(set(numbers))} of {talk.up} up, "
                                f"{len(talk.received)} of {talk.down} down, {talk.error_line}")
            report.append(f"{name}: {len(set(numbers))} up, {len(numbers) - len(set(numbers))} "
                          f"repeats, {len(talk.received)} down, {talk.error_line or talk.end}")
        print(f"{what}: {LINES} lines each; {'; '.join(report)}; lost silently: 0")

    def part(self, ways, seconds, what, must_complete):
        """Nothing passes for that long, in the middle of the lines; then everything."""
        talks = self.begin_talks(1.5)
        time.sleep(0.5)
        self.network.cut(ways)
        time.sleep(seconds)
        self.network.heal(ways)
        self.end_talks(talks, what, must_complete)

    def test_partitions(self):
        self.start_bridges(Network(self))
        again = ("ws-again", "wss-again")
        self.part(BOTH_WAYS, SHORT_CUT, "parted shortly", ("ws", "wss", *again))
        self.assertEqual(self.daemon.entries("ping_timeout"), [], "shorter than ping_timeout")
        cuts = [(BOTH_WAYS, "parted"), (TO_FAR, "parted on the way there"),
                (FROM_FAR, "parted on the way back")]
        for ways, what in cuts if IS_FULL_SIZE else cuts[2:]:
            self.part(ways, LONG_CUT, what, again)
        self.assertTrue(self.daemon.entries("ping_timeout"), "a long one is found out by a ping")
        self.part((), 0, "healed", ("ws", "wss", *again))

    def test_short_packets(self):
        network = Network(self)
        self.start_bridges(network)
        for mtu in (296, 576) if IS_FULL_SIZE else (296,):
            network.use_mtu(mtu)
            talks = self.begin_talks(0.3)
            self.end_talks(talks, f"MTU {mtu}", talks)

    def test_a_router_and_a_black_hole_for_long_packets(self):
        self.start_bridges(RoutedNetwork(self))
        self.network.use_mtu(576)
        talks = self.begin_talks(0.3)
        self.end_talks(talks, "MTU 576 behind a router", talks)
        self.network.use_mtu(1500)
        self.network.forget_paths()
        talks = self.begin_talks(1.0)
        time.sleep(0.4)
        self.network.silence_icmp()
        self.network.use_mtu(576)  # in the middle of the lines
        time.sleep(LONG_CUT)
        self.network.use_mtu(1500)
        self.end_talks(talks, "a black hole, then healed", ("ws-again", "wss-again"))
        self.assertTrue(self.daemon.entries("ping_timeout"), "it was found out by a ping")

    if IS_FULL_SIZE:
        def test_a_black_hole_that_the_kernel_finds(self):
            network = RoutedNetwork(self)
            network.probe_mtu()
            self.start_bridges(network, ping_timeout="15s", connect_timeout="15s")
            network.silence_icmp()
            network.use_mtu(576)
            talks = self.begin_talks(0.3)
            self.end_talks(talks, "a black hole and RFC 4821", talks)


if __name__ == "__main__":
    main()
