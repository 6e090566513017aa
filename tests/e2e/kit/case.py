# SPDX-License-Identifier: MIT
"""The base of every end-to-end test: whatever a test starts is ended and looked at after it."""
import concurrent.futures
import shutil
import sys
import tempfile
import unittest

from kit.certificates import TestCa
from kit.daemon import QUICK_SHUTDOWN, Daemon, write_config
from kit.local import Local
from kit.peers import BeastPeer, LineClient
from kit.process import Program
from kit.upstream import PING, PONG, RawServer, frame
from kit.waiting import deadline


def bridge(url, name="main", listen="127.0.0.1:0", **sections):
    """A bridge of a configuration; upstream=…, framing=… and session=… are its maps."""
    upstream = {"url": url, **sections.pop("upstream", {})}
    return {"name": name, "listen": listen, "upstream": upstream, **sections}


def listener_count(config):
    return sum(len(one["listen"]) if isinstance(one["listen"], list) else 1
               for one in config["bridges"])


class E2eCase(unittest.TestCase):
    """Gives each test a directory, and starts things that its end stops."""
    maxDiff = 2000

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="wsbridged-e2e-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.programs = []
        self.authorities = {}
        self.addCleanup(self._explain_failure)

    def path(self, name):
        return f"{self.directory}/{name}"

    # The daemon

    def start(self, *bridges, binary=None, options=None, **top):
        """wsbridged with these bridges and other top-level sections, ready."""
        config = {"log": {"level": "info", "format": "json"}, "shutdown": QUICK_SHUTDOWN,
                  "bridges": list(bridges), **top}
        path = write_config(self.directory, config)
        daemon = self.launch("run", "-c", path, binary=binary, **(options or {}))
        daemon.wait_ready(listener_count(config))
        return daemon

    def launch(self, *arguments, binary=None, env=None, **options):
        """wsbridged with a command line, not waited for."""
        daemon = Daemon(self.directory, arguments, binary, env, **options)
        self.programs.append(daemon)
        self.addCleanup(daemon.check_exit)
        self.addCleanup(daemon.kill_if_running)
        self.addCleanup(daemon.stop)
        return daemon

    def run_to_end(self, *arguments, env=None, **options):
        """wsbridged with a command line, until it ends: (status, stdout, stderr)."""
        daemon = self.launch(*arguments, env=env, **options)
        return daemon.wait(), daemon.stdout(), daemon.stderr()

    # The two sides

    def connect(self, address, **options):
        local = Local(address, **options)
        self.addCleanup(local.close)
        return local

    def server(self, **options):
        # Disconnected before the daemon is stopped: it need not wait for answers to its Close.
        server = RawServer(on_accept=lambda upstream: self.addCleanup(upstream.close), **options)
        self.addCleanup(server.close)
        return server

    def bridge_to_server(self, **sections):
        """A raw server and a daemon with one bridge to it."""
        server = self.server()
        return server, self.start(bridge(server.url(), **sections))

    def session(self, server, daemon, name="main", **options):
        """A local connection and its open upstream."""
        local = self.connect(daemon.address(name), **options)
        return local, server.open()

    def confirm(self, local, upstream):
        """Answers the next ping, and returns when that has been heard."""
        while (part := upstream.read_frame()).opcode != PING:
            pass
        upstream.send(frame(PONG, part.payload))
        upstream.send_text("heard")
        self.assertEqual(local.read_line(), b"heard\n")

    def ca(self, name="Test CA"):
        """An authority by that name, made when first asked for."""
        if name not in self.authorities:
            self.authorities[name] = TestCa(self.directory, name)
        return self.authorities[name]

    # Other programs

    def program(self, arguments, name, **options):
        program = Program(arguments, self.directory, name, **options)
        self.programs.append(program)
        self.addCleanup(program.end)
        return program

    def beast_peer(self, **settings):
        peer = BeastPeer(self.directory, **settings)
        self.addCleanup(peer.end)
        return peer

    def line_client(self, address, **settings):
        client = LineClient(self.directory, address, **settings)
        self.addCleanup(client.end)
        return client

    def in_background(self, function, *arguments):
        """A future of function(*arguments), run in a thread of its own."""
        pool = concurrent.futures.ThreadPoolExecutor(max_workers=1)
        self.addCleanup(pool.shutdown, wait=False)
        future = pool.submit(function, *arguments)
        return Future(future)

    def _explain_failure(self):
        """After a failure: what the programs said."""
        outcome = getattr(self._outcome, "result", None)
        failed = [test for kind in ("failures", "errors") for test, _ in getattr(outcome, kind, [])]
        if any(test is self or getattr(test, "test_case", None) is self for test in failed):
            for program in self.programs:
                print(f"--- stderr of {program.name} of {self.id()}\n{program.stderr()[-6000:]}",
                      file=sys.stderr)


class Future:
    """A result that is waited for with a deadline."""

    def __init__(self, future):
        self.future = future

    def result(self, seconds=20.0):
        return self.future.result(deadline(seconds))


def main():
    unittest.main(module="__main__", verbosity=2)
