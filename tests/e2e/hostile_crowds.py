# SPDX-License-Identifier: MIT
"""Crowds of local programs: connecting and leaving at once, silent, slow, and more than there is
room for. Nothing spins, nobody who runs is hurt, and who waits is served.

Scenario: storms of connections that close or reset at once, half-open floods, hundreds of programs
with a byte now and then, on listeners, before PROXY headers and at the admin; 20,000 connections
against the limits of descriptors and of max_connections.
Method: the release build; its processor time while nobody gets on, memory for each who waits, its
log's entries counted. ./dev hostile runs the large sizes.
Why: a crowd comes with every restart of what runs in front, and must not end what it waits for.
"""
import os
import resource
import socket
import time

from kit.admin import ask, dial, read_to_end
from kit.attacks import KIB, MIB, AttackCase, Cost
from kit.case import bridge, main
from kit.crowd import CrowdProgram
from kit.daemon import RELEASE_BINARY
from kit.local import has_connected, split_address
from kit.process import cpu_seconds, descriptor_count, free_ports, status_bytes
from kit.survival import size
from kit.vital_signs import VitalSigns
from kit.waiting import deadline, wait_until

STORM = size(1000, 20_000)
DEAD = size(1000, 9_000)
SILENT = size(1000, 9_000)  # each takes two descriptors of the daemon; the limit here may be 20,000
SLOW = size(200, 2_000)
PROXY_ROOM = 128  # listeners' room for those who owe a PROXY header
CROWD, CROWD_PROCESSES = size((2_000, 2), (20_000, 4))
CROWD_DESCRIPTORS = size(500, 4_000)  # the daemon's limit
CROWD_SESSIONS = size(200, 1_500)  # max_connections
# An idle session: 2 KiB of objects, what libevent keeps for its descriptors, and rounding.
IDLE_SESSION = 6 * KIB


class CrowdCase(AttackCase):
    # The allocator keeps what the largest crowd took, for the next one; a second one adds nothing.
    LEFT_BEHIND = 8 * MIB + SILENT * IDLE_SESSION

    def setUp(self):
        super().setUp()
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.peer = self.beast_peer(echo=1)

    def serve_clean_session(self):
        local = self.connect(self.daemon.address("clean"))
        local.send(b"clean\n")
        self.assertEqual(local.read_line(), b"clean\n", "a clean session is served")
        local.close()

    def clean_bridge(self, name="clean"):
        return bridge(self.peer.url(), name=name, listen=f"unix:{self.path(name)}")

    def keep_open(self, healthy):
        """This session stays, with its two descriptors."""
        healthy.send(b"before\n")
        self.assertEqual(healthy.read_line(), b"before\n")
        self.at_start = self.wait_for_rest(self.at_start.descriptors + 2)

    def check_at_rest(self, seconds=1.0):
        """Nothing moves, so nothing is done; and whoever comes is served at once."""
        before = cpu_seconds(self.daemon.pid)
        time.sleep(seconds)  # the time that is measured
        self.assertLess(cpu_seconds(self.daemon.pid) - before, 0.1 * seconds + 0.05,
                        "nothing spins")
        self.serve_clean_session()


