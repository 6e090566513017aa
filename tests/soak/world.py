# SPDX-License-Identifier: MIT
"""Everything around the daemon: servers that can be killed, proxies, certificates, cookie files,
and the configuration in all its variants."""
import json
import os
import pwd
import shutil
import signal
import socket
import sys

from kit.certificates import TestCa
from kit.daemon import READY
from kit.process import Program, accepts, free_ports
from kit.proxies import TINYPROXY
from kit.waiting import wait_until

SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "server.py")
# Apart from the address that connections come from: no port of a server that is dead for a while
# is taken by one of them.
SERVER_ADDRESS, MOVING_ADDRESS = "127.0.0.3", "127.0.0.2"
TITLE = "# Netscape HTTP Cookie File\n"
MEMORY = ["1GiB", "2MiB"]  # limits.memory, by turns


class Server:
    """One server in all its lives."""

    def __init__(self, logs, name, **settings):
        self.logs, self.name = logs, name
        self.settings = {"address": SERVER_ADDRESS, "journal": f"{logs}/{name}.journal", **settings}
        self.lives, self.life, self.is_frozen = 0, None, False
        self.revive()

    @property
    def journal(self):
        return self.settings["journal"]

    @property
    def port(self):
        return self.settings["port"]

    def revive(self):
        if self.life is not None and self.life.is_running():
            return
        arguments = [f"{key}={value}" for key, value in self.settings.items()]
        self.life = Program([sys.executable, "-B", SERVER, *arguments], self.logs, self.name)
        self.lives += 1
        text = wait_until(lambda: self.life.stdout().startswith("port ") and
                          self.life.stdout().endswith("\n") and self.life.stdout(),
                          f"the port of {self.name}: {self.life.stderr()}")
        self.settings["port"] = int(text.split()[1])

    def kill(self):
        self.life.child.kill()
        self.life.wait()
        self.is_frozen = False

    def freeze(self):
        self.life.child.send_signal(signal.SIGSTOP)
        self.is_frozen = True

    def thaw(self):
        self.life.child.send_signal(signal.SIGCONT)
        self.is_frozen = False

    def heal(self):
        if self.is_frozen:
            self.thaw()
        self.revive()

    def end(self):
        self.life.end()


