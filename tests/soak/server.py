# SPDX-License-Identifier: MIT
"""A WebSocket server that is made to be killed, frozen and brought back: a program of its own.

It writes down each line before it answers it, and before the pong that confirms it: what it has
confirmed is on record whatever happens to it then. A new connection of a session replaces the one
before. What it does is asked for by the lines themselves (see lines.py).

Arguments: address=A, port=N (0: any), journal=FILE, certificate=FILE, key=FILE, authority=FILE (of
clients).
Journal, one entry a line, appended:
  o SESSION VARIANT COOKIE       a connection was opened
  l SESSION CONVERSATION FIRST COUNT   so many numbers from FIRST on were received
  x SESSION SENT                 a connection ended with both Close frames, SENT messages were sent
  w SESSION TEXT                 something was wrong
"""
import asyncio
import functools
import os
import signal
import socket
import ssl
import struct
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from kit.upstream import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_frame,  # noqa: E402
                          frame)
import lines  # noqa: E402
from frames import Frames, Head, close_code  # noqa: E402

FAR_FUTURE = "Expires=Fri, 01 Jan 2100 00:00:00 GMT"
VIOLATIONS = [
    frame(TEXT, "hello", masked=True),
    frame(TEXT, "hello", reserved=2),
    frame(3, "hello"),
    frame(PING, "hello", fin=False),
    frame(PING, "x" * 126),
    frame(CONTINUATION, "hello"),
    b"\x82\x7f\x80\0\0\0\0\0\0\0",
    b"\x88\x01\x03",
    close_frame(1005),
    frame(TEXT, b"caf\xe9"),
    b"\x82\x7f\x40\0\0\0\0\0\0\0",
    b"HTTP/1.1 200 OK\r\n\r\n" * 20,
]


