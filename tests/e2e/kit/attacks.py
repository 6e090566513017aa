# SPDX-License-Identifier: MIT
"""The base of the tests that attack a daemon: what an attack may cost, and what must be as before
when it is over."""
import contextlib
from dataclasses import dataclass

from kit.case import E2eCase, bridge
from kit.daemon import DEV_BINARY, RELEASE_BINARY
from kit.log_tail import LogTail
from kit.process import descriptor_count, status_bytes
from kit.survival import IS_FULL_SIZE, size
from kit.upstream import TEXT, frame
from kit.vital_signs import VitalSigns, reset_peak
from kit.waiting import deadline, wait_until

KIB, MIB = 1 << 10, 1 << 20
# The sanitized build tells bad reads and writes, the release build what memory is really taken.
BUILDS = [RELEASE_BINARY] if IS_FULL_SIZE else [DEV_BINARY, RELEASE_BINARY]
TIMES = size(1, 20)  # how often each attack is repeated
EQUAL_BRIDGES = 20
BEHIND_THE_ERROR = frame(TEXT, "never")  # what follows a violation must not become a line


@dataclass(frozen=True)
class Cost:
    """What an attack may take at most: seconds of a processor, and memory above that of before.
    The memory is that of a read buffer (256 KiB) and what the allocator fetches at a time."""
    cpu: float = 0.3
    memory: int = 4 * MIB


SMALL = Cost()


class AttackCase(E2eCase):
    # What all attacks of a test may leave behind in the release build: what the allocator keeps of
    # its largest moments. It does not grow with their number.
    LEFT_BEHIND = 8 * MIB

    def defend(self, daemon, serve_clean):
        """From now on this daemon is attacked; `serve_clean` is a session as it should be."""
        self.daemon, self.serve_clean = daemon, serve_clean
        self.is_release = daemon.child.args[0] == RELEASE_BINARY
        self.log = LogTail(daemon)
        self.addCleanup(self.log.close)
        idle = descriptor_count(daemon.pid)
        for _ in range(5):  # what first sessions make once
            serve_clean()
        self.at_start = self.wait_for_rest(idle)
        self.survived = 0

    def wait_for_rest(self, descriptors):
        """The daemon's signs once it has no more descriptors than these."""
        wait_until(lambda: descriptor_count(self.daemon.pid) <= descriptors,
                   f"no more than {descriptors} descriptors", 30)
        return VitalSigns.of(self.daemon.pid)

    @contextlib.contextmanager
    def attack(self, name, *words, cost=SMALL, times=1, told=None):
        """What is done inside, so many times, must leave the daemon as it was, must be told in the
        log with these words, in at most `told` warnings (one each time), and a clean session
        follows."""
        with self.subTest(name, build="release" if self.is_release else "sanitized"):
            self.log.skip()
            reset_peak(self.daemon.pid)
            before = VitalSigns.of(self.daemon.pid)
            yield
            self.check_told(words, told or times)
            self.check_cost(before, self.wait_for_rest(self.at_start.descriptors), cost, times)
            self.serve_clean()
            self.survived += times

    def expect_sent_away(self, name):
        """A program of that bridge gets nothing and a reset, perhaps before its connect returns."""
        try:
            local = self.connect(self.daemon.address(name))
        except ConnectionResetError:
            return
        self.assertEqual(local.read_until_end(), (b"", "reset"))
        local.close()

    def check_told(self, words, told):
        if words:
            self.log.wait_for(*words)
        problems = self.log.problems()
        self.assertLessEqual(len(problems), told, f"it is told once: {problems[:told + 3]}")

    def check_cost(self, before, after, cost, times):
        slower = 1 if self.is_release else 8  # the sanitizers' price
        self.assertLess(after.cpu - before.cpu, deadline(cost.cpu) * slower * times,
                        "processor time")
        if self.is_release:
            peak = status_bytes(self.daemon.pid, "VmHWM") - before.resident
            self.assertLess(peak, cost.memory, "memory at its peak")

    def check_flat(self):
        """All in all; prints the figures."""
        self.serve_clean()
        after = self.wait_for_rest(self.at_start.descriptors)
        build = "release" if self.is_release else "sanitized"
        print(f"{build}: {self.survived} attacks survived; memory "
              f"{self.at_start.anonymous >> 10} -> {after.anonymous >> 10} KiB, descriptors "
              f"{self.at_start.descriptors} -> {after.descriptors}, "
              f"{after.cpu - self.at_start.cpu:.2f} s of a processor")
        if self.is_release:
            self.assertLess(after.anonymous - self.at_start.anonymous, self.LEFT_BEHIND)
        self.assertTrue(self.daemon.is_running())


class ServerAttackCase(AttackCase):
    """The attacker is the server behind the bridge: the test accepts on it by hand."""

    def defend_from_server(self, binary, *bridges):
        """A daemon with these bridges, which serves clean sessions on the one that is attacked."""
        self.attacked, self.turn = bridges[0]["name"], 0
        daemon = self.start(*bridges, binary=binary)
        self.defend(daemon, lambda: self.serve_clean_session(self.attacked))

    def equal_bridges(self, name, **sections):
        """Several, taken in turn: the log folds what comes too often from one of them."""
        return [bridge(self.upstream_server.url(), name=f"{name}-{number}", **sections)
                for number in range(EQUAL_BRIDGES)]

    def next_bridge(self, name):
        self.turn = (self.turn + 1) % EQUAL_BRIDGES
        self.attacked = f"{name}-{self.turn}"
        return self.attacked

    def server_behind(self, name):
        """The server of that bridge."""
        return self.upstream_server

    def serve_clean_session(self, name, headers=()):
        """A line up, a line down, a normal end."""
        local = self.connect(self.daemon.address(name))
        upstream = self.server_behind(name).open(*headers)
        local.send(b"up\n")
        self.assertEqual(upstream.read_text(), b"up", "a clean session is served, upwards")
        upstream.send_text("down")
        self.assertEqual(local.read_line(), b"down\n", "a clean session is served, downwards")
        self.assertEqual(upstream.close_with(1000).close_code, 1000)
        self.assertEqual(local.read_until_end(), (b"", "eof"))
        local.close()

    def open_pair(self, name=None, headers=()):
        """A session that has brought one good message."""
        local = self.connect(self.daemon.address(name or self.attacked))
        upstream = self.upstream_server.open(*headers)
        upstream.send_text("good")
        self.assertEqual(local.read_line(), b"good\n")
        return local, upstream

    def expect_failed(self, local, upstream, code):
        """The server sees this code and nothing of its own becomes a line; the Close's reason."""
        part = upstream.read_close()
        self.assertEqual(part.close_code, code, "the close code")
        upstream.send(BEHIND_THE_ERROR)
        upstream.close()
        self.assertEqual(local.read_until_end(), (b"", "reset"), "no line after an error")
        local.close()
        reason = part.payload[2:].decode("ascii")
        self.assertTrue(reason.isprintable() and len(reason) <= 123, f"our own words: {reason!r}")
        return reason

    @staticmethod
    def send_bytewise(upstream, data):
        for at in range(len(data)):
            upstream.send(data[at:at + 1])