class World:

    def __init__(self, directory, logs, unit, is_brief):
        """`unit` is how much longer everything may take than with a fast build; in a brief run
        servers are away for moments, and programs' ends wait less."""
        self.directory, self.logs, self.unit = directory, logs, unit
        self.outage = 0.2 if is_brief else 1.0
        self.drain = f"{int((2 if is_brief else 15) * unit)}s"
        self.variant = self.swaps = 0
        self.programs = []
        self._make_credentials()
        self.servers = {
            "worker": Server(logs, "worker"), "steady": Server(logs, "steady"),
            "secure": Server(logs, "secure", certificate=self.pair[0], key=self.pair[1],
                             authority=self.ca.certificate)}
        with socket.create_server((MOVING_ADDRESS, 0)) as holder:
            self.moving_port = holder.getsockname()[1]
        self._start_proxies()

    def path(self, name):
        return f"{self.directory}/{name}"

    def write(self, name, text):
        """In one step."""
        with open(self.path(name + ".new"), "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(self.path(name + ".new"), self.path(name))
        return self.path(name)

    def end(self):
        for one in [*self.servers.values(), *self.programs]:
            one.end()

    # Credentials

    def _make_credentials(self):
        self.ca = TestCa(self.directory)
        self.pair = self.ca.issue("localhost")
        for name in ("one.example", "two.example"):
            os.mkdir(self.path(name))
            for source, target in zip(self.ca.issue(name), ("tls.crt", "tls.key")):
                shutil.copy(source, self.path(f"{name}/{target}"))
        os.mkdir(self.path("jars"))
        self.swap_certificate()
        self.swap_jar()
        self.write("jars/stored.txt", TITLE)

    def swap_jar(self):
        """The new value of the cookie that the server writes down."""
        self.swaps += 1
        self.write("jars/swapped.txt", TITLE + "\t".join(
            ["localhost", "FALSE", "/", "FALSE", "4102444800", "swapped", str(self.swaps)]) + "\n")

    def swap_certificate(self):
        """The client certificate behind a symbolic link, and the authorities by another file."""
        self.swaps += 1
        target = "one.example" if self.swaps % 2 else "two.example"
        os.symlink(target, self.path("..data.new"))
        os.rename(self.path("..data.new"), self.path("..data"))
        with open(self.ca.certificate, encoding="ascii") as file:
            self.write("authorities.pem", file.read() + f"\n# {self.swaps}\n")
        self.write("token", f"token-{self.swaps}")

    def stored_cookies(self):
        """{name: value}; ValueError when a line of the file is neither a cookie nor a comment."""
        with open(self.path("jars/stored.txt"), encoding="utf-8") as file:
            rows = [line.split("\t") for line in file.read().splitlines()
                    if line and not line.startswith("# ")]
        if any(len(row) != 7 for row in rows):
            raise ValueError(f"the cookie file is damaged: {rows}")
        return {row[5]: row[6] for row in rows}

    # Proxies

    def _start_proxies(self):
        self.socks_port, self.http_port = free_ports(2)
        text = TINYPROXY.format(port=self.http_port, allowed=self.servers["worker"].port,
                                user=pwd.getpwuid(os.getuid()).pw_name)
        self.programs = [
            Program(["/usr/bin/microsocks", "-i", "127.0.0.1", "-p", str(self.socks_port),
                     "-u", "me", "-P", "s3cret"], self.logs, "microsocks"),
            Program(["/usr/bin/tinyproxy", "-d", "-c", self.write("tinyproxy.conf", text)],
                    self.logs, "tinyproxy")]
        for port in (self.socks_port, self.http_port):
            wait_until(lambda port=port: accepts(port), "a proxy listens")

    # Configuration

    def moving_listeners(self):
        if self.variant % 2:
            return [f"unix:{self.path('moving-b.sock')}", f"{MOVING_ADDRESS}:{self.moving_port}"]
        return [f"unix:{self.path('moving-a.sock')}"]

    def upstream(self, server, target, **more):
        scheme = "wss" if server == "secure" else "ws"
        host = "localhost" if server == "secure" else SERVER_ADDRESS
        port = self.servers[server].port
        headers = {"X-Session": "{session}", "X-Variant": str(self.variant),
                   "X-Token": f"${{file:{self.path('token')}}}"}
        upstream = {"url": f"{scheme}://{host}:{port}{target}", "headers": headers, **more}
        if server == "secure":
            upstream["resolve"] = {f"localhost:{port}": SERVER_ADDRESS}
            upstream["tls"] = {"ca_file": self.path("authorities.pem"),
                               "cert_file": self.path("..data/tls.crt"),
                               "key_file": self.path("..data/tls.key")}
        if "/greeted" in target:
            upstream["on_open"] = ["hello {session}"]
        return upstream

    def bridges(self):
        def unix(name):
            return f"unix:{self.path(name + '.sock')}"
        tcp = "127.0.0.1:0"
        back = {"enabled": True, "initial": "20ms", "max": "500ms", "confirm_interval": "200ms"}
        socks = f"socks5://me:s3cret@127.0.0.1:{self.socks_port}"
        http = f"http://me:s3cret@127.0.0.1:{self.http_port}"
        return [
            ("quiet", tcp, self.upstream("steady", "/"), {}),
            ("plain", tcp, self.upstream("worker", "/"), {}),
            ("durable", [tcp, unix("durable")], self.upstream("worker", "/greeted"),
             {"reconnect": back}),
            ("secure", tcp, self.upstream("secure", "/greeted/cookies", compression=True,
                                          cookie_jar=self.path("jars/stored.txt"),
                                          store_cookies=True),
             {"reconnect": {**back, "replay": "1MiB", "confirm_interval": "1s"},
              "framing": {"max_line": "256KiB"}}),
            ("tls", unix("tls"), self.upstream("secure", "/", compression=self.variant % 3 == 0,
                                               cookie_jar=self.path("jars/swapped.txt")), {}),
            ("prefixed", unix("prefixed"), self.upstream("worker", "/greeted/binary"),
             {"reconnect": back, "framing": {"mode": "length-prefixed"}}),
            ("raw", tcp, self.upstream("worker", "/raw"), {"framing": {"mode": "raw"}}),
            ("moving", self.moving_listeners(), self.upstream("worker", "/greeted"),
             {"reconnect": back}),
            ("socks", tcp, self.upstream("worker", "/greeted", proxy=socks), {"reconnect": back}),
            ("http", unix("http"), self.upstream("worker", "/", proxy=http), {}),
            ("hog", tcp, self.upstream("worker", "/"), {"session": {"buffer": "1MiB"}}),
            ("hostile", unix("hostile"), self.upstream("worker", "/"),
             {"framing": {"max_line": "64KiB"}}),
        ]

    def config(self):
        seconds = f"{int(10 * self.unit)}s"
        defaults = {
            "upstream": {"connect_timeout": seconds, "ping_interval": f"{int(2 * self.unit)}s",
                         "ping_timeout": seconds, "proxy": "none"},
            "session": {"drain_timeout": self.drain}}
        return {
            "log": {"level": "info", "format": "json"}, "threads": 2,
            "limits": {"memory": MEMORY[self.variant // 2 % len(MEMORY)]},
            "admin": {"listen": f"unix:{self.path('admin.sock')}"},
            "shutdown": {"drain_timeout": seconds, "quiet": "300ms"},
            "defaults": defaults,
            "bridges": [{"name": name, "listen": listen, "upstream": upstream, **more}
                        for name, listen, upstream, more in self.bridges()]}

    @property
    def admin(self):
        return f"unix:{self.path('admin.sock')}"

    def write_config(self):
        return self.write("wsbridged.yaml", json.dumps(self.config(), indent=1))

    def write_addresses(self, ready_text):
        """Where the programs find the bridges; `ready_text` is what the daemon said first."""
        known = {}
        for name, address in READY.findall(ready_text):
            known.setdefault(name, []).append(address)
        known["moving"] = self.moving_listeners()
        self.write("addresses.json", json.dumps(known))
        return known
