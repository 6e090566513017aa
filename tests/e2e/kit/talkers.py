# SPDX-License-Identifier: MIT
"""Programs that talk all the time, and a server that answers each line: whatever is done to the
daemon between them, every line must arrive once, and its answer too."""
import asyncio
import collections
import random
import threading

from kit.upstream import CLOSE, TEXT, RawServer, close_frame
from kit.waiting import deadline

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

    def check(self, case, talkers):
        """Nothing was lost or doubled; how many lines there were."""
        sent = sum(one.sent for one in talkers)
        case.assertEqual(sum(self.received.values()), sent, "lost or doubled on the way up")
        case.assertEqual(len(self.received), sent, "doubled on the way up")
        for one in talkers:
            case.assertEqual(len(one.answered), one.sent, "lost on the way down")
        return sent

    def close(self):
        self.is_over = True
        self.server.close()


class Talker:
    """A program that talks until it is told to stop."""

    def __init__(self, number, path):
        self.number, self.path = number, path
        self.sent = self.connections = self.bytes_sent_again = 0
        self.unanswered = collections.deque()
        self.answered = collections.Counter()
        self.random = random.Random(number)

    async def talk(self, is_over):
        while self.unanswered or not is_over.is_set():
            reader, writer = await asyncio.open_unix_connection(self.path)
            self.connections += 1
            self.bytes_sent_again += sum(len(line) + 1 for line in self.unanswered)
            try:
                writer.writelines(line + b"\n" for line in self.unanswered)
                await self.answers(reader)
                while not is_over.is_set():
                    self.send_burst(writer)
                    await self.answers(reader)
                    await self.pause(reader)
            except (EOFError, ConnectionError):
                pass  # the end of a session: the next one sends what was not answered
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


def talk(talkers, is_over):
    """All of them, until is_over (a threading.Event) and each has its answers."""
    async def all_of_them():
        await asyncio.gather(*(one.talk(is_over) for one in talkers))
    asyncio.run(all_of_them())
