# SPDX-License-Identifier: MIT
"""200 sessions with traffic both ways over 20 reloads and 5 restarts: no line lost, none doubled.

Scenario: programs send lines, wait for the answers and pause now and then; the daemon is reloaded
and restarted on a socket that systemd keeps. A program that is told the end sends what was not
answered again on its next connection.
Method: the server writes down each line that it gets, and answers it before it answers a Close; the
programs write down each answer.
Why: an operator's everyday business must cost nobody a line.
"""
import asyncio
import collections
import random
import signal
import socket
import threading

from kit.case import E2eCase, bridge, main
from kit.daemon import write_config
from kit.service import listening, passing
from kit.upstream import CLOSE, TEXT, RawServer, close_frame
from kit.waiting import deadline, wait_until

SESSIONS, RELOADS, RESTARTS = 200, 20, 5
BURST = 5


class EchoServer:
    """Answers in order, a thread for each connection."""

    def __init__(self):
        self.server = RawServer(backlog=512)
        self.received = collections.Counter()
        self.lock = threading.Lock()
        self.is_over = False
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        while not self.is_over:
            try:
                upstream = self.server.accept()
            except OSError:
                continue  # nobody for a while, or the end
            threading.Thread(target=self._serve, args=[upstream], daemon=True).start()

    def _serve(self, upstream):
        upstream.open()
        while True:
            try:
                part = upstream.read_frame()
            except (EOFError, OSError):
                return upstream.close()
            if part.opcode == TEXT:
                with self.lock:
                    self.received[bytes(part.payload)] += 1
                upstream.send_text(b"re " + part.payload)
            elif part.opcode == CLOSE:
                upstream.send(close_frame(part.close_code))
                return upstream.close()

    def close(self):
        self.is_over = True
        self.server.close()


class Talker:
    """A program that talks until it is told to stop."""

    def __init__(self, number, path):
        self.number, self.path = number, path
        self.sent = self.connections = self.sent_again = 0
        self.unanswered = collections.deque()
        self.answered = collections.Counter()
        self.random = random.Random(number)

    async def talk(self, is_over):
        while self.unanswered or not is_over.is_set():
            reader, writer = await asyncio.open_unix_connection(self.path)
            self.connections += 1
            self.sent_again += sum(len(line) + 1 for line in self.unanswered)
            try:
                writer.writelines(line + b"\n" for line in self.unanswered)
                await self.answers(reader)
                while not is_over.is_set():
                    self.send_burst(writer)
                    await self.answers(reader)
                    await self.pause(reader)
            except EOFError:
                pass
            except ConnectionError:
                pass
            writer.close()

    def send_burst(self, writer):
        for _ in range(BURST):
            line = b"%d-%d" % (self.number, self.sent)
            self.sent += 1
            self.unanswered.append(line)
            writer.write(line + b"\n")

    async def answers(self, reader):
        while self.unanswered:
            answer = (await asyncio.wait_for(reader.readuntil(b"\n"), deadline()))[:-1]
            assert answer == b"re " + self.unanswered[0], (answer, self.unanswered[0])
            self.answered[self.unanswered.popleft()] += 1

    async def pause(self, reader):
        """Mostly short; sometimes longer than `quiet`, so that a drain finds a gap."""
        seconds = self.random.choice([0.01, 0.05, 0.05, 0.3])
        try:
            byte = await asyncio.wait_for(reader.read(1), seconds)
        except asyncio.TimeoutError:
            return
        assert byte == b"", "nothing is answered twice"
        raise EOFError


class LifeCycleUnderLoad(E2eCase):

    def configure(self, server, variant):
        """Each variant differs, so that every reload replaces the bridge."""
        listeners = ["systemd:lines"] + ([f"unix:{self.path('second.sock')}"] if variant % 2 else [])
        return write_config(self.directory, {
            "log": {"format": "json", "level": "info"},
            "shutdown": {"drain_timeout": "30s", "quiet": "100ms"},
            "bridges": [bridge(server.url(), listen=listeners,
                               upstream={"headers": {"X-Variant": str(variant)}})]})

    def launch_on(self, held, variant):
        path = self.configure(self.echo.server, variant)
        daemon = self.launch("run", "-c", path, **passing(("lines", held)))
        daemon.wait_ready(1)
        return daemon

    def reload(self, daemon, variant):
        self.configure(self.echo.server, variant)
        known = len(daemon.entries("configuration reloaded"))
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: len(daemon.entries("configuration reloaded")) > known, "reloaded", 30)

    def test_reloads_and_restarts(self):
        self.echo = EchoServer()
        self.addCleanup(self.echo.close)
        held = listening(socket.AF_UNIX, self.path("lines.sock"), backlog=1024)
        self.addCleanup(held.close)
        talkers = [Talker(number, self.path("lines.sock")) for number in range(SESSIONS)]
        is_over = threading.Event()
        daemon = self.launch_on(held, 0)
        talking = self.in_background(self.talk, talkers, is_over)
        wait_until(lambda: all(one.answered for one in talkers), "everybody talks", 60)
        variant, entries = 0, []
        for _ in range(RESTARTS):
            for _ in range(RELOADS // RESTARTS):
                variant += 1
                before = sum(one.sent for one in talkers)
                self.reload(daemon, variant)
                wait_until(lambda before=before: sum(one.sent for one in talkers) > before + SESSIONS,
                           "traffic goes on")
            self.assertEqual(daemon.session_ends(), [], "no reload ended a session")
            daemon.signal(signal.SIGTERM)
            daemon.wait(60)
            entries += daemon.session_ends()
            daemon = self.launch_on(held, variant)
        wait_until(lambda: all(one.connections > RESTARTS for one in talkers), "all are back", 60)
        is_over.set()
        talking.result(60)
        self.check(talkers, entries)

    @staticmethod
    def talk(talkers, is_over):
        async def all_of_them():
            await asyncio.gather(*(one.talk(is_over) for one in talkers))
        asyncio.run(all_of_them())

    def check(self, talkers, entries):
        sent = sum(one.sent for one in talkers)
        again = sum(one.sent_again for one in talkers)
        print(f"{sent} lines, {sum(one.connections for one in talkers)} sessions, {again} bytes were "
              "sent again after an end")
        received = self.echo.received
        self.assertEqual(sum(received.values()), sent, "lost or doubled on the way up")
        self.assertEqual(len(received), sent, "none is doubled")
        for one in talkers:
            self.assertEqual(len(one.answered), one.sent, "lost on the way down")
        self.assertEqual(sum(entry["unsent_bytes_up"] + entry["unsent_bytes_down"]
                             for entry in entries), 0)
        self.assertEqual(sum(entry["discarded_bytes"] for entry in entries), again,
                         "what came after an end is counted to the byte")


if __name__ == "__main__":
    main()
