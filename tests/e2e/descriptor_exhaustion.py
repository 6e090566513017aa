# SPDX-License-Identifier: MIT
"""Out of descriptors: accepting pauses and resumes, nothing spins, nothing running is hurt.

Scenario: a daemon with a hard limit of 64 descriptors, and more programs than it can serve.
Method: processor time is read from /proc while it is starved; then some leave, the rest is served.
Release build: UBSan opens a pipe to look at memory, and takes its failure for a bad object.
Why: accept() that fails with EMFILE leaves the socket readable: the naive loop burns a processor.
"""
import resource

from kit.case import E2eCase, bridge, main
from kit.daemon import RELEASE_BINARY
from kit.process import cpu_seconds, descriptor_count
from kit.waiting import wait_until

LIMIT = 64
PROGRAMS = 80


class DescriptorExhaustion(E2eCase):

    def test_accepting_pauses_and_resumes(self):
        peer = self.beast_peer(echo=1)
        daemon = self.start(
            bridge(peer.url(), session={"drain_timeout": "100ms"}), threads=1, binary=RELEASE_BINARY,
            options={"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE,
                                                              (LIMIT, LIMIT))})
        healthy = self.connect(daemon.address())
        self.expect_echo(healthy, b"before")
        crowd = [self.connect(daemon.address()) for _ in range(PROGRAMS)]
        wait_until(lambda: descriptor_count(daemon.pid) >= LIMIT - 2, "no descriptor is left")
        daemon.wait_for_entry("accepting paused")
        self.check_processor_time(daemon, healthy)
        for one in crowd:
            one.close()
        wait_until(lambda: self.is_served(daemon), "a new session after the crowd left", 30)
        self.expect_echo(healthy, b"after")

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
        local = self.connect(daemon.address())
        try:
            local.send(b"served\n")
            return local.read_line() == b"served\n"
        except OSError:
            return False
        finally:
            local.close()


if __name__ == "__main__":
    main()
