# SPDX-License-Identifier: MIT
"""IRC, the use that this daemon was made for: a line client on InspIRCd's WebSocket listener.

Scenario: Debian's inspircd with its websocket module; one user comes through the daemon, one does
not.
Method: both register, join a channel and talk; once through a socket, once through `nc`.
Why: a real server of another kind than the ones written for these tests, and a real line protocol.
"""
import os
import socket
import subprocess

from kit.case import E2eCase, bridge, main
from kit.process import accepts, free_ports
from kit.waiting import wait_until

CONFIG = """\
<server name="irc.test.example" description="Test" network="Test" id="000">
<admin name="Test" nick="test" email="test@example.com">
<bind address="127.0.0.1" port="{plain}" type="clients">
<bind address="127.0.0.1" port="{web}" type="clients" hook="websocket">
<module name="sha1">
<module name="websocket">
<websocket defaultmode="text" nativeping="no">
<wsorigin allow="https://chat.test.example">
<connect name="main" allow="*" timeout="20" pingfreq="3s" localmax="100" globalmax="100"
 resolvehostnames="no" useident="no" fakelag="no" threshold="1000" commandrate="1000000"
 modes="+i" recvq="1M" softsendq="1M" hardsendq="2M">
<dns server="127.0.0.1" timeout="1">
<pid file="{directory}/inspircd.pid">
<log method="file" type="*" level="default" target="{directory}/inspircd.log">
"""


class IrcUser:
    """One user of a chat, on any connection that carries lines."""

    def __init__(self, local, nick, ending):
        self.local, self.nick, self.ending = local, nick, ending

    def say(self, text):
        self.local.send(text.encode() + self.ending)

    def wait_for(self, word):
        """The next line with that word; the server's PINGs on the way are answered."""
        while True:
            line = self.local.read_line().decode()
            assert line, f"{self.nick} saw the end instead of {word!r}"
            if line.startswith("PING"):
                self.say("PONG" + line[len("PING"):].rstrip("\r\n"))
            if word in line:
                return line

    def register(self):
        self.say(f"NICK {self.nick}")
        self.say(f"USER {self.nick} 0 * :{self.nick} of the test")
        self.wait_for(" 001 ")

    def join(self, channel):
        self.say(f"JOIN {channel}")
        self.wait_for(" 366 ")


class IrcOverInspircd(E2eCase):

    def setUp(self):
        super().setUp()
        self.plain, self.web = free_ports(2)
        with open(self.path("inspircd.conf"), "w", encoding="ascii") as file:
            file.write(CONFIG.format(plain=self.plain, web=self.web, directory=self.directory))
        as_root = ["--runasroot"] if os.getuid() == 0 else []
        self.program(["/usr/sbin/inspircd", "--nofork", *as_root, "--config",
                      self.path("inspircd.conf")], "inspircd")
        wait_until(lambda: accepts(self.plain) and accepts(self.web), "InspIRCd listens")
        self.daemon = self.start(bridge(f"ws://127.0.0.1:{self.web}/", upstream={
            "origin": "https://chat.test.example",
            "subprotocols": ["text.ircv3.net", "text.inspircd.org"]}))

    def plain_user(self):
        user = IrcUser(self.connect(f"127.0.0.1:{self.plain}"), "plain", b"\r\n")
        user.register()
        return user

    def talk(self, user, other):
        """A channel, messages in both directions, both kinds of PING, and a QUIT."""
        user.register()
        user.join("#bridge")
        other.join("#bridge")
        user.wait_for("JOIN")
        for number in range(50):
            user.say(f"PRIVMSG #bridge :up {number} \u00e9\u20ac\U0001F680")
            self.assertIn(f":up {number} \u00e9\u20ac\U0001F680", other.wait_for(f"up {number} "))
            other.say(f"PRIVMSG {user.nick} :down {number} \u00fc")
            self.assertIn(f"PRIVMSG {user.nick} :down {number} \u00fc",
                          user.wait_for(f"down {number} "))
        user.say("PING :token-7")
        self.assertIn("token-7", user.wait_for("PONG"), "our PING is answered")
        user.wait_for("PING")  # wait_for has answered it
        user.say(f"PRIVMSG {other.nick} :still here")
        other.wait_for("still here")
        user.say("QUIT :goodbye")
        other.wait_for("QUIT")
        user.wait_for("ERROR")

    def test_two_users_talk_one_through_the_daemon(self):
        for ending in (b"\n", b"\r\n"):
            with self.subTest(ending=ending):
                local = self.connect(self.daemon.address())
                other = self.plain_user()
                self.talk(IrcUser(local, "bridged", ending), other)
                other.say("QUIT")
                other.local.read_all()
        opened = self.daemon.entries("subprotocol", "text.")
        self.assertTrue(opened, "the chosen subprotocol is in the log")

    def test_the_same_with_nc(self):
        host, port = self.daemon.address().split(":")
        ours, its = socket.socketpair()
        netcat = subprocess.Popen(["nc", host, port], stdin=its, stdout=its)
        self.addCleanup(netcat.wait)
        self.addCleanup(netcat.kill)
        its.close()
        self.talk(IrcUser(self.connect(ours), "netcat", b"\n"), self.plain_user())
        ours.close()
        self.assertIsNotNone(netcat.wait(20), "nc ends with its connection")


if __name__ == "__main__":
    main()
