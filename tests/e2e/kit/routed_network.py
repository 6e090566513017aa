# SPDX-License-Identifier: MIT
"""Two hosts with a router between them, whose link to the far one carries short packets only."""
from kit.network import Network, on_host, run

__all__ = ["RoutedNetwork", "on_host"]


class RoutedNetwork:
    """`near` for the daemon, `far` for the server, `router` between. Both hosts believe in 1500."""
    NEAR, FAR = "10.78.1.1", "10.78.2.2"

    def __init__(self, case):
        self.case = case
        self.near, self.router, self.far = (Network.add_host(case, name)
                                            for name in ("near", "router", "far"))
        self._join(self.near, "10.78.1.1", self.router, "10.78.1.2", "left")
        self._join(self.router, "10.78.2.1", self.far, "10.78.2.2", "right")
        run(*self.at(self.router), "sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
        run("ip", "-n", self.near, "route", "add", "default", "via", "10.78.1.2")
        run("ip", "-n", self.far, "route", "add", "default", "via", "10.78.2.1")

    def _join(self, one, one_address, other, other_address, cable):
        run("ip", "link", "add", cable, "netns", one, "type", "veth", "peer", "name", cable,
            "netns", other)
        for host, address in ((one, one_address), (other, other_address)):
            run("ip", "-n", host, "address", "add", f"{address}/24", "dev", cable)
            run("ip", "-n", host, "link", "set", cable, "up")

    at = staticmethod(Network.at_host)

    def use_mtu(self, size):
        """Of the router's link to the far host; the hosts are told by ICMP, or not at all."""
        run("ip", "-n", self.router, "link", "set", "right", "mtu", str(size))

    def silence_icmp(self):
        """What would tell the hosts never comes: a black hole."""
        run(*self.at(self.router), "iptables", "-w", "-A", "OUTPUT", "-p", "icmp", "-j", "DROP")

    def probe_mtu(self):
        """The near host looks for the black hole itself (RFC 4821)."""
        run(*self.at(self.near), "sysctl", "-q", "-w", "net.ipv4.tcp_mtu_probing=1")
