# SPDX-License-Identifier: MIT
"""Hosts on one machine: network namespaces joined by a veth pair, whose packets can be dropped, or
by tests/support/packet_forwarder.py, which delays and reorders them. Needs root, as in the
containers that the tests run in."""
import ctypes
import os
import shutil
import subprocess
import sys
import threading

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


# What comes to the far host, and what leaves it.
TO_FAR, FROM_FAR = ("INPUT",), ("OUTPUT",)
BOTH_WAYS = TO_FAR + FROM_FAR
CLONE_NEWNET = 0x40000000


def on_host(host, make):
    """make(), whose sockets are then that host's. On a thread of its own: only it changes over."""
    made = []

    def change_over():
        with open(f"/run/netns/{host}", "rb") as namespace:
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"setns to {host}")
        made.append(make())
    thread = threading.Thread(target=change_over)
    thread.start()
    thread.join()
    return made[0]


class Network:
    """Two hosts, `near` for the daemon and `far` for the server."""
    NEAR, FAR = "10.77.0.1", "10.77.0.2"

    def __init__(self, case, delay=None):
        self.case = case
        self.near, self.far = self.add_host(case, "near"), self.add_host(case, "far")
        near, far = self._forwarder(delay) if delay else self._cable()
        for host, device, address in ((self.near, near, self.NEAR), (self.far, far, self.FAR)):
            run("ip", "-n", host, "address", "add", f"{address}/24", "dev", device)
            run("ip", "-n", host, "link", "set", device, "up")

    @staticmethod
    def add_host(case, name):
        host = f"wsb-{os.getpid()}-{id(case) & 0xFFFF:x}-{name}"
        run("ip", "netns", "add", host)
        case.addCleanup(run, "ip", "netns", "del", host)
        run("ip", "-n", host, "link", "set", "lo", "up")
        return host

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
        return self.at_host(host)

    @staticmethod
    def at_host(host):
        """What to put before a command line to have it run there."""
        return [shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin"), "netns", "exec", host]

    def _rule(self, verb, *match, ways=BOTH_WAYS):
        for chain in ways:
            run(*self.at(self.far), "iptables", "-w", verb, chain, *match, "-j", "DROP")

    def cut(self, ways=BOTH_WAYS):
        """Drops everything from now on."""
        self._rule("-I", ways=ways)

    def heal(self, ways=BOTH_WAYS):
        self._rule("-D", ways=ways)

    def use_mtu(self, size):
        """The link carries no packet that is longer."""
        for host in (self.near, self.far):
            run("ip", "-n", host, "link", "set", "cable", "mtu", str(size))

    def lose(self, probability):
        """Drops packets at random, both ways."""
        self._rule("-A", "-m", "statistic", "--mode", "random", "--probability", str(probability))
