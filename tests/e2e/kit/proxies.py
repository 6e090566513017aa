# SPDX-License-Identifier: MIT
"""Proxies that other people wrote, on loopback, for user "me" with the password "s3cret"."""
import os
import pwd

from kit.process import accepts, free_ports
from kit.waiting import wait_until

TINYPROXY = """\
User {user}
Port {port}
Listen 127.0.0.1
Timeout 30
MaxClients 20
LogLevel Info
ConnectPort {allowed}
BasicAuth me s3cret
"""


class Proxies:
    """What a test case inherits beside E2eCase. Each returns the port it listens on."""

    def http_proxy(self, allowed):
        """tinyproxy, which connects to these ports: "1\\nConnectPort 2"."""
        [port] = free_ports(1)
        with open(self.path("tinyproxy.conf"), "w", encoding="ascii") as file:
            file.write(TINYPROXY.format(port=port, allowed=allowed,
                                        user=pwd.getpwuid(os.getuid()).pw_name))
        self.program(["/usr/bin/tinyproxy", "-d", "-c", self.path("tinyproxy.conf")], "tinyproxy")
        wait_until(lambda: accepts(port), "tinyproxy listens")
        return port

    def socks_proxy(self):
        [port] = free_ports(1)
        self.program(["/usr/bin/microsocks", "-i", "127.0.0.1", "-p", str(port), "-u", "me",
                      "-P", "s3cret"], "microsocks")
        wait_until(lambda: accepts(port), "microsocks listens")
        return port
