# SPDX-License-Identifier: MIT
"""The conformance client against one server: each of its cases must be good."""
import json
import os

from kit.case import E2eCase
from kit.process import Program
from kit.waiting import wait_until

CLIENT = os.environ.get("LIBWS_CONFORMANCE_CLIENT", "build/dev/bin/conformance_client")
CASES = ["echo empty", "echo every size", "echo utf8", "echo thousand round trips",
         "echo many of every size", "echo written in pieces", "fragments with pings between",
         "ten pings in order", "close codes of the client", "close codes of the server",
         "server closes during traffic", "client closes during traffic", "subprotocol"]
# What the cases that close with codes of their own use.
CLIENT_CODES = [1000, 1001, 1003, 1011, 3000, 4000, 4999]


class ConformanceCase(E2eCase):

    def check_client(self, url, compression="off", cases=CASES):
        """These cases; `compression` as in conformance_client.cc."""
        client = self.program([CLIENT, url, compression, *cases], "conformance_client")
        status = client.wait(120)
        results = {one["case"]: one["failure"]
                   for one in map(json.loads, client.stdout().splitlines())}
        self.assertEqual(results, {case: "" for case in cases})
        self.assertEqual(status, 0, client.stderr())

    def peer(self, name, *arguments):
        """One of the servers of tests/peers, listening."""
        path = os.environ.get(f"LIBWS_{name.upper()}", f"build/dev/bin/{name}")
        peer = Peer([path, *arguments], self.directory, name)
        self.programs.append(peer)
        self.addCleanup(peer.end)
        return peer


class Peer(Program):
    """A server that prints JSON lines: its port, and each session's end."""

    def __init__(self, arguments, directory, name):
        super().__init__(arguments, directory, name)
        self.port = wait_until(lambda: self.events("listening"), f"port of {name}")[0]["port"]

    def url(self):
        return f"ws://127.0.0.1:{self.port}/"

    def events(self, kind):
        lines = [json.loads(line) for line in self.stdout().split("\n")[:-1]]
        return [line for line in lines if line["event"] == kind]
