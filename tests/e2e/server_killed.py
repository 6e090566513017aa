# SPDX-License-Identifier: MIT
"""A stream of numbered lines survives that its server is killed again and again.

Scenario: one local program, one connection; the server gets SIGKILL at random points (fixed seed)
and is started again on its port. Upwards the servers record each number, with write(), before they
read the next frame; downwards they resume behind the number that `on_open` tells them, which the
program keeps in a file.
Method: a Boost.Beast server, so a pong is that of an independent stack; ./dev survive does the same
with 1,000,000 lines and 100 kills, and the release build.
Why: "nothing is lost silently" must hold when the other side dies, not only when it says goodbye.
"""
import time

from kit.case import bridge, main
from kit.survival import BINARY, SurvivalCase, size

LINES = size(60_000, 1_000_000)
KILLS = size(12, 100)
SECONDS = size(60, 300)
# Quick, so that the time goes into lines and not into waiting.
RECONNECT = {"enabled": True, "initial": "10ms", "max": "200ms", "replay": "2MiB"}


class ServerKilled(SurvivalCase):

    def start_bridge(self, **upstream):
        port = self.settings["port"]
        return self.start(
            bridge(f"ws://127.0.0.1:{port}/", upstream={"connect_timeout": "2s", **upstream},
                   reconnect=RECONNECT, session={"drain_timeout": "3s"}), binary=BINARY)

    def report(self, what, began, repeats, daemon):
        entry = daemon.wait_for_session_end()
        print(f"{what}: {LINES} lines, {len(self.lives) - 1} kills, {repeats} repeats in "
              f"{time.monotonic() - began:.1f} s; {entry}")

    def test_upwards(self):
        began = time.monotonic()
        self.start_server()
        daemon = self.start_bridge()
        client = self.client(daemon.address(), send=LINES)
        self.kill_at_random(KILLS, LINES, self.recorded, SECONDS)
        status = client.wait(SECONDS)
        daemon.wait_for_session_end()
        repeats = self.check_record(LINES)
        self.assertEqual((status, '"end": "eof"' in client.stdout()), (0, True),
                         f"the local connection never broke: {client.stdout()}")
        self.assertEqual(len(daemon.session_ends()), 1, "it was one session")
        self.report("upwards", began, repeats, daemon)

    def test_downwards(self):
        began = time.monotonic()
        progress = self.path("progress")
        with open(progress, "w", encoding="ascii") as file:
            file.write("0\n")
        self.start_server(send=LINES)
        daemon = self.start_bridge(on_open=[f"resume ${{file:{progress}}}"])
        client = self.client(daemon.address(), receive=True, progress=progress)
        self.kill_at_random(KILLS, LINES, lambda: self.read_number(progress), SECONDS)
        status = client.wait(SECONDS)
        self.assertEqual(status, 0, f"every line, in order, and then the end: {client.stdout()}")
        self.assertIn(f'"received": {LINES}', client.stdout())
        behind = [number for life in self.lives for number in life.resumed_behind()]
        self.assertEqual(behind, sorted(behind), "each server was told how far it had come")
        self.assertGreater(behind[-1], 0, "and did not begin anew")
        self.report("downwards", began, client.stdout().strip(), daemon)

    @staticmethod
    def read_number(path):
        with open(path, encoding="ascii") as file:
            return int(file.read())


if __name__ == "__main__":
    main()
