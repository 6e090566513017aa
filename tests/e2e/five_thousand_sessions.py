# SPDX-License-Identifier: MIT
"""5,000 sessions at once on one process, opened and closed again and again without growth.

Scenario: half of the programs come over TCP, half over a Unix socket; the server echoes.
Method: every session exchanges a line while all are open; descriptors and memory are read from
/proc after each round. Release build.
Why: a descriptor or a few kilobytes lost for each session end a daemon after weeks.
"""
import resource
import selectors
import socket
import time

from kit.case import E2eCase, bridge, main
from kit.daemon import RELEASE_BINARY
from kit.local import has_connected, split_address
from kit.process import descriptor_count, status_bytes
from kit.waiting import deadline, wait_until

SESSIONS = 5000
STEADY_ROUNDS = 3
MIB = 1 << 20
# What the allocator keeps wanders by some MiB, and finds its height in the first rounds: three rounds in
# a row must stay below what was seen before them. A leak never gives them; 200 bytes lost by each
# session would be more than this.
MAX_GROWTH = 1 * MIB
MAX_ROUNDS = 15
DESCRIPTORS_NEEDED = 2 * SESSIONS + 200


class FiveThousandSessions(E2eCase):

    def setUp(self):
        super().setUp()
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.assertGreater(hard, DESCRIPTORS_NEEDED, "this machine's hard limit of descriptors")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def test_rounds_without_growth(self):
        peer = self.beast_peer(echo=1)
        daemon = self.start(
            bridge(peer.url(), listen=["127.0.0.1:0", f"unix:{self.path('many')}"],
                   session={"drain_timeout": "200ms"}), binary=RELEASE_BINARY)
        idle = descriptor_count(daemon.pid)
        highest, steady, rounds = 0, 0, 0
        while steady < STEADY_ROUNDS:
            self.assertLess(rounds, MAX_ROUNDS, "memory does not grow by rounds")
            began = time.monotonic()
            full = self.run_round(daemon)
            rounds += 1
            wait_until(lambda: len(daemon.session_ends()) >= rounds * SESSIONS,
                       "every session's end in the log", 60)
            wait_until(lambda: descriptor_count(daemon.pid) <= idle, "all descriptors closed", 30)
            resident = status_bytes(daemon.pid, "VmRSS")
            print(f"round {rounds}: {time.monotonic() - began:.1f} s, {full >> 10} KiB with all "
                  f"open, {resident >> 10} KiB after")
            steady = steady + 1 if resident < highest + MAX_GROWTH else 0
            highest = max(highest, resident)
        self.assertEqual(daemon.problems(), [], "and nothing failed")

    def run_round(self, daemon):
        """Opens all, exchanges a line with each, closes all; the memory while all were open."""
        sockets = [self.open_one(daemon.address(index=number % 2)) for number in range(SESSIONS)]
        for number, one in enumerate(sockets):
            one.sendall(b"line of session %d\n" % number)
        self.receive_echoes(sockets)
        full = status_bytes(daemon.pid, "VmRSS")
        self.assertGreaterEqual(descriptor_count(daemon.pid), 2 * SESSIONS, "all are open at once")
        for one in sockets:
            one.shutdown(socket.SHUT_WR)
            one.close()
        return full

    def open_one(self, address):
        family, where = split_address(address)
        one = socket.socket(family)
        self.addCleanup(one.close)
        one.settimeout(deadline())
        wait_until(lambda: has_connected(one, where), "there is room among those not accepted yet")
        return one

    def receive_echoes(self, sockets):
        """Each must get back its own line, and nothing else."""
        missing = {one: b"line of session %d\n" % number for number, one in enumerate(sockets)}
        end = time.monotonic() + deadline(60)
        with selectors.DefaultSelector() as selector:
            for one in sockets:
                selector.register(one, selectors.EVENT_READ)
            while missing:
                self.assertLess(time.monotonic(), end, f"{len(missing)} echoes are missing")
                for key, _ in selector.select(1):
                    one, expected = key.fileobj, missing[key.fileobj]
                    data = one.recv(len(expected))
                    self.assertTrue(data and expected.startswith(data), (data, expected))
                    missing[one] = expected[len(data):]
                    if not missing[one]:
                        del missing[one]
                        selector.unregister(one)


if __name__ == "__main__":
    main()
