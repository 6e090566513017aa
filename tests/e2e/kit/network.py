# SPDX-License-Identifier: MIT
"""Hosts on one machine: network namespaces joined by a veth pair, whose packets can be dropped, or
by tests/support/packet_forwarder.py, which delays and reorders them. Needs root, as in the
containers that the tests run in."""
import os
import shutil
import subprocess
import sys

from kit.process import Program
from kit.waiting import wait_until

FORWARDER = os.path.join(os.path.dirname(__file__), "../../support/packet_forwarder.py")


def run(*arguments):
    path = shutil.which(arguments[0], path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    assert path, f"{arguments[0]} is missing: ./dev deps"
    done = subprocess.run([path, *arguments[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (
        f"{' '.join(arguments)}: {done.stderr.strip()} (network namespaces need root with "
        f"CAP_NET_ADMIN and CAP_SYS_ADMIN)")


class Network:
    """Two hosts, `near` for the daemon and `far` for the server."""
    NEAR, FAR = "10.77.0.1", "10.77.0.2"

    def __init__(self, case, delay=None):
        self.case = case
        number = f"{os.getpid()}-{id(self) & 0xFFFF:x}"
        self.near, self.far = f"wsb-{number}-near", f"wsb-{number}-far"
        for host in (self.near, self.far):
            run("ip", "netns", "add", host)
            case.addCleanup(run, "ip", "netns", "del", host)
            run("ip", "-n", host, "link", "set", "lo", "up")
        near, far = self._forwarder(delay) if delay else self._cable()
        for host, device, address in ((self.near, near, self.NEAR), (self.far, far, self.FAR)):
            run("ip", "-n", host, "address", "add", f"{address}/24", "dev", device)
            run("ip", "-n", host, "link", "set", device, "up")

    def _cable(self):
        run("ip", "link", "add", "cable", "netns", self.near, "type", "veth", "peer", "name",
            "cable", "netns", self.far)
        return "cable", "cable"

    def _forwarder(self, delay):
        devices = [f"wsb{os.getpid()}{end}" for end in "ab"]
        arguments = [f"{key}={value}" for key, value in delay.items()]
        forwarder = self.case.program([sys.executable, "-B", FORWARDER, *devices, *arguments],
                                      "packet_forwarder")
        wait_until(lambda: "ready" in forwarder.stdout() or not forwarder.is_running(),
                   "the forwarder's devices")
        assert forwarder.is_running(), forwarder.stderr()
        for host, device in zip((self.near, self.far), devices):
            run("ip", "link", "set", device, "netns", host)
        return devices

    def at(self, host):
        """What to put before a command line to have it run there."""
        return [shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin"), "netns", "exec", host]

    def _rule(self, verb, *match):
        for chain in ("INPUT", "OUTPUT"):
            run(*self.at(self.far), "iptables", "-w", verb, chain, *match, "-j", "DROP")

    def cut(self):
        """Drops everything, both ways, from now on."""
        self._rule("-I")

    def heal(self):
        self._rule("-D")

    def lose(self, probability):
        """Drops packets at random, both ways."""
        self._rule("-A", "-m", "statistic", "--mode", "random", "--probability", str(probability))