class Server:
    """What the connections have in common."""

    def __init__(self, settings):
        self.journal = os.open(settings["journal"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.sessions = {}
        self.closed_for = set()  # (session, number): a wish to be closed is granted once
        self.opened = 0

    def write_down(self, entry):
        os.write(self.journal, entry.encode("utf-8", "replace"))


class Connection(asyncio.Protocol):

    def __init__(self, server):
        self.server = server
        self.transport = self.frames = None
        self.session, self.greeting, self.sent = 0, None, 0
        self.buffer, self.stream = bytearray(), bytearray()
        self.is_raw = self.is_binary = self.is_over = False
        self.has_sent_close = self.is_deaf = self.is_choked = False
        self.loses_at_ping = self.is_losing = False
        self.out, self.runs = [], []

    # Opening

    def connection_made(self, transport):
        self.transport = transport
        plain = transport.get_extra_info("socket")
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data):
        if self.is_over or self.is_losing:
            return
        try:
            if self.frames is None:
                data = self.open(data)
            if self.frames is not None:
                self.serve(data)
        except (ValueError, IndexError, KeyError, zlib.error) as error:
            self.server.write_down(f"w {self.session} {type(error).__name__}: {error}\n")
            self.end(abruptly=True)

    def open(self, data):
        """What follows the request; nothing while that is not complete."""
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return b""
        head = Head(bytes(self.buffer[:end]))
        self.session = int(head.fields["x-session"])
        self.is_raw, self.is_binary = "/raw" in head.target, "/binary" in head.target
        self.greeting = b"hello %d" % self.session if "/greeted" in head.target else None
        before = self.server.sessions.get(self.session)
        if before is not None:
            before.end(abruptly=True)
        self.server.sessions[self.session] = self
        compression = "permessage-deflate" in head.fields.get("sec-websocket-extensions", "")
        self.frames = Frames(compression)
        self.server.opened += 1
        cookies = [f"Set-Cookie: soak{self.session % 20}={self.session}; {FAR_FUTURE}",
                   f"Set-Cookie: brief={self.session}"] if "/cookies" in head.target else []
        self.server.write_down(f"o {self.session} {head.fields.get('x-variant', '-')} "
                               f"{head.cookies().get('swapped', '-')}\n")
        self.transport.write(head.answer(compression, *cookies))
        return bytes(self.buffer[end + 4:])

    # Frames

    def serve(self, data):
        """The journal first, then whatever is to be said."""
        ending = None
        for opcode, payload in self.frames.receive(data):
            if opcode == PING and self.loses_at_ping:
                self.is_losing = True
                ending = functools.partial(self.answer_late, payload)
                break
            if opcode == PING:
                self.out.append(frame(PONG, payload))
            elif opcode == CLOSE:
                ending = self.closing(payload)
                break
            elif opcode in (TEXT, BINARY):
                ending = self.message(payload) or ending
        self.write_runs()
        out, self.out = self.out, []
        if out:
            self.transport.write(b"".join(out))
        if ending is not None:
            ending()

    def closing(self, payload):
        """The client's Close: the first one is answered."""
        if not self.has_sent_close:
            code = close_code(payload)
            self.out.append(close_frame(None if code == 1005 else code))
        return self.end_well

    def message(self, payload):
        """What is to be done behind the answers, if anything is."""
        if self.greeting is not None:
            if payload != self.greeting:
                raise ValueError(f"{payload[:60]!r} instead of on_open's line")
            self.greeting = None
            return None
        if not self.is_raw:
            return self.line(payload)
        self.stream += payload
        *complete, self.stream = self.stream.split(b"\n")
        endings = [self.line(bytes(line)) for line in complete]
        return next(filter(None, endings), None)

    def line(self, data):
        conversation, number, wishes = lines.parse_up(data)
        if (self.runs and self.runs[-1][0] == conversation
                and self.runs[-1][1] + self.runs[-1][2] == number):
            self.runs[-1][2] += 1
        else:
            self.runs.append([conversation, number, 1])
        if self.has_sent_close:
            return None  # received, as RFC 6455 1.4 has it, and not to be answered any more
        ending = None
        for wish in lines.parse_wishes(wishes):
            ending = self.grant(conversation, number, *wish) or ending
        self.say(lines.answer(conversation, number))
        return ending

    def say(self, text):
        if self.is_raw:
            text += b"\n"
        self.sent += 1
        self.out.append(self.frames.message(BINARY if self.is_binary else TEXT, text))

    def write_runs(self):
        if self.runs:
            self.server.write_down("".join(f"l {self.session} {conversation} {first} {count}\n"
                                           for conversation, first, count in self.runs))
            self.runs = []

    # Wishes

    def grant(self, conversation, number, letter, first, second):
        """What is to be done behind the answers."""
        if letter == "b":
            for index in range(1, first + 1):
                self.say(lines.bulk(conversation, number, index, second))
            return None
        if letter == "s":
            return lambda: self.be_deaf(first / 1000)
        if letter == "e":
            return lambda: self.close(1000)
        if (self.session, number) in self.server.closed_for:
            return None
        self.server.closed_for.add((self.session, number))
        if letter == "x":
            return lambda: self.close(first)
        if letter == "p":
            self.loses_at_ping = True
            return None
        if letter == "k":
            return lambda: self.end(abruptly=True)
        if letter == "v":
            return lambda: self.transport.write(VIOLATIONS[first % len(VIOLATIONS)])
        raise ValueError(f"an unknown wish {letter}")

    def close(self, code):
        if not self.is_over and not self.has_sent_close:
            self.has_sent_close = True
            self.transport.write(close_frame(code, b"as you wish"))

    def answer_late(self, payload):
        """What comes behind the ping is taken and not written down: no pong confirms it."""
        loop = asyncio.get_running_loop()
        loop.call_later(0.1, lambda: self.is_over or self.transport.write(frame(PONG, payload)))
        loop.call_later(0.15, self.end, True)

    def be_deaf(self, seconds):
        self.is_deaf = True
        self.update_reading()
        asyncio.get_running_loop().call_later(seconds, self.hear_again)

    def hear_again(self):
        self.is_deaf = False
        self.update_reading()

    def pause_writing(self):
        self.is_choked = True
        self.update_reading()

    def resume_writing(self):
        self.is_choked = False
        self.update_reading()

    def update_reading(self):
        if self.transport.is_closing():
            return
        if self.is_deaf or self.is_choked:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    # Ends

    def end_well(self):
        self.server.write_down(f"x {self.session} {self.sent}\n")
        self.end(abruptly=False)

    def end(self, abruptly):
        if self.is_over:
            return
        self.is_over = True
        if self.server.sessions.get(self.session) is self:
            del self.server.sessions[self.session]
        if abruptly:
            plain = self.transport.get_extra_info("socket")
            try:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError:
                pass  # it is gone already
            self.transport.abort()
        else:
            self.transport.close()

    def connection_lost(self, exc):
        self.is_over = True
        if self.server.sessions.get(self.session) is self:
            del self.server.sessions[self.session]


def tls_context(settings):
    if "certificate" not in settings:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings["certificate"], settings["key"])
    if "authority" in settings:
        context.load_verify_locations(settings["authority"])
        context.verify_mode = ssl.CERT_REQUIRED
    return context


async def serve(settings):
    server = Server(settings)
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    listening = await loop.create_server(
        lambda: Connection(server), settings["address"], int(settings.get("port", 0)), backlog=512,
        ssl=tls_context(settings), reuse_address=True)
    print(f"port {listening.sockets[0].getsockname()[1]}", flush=True)
    await stopped.wait()


if __name__ == "__main__":
    asyncio.run(serve(dict(one.split("=", 1) for one in sys.argv[1:])))
