# SPDX-License-Identifier: MIT
"""Two hosts with two routers between them, whose link carries short packets only."""
from kit.network import Network, run


class RoutedNetwork:
    """`near` for the daemon, `far` for the server. Their own links carry 1500 bytes."""
    NEAR, FAR = "10.78.1.1", "10.78.3.2"

    def __init__(self, case):
        hosts = ("near", "first", "second", "far")
        self.near, self.first, self.second, self.far = (
            Network.add_host(case, name) for name in hosts)
        self._join(self.near, self.first, "10.78.1", "left")
        self._join(self.first, self.second, "10.78.2", "middle")
        self._join(self.second, self.far, "10.78.3", "right")
        for router in (self.first, self.second):
            self._set(router, "ip_forward", 1)
        for host, way in ((self.near, "10.78.1.2"), (self.first, "10.78.2.2"),
                          (self.second, "10.78.2.1"), (self.far, "10.78.3.1")):
            run("ip", "-n", host, "route", "add", "default", "via", way)

    @staticmethod
    def _join(one, other, network, cable):
        run("ip", "link", "add", cable, "netns", one, "type", "veth", "peer", "name", cable,
            "netns", other)
        for host, address in ((one, f"{network}.1"), (other, f"{network}.2")):
            run("ip", "-n", host, "address", "add", f"{address}/24", "dev", cable)
            run("ip", "-n", host, "link", "set", cable, "up")

    at = staticmethod(Network.at_host)

    def _set(self, host, name, value):
        run(*self.at(host), "sysctl", "-q", "-w", f"net.ipv4.{name}={value}")

    def use_mtu(self, size):
        """Of the routers' link; the hosts are told by ICMP, or not at all."""
        for router in (self.first, self.second):
            run("ip", "-n", router, "link", "set", "middle", "mtu", str(size))

    def forget_paths(self):
        """What ICMP told the hosts is remembered for ten minutes."""
        for host in (self.near, self.far):
            run("ip", "-n", host, "route", "flush", "cache")

    def silence_icmp(self):
        """What would tell the hosts never comes: a black hole."""
        for router in (self.first, self.second):
            run(*self.at(router), "iptables", "-w", "-A", "OUTPUT", "-p", "icmp", "-j", "DROP")

    def probe_mtu(self):
        """The hosts look for black holes themselves (RFC 4821), down to 512 bytes."""
        for host in (self.near, self.far):
            self._set(host, "tcp_mtu_probing", 1)
            self._set(host, "tcp_base_mss", 512)