class HostileCrowds(CrowdCase):

    def start_attacked(self):
        [closed] = free_ports(1)
        url = self.peer.url()
        session = {"drain_timeout": "300ms"}
        daemon = self.start(
            self.clean_bridge(), bridge(url, session=session),
            bridge(url, name="unix", listen=f"unix:{self.path('unix')}", session=session),
            bridge(url, name="first-byte", session={"open": "first_byte"}),
            bridge(url, name="proxied",
                   listen={"address": "127.0.0.1:0", "proxy_protocol": {"from": ["127.0.0.1"]}}),
            bridge(f"ws://127.0.0.1:{closed}/", name="dead", upstream={"connect_timeout": "500ms"}),
            binary=RELEASE_BINARY,
            admin={"listen": f"unix:{self.path('admin')}", "metrics": "127.0.0.1:0"})
        self.defend(daemon, self.serve_clean_session)

    def join(self, name, data=b"", index=0):
        """A connection as quick as can be."""
        family, where = split_address(self.daemon.addresses(name)[index])
        one = socket.socket(family)
        one.settimeout(deadline())
        wait_until(lambda: has_connected(one, where), "there is room in the queue")
        if data:
            one.send(data)
        return one

    @staticmethod
    def leave(one, how):
        if how == "reset":
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        one.close()

    def test_storms_of_connections_that_leave_at_once(self):
        self.start_attacked()
        healthy = self.connect(self.daemon.address())
        self.keep_open(healthy)
        places = [("main", 0), ("unix", 0), ("first-byte", 0), ("proxied", 0), ("admin", 0),
                  ("admin", 1)]
        for name, index in places:
            for how in ("close", "reset"):
                # A session, its dial and both ends' entries; an accept and a close elsewhere.
                cost = Cost(cpu=0.3 + STORM * 4e-4, memory=16 * MIB)
                # A row of programs that leave while they are dialled for damps the dials: told.
                with self.attack(f"{STORM} times connect and {how} at {name} {index}", cost=cost,
                                 told=150):
                    for _ in range(STORM):
                        self.leave(self.join(name, index=index), how)
        healthy.send(b"after\n")
        self.assertEqual(healthy.read_line(), b"after\n", "a running session is not hurt")
        self.check_flat()

    def test_a_storm_against_a_dead_server_is_told_in_few_entries(self):
        self.start_attacked()
        with self.attack(f"{DEAD} programs of a dead server",
                         cost=Cost(cpu=0.3 + DEAD * 4e-4, memory=16 * MIB), told=350):
            crowd = [self.join("dead") for _ in range(DEAD)]
            for one in crowd:
                self.assertEqual(read_to_end(one), b"")
                one.close()
        self.check_flat()
        self.daemon.stop()  # what is folded is told in the end at the latest
        entries = self.daemon.entries("session failed")
        print(f"{DEAD} failed sessions: {len(entries)} entries")
        self.assertEqual(sum(entry.get("folded", 1) for entry in entries), DEAD)

    def test_silent_and_slow_ones_cost_their_place_and_nothing_else(self):
        other, admins = self.fill_admin()
        self.start_attacked()
        kept = []
        for name in ("main", "first-byte"):
            cost = Cost(cpu=0.5 + SILENT * 5e-4, memory=4 * MIB + SILENT * IDLE_SESSION)
            with self.attack(f"{SILENT} silent ones at {name}", cost=cost):
                crowd = [self.join(name) for _ in range(SILENT)]
                taken = SILENT * (2 if name == "main" else 1)
                wait_until(lambda: descriptor_count(self.daemon.pid) >= self.at_start.descriptors +
                           taken,
                           "all are there", 60)
                held = status_bytes(self.daemon.pid, "RssAnon") - self.at_start.anonymous
                print(f"{SILENT} silent ones at {name}: {held // SILENT} bytes each")
                self.check_at_rest()
                for one in crowd:
                    one.close()
            kept.append(status_bytes(self.daemon.pid, "RssAnon"))
        self.assertLess(kept[1] - kept[0], 4 * MIB, "a second crowd adds nothing")
        self.check_slow_lines()
        self.check_slow_headers()
        self.check_flat()
        self.check_admin(other, admins)

    def fill_admin(self):
        """Another daemon, and more requests that do not end than it takes at a time."""
        daemon = self.start(self.clean_bridge("other"), binary=RELEASE_BINARY, admin={
            "listen": f"unix:{self.path('other-admin')}", "metrics": "127.0.0.1:0"})
        idle = VitalSigns.of(daemon.pid)
        admins = [dial(address) for address in daemon.addresses("admin") for _ in range(70)]
        for one in admins:
            self.addCleanup(one.close)
            one.send(b"GET /livez HTTP/1.1\r\nHost: local")
        return daemon, (idle, admins)

    def check_admin(self, daemon, filled):
        """The 64 that were let in are sent away after their 10 s, then others have their turn."""
        idle, admins = filled
        for number, one in enumerate(admins):
            if number % 70 < 64:
                self.assertIn(read_to_end(one)[:12], (b"HTTP/1.1 408", b""))
            one.close()
        for address in daemon.addresses("admin"):
            self.assertEqual(ask(address, "/livez").status, 200)
        wait_until(lambda: descriptor_count(daemon.pid) <= idle.descriptors, "descriptors are back")
        self.assertLess(cpu_seconds(daemon.pid) - idle.cpu, deadline(0.3))

    def check_slow_lines(self):
        rounds = size(20, 60)
        with self.attack(f"{SLOW} programs, a byte now and then", cost=Cost(
                cpu=0.5 + SLOW * rounds * 5e-5, memory=4 * MIB + SLOW * (IDLE_SESSION + 8 * KIB))):
            crowd = [self.join("main") for _ in range(SLOW)]
            for number in range(rounds):
                for one in crowd:
                    one.send(b"x")
                if number % 5 == 0:
                    self.serve_clean_session()
            for one in crowd:
                one.send(b"\n")
                self.assertEqual(one.recv(100), b"x" * rounds + b"\n", "a line all the same")
                one.close()

    def check_slow_headers(self):
        with self.attack("PROXY headers that do not end", "too many others wait",
                         cost=Cost(memory=8 * MIB), told=30):
            crowd = [self.join("proxied", b"PROXY ") for _ in range(2 * PROXY_ROOM)]
            until = time.monotonic() + deadline(20)
            while crowd:
                self.assertLess(time.monotonic(), until, "each is sent away after 5 s at most")
                crowd = [one for one in crowd if self.trickles(one)]
                time.sleep(0.05)  # that is how slow they are

    @staticmethod
    def trickles(one):
        try:
            one.send(b"T")
            one.settimeout(0.001)
            return one.recv(1) != b""
        except (TimeoutError, socket.timeout):
            return True
        except OSError:
            one.close()
            return False


