# SPDX-License-Identifier: MIT
"""Out of descriptors: accepting pauses and resumes, nothing spins, nothing running is hurt.

Scenario: a daemon whose limit of descriptors is lowered, and more programs than it can serve; with
an even and an odd number of descriptors left, so that accepting and dialling are what fails; and
a daemon that was started with a low limit.
Method: processor time is read from /proc while it is starved; then some leave, the rest is served.
Release build: UBSan opens a pipe to look at memory, and takes its failure for a bad object.
Why: accept() that fails with EMFILE leaves the socket readable: the naive loop burns a processor.
"""
import resource

from kit.case import E2eCase, bridge, main
from kit.daemon import RELEASE_BINARY
from kit.process import cpu_seconds, descriptor_count
from kit.waiting import wait_until

PROGRAMS = 80
SPARE = 40  # descriptors; a session takes two
LOW_LIMIT = (100, 100)  # of descriptors, from the start


class DescriptorExhaustion(E2eCase):

    def start_with_spare_descriptors(self, count):
        """A daemon with one session, that can open `count` descriptors more."""
        peer = self.beast_peer(echo=1)
        daemon = self.start(bridge(peer.url(), session={"drain_timeout": "100ms"}),
                            binary=RELEASE_BINARY)
        healthy = self.connect(daemon.address())
        self.expect_echo(healthy, b"before")
        limit = descriptor_count(daemon.pid) + count
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (limit, limit))
        return daemon, healthy

    def crowd_comes_and_goes(self, daemon, healthy):
        crowd = [self.member(daemon.address()) for _ in range(PROGRAMS)]
        daemon.wait_for_entry("too many open files")
        self.check_processor_time(daemon, healthy)
        for one in filter(None, crowd):
            one.close()
        wait_until(lambda: self.is_served(daemon), "a new session after the crowd left", 30)
        self.expect_echo(healthy, b"after")

    def member(self, address):
        """One of the crowd, None when it was accepted and reset as quickly as it came."""
        try:
            return self.connect(address)
        except ConnectionResetError:
            return None

    def test_accepting_pauses_and_resumes(self):
        daemon, healthy = self.start_with_spare_descriptors(SPARE)
        self.crowd_comes_and_goes(daemon, healthy)
        self.assertTrue(daemon.entries("accepting paused"), "the log says why programs wait")

    def test_the_last_descriptor_is_taken_and_none_is_left_to_dial(self):
        daemon, healthy = self.start_with_spare_descriptors(SPARE + 1)
        self.crowd_comes_and_goes(daemon, healthy)

    def test_programs_wait_when_no_more_sessions_fit_the_limit(self):
        peer = self.beast_peer(echo=1)
        daemon = self.start(
            bridge(peer.url(), session={"drain_timeout": "100ms"}), binary=RELEASE_BINARY,
            options={"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, LOW_LIMIT)})
        crowd = [self.connect(daemon.address()) for _ in range(PROGRAMS)]
        for number, one in enumerate(crowd):
            one.send(b"%d\n" % number)
        for number, one in enumerate(crowd):  # in the order of the queue; each makes room for one
            self.assertEqual(one.read_line(), b"%d\n" % number, "none was accepted and failed")
            one.close()
        self.assertTrue(daemon.entries("open files limit"), "the log says why programs wait")
        self.assertEqual(daemon.entries("session failed"), [])

    def expect_echo(self, local, word):
        local.send(word + b"\n")
        self.assertEqual(local.read_line(), word + b"\n", "a running session is not hurt")

    def check_processor_time(self, daemon, healthy):
        """One second of being starved costs little, and the healthy session is served."""
        before = cpu_seconds(daemon.pid)
        self.assertTrue(healthy.is_silent(1.0))
        self.assertLess(cpu_seconds(daemon.pid) - before, 0.5, "nothing spins")
        self.expect_echo(healthy, b"meanwhile")

    def is_served(self, daemon):
        """Whether a line of a new program comes back."""
        local = self.member(daemon.address())
        if local is None:
            return False
        try:
            local.send(b"served\n")
            return local.read_line() == b"served\n"
        except OSError:
            return False
        finally:
            local.close()


if __name__ == "__main__":
    main()
