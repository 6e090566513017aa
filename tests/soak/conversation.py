# SPDX-License-Identifier: MIT
"""A local program: it connects, sends numbered lines, checks each answer, and ends in one of
several ways. What it saw is told in one object; the records of the other sides stand beside it."""
import asyncio
import errno
import random
import socket
import struct

import lines
from kit.local import split_address

STUCK_AFTER = 300  # seconds without news, of a program that waits: longer than any drain_timeout
# What a hostile program writes behind its good lines, and the reason of the drop that it gets.
HOSTILE = {
    "bad_utf8": (b"\xff\xfe broken \xc3\n", "invalid_utf8"),
    "cut_utf8": ("half a character \u20ac".encode()[:-1] + b"\n", "invalid_utf8"),
    "endless": (b"x" * 80_000, "max_line"),
    "zeros": (b"\0" * 70_000 + b"\n", "max_line"),
}


class Ended(Exception):
    """The daemon has ended the connection."""


class Conversation:
    """One connection; `script` is a map that scripts.py makes."""

    def __init__(self, number, script, pace):
        self.number, self.script, self.pace = number, script, pace
        self.random = random.Random(number * 1000003 + script["seed"])
        self.socket = None
        self.peer = ""
        self.written = 0   # bytes that the kernel took
        self.line_ends = []  # of the lines that are on their way: where they end
        self.made = self.sent = 0   # lines that were made; that the kernel has taken whole
        self.answered = self.received = 0   # highest answer; messages of any kind
        self.burst = (0, 0)  # the line that asked for lines down, and the last of them that came
        self.end, self.wrong = "", ""
        self.is_finished = False  # everything it meant to send is sent, and it has said so
        self.pending = bytearray()
        self.news = asyncio.Event()

    # Its life

    async def run(self, is_over):
        """What it saw, as a map; None when it could not connect."""
        if not await self.connect():
            return self.told() if self.end else None
        reader = asyncio.create_task(self.read())
        try:
            await self.talk(is_over)
            await self.finish()
            await self.until(lambda: False)
        except Ended:
            pass
        except OSError:  # a write has met the end before the reader, who still gets what is there
            await asyncio.wait([reader], timeout=STUCK_AFTER)
            self.end = "reset" if reader.done() else "stuck"
        if self.end in ("rst", "close"):
            reader.cancel()
        elif not self.end or self.end == "stuck":
            self.end = self.end or "stuck"
            reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
        self.socket.close()
        return self.told()

    def told(self):
        return {"conversation": self.number, "bridge": self.script["bridge"],
                "kind": self.script["kind"], "peer": self.peer, "sent": self.sent,
                "bytes": self.written, "answered": self.answered, "received": self.received,
                "end": self.end, "wrong": self.wrong, "finished": self.is_finished,
                "hostile": self.script.get("hostile", ""), "torn": len(self.line_ends) > 0,
                "part": len(self.pending)}

    async def connect(self):
        family, where = split_address(self.script["address"])
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        if self.script.get("is_slow"):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        try:
            if family == socket.AF_INET:  # an address of its own: nobody else comes from there
                self.socket.bind((f"127.{self.number >> 16 & 63 | 64}.{self.number >> 8 & 255}."
                                  f"{self.number & 255}", 0))
            await asyncio.wait_for(asyncio.get_running_loop().sock_connect(self.socket, where), 30)
            if family == socket.AF_INET:
                self.peer = "%s:%d" % self.socket.getsockname()
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, asyncio.TimeoutError) as error:
            if getattr(error, "errno", 0) == errno.ECONNRESET:  # accepted, and ended at once
                self.peer = "%s:%d" % self.socket.getsockname()
                self.end = "reset"
            self.socket.close()
            return False
        return True

    async def talk(self, is_over):
        script = self.script
        for _ in range(script["bursts"]):
            if is_over.is_set():
                break
            await self.send_burst(self.random.randint(1, script["burst"]), "")
            if not script.get("is_pipelined"):
                await self.until(lambda: self.answered >= self.made)
            await self.think()
        wish = script.get("wish", "")
        if wish:
            await self.send_burst(1, wish)
            await self.until(lambda: self.answered >= self.made)

    async def send_burst(self, count, wish):
        script, data = self.script, bytearray()
        for _ in range(count):
            self.made += 1
            wishes = wish
            if not wish and self.random.random() < script.get("bulk_share", 0.02):
                wishes = "b%d:%d" % (self.random.randint(1, script.get("bulk", 20)),
                                     self.random.choice([10, 200, 3000]))
            elif not wish and self.random.random() < script.get("stall_share", 0.0):
                wishes = "s%d" % self.random.randint(10, 800)
            elif not wish and self.random.random() < script.get("lose_share", 0.0):
                wishes = "p"
            size = self.random.choice(script["sizes"])
            data += self.framed(lines.up(self.number, self.made, wishes.encode(), size))
            self.line_ends.append(self.written + len(data))
        await self.write(data)

    def framed(self, line):
        if self.script["mode"] == "length-prefixed":
            return struct.pack("!I", len(line)) + line
        return line + b"\n"

    async def think(self):
        await asyncio.sleep(self.random.choice(self.script["pauses"]) * self.pace())
        if self.end:
            raise Ended

    async def finish(self):
        """The end, as the script has it."""
        ending, hostile = self.script["ending"], self.script.get("hostile")
        if hostile:
            await self.write(HOSTILE[hostile][0])
        elif ending == "told":  # the server closes with 1000 behind the last line
            await self.send_burst(1, "e")
            self.socket.shutdown(socket.SHUT_WR)
            self.is_finished = True
        elif ending == "half":
            self.socket.shutdown(socket.SHUT_WR)
            self.is_finished = True
        elif ending == "close":
            await self.until(lambda: self.answered >= self.made)
            self.is_finished = True
            self.end = "close"
            raise Ended
        elif ending == "rst":
            self.end = "rst"
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise Ended

    # Bytes

    async def write(self, data):
        view = memoryview(bytes(data))
        loop = asyncio.get_running_loop()
        while view:
            if self.end:
                raise Ended
            try:
                taken = self.socket.send(view)
            except BlockingIOError:
                writable = asyncio.Event()
                loop.add_writer(self.socket, writable.set)
                try:
                    await self.either(writable)
                finally:
                    loop.remove_writer(self.socket)
                continue
            self.written += taken
            view = view[taken:]
            self.count_sent()
        self.count_sent()

    def count_sent(self):
        whole = sum(end <= self.written for end in self.line_ends)
        self.sent += whole
        del self.line_ends[:whole]

    async def either(self, event):
        """Until that event, or news from the reader."""
        self.news.clear()
        waits = [asyncio.create_task(one.wait()) for one in (event, self.news)]
        try:
            done, _ = await asyncio.wait(waits, timeout=STUCK_AFTER,
                                         return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
        if not done:
            self.end = "stuck"
            raise Ended

    async def until(self, condition):
        while not condition():
            if self.end:
                raise Ended
            self.news.clear()
            try:
                await asyncio.wait_for(self.news.wait(), STUCK_AFTER)
            except asyncio.TimeoutError:
                self.end = "stuck"
                raise Ended from None

    async def read(self):
        loop = asyncio.get_running_loop()
        while True:
            if self.script.get("is_slow"):
                await asyncio.sleep(self.random.choice([0, 0.01, 0.1, 0.5]))
            try:
                data = await loop.sock_recv(self.socket, 1 << 16)
            except OSError as error:
                self.end = self.end or ("reset" if error.errno in (
                    errno.ECONNRESET, errno.EPIPE) else str(error))
                break
            if not data:
                self.end = self.end or "eof"
                break
            self.pending += data
            self.take_messages()
            self.news.set()
        self.news.set()

    def take_messages(self):
        if self.script["mode"] != "length-prefixed":
            *complete, rest = self.pending.split(b"\n")
        else:
            complete, at, rest = [], 0, self.pending
            while len(rest) - at >= 4:
                size = struct.unpack_from("!I", rest, at)[0]
                if len(rest) < at + 4 + size:
                    break
                complete.append(rest[at + 4:at + 4 + size])
                at += 4 + size
            rest = rest[at:]
        self.pending = rest
        for message in complete:
            self.take_message(bytes(message))

    def take_message(self, message):
        """Answers come in order without a gap; what comes again may, where lines are replayed."""
        self.received += 1
        try:
            kind, conversation, number, index = lines.parse_down(message)
        except ValueError:
            self.wrong = self.wrong or f"received {message[:80]!r}"
            return
        may_repeat = self.script["reconnects"]
        if conversation != self.number:
            self.wrong = self.wrong or f"of another conversation: {message[:80]!r}"
        elif kind == "R":
            if number == self.answered + 1:
                self.answered = number
            elif number > self.answered or not may_repeat:
                self.wrong = self.wrong or f"answer {number} behind {self.answered}"
        else:
            asked, last = self.burst
            is_next = (asked, last + 1) == (number, index) or (index == 1 and number > asked)
            if not is_next and not (may_repeat and index == 1):
                self.wrong = self.wrong or f"line {index} of {number} behind {last} of {asked}"
            if not may_repeat and number != self.answered + 1:
                self.wrong = self.wrong or f"line of {number} behind answer {self.answered}"
            self.burst = (number, index)