class MoreThanThereIsRoomFor(CrowdCase):

    def gather(self, address):
        """A crowd in several processes; with `release` they leave once they were answered."""
        release = self.path("release")
        crowd = [CrowdProgram(self.directory, address, CROWD // CROWD_PROCESSES,
                              f"127.0.1.{number + 1}", release)
                 for number in range(CROWD_PROCESSES)]
        for one in crowd:
            self.addCleanup(one.end)
        return crowd, release

    def wait_until_full(self, crowd):
        """How many were let in, once no more are."""
        self.log.wait_for("limit reached", seconds=60)
        seen = []

        def stands_still():
            time.sleep(0.1)  # a look now and then
            if not all(one.reports() for one in crowd):
                return False  # some have not yet all connected
            seen.append(sum(one.answered() for one in crowd))
            return seen[-1] > 0 and seen[-10:] == [seen[-1]] * 10
        wait_until(stands_still, "no more are let in", 60)
        return seen[-1]

    def check_crowd(self, most):
        """The crowd comes, some have room, at most so many; then each goes when it was answered."""
        healthy = self.connect(self.daemon.address("clean"))
        self.keep_open(healthy)
        with self.attack(f"{CROWD} programs", "limit reached", told=400,
                         cost=Cost(cpu=1 + CROWD * 1e-3, memory=8 * MIB + most * 16 * KIB)):
            crowd, release = self.gather(self.daemon.address())
            room = self.wait_until_full(crowd)
            self.assertTrue(most * 0.5 < room <= most, room)
            before = cpu_seconds(self.daemon.pid)
            time.sleep(1)  # the time that is measured
            self.assertLess(cpu_seconds(self.daemon.pid) - before, 0.15,
                            "nothing spins while they wait")
            healthy.send(b"meanwhile\n")
            self.assertEqual(healthy.read_line(), b"meanwhile\n", "a running session is not hurt")
            began = time.monotonic()
            with open(release, "w", encoding="ascii"):
                pass
            results = [one.result(240) for one in crowd]
            self.assertEqual([result["failed"] for result in results], [0] * len(results))
            self.assertEqual(self.log.matching("session failed"), [], "nobody was sent away")
            self.assertEqual(sum(result["answered"] for result in results), CROWD, "all are served")
            os.remove(release)
            entries = self.log.matching("limit reached")
            print(f"{CROWD} programs, room for {room}: all served "
                  f"{time.monotonic() - began:.1f} s after the first could leave; "
                  f"{len(entries)} entries say that some wait, the kernel reset "
                  f"{sum(result['again'] for result in results)} of its queue")
        self.check_flat()
        healthy.close()

    def test_beyond_max_connections(self):
        self.start_with({"max_connections": CROWD_SESSIONS})
        self.check_crowd(CROWD_SESSIONS)

    def test_beyond_the_limit_of_descriptors(self):
        limit = (CROWD_DESCRIPTORS, CROWD_DESCRIPTORS)
        self.start_with({},
                        options={"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE,
                                                                          limit)})
        self.check_crowd(CROWD_DESCRIPTORS // 2)

    def start_with(self, session, **options):
        listen = {"address": "127.0.0.1:0", "backlog": 4096}
        daemon = self.start(self.clean_bridge(),
                            bridge(self.peer.url(), listen=listen,
                                   session={"drain_timeout": "100ms", **session}),
                            binary=RELEASE_BINARY, **options)
        self.defend(daemon, self.serve_clean_session)


if __name__ == "__main__":
    main()
