# SPDX-License-Identifier: MIT
"""The C++ programs of tests/peers: the Boost.Beast server, the line client, libws's own client."""
import json
import os
import subprocess

from kit.local import split_address
from kit.process import Program
from kit.waiting import deadline, wait_until

BEAST_PEER = os.environ.get("WSBRIDGED_BEAST_PEER", "build/dev/bin/beast_peer")
DIAL_CLIENT = os.environ.get("WSBRIDGED_DIAL_CLIENT", "build/dev/bin/dial_client")
LINE_CLIENT = os.environ.get("WSBRIDGED_LINE_CLIENT", "build/dev/bin/line_client")


def as_arguments(settings):
    return [f"{key.replace('_', '-')}={value}" for key, value in settings.items()]


class BeastPeer(Program):
    """The server; settings as in beast_peer.cc, with '_' for '-'."""

    def __init__(self, directory, **settings):
        super().__init__([BEAST_PEER, *as_arguments(settings)], directory, "beast_peer")
        self.secure = "certificate" in settings
        self.port = wait_until(lambda: self.events("listening"), "port of beast_peer")[0]["port"]

    def url(self):
        return f"wss://localhost:{self.port}/" if self.secure else f"ws://127.0.0.1:{self.port}/"

    def events(self, kind):
        lines = [json.loads(line) for line in self.stdout().split("\n")[:-1]]
        return [line for line in lines if line["event"] == kind]

    def wait_for_ends(self, count, seconds=20.0):
        wait_until(lambda: len(self.events("end")) >= count, f"end of {count} sessions", seconds)
        return self.events("end")


class LineClient(Program):
    """The line client; settings as in line_client.cc, with '_' for '-'."""

    def __init__(self, directory, address, name="line_client", **settings):
        _, where = split_address(address)
        local = f"unix={where}" if isinstance(where, str) else f"tcp={where[1]}"
        super().__init__([LINE_CLIENT, local, *as_arguments(settings)], directory, name)

    def result(self, seconds):
        self.wait(seconds)
        return json.loads(self.stdout())


def dial(environment=None, **settings):
    """What libws says of each opening; settings as in dial_client.cc."""
    clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    run = subprocess.run([DIAL_CLIENT, *as_arguments(settings)], capture_output=True, text=True,
                         env={**clean, **(environment or {})}, timeout=deadline(), check=False)
    assert run.stderr == "", run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]
